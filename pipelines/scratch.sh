#!/bin/bash
# scratch.sh: train a detector from random weights and evaluate it, on any COCO or VOC data set.
#
# Run the same command again after a kill: it goes on from the last save, with the bits of a run that was never stopped.
. "$(dirname "$(realpath "$0")")/common.bash"

usage() {
	cat << 'END'
usage: scratch.sh -o DIR --train DATA --val DATA [options] [-- options of trainstep]

END
	detector_usage
	cat << 'END'

examples:
  pipelines/scratch.sh -o run --train train.json --train-images train --val val.json --val-images val
  pipelines/scratch.sh -o run --train VOC --train-set trainval --val VOC --val-set test --size 320x240 -- --lr 0.02
END
}

opt=([o]="" [train]="" [train-images]="" [train-set]="" [val]="" [val-images]="" [val-set]=""
	[model]=retinanet-resnet50-fpn-gn [scheme]=0 [size]=640x640 [epochs]=12 [batch]=8 [seed]=0 [save-every]=100)
parse "$@"
need o train val
begin
pack train
pack val
train_alone model random "${opt[scheme]}"
evaluate model --per-class
