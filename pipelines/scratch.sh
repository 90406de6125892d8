#!/bin/bash
# scratch.sh: train a detector from random weights and evaluate it, on any COCO or VOC data set.
#
# Run the same command again after a kill: it goes on from the last save, with the bits of a run that was never stopped.
. "$(dirname "$(realpath "$0")")/common.bash"

usage() {
	cat << 'END'
usage: scratch.sh -o DIR --train DATA --val DATA [options] [-- options of trainstep]

DATA is a COCO JSON file (with --train-images, --val-images), a VOC directory (with --train-set, --val-set)
or a pack. With DRY_RUN=1 in the environment commands are printed and not run.

  -o DIR              everything that is made: packs, model.safetensors, model.log.jsonl, model.loss.svg, results;
                      a DIR goes with the arguments it was begun with
  --train DATA        what to train on
  --train-images DIR  images of a COCO JSON file
  --train-set NAME    list in ImageSets/Main of a VOC directory
  --val DATA          what to evaluate on; --val-images and --val-set alike
  --model NAME        architecture (retinanet-resnet50-fpn-gn)
  --policy N          augmentation, 0 to 4 (0)
  --size WxH          of the training images (640x640)
  --epochs N          passes over the training images (12)
  --batch N           images a step (8)
  --seed N            of everything random (0)
  --save-every N      steps between saves (100)

examples:
  pipelines/scratch.sh -o run --train train.json --train-images train --val val.json --val-images val
  pipelines/scratch.sh -o run --train VOC --train-set trainval --val VOC --val-set test --size 320x240 -- --lr 0.02
END
}

opt=([o]="" [train]="" [train-images]="" [train-set]="" [val]="" [val-images]="" [val-set]=""
	[model]=retinanet-resnet50-fpn-gn [policy]=0 [size]=640x640 [epochs]=12 [batch]=8 [seed]=0 [save-every]=100)
parse "$@"
need o train val
begin
pack train
pack val
train_model random
evaluate model --per-class
