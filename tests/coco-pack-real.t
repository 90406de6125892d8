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
C=$DATA/coco
count() {
	/usr/bin/python3 -c 'import json, sys
d = json.load(open(sys.argv[1]))
print(len(d["images"]), len(d["annotations"]))' "$1"
}
for set in train val; do
	n=$(count "$C/annotations/instances_${set}2017.json")
	expect "COCO $set" "$n" "$n" "0 0" coco-pack "$C/annotations/instances_${set}2017.json" --images "$C/${set}2017"
	n=$(count "$C/annotations/person_keypoints_${set}2017.json")
	expect "COCO keypoints $set" "$n" "$n" "0 0" coco-pack "$C/annotations/person_keypoints_${set}2017.json" \
		--images "$C/${set}2017"
	n=$(count "$DATA/nuclei/instances_$set.json")
	expect "nuclei $set, PNG" "$n" "$n" "0 0" coco-pack "$DATA/nuclei/instances_$set.json" --images "$DATA/nuclei/$set"
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

done_testing
