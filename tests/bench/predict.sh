#!/bin/bash
# Inference with random weights, the same on both sides, ours and torchvision's taking turns; suppression is part of it.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/turns.bash"
T=$(mktemp -d)
trap 'rm -rf "$T"' EXIT

# compare MODEL BATCH SIZE DTYPE CLASSES
compare() {
	local ours='' peer='' i out
	for ((i = 0; i < ${ROUNDS:-3}; i++)); do
		ours+=$("$BENCH/predict" "$@" 5 "$T/weights")$'\n'
		if out=$(/usr/bin/python3 "$here/predict_peer.py" "$@" 3 "$T/weights" 2> "$T/err"); then
			peer+=$out$'\n'
		fi
	done
	row "predict $1 $2 x $3 $4" "$ours" "$peer" "$(most found <<< "$ours") against $(most found <<< "$peer") boxes, \
$(most mib <<< "$ours") against $(most mib <<< "$peer") MiB"
}

compare retinanet-resnet50-fpn-frozenbn 1 512x512 bf16 80
compare retinanet-resnet50-fpn-frozenbn 8 512x512 bf16 80
