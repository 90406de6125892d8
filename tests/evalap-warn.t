#!/bin/bash
# evalap says what looks like a mistake, and says nothing where nothing does.
. "$(dirname "$0")/tap.sh"

/usr/bin/python3 - "$T" << 'PYTHON'
import json, random, sys
rng = random.Random(3)
annotations = []
for i in range(200):
    x, y, w, h = rng.uniform(0, 500), rng.uniform(0, 350), rng.uniform(20, 140), rng.uniform(20, 130)
    annotations.append({"id": i + 1, "image_id": i % 20, "category_id": i % 4 + 1, "bbox": [x, y, w, h], "area": w * h, "iscrowd": 0,
                        "segmentation": [[x, y, x, y + h, x + w, y + h, x + w, y]]})
truth = {"images": [{"id": i, "width": 640, "height": 480} for i in range(20)],
         "categories": [{"id": k, "name": "class %d" % k} for k in (1, 2, 3, 4)], "annotations": annotations}
good = [{"image_id": a["image_id"], "category_id": a["category_id"], "bbox": a["bbox"], "score": rng.random()} for a in annotations]
runs = [dict(g, segmentation={"size": [480, 640], "counts": [100 + i, 50, 307050 - i]}) for i, g in enumerate(good)]
def but(**changes):
    return [dict(g, **{key: change(g) for key, change in changes.items()}) for g in good]
def without(what, key):
    return [{k: v for k, v in w.items() if k != key} for w in what]
def corners(g):
    x, y, w, h = g["bbox"]
    return [x, y, x + w, y + h]
def cut(g):
    return 0.3 + 0.7 * g["score"]
files = {
    "gt": truth, "good": good, "xyxy": but(bbox=corners),
    "normalised": but(bbox=lambda g: [v / s for v, s in zip(g["bbox"], (640, 480, 640, 480))]),
    "cut": but(score=cut), "high": but(score=lambda g: 1 - 0.5 * g["score"] ** 8),
    "few": [g for g in good if g["category_id"] != 2], "masks": without(runs, "bbox"), "both": runs,
    "size": [dict(r, segmentation={"size": [240, 320], "counts": [100, 50, 76650]}) for r in without(runs[:30], "bbox")],
    "keypoints": [dict(r, keypoints=[5, 5, 1] * 17) for r in without(good, "bbox")],
}
for name, what in files.items():
    with open("%s/%s.json" % (sys.argv[1], name), "w") as file:
        json.dump(what, file)
PYTHON
# says REGEX NAME [OPTION...]: what is said about these results; an empty regex: nothing.
says() {
	local regex=$1 name=$2 got
	shift 2
	got=$(evalap -q "$@" -g "$T/gt.json" "$T/$name.json" 2>&1 > /dev/null)
	if [ -n "$regex" ]; then
		like "$got" "^evalap: warning: .*$regex" "$name $*: $regex"
	else
		is "$got" "" "$name $*: nothing to say"
	fi
}
says '' good
says '\[x0, y0, x1, y1\]\?.*AP is near 0' xyxy
says 'normalised coordinates\?.*AP is near 0' normalised
says 'no score is below 0\.3.*recall and AP are lower' cut
says '' high
says '1 of the 4 categories with objects have no detections: .class 2.; their AP is 0' few
says 'have masks and no boxes.*-t segm compares them' masks
says 'have keypoints and no boxes.*-t keypoints compares them' keypoints
says 'results have no mask: .*rectangles' good -t segm
says 'has a box beside its masks: .*that of its box' both -t segm
says '' masks -t segm
says '30 masks of the results have another size .*240 x 320.*count as wrong' size -t segm
says '' good --classes 'class 1,class 3'
is "$(evalap -q -g "$T/gt.json" "$T/good.json" 2>&1 > /dev/null)" "" "no warning without a reason"

# Errors name the result.
bad() {
	/usr/bin/python3 -c '
import json, sys
results = json.load(open(sys.argv[1]))
exec(sys.argv[2], {"r": results[17]})
json.dump(results, open(sys.argv[3], "w"))' "$T/${3:-good}.json" "$1" "$T/bad.json"
	fails_with 1 "bad.json:1:[0-9]+: .*$2" evalap "${@:4}" -g "$T/gt.json" "$T/bad.json"
}
bad 'r["score"] = float("nan")' 'in result 17'
bad 'r["score"] = None' 'result 17: "score" is not a number'
bad 'del r["score"]' 'result 17 has no "score"'
bad 'del r["bbox"]' 'result 17 has no "bbox"'
bad 'r["bbox"] = []' 'result 17 has no "bbox"'
bad 'r["image_id"] = 999' 'result 17: image 999 is not in the ground truth'
bad 'r["segmentation"] = 5' 'in result 17' masks -t segm
bad 'del r["keypoints"]' 'result 17 has no "keypoints"' keypoints
done_testing
