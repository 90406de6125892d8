#!/bin/bash
# pipelines/compare.sh: a grid of trainings ends in a table and plots; dry runs; kills; options that make no sense.
. "$(dirname "$0")/tap.sh"
[ "${CONF:-}" = asan ] && skip_all "under the sanitizers programs are tested one by one"
. "$(dirname "$0")/tiny.sh"

cd "$T" || exit 1
bin=$ROOT/pipelines
duel=$'the long\nduel'
pixel_stream --start 0 > one.stream
trainstep -q -j1 -m "$MODEL" -b 2 --steps 1 --warmup 0 --anchor-size 16 -o base.safetensors one.stream

compare() {
	"$bin/compare.sh" -o "$1" --train set/instances.json --train-images set/images --val set/instances.json --val-images set/images \
		--model "$MODEL" --size 64x64 --methods scratch,selftrain,control,finetune,finetune+selftrain --init base.safetensors \
		--schemes 1 --fractions 0.5,1 --seeds 0 --steps 3 --every 2 --batch 2 --save-every 1 --score 0.02 "${@:2}" -- -j1 --warmup 0 --anchor-size 16
}

DRY_RUN=1 compare "$duel" 2> planned
is $? 0 "a dry run"
ok "writes nothing" test ! -e "$duel"
compare "$duel" > said 2> commands
is $? 0 "compare.sh runs" || sed 's/^/# /' commands | tail
# What a run knows better: where a training stands, which sources an unpacked pack has.
ours() {
	grep '^+' "$1" | grep -v -e '--position' -e exchanged/
}
is "$(ours planned)" "$(ours commands)" "by the commands that the dry run showed"
is "$(cut -d, -f1,3,5 "$duel/figures.csv" | tr '\n' ' ')" "method,fraction,step scratch,0.5,2 scratch,0.5,3 selftrain,0.5,2 selftrain,0.5,3 control,0.5,2 control,0.5,3 \
finetune,0.5,2 finetune,0.5,3 finetune+selftrain,0.5,2 finetune+selftrain,0.5,3 scratch,1,2 scratch,1,3 finetune,1,2 finetune,1,3 " \
	"evaluates every method twice; where all have labels, no teacher labels any"
is "$(evalap grid "$duel/figures.csv")" "$(cat said)" "ends in a table"
is "$(cat said)" "$(cat "$duel/result.txt")" "also in a file"
ok "and in plots" test -s "$duel/curves.svg" -a -s "$duel/gains.svg"
is "$(find "$duel" -name '*.state')" "" "states are gone in the end"

# boxes METHOD: a line a pseudo label: its image, its class and box.
boxes() {
	rm -rf "$1"
	coco-pack -q "$duel/cells/$1-s1-0.5-0/pseudo.pack" --unpack "$1"
	jq -r '.annotations[] | "\(.image_id) \(.category_id) \(.bbox | map(. * 8 | round / 8))"' "$1"/*.json | sort
}
boxes selftrain > right
boxes control > exchanged
same=$(comm -12 <(cut -d' ' -f2- right | sort) <(cut -d' ' -f2- exchanged | sort) | wc -l)
ok "the control has the same labels ($same of $(wc -l < right))" test "$same" -gt $(($(wc -l < right) * 3 / 4))
same=$(comm -12 right exchanged | wc -l)
ok "but hardly any where it belongs ($same)" test "$same" -lt $(($(wc -l < right) / 10))

want=$(sums "$duel"/cells/*/model.safetensors "$duel/figures.csv")
compare "$duel" > again 2> nothing
is "$(grep -c 'trainstep\|predict' nothing)" 0 "the same command again trains nothing"
is "$(cat again)" "$(cat said)" "and says the same"

# Killed in a teacher's training, before a student's, in the middle of it.
kill_after killed/cells/scratch-s1-0.5-0/model.state compare killed
kill_after killed/cells/selftrain-s1-0.5-0/pseudo.pack compare killed
kill_after killed/cells/control-s1-0.5-0/figures-2.json compare killed
ok "goes on after kills" compare killed
is "$(sums killed/cells/*/model.safetensors killed/figures.csv)" "$want" "to the bits of a run without one"

fails_with 2 "finetune begins with the weights of --init" "$bin/compare.sh" -o x --train y --val z --methods finetune
fails_with 2 "methods as -h lists them, not 'teach'" "$bin/compare.sh" -o x --train y --val z --methods scratch,teach
fails_with 2 "schemes 0 to 4, not '5'" "$bin/compare.sh" -o x --train y --val z --schemes 5
fails_with 2 "fractions above 0 up to 1.*not '0.50'" "$bin/compare.sh" -o x --train y --val z --fractions 0.50
fails_with 2 "seeds has 1 twice" "$bin/compare.sh" -o x --train y --val z --seeds 1,2,1
fails_with 2 "every wants a whole number from 1 on, not '0'" "$bin/compare.sh" -o x --train y --val z --every 0
fails_with 2 "are needed" "$bin/compare.sh" -o x --train y
otherwise() {
	compare "$duel" --score 0.03
}
fails_with 1 "begun with other arguments" otherwise
done_testing
