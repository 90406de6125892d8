#!/bin/bash
# trainstep: learns, gives the same bits for the same seed, writes files others can read, and says what is wrong.
. "$(dirname "$0")/tap.sh"
. "$(dirname "$0")/tiny.sh"

steps=10
[ "${CONF:-}" = asan ] && steps=7
pixel_stream --seed 1 > "$T/data.stream"
tstream cat -o "$T/data.pack" "$T/data.stream"
tstream head -n 7 "$T/data.stream" > "$T/seven.stream"

# Learning.
ok "trains" train --steps $steps --warmup 5 --log "$T/log" --plot "$T/plot.svg" -o "$T/m.safetensors" "$T/data.stream"
is "$(jq -s length "$T/log")" $steps "the log has a line for each step"
is "$(jq -s 'map(.step) == [range(1; length + 1)] and map(.seq) == [range(0; 2 * length; 2)]' "$T/log")" true \
	"steps and samples are counted"
is "$(jq -s 'all(.loss < 1e3 and .loss_cls >= 0 and .loss_box >= 0 and .grad_norm > 0 and .images_per_sec > 0
	and (.loss - .loss_cls - .loss_box | fabs) < 1e-5)' "$T/log")" true "losses are finite and add up"
is "$(jq -s 'map(.lr)[0:6] | map(. * 1e6 | round)' -c "$T/log")" "[2,402,801,1201,1600,2000]" "warm-up is linear"
ok "the plot is whole XML" python3 -c "import sys, xml.dom.minidom as d; d.parse(sys.argv[1]).getElementsByTagName('svg')[0]" "$T/plot.svg"

# Two pictures again and again are learned by heart.
if [ "${CONF:-}" != asan ]; then
	coco-pack -q "$T/set/instances.json" --images "$T/set/images" --fraction 0.125 --epochs 24 | augment -q -s0 --size 64 |
		train --warmup 5 --log "$T/heart" -o "$T/heart.safetensors"
	is "$(jq -s 'length == 24 and (.[-6:] | map(.loss) | add) < 0.7 * (.[:6] | map(.loss) | add)' "$T/heart")" true "the loss falls"
fi

# The model file: torchvision's names and shapes, and what later tools need.
tensors "$T/m.safetensors" > "$T/names"
is "$(jq 'del(.__metadata__) | length' "$T/names")" 110 "as many tensors as torchvision's model with GroupNorm"
for want in "backbone.body.conv1.weight [64,3,7,7]" "backbone.body.layer2.0.downsample.0.weight [128,64,1,1]" \
	"backbone.body.layer4.1.bn2.bias [512]" "backbone.fpn.inner_blocks.2.0.weight [256,512,1,1]" \
	"head.classification_head.cls_logits.weight [27,256,3,3]" "head.regression_head.bbox_reg.bias [36]"; do
	is "$(jq -c --arg name "${want% *}" '.[$name].shape' "$T/names")" "${want#* }" "has ${want% *}"
done
is "$(jq -r '.__metadata__.model' "$T/names")" "$MODEL" "the file names its model"
is "$(jq -r '.__metadata__.classes | fromjson | map(.name) | join(" ")' "$T/names")" "disc square triangle" "and its classes"
like "$(jq -r '.__metadata__.preprocess' "$T/names")" "size=64" "and the size of its images"
is "$(tensors "$T/m.state" | jq -r '.__metadata__ | [.step, .position] | join(" ")')" "$steps $((2 * steps))" \
	"the state knows step and position"
is "$(trainstep --position "$T/m.state")" $((2 * steps)) "--position prints where the source goes on"
fails_with 1 "is a model, not a training state" trainstep --position "$T/m.safetensors"

# A preset is part of the model.
tpu=(--steps 2 --solver tpu -m retinanet-resnet18-fpn-bn)
ok "trains with another preset" train "${tpu[@]}" --preset tpu -o "$T/tpu.safetensors" "$T/data.stream"
tensors "$T/tpu.safetensors" > "$T/names"
is "$(jq -r '.__metadata__.preset' "$T/names")" tpu "the file names its preset"
is "$(jq -c '[."head.regression_head.conv.3.1.4.running_var", ."backbone.fpn.norms.4.weight", ."backbone.fpn.inner_blocks.0.0.bias",
	."head.regression_head.conv.3.1.weight", ."head.regression_head.conv.3.0.bias"] | map(.shape)' "$T/names")" \
	"[[256],[256],[256],null,null]" "every level has its norms"
coco-pack -q "$T/set/instances.json" --images "$T/set/images" |
	predict -q -j1 -m "$T/tpu.safetensors" --score-threshold 0.001 --max-detections 500 --coco-json "$T/tpu.json"
is "$(jq 'length > 0 and (map(.bbox[0] + .bbox[2], .bbox[1] + .bbox[3]) | max == 63)' "$T/tpu.json")" true \
	"predict follows it: boxes end at the last pixel"
fails_with 1 "the option of trainstep was 'preset=tpu' and is 'preset=torchvision' now" \
	train "${tpu[@]}" --resume "$T/tpu.state" -o "$T/b.safetensors" "$T/data.stream"

# Same seed, same bits; whatever the data path is.
short=(--steps 3)
train "${short[@]}" -o "$T/a.safetensors" "$T/data.stream"
want=$(sums "$T/a.safetensors" "$T/a.state")
train "${short[@]}" -o "$T/b.safetensors" < "$T/data.stream"
is "$(sums "$T/b.safetensors" "$T/b.state")" "$want" "same seed, same bits, of model and state"
train "${short[@]}" -o "$T/b.safetensors" "$T/data.pack"
is "$(sums "$T/b.safetensors")" "$(sums "$T/a.safetensors")" "a pack trains like a stream"
coco-pack -q -j3 "$T/set/instances.json" "${source_options[@]}" 2> /dev/null | augment -q -j4 -s0 --size 64 --seed 2 2> /dev/null |
	train "${short[@]}" -o "$T/b.safetensors"
is "$(sums "$T/b.safetensors" "$T/b.state")" "$want" "threads of the data path do not matter"
train "${short[@]}" --seed 5 -o "$T/b.safetensors" "$T/data.stream"
ok "another seed, other bits" test "$(sums "$T/b.safetensors")" != "$(sums "$T/a.safetensors")"

# How long: --steps, the header's plan, or neither.
train_loudly() {
	trainstep "${train_options[@]:1}" "$@" 2> "$T/said"
}
# schedules say what their options are, so these are not the tiny ones
schedule_loudly() {
	trainstep -j1 -m "$MODEL" -b 2 --anchor-size 16 --clip 1 "$@" 2> "$T/said"
}
train_loudly -o "$T/seven.safetensors" "$T/seven.stream"
is $? 0 "trains to the end of the data"
is "$(trainstep --position "$T/seven.state")" 6 "7 samples are 3 steps of 2"
like "$(cat "$T/said")" "1 image of the last, partial batch dropped" "the partial batch is counted and said"
train_loudly --steps 9 -o "$T/seven.safetensors" "$T/seven.stream"
is $? 0 "data may end before --steps"
like "$(cat "$T/said")" "the data ended after 3 of 9 steps" "and that is said"
coco-pack -q "$T/set/instances.json" --images "$T/set/images" --epochs 1000 2> /dev/null |
	augment -q -s0 --size 64 2> /dev/null | train --steps 2 -o "$T/e.safetensors"
is $? 0 "--steps ends a run before its data"

# Detectron's schedules: 12.17 epochs of 2 images are 12 steps of 2, which drop at 2/3 and 8/9.
schedule_loudly --schedule 1x --dataset-size 2 --log "$T/sched" -o "$T/seven.safetensors" "$T/data.stream"
like "$(cat "$T/said")" "^schedule 1x: 12.17 epochs of 2 images are 12 steps of 2; rate 0.0025 \(0.02 \* 2/16\), warm-up over 1 steps from 0.333 of it, times 0.1 from steps 8 and 11 on$" \
	"a schedule says what it comes to"
is "$(jq -c '.lr * 1e7 | round' "$T/sched" | uniq -c | tr -s ' \n' ' ')" " 1 8333 7 25000 3 2500 1 250 " "and the rates follow"
schedule_loudly --lr 0.04 --gamma 0.5 --warmup 2 --warmup-factor 0.5 --schedule 1x --dataset-size 2 --log "$T/sched" -o "$T/seven.safetensors" "$T/data.stream"
is "$(jq -c '.lr * 1e7 | round' "$T/sched" | uniq -c | tr -s ' \n' ' ')" " 1 25000 1 37500 6 50000 3 25000 1 12500 " "options overrule it"
coco-pack -q "$T/set/instances.json" --images "$T/set/images" --fraction 0.125 --epochs 13 | augment -q -s0 --size 64 > "$T/epochs.stream"
schedule_loudly --schedule 1x -o "$T/seven.safetensors" "$T/epochs.stream"
like "$(cat "$T/said")" "^schedule 1x: 12.17 epochs of 2 images" "the data set's size is in the input's header"

# Start weights.
ok "starts from a model of its own" train --steps 1 --lr 1e-60 --init "$T/m.safetensors" -o "$T/i.safetensors" "$T/data.stream"
is "$(sums "$T/i.safetensors")" "$(sums "$T/m.safetensors")" "and with next to no rate ends with the same weights"
fails_with 1 "cannot open '.*none'" train --steps 1 --init "$T/none" -o "$T/i.safetensors" "$T/data.stream"

# Options of the computation.
ok "keeps averages" train "${short[@]}" --ema 0.9 -o "$T/ema.safetensors" "$T/data.stream"
ok "the model file holds the averages" test "$(sums "$T/ema.safetensors")" != "$(sums "$T/a.safetensors")"
is "$(tensors "$T/ema.state" | jq 'keys | map(select(startswith("ema."))) | length')" 110 "and the state both"
train "${short[@]}" --log "$T/auto" -o "$T/c.safetensors" "$T/data.stream"
train "${short[@]}" --conv openblas --log "$T/openblas" -o "$T/c.safetensors" "$T/data.stream"
is "$(jq -s '[.[:3], .[3:]] | transpose | length == 3 and all(.[]; (.[0].loss - .[1].loss | fabs) < 1e-3 * .[0].loss)' "$T/auto" "$T/openblas")" true \
	"OpenBLAS and oneDNN agree on the losses"
# Recomputed blocks.
for model in "$MODEL" retinanet-resnet18-fpn-bn retinanet-resnet18-fpn-frozenbn; do
	train "${short[@]}" -m $model -o "$T/c.safetensors" "$T/data.stream"
	train "${short[@]}" -m $model --recompute -o "$T/d.safetensors" "$T/data.stream"
	is "$(sums "$T/d.safetensors" "$T/d.state")" "$(sums "$T/c.safetensors" "$T/c.state")" "$model: recomputed, the same bits"
done

# Batches in parts.
for preset in torchvision tpu; do
	train "${short[@]}" -b 4 --preset $preset --log "$T/whole" -o "$T/c.safetensors" "$T/data.stream"
	train "${short[@]}" -b 4 --accumulate 2 --preset $preset --log "$T/parts" -o "$T/c.safetensors" "$T/data.stream"
	is "$(jq -s '[.[:3], .[3:]] | transpose | length == 3 and all(.[]; .[0] as $a | .[1] as $b | ["loss", "loss_cls", "loss_box", "grad_norm"]
		| all(.[]; ($a[.] - $b[.] | fabs) < 1e-3 * $a[.]))' "$T/whole" "$T/parts")" true "$preset: parts of a batch add up to it"
done
train "${short[@]}" -b 4 --per-image-grad --log "$T/images" -o "$T/c.safetensors" "$T/data.stream"
train "${short[@]}" -b 4 --per-image-grad --accumulate 2 -o "$T/d.safetensors" "$T/data.stream"
is "$(sums "$T/d.safetensors")" "$(sums "$T/c.safetensors")" "image by image, the parts do not matter for a bit"
train "${short[@]}" -b 4 --log "$T/whole" -o "$T/c.safetensors" "$T/data.stream"
is "$(jq -s '[.[:3], .[3:]] | transpose | length == 3 and all(.[]; (.[0].loss - .[1].loss | fabs) < 1e-3 * .[0].loss)' "$T/whole" "$T/images")" \
	true "and add up to the batch"

if has_bf16; then
	train "${short[@]}" --dtype bf16 --log "$T/bf16" -o "$T/c.safetensors" "$T/data.stream"
	is "$(jq -s '[.[:3], .[3:]] | transpose | length == 3 and all(.[]; (.[0].loss - .[1].loss | fabs) < 0.05 * .[0].loss)' "$T/auto" "$T/bf16")" \
		true "bf16 is near f32"
fi
export COCOPIPE_ISA=avx2
fails_with 1 "no bf16 instructions.* take f32" train --steps 1 --dtype bf16 -o "$T/c.safetensors" "$T/data.stream"
unset COCOPIPE_ISA

# Refusals.
# usage REGEX OPTIONS...: refused before anything is read.
usage() {
	fails_with 2 "$1" train -o "$T/x.safetensors" "${@:2}" "$T/none.stream"
}
usage "'retinanet-vgg16-gn' is no model; .*retinanet" -m retinanet-vgg16-gn
usage "is no model" -m retinanet-resnet18-fpn-xn
usage "there is no resnet19" -m retinanet-resnet19-fpn-gn
usage "needs the neck fpn" -m retinanet-resnet18-gn
usage "lr must be above 0, not 0" --lr 0
usage "accumulate 3 does not divide a batch of 2" --accumulate 3
usage "wants a norm that looks at one image" --per-image-grad -m retinanet-resnet18-fpn-bn
usage "lr must be above 0, not -1" --lr -1
usage "gamma must be above 0" --gamma 0
usage "momentum must be below 1" --momentum 1
fails_with 2 "schedule '10x': must be 1x, 2x and so on up to 9x" trainstep -m "$MODEL" -o "$T/x.safetensors" --schedule 10x
fails_with 2 "leave out --steps and --decay" trainstep -m "$MODEL" -o "$T/x.safetensors" --schedule 1x --steps 9
fails_with 2 "leave out --steps and --decay" trainstep -m "$MODEL" -o "$T/x.safetensors" --schedule 1x --decay cosine
fails_with 2 "dataset-size is for --schedule" trainstep -m "$MODEL" -o "$T/x.safetensors" --dataset-size 7
fails_with 1 "schedule 2x is 195 steps of 2 images, 24.35 epochs of 16 images, but the input has 64 samples; give coco-pack --epochs 25" \
	trainstep -m "$MODEL" -b 2 --schedule 2x -o "$T/x.safetensors" "$T/data.stream"
fails_with 1 "does not say how many images the data set has; give --dataset-size" \
	trainstep -m "$MODEL" -b 2 --schedule 2x -o "$T/x.safetensors" "$ROOT/formats/vectors/sample.stream"
usage "ema must be below 1" --ema 1.0
usage "decay 'soon': 'soon' is neither a step nor a fraction" --decay soon
usage "decay '0.9,0.8': drops must rise" --decay 0.9,0.8
usage "decay '': empty" --decay ""
usage "decay '0.8,x'" --decay 0.8,x
usage "warm-up of 20 steps in a run of 10" --steps 10 --warmup 20
usage "resume takes the weights of the state; leave out --init" --resume "$T/m.state" --init random
fails_with 2 "-m MODEL and -o FILE are needed" trainstep
fails_with 2 "-m MODEL and -o FILE are needed" trainstep -m "$MODEL"
fails_with 2 "stepz" train --stepz 3
fails_with 2 "dtype" train --dtype f16 -o "$T/x.safetensors"
fails_with 2 "batch" train -b 0 -o "$T/x.safetensors"
fails_with 2 "--log" train --plot "$T/x.svg" -o "$T/x.safetensors"
fails_with 2 "one stream at most" train -o "$T/x.safetensors" a b
fails_with 1 "cannot write '.*none/x.svg'" train --log "$T/x.log" --plot "$T/none/x.svg" -o "$T/x.safetensors" "$T/data.stream"
ok "before the first step" test ! -e "$T/x.log"
fails_with 1 "cannot write '.*none/x.log'" train --log "$T/none/x.log" -o "$T/x.safetensors" "$T/data.stream"
fails_with 1 "fewer samples" train -b 100 -o "$T/x.safetensors" "$T/data.stream"
fails_with 1 "is empty" train -o "$T/x.safetensors"
fails_with 1 "stream of detections; trainstep wants samples" train -o "$T/x.safetensors" "$ROOT/formats/vectors/detection.stream"
source_stream > "$T/encoded"
fails_with 1 "augment" train -o "$T/x.safetensors" "$T/encoded"
ok "a refused run leaves no model" test ! -e "$T/x.safetensors"
done_testing
