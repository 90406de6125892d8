# shellcheck shell=bash
# common: what the pipelines share. A pipeline declares its options and their defaults, and goes through stages that each
# leave a file; run again after a kill it goes on with the first stage whose file is missing.
#
#     . "$(dirname "$(realpath "$0")")/common.bash"
#     usage() { ... }
#     opt=([o]="" [train]="" [epochs]=12)     # -o, --train, --epochs; all take a value
#     parse "$@"                              # what follows -- is in rest
#     begin
#     pack train
#     train_alone model random "${opt[scheme]}"
#     evaluate model
#
# Every command is printed before it runs, as it can be pasted into a shell. With DRY_RUN=1 nothing runs and nothing is written.
set -euo pipefail
me=$(basename "$0")
here=$(dirname "$(realpath "$0")")
export PATH=${BIN:-$here/../build/release/bin}:$PATH

declare -A opt
# shellcheck disable=SC2034 # rest: of those who source this
rest=() out=""
# What augment is given beside scheme, size and seed.
augmenting=()
# Options that do not decide the result.
free=" o save-every "
# Options whose value is a file or directory: a change of it is another run.
inputs=" train val unlabelled init teacher "

fail() {
	echo "$me: $*" >&2
	echo "$me: try '$me -h'" >&2
	exit 2
}

# words WORD...: as a shell reads them back.
words() {
	printf ' %q' "$@"
}

# describe OPTION TEXT: its line of the usage, where the pipeline has it.
describe() {
	local key=${1%% *}
	[ -z "${opt[${key#--}]+known}" ] || printf '  %-19s %s\n' "$1" "$2"
}

# detector_usage: what all that train a detector have in common; what their options are without being given is in opt.
detector_usage() {
	cat << END
DATA is a COCO JSON file (with --train-images, --val-images), a VOC directory (with --train-set, --val-set)
or a pack. With DRY_RUN=1 in the environment commands are printed and not run.

  -o DIR              everything that is made: packs, models, logs, curves and results;
                      a DIR goes with the arguments it was begun with
  --train DATA        what to train on
  --train-images DIR  images of a COCO JSON file
  --train-set NAME    list in ImageSets/Main of a VOC directory
  --val DATA          what to evaluate on; --val-images and --val-set alike
END
	describe "--model NAME" "architecture (${opt[model]})"
	describe "--scheme N" "augmentation, 0 to 4 (${opt[scheme]:-})"
	describe "--size WxH" "of the training images (${opt[size]})"
	describe "--epochs N" "passes over the training images (${opt[epochs]:-})"
	describe "--batch N" "images a step (${opt[batch]})"
	describe "--seed N" "of everything random (${opt[seed]:-})"
	describe "--save-every N" "steps between saves (${opt[save-every]:-})"
}

# teacher_usage: what all that have a teacher have in common besides.
teacher_usage() {
	cat << END
  --score X           the teacher's scores from here on are labels (${opt[score]})
  --ignore-from X     from here to there they are neither objects nor background; 0: all below are background (${opt[ignore-from]})
  --ratio A:B         of labelled to pseudo-labelled images in a batch; --batch counts both (${opt[ratio]})
  --alpha X           weight of the pseudo labels' loss against that of the labels (${opt[alpha]})
END
}

# dry: whether commands are only shown.
dry() {
	[ "${DRY_RUN:-0}" != 0 ]
}

# run COMMAND...: print it, then run it.
run() {
	echo "+$(words "$@")" >&2
	dry || "$@"
}

# parse OPTION...: into opt and rest.
parse() {
	local key
	while [ $# -gt 0 ]; do
		case $1 in
		-h | --help) usage; exit 0 ;;
		--) shift; rest=("$@"); break ;;
		-o) key=o ;;
		--?*) key=${1#--} ;;
		*) fail "unknown option '$1'" ;;
		esac
		[ -n "${opt[$key]+known}" ] || fail "unknown option '$1'"
		[ $# -ge 2 ] || fail "$1 wants a value"
		opt[$key]=$2
		shift 2
	done
	out=${opt[o]}
}

# need KEY...: options without which there is nothing to do.
need() {
	local key
	for key; do
		[ -n "${opt[$key]}" ] || fail "-o$(printf -- ', --%s' "${@:2}") are needed"
	done
}

# stamp PATH: what tells it from another one, or from itself after a change.
stamp() {
	printf '%q' "$(realpath -m -- "$1")"
	[ ! -f "$1" ] || TZ=UTC stat -L -c ', %s bytes of %y' -- "$1" | tr -d '\n'
}

# arguments: a line for each thing that decides the result.
arguments() {
	local key
	while IFS= read -r key; do
		case "$free $inputs" in
		*" $key "*"  "*) continue ;;
		esac
		if [[ $inputs == *" $key "* && -n ${opt[$key]} ]]; then
			echo "--$key $(stamp "${opt[$key]}")"
		else
			printf -- '--%s %q\n' "$key" "${opt[$key]}"
		fi
	done < <(printf '%s\n' "${!opt[@]}" | sort)
	echo "--$(words ${rest[@]+"${rest[@]}"})"
}

# begin: the directory of the run. What was made with other arguments must not be taken for these ones'.
begin() {
	local now differences made
	dry && return
	mkdir -p "$out"
	now=$(arguments)
	if [ -e "$out/arguments" ]; then
		differences=$(diff "$out/arguments" - <<< "$now") && return
		echo "$me: '$out' was begun with other arguments:" >&2
		sed -n 's/^< /  then: /p; s/^> /  now:  /p' <<< "$differences" >&2
	else
		made=$(find "$out" -maxdepth 1 \( -name '*.pack' -o -name '*.safetensors' -o -name '*.state' \) -print -quit)
		if [ -z "$made" ]; then
			echo "$now" > "$out/arguments.tmp"
			mv "$out/arguments.tmp" "$out/arguments"
			return
		fi
		echo "$me: '$made' is of a run whose arguments are not known" >&2
	fi
	echo "$me: give another -o, or remove '$out' to begin anew" >&2
	exit 1
}

# pack NAME [OPTION...]: the data of option --NAME, with --NAME-images and --NAME-set where they are given, into NAME.pack.
pack() {
	local name=$1 from=()
	[ -z "${opt[$name-images]:-}" ] || from+=(--images "${opt[$name-images]}")
	[ -z "${opt[$name-set]:-}" ] || from+=(--set "${opt[$name-set]}")
	[ -e "$out/$name.pack" ] || run coco-pack "${opt[$name]}" ${from[@]+"${from[@]}"} "${@:2}" -o "$out/$name.pack"
}

# label TEACHER LABELLED UNLABELLED INTO: a pack of pseudo labels, and a report that compares them with the labelled.
label() {
	run pseudolabel -q -t "$1" --score-threshold "${opt[score]}" --ignore-from "${opt[ignore-from]}" --flip --reference "$2" \
		--report "$out/report.txt" --report-svg "$out/report.svg" "$3" -o "$4"
}

# train NAME INIT [POSITION]: the samples of command `records` through `change` and `learn` into NAME.safetensors, from where an
# earlier call was stopped, or from INIT, as trainstep --init takes it. A dry run takes the earlier call to have come to POSITION.
train() {
	local name=$1 start=0 weights=(--init "$2")
	if [ -e "$out/$name.state" ]; then
		start=$(DRY_RUN=0 run trainstep --position "$out/$name.state")
		weights=(--resume "$out/$name.state")
	elif dry && [ "${3:-0}" != 0 ]; then
		start=$3
		weights=(--resume "$out/$name.state")
	fi
	local first=("${records[@]}" --start "$start")
	local last=("${learn[@]}" -o "$out/$name.safetensors" --log "$out/$name.log.jsonl" --plot "$out/$name.loss.svg" \
		--save-every "${opt[save-every]}" "${weights[@]}" ${rest[@]+"${rest[@]}"})
	echo "+$(words "${first[@]}") |$(words "${change[@]}") |$(words "${last[@]}")" >&2
	dry && return
	# The others may be ended by SIGPIPE when trainstep has had its steps; what counts is trainstep.
	set +o pipefail
	"${first[@]}" | "${change[@]}" | "${last[@]}"
	set -o pipefail
}

# train_alone NAME INIT POLICY: train.pack alone into NAME.safetensors.
train_alone() {
	records=(coco-pack -q "$out/train.pack" --shuffle --epochs "${opt[epochs]}" --seed "${opt[seed]}")
	change=(augment -q "-s$3" --size "${opt[size]}" --seed "${opt[seed]}" ${augmenting[@]+"${augmenting[@]}"})
	learn=(trainstep -m "${opt[model]}" -b "${opt[batch]}" --seed "${opt[seed]}")
	train "$1" "$2"
}

# show FILE COMMAND...: print it, run it, and keep what it says in FILE of the run, too.
show() {
	echo "+$(words "${@:2}") |$(words tee "$out/$1")" >&2
	dry || "${@:2}" | tee "$out/$1"
}

# evaluate NAME [OPTION...]: the model on val.pack, by evalap with these options, into NAME.result.txt.
evaluate() {
	run predict -q -m "$out/$1.safetensors" "$out/val.pack" --coco-json "$out/$1.results.json"
	show "$1.result.txt" evalap -g "$out/val.pack" "$out/$1.results.json" "${@:2}"
}
