#!/bin/bash
# evalap -t boundary: a case known by hand, and random masks against boundary IoU pixel by pixel.
. "$(dirname "$0")/tap.sh"
python=/usr/bin/python3

# In 400 x 300 pixels d is 10. A square of 200 pixels and one shifted by 4: the masks overlap by 196 / 204.
"$python" - "$T" << 'PYTHON'
import json, sys
def square(x):
    return [[x, 50, x, 250, x + 200, 250, x + 200, 50]]
def ring(x):
    return {(i, j) for i in range(x, x + 200) for j in range(50, 250)} - {(i, j) for i in range(x + 10, x + 190) for j in range(60, 240)}
truth = {"images": [{"id": 1, "height": 300, "width": 400}], "categories": [{"id": 1, "name": "a"}],
         "annotations": [{"id": 1, "image_id": 1, "category_id": 1, "segmentation": square(50), "area": 40000, "bbox": [50, 50, 200, 200]}]}
json.dump(truth, open(f"{sys.argv[1]}/gt.json", "w"))
json.dump([{"image_id": 1, "category_id": 1, "segmentation": square(54), "score": 1}], open(f"{sys.argv[1]}/dt.json", "w"))
iou = len(ring(50) & ring(54)) / len(ring(50) | ring(54))
print(sum(iou >= 0.5 + 0.05 * t for t in range(10)) / 10, sum(196 / 204 >= 0.5 + 0.05 * t for t in range(10)) / 10, file=open(f"{sys.argv[1]}/want", "w"))
PYTHON
first() {
	evalap -q -t "$1" -g "$T/gt.json" "$T/dt.json" | sed -n '1s/.*= //p' | sed 's/00$//'
}
is "$(first boundary) $(first segm)" "$(cat "$T/want")" "a square shifted by 4 pixels: the boundary sees it, the mask hardly"
is "$(evalap -q -j1 -t boundary -g "$T/gt.json" --json "$T/dt.json")" "$(evalap -q -j4 -t boundary -g "$T/gt.json" --json "$T/dt.json")" \
	"threads make no difference"
is "$(evalap -q -t boundary -g "$T/gt.json" --compare "$T/dt.json" --rounds 10 "$T/dt.json" > /dev/null && echo compared)" compared \
	"two results are compared"
sed 's/"segmentation"/"other"/' "$T/dt.json" > "$T/none.json"
fails_with 1 'result 0' evalap -t boundary -g "$T/gt.json" "$T/none.json"

if "$python" -c 'import numpy' 2> /dev/null; then
	ok "25 random data sets, pixel by pixel" "$python" "$ROOT/tests/eval_boundary.py" "$(command -v evalap)" 25 1
else
	echo "# python3-numpy is not installed: no random data sets"
fi
done_testing
