#!/bin/bash
# Joint training on a mixture: what the log says, quotas, resuming, and refusals.
. "$(dirname "$0")/tap.sh"
. "$(dirname "$0")/tiny.sh"

coco-synth -q -o "$T/other" -n 10 --size 64x64 --classes 3 --objects 3 --seed 8
coco-pack -q "$T/set/instances.json" --images "$T/set/images" -o "$T/human.pack"
coco-pack -q "$T/other/instances.json" --images "$T/other/images" -o "$T/pseudo.pack"

# mixture RATIO OPTIONS...: with pixels.
mixture() {
	tmix -q -r "$1" --shuffle --loop --count 48 "${@:2}" "$T/human.pack" "$T/pseudo.pack" | augment -q -s0 --size 64 --seed 2
}
mixture 1:1 > "$T/even.stream"
alone=(--batch 2 --steps 4)
joint=(--batch 4 --steps 4)

# Of two equal parts, one with weight 0: the other alone.
tmix -q --shuffle --loop --count 24 "$T/human.pack" | augment -q -s0 --size 64 --seed 2 > "$T/human.stream"
train "${alone[@]}" --log "$T/alone" -o "$T/a.safetensors" "$T/human.stream"
train "${joint[@]}" --quota 2:2 --source-weights 1:0 --log "$T/zero" -o "$T/b.safetensors" "$T/even.stream"
is "$(jq -s '[.[:4], .[4:]] | transpose | all(.[]; (.[0].loss - .[1].loss | fabs) < 1e-4 and (.[0].grad_norm / .[1].grad_norm - 1 | fabs) < 1e-3)' \
	"$T/alone" "$T/zero")" true "a source of weight 0 changes nothing"
is "$(jq -s 'all(.[]; (.loss_human - .loss | fabs) < 1e-6 and .loss_pseudo > 0 and .mean_pseudo > 0)' "$T/zero")" true "but its loss is in the log"

# The normalised loss, from the log's own losses.
zoph=("${joint[@]}" --quota 2:2 --joint-alpha 0.5 --joint-decay 0.9)
train "${zoph[@]}" --save-every 2 --keep 2 --log "$T/zoph" -o "$T/z.safetensors" "$T/even.stream"
is "$(jq -s 'reduce .[] as $s ({good: true}; (if .h then .h / .p else 1 end) as $ratio |
	.h = (if .h then 0.9 * .h + 0.1 * $s.loss_human else $s.loss_human end) |
	.p = (if .p then 0.9 * .p + 0.1 * $s.loss_pseudo else $s.loss_pseudo end) |
	.good = (.good and ((($s.loss_human + 0.5 * $ratio * $s.loss_pseudo) / 1.5 - $s.loss) | fabs) < 1e-6
		and (.h - $s.mean_human | fabs) < 1e-6 and (.p - $s.mean_pseudo | fabs) < 1e-6)) | .good' "$T/zoph")" true \
	"losses and averages are those of the formula"
train "${zoph[@]}" --accumulate 2 --log "$T/parts" -o "$T/b.safetensors" "$T/even.stream"
is "$(jq -s '[.[:4], .[4:]] | transpose | all(.[]; (.[0].loss - .[1].loss | fabs) < 1e-3 * .[0].loss and (.[0].loss_pseudo - .[1].loss_pseudo | fabs) < 1e-3)' \
	"$T/zoph" "$T/parts")" true "parts of a batch add up to it"
train --batch 4 --steps 3 --preset tpu --joint-alpha 2 --log "$T/tpu" -o "$T/b.safetensors" "$T/even.stream"
is "$(jq -s 'length == 3 and all(.[]; .loss > 0 and .loss_pseudo > 0)' "$T/tpu")" true "another preset"

# Resumed: the state has the averages.
mixture 1:1 --start "$(trainstep --position "$T/z.state-00000002")" > "$T/rest.stream"
train "${zoph[@]}" --save-every 2 --keep 2 --resume "$T/z.state-00000002" -o "$T/r.safetensors" "$T/rest.stream"
is "$(sums "$T/r.safetensors" "$T/r.state")" "$(sums "$T/z.safetensors" "$T/z.state")" "resumed to the same bits"
fails_with 1 "was 'joint-alpha=0.5' and is 'joint-alpha=1' now" train "${joint[@]}" --quota 2:2 --joint-alpha 1 --joint-decay 0.9 \
	--resume "$T/z.state-00000002" -o "$T/r.safetensors" "$T/rest.stream"
mixture 2:1 --start 8 > "$T/wrong.stream"
fails_with 1 "the input's provenance was 'ratio=1:1' and is 'ratio=2:1' now" train "${zoph[@]}" --resume "$T/z.state-00000002" -o "$T/r.safetensors" \
	"$T/wrong.stream"

# Quotas: who is too many in a batch is passed over, and counted.
mixture 3:1 > "$T/uneven.stream"
trainstep "${train_options[@]:1}" --batch 4 --steps 3 --quota 2:2 --log "$T/quota" -o "$T/b.safetensors" "$T/uneven.stream" 2> "$T/said"
# In 3:1 the second source has every fourth turn, so that two of it are eight turns, of which two humans are taken.
is "$(jq -c .seq "$T/quota" | tr '\n' ' ')" "$(tstream dump "$T/uneven.stream" | jq -r 'select(.id) | "\(.seq) \(.input // 0)"' |
	awk '{ if (n[$2] == 2) next; if (n[0] + n[1] == 0) printf "%d ", $1; n[$2]++; if (n[0] + n[1] == 4) { n[0] = n[1] = 0; if (++batches == 3) exit } }')" \
	"batches begin where the last one was full"
like "$(cat "$T/said")" "^trainstep: 1[0-9] samples passed over, whose source was complete in the batch" "which is said"
fails_with 1 "the input has no sources to train on jointly; mix them with tmix" train --joint-alpha 1 -o "$T/x.safetensors" <(pixel_stream --start 0)
fails_with 1 "quota is for 3 sources, but the input is a mixture of 2" train -b 4 --quota 2:1:1 -o "$T/x.safetensors" "$T/even.stream"
fails_with 2 "quota '2:1' is 3 images, but a batch has 4" train -b 4 --quota 2:1 -o "$T/x.safetensors" "$T/even.stream"
fails_with 2 "leave out --source-weights" train --joint-alpha 1 --source-weights 1:1 -o "$T/x.safetensors" "$T/even.stream"
fails_with 2 "joint-decay must be below 1" train --joint-alpha 1 --joint-decay 1 -o "$T/x.safetensors" "$T/even.stream"
cat "$T/even.stream" <(pixel_stream --start 0) > "$T/joined.stream"
fails_with 1 "supercategory|the sample is of no source" train -b 4 --steps 20 --joint-alpha 1 -o "$T/x.safetensors" "$T/joined.stream"
done_testing
