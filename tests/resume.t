#!/bin/bash
# trainstep --resume: a run that was killed at any moment ends with the bits of one that was not.
. "$(dirname "$0")/tap.sh"
. "$(dirname "$0")/tiny.sh"

steps=8 kills=10
[ "${CONF:-}" = asan ] && steps=5 kills=2
run_options=(--steps "$steps" --save-every 3 --keep 2 --ema 0.9)
m=$T/m.safetensors state=$T/m.state
pixel_stream --start 0 > "$T/data.stream"

# run OUTPUT-STEM OPTIONS...: from the beginning of the stream or from where the state says.
run() {
	local stem=$1
	shift
	train "${run_options[@]}" -o "$T/$stem.safetensors" --log "$T/$stem.log" "$@"
}

# part START: the stream a source started at START gives.
part() {
	pixel_stream --start "$1"
}

now_ms() {
	echo $(($(date +%s%N) / 1000000))
}

began=$(now_ms)
run whole "$T/data.stream"
is $? 0 "a run that nobody disturbs"
took=$(($(now_ms) - began))
want=$(sums "$T/whole.safetensors" "$T/whole.state")
want_log=$(jq -c 'del(.images_per_sec)' "$T/whole.log")

ok "keeps the states of two saves" test -e "$T/whole.state-$(printf %08d $(((steps - 1) / 3 * 3)))"
is "$(find "$T" -name 'whole.state-*' | wc -l)" "$((steps > 6 ? 2 : 1))" "and no more"

# resume_now: go on where the state says, or from the start when there is none; in the background as $job.
resume_now() {
	local position=0 options=()
	if [ -e "$state" ]; then
		position=$(trainstep --position "$state")
		options=(--resume "$state")
	fi
	part "$position" > "$T/rest.stream"
	trainstep "${train_options[@]}" "${run_options[@]}" -o "$m" --log "$T/m.log" "${options[@]}" "$T/rest.stream" 2> "$T/said" &
	job=$!
}

# SIGKILL at random moments of the run, the first before the first save; then the rest.
RANDOM=7
killed=0
for ((i = 0; i < kills; i++)); do
	resume_now
	sleep "$(awk "BEGIN { print $took * (0.1 + $i / $kills * 0.8 * $RANDOM / 32767) / 1000 }")"
	kill -9 $job 2> /dev/null && killed=$((killed + 1))
	wait $job 2> /dev/null
	if [ $i = 0 ]; then
		ok "killed before the first save" test ! -e "$state"
	elif [ -e "$state" ]; then
		trainstep --position "$state" > /dev/null || report 1 "the state is whole after kill $i"
	fi
	# What a killed run was writing.
done
resume_now
wait $job
is $? 0 "the last resume ends the run"
ok "at least half of $kills kills met a running trainstep ($killed)" test $((2 * killed)) -ge $kills
is "$(sums "$m" "$state")" "$want" "model and state are those of the run without kills"
is "$(jq -c 'del(.images_per_sec)' "$T/m.log")" "$want_log" "the log has every step once, with its losses"

# SIGTERM and SIGUSR1: saved, exit 75, and the same bits in the end.
for signal in TERM USR1; do
	rm -f "$T"/m.*
	mkfifo "$T/fifo"
	trainstep "${train_options[@]}" "${run_options[@]}" -o "$m" --log "$T/m.log" < "$T/fifo" 2> "$T/said" &
	job=$!
	# Some of the 64 samples come; the trainer then waits for more, and the signal ends the wait.
	exec 9> "$T/fifo"
	head -c $(($(stat -c %s "$T/data.stream") * steps / 64)) "$T/data.stream" >&9
	for ((i = 0; i < 600; i++)); do
		[ -s "$T/m.log" ] && break
		sleep 0.1
	done
	kill -$signal $job
	wait $job
	is $? 75 "SIG$signal: exit 75"
	exec 9>&-
	rm "$T/fifo"
	resume_now
	wait $job
	is "$(sums "$m" "$state")" "$want" "SIG$signal: resumed to the same bits"
done

# --until: the run in two parts, the first of which ends by itself.
rm -f "$T"/m.*
run m --until 4 "$T/data.stream"
is $? 0 "--until 4 ends well"
is "$(wc -l < "$T/m.log")" 4 "after four steps"
resume_now
wait $job
is "$(sums "$m" "$state")" "$want" "and the rest ends with the bits of one run"

# What differs is an error that shows it.
rm -f "$T"/m.*
state=$T/whole.state-00000003
is "$(trainstep --position "$state")" 6 "a state in the middle of a run"
refused() {
	fails_with 1 "$1" run n --resume "$state" "${@:2}"
}
part 6 > "$T/rest.stream"
refused "cannot resume with the same bits: the option of trainstep was 'lr=0.002' and is 'lr=0.005[0-9]*' now .*allow-different-bits.*whole.state" \
	--lr 0.005 "$T/rest.stream"
refused "was 'seed=0' and is 'seed=3' now" --seed 3 "$T/rest.stream"
refused "was 'batch=2' and is 'batch=4' now" -b 4 "$T/rest.stream"
pixel_stream --seed 9 --start 6 > "$T/other.stream"
refused "the input's provenance was 'seed=1' and is 'seed=9' now" "$T/other.stream"
source_stream --start 6 | augment -q -s1 --size 64 --seed 2 > "$T/other.stream"
refused "the input's provenance was 'scheme=0' and is 'scheme=1' now" "$T/other.stream"
refused "starts at sample 0, but the run goes on at 6; start its source with 'coco-pack --start 6'" "$T/data.stream"
part 8 > "$T/late.stream"
refused "starts at sample 8, but the run goes on at 6; start its source with 'coco-pack --start 6'" "$T/late.stream"
tstream cat -o "$T/late.pack" "$T/late.stream"
refused "starts at sample 8, but the run goes on at 6" --allow-different-bits "$T/late.pack"
fails_with 2 "resume takes the weights of the state" run n --resume "$state" --init "$T/whole.safetensors" "$T/rest.stream"
refused "was 'model=retinanet-resnet18-fpn-gn' and is 'model=retinanet-resnet18-fpn-bn' now" \
	-m retinanet-resnet18-fpn-bn "$T/rest.stream"
refused "was 'anchor-size=16' and is 'anchor-size=32' now" --anchor-size 32 "$T/rest.stream"
refused "was 'conv=auto' and is 'conv=openblas' now" --conv openblas "$T/rest.stream"
if has_bf16; then
	refused "was 'dtype=f32' and is 'dtype=bf16' now" --dtype bf16 "$T/rest.stream"
fi
refused "'.*' (has no tensor|is f32)" -m retinanet-resnet34-fpn-gn --allow-different-bits "$T/rest.stream"
refused "is a model, not a training state" --resume "$T/whole.safetensors" "$T/rest.stream"
refused "cannot open '.*none'" --resume "$T/none" "$T/rest.stream"
head -c 100000 "$state" > "$T/cut.state"
refused "cut.state" --resume "$T/cut.state" "$T/rest.stream"
# damaged REGEX KEY FROM TO: a number of the metadata, in a copy of the state without its hash.
damaged() {
	cp "$state" "$T/damaged"
	sed -i "1s/\"xxh3\"/\"none\"/; 1s/\"$2\":\"$3\"/\"$2\":\"$4\"/" "$T/damaged"
	refused "'.*damaged' is damaged: $1" --resume "$T/damaged" "$T/rest.stream"
}
damaged "step is 'x', not a number" step 3 x
damaged "position is '-', not a number" position 6 -
damaged "threads is '0', not a number from 1 to" threads 1 0
fails_with 1 "position is '-'" trainstep --position <(sed "1s/\"xxh3\"/\"none\"/; 1s/\"position\":\"6\"/\"position\":\"-\"/" "$state")

# The state's threads decide, and that is said; its log may be a pipe.
mkfifo "$T/log.fifo"
jq -c .step "$T/log.fifo" > "$T/steps" &
reader=$!
trainstep "${train_options[@]:1}" -j2 "${run_options[@]}" -o "$m" --log "$T/log.fifo" --resume "$state" "$T/rest.stream" 2> "$T/said"
is $? 0 "resumed with another -j and a pipe for a log"
like "$(cat "$T/said")" "computing as the state did, with -j 1" "the state's threads are used, which is said"
wait $reader
is "$(tr '\n' ' ' < "$T/steps")" "$(seq -s ' ' 4 $steps) " "the pipe gets the steps that were done"
is "$(sums "$m" "$T/m.state")" "$want" "and the bits are those of the run without a break"
ok "--allow-different-bits goes on" run n --resume "$state" --lr 0.005 --steps 4 --allow-different-bits "$T/rest.stream"
is "$(trainstep --position "$T/n.state")" 8 "from where it was"

# Where there are no hard links, states are kept as copies.
if [ "${CONF:-}" != asan ]; then
	echo 'int link(const char *from, const char *to); int link(const char *from, const char *to)
		{ (void)from; (void)to; *__errno_location() = 1; return -1; }' |
		"${CC:-gcc}" -include errno.h -shared -fPIC -o "$T/nolink.so" -x c -
	for keep in 0 1 2; do
		rm -f "$T"/k.*
		LD_PRELOAD=$T/nolink.so train --steps 5 --save-every 2 --keep $keep -o "$T/k.safetensors" "$T/data.stream"
		is "$(find "$T" -name 'k.state-*' -printf '%f\n' | sort)" \
			"$(for ((i = 4 - 2 * keep + 2; i <= 4; i += 2)); do printf 'k.state-%08d\n' $i; done)" \
			"--keep $keep keeps the states of the last $keep saves"
	done
	is "$(trainstep --position "$T/k.state-00000004")" 8 "each whole"
fi
done_testing
