#!/bin/bash
# evalap: the command line, small cases with known answers, bad input, and the public fixtures.
. "$(dirname "$0")/tap.sh"

# Two images, two classes and one more without objects.
cat > "$T/gt.json" << 'JSON'
{"annotations": [
  {"id": 1, "image_id": 7, "category_id": 3, "bbox": [10, 10, 40, 40], "area": 1600, "iscrowd": 0, "segmentation": []},
  {"id": 2, "image_id": 9, "category_id": 3, "bbox": [0, 0, 20, 20], "area": 400, "iscrowd": 0},
  {"id": 3, "image_id": 9, "category_id": 5, "bbox": [100, 100, 200, 100], "area": 20000, "iscrowd": 0}],
 "categories": [{"id": 5, "name": "dog"}, {"id": 3, "name": "cat"}, {"id": 8, "name": "gnu"}],
 "info": {"year": 2026}, "images": [{"id": 9, "width": 640, "height": 480}, {"id": 7}]}
JSON

results() {
	printf '%s' "$1" > "$T/dt.json"
}

figures() {
	evalap -q -g "$T/gt.json" "$T/dt.json" 2> "$T/warnings" | sed 's/.* = //' | tr '\n' ' '
}

results '[{"image_id":7,"category_id":3,"bbox":[10,10,40,40],"score":0.9},
 {"image_id":9,"category_id":3,"bbox":[0,0,20,20],"score":0.8},
 {"image_id":9,"category_id":5,"bbox":[100,100,200,100],"score":0.7}]'
is "$(figures)" "1.000 1.000 1.000 1.000 1.000 1.000 1.000 1.000 1.000 1.000 1.000 1.000 " "all found exactly"

results '[{"image_id":7,"category_id":3,"bbox":[10,10,40,40],"score":0.9},
 {"image_id":7,"category_id":3,"bbox":[300,10,40,40],"score":0.95},
 {"image_id":9,"category_id":3,"bbox":[0,0,20,10],"score":0.8}]'
# cat: at IoU .50 false, true, true: precision 2/3 at every recall; above .50 false, true, false: 1/2 up to recall .5.
is "$(evalap -q -g "$T/gt.json" "$T/dt.json" --json | /usr/bin/python3 -c '
import json, sys
s = json.load(sys.stdin)
cat = s["per_class"][0]
print(cat["name"], cat["objects"], round(cat["AP50"], 6), round(cat["AP"], 6), s["per_class"][1]["AP"], s["per_class"][2]["AP"])')" \
	"cat 2 0.666667 0.293894 0 -1" "a false detection above, a box that fits half, a class not found, a class without objects"

like "$(evalap -q -g "$T/gt.json" "$T/dt.json" --per-class)" '^ gnu +0 +- +-$' "--per-class shows a class without objects"
like "$(evalap -q -g "$T/gt.json" "$T/dt.json" --per-class)" '^ cat +2 +29.39 +66.67$' "--per-class shows percent"
sed 's/"gnu"/"粒子 é é"/' "$T/gt.json" > "$T/wide.json"
ends=$(evalap -q -g "$T/wide.json" "$T/dt.json" --per-class | sed -n '/^ category/,$p' | /usr/bin/python3 -c '
import sys, unicodedata
def columns(c): return 0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
print(len({sum(map(columns, line.rstrip("\n"))) for line in sys.stdin}))')
is "$ends" 1 "wide and combining characters in a name leave the columns where they are"
is "$(evalap -g "$T/gt.json" "$T/dt.json" | sha256sum)" "$(evalap -g "$T/gt.json" - < "$T/dt.json" | sha256sum)" "- is standard input"
is "$(evalap -g "$T/gt.json" "$T/dt.json" | sha256sum)" "$(evalap -g - "$T/dt.json" < "$T/gt.json" | sha256sum)" "-g - too"
is "$(evalap -g "$T/gt.json" "$T/dt.json" | sha256sum)" "$(tail -c +1 "$T/dt.json" | evalap -g "$T/gt.json" | sha256sum)" "a pipe loses no byte"
is "$(evalap -g "$T/gt.json" "$T/dt.json" | sha256sum)" "$(evalap -g <(cat "$T/gt.json") <(cat "$T/dt.json") | sha256sum)" "two pipes by name"

results '[{"image_id":7,"category_id":3,"bbox":[10,10,40,40],"score":0.9},{"image_id":7,"category_id":4,"bbox":[1,1,1,1],"score":1}]'
figures > /dev/null
like "$(cat "$T/warnings")" 'warning: left out 1 detection.* categories .* 4$' "a detection of an unknown category is left out and said"
results '[]'
is "$(figures)" "0.000 0.000 0.000 0.000 0.000 0.000 0.000 0.000 0.000 0.000 0.000 0.000 " "no detections"
like "$(cat "$T/warnings")" 'warning: there are no detections' "no detections are said"

# Bad results: each with the number of the result.
bad() {
	results "$1"
	fails_with 1 "^evalap: .*dt.json:1:[0-9]+: .*$2" evalap -g "$T/gt.json" "$T/dt.json"
}
good='{"image_id":7,"category_id":3,"bbox":[10,10,40,40],"score":0.9}'
bad "[$good,{\"image_id\":8,\"category_id\":3,\"bbox\":[1,1,1,1],\"score\":1}]" 'result 1: image 8 is not in the ground truth'
bad "[$good,{\"image_id\":7,\"category_id\":3,\"bbox\":[1,1,1,1]}]" 'result 1 has no "score"'
bad "[{\"image_id\":7,\"category_id\":3,\"score\":1}]" 'result 0 has no "bbox"'
bad "[{\"category_id\":3,\"bbox\":[1,1,1,1],\"score\":1}]" 'result 0 has no "image_id"'
bad "[{\"image_id\":7,\"bbox\":[1,1,1,1],\"score\":1}]" 'result 0 has no "category_id"'
bad "[$good,{\"image_id\":7,\"category_id\":3,\"bbox\":[1,1,1,1],\"score\":NaN}]" 'in result 1'
bad "[$good,{\"image_id\":7,\"category_id\":3,\"bbox\":[1,1,1,1],\"score\":\"0.5\"}]" 'result 1: "score" is not a number'
bad "[{\"image_id\":7,\"category_id\":3,\"bbox\":[1,1,1],\"score\":1}]" 'result 0: "bbox" does not hold four numbers'
bad "[{\"image_id\":7,\"category_id\":3,\"bbox\":[1,1,1,1,1],\"score\":1}]" 'result 0: "bbox" does not hold four numbers'
bad "[{\"image_id\":7,\"category_id\":3,\"bbox\":[1,1,null,1],\"score\":1}]" 'result 0: "bbox" does not hold four numbers'
bad "[{\"image_id\":7,\"category_id\":3,\"bbox\":7,\"score\":1}]" 'result 0: "bbox" is not an array'
bad "[{\"image_id\":7.5,\"category_id\":3,\"bbox\":[1,1,1,1],\"score\":1}]" 'result 0: "image_id" is neither'
bad "[{\"image_id\":7,\"category_id\":\"cat\",\"bbox\":[1,1,1,1],\"score\":1}]" 'result 0: "category_id" is not an integer'
bad "[$good, 3]" 'result 1: it is not an object'
bad '{"annotations": []}' 'not COCO results'
bad "[$good" 'result 1'
bad "[$good] x" 'more behind the end'
results ''
fails_with 1 "^evalap: '.*dt.json' is empty" evalap -g "$T/gt.json" "$T/dt.json"
fails_with 1 "^evalap: 'standard input' is empty" evalap -g "$T/gt.json"
fails_with 1 "^evalap: cannot open '.*none.json': No such file" evalap -g "$T/gt.json" "$T/none.json"
fails_with 1 "^evalap: cannot open '.*none.json': No such file" evalap -g "$T/none.json" "$T/dt.json"
fails_with 1 "^evalap: cannot read '.*': Is a directory" evalap -g "$T" "$T/dt.json"

results "[$good]"
size=$(wc -c < "$T/dt.json")
passed=0
for ((cut = 1; cut < size; cut++)); do
	head -c $cut "$T/dt.json" > "$T/cut.json"
	evalap -g "$T/gt.json" "$T/cut.json" > "$T/.out" 2> "$T/.err"
	[ $? = 1 ] && [ ! -s "$T/.out" ] && grep -q '^evalap: .*cut.json:' "$T/.err" && passed=$((passed + 1))
done
is "$passed" "$((size - 1))" "results cut at any byte are an error"

# Bad ground truth.
results "[$good]"
bad_truth() {
	printf '%s' "$1" > "$T/bad.json"
	fails_with 1 "^evalap: .*$2" evalap -g "$T/bad.json" "$T/dt.json"
}
bad_truth '[]' 'not a COCO data set'
bad_truth '{"images": [{"id": 7}], "annotations": []}' 'has no "categories"'
bad_truth '{"images": [], "annotations": [], "categories": []}' 'no images in the ground truth'
bad_truth '{"images": [{"id": 7}, {"id": 7}], "annotations": [], "categories": []}' 'image 7 comes twice'
bad_truth '{"images": [{"id": 7}], "annotations": [], "categories": [{"id": 1}, {"id": 1}]}' 'category 1 comes twice'
bad_truth '{"images": [{"file_name": "x"}], "annotations": [], "categories": []}' 'image 0: it has no "id"'
bad_truth '{"images": 7, "annotations": [], "categories": []}' '"images" is not an array'
bad_truth '{"images": [], "images": [], "annotations": [], "categories": []}' '"images" comes twice'
bad_truth '{"images": [{"id": 7}], "annotations": [{"id": 1, "image_id": 7, "category_id": 3}], "categories": []}' \
	'annotation 0 has no "bbox"'
bad_truth '{"images": [{"id": 7}], "categories": [{"id": 3, "name": "a"}], "annotations": [
 {"id": 1, "image_id": 7, "category_id": 3, "bbox": [1,1,2,2]}, {"id": 1, "image_id": 7, "category_id": 3, "bbox": [1,1,2,2]}]}' \
	'annotation 1 comes twice'
head -c 300 "$T/gt.json" > "$T/cut.json"
fails_with 1 "^evalap: .*cut.json:" evalap -g "$T/cut.json" "$T/dt.json"

# What is only warned about.
warns() {
	printf '%s' "$1" > "$T/odd.json"
	like "$(evalap -g "$T/odd.json" "$T/dt.json" 2>&1 > /dev/null)" "$2" "warns: $2"
}
warns '{"images": [{"id": 7}], "annotations": [], "categories": [{"id": 3, "name": "a"}]}' 'no annotations.* -1'
warns '{"images": [{"id": 7}], "categories": [{"id": 3, "name": "a"}], "annotations": [
 {"id": 0, "image_id": 7, "category_id": 3, "bbox": [10,10,40,40]}]}' 'the id 0'
warns '{"images": [{"id": 7}], "categories": [{"id": 3, "name": "a"}], "annotations": [
 {"id": 1, "image_id": 8, "category_id": 3, "bbox": [10,10,40,40]}]}' 'left out 1 annotation.* images .*: 8'
warns '{"images": [{"id": 7}], "categories": [{"id": 3, "name": "a"}], "annotations": [
 {"id": 1, "image_id": 7, "category_id": 4, "bbox": [10,10,40,40]}]}' 'left out 1 annotation.* categories .*: 4'

# The command line.
fails_with 2 'truth' evalap "$T/dt.json"
fails_with 2 'must be one of bbox, segm, boundary, keypoints, classify, miou and ood' evalap -g "$T/gt.json" -t masks "$T/dt.json"
fails_with 2 'one RESULTS file' evalap -g "$T/gt.json" "$T/dt.json" "$T/dt.json"
fails_with 2 'cannot both come from standard input' evalap -g -
fails_with 2 'per-clas' evalap -g "$T/gt.json" --per-clas "$T/dt.json"
if [ -w /dev/full ]; then
	evalap -g "$T/gt.json" "$T/dt.json" > /dev/full 2> "$T/.err"
	is "$? $(grep -c 'No space left' "$T/.err")" "1 1" "a full disk is an error"
fi

# Samples as ground truth: whole boxes survive single precision, so that the figures are the same doubles.
coco-synth -q -o "$T/synth" -n 12 --classes 8
/usr/bin/python3 - "$T/synth/instances.json" > "$T/shaken.json" << 'PYTHON'
import json, random, sys
rng = random.Random(5)
with open(sys.argv[1]) as file:
    annotations = json.load(file)["annotations"]
print(json.dumps([{"image_id": a["image_id"], "category_id": a["category_id"], "score": round(rng.random(), 1),
                   "bbox": [v + rng.uniform(-4, 4) for v in a["bbox"]]} for a in annotations for _ in range(2)]))
PYTHON
want=$(evalap --json -g "$T/synth/instances.json" "$T/shaken.json")
like "$want" '"annotations":[1-9][0-9]+,"detections":[1-9]' "drawn pictures and shaken boxes are evaluated"
ok "packs" coco-pack -q "$T/synth/instances.json" --images "$T/synth/images" -o "$T/synth.pack"
is "$(evalap --json -g "$T/synth.pack" "$T/shaken.json")" "$want" "a pack as ground truth gives the same"
is "$(coco-pack -q "$T/synth/instances.json" --images "$T/synth/images" --shuffle | evalap --json -g - "$T/shaken.json")" \
	"$want" "so does a shuffled stream"
head -c 3000 "$T/synth.pack" > "$T/cut.pack"
fails_with 1 "cut.pack" evalap -g "$T/cut.pack" "$T/shaken.json"
coco-pack -q "$T/synth/instances.json" --images "$T/synth/images" | head -c 30000 > "$T/cut.stream"
fails_with 1 "cut.stream" evalap -g "$T/cut.stream" "$T/shaken.json"

fixtures=$DATA/fixtures/faster_coco_eval/tests/dataset
if [ -d "$fixtures" ]; then
	truth=$fixtures/cocoapi/instances_val2014_100.json
	found=$DATA/fixtures/cocoapi/results/instances_val2014_fakebbox100_results.json
	want="0.5045806987249628,0.6969727247299577,0.5729816669904824,0.5856257209410443,0.5193996948036719,0.5013978986347466"
	want="$want,0.38681277964578054,0.5936795762842003,0.595352982877607,0.6398109626113442,0.5664205978994309,0.5642905982905982"
	like "$(evalap --json -g "$truth" "$found")" "\"stats\":\\[$want\\]" "the published fixture, all digits"
	is "$(evalap -g "$truth" "$found" | sed 's/  *(/ (/')" \
		"$(sed -n '/type=bbox/,/type=key/p' "$DATA/fixtures/cocoapi/results/val2014_fake_eval_res.txt" |
			grep '@\[' | sed 's/  *(/ (/' | tr -d '\r')" "the published table, word for word but for its padding"
	is "$(evalap -j1 --json -g "$truth" "$found" | sha256sum)" "$(evalap -j4 --json -g "$truth" "$found" | sha256sum)" \
		"the same bytes with 1 and 4 threads"
	is "$(evalap -g "$fixtures/gt_dataset.json" "$fixtures/dt_dataset.json" | sed 's/.* = //' | tr '\n' ' ')" \
		"0.695 0.695 0.695 -1.000 0.792 0.000 0.667 0.750 0.750 -1.000 0.792 0.000 " "a data set with empty sizes"
else
	echo "# no fixtures in $DATA: the published figures are not compared"
fi
done_testing
