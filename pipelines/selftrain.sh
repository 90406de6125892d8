#!/bin/bash
# selftrain.sh: teacher and student. A detector that was trained on labelled images labels others; a student, which begins at
# random or with given weights, is trained on both together, with strong augmentation. Both are evaluated.
#
# Run the same command again after a kill: it goes on where it was, with the bits of a run that was never stopped.
# Source of the procedure: Zoph et al., arXiv 2006.06882, section 3.
. "$(dirname "$(realpath "$0")")/common.bash"

usage() {
	cat << 'END'
usage: selftrain.sh -o DIR --train DATA --unlabelled DATA --val DATA [options] [-- options of trainstep]

END
	detector_usage
	cat << END
  --unlabelled DATA   images to label, like --train; what labels they have are not looked at
  --unlabelled-images DIR, --unlabelled-set NAME  alike
  --teacher FILE      the model that labels (one is trained first, on --train, with --teacher-scheme)
  --teacher-scheme N  augmentation of a teacher that is trained (${opt[teacher-scheme]})
  --init random|FILE  the student's start weights (${opt[init]})
END
	teacher_usage
	cat << 'END'

A pass of --epochs is one over the labelled images. DIR/report.svg shows what the teacher found.

examples:
  pipelines/selftrain.sh -o run --train train.json --train-images train --unlabelled photos \
      --val val.json --val-images val --scheme 4 --batch 16
  pipelines/selftrain.sh -o run --train few.pack --unlabelled many.pack --val val.pack --teacher m.safetensors
END
}

opt=([o]="" [train]="" [train-images]="" [train-set]="" [val]="" [val-images]="" [val-set]=""
	[unlabelled]="" [unlabelled-images]="" [unlabelled-set]="" [teacher]="" [teacher-scheme]=1 [init]=random
	[model]=retinanet-resnet50-fpn-gn [scheme]=4 [size]=640x640 [epochs]=12 [batch]=8 [seed]=0 [save-every]=100
	[score]=0.5 [ignore-from]=0 [ratio]=1:1 [alpha]=1)
parse "$@"
need o train unlabelled val
begin
pack train
pack val
pack unlabelled --unlabelled

teacher=${opt[teacher]}
if [ -z "$teacher" ]; then
	teacher=$out/teacher.safetensors
	[ -e "$out/pseudo.pack" ] || train_alone teacher random "${opt[teacher-scheme]}"
	evaluate teacher --per-class
fi
[ -e "$out/pseudo.pack" ] || label "$teacher" "$out/train.pack" "$out/unlabelled.pack" "$out/pseudo.pack"

records=(tmix -q -r "${opt[ratio]}" --shuffle --loop --until train --epochs "${opt[epochs]}" --seed "${opt[seed]}"
	"$out/train.pack" "$out/pseudo.pack")
change=(augment -q "-s${opt[scheme]}" --size "${opt[size]}" --seed "${opt[seed]}")
learn=(trainstep -m "${opt[model]}" -b "${opt[batch]}" --seed "${opt[seed]}" --joint-alpha "${opt[alpha]}")
train student "${opt[init]}"
evaluate student --per-class
