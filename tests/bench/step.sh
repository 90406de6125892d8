#!/bin/bash
# Training steps, ours and PyTorch's taking turns. A line: name, median, unit, peer's median, ratio, spread and more.
set -euo pipefail
here=$(dirname "$0")

# median and range of the numbers on stdin
median() { grep -E '^[0-9.]+$' | sort -n | awk '{ v[NR] = $1 } END { printf "%.4f %.4f %.4f", v[int((NR + 1) / 2)], v[1], v[NR] }'; }

# compare MODEL BATCH SIZE DTYPE CLASSES ROUNDS: each round is one counted step of each program after its warm-up.
compare() {
	local model=$1 batch=$2 size=$3 dtype=$4 classes=$5 rounds=$6 ours='' peer='' i out
	for ((i = 0; i < rounds; i++)); do
		out=$("$BENCH/step" "$model" "$batch" "$size" "$dtype" "$classes" 3)
		ours+=$out$'\n'
		if ! out=$(/usr/bin/python3 "$here/step_peer.py" "$model" "$batch" "$size" "$dtype" "$classes" 2 2>> "$log"); then
			out="mib 0"
		fi
		peer+=$out$'\n'
	done
	local m lo hi pm plo phi
	read -r m lo hi <<< "$(median <<< "$ours")"
	read -r pm plo phi <<< "$(median <<< "$peer")"
	awk -v n="step $model $batch x $size $dtype" -v m="$m" -v lo="$lo" -v hi="$hi" -v pm="${pm:-0}" -v plo="${plo:-0}" -v phi="${phi:-0}" \
		-v gflop="$(awk '$1 == "gflop" { g = $2 } END { print g }' <<< "$ours")" \
		-v mib="$(awk '$1 == "mib" && $2 > g { g = $2 } END { print g }' <<< "$ours")" \
		-v pmib="$(awk '$1 == "mib" && $2 > g { g = $2 } END { print g }' <<< "$peer")" 'BEGIN {
			printf "%s\t%.3f\ts\t%s\t%s\t%.3f..%.3f against %.3f..%.3f s, %.0f GFLOP/s, %d against %d MiB\n", n, m,
			(pm > 0) ? sprintf("%.3f", pm) : "fails", (pm > 0) ? sprintf("%.2f", pm / m) : "-", lo, hi, plo, phi, gflop / m, mib, pmib }'
}

log=$(mktemp)
trap 'rm -f "$log"' EXIT
compare retinanet-resnet50-fpn-frozenbn 2 512x512 f32 80 "${ROUNDS:-3}"
compare retinanet-resnet50-fpn-frozenbn 2 512x512 bf16 80 "${ROUNDS:-3}"
compare retinanet-resnet18-fpn-gn 8 320x240 f32 3 "${ROUNDS:-3}"
compare retinanet-resnet18-fpn-gn 8 320x240 bf16 3 "${ROUNDS:-3}"
compare retinanet-resnet34-fpn-frozenbn 3 416x608 bf16 80 "${ROUNDS:-3}"
compare classify-resnet50-bn 8 224x224 bf16 1000 "${ROUNDS:-3}"
