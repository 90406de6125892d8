#!/bin/bash
# compare.sh: which way of training wins on these data? Trains detectors from scratch, from given weights and with a teacher, at
# several strengths of augmentation, on several parts of the labels, with several seeds; all for the same number of steps, with
# an evaluation after every so many. Ends in a table and in plots.
#
# Run the same command again after a kill: it goes on where it was, with the bits of a run that was never stopped.
# The plots' manner: He et al., arXiv 1811.08883, figure 3; Zoph et al., arXiv 2006.06882, figure 1.
. "$(dirname "$(realpath "$0")")/common.bash"

usage() {
	cat << 'END'
usage: compare.sh -o DIR --train DATA --val DATA [options] [-- options of trainstep]

END
	detector_usage
	cat << END
  --methods LIST      of those below (${opt[methods]})
  --schemes LIST      of augmentation, 0 to 4 (${opt[schemes]})
  --fractions LIST    parts of the training images that have labels (${opt[fractions]})
  --seeds LIST        of everything random, the choice of a part, too (${opt[seeds]})
  --steps N           of every training (${opt[steps]})
  --every N           steps between evaluations (${opt[every]})
  --init FILE         weights for the methods that begin with some, as for finetune.sh
  --unlabelled DATA   images for teachers to label, like --train (the training images that are not in the part)
  --unlabelled-images DIR, --unlabelled-set NAME  alike
END
	teacher_usage
	cat << 'END'

Where all images have labels and --unlabelled is not given, methods with a teacher are left out.

methods:
  scratch             from random weights, on the labelled part
  finetune            from the weights of --init
  selftrain           from random weights, on the part and on what the model of scratch labels
  finetune+selftrain  from --init, on the part and on what the model of finetune labels
  control             as selftrain, but every image gets the labels of another one, which should gain nothing; needs jq
  finetune+control    as finetune+selftrain, likewise

DIR/result.txt has the table, DIR/figures.csv every evaluation, DIR/curves.svg the AP against the steps and DIR/gains.svg what
the methods gain over the first one; they are there after the first training, and grow. DIR/cells has the models.

examples:
  pipelines/compare.sh -o duel --train VOC --train-set trainval --val VOC --val-set test --model retinanet-resnet18-fpn-gn \
      --size 320x240 --methods scratch,selftrain --schemes 1,4 --fractions 0.2 --steps 1000 --every 250
  pipelines/compare.sh -o duel --train train.json --train-images train --val val.json --val-images val \
      --init base/model.safetensors --methods scratch,finetune --schemes 0 --fractions 0.1,1 -- --lr 0.02
END
}

opt=([o]="" [train]="" [train-images]="" [train-set]="" [val]="" [val-images]="" [val-set]=""
	[unlabelled]="" [unlabelled-images]="" [unlabelled-set]="" [init]=""
	[model]=retinanet-resnet50-fpn-gn [methods]="scratch,selftrain" [schemes]="1,4" [fractions]="0.2,1" [seeds]="0,1,2"
	[size]=640x640 [steps]=9000 [every]=1000 [batch]=8 [save-every]=500 [score]=0.5 [ignore-from]=0 [ratio]=1:1 [alpha]=1)
parse "$@"
need o train val
dir=$out

# number OPTION LEAST: its value must be a whole number from LEAST on.
number() {
	[[ ${opt[$1]} =~ ^[0-9]{1,12}$ && ${opt[$1]} -ge $2 ]] || fail "--$1 wants a whole number from $2 on, not '${opt[$1]}'"
}

# list OPTION PATTERN WHAT: its values, separated by commas, into items; each must match.
list() {
	local item
	IFS=, read -ra items <<< "${opt[$1]}"
	[ ${#items[@]} -gt 0 ] || fail "--$1 is empty"
	for item in "${items[@]}"; do
		[[ $item =~ ^($2)$ ]] || fail "--$1 wants $3, not '$item'"
		[ "$(printf '%s\n' "${items[@]}" | grep -cxF -- "$item")" = 1 ] || fail "--$1 has $item twice"
	done
}

number steps 1
number every 1
number batch 1
list methods 'scratch|finetune|(finetune\+)?(selftrain|control)' "methods as -h lists them"
methods=("${items[@]}")
list schemes '[0-4]' "schemes 0 to 4"
schemes=("${items[@]}")
list fractions '1|0?\.[0-9]*[1-9]' "fractions above 0 up to 1, without zeros behind"
fractions=("${items[@]}")
list seeds '[0-9]{1,15}' "whole numbers"
seeds=("${items[@]}")
[[ ${opt[methods]} != *finetune* || -n ${opt[init]} ]] || fail "finetune begins with the weights of --init FILE"
[[ ${opt[methods]} != *control* ]] || command -v jq > /dev/null || fail "control needs jq"

# teacher METHOD: the method whose model labels for this one; none for those that need none.
teacher() {
	case $1 in
	selftrain | control) echo scratch ;;
	finetune+*) echo finetune ;;
	esac
}

# A dry run leaves no file that would tell what it has shown.
declare -A shown

# part FRACTION SEED: the labelled images, and those that are left.
part() {
	local part=$dir/parts/$1-$2
	[ -z "${shown[$part]:-}" ] || return 0
	shown[$part]=1
	dry || mkdir -p "$part"
	local chosen=(coco-pack -q "$dir/train.pack" --fraction "$1" --subset-seed "$2")
	[ -e "$part/train.pack" ] || run "${chosen[@]}" -o "$part/train.pack"
	[ "$1" = 1 ] || [ -n "${opt[unlabelled]}" ] || [ -e "$part/unlabelled.pack" ] ||
		run "${chosen[@]}" --rest --unlabelled -o "$part/unlabelled.pack"
}

# exchange FROM TO: every image gets the labels of another one, scaled to its size.
exchange() {
	local work=$out/exchanged
	dry || rm -rf "$work"
	run coco-pack -q "$1" --unpack "$work"
	dry && return
	local json sources=()
	# Of n images, each gives its labels to the one n / 2 behind it.
	for json in "$work"/*.json; do
		jq -c '.images as $images | ($images | length) as $n
			| ([range($n)] | map($images[.] as $from | $images[(. + ($n / 2 | floor)) % $n] as $to | { ($from.id | tostring):
				{ id: $to.id, x: ($to.width / $from.width), y: ($to.height / $from.height) } }) | add) as $to_of
			| .annotations |= map($to_of[.image_id | tostring] as $to | .image_id = $to.id
				| .bbox = [.bbox[0] * $to.x, .bbox[1] * $to.y, .bbox[2] * $to.x, .bbox[3] * $to.y] | del(.area))' \
			"$json" > "$json.exchanged"
		sources+=("$json.exchanged" --format coco --images "${json%.json}" --source "$(basename "$json" .json)")
	done
	run coco-pack -q "${sources[@]}" -o "$2"
	rm -rf "$work"
}

# teach METHOD TEACHER LABELLED UNLABELLED: pseudo.pack of the cell.
teach() {
	local into=$out/pseudo.pack
	[ ! -e "$into" ] || return 0
	[[ $1 != *control ]] || into=$out/labelled.pack
	label "${@:2}" "$into"
	[[ $1 != *control ]] || exchange "$into" "$out/pseudo.pack"
}

# assess STEP: the model's figures at this step of its training.
assess() {
	run predict -q -m "$out/model.safetensors" "$dir/val.pack" --coco-json "$out/results.json"
	echo "+$(words evalap -q -g "$dir/val.pack" --json "$out/results.json" ">" "$out/figures-$1.json")" >&2
	dry && return
	evalap -q -g "$dir/val.pack" --json "$out/results.json" > "$out/figures.tmp"
	mv "$out/figures.tmp" "$out/figures-$1.json"
}

# cell METHOD SCHEME FRACTION SEED: one training with its evaluations; figures.csv is there when it is done.
cell() {
	local part=$dir/parts/$3-$4 teacher init=random step
	local images=$((opt[steps] * opt[batch]))
	out=$dir/cells/$1-s$2-$3-$4
	[ -z "${shown[$out]:-}" ] && [ ! -e "$out/figures.csv" ] || return 0
	shown[$out]=1
	dry || mkdir -p "$out"
	[[ $1 != finetune* ]] || init=${opt[init]}
	teacher=$(teacher "$1")
	records=(coco-pack -q "$part/train.pack" --shuffle --epochs 0 --count "$images" --seed "$4")
	change=(augment -q "-s$2" --size "${opt[size]}" --seed "$4")
	learn=(trainstep -q -m "${opt[model]}" -b "${opt[batch]}" --steps "${opt[steps]}" --seed "$4")
	if [ -n "$teacher" ]; then
		local unlabelled=$part/unlabelled.pack
		[ -z "${opt[unlabelled]}" ] || unlabelled=$dir/unlabelled.pack
		teach "$1" "$dir/cells/$teacher-s$2-$3-$4/model.safetensors" "$part/train.pack" "$unlabelled"
		# No run needs more passes than it has images.
		records=(tmix -q -r "${opt[ratio]}" --shuffle --loop --until train --epochs "$images" --count "$images" --seed "$4"
			"$part/train.pack" "$out/pseudo.pack")
		learn+=(--joint-alpha "${opt[alpha]}")
	fi
	local before=0 whole=("${learn[@]}")
	while [ "$before" -lt "${opt[steps]}" ]; do
		step=$((before + opt[every] < opt[steps] ? before + opt[every] : opt[steps]))
		if [ ! -e "$out/figures-$step.json" ]; then
			learn=("${whole[@]}" --until "$step")
			train model "$init" $((before * opt[batch]))
			assess "$step"
		fi
		before=$step
	done
	finish "$@"
}

# finish METHOD SCHEME FRACTION SEED: the cell's figures as lines of a table; what was needed to get there goes.
finish() {
	local file step ap
	dry && return
	for file in "$out"/figures-*.json; do
		step=${file##*-}
		ap=$(sed -n 's/.*"stats":\[\([^],]*\).*/\1/p' "$file")
		echo "$1,$2,$3,$4,${step%.json},$ap"
	done | sort -t, -k5n > "$out/figures.tmp"
	mv "$out/figures.tmp" "$out/figures.csv"
	rm -f "$out/model.state" "$out/results.json" "$out/labelled.pack"
}

# idle METHOD FRACTION: whether its teacher would have no image to label.
idle() {
	[ -n "$(teacher "$1")" ] && [ "$2" = 1 ] && [ -z "${opt[unlabelled]}" ]
}

# each COMMAND: METHOD SCHEME FRACTION SEED of every cell behind it, a teacher before its students; a method that nobody
# asked for is a teacher only.
each() {
	local method scheme fraction seed
	for seed in "${seeds[@]}"; do
		for fraction in "${fractions[@]}"; do
			for scheme in "${schemes[@]}"; do
				for method in "${methods[@]}"; do
					! idle "$method" "$fraction" || continue
					"$@" "$method" "$scheme" "$fraction" "$seed"
				done
			done
		done
	done
}

with_teacher() {
	local teacher
	teacher=$(teacher "$1")
	part "$3" "$4"
	[ -z "$teacher" ] || cell "$teacher" "${@:2}"
	cell "$@"
	summarise
}

# figures METHOD SCHEME FRACTION SEED: those of a cell, if it is done.
figures() {
	[ ! -e "$dir/cells/$1-s$2-$3-$4/figures.csv" ] || cat "$dir/cells/$1-s$2-$3-$4/figures.csv"
}

# summarise: table and plots of what there is by now.
summarise() {
	dry && return
	{
		echo "method,scheme,fraction,seed,step,AP"
		each figures
	} > "$dir/figures.tmp"
	mv "$dir/figures.tmp" "$dir/figures.csv"
	evalap grid "$dir/figures.csv" --plot "$dir/curves.svg" --plot-gains "$dir/gains.svg" > "$dir/result.tmp"
	mv "$dir/result.tmp" "$dir/result.txt"
}

begin
pack train
pack val
[ -z "${opt[unlabelled]}" ] || pack unlabelled --unlabelled
each with_teacher
dry || cat "$dir/result.txt"
