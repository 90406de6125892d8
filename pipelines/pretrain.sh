#!/bin/bash
# pretrain.sh: train a classifier on folders of images, a folder a class, and evaluate it; its weights are then what
# finetune.sh begins with.
#
# Run the same command again after a kill: it goes on from the last save, with the bits of a run that was never stopped.
. "$(dirname "$(realpath "$0")")/common.bash"

usage() {
	cat << 'END'
usage: pretrain.sh -o DIR --train DATA --val DATA [options] [-- options of trainstep]

DATA is a directory with a folder of images for each class, or a pack. With DRY_RUN=1 in the environment commands are
printed and not run.

  -o DIR          everything that is made: packs, model.safetensors, model.log.jsonl, model.loss.svg, results;
                  a DIR goes with the arguments it was begun with
  --train DATA    what to train on
  --val DATA      what to evaluate on
  --model NAME    architecture (classify-resnet50-bn)
  --scheme NAME   augmentation of classifiers: crop, or another of augment's (crop)
  --area LO,HI    part of an image that crop shows (0.08,1.0; for few images or epochs 0.25,1.0)
  --size N        pixels a side (224)
  --epochs N      passes over the training images (90)
  --batch N       images a step (32)
  --seed N        of everything random (0)
  --save-every N  steps between saves (500)

examples:
  pipelines/pretrain.sh -o imagenet --train imagenet/train --val imagenet/val
  pipelines/pretrain.sh -o small --train tiny/train --val tiny/val --model classify-resnet18-bn --size 64 --area 0.25,1 \
      --epochs 30 -- --lr 0.05 --decay cosine --label-smoothing 0.1
END
}

opt=([o]="" [train]="" [val]="" [model]=classify-resnet50-bn [scheme]=crop [area]="" [size]=224 [epochs]=90 [batch]=32 [seed]=0
	[save-every]=500)
parse "$@"
need o train val
begin
pack train
pack val
[ -z "${opt[area]}" ] || augmenting+=(--area "${opt[area]}")
train_alone model random "${opt[scheme]}"
evaluate model -t classify --per-class
