#!/bin/bash
# MB/s of the JSON reader, of coco-pack with all that it keeps of a data set, and of Python's, on one core: name, value, unit,
# peer's value, ratio.
# The documents are drawn here: like COCO instances, dense coordinates, doubles of 17 digits.
set -eu
ROOT=$(cd "$(dirname "$0")/../.." && pwd)
JSON=$ROOT/build/${CONF:-release}/tests/json
BIN=${BIN:-$ROOT/build/${CONF:-release}/bin}
T=$(mktemp -d)
trap 'rm -rf "$T"' EXIT

/usr/bin/python3 - "$T" << 'END'
import json, random, sys

rng = random.Random(1)

def annotation(i):
    n = rng.choice([8, 16, 24, 40, 80])
    return {'segmentation': [[round(rng.uniform(0, 640), 2) for _ in range(n)]], 'area': rng.uniform(10, 90000),
            'iscrowd': 0, 'image_id': rng.randrange(600000), 'bbox': [round(rng.uniform(0, 400), 2) for _ in range(4)],
            'category_id': rng.randrange(1, 91), 'id': i}

def image(i):
    return {'license': 3, 'file_name': '%012d.jpg' % i, 'coco_url': 'http://images.cocodataset.org/train2017/%012d.jpg' % i,
            'height': 480, 'width': 640, 'date_captured': '2013-11-14 11:18:45', 'id': i}

documents = {
    'instances': {'images': [image(i) for i in range(32000)], 'annotations': [annotation(i) for i in range(230000)],
                  'categories': [{'id': i, 'name': 'class %d' % i} for i in range(1, 91)]},
    'coordinates': [round(rng.uniform(0, 640), 2) for _ in range(2000000)],
    'doubles': [rng.uniform(0, 640) for _ in range(800000)],
}
for name, document in documents.items():
    with open('%s/%s.json' % (sys.argv[1], name), 'w') as f:
        json.dump(document, f)
END

# best COMMAND...: the least seconds of CPU in five runs; what else runs only adds to it.
best() {
	local TIMEFORMAT='%U %S'
	for _ in 1 2 3 4 5; do
		{ time "$@" > "$T/out"; } 2>&1
	done | awk '{ t = $1 + $2; if (NR == 1 || t < least) least = t } END { print least }'
}

# peer FILE: the least seconds of CPU of Python in three runs.
peer() {
	/usr/bin/python3 -c '
import json, sys, time
text = open(sys.argv[1]).read()
least = 1e9
for _ in range(3):
    start = time.process_time()
    json.loads(text)
    least = min(least, time.process_time() - start)
print(least)' "$1"
}

# compare NAME FILE SECONDS PEER-SECONDS
compare() {
	stat -c %s "$2" | awk -v name="$1" -v ours="$3" -v peer="$4" '{
		printf "%s\t%.0f\tMB/s\t%.0f\t%.2f\n", name, $1 / 1e6 / ours, $1 / 1e6 / peer, peer / ours }'
}

# The first image is all that is written, so no other need be there.
mkdir "$T/images"
/usr/bin/python3 -c 'import sys; from PIL import Image; Image.new("RGB", (640, 480)).save(sys.argv[1])' \
	"$T/images/000000000000.jpg"
for name in instances coordinates doubles; do
	file=$T/$name.json
	seconds=$(peer "$file")
	compare "json-$name" "$file" "$(best "$JSON" count "$file")" "$seconds"
	[ "$name" != instances ] ||
		compare json-coco-pack "$file" "$(best "$BIN/coco-pack" -q "$file" --images "$T/images" --count 1)" "$seconds"
done
