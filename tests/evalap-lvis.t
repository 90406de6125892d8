#!/bin/bash
# evalap --rule lvis: a case known by hand, ground truth that is not LVIS's, and random federated data sets against the
# rules written down slowly.
. "$(dirname "$0")/tap.sh"
python=/usr/bin/python3

# Cat: found in 1; a false one in 2, where it is known to be absent. Dog: found in 1 beside a second one that nobody
# annotated. Gnu: found where nobody looked.
cat > "$T/gt.json" << 'JSON'
{"images": [{"id": 1, "neg_category_ids": [], "not_exhaustive_category_ids": [6]},
  {"id": 2, "neg_category_ids": [5], "not_exhaustive_category_ids": []}],
 "categories": [{"id": 5, "name": "cat", "frequency": "r"}, {"id": 6, "name": "dog", "frequency": "f"},
  {"id": 7, "name": "gnu", "frequency": "c"}],
 "annotations": [{"id": 1, "image_id": 1, "category_id": 5, "bbox": [0, 0, 40, 40], "area": 1600},
  {"id": 2, "image_id": 1, "category_id": 6, "bbox": [100, 0, 40, 40], "area": 1600}]}
JSON
cat > "$T/dt.json" << 'JSON'
[{"image_id": 2, "category_id": 5, "bbox": [0, 0, 40, 40], "score": 0.9},
 {"image_id": 1, "category_id": 5, "bbox": [0, 0, 40, 40], "score": 0.8},
 {"image_id": 1, "category_id": 6, "bbox": [200, 0, 40, 40], "score": 0.9},
 {"image_id": 1, "category_id": 6, "bbox": [100, 0, 40, 40], "score": 0.8},
 {"image_id": 2, "category_id": 6, "bbox": [100, 0, 40, 40], "score": 0.9},
 {"image_id": 1, "category_id": 7, "bbox": [100, 0, 40, 40], "score": 0.9}]
JSON
is "$(evalap -q -g "$T/gt.json" --rule lvis "$T/dt.json" | sed -nE 's/.*\((AP.?)\) *= /\1 /p' | tr '\n' ' ')" \
	"AP 0.750 APs -1.000 APm 0.750 APl -1.000 APr 0.500 APc -1.000 APf 1.000 " "absent, not exhaustive and not looked for"
like "$(evalap -q -g "$T/gt.json" --rule lvis --json "$T/dt.json")" '"not_judged":2' "what is not judged is counted"
like "$(evalap -q -g "$T/gt.json" --rule lvis --per-class "$T/dt.json")" '^ cat +1 +50.00 +50.00$' "a table of the categories"

# The same boxes as masks, and detections that are boxes taken for masks.
"$python" - "$T/gt.json" "$T/dt.json" "$T" << 'PYTHON'
import json, sys
truth, results = (json.load(open(path)) for path in sys.argv[1:3])
for image in truth["images"]:
    image.update(height=300, width=400)
for thing in truth["annotations"] + results:
    x, y, w, h = thing["bbox"]
    thing["segmentation"] = [[x, y, x, y + h, x + w, y + h, x + w, y]]
for name, content in ("mask-gt", truth), ("mask-dt", results):
    json.dump(content, open(f"{sys.argv[3]}/{name}.json", "w"))
PYTHON
want=$(evalap -q -g "$T/gt.json" --rule lvis "$T/dt.json")
is "$(evalap -q -t segm -g "$T/mask-gt.json" --rule lvis "$T/mask-dt.json")" "$want" "masks"
is "$(evalap -q -t boundary -g "$T/mask-gt.json" --rule lvis "$T/mask-dt.json")" "$want" "boundaries"
fails_with 2 'compares bbox.segm.boundary, not keypoints' evalap -t keypoints -g "$T/gt.json" --rule lvis "$T/dt.json"

bad_truth() {
	sed "$1" "$T/gt.json" > "$T/bad.json"
	fails_with 1 "^evalap: .*bad.json:[0-9]+:[0-9]+: $2" evalap -g "$T/bad.json" --rule lvis "$T/dt.json"
}
bad_truth 's/"neg_category_ids": \[\], //' 'image 1 has no "neg_category_ids"; is this ground truth of LVIS'
bad_truth 's/, "not_exhaustive_category_ids": \[\]//' 'image 2 has no "not_exhaustive_category_ids"'
bad_truth 's/"neg_category_ids": \[5\]/"neg_category_ids": ["cat"]/' '"neg_category_ids" holds something that is not an integer'
bad_truth 's/"neg_category_ids": \[5\]/"neg_category_ids": 5/' 'neg_category_ids must be an array'
bad_truth 's/, "frequency": "c"//' 'category 7 has no "frequency"'
bad_truth 's/"frequency": "c"/"frequency": "x"/' '"frequency" is none of "r", "c" and "f"'
coco-synth -q -o "$T/synth" -n 2 --classes 2
coco-pack -q "$T/synth/instances.json" --images "$T/synth/images" -o "$T/synth.pack"
fails_with 1 'streams do not carry the lists of LVIS' evalap -g "$T/synth.pack" --rule lvis "$T/dt.json"

if "$python" -c 'import numpy' 2> /dev/null; then
	ok "25 random federated data sets" "$python" "$ROOT/tests/eval_lvis.py" "$(command -v evalap)" 25 1
else
	echo "# python3-numpy is not installed: no random data sets"
fi
done_testing
