#!/bin/bash
# evalap on drawn data sets: seconds of a whole run (the least of several, other programs only add to it), with MB of JSON and
# detections a second and peak memory in the remarks. PYCOCOTOOLS and FASTER_COCO_EVAL are directories to put on Python's path;
# with them the same files are given to those, once. SIZES=large adds 10 million detections.
set -euo pipefail
ROOT=$(cd "$(dirname "$0")/../.." && pwd)
BIN=${BIN:-$ROOT/build/release/bin}
T=$(mktemp -d)
trap 'rm -rf "$T"' EXIT

# measure RUNS COMMAND...: least wall time, its user and system time, and the most memory: seconds, CPU seconds, kB.
measure() {
	local runs=$1
	shift
	for ((i = 0; i < runs; i++)); do
		/usr/bin/python3 - "$@" << 'END'
import os, resource, subprocess, sys, time

start = time.monotonic()
subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
wall = time.monotonic() - start
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(wall, used.ru_utime + used.ru_stime, used.ru_maxrss)
END
	done | sort -g | awk 'NR == 1 { wall = $1 } NR == 1 || $2 < cpu { cpu = $2 } $3 > memory { memory = $3 } END { print wall, cpu, memory }'
}

# The time of a peer, in seconds; nothing when it is not there.
peer() {
	[ -n "$2" ] || return 0
	PYTHONPATH=$2 /usr/bin/python3 - "$1" "$T/gt.json" "$T/dt.json" << 'END' 2> /dev/null || true
import contextlib, io, sys, time, types

import numpy as np

np.float = float
for name in ("matplotlib", "matplotlib.pyplot", "matplotlib.collections", "matplotlib.patches"):
    try:
        __import__(name)
    except ImportError:
        module = sys.modules[name] = types.ModuleType(name)
        module.PatchCollection = module.Polygon = None
which, truth, found = sys.argv[1:]
start = time.monotonic()
with contextlib.redirect_stdout(io.StringIO()):
    if which == "pycocotools":
        from pycocotools.coco import COCO
        from pycocotools.cocoeval import COCOeval
    else:
        from faster_coco_eval import COCO, COCOeval_faster as COCOeval
    gt = COCO(truth)
    e = COCOeval(gt, gt.loadRes(found), "bbox")
    e.evaluate()
    e.accumulate()
    e.summarize()
print("%.2f" % (time.monotonic() - start))
END
}

# run NAME RUNS ARGUMENT...: one line of the table.
run() {
	local name=$1 runs=$2 least pycocotools='' faster=''
	shift 2
	/usr/bin/python3 "$ROOT/tests/bench/evalap_data.py" "$T" "$@"
	least=$(measure "$runs" "$BIN/evalap" -j2 -g "$T/gt.json" "$T/dt.json")
	if [ "$name" = evalap-230k ]; then
		pycocotools=$(peer pycocotools "${PYCOCOTOOLS:-}")
		faster=$(peer faster_coco_eval "${FASTER_COCO_EVAL:-}")
	fi
	echo "$least" | awk -v name="$name" -v bytes="$(cat "$T/gt.json" "$T/dt.json" | wc -c)" -v n="$(grep -o '"score"' "$T/dt.json" | wc -l)" \
		-v pycocotools="$pycocotools" -v faster="$faster" '{
		printf "%s\t%.3f\ts\t%s\t%s\t", name, $1, pycocotools == "" ? "-" : pycocotools, pycocotools == "" ? "-" : sprintf("%.1f", pycocotools / $1)
		printf "CPU %.3f s, %.0f MB/s of JSON, %.2f M detections/s, %.0f MB", $2, bytes / 1e6 / $1, n / 1e6 / $1, $3 / 1e3
		if (faster != "")
			printf ", faster-coco-eval %s s", faster
		printf "\n" }'
}

run evalap-230k 7
for form in indented digits shuffled keys; do
	run "evalap-230k-$form" 5 --form "$form"
done
run evalap-1.5M 5 --detections 1500000
if [ "${SIZES:-}" = large ]; then
	run evalap-10M 2 --detections 10000000
fi
