#!/bin/bash
# How a step's time grows with batch, resolution and depth, on one and on two threads; it should be along straight lines.
# A line a series: name, seconds of one more unit, unit, -, -, how far a point is from the fitted line, and what no unit costs.
# All points and the charts are left in build/scaling.tsv and build/scaling.svg, or $SCALING.tsv and .svg.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/turns.bash"
out=${SCALING:-$here/../../build/scaling}
dtype=${SCALING_DTYPE:-bf16}
T=$(mktemp -d)
trap 'rm -rf "$T"' EXIT
cd "$T"

# point CHART THREADS DEPTH BATCH SIDE X: a line of the table, the fastest step of some; X "gflop": the operations of a step.
point() {
	local times x=$6
	times=$(OMP_NUM_THREADS=$2 "$BENCH/step" "retinanet-resnet$3-fpn-frozenbn" "$4" "$5x$5" "$dtype" 80 "${REPEATS:-3}")
	[ "$x" = gflop ] && x=$(most gflop <<< "$times")
	printf '%s\t%s thread%s\t%s\t%s\n' "$1" "$2" "$([ "$2" = 1 ] || echo s)" "$x" "$(median <<< "$times" | cut -d' ' -f2)"
}

for threads in 1 2; do
	for batch in 1 2 4 8; do
		point "R50 256x256 $dtype, images" $threads 50 $batch 256 $batch
	done
done > points
for threads in 1 2; do
	for side in 256 320 384 448 512 576 640; do
		point "R50 2 images $dtype, thousands of pixels an image" $threads 50 2 $side "$((side * side / 1000))"
	done
done >> points
for threads in 1 2; do
	for depth in 18 34 50 101; do
		point "R18 to R101 2 x 256x256 $dtype, GFLOP a step" $threads $depth 2 256 gflop
	done
done >> points
mv points "$out.tsv"
"$BENCH/scaling_plot" "$out.svg" < "$out.tsv"

# The least-squares line of each series.
awk -F'\t' '
	function close_series(  d, b, a, i, off, worst) {
		if (n == 0)
			return
		d = n * xx - sx * sx
		b = (n * xy - sx * sy) / d
		a = (sy - b * sx) / n
		for (i = 0; i < n; i++) {
			off = y[i] / (a + b * x[i]) - 1
			off = off < 0 ? -off : off
			worst = off > worst ? off : worst
		}
		printf "scaling %s\t%.6f\ts\t-\t-\tfor one more; no point is more than %.1f %% off the line, which begins at %.3f s\n", name, b,
			100 * worst, a
		n = sx = sy = xx = xy = 0
	}
	BEGIN { n = 0 }
	$1 ", " $2 != name { close_series(); name = $1 ", " $2 }
	{ x[n] = $3; y[n++] = $4; sx += $3; sy += $4; xx += $3 * $3; xy += $3 * $4 }
	END { close_series() }' "$out.tsv"
# How much faster the second thread makes the same point.
awk -F'\t' '
	$2 == "1 thread" { one[$1 "\t" $3] = $4; next }
	{
		r = one[$1 "\t" $3] / $4
		sum += r
		n++
		low = n == 1 || r < low ? r : low
		high = r > high ? r : high
	}
	END { printf "scaling two threads\t%.2f\ttimes one\t-\t-\t%.2f..%.2f over %d steps\n", sum / n, low, high, n }' "$out.tsv"
