#!/bin/bash
# sheets.sh DIR: draw the contact sheets of docs/augment.md into DIR, with the programs in BIN. `make sheets` calls it.
set -euo pipefail
PATH=${BIN:-build/release/bin}:$PATH
out=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$out"

# Shapes, each with the ends of its box for keypoints, so that an exchange of left and right can be seen.
coco-synth -q -o "$work/syn" -n 8 --size 320x240 --objects 7 --seed 5
jq -c '.categories |= map(. + {keypoints: ["left_end", "right_end", "top"]})
	| .annotations |= map(.bbox as [$x, $y, $w, $h]
		| . + {num_keypoints: 3, keypoints: [$x, ($y + $h / 2), 2, ($x + $w - 1), ($y + $h / 2), 2, ($x + $w / 2), $y, 2]})' \
	"$work/syn/instances.json" > "$work/points.json"
coco-pack -q "$work/points.json" --images "$work/syn/images" -o "$work/boxes.pack"

# The same pictures as two classes.
mkdir -p "$work/classes/left" "$work/classes/right"
for f in "$work"/syn/images/*[13579].jpg; do cp "$f" "$work/classes/left"; done
for f in "$work"/syn/images/*[02468].jpg; do cp "$f" "$work/classes/right"; done
coco-pack -q "$work/classes" -o "$work/classes.pack"

# sheet NAME PACK OPTIONS...: two pairs.
sheet() {
	local name=$1 pack=$2
	shift 2
	augment -q "$@" --preview "$out/$name.jpg" --preview-count 2 "$work/$pack.pack" > /dev/null
}
sheet s1 boxes -s1 --size 320x240 --seed 2
sheet s2 boxes -s2 --size 320x240 --seed 3
sheet s3 boxes -s3 --size 320x240 --autoaugment v2 --seed 11
sheet s4 boxes -s4 --size 320x240 --randaugment 2,6 --seed 5
sheet crop classes -scrop --size 128 --autoaugment v0 --seed 1
sheet simclr classes -ssimclr --size 128

# Every operation once, on one picture: of some draws that which did most, replayed.
operations=({rotate,shear-x,shear-y}:1:6 translate-{x,y}:1:3 {color,contrast,brightness,sharpness}:1:10 {hue,blur}:1:8
	{posterize,solarize}:1:6 {solarize-add,invert,equalize,autocontrast,cutout,bbox-cutout}:1:9
	{rotate,shear-x,shear-y,flip,equalize}-boxes:1:10 solarize-boxes:1:4 {translate-x,translate-y,cutout}-boxes:1:2)
coco-synth -q -o "$work/one" -n 1 --size 320x240 --objects 9 --seed 22
coco-pack -q "$work/one/instances.json" --images "$work/one/images" --epochs ${#operations[@]} -o "$work/one.pack"
for i in "${!operations[@]}"; do
	for seed in {1..9}; do
		augment -q -s0 --size 320x240 --seed "$seed" --policy "${operations[i]}" --explain "$work/said" "$work/one.pack" > /dev/null
		sed -n "$((i + 1)){/\"mirror\":false/p}" "$work/said"
	done | awk 'length($0) > length(most) { most = $0 } END { print most }'
done > "$work/replay"
augment -q -s0 --size 320x240 --replay "$work/replay" --preview "$out/operations.jpg" --preview-count ${#operations[@]} \
	"$work/one.pack" > /dev/null
