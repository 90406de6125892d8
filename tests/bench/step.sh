#!/bin/bash
# Training steps, ours and PyTorch's taking turns, and ours in two ways taking turns.
# A line: name, median, unit, peer's median, ratio, ranges and more.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/turns.bash"
rounds=${ROUNDS:-3}
T=$(mktemp -d)
trap 'rm -rf "$T"' EXIT
cd "$T"

# remarks OURS PEERS: the rate of our steps, and the memory of both.
remarks() {
	local m
	read -r m _ <<< "$(median <<< "$1")"
	awk -v m="$m" -v gflop="$(most gflop <<< "$1")" -v mib="$(most mib <<< "$1")" -v pmib="$(most mib <<< "$2")" \
		'BEGIN { printf "%.0f GFLOP/s, %d against %d MiB", gflop / m, mib, pmib }'
}

# compare MODEL BATCH SIZE DTYPE CLASSES [casts]: each round is some counted steps of each program after its warm-up.
# casts: the peer's, around its group norms.
compare() {
	local ours='' peer='' i out
	for ((i = 0; i < rounds; i++)); do
		out=$("$BENCH/step" "${@:1:5}" 3)
		ours+=$out$'\n'
		# What the peer says goes nowhere: where it cannot, the row says so.
		if out=$(/usr/bin/python3 "$here/step_peer.py" "${@:1:5}" 2 "${@:6}" 2> "$T/err"); then
			peer+=$out$'\n'
		fi
	done
	row "step $1 $2 x $3 $4${6:+, peer with $6}" "$ours" "$peer" "$(remarks "$ours" "$peer")"
	memory_row "memory of step $1 $2 x $3 $4" "$ours" "$peer" "greatest resident size of the process"
}

# compare_ours NAME WAYS OTHER-WAYS: the arguments of step, words; the second is the peer.
compare_ours() {
	local ours='' peer='' i
	local -a way other
	read -ra way <<< "$2"
	read -ra other <<< "$3"
	for ((i = 0; i < rounds; i++)); do
		ours+=$("$BENCH/step" "${way[@]:0:5}" 3 "${way[@]:5}" 2> "$T/err")$'\n'
		peer+=$("$BENCH/step" "${other[@]:0:5}" 3 "${other[@]:5}")$'\n'
	done
	row "step: $1" "$ours" "$peer" "$(remarks "$ours" "$peer")"
	memory_row "memory of step: $1" "$ours" "$peer" "greatest resident size of the process"
}

compare retinanet-resnet50-fpn-frozenbn 2 512x512 f32 80
compare retinanet-resnet50-fpn-frozenbn 2 512x512 bf16 80
compare retinanet-resnet18-fpn-gn 8 320x240 f32 3
compare retinanet-resnet18-fpn-gn 8 320x240 bf16 3
compare retinanet-resnet18-fpn-gn 8 320x240 bf16 3 casts
compare retinanet-resnet50-fpn-gn 2 512x512 bf16 80 casts
compare retinanet-resnet34-fpn-frozenbn 3 416x608 bf16 80
compare classify-resnet50-bn 8 224x224 bf16 1000

r50="2 512x512 bf16 80"
compare_ours "R50 bf16, group norm against frozen norm" "retinanet-resnet50-fpn-gn $r50" "retinanet-resnet50-fpn-frozenbn $r50"
compare_ours "R50 bf16, --recompute against without" "retinanet-resnet50-fpn-frozenbn $r50 recompute" "retinanet-resnet50-fpn-frozenbn $r50"
compare_ours "R50 bf16, --tune against the rule" "retinanet-resnet50-fpn-frozenbn $r50 tune" "retinanet-resnet50-fpn-frozenbn $r50"
compare_ours "R50 f32, --tune against the rule" "retinanet-resnet50-fpn-frozenbn 2 512x512 f32 80 tune" \
	"retinanet-resnet50-fpn-frozenbn 2 512x512 f32 80"
compare_ours "R18 8 x 320x240 bf16, --per-image-grad against without" "retinanet-resnet18-fpn-gn 8 320x240 bf16 3 per-image-grad" \
	"retinanet-resnet18-fpn-gn 8 320x240 bf16 3"
