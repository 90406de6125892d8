#!/bin/bash
# demo.sh DIR: the whole of cocopipe in about three minutes: draw a data set of shapes, train a small
# detector on it from random weights, evaluate it, and leave pictures to look at in DIR.
set -euo pipefail

out=${1:-demo}
here=$(cd "$(dirname "$0")" && pwd)
export PATH=${BIN:-$here/../build/release/bin}:$PATH

run() {
	printf '+' >&2
	printf ' %q' "$@" >&2
	printf '\n' >&2
	"$@"
}

# The demo always starts anew; scratch.sh itself would go on where it was.
rm -rf "${out:?}"/{train,val,run,pictures}
mkdir -p "$out"
run coco-synth -q -o "$out/train" -n 640 --size 128x128 --classes 3 --objects 3 --seed 1
run coco-synth -q -o "$out/val" -n 100 --size 128x128 --classes 3 --objects 3 --seed 2

run "$here/scratch.sh" -o "$out/run" --model retinanet-resnet18-fpn-gn --size 128x128 --scheme 0 --epochs 7 --batch 8 \
	--train "$out/train/instances.json" --train-images "$out/train/images" \
	--val "$out/val/instances.json" --val-images "$out/val/images" -- --anchor-size 16 --lr 0.015 --warmup 60 --decay cosine

mkdir -p "$out/pictures"
run predict -q -m "$out/run/model.safetensors" "$out/run/val.pack" --draw "$out/pictures" --coco-json /dev/null
run augment -q -s1 --size 128x128 --preview "$out/training-images.jpg" "$out/run/train.pack" -o /dev/null

echo
echo "average precision:  $out/run/model.result.txt"
echo "loss curve:         $out/run/model.loss.svg"
echo "detections:         $out/pictures/"
echo "training images:    $out/training-images.jpg"
