#!/bin/bash
# Five programs in a pipe on all cores - coco-pack, tstream cat, augment, tstream cat, trainstep - against trainstep alone, which is
# given the same samples ready in a file; both take turns. Images are drawn, of 640x480 pixels. Images a second are the
# median over the steps of a run after the third.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/turns.bash"
PATH=${BIN:-$here/../../build/release/bin}:$PATH
T=$(mktemp -d)
trap 'rm -rf "$T"' EXIT
steps=${STEPS:-13}

coco-synth -q -o "$T/set" -n 64 --size 640x480 --classes 3 --seed 1

# samples POLICY SIZE BATCH: more than the steps need
samples() {
	coco-pack -q "$T/set/instances.json" --images "$T/set/images" --shuffle --epochs $((steps * $3 / 64 + 2)) --seed 1 |
		tstream cat -q | augment -q "-$1" --size "$2" --seed 1 | tstream cat -q
}

# train MODEL BATCH DTYPE < SAMPLES: images a second of each step
train() {
	trainstep -q -m "$1" -b "$2" --dtype "$3" --steps "$steps" --lr 0.001 --warmup 0 --decay constant \
		-o "$T/m.safetensors" --log "$T/log"
	sed -E '1,3d; s/.*"images_per_sec":([0-9.]+).*/\1/' "$T/log"
}

# compare MODEL BATCH POLICY SIZE DTYPE
compare() {
	local piped='' ready='' i p r lo hi plo phi
	samples "$3" "$4" "$2" > "$T/ready"
	for ((i = 0; i < ${ROUNDS:-3}; i++)); do
		# What comes before trainstep ends by SIGPIPE when it has its steps.
		piped+=$( (set +o pipefail; samples "$3" "$4" "$2" 2> "$T/err" | train "$1" "$2" "$5"))$'\n'
		ready+=$(train "$1" "$2" "$5" < "$T/ready")$'\n'
	done
	read -r p plo phi <<< "$(median <<< "$piped")"
	read -r r lo hi <<< "$(median <<< "$ready")"
	awk -v n="pipe of five, $1 $2 x $4 $5 -$3" -v p="$p" -v plo="$plo" -v phi="$phi" -v r="$r" -v lo="$lo" -v hi="$hi" 'BEGIN {
		printf "%s\t%.2f\timages/s\t%.2f\t%.3f\tpeer: trainstep from a file; %.2f..%.2f against %.2f..%.2f\n",
			n, p, r, p / r, plo, phi, lo, hi }'
}

compare retinanet-resnet18-fpn-gn 8 s0 320x240 bf16
compare retinanet-resnet50-fpn-frozenbn 2 s1 512x512 bf16
