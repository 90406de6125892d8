#!/bin/bash
# All convolutions of RetinaNet R50-FPN at 2 x 512 x 512, forward and both backwards: ours against oneDNN's primitives alone in
# channels last and in the layout it likes best.
set -euo pipefail

# seconds DTYPE WHO: the sum of the best of some repeats of every layer
seconds() { "$BENCH/conv_layout" "$1" "$2" "${REPEATS:-3}" | awk '$1 == "all" { print $5 / 1000 }'; }

for dtype in f32 bf16; do
	ours=$(seconds $dtype auto) nhwc=$(seconds $dtype nhwc) blocked=$(seconds $dtype blocked)
	awk -v d=$dtype -v a="$ours" -v n="$nhwc" -v b="$blocked" 'BEGIN {
		printf "convolutions R50-FPN %s\t%.3f\ts\t%.3f\t%.2f\tpeer: oneDNN channels last; its blocked layout %.3f s\n", d, a, n, n / a, b }'
done
