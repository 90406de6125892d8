#!/bin/bash
# evalap -t segm: masks of every kind of writing, areas, sizes, streams, bad input, and the public fixtures.
. "$(dirname "$0")/tap.sh"

# Two squares of 4 x 4 and 6 x 6 pixels in an image of 20 x 10: as a polygon, and as runs down the columns.
cat > "$T/gt.json" << 'JSON'
{"images": [{"id": 7, "width": 20, "height": 10}], "categories": [{"id": 3, "name": "cat"}],
 "annotations": [
  {"id": 1, "image_id": 7, "category_id": 3, "area": 16, "iscrowd": 0, "segmentation": [[2, 2, 2, 6, 6, 6, 6, 2]]},
  {"id": 2, "image_id": 7, "category_id": 3, "area": 36, "iscrowd": 0, "bbox": [10, 1, 6, 6],
   "segmentation": {"size": [10, 20], "counts": [101, 6, 4, 6, 4, 6, 4, 6, 4, 6, 4, 6, 43]}}]}
JSON
# result SEGMENTATION [MORE]: the first square's result; the other's is right.
result() {
	printf '[{"image_id": 7, "category_id": 3, "score": 0.9, "segmentation": %s%s},
 {"image_id": 7, "category_id": 3, "score": 0.8, "segmentation": {"size": [10, 20], "counts": "U364000000000W1"}%s}]' "$1" "$2" "$2" > "$T/dt.json"
}
figures() {
	evalap -q -t segm -g "$T/gt.json" "$T/dt.json" 2> "$T/warnings" | sed 's/.* = //' | head -n "${1:-3}" | tr '\n' ' '
}

# 16 pixels of 16; the texts are pycocotools'.
for mask in '[[2, 2, 2, 6, 6, 6, 6, 2]]' '{"size": [10, 20], "counts": [22, 4, 6, 4, 6, 4, 6, 4, 144]}' \
	'{"counts": "f04600000Z4", "size": [10, 20]}' '[[2, 2, 2, 6, 4, 6, 4, 2], [4, 2, 4, 6, 6, 6, 6, 2]]' \
	'[[2, 2, 2, 6, 6, 6, 6, 2], [-9, -9, -9, -5, -5, -5, -5, -9]]'; do
	result "$mask" ""
	is "$(figures)" "1.000 1.000 1.000 " "a mask as $mask"
done
result '{"size": [10, 20], "counts": [22, 2, 8, 2, 8, 2, 8, 2, 146]}' ""
is "$(figures)" "0.327 1.000 0.252 " "half the mask: right at 0.50 only"
result '{"size": [20, 10], "counts": [22, 4, 6, 4, 6, 4, 6, 4, 144]}' ""
is "$(figures 1)" "0.252 " "a mask of another size fits nothing"

# Areas: with a box in the first result the box's, as in pycocotools, without it the mask's.
/usr/bin/python3 - "$T" << 'PYTHON'
import json, sys
def rectangle(x, y, side):
    runs = [200 * x + y] + [side, 200 - side] * side
    return {"size": [200, 200], "counts": runs[:-1] + [40000 - sum(runs[:-1])]}
square = rectangle(10, 10, 40)
truth = {"images": [{"id": 1, "width": 200, "height": 200}], "categories": [{"id": 1, "name": "a"}], "annotations": [
    {"id": 1, "image_id": 1, "category_id": 1, "iscrowd": 0, "area": 1600, "bbox": [10, 10, 40, 40], "segmentation": square}]}
far = rectangle(100, 100, 30)
found = [{"image_id": 1, "category_id": 1, "score": .5, "segmentation": square},
         {"image_id": 1, "category_id": 1, "score": .9, "segmentation": far}]
boxed = [dict(f, bbox=[0, 0, 100, 100]) for f in found]
for name, what in (("t", truth), ("masks", found), ("boxed", boxed), ("boxes", [dict(boxed[0], bbox=[10, 10, 40, 40])])):
    if name == "boxes":
        del what[0]["segmentation"]
    with open("%s/%s.json" % (sys.argv[1], name), "w") as file:
        json.dump(what, file)
PYTHON
medium() { evalap -q --json "$@" 2> /dev/null | jq -c '.stats[4] * 1000 | round'; }
is "$(medium -t segm -g "$T/t.json" "$T/masks.json")" 1000 "the mask of 900 pixels is small: it does not count among the medium"
is "$(medium -t segm -g "$T/t.json" "$T/boxed.json")" 1000 "with boxes of 10000 pixels it is large"
sed -i 's/"bbox": \[0, 0, 100, 100\]/"bbox": [0, 0, 50, 50]/g' "$T/boxed.json"
is "$(medium -t segm -g "$T/t.json" "$T/boxed.json")" 500 "with boxes of 2500 pixels it counts among the medium"
is "$(medium -t segm -g "$T/t.json" "$T/boxes.json")" 1000 "a box stands in for a mask"
is "$(medium -g "$T/t.json" "$T/masks.json")" 1000 "-t bbox takes box and area of masks"

bad() {
	result "$1" ""
	fails_with 1 "^evalap: .*$2" evalap -t segm -g "$T/gt.json" "$T/dt.json"
}
bad '{"size": [10, 20], "counts": [22, 4]}' "result 0: the mask's runs leave 174 of its 10 x 20 pixels"
bad '{"size": [10, 20], "counts": "f046"}' "result 0: the mask's runs leave"
bad '{"size": [10, 20], "counts": "f046~"}' 'result 0: .*malformed'
bad '{"size": [10, 20], "counts": [22, -4]}' 'run lengths, not -4.*in result 0'
bad '{"size": [10, 20], "counts": [22, 4.5]}' 'run lengths, not 4.5.*in result 0'
bad '{"size": [10], "counts": [22, 4]}' 'in result 0'
bad '{"size": [10, 20]}' "must have 'counts' and 'size'.*in result 0"
bad '{"size": [100000, 100000], "counts": [22, 4]}' 'result 0: a mask of 100000 x 100000 pixels is too large'
bad '[[2, 2, 2]]' 'even number of coordinates.*in result 0'
bad '[[2, 2, 2, "a"]]' 'nothing but numbers.*in result 0'
bad '[[2, 2, 2, 6, 6, 1e12]]' 'result 0: a polygon has the coordinate 1e\+12'
bad '7' 'polygons or a run-length mask.*in result 0'
bad 'null' 'result 0 has no "bbox"'
result '[[2, 2, 2, 6, 6, 6, 6, 2]]' ""
sed -i 's/"score": 0.8, "segmentation"/"score": 0.8, "other"/' "$T/dt.json"
fails_with 1 'result 1 has no "segmentation", or an empty one' evalap -t segm -g "$T/gt.json" "$T/dt.json"
result '[[2, 2, 2, 6, 6, 6, 6, 2]]' ""
bad_truth() {
	sed "$1" "$T/gt.json" > "$T/bad.json"
	fails_with 1 "^evalap: .*$2" evalap -t segm -g "$T/bad.json" "$T/dt.json"
}
bad_truth 's/"segmentation": \[\[.*\]\]/"segmentation": []/' 'annotation 0 has no "segmentation", or an empty one'
bad_truth 's/43\]/44]/' "annotation 1: the mask's run 12 goes out"
bad_truth 's/"width": 20, //' 'annotation 0: its polygons need the width and height'
bad_truth 's/"width": 20/"width": 0/' 'image 0: "width" is 0'
bad_truth 's/"width": 20/"width": "a"/' 'image 0: "width" is not an integer'

# A drawn data set: JSON, pack and stream give the same, with any number of threads.
coco-synth -q -o "$T/synth" -n 12 --classes 5
/usr/bin/python3 - "$T/synth/instances.json" > "$T/shaken.json" << 'PYTHON'
import json, random, sys
rng = random.Random(5)
with open(sys.argv[1]) as file:
    annotations = json.load(file)["annotations"]
def shake(segmentation):
    return [[v + rng.uniform(-4, 4) for v in p] for p in segmentation] if isinstance(segmentation, list) else segmentation
print(json.dumps([{"image_id": a["image_id"], "category_id": a["category_id"], "score": round(rng.random(), 1),
                   "segmentation": shake(a["segmentation"])} for a in annotations for _ in range(2)]))
PYTHON
want=$(evalap -t segm --json -g "$T/synth/instances.json" "$T/shaken.json")
like "$want" '"stats":\[0\.[1-9]' "drawn shapes, shaken, are found in part"
is "$(evalap -t segm -j1 --json -g "$T/synth/instances.json" "$T/shaken.json")" \
	"$(evalap -t segm -j5 --json -g "$T/synth/instances.json" "$T/shaken.json")" "the same bytes with 1 and 5 threads"
ok "packs" coco-pack -q "$T/synth/instances.json" --images "$T/synth/images" -o "$T/synth.pack"
is "$(evalap -t segm --json -g "$T/synth.pack" "$T/shaken.json")" "$want" "a pack as ground truth gives the same"

fixtures=$DATA/fixtures/faster_coco_eval/tests/dataset
if [ -d "$fixtures" ]; then
	truth=$fixtures/cocoapi/instances_val2014_100.json
	found=$DATA/fixtures/cocoapi/results/instances_val2014_fakesegm100_results.json
	want="0.3195452758576433,0.5622883972521636,0.29892653412086784,0.3873740315997838,0.31018272403369485,0.3269339071005138"
	want="$want,0.2682297225711534,0.41544868114906375,0.4168394992198818,0.4694498622754236,0.37675922666197265,0.3814715099715099"
	like "$(evalap -t segm --json -g "$truth" "$found")" "\"stats\":\\[$want\\]" "the published fixture, all digits"
	is "$(evalap -t segm -g "$truth" "$found" | sed 's/  *(/ (/')" \
		"$(sed -n '/type=segm/,/type=bbox/p' "$DATA/fixtures/cocoapi/results/val2014_fake_eval_res.txt" |
			grep '@\[' | sed 's/  *(/ (/' | tr -d '\r')" "the published table, word for word but for its padding"
	is "$(evalap -t segm -g "$fixtures/gt_dataset.json" "$fixtures/dt_dataset.json" | sed 's/.* = //' | tr '\n' ' ')" \
		"0.695 0.695 0.695 -1.000 0.792 0.000 0.667 0.750 0.750 -1.000 0.792 0.000 " "a data set with empty sizes"
else
	echo "# no fixtures in $DATA: the published figures are not compared"
fi
done_testing
