#!/bin/bash
# The pipeline as one: dead upstreams, full disks, closed pipes, and numbers that are not finite.
. "$(dirname "$0")/tap.sh"
. "$(dirname "$0")/tiny.sh"

m=$T/m.safetensors state=$T/m.state
source_stream --count 16 > "$T/encoded.stream"
augment -q -s0 --size 64 --seed 2 "$T/encoded.stream" > "$T/data.stream"

# In pieces or in one go.
ok "pack > file, augment < file is the pipe" cmp <(pixel_stream --count 16) "$T/data.stream"
train --steps 2 -o "$m" "$T/data.stream"
is $? 0 "a model to lose"
good=$(sums "$m" "$state")
pixel_stream --count 16 | train --steps 2 -o "$T/piped.safetensors"
is "$(sums "$T/piped.safetensors" "$T/piped.state")" "$good" "the whole chain through pipes gives the same bits"

# An upstream that dies: everyone after it fails with the input and the record; the model stays.
# dead NAME: checks the messages of augment and trainstep and what became of the model.
dead() {
	like "$(cat "$T/augment.said")" "^augment: .*(record [0-9]+|trailer) of 'standard input'" "$1: augment names input and place"
	like "$(cat "$T/train.said")" "^trainstep: .*(record [0-9]+|trailer) of 'standard input'" "$1: trainstep too"
	is "$(sums "$m" "$state")" "$good" "$1: the last good model and state stay"
	ok "$1: no temporary stays" test -z "$(find "$T" -name '*.tmp')"
}
size=$(stat -c %s "$T/encoded.stream")
for cut in $((size * 2 / 5)) $((size - 20)); do
	head -c $cut "$T/encoded.stream" | augment -q -s0 --size 64 --seed 2 2> "$T/augment.said" |
		train --steps 9 -o "$m" 2> "$T/train.said"
	is "${PIPESTATUS[*]:1}" "1 1" "cut after $cut of $size bytes: both fail"
	dead "cut after $cut"
done
head -c $((size - 20)) "$T/encoded.stream" | augment -q -s0 --size 64 --seed 2 2> /dev/null | train -o "$T/end.safetensors" 2> "$T/train.said"
is "${PIPESTATUS[2]}" 1 "all planned steps done, but the end of the data is missing: a failure"
is "$(trainstep --position "$T/end.state")" 16 "though its work is saved"

# coco-pack is killed while all of them work.
# Large pictures, so that few of them wait in the buffers between them.
side=256
[ "${CONF:-}" = asan ] && side=128
coco-synth -q -o "$T/large" -n 3 --size 1024x1024 --quality 100 --classes 3
mkfifo "$T/fifo" "$T/pixels"
augment -q -s0 --size $side --seed 2 < "$T/fifo" > "$T/pixels" 2> "$T/augment.said" &
augment_job=$!
train --steps 1000000 -o "$m" --log "$T/log" < "$T/pixels" 2> "$T/train.said" &
train_job=$!
coco-pack -q "$T/large/instances.json" --images "$T/large/images" --shuffle --epochs 1000000 > "$T/fifo" &
packer=$!
for ((i = 0; i < 600; i++)); do
	[ -s "$T/log" ] && break
	sleep 0.1
done
kill -9 $packer
wait $packer 2> /dev/null
is $? 137 "coco-pack is killed in the middle"
wait $augment_job
is $? 1 "augment fails"
wait $train_job
is $? 1 "trainstep fails"
dead "kill -9"
true | augment -q -s0 --size 64 2> "$T/augment.said" | train -o "$m" 2> "$T/train.said"
is "${PIPESTATUS[*]:1}" "1 1" "no input at all: both fail"
like "$(cat "$T/augment.said")" "standard input.* is empty" "and say so"
is "$(sums "$m" "$state")" "$good" "and the model stays"

# A flipped bit on the way.
{ head -c $((size / 2)) "$T/encoded.stream"; printf '\377\377\377'; tail -c +$((size / 2 + 4)) "$T/encoded.stream"; } > "$T/flipped"
augment -q -s0 --size 64 --seed 2 "$T/flipped" 2> "$T/augment.said" | train --steps 8 -o "$m" 2> "$T/train.said"
is "${PIPESTATUS[*]}" "1 1" "damaged bytes: both fail"
like "$(cat "$T/augment.said")" "record [0-9]+ of '.*flipped'" "augment names file and record"
is "$(sums "$m" "$state")" "$good" "and the model stays"

# Outputs that cannot be written.
fails_with 1 "cannot write '.*none/x.*No such file" train --steps 1 -o "$T/none/x.safetensors" "$T/data.stream"
fails_with 1 "cannot write '/dev/full'.*No space left" train --steps 1 -o "$T/x.safetensors" --log /dev/full "$T/data.stream"
fails_with 1 "cannot write '/dev/full': a model and its state are regular files" train --steps 1 -o /dev/full "$T/data.stream"
ok "and nothing is left beside it" test ! -e /dev/full.state
fails_with 1 "standard output.*No space left" bash -c 'trainstep -h > /dev/full'
fails_with 1 "No space left" augment -q -s0 --size 64 -o /dev/full "$T/encoded.stream"
augment -q -s0 --size 64 "$T/encoded.stream" 2> "$T/said" > /dev/full
is $? 1 "a full standard output fails"
like "$(cat "$T/said")" "standard output.*No space left" "and says so"
coco-pack -q "$T/set/instances.json" "${source_options[@]}" 2> "$T/said" | head -c 1000 > /dev/null
ok "a closed pipe is quiet" test ! -s "$T/said"

# Numbers that are not finite stop the run, and the batch is kept.
explode() {
	train --lr 1000000 --clip 0 --warmup 0 --steps 8 -o "$m" "$@"
}
explode "$T/data.stream" 2> "$T/said"
is $? 1 "a rate that explodes ends the run"
like "$(cat "$T/said")" "^trainstep: step [0-9]+: the (loss|gradient) is not finite .*m.bad-batch.stream.*lower --lr" "with its reason"
is "$(sums "$m" "$state")" "$good" "the good model stays"
like "$(tstream check "$T/m.bad-batch.stream")" "ok, 2 records" "the batch is a whole stream"
first=$(grep -oE 'step [0-9]+' "$T/said" | grep -oE '[0-9]+')
is "$(tstream dump "$T/m.bad-batch.stream" | jq -c .seq | tr '\n' ' ')" "$((2 * first - 2)) $((2 * first - 1)) " "of the samples of that step"
ok "trainstep reads it again" train --steps 1 -o "$T/again.safetensors" "$T/m.bad-batch.stream"

# A weight that is no number, in a copy of the model without its hash.
cp "$m" "$T/nan.safetensors"
sed -i '1s/"xxh3"/"none"/' "$T/nan.safetensors"
printf '\377\377\377\177' | dd of="$T/nan.safetensors" bs=1 seek=$(($(stat -c %s "$m") - 4)) conv=notrunc 2> /dev/null
rm "$T/m.bad-batch.stream"
train --steps 4 --init "$T/nan.safetensors" -o "$m" "$T/data.stream" 2> "$T/said"
is $? 1 "a weight that is not a number ends the run"
like "$(cat "$T/said")" "step 1: the loss is not finite \(loss -?nan" "at the first step"
is "$(tstream dump "$T/m.bad-batch.stream" | jq -c .seq | tr '\n' ' ')" "0 1 " "with its batch kept"
is "$(sums "$m" "$state")" "$good" "the good model stays"

# What no tool of ours writes.
if /usr/bin/python3 "$ROOT/tests/stream_peer.py" unsound "$T/unsound.stream" 2> /dev/null; then
	fails_with 1 "object 0 has a box that is not finite .record 0 of .*unsound" train -b 1 --steps 1 -o "$T/x.safetensors" "$T/unsound.stream"
else
	echo "# python3-msgpack is not installed: a box that is not a number is not tried"
fi
done_testing
