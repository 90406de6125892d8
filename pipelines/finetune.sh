#!/bin/bash
# finetune.sh: train a model from the weights of another one and evaluate it: a detector from a detector of other classes, or
# from a classifier, whose backbone is then used, on any COCO or VOC data set; a classifier from one of other classes, on
# folders of images.
#
# Run the same command again after a kill: it goes on from the last save, with the bits of a run that was never stopped.
. "$(dirname "$(realpath "$0")")/common.bash"

usage() {
	cat << 'END'
usage: finetune.sh -o DIR --init FILE --train DATA --val DATA [options] [-- options of trainstep]

END
	detector_usage
	cat << 'END'
  --init FILE         weights to begin with, a model of trainstep or of 'ckpt import'; what does not fit begins at random

Of a classifier (--model classify-...) DATA is a directory with a folder of images for each class, or a pack; its --scheme is
crop, or another of classifiers.

What is trained, and how fast, is trainstep's business: --freeze, --train-only, --lr-mult, --layer-decay.

examples:
  pipelines/finetune.sh -o run --init resnet50.safetensors --train train.json --train-images train \
      --val val.json --val-images val -- --lr 0.01 --lr-mult head=10
  pipelines/finetune.sh -o head --init run/model.safetensors --train VOC --train-set trainval \
      --val VOC --val-set test -- --train-only head
  pipelines/finetune.sh -o pets --init resnet18.safetensors --train pets/train --val pets/val \
      --model classify-resnet18-bn --scheme crop --size 224 -- --lr 0.01 --lr-mult fc=10
END
}

opt=([o]="" [init]="" [train]="" [train-images]="" [train-set]="" [val]="" [val-images]="" [val-set]=""
	[model]=retinanet-resnet50-fpn-frozenbn [scheme]=0 [size]=640x640 [epochs]=12 [batch]=8 [seed]=0 [save-every]=100)
parse "$@"
need o init train val
begin
pack train
pack val
train_alone model "${opt[init]}" "${opt[scheme]}"
case ${opt[model]} in
classify-*) evaluate model -t classify --per-class ;;
*) evaluate model --per-class ;;
esac
