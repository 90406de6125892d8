#!/bin/bash
# Features of images, and the classifiers of probe against numpy.
. "$(dirname "$0")/tap.sh"

python=/usr/bin/python3
"$python" -c 'import numpy' 2> /dev/null || skip_all "python3-numpy is not installed"
cd "$T" || exit 1
export OPENBLAS_NUM_THREADS=1

# Drawn shapes in folders by the object that each picture has, for two streams; a network that has learnt nothing.
classes=(disc square triangle)
for set in train:40:1 test:14:2; do
	IFS=: read -r name n seed <<< "$set"
	coco-synth -q -o drawn -n "$n" --size 64x64 --classes 3 --objects 1 --seed "$seed"
	mkdir -p "$name"/{disc,square,triangle}
	while read -r file class; do
		cp "drawn/images/$file" "$name/${classes[class - 1]}"
	done < <(jq -r '(.images | map({key: (.id | tostring), value: .file_name}) | from_entries) as $name |
		.annotations[] | "\($name[.image_id | tostring]) \(.category_id)"' drawn/instances.json)
	rm -r drawn
	coco-pack -q "$name" -o "$name.pack"
done
"$python" "$ROOT/tests/pickle_make.py" "$T"
ckpt import -q -m classify-resnet20-cifar-bn --size 32x32 --classes a,b --allow-missing '*' --allow-extra '*' --seed 4 -o m.safetensors zip.pth
for name in train test; do
	predict -q -j1 -m m.safetensors --features layer3 -o $name.features $name.pack
	tstream dump --full --header $name.features > $name.jsonl
done
is "$(tstream check test.features)" "test.features: ok, $(find test -name '*.jpg' | wc -l) records, 0 objects" "a record for each image"
is "$(head -n 1 test.jsonl | jq -c '[.kind, (.categories | map(.name))]')" '["feature",["disc","square","triangle"]]' "the classes are those of the images"
is "$(tstream dump test.pack | jq -c 'select(.id) | [.id, .class_label, .file_name]')" "$(jq -c 'select(.id) | [.id, .class_label, .file_name]' test.jsonl)" \
	"with their ids and classes"
is "$(jq -c 'select(.features) | .features.shape' test.jsonl | sort -u)" "[64]" "layer3 has 64 features"
is "$(predict -q -m m.safetensors --features layer1 test.pack | tstream dump | jq -c 'select(.features) | .features.shape' | sort -u)" "[16]" "layer1 has 16"

# The last layer on these features gives the model's own probabilities.
cat > head.py << 'END'
import json, sys
import numpy as np
sys.path.insert(0, sys.argv[1])
from ckpt_check import read
tensors, _ = read("m.safetensors")
features = [json.loads(line)["features"]["values"] for line in open("test.jsonl") if '"features"' in line and '"id"' in line]
z = np.array(features) @ tensors["linear.weight"].T.astype(float) + tensors["linear.bias"]
p = np.exp(z - z.max(1, keepdims=True))
p /= p.sum(1, keepdims=True)
want = [json.loads(line)["class_scores"]["values"] for line in open("test.found") if '"class_scores"' in line]
print(bool(np.abs(p - want).max() < 1e-4))
END
predict -q -j1 -m m.safetensors test.pack | tstream dump --full > test.found
is "$("$python" head.py "$ROOT/tests")" True "the last layer on the features gives the model's probabilities"

# near A B: accuracy and counts are the same, the calibration error nearly.
near() {
	jq -en --argjson a "$1" --argjson b "$2" '$a[0] == $b[0] and $a[2] == $b[2] and ($a[1] - $b[1] | fabs) < 1e-4' > /dev/null
}
compare() {
	local classifier=$1 normalise=$2 align=$3 distance=$4 l2=$5 options=()
	[ "$classifier" = linear ] && options=(--l2 "$l2") || options=(--distance "$distance")
	local got want
	got=$(probe -q -j1 -c "$classifier" --normalise "$normalise" --align "$align" "${options[@]}" --json train.features test.features |
		jq -c '[.accuracy, .ECE, (.per_class | map(.right))]')
	want=$("$python" "$ROOT/tests/probe_peer.py" "$classifier" "$normalise" "$align" "$distance" "$l2" train.jsonl test.jsonl)
	ok "$* as numpy has it: $want, $got" near "$got" "$want"
}
compare linear joint none - 0.1
compare linear joint none - 0.01
compare linear none none - 0.5
compare linear joint coral - 0.05
compare mean joint none euclidean -
compare mean none none sqeuclidean -
compare mean apart coral cosine -
compare easytl apart coral euclidean -
compare easytl joint none sqeuclidean -
compare easytl none none cosine -
is "$(probe -q -j1 -c easytl --json train.features test.features)" \
	"$(probe -q -j1 -c easytl --normalise apart --align coral --json train.features test.features)" "EasyTL's own way is the default"
is "$(probe -q -j1 --json train.features train.features | jq '.accuracy > 0.6')" true "a linear classifier learns what it is shown"
is "$(probe -q -j1 train.features test.features | tail -n 3 | awk '{ print $NF }' | tr '\n' ' ')" "disc square triangle " "a line for each class"
like "$(probe -j1 train.features test.features 2>&1 > /dev/null)" "iterations, loss" "it says how the search went"

# What does not go together.
coco-pack -q --unlabelled train | predict -q -m m.safetensors --features layer3 -o none.features
coco-pack -q test --classes disc,square 2> /dev/null | predict -q -m m.safetensors --features layer3 -o two.features
predict -q -m m.safetensors --features layer1 -o short.features test.pack
fails_with 1 "has no class" probe none.features test.features
fails_with 1 "images of class 'triangle', which 'two.features' does not have" probe two.features test.features
fails_with 1 "16 features an image, 'train.features' has 64" probe train.features short.features
fails_with 1 "holds samples; probe wants features" probe train.pack test.features
fails_with 1 "cannot open" probe train.features nothing.features
fails_with 1 "no layer 'layer4' to take features from; it has layer1 to layer3" predict -m m.safetensors --features layer4 -o x.features test.pack
fails_with 2 "nothing to draw or to list" predict -m m.safetensors --features layer3 --coco-json x.json test.pack
fails_with 2 "two streams are wanted" probe train.features
fails_with 2 "are for linear" probe -c mean --l2 1 train.features test.features
fails_with 2 "are for linear" probe --distance cosine train.features test.features
head -c 3000 test.features > cut.features
fails_with 1 "cut.features" probe train.features cut.features
done_testing
