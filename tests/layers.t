#!/bin/bash
# Every file of lib/ includes only its own layer and those before it.
. "$(dirname "$0")/tap.sh"

layers="base tensor stream weights record image coco eval augment op nn detect model train probe"

# rank LAYER: its place in the list; 99 for a name that is none.
rank() {
	local n=0 layer
	for layer in $layers; do
		[ "$layer" = "$1" ] && echo $n && return
		n=$((n + 1))
	done
	echo 99
}

cd "$ROOT" || exit 1
for dir in lib/*/; do
	layer=$(basename "$dir")
	own=$(rank "$layer")
	is "$([ "$own" -lt 99 ] && echo known)" known "lib/$layer is a layer"
	bad=$(grep -noE '^#include "[a-z]+/' "$dir"*.[ch] | grep -v '"formats/' | sed 's/#include "//; s|/$||' | while IFS=: read -r file line used; do
		[ "$(rank "$used")" -le "$own" ] || echo "$file:$line includes $used"
	done)
	is "$bad" "" "lib/$layer includes nothing of later layers"
done
is "$(find lib -name '*.[ch]' -printf '%f\n' | sort | uniq -d)" "" "file names in lib/ are unique"
done_testing
