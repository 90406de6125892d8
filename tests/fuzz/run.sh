#!/bin/bash
# run.sh DIRECTORY SECONDS: run every fuzz target built there, one after the other; what they grow stays beside them.
set -eu
programs=$1 seconds=$2
seeds=$(cd "$(dirname "$0")" && pwd)/corpus
for target in "$programs"/*; do
	name=${target##*/}
	if [ ! -x "$target" ] || [ ! -d "$seeds/$name" ]; then
		continue
	fi
	grown=$programs/../grown/$name
	mkdir -p "$grown"
	echo "== $name, $seconds s"
	[ ! -e "$seeds/$name.dict" ] || dict=-dict=$seeds/$name.dict
	nice -n 10 "$target" -max_total_time="$seconds" -max_len=4096 -timeout=20 -rss_limit_mb=2048 -malloc_limit_mb=1024 \
		-print_final_stats=1 -artifact_prefix="$programs/../$name-" ${dict:+"$dict"} "$grown" "$seeds/$name" 2>&1 | tail -n 12
	unset dict
done
