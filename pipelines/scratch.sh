#!/bin/bash
# scratch.sh: train a detector from random weights and evaluate it, on any COCO or VOC data set.
#
# Run the same command again after a kill: it goes on from the last save, with the bits of a run that was
# never stopped. Every command is printed before it runs, as it can be pasted into a shell.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
export PATH=${BIN:-$here/../build/release/bin}:$PATH

usage() {
	cat << 'END'
usage: scratch.sh -o DIR --train DATA --val DATA [options] [-- options of trainstep]

DATA is a COCO JSON file (with --train-images, --val-images), a VOC directory (with --train-set, --val-set)
or a pack.

  -o DIR              everything that is made: packs, model.safetensors, log.jsonl, loss.svg, results;
                      a DIR goes with the arguments it was begun with
  --train DATA        what to train on
  --train-images DIR  images of a COCO JSON file
  --train-set NAME    list in ImageSets/Main of a VOC directory
  --val DATA          what to evaluate on; --val-images and --val-set alike
  --model NAME        architecture (retinanet-resnet50-fpn-gn)
  --policy N          augmentation, 0 or 1 (0)
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

fail() {
	echo "scratch.sh: $*" >&2
	echo "scratch.sh: try 'scratch.sh -h'" >&2
	exit 2
}

# words WORD...: as a shell reads them back.
words() {
	printf ' %q' "$@"
}

# run COMMAND...: print it, then run it.
run() {
	echo "+$(words "$@")" >&2
	"$@"
}

# data PATH: what tells it from another one, or from itself after a change.
data() {
	printf '%q' "$(realpath -m -- "$1")"
	[ ! -f "$1" ] || TZ=UTC stat -L -c ', %s bytes of %y' -- "$1" | tr -d '\n'
}

# arguments OPTION...: a line for each thing that decides the result; OPTIONs are trainstep's.
arguments() {
	echo "--train $(data "$train")$(words ${train_from[@]+"${train_from[@]}"})"
	echo "--val $(data "$val")$(words ${val_from[@]+"${val_from[@]}"})"
	printf -- '--%s %q\n' model "$model" policy "$policy" size "$size" epochs "$epochs" batch "$batch" seed "$seed"
	echo "--$(words "$@")"
}

# check_arguments OPTION...: packs and state of other arguments must not be taken for these ones'.
check_arguments() {
	local now differences made
	now=$(arguments "$@")
	if [ -e "$out/arguments" ]; then
		differences=$(diff "$out/arguments" - <<< "$now") && return
		echo "scratch.sh: '$out' was begun with other arguments:" >&2
		sed -n 's/^< /  then: /p; s/^> /  now:  /p' <<< "$differences" >&2
	else
		made=$(find "$out" -maxdepth 1 \( -name '*.pack' -o -name 'model.*' \) -print -quit)
		if [ -z "$made" ]; then
			echo "$now" > "$out/arguments.tmp"
			mv "$out/arguments.tmp" "$out/arguments"
			return
		fi
		echo "scratch.sh: '$made' is of a run whose arguments are not known" >&2
	fi
	echo "scratch.sh: give another -o, or remove '$out' to begin anew" >&2
	exit 1
}

out="" model=retinanet-resnet50-fpn-gn policy=0 size=640x640 epochs=12 batch=8 seed=0 save_every=100
train="" train_from=() val="" val_from=()
while [ $# -gt 0 ]; do
	case $1 in
	-h | --help) usage; exit 0 ;;
	--) shift; break ;;
	-o | --train | --val | --train-images | --val-images | --train-set | --val-set | --model | --policy | --size | \
		--epochs | --batch | --seed | --save-every)
		[ $# -ge 2 ] || fail "$1 wants a value" ;;
	*) fail "unknown option '$1'" ;;
	esac
	case $1 in
	-o) out=$2 ;;
	--train) train=$2 ;;
	--val) val=$2 ;;
	--train-images) train_from=(--images "$2") ;;
	--val-images) val_from=(--images "$2") ;;
	--train-set) train_from=(--set "$2") ;;
	--val-set) val_from=(--set "$2") ;;
	--model) model=$2 ;;
	--policy) policy=$2 ;;
	--size) size=$2 ;;
	--epochs) epochs=$2 ;;
	--batch) batch=$2 ;;
	--seed) seed=$2 ;;
	--save-every) save_every=$2 ;;
	esac
	shift 2
done
if [ -z "$out" ] || [ -z "$train" ] || [ -z "$val" ]; then fail "-o, --train and --val are needed"; fi

mkdir -p "$out"
check_arguments "$@"
[ -e "$out/train.pack" ] || run coco-pack "$train" ${train_from[@]+"${train_from[@]}"} -o "$out/train.pack"
[ -e "$out/val.pack" ] || run coco-pack "$val" ${val_from[@]+"${val_from[@]}"} -o "$out/val.pack"

start=0 resume=()
if [ -e "$out/model.state" ]; then
	start=$(run trainstep --position "$out/model.state")
	resume=(--resume "$out/model.state")
fi

pack=(coco-pack -q "$out/train.pack" --shuffle --epochs "$epochs" --seed "$seed" --start "$start")
change=(augment -q -s "$policy" --size "$size" --seed "$seed")
learn=(trainstep -m "$model" -o "$out/model.safetensors" -b "$batch" --seed "$seed" --log "$out/log.jsonl"
	--plot "$out/loss.svg" --save-every "$save_every" ${resume[@]+"${resume[@]}"} "$@")
echo "+$(words "${pack[@]}") |$(words "${change[@]}") |$(words "${learn[@]}")" >&2
# coco-pack and augment may be ended by SIGPIPE when trainstep has had its steps; what counts is trainstep.
set +o pipefail
"${pack[@]}" | "${change[@]}" | "${learn[@]}"
set -o pipefail

run predict -m "$out/model.safetensors" "$out/val.pack" --coco-json "$out/results.json"
evaluate=(evalap -g "$out/val.pack" "$out/results.json" --per-class)
echo "+$(words "${evaluate[@]}") |$(words tee "$out/result.txt")" >&2
"${evaluate[@]}" | tee "$out/result.txt"
