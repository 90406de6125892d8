#!/bin/bash
# trainstep --init, --freeze and their kin: what is taken, what is trained, and that resuming keeps to it.
. "$(dirname "$0")/tap.sh"
. "$(dirname "$0")/tiny.sh"

coco-synth -q -o "$T/drawn" -n 12 --size 64x64 --classes 3 --objects 1 --seed 5
i=0
for class in disc square triangle; do
	mkdir -p "$T/folders/$class"
	for n in 1 2 3 4; do
		i=$((i + 1))
		cp "$T/drawn/images/$(printf %06d $i).jpg" "$T/folders/$class/$n.jpg"
	done
done
cp -r "$T/folders" "$T/more"
mv "$T/more/square" "$T/more/zigzag"

# folders DIRECTORY OPTIONS...: a stream of its images.
folders() {
	coco-pack -q "$1" --epochs 9 --shuffle --seed 1 "${@:2}" 2> /dev/null | augment -q -s0 --size 32 --seed 2
}
folders "$T/folders" > "$T/three.stream"
folders "$T/folders" --classes triangle,disc > "$T/two.stream"
folders "$T/more" > "$T/more.stream"
learn=(trainstep -j1 -b 2 --lr 0.01 --warmup 0 --decay constant -m classify-resnet18-bn)
still=(--steps 1 --lr 1e-60)

# compare EXPRESSION FILE FILE: python's, of a and b, dictionaries of the files' tensors.
compare() {
	/usr/bin/python3 - "$@" <<-'PY'
	import json, struct, sys
	import numpy as np
	def read(path):
	    data = open(path, "rb").read()
	    size, = struct.unpack("<Q", data[:8])
	    head = json.loads(data[8:8 + size])
	    kinds = {"F32": "<f4", "I64": "<i8"}
	    return {k: np.frombuffer(data, kinds[t["dtype"]], int(np.prod(t["shape"])), 8 + size + t["data_offsets"][0]).reshape(t["shape"])
	            for k, t in head.items() if k != "__metadata__"}
	a, b = read(sys.argv[2]), read(sys.argv[3])
	same = lambda x, y: bool(np.array_equal(x, y))
	sys.exit(0 if eval(sys.argv[1]) else 1)
	PY
}

"${learn[@]}" -q --steps 2 -o "$T/base.safetensors" "$T/three.stream"
base=$T/base.safetensors m=$T/m.safetensors

# The head goes by the names of classes.
"${learn[@]}" "${still[@]}" --init "$base" -o "$m" "$T/two.stream" 2> "$T/said"
ok "fewer classes in another order" compare 'same(a["fc.weight"][[2, 0]], b["fc.weight"]) and same(a["fc.bias"][[2, 0]], b["fc.bias"])' "$base" "$m"
ok "and the backbone" compare 'same(a["conv1.weight"], b["conv1.weight"]) and same(a["layer4.1.conv2.weight"], b["layer4.1.conv2.weight"])' "$base" "$m"
like "$(cat "$T/said")" "^fc +2 of 2 tensors taken; 2 of 2 classes: triangle, disc$" "which is said"
like "$(cat "$T/said")" "^backbone +120 of 120 tensors taken$" "for each part"
"${learn[@]}" "${still[@]}" --init "$base" -o "$m" "$T/more.stream" 2> "$T/said"
"${learn[@]}" -q "${still[@]}" -o "$T/fresh.safetensors" "$T/more.stream"
ok "rows of known classes are kept" compare 'same(a["fc.weight"][[0, 2]], b["fc.weight"][[0, 1]])' "$base" "$m"
ok "and a new class begins anew" compare 'same(a["fc.weight"][2], b["fc.weight"][2]) and not same(a["fc.weight"][0], b["fc.weight"][0])' "$T/fresh.safetensors" "$m"
like "$(cat "$T/said")" "2 of 3 classes: disc, triangle$" "both are counted"

# A bare backbone in a detector, with frozen norms; and back.
"${learn[@]}" "${still[@]}" -m retinanet-resnet18-fpn-frozenbn --init "$base" -o "$T/d.safetensors" "$T/three.stream" 2> "$T/said"
is $? 0 "a detector starts from a classifier"
ok "with its backbone" compare 'all(same(v, b["backbone.body." + k]) for k, v in a.items() if k.split(".")[0] not in ("fc",) and "batches" not in k)' "$base" "$T/d.safetensors"
like "$(cat "$T/said")" "^backbone.fpn +new$" "the pyramid is new"
like "$(cat "$T/said")" "^not used +[0-9]+ tensors of the file, from 'bn1.num_batches_tracked' on" "what was not used is said"
"${learn[@]}" "${still[@]}" -m classify-resnet18-frozenbn --init "$T/d.safetensors" -o "$m" "$T/three.stream" 2> "$T/said"
ok "and a classifier from a detector" compare 'same(a["backbone.body.layer3.0.conv1.weight"], b["layer3.0.conv1.weight"])' "$T/d.safetensors" "$m"
like "$(cat "$T/said")" "^fc +new$" "with a new head"
"${learn[@]}" "${still[@]}" -m classify-resnet18-gn --init "$base" -o "$m" "$T/three.stream" 2> "$T/said"
like "$(cat "$T/said")" "^backbone +20 of 60 tensors taken; 40 of norms of another kind are new$" "group norms do not take batch norms' scales"

# The rows of a detector: [anchor][class].
pixel_stream --start 0 > "$T/data.stream"
jq '.categories = [{id: 1, name: "triangle"}, {id: 3, name: "disc"}] | .annotations |= map(select(.category_id != 2))' "$T/set/instances.json" > "$T/two.json"
coco-pack -q "$T/two.json" --images "$T/set/images" 2> /dev/null | augment -q -s0 --size 64 > "$T/boxes.stream"
train --steps 1 -o "$T/a.safetensors" "$T/data.stream"
train "${still[@]}" --init "$T/a.safetensors" -o "$T/b.safetensors" "$T/boxes.stream"
key=head.classification_head.cls_logits
ok "each anchor's rows go by class" compare "all(same(a['$key.' + k].reshape(9, 3, -1)[:, [2, 0]], b['$key.' + k].reshape(9, 2, -1)) for k in ('weight', 'bias'))" \
	"$T/a.safetensors" "$T/b.safetensors"
ok "a state's values do as well" train "${still[@]}" --init "$T/a.state" -o "$T/b.safetensors" "$T/data.stream"
is "$(sums "$T/b.safetensors")" "$(sums "$T/a.safetensors")" "and are those of its model"
rm "$T/a.state" "$T/a.safetensors" "$T/b.state" "$T/b.safetensors" "$T/d.state"

# Files that do not fit.
fails_with 1 "has no tensor of this model; its first is 'x', the model's 'conv1.weight'" "${learn[@]}" "${still[@]}" \
	--init <(printf '%b{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}0000' '\066\0\0\0\0\0\0\0') -o "$m" "$T/three.stream"
fails_with 1 "has no tensor 'layer1.2.conv1.weight' \([0-9]+ of the backbone are missing; a part is taken whole" \
	"${learn[@]}" "${still[@]}" -m classify-resnet34-bn --init "$base" -o "$m" "$T/three.stream"
fails_with 1 "'layer1.0.conv1.weight' is f32 \[64 64 3 3\], but the model has f32 \[64 64 1 1\]" \
	"${learn[@]}" "${still[@]}" -m classify-resnet50-bn --init "$base" -o "$m" "$T/three.stream"

# What is trained, and how fast.
"${learn[@]}" --steps 2 --init "$base" --train-only fc -o "$m" "$T/three.stream" 2> "$T/said"
ok "--train-only changes that and nothing else, statistics neither" compare 'all(same(v, b[k]) != k.startswith("fc.") for k, v in a.items())' "$base" "$m"
like "$(cat "$T/said")" "^fc +2 +1539 +0.01 +0.0001$" "the table says what is trained"
like "$(cat "$T/said")" "^layer1 +12 +147968 +frozen +-$" "and what is frozen"
"${learn[@]}" -q --steps 2 --init "$base" --freeze 'layer[12]' --freeze conv1 -o "$m" "$T/three.stream"
ok "--freeze leaves these alone" compare 'all(same(v, b[k]) == k.startswith(("layer1", "layer2", "conv1")) for k, v in a.items())' "$base" "$m"
"${learn[@]}" -q --steps 2 --init "$base" --freeze-bn -o "$m" "$T/three.stream"
ok "--freeze-bn freezes all of the batch norms" compare 'all(same(v, b[k]) == ("bn" in k or "downsample.1" in k) for k, v in a.items())' "$base" "$m"
"${learn[@]}" "${still[@]}" --lr 0.01 --solver detectron --layer-decay 0.5 --lr-mult 'fc=10' --lr-mult 'layer4.*.conv2=4' -o "$m" "$T/three.stream" 2> "$T/said"
for want in "conv1 +1 +9408 +0.000313 +0.0001" "bn1 +1 +64 +0.000313 +0" "bn1 +1 +64 +0.000625 +0" "layer4 +2 +4718592 +0.02 +0.0001" \
	"layer4 +3 +[0-9]+ +0.005 +0.0001" "fc +1 +1536 +0.1 +0.0001" "fc +1 +3 +0.2 +0"; do
	like "$(cat "$T/said")" "^$want\$" "rates and decays: $want"
done
ok "patterns meet parts of detectors" train --steps 1 --freeze backbone.body --lr-mult 'head.*_head.conv=0.5' -o "$T/b.safetensors" "$T/data.stream"
rm "$T/b.safetensors" "$T/b.state"

# Resumed to the same bits, with the same options only.
run_options=(--init "$base" --train-only fc --train-only layer4 --lr-mult fc=10 --layer-decay 0.7)
"${learn[@]}" -q "${run_options[@]}" --steps 4 --save-every 2 --keep 2 -o "$T/whole.safetensors" "$T/three.stream"
folders "$T/folders" --start 4 > "$T/rest.stream"
"${learn[@]}" -q "${run_options[@]:2}" --steps 4 --save-every 2 --keep 2 -o "$T/part.safetensors" --resume "$T/whole.state-00000002" "$T/rest.stream"
is "$(sums "$T/part.safetensors" "$T/part.state")" "$(sums "$T/whole.safetensors" "$T/whole.state")" "resumed, the same bits"
fails_with 1 "was 'train-only=fc,layer4' and is 'train-only=fc' now" "${learn[@]}" --steps 4 --train-only fc --lr-mult fc=10 --layer-decay 0.7 \
	-o "$m" --resume "$T/whole.state-00000002" "$T/rest.stream"
fails_with 1 "was 'lr-mult=fc=10' and is 'lr-mult=fc=9' now" "${learn[@]}" --steps 4 --train-only fc --train-only layer4 --lr-mult fc=9 \
	--layer-decay 0.7 -o "$m" --resume "$T/whole.state-00000002" "$T/rest.stream"

# Refusals, before anything is read.
usage() {
	fails_with 2 "$1" "${learn[@]}" -o "$m" "${@:2}" "$T/none.stream"
}
usage "--freeze 'layer9' matches no parameter; there are conv1, bn1, layer1, layer2, layer3, layer4, fc" --freeze layer9
usage "--train-only 'head' matches no parameter" --train-only head
usage "--lr-mult 'x' matches no parameter" --lr-mult x=2
usage "nothing is left to train" --freeze '*'
for bad in fc fc= fc=0 fc=-1 fc=nan fc=1e9 fc=2x =2; do
	usage "--lr-mult '$bad': must be PATTERN=NUMBER" --lr-mult $bad
done
usage "layer-decay must be" --layer-decay 1.5
usage "--freeze-bn: the model has no batch norms" -m classify-resnet18-gn --freeze-bn
done_testing
