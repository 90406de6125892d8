#!/bin/bash
# coco-pack on real data sets: everything is accounted for, and what is wrong with them is known.
. "$(dirname "$0")/tap.sh"
[ -d "$DATA/coco" ] || skip_all "no $DATA"

# expect NAME IN OUT REJECTED COMMAND...: the three lines of the summary, records and objects.
expect() {
	local name=$1 in=$2 out=$3 rejected=$4 text
	shift 4
	text=$("$@" 2>&1 > "$T/out" | tr -s ' ')
	is "$(sed -nE 's/^coco-pack: (in|out|rejected) ([0-9]+) records ([0-9]+) objects$/\2 \3/p' <<< "$text" | tr '\n' ';')" \
		"$in;$out;$rejected;" "$name"
	ok "$name: the stream is whole" tstream check -q "$T/out"
}
# same NAME JSON IMAGES: the stream that expect() left says what the JSON file says.
same() {
	ok "$1: every field is as in the JSON" env PYTHONPATH="$ROOT/formats" PYTHONDONTWRITEBYTECODE=1 \
		/usr/bin/python3 "$ROOT/tests/coco_peer.py" "$2" "$3" "$T/out"
}
C=$DATA/coco
count() {
	/usr/bin/python3 -c 'import json, sys
d = json.load(open(sys.argv[1]))
print(len(d["images"]), len(d["annotations"]))' "$1"
}
for set in train val; do
	n=$(count "$C/annotations/instances_${set}2017.json")
	expect "COCO $set" "$n" "$n" "0 0" coco-pack "$C/annotations/instances_${set}2017.json" --images "$C/${set}2017"
	same "COCO $set" "$C/annotations/instances_${set}2017.json" "$C/${set}2017"
	n=$(count "$C/annotations/person_keypoints_${set}2017.json")
	expect "COCO keypoints $set" "$n" "$n" "0 0" coco-pack "$C/annotations/person_keypoints_${set}2017.json" \
		--images "$C/${set}2017"
	same "COCO keypoints $set" "$C/annotations/person_keypoints_${set}2017.json" "$C/${set}2017"
	n=$(count "$DATA/nuclei/instances_$set.json")
	expect "nuclei $set, PNG" "$n" "$n" "0 0" coco-pack "$DATA/nuclei/instances_$set.json" --images "$DATA/nuclei/$set"
	same "nuclei $set" "$DATA/nuclei/instances_$set.json" "$DATA/nuclei/$set"
done
D=$DATA/pets30
n=$(find "$D/images" -name '*.jpg' | wc -l)
expect "pets, label maps" "$n 0" "$n 0" "0 0" coco-pack "$D/images" --labels "$D/trimaps" --classes pet=1,background=2,border=3
is "$(coco-pack -q "$D/images" --labels "$D/trimaps" --classes pet=1,background=2,border=3 | PYTHONPATH=$ROOT/formats PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 -c '
import sys
import numpy as np
from PIL import Image
from reader import RECORD, parts
for kind, r in parts(sys.stdin.buffer):
    if kind == RECORD:
        want = np.array(Image.open(sys.argv[1] + "/" + r["file_name"][:-4] + ".png")) - 1
        got = np.array(r["semantic"]["values"]).reshape(r["semantic"]["shape"])
        print(np.array_equal(got, want))' "$D/trimaps" 2>&1 | sort | uniq -c | tr -s ' ')" " $n True" "pets: the maps are those that Pillow reads"
n=$(find "$D/xmls" -name '*.xml' | wc -l)
all=$(cat "$D"/xmls/*.xml | grep -o '<object>' | wc -l)
expect "pets, heads" "$n $all" "$n $all" "0 0" coco-pack "$D/xmls" --images "$D/images"
D=$DATA/fixtures/panopticapi/sample_data
all=$(/usr/bin/python3 -c 'import json, sys
print(sum(len(a["segments_info"]) for a in json.load(open(sys.argv[1]))["annotations"]))' "$D/panoptic_examples.json")
expect "panoptic" "2 $all" "2 $all" "0 0" coco-pack "$D/panoptic_examples.json" --images "$D/input_images"
is "$(coco-pack -q "$D/panoptic_examples.json" --images "$D/input_images" | PYTHONPATH=$ROOT/formats PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 -c '
import sys
sys.path.insert(0, sys.argv[2])
import numpy as np
from PIL import Image
from masks import mask_of
from reader import RECORD, parts
for kind, r in parts(sys.stdin.buffer):
    if kind == RECORD:
        rgb = np.array(Image.open(sys.argv[1] + "/" + r["file_name"][:-4] + ".png")).astype(int)
        numbers = rgb[..., 0] + 256 * rgb[..., 1] + 65536 * rgb[..., 2]
        masks = [mask_of(m) for m in r["masks"]]
        print(all(np.array_equal(m, numbers == i) for m, i in zip(masks, r["object_id"]["values"])),
              [float(m.sum()) for m in masks] == r["area"]["values"])' "$D/panoptic_examples" "$ROOT/tests" 2>&1 | tr '\n' ' ')" \
	"True True True True " "panoptic: masks and their areas are those of the PNG files"
for set in train val; do
	n=$(find "$DATA/tinyimagenet100/$set" -name '*.JPEG' | wc -l)
	expect "tiny ImageNet $set" "$n 0" "$n 0" "0 0" coco-pack "$DATA/tinyimagenet100/$set"
done
n=$(find "$DATA/cifar10/test" -type f | wc -l)
expect "CIFAR-10 in folders" "$n 0" "$n 0" "0 0" coco-pack "$DATA/cifar10/test"
F=$DATA/fixtures/faster_coco_eval/tests/dataset/cocoapi
# drawn JSON DIRECTORY: grey images of the sizes that a data set without images says.
drawn() {
	/usr/bin/python3 -c 'import json, os, sys
from PIL import Image
for i in json.load(open(sys.argv[1]))["images"]:
    path = sys.argv[2] + "/" + i["file_name"]
    os.makedirs(os.path.dirname(path), exist_ok=True)
    Image.new("L", (i["width"], i["height"])).save(path, "JPEG", quality=10)' "$1" "$2"
}
for file in cocoapi/instances_val2014_100.json gt_dataset.json example_crowdpose_val.json \
	../keypoints_dataset/gt_dataset.json; do
	drawn "$F/../$file" "$T/drawn"
	n=$(count "$F/../$file")
	expect "$(basename "$file")" "$n" "$n" "0 0" coco-pack "$F/../$file" --images "$T/drawn"
	same "$(basename "$file")" "$F/../$file" "$T/drawn"
	rm -r "$T/drawn"
done
drawn "$F/../gt_ignore_test.json" "$T/drawn"
expect "ids as numbers and as text are not the same" "1 14" "1 1" "0 13" coco-pack "$F/../gt_ignore_test.json" --images "$T/drawn"
drawn "$F/instances_val2014_100.json" "$T/val2014"
for type in bbox segm; do
	all=$(/usr/bin/python3 -c 'import json, sys; print(len(json.load(open(sys.argv[1]))))' "$F/instances_val2014_fake${type}100_results.json")
	text=$(coco-pack "$F/instances_val2014_100.json" --images "$T/val2014" --results "$F/instances_val2014_fake${type}100_results.json" \
		2>&1 > "$T/out" | tr -s ' ')
	like "$text" "^coco-pack: in 100 records $all objects" "results of $type go in"
	is "$(coco-pack -q "$T/out" | PYTHONPATH=$ROOT/formats PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 -c '
import collections, json, sys
from reader import RECORD, TRAILER, parts
found = collections.Counter()
for kind, r in parts(sys.stdin.buffer):
    if kind == RECORD and "score" in r:
        found.update((r["id"], round(s, 5)) for s in r["score"]["values"])
want = collections.Counter((d["image_id"], round(d["score"], 5)) for d in json.load(open(sys.argv[1])))
print(sum((found - want).values()), sum((want - found).values()))' "$F/instances_val2014_fake${type}100_results.json")" \
		"0 $(sed -nE 's/^coco-pack: rejected [0-9]+ records ([0-9]+) objects/\1/p' <<< "$text")" "and come out with their scores"
done
expect "COCO unlabelled" "76 0" "76 0" "0 0" coco-pack "$C/unlabeled2017"

all=$(grep -c '<object>' -r "$DATA/bccd/Annotations" -h | paste -sd+ | bc 2> /dev/null || echo 0)
records=0
objects=0
for set in trainval test; do
	text=$(coco-pack "$DATA/bccd" --set $set --rejects "$T/$set" 2>&1 > "$T/out" | tr -s ' ')
	records=$((records + $(sed -nE 's/^coco-pack: in ([0-9]+) records.*/\1/p' <<< "$text")))
	objects=$((objects + $(sed -nE 's/^coco-pack: in [0-9]+ records ([0-9]+).*/\1/p' <<< "$text")))
done
is "$records $objects" "364 4888" "blood cells: all images and boxes of the two lists"
[ "$all" = 0 ] || is "$objects" "$all" "which are those of the XML files"
is "$(cat "$T/trainval" "$T/test" | grep -o '"file_name":"[^"]*"\|"reason":"[^"]*"' | tr '\n' ' ')" \
	'"file_name":"BloodImage_00338.jpg" "reason":"box without area" "file_name":"BloodImage_00343.jpg" "reason":"box without area" ' \
	"blood cells: the two boxes without area, with their reasons"
is "$(coco-pack -q "$DATA/bccd" --set test | tstream dump --header - | head -n 1 | grep -o '"name":"[^"]*"' | tr '\n' ' ')" \
	'"name":"Platelets" "name":"RBC" "name":"WBC" ' "blood cells: the classes in order"

# Parts of a run over real data, put together again.
coco-pack -q "$C/annotations/instances_val2017.json" --images "$C/val2017" -o "$T/val.pack"
for i in 0 1 2; do coco-pack -q "$T/val.pack" --shuffle --split $i/3 | tstream dump -; done | sort > "$T/parts"
ok "three parts are the whole" cmp "$T/parts" <(coco-pack -q "$T/val.pack" --shuffle | tstream dump - | sort)

# Every kind of them can be augmented by every scheme, and unpacked and packed again.
# amount FILE: its records and objects.
amount() {
	tstream dump "$1" | jq -s -c 'map(select(.id != null)) | [length, (map(.boxes.shape[0] // 0) | add)]'
}
augmented() { # NAME ARGUMENTS...
	local name=$1 scheme said=''
	shift
	coco-pack -q "$@" --count 12 > "$T/some"
	for scheme in -s1 -s2 -s3 -s4 '-s4 --quirks tpu'; do
		# shellcheck disable=SC2086
		augment -q $scheme --size 128 "$T/some" > "$T/out" 2> "$T/err"
		said+="$? $(tstream check "$T/out" 2>&1 | grep -oE '[0-9]+ records'; cat "$T/err") "
	done
	local records
	records=$(tstream check "$T/some" 2>&1 | grep -oE '[0-9]+ records')
	is "$said" "0 $records 0 $records 0 $records 0 $records 0 $records " "$name, augmented"
	rm -rf "$T/un"
	coco-pack -q "$T/some" --source x --unpack "$T/un" --new-ids
	coco-pack -q "$T/un/x.json" --images "$T/un/x" > "$T/again"
	is "$(amount "$T/again")" "$(amount "$T/some")" "$name, unpacked and packed again"
}
augmented "COCO" "$C/annotations/instances_val2017.json" --images "$C/val2017"
augmented "keypoints" "$C/annotations/person_keypoints_val2017.json" --images "$C/val2017"
augmented "nuclei" "$DATA/nuclei/instances_val.json" --images "$DATA/nuclei/val"
augmented "blood cells" "$DATA/bccd" --set test
augmented "label maps" "$DATA/pets30/images" --labels "$DATA/pets30/trimaps" --classes pet=1,background=2,border=3
augmented "heads" "$DATA/pets30/xmls" --images "$DATA/pets30/images"
augmented "panoptic" "$D/panoptic_examples.json" --images "$D/input_images"
augmented "tiny ImageNet" "$DATA/tinyimagenet100/val"
augmented "CIFAR-10" "$DATA/cifar10/test"

done_testing
