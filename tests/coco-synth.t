#!/bin/bash
# coco-synth: the same bytes whatever the threads and the count, annotations that fit, errors.
. "$(dirname "$0")/tap.sh"

digest() {
	(cd "$1" && find . -type f -exec sha256sum {} + | sort -k2)
}

ok "draws" coco-synth -q -o "$T/a" -n 24 -j1
ok "draws with 4 threads" coco-synth -q -o "$T/b" -n 24 -j4
is "$(digest "$T/a")" "$(digest "$T/b")" "the same bytes with 1 and 4 threads"
is "$(find "$T/a" | wc -l)" 27 "24 pictures, one JSON and nothing else"
ok "draws fewer" coco-synth -q -o "$T/c" -n 5
is "$(digest "$T/c/images")" "$(digest "$T/a/images" | head -n 5)" "picture i does not depend on -n"
ok "another seed" coco-synth -q -o "$T/d" -n 5 --seed 1
report "$([ "$(digest "$T/c/images")" != "$(digest "$T/d/images")" ]; echo $?)" "gives other pictures"
ok "all kinds, larger, crowded" coco-synth -q -o "$T/big" -n 6 --size 320x240 --classes 8 --objects 40 --quality 80
like "$(coco-synth -o "$T/c" -n 5 2>&1)" "^coco-synth: 5 pictures with [0-9]+ shapes in '.*/c'$" "says what it drew, and may draw again"

# The annotations, checked without our code: numbers, bounds, and polygons filled at pixel centres.
cat > "$T/check.py" << 'PYTHON'
import json, sys
import numpy as np

def fill(polygons, w, h):
    ys, xs = np.mgrid[0:h, 0:w] + 0.5
    filled = np.zeros((h, w), bool)
    for p in polygons:
        inside = np.zeros((h, w), bool)
        points = list(zip(p[::2], p[1::2]))
        for (x0, y0), (x1, y1) in zip(points, points[1:] + points[:1]):
            if y0 != y1:
                inside ^= ((y0 > ys) != (y1 > ys)) & (xs < x0 + (x1 - x0) * (ys - y0) / (y1 - y0))
        filled |= inside
    return filled

with open(sys.argv[1] + "/instances.json") as file:
    data = json.load(file)
images = {i["id"]: i for i in data["images"]}
names = [c["name"] for c in data["categories"]]
wrong, taken, seen, holes = [], {}, set(), 0
for a in data["annotations"]:
    w, h = images[a["image_id"]]["width"], images[a["image_id"]]["height"]
    x, y, bw, bh = a["bbox"]
    mask = fill(a["segmentation"], w, h)
    rows, columns = np.where(mask.any(1))[0], np.where(mask.any(0))[0]
    seen.add(names[a["category_id"] - 1])
    if not (0 <= x and 0 <= y and bw >= 8 and bh >= 8 and x + bw <= w and y + bh <= h):
        wrong.append((a["id"], "box", a["bbox"]))
    if abs(mask.sum() - a["area"]) > 0.06 * a["area"] + 10:
        wrong.append((a["id"], "area", int(mask.sum()), a["area"]))
    px, py = (sum((p[i::2] for p in a["segmentation"]), []) for i in (0, 1))
    if max(abs(min(px) - x), abs(min(py) - y), abs(max(px) - x - bw), abs(max(py) - y - bh)) > 1:
        wrong.append((a["id"], "bounds", a["bbox"]))
    overlap = (taken.setdefault(a["image_id"], np.zeros((h, w), int)) > 0) & mask
    if overlap.sum() > 0.1 * mask.sum() + 10:
        wrong.append((a["id"], "overlap", int(overlap.sum())))
    taken[a["image_id"]] += mask
    if names[a["category_id"] - 1] == "ring" and not mask[rows[0]:rows[-1], columns[0]:columns[-1]].all():
        holes += 1
def jpeg_size(path):
    with open(path, "rb") as file:
        data = file.read()
    at = data.index(b"\xff\xc0") + 5
    return (int.from_bytes(data[at + 2:at + 4], "big"), int.from_bytes(data[at:at + 2], "big"))

for i in data["images"]:
    if jpeg_size(sys.argv[1] + "/images/" + i["file_name"]) != (i["width"], i["height"]):
        wrong.append((i["file_name"], "size"))
ids = [a["id"] for a in data["annotations"]]
print(wrong if wrong else "fine", ids == list(range(1, len(ids) + 1)), sorted(images) == list(range(1, len(images) + 1)),
      len(seen) == len(names), holes > 0)
PYTHON
if /usr/bin/python3 -c 'import numpy' 2> /dev/null; then
	is "$(/usr/bin/python3 "$T/check.py" "$T/a")" "fine True True True True" "boxes, areas and polygons agree"
	is "$(/usr/bin/python3 "$T/check.py" "$T/big")" "fine True True True True" "also in a crowd of all kinds"
else
	echo "# python3-numpy is not installed: the annotations are not checked"
fi
# Errors.
touch "$T/file"
fails_with 1 "cannot make the directory '.*/file/x': Not a directory" coco-synth -o "$T/file/x" -n 1
fails_with 1 "cannot make the directory '.*/none/x': No such file" coco-synth -o "$T/none/x" -n 1
fails_with 1 "'.*/file/images'" coco-synth -o "$T/file" -n 1
mkdir -p "$T/e/images/000002.jpg"
echo old > "$T/e/instances.json"
fails_with 1 "cannot write '.*/000002.jpg': Is a directory" coco-synth -o "$T/e" -n 3
is "$(find "$T/e" -maxdepth 1 -type f)" "" "a set that failed has no instances.json and no temporary"
fails_with 2 "size" coco-synth -o "$T/f" -n 1 --size 12x
fails_with 2 "size: sides are 64 to 2048 pixels, not 32x64" coco-synth -o "$T/f" -n 1 --size 32x64
fails_with 2 "size: sides are 64 to 2048 pixels, not 2049" coco-synth -o "$T/f" -n 1 --size 2049
fails_with 2 "classes" coco-synth -o "$T/f" -n 1 --classes 9
fails_with 2 "images" coco-synth -o "$T/f" -n 0
fails_with 2 "output" coco-synth -n 1
fails_with 2 "too much" coco-synth -o "$T/f" -n 1 x
done_testing
