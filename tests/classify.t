#!/bin/bash
# Class folders through the whole pipe: coco-pack, augment, trainstep.
. "$(dirname "$0")/tap.sh"
. "$(dirname "$0")/tiny.sh"

# A folder for each shape, by the object that each picture has.
coco-synth -q -o "$T/drawn" -n 18 --size 64x80 --classes 3 --objects 1 --seed 5
classes=(disc square triangle)
mkdir -p "$T"/folders/{disc,square,triangle}
while read -r file class; do
	cp "$T/drawn/images/$file" "$T/folders/${classes[class - 1]}"
done < <(jq -r '(.images | map({key: (.id | tostring), value: .file_name}) | from_entries) as $name |
	.annotations[] | "\($name[.image_id | tostring]) \(.category_id)"' "$T/drawn/instances.json")
echo "no image" > "$T/folders/disc/notes.txt"
mkdir "$T/folders/.hidden"

# labels FILE...: id, class and file of each record of a stream.
labels() {
	tstream dump "$@" | jq -r 'select(.id) | "\(.id) \(.class_label) \(.file_name)"'
}

coco-pack -q "$T/folders" > "$T/in.stream"
is "$(tstream dump --header "$T/in.stream" | head -n 1 | jq -c '.categories | map(.name)')" '["disc","square","triangle"]' \
	"folders are classes, in byte order"
is "$(labels "$T/in.stream")" "$(cd "$T/folders" && find . -name '*.jpg' | cut -c 3- | LC_ALL=C sort |
	awk -F/ '{ n += $1 != last && NR > 1; last = $1; print NR, n, $0 }')" "every image has its folder's class"
like "$(coco-pack "$T/folders" 2>&1 > /dev/null)" "^coco-pack: 1 file passed over" "other files are counted"
coco-pack -q "$T/folders" --classes triangle,disc > "$T/two.stream" 2> /dev/null
is "$(tstream dump --header "$T/two.stream" | head -n 1 | jq -c '.categories | map(.name)')" '["triangle","disc"]' "--classes gives the order"
is "$(labels "$T/two.stream" | awk '{ split($3, f, "/"); print $2, f[1] }' | sort -u | tr '\n' ' ')" "0 triangle 1 disc " "and the labels"
like "$(coco-pack "$T/folders" --classes triangle,disc 2>&1 > /dev/null)" "[0-9] records +0 objects: unknown category" \
	"images of other classes are rejected and counted"
fails_with 1 "has no folder 'dog'" coco-pack "$T/folders" --classes disc,dog
fails_with 2 "names 'disc' twice" coco-pack "$T/folders" --classes disc,disc
fails_with 2 "has an empty name" coco-pack "$T/folders" --classes disc,
fails_with 1 "holds no folders with" coco-pack --format folders "$T/drawn/images"
is "$(coco-pack -q --unlabelled "$T/folders" | tstream dump | jq -r 'select(.id) | .class_label // "none"' | sort -u)" none \
	"--unlabelled carries no classes"
# As Tiny ImageNet has it.
mkdir -p "$T/nested"
for class in "${classes[@]}"; do
	mkdir "$T/nested/$class"
	cp -r "$T/folders/$class" "$T/nested/$class/images"
done
is "$(coco-pack -q "$T/nested" | labels - | sed 's|images/||')" "$(labels "$T/in.stream")" "folders may hold a folder images"
is "$(coco-pack -q "$T/drawn/images" | tstream dump | jq -r 'select(.id) | .class_label // "none"' | sort -u)" none \
	"a directory of images has no classes"

# Cuts for classifiers fill the canvas.
for scheme in crop centre; do
	augment -q -s$scheme --size 40x32 --preview "$T/$scheme.jpg" "$T/in.stream" > "$T/$scheme.stream"
	is "$(tstream dump "$T/$scheme.stream" | jq -c 'select(.id) | [.pixels.shape, .valid_w, .valid_h]' | sort -u)" "[[32,40,3],40,32]" \
		"-s$scheme fills the canvas"
	is "$(labels "$T/$scheme.stream")" "$(labels "$T/in.stream")" "and keeps the classes"
done
# 64x80 on 40x32: 40/64 is the tighter side, so 45.71 x 57.14 pixels, rounded to 46 x 57, and the cut is in their middle.
is "$(tstream dump "$T/centre.stream" | jq -c 'select(.id) | .transform | map(. * 10000 | round)' | sort -u)" "[7188,0,-30000,0,7125,-120000]" \
	"-scentre shows the middle"

# Training.
model=classify-resnet18-gn
coco-pack -q "$T/folders" --shuffle --epochs 4 --seed 1 | augment -q -s0 --size 32 --seed 2 > "$T/data.stream"
learn=(trainstep -q -j1 -b 6 --lr 0.005 --warmup 2 --decay constant)
ok "trains" "${learn[@]}" -m $model --log "$T/log" --plot "$T/plot.svg" -o "$T/c.safetensors" "$T/data.stream"
is "$(jq -s 'length > 5 and all(.[]; .top1 >= 0 and .top1 <= .top5 and .top5 == 1 and (has("loss_box") | not))' "$T/log")" true \
	"the log has top-1 and top-5: three classes are all among the first five"
is "$(jq -s '(.[-4:] | map(.loss) | add) < (.[:4] | map(.loss) | add)' "$T/log")" true "the loss falls"
like "$(cat "$T/plot.svg")" "top-1" "the plot shows top-1"
tensors "$T/c.safetensors" > "$T/names"
is "$(jq -c '[.["fc.weight"].shape, .["fc.bias"].shape, .["conv1.weight"].shape, .["layer4.1.bn2.weight"].shape]' "$T/names")" \
	"[[3,512],[3],[64,3,7,7],[512]]" "parameters are torchvision's"
is "$(jq -r '.__metadata__.classes | fromjson | map(.name) | join(" ")' "$T/names")" "disc square triangle" "the file names its classes"
"${learn[@]}" -m $model --steps 2 --log "$T/whole" -o "$T/a.safetensors" "$T/data.stream"
"${learn[@]}" -m $model --steps 2 -o "$T/b.safetensors" < "$T/data.stream"
is "$(sums "$T/a.safetensors" "$T/a.state")" "$(sums "$T/b.safetensors" "$T/b.state")" "same seed, same bits"
"${learn[@]}" -m $model --steps 2 --label-smoothing 0.2 --log "$T/smooth" -o "$T/b.safetensors" "$T/data.stream"
ok "label smoothing changes the loss" test "$(head -n 1 "$T/smooth" | jq .loss)" != "$(head -n 1 "$T/log" | jq .loss)"
"${learn[@]}" -m $model --steps 2 --accumulate 3 --log "$T/parts" -o "$T/b.safetensors" "$T/data.stream"
is "$(jq -s '[.[:2], .[2:]] | transpose | length == 2 and all(.[]; (.[0].loss - .[1].loss | fabs) < 1e-4 and .[0].top1 == .[1].top1)' \
	<(head -n 2 "$T/whole") "$T/parts")" true "parts of a batch add up to it"
for norm in bn frozenbn; do
	ok "trains with $norm" "${learn[@]}" -m classify-resnet18-$norm --warmup 0 --steps 1 -o "$T/b.safetensors" "$T/data.stream"
done
is "$(tensors "$T/b.safetensors" | jq 'del(.__metadata__) | length')" 102 "as many tensors as torchvision's resnet18 with frozen norms"

# Prediction: probabilities of all classes, in a stream and, the best first, in JSON.
look=(predict -q -j1 -m "$T/c.safetensors")
"${look[@]}" -o "$T/found.stream" "$T/in.stream"
is "$(tstream check "$T/found.stream")" "$T/found.stream: ok, $(labels "$T/in.stream" | wc -l) records, 0 objects" "a record for each image"
is "$(tstream dump --full "$T/found.stream" | jq -c 'select(.id) | .class_scores | [.shape, (.values | add * 1e5 | round)]' | sort -u)" \
	"[[3],100000]" "probabilities of three classes add up to 1"
"${look[@]}" --coco-json "$T/found.json" "$T/in.stream"
is "$(jq -c 'group_by(.image_id) | map(map(.score)) | all(.[]; length == 3 and . == (sort | reverse))' "$T/found.json")" true "in JSON they descend"
is "$(jq -c 'group_by(.image_id) | map(.[0].category_id - 1)' "$T/found.json")" \
	"$(tstream dump --full "$T/found.stream" | jq -s -c 'map(select(.id) | .class_scores.values | index(max))')" "and begin with the stream's best"
n=$(labels "$T/in.stream" | wc -l)
right=$(paste <(labels "$T/in.stream" | cut -d' ' -f2) <(jq -r 'group_by(.image_id)[][0].category_id - 1' "$T/found.json") | awk '$1 == $2' | wc -l)
ok "it knows most of its training images ($right)" test "$right" -gt $((n / 2))

# evalap takes both: the share that is right is the one counted above.
evalap -q -t classify --json -g "$T/in.stream" "$T/found.stream" > "$T/of-stream"
is "$(jq -c '[(.stats[0] * .images | round), .images, .answered, (.per_class | map(.name))]' "$T/of-stream")" \
	"[$right,$n,$n,[\"disc\",\"square\",\"triangle\"]]" "evalap -t classify counts the same"
is "$("${look[@]}" "$T/in.stream" | evalap -q -t classify --json -g "$T/in.stream" -)" "$(cat "$T/of-stream")" "from a pipe, too"
is "$(evalap -q -t classify --json -g "$T/in.stream" "$T/found.json" | jq -c .)" "$(jq -c . "$T/of-stream")" "and from JSON"
mkdir "$T/pictures"
ok "draws" "${look[@]}" --draw "$T/pictures" -o "$T/found.stream" "$T/in.stream"
augment -q -scrop --size 32 "$T/in.stream" | "${learn[@]}" -m $model --warmup 0 --steps 1 -o "$T/crop.safetensors"
predict -q -j1 -m "$T/crop.safetensors" --coco-json "$T/a.json" "$T/in.stream"
augment -q -scentre --size 32 "$T/in.stream" | predict -q -j1 -m "$T/crop.safetensors" --coco-json "$T/b.json"
ok "what was trained on -scrop is shown -scentre" cmp "$T/a.json" "$T/b.json"

fails_with 1 "has no class; a classifier learns from class folders" "${learn[@]}" -m $model -o "$T/x.safetensors" \
	<(coco-pack -q "$T/drawn/instances.json" --images "$T/drawn/images" | augment -q -s0 --size 32)
fails_with 2 "a classifier has no neck" "${learn[@]}" -m classify-resnet18-fpn-gn -o "$T/x.safetensors" "$T/data.stream"
fails_with 1 "preset 'tpu' is for detectors" "${learn[@]}" -m $model --preset tpu -o "$T/x.safetensors" "$T/data.stream"
fails_with 1 "label smoothing is for classifiers" "${learn[@]}" -m "$MODEL" --label-smoothing 0.1 -o "$T/x.safetensors" "$T/data.stream"
fails_with 2 "label-smoothing" "${learn[@]}" -m $model --label-smoothing 1 -o "$T/x.safetensors" "$T/data.stream"

done_testing
