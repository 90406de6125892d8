#!/bin/bash
# The seeds of the fuzz targets, and what fuzzing once found, go through the same targets in this build.
. "$(dirname "$0")/tap.sh"
for seeds in "$ROOT"/tests/fuzz/corpus/*/; do
	name=$(basename "$seeds")
	ok "fuzz target $name on $(find "$seeds" -type f | wc -l) inputs" "$(dirname "$(command -v evalap)")/../fuzz/$name" "$seeds"/*
done
done_testing
