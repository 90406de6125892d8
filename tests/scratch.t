#!/bin/bash
# pipelines/scratch.sh: trains and evaluates, goes on after a kill, and never mixes runs.
. "$(dirname "$0")/tap.sh"
. "$(dirname "$0")/tiny.sh"

mv "$T/set" "$T/my set"
mkdir "$T/bin"
ln -s "$ROOT/pipelines/scratch.sh" "$ROOT/pipelines/finetune.sh" "$T/bin/"
cd "$T" || exit 1
data=(--train "my set/instances.json" --train-images "my set/images" --val "my set/instances.json" --val-images "my set/images")
options=(--model "$MODEL" --size 64x64 --epochs 1 --batch 2 --save-every 2)
# scratch OUTPUT OPTIONS...
scratch() {
	bin/scratch.sh -o "$1" "${data[@]}" "${options[@]}" "${@:2}" -- -q -j1 --warmup 0 --anchor-size 16
}

scratch "my run" > said 2> commands
is $? 0 "runs, with spaces in every name"
like "$(cat said)" "Average Precision" "prints the evaluation"
is "$(sed 's/^\([^ ]* [^ ]*\).*/\1/' commands | grep '^+' | tr '\n' ' ')" \
	"+ coco-pack + coco-pack + coco-pack + predict + evalap " "prints a line for every command"
want=$(sums "my run/model.safetensors" "my run/model.state")
result=$(cat "my run/model.result.txt")

# What is printed can be pasted.
rm "my run"/model.* "my run/train.pack"
sed -n 's/^+ //p' commands > pasted
ok "the printed lines are a script" bash -e pasted
is "$(sums "my run/model.safetensors" "my run/model.state")" "$want" "that makes the same model"
is "$(cat "my run/model.result.txt")" "$result" "with the same result"

ok "once more changes nothing" scratch "my run"
is "$(sums "my run/model.safetensors" "my run/model.state")" "$want" "of the model"

# A kill in the middle.
kill_after killed/model.state scratch killed
ok "goes on after a kill" scratch killed
is "$(sums killed/model.safetensors killed/model.state)" "$want" "to the bits of a run without one"

# Other arguments for the same directory.
refused() {
	fails_with 1 "$@"
	is "$(sums killed/model.safetensors killed/model.state)" "$want" "and nothing is touched"
}
refused "then: --epochs 1" scratch killed --epochs 2
refused "now:  --epochs 2" scratch killed --epochs 2
refused "then: --model $MODEL" scratch killed --model retinanet-resnet18-fpn-bn
fails_with 1 "now:  -- -j2" bin/scratch.sh -o killed "${data[@]}" "${options[@]}" -- -j2
fails_with 1 "'killed' was begun with other arguments" bin/scratch.sh -o killed "${data[@]}" "${options[@]}"
fails_with 1 "give another -o, or remove 'killed'" bin/scratch.sh -o killed "${data[@]}" "${options[@]}"
cp -r "my set" other
fails_with 1 "now:  --train .*/other/instances.json, " scratch killed --train other/instances.json
touch -d 2001-01-01 "my set/instances.json"
fails_with 1 "now:  --val .*/my.* set/instances.json, [0-9]+ bytes of 2001-01-01" scratch killed
rm killed/arguments
fails_with 1 "is of a run whose arguments are not known" scratch killed
fails_with 2 "are needed" bin/scratch.sh -o x --train y
fails_with 2 "unknown option" bin/scratch.sh --nothing
done_testing
