#!/bin/bash
# Reading streams and packs of 1280 records of 160 kB (JPEG-like: random bytes), against read(2) alone. Median of five.
set -euo pipefail
T=$(mktemp -d)
trap 'rm -rf "$T"' EXIT
for kind in stream pack; do
	"$BENCH/stream" "$T/x.$kind" 160000 1280 > "$T/times"
	median() {
		awk -v word="$1" '$1 == word { print $2 }' "$T/times" | sort -g | sed -n 3p
	}
	awk -v kind="$kind" -v ours="$(median read)" -v bare="$(median bare)" 'BEGIN {
		mb = 160000 * 1280 / 1e6
		printf "read %s\t%.0f\tMB/s\t%.0f\t%.2f\tpeer: read(2) alone\n", kind, mb / ours, mb / bare, bare / ours
	}'
done
