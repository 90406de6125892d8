#!/bin/bash
# evalap -t segm on a data set of val2017's size, against pycocotools when PYCOCOTOOLS names the directory where it was built:
# seconds of the whole process, of CPU, and memory.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
PATH=${BIN:-$here/../../build/release/bin}:$PATH
T=$(mktemp -d)
trap 'rm -rf "$T"' EXIT
/usr/bin/python3 "$here/segm_data.py" "$T"

# best ROUNDS COMMAND...: wall, user and system seconds of the fastest run.
best() {
	local rounds=$1 TIMEFORMAT='%R %U %S' i
	shift
	for ((i = 0; i < rounds; i++)); do
		{ time "$@" > "$T/figures" 2> "$T/err"; } 2>&1
	done | sort -n | head -n 1
}

read -r wall user sys <<< "$(best 5 evalap -q -j2 -t segm -g "$T/gt.json" "$T/dt.json")"
peer=-
if [ -n "${PYCOCOTOOLS:-}" ]; then
	read -r peer _ _ <<< "$(PYTHONPATH=$PYCOCOTOOLS best 1 /usr/bin/python3 "$here/evalap_peer.py" segm "$T/gt.json" "$T/dt.json")"
fi
memory=$(/usr/bin/python3 -c '
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)' evalap -q -j2 -t segm -g "$T/gt.json" "$T/dt.json")
awk -v memory="$memory" -v wall="$wall" -v user="$user" -v sys="$sys" -v peer="$peer" -v bytes="$(cat "$T/gt.json" "$T/dt.json" | wc -c)" \
	-v found="$(grep -o '"score"' "$T/dt.json" | wc -l)" 'BEGIN {
	printf "evalap segm 5000 images\t%.2f\ts\t%s\t%s\t%.2f s of CPU, %.0f MB/s of JSON, %.0f detections/s, %.0f MB; peer: pycocotools\n", wall, peer,
		(peer + 0 > 0) ? sprintf("%.1f", peer / wall) : "-", user + sys, bytes / 1e6 / wall, found / wall, memory / 1e3 }'
