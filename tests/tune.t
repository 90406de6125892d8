#!/bin/bash
# trainstep --tune: the plan is timed once, kept in the state and followed by those who go on; a damaged one is refused.
. "$(dirname "$0")/tap.sh"
[ "${CONF:-}" = asan ] && skip_all "what is timed here, the ops' tests run under the sanitizers"
. "$(dirname "$0")/tiny.sh"

run_options=(--steps 4 --save-every 1 --keep 4 --ema 0.9)
pixel_stream --start 0 > "$T/data.stream"

# run STEM OPTIONS...
run() {
	local stem=$1
	shift
	train "${run_options[@]}" -o "$T/$stem.safetensors" "$@"
}

# plan STATE: the text in its metadata.
plan() {
	tensors "$1" | jq -j '.__metadata__.plan'
}

trainstep "${train_options[@]:1}" "${run_options[@]}" -o "$T/tuned.safetensors" --tune "$T/data.stream" 2> "$T/said"
is $? 0 "a run that is timed"
like "$(cat "$T/said")" "timed [0-9]+ passes of convolutions in [0-9.]+ s: .* not as the rule has it" "says what it found"
want=$(sums "$T/tuned.safetensors" "$T/tuned.state")
plan "$T/tuned.state" > "$T/plan"
is "$(sed -nE 's/^timed ([0-9]+) .*/\1/p' "$T/said")" "$(wc -l < "$T/plan")" "the state has a line for each pass"
is "$(grep -vcE '^(forward|backward-data|backward-weights) f32 [0-9]x[0-9] stride .* (onednn|onednn-gemm|openblas|winograd|gemm)$' "$T/plan")" 0 \
	"that names shape and backend"
is "$(cut -d' ' -f1 "$T/plan" | sort -u | tr '\n' ' ')" "backward-data backward-weights forward " "of each of the three"
is "$(tensors "$T/tuned.safetensors" | jq '.__metadata__ | has("plan")')" false "a model has no plan"
for state in "$T"/tuned.state-*; do
	is "$(plan "$state" | cmp - "$T/plan" && echo same)" same "$(basename "$state") has the same plan"
done

# Killed after its first save and resumed, without and with --tune: nothing is timed again.
for again in "" --tune; do
	position=$(trainstep --position "$T/tuned.state-00000001")
	pixel_stream --start "$position" > "$T/rest.stream"
	cp "$T/tuned.state-00000001" "$T/killed.state"
	trainstep "${train_options[@]:1}" "${run_options[@]}" -o "$T/killed.safetensors" --resume "$T/killed.state" $again \
		"$T/rest.stream" 2> "$T/said"
	is $? 0 "resumed ${again:-without --tune}"
	is "$(sums "$T/killed.safetensors" "$T/killed.state")" "$want" "the same bits, state and all"
	is "$(grep -c '^timed' "$T/said")" 0 "nothing was timed"
	[ -z "$again" ] || like "$(cat "$T/said")" "nothing is timed: the state's plan of $(wc -l < "$T/plan") passes of convolutions is used" \
		"which is said"
done

# SIGKILL in the middle, as the kernel's out-of-memory killer does.
mkfifo "$T/fifo"
trainstep "${train_options[@]}" "${run_options[@]}" -o "$T/shot.safetensors" --plan "$T/tuned.state" < "$T/fifo" &
job=$!
exec 9> "$T/fifo"
head -c $(($(stat -c %s "$T/data.stream") * 5 / 64)) "$T/data.stream" >&9
for ((i = 0; i < 600; i++)); do
	[ -e "$T/shot.state" ] && break
	sleep 0.1
done
kill -9 $job
wait $job 2> /dev/null
exec 9>&-
pixel_stream --start "$(trainstep --position "$T/shot.state")" > "$T/rest.stream"
ok "a run with that plan is shot and resumed" run shot --resume "$T/shot.state" "$T/rest.stream"
is "$(sums "$T/shot.safetensors" "$T/shot.state")" "$want" "and ends with the same bits"

# Another plan is another sum.
sed -E 's/(winograd|onednn-gemm|onednn|gemm)$/openblas/' "$T/plan" > "$T/blas"
# with_plan FILE: a copy of the first state with this plan, its hash left out.
with_plan() {
	local header
	header=$(tensors "$T/tuned.state-00000001" | jq -c --rawfile plan "$1" '.__metadata__.plan = $plan | del(.__metadata__.xxh3)')
	local old new
	old=$(od -An -t u8 -N 8 "$T/tuned.state-00000001" | tr -d ' ')
	new=$(printf %s "$header" | wc -c)
	while [ $((new % 8)) != 0 ]; do
		header+=' '
		new=$((new + 1))
	done
	{
		perl -e 'print pack "Q<", shift' "$new"
		printf %s "$header"
		tail -c +$((old + 9)) "$T/tuned.state-00000001"
	} > "$T/other.state"
}
pixel_stream --start 2 > "$T/rest.stream"
with_plan "$T/plan"
run other --resume "$T/other.state" "$T/rest.stream"
is "$(sums "$T/other.safetensors" "$T/other.state")" "$want" "a state written by others, with the same plan"
with_plan "$T/blas"
run other --resume "$T/other.state" "$T/rest.stream"
ok "the plan decides the bits" test "$(sums "$T/other.safetensors")" != "$(sums "$T/tuned.safetensors")"
is "$(plan "$T/other.state" | cmp - "$T/blas" && echo same)" same "and is kept"

# What is damaged or cannot be is refused.
refused() {
	with_plan "$T/bad"
	fails_with 1 "$1.*other.state" run n --resume "$T/other.state" "$T/rest.stream"
	fails_with 1 "$1.*the plan of '.*other.state'" run n --plan "$T/other.state" "$T/data.stream"
}
sed '3s/ [a-z-]*$/ mkl/' "$T/plan" > "$T/bad"
refused "line 3 of the plan of convolutions: there is no backend 'mkl'"
sed '2s/stride/pace/' "$T/plan" > "$T/bad"
refused "line 2 of the plan of convolutions is damaged: '.*pace"
head -c -5 "$T/plan" > "$T/bad"
refused "plan of convolutions is damaged: it has no end"
{ cat "$T/plan"; head -n 1 "$T/plan"; } > "$T/bad"
refused "plan of convolutions is damaged: that shape was there before"
sed -E '1s/[a-z-]+$/winograd/' "$T/plan" > "$T/bad"
refused "line 1 of the plan of convolutions: winograd cannot do this on this CPU"
ok "which --allow-different-bits leaves out" run n --resume "$T/other.state" --allow-different-bits "$T/rest.stream"

run plain "$T/data.stream"
is "$(tensors "$T/plain.state" | jq '.__metadata__ | has("plan")')" false "a run by rule has none"
pixel_stream --start 2 > "$T/rest.stream"
fails_with 1 "cannot resume with the same bits: .* was not timed, and --tune would do it now" \
	run n --resume "$T/plain.state-00000001" --tune "$T/rest.stream"
fails_with 1 "has no plan of convolutions; .*plain.state" run n --plan "$T/plain.state" "$T/data.stream"
fails_with 1 "is a model, not a training state" run n --plan "$T/plain.safetensors" "$T/data.stream"
fails_with 2 "plan takes another run's plan; leave out --tune" run n --tune --plan "$T/tuned.state" "$T/data.stream"
fails_with 2 "leave out --resume, which has its state's" run n --resume "$T/tuned.state" --plan "$T/tuned.state" "$T/data.stream"
fails_with 2 "leave out --conv" run n --tune --conv openblas "$T/data.stream"
done_testing
