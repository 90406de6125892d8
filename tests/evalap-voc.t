#!/bin/bash
# evalap --rule voc2007 and voc2010: a case known by hand, options that do not fit, and random data sets against the rule
# written down slowly.
. "$(dirname "$0")/tap.sh"
python=/usr/bin/python3

# Four birds, one difficult; found: a bird, the same bird again, the difficult one, a second bird.
cat > "$T/gt.json" << 'JSON'
{"images": [{"id": 1}, {"id": 2}], "categories": [{"id": 1, "name": "bird"}, {"id": 2, "name": "cow"}], "annotations": [
 {"id": 0, "image_id": 1, "category_id": 1, "bbox": [0, 0, 10, 10]},
 {"id": 1, "image_id": 1, "category_id": 1, "bbox": [50, 0, 10, 10], "ignore": 1},
 {"id": 2, "image_id": 2, "category_id": 1, "bbox": [0, 0, 10, 10]},
 {"id": 3, "image_id": 2, "category_id": 1, "bbox": [30, 0, 10, 10]}]}
JSON
cat > "$T/dt.json" << 'JSON'
[{"image_id": 1, "category_id": 1, "bbox": [0, 0, 10, 10], "score": 0.9},
 {"image_id": 1, "category_id": 1, "bbox": [0, 0, 10, 9], "score": 0.8},
 {"image_id": 1, "category_id": 1, "bbox": [50, 0, 10, 10], "score": 0.7},
 {"image_id": 2, "category_id": 1, "bbox": [0, 0, 10, 10], "score": 0.6},
 {"image_id": 2, "category_id": 1, "bbox": [30, 0, 5, 10], "score": 0.5}]
JSON
# Right, wrong, neither, right, wrong (an overlap of exactly 0.5): recall 1/3, 2/3; precision 1, 2/3.
like "$(evalap -q -g "$T/gt.json" --rule voc2007 "$T/dt.json")" 'VOC 2007.*\(mAP\) = 0.545$' "2007: (4 x 1 + 3 x 2/3) / 11"
like "$(evalap -q -g "$T/gt.json" --rule voc2010 "$T/dt.json")" 'VOC 2010.*\(mAP\) = 0.556$' "2010: 1/3 + 1/3 x 2/3"
like "$(evalap -q -g "$T/gt.json" --rule voc2010 "$T/dt.json" --per-class)" '^ bird +3 +1 +5 +55.56$' "the table counts the difficult"
like "$(evalap -q -g "$T/gt.json" --rule voc2010 "$T/dt.json" --per-class)" '^ cow +0 +0 +0 +-$' "a class without objects"
is "$(evalap -g "$T/gt.json" --rule voc2010 "$T/dt.json" 2>&1 >/dev/null)" "" "the id 0 is like any other here"
echo '[]' > "$T/none.json"
like "$(evalap -q -g "$T/gt.json" --rule voc2007 "$T/none.json" 2>&1)" 'warning: there are no detections' "no detections are said"

fails_with 2 'rule must be one of coco, lvis, voc2007 and voc2010, not' evalap -g "$T/gt.json" --rule voc2012 "$T/dt.json"
fails_with 1 'annotation 0: "ignore" is neither 0 nor 1' evalap -g <(sed 's/"id": 0,/"id": 0, "ignore": "no",/' "$T/gt.json") \
	--rule voc2007 "$T/dt.json"
fails_with 1 'result 1: image 7 is not in the ground truth' evalap -g "$T/gt.json" --rule voc2007 \
	<(sed '2s/"image_id": 1/"image_id": 7/' "$T/dt.json")

if "$python" -c 'import numpy, PIL' 2> /dev/null; then
	ok "80 random data sets by the rules of 2007 and 2010, from JSON and VOC directories" \
		"$python" "$ROOT/tests/eval_voc.py" "$(command -v evalap)" "$(command -v coco-pack)" 80 1
else
	echo "# python3-numpy or python3-pil is not installed: no random data sets"
fi
done_testing
