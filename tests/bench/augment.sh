#!/bin/bash
# Decode and augment rate against the faster of Pillow and torchvision, in the same run. A line each:
# name, value, unit, peer's value, ratio; separated by tabs. Needs the data sets; says so when they are not there.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
data=${COCOPIPE_DATA:-$root/../shared/data}
bench=${BENCH:-$root/build/release/bench}
PATH=${BIN:-$root/build/release/bin}:$PATH
python=/usr/bin/python3
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

if [ ! -d "$data/bccd" ]; then
	echo "augment.sh: no data in $data" >&2
	exit 0
fi

# best COMMAND...: seconds of the fastest of three runs.
best() {
	local start
	for _ in 1 2 3; do
		start=$(date +%s%N)
		"$@" > /dev/null
		echo $(($(date +%s%N) - start))
	done | sort -n | head -n 1
}

# compare NAME INPUT POLICY WIDTH HEIGHT THREADS FILE...
compare() {
	local name=$1 input=$2 policy=$3 w=$4 h=$5 threads=$6 ours peers
	shift 6
	ours=$(best augment -q "-$policy" --size "${w}x$h" -j "$threads" "$input")
	peers=$("$python" "$root/tests/bench/augment_peer.py" "$policy" "$w" "$h" "$threads" "$@" 2> "$scratch/err" || echo 0 0)
	awk -v OFS='\t' -v name="augment $name -$policy ${w}x$h -j$threads" -v n=$# -v ns="$ours" -v peers="$peers" 'BEGIN {
		rate = n / ns * 1e9
		split(peers, peer, " ")
		best = peer[1] > peer[2] ? peer[1] : peer[2]
		if (best > 0)
			print name, int(rate + .5), "images/s", int(best + .5), sprintf("%.2f", rate / best),
				sprintf("Pillow %d, torchvision %d", peer[1] + .5, peer[2] + .5)
		else
			print name, int(rate + .5), "images/s", "-", "-", "no Pillow or torchvision"
	}'
}

coco-pack -q "$data/bccd/JPEGImages" > "$scratch/bccd"
coco-pack -q "$data/coco/train2017" > "$scratch/coco"
# What no augmentation that decodes all of every image can pass.
printf 'augment coco, decoding alone, -j1\t%.0f\timages/s\t-\t-\tlibjpeg-turbo\n' "$("$bench/decode" "$data"/coco/train2017/*.jpg)"
for threads in 1 2; do
	compare bccd "$scratch/bccd" s0 320 240 $threads "$data"/bccd/JPEGImages/*.jpg
	compare coco "$scratch/coco" s0 320 320 $threads "$data"/coco/train2017/*.jpg
	compare coco "$scratch/coco" s1 640 640 $threads "$data"/coco/train2017/*.jpg
	compare coco "$scratch/coco" s4 640 640 $threads "$data"/coco/train2017/*.jpg
done
