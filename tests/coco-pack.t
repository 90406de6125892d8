#!/bin/bash
# coco-pack: samples say what the JSON says; selection, order, positions and the account of them.
. "$(dirname "$0")/tap.sh"

/usr/bin/python3 -c 'import msgpack, numpy' 2> /dev/null || skip_all "no python3-msgpack or python3-numpy"
export PYTHONPATH=$ROOT/formats PYTHONDONTWRITEBYTECODE=1
coco-synth -q -o "$T/syn" -n 40 --size 96x64 --seed 5
COCO=("$T/syn/instances.json" --images "$T/syn/images")

coco-pack -q "${COCO[@]}" > "$T/syn.stream"
ok "drawn data: every field is as in the JSON" /usr/bin/python3 "$ROOT/tests/coco_peer.py" "$T/syn/instances.json" "$T/syn/images" \
	"$T/syn.stream"

# Masks of all kinds, crowds, ignored objects and keypoints; annotations before images; categories not in order.
/usr/bin/python3 - "$T/syn/instances.json" "$T/kinds.json" << 'END'
import json, sys
d = json.load(open(sys.argv[1]))
w, h = 96, 64
for i, a in enumerate(d['annotations']):
    if i % 4 == 1:
        a['segmentation'] = {'counts': [7, 3, 200, 90, w * h - 300], 'size': [h, w]}
        a['iscrowd'] = 1
    elif i % 4 == 2:  # 0 5 6139: '0', '5', then 6139 = 27 + 31 * 32 + 5 * 1024 in groups of five bits
        a['segmentation'] = {'counts': '05' + chr(48 + 32 + 27) + chr(48 + 32 + 31) + chr(48 + 5), 'size': [h, w]}
    elif i % 4 == 3:
        a['segmentation'] = [[1, 2.5, 30, 2, 30, 20], [40, 40, 50.25, 40, 50, 50, 40, 50]]
        a['ignore'] = 1
    a['keypoints'] = [i + 0.1, i, 2, 3, 4, 1]
d['categories'].reverse()
d['categories'][0]['keypoints'] = ['left', 'right \u00e4']
d['categories'][0]['skeleton'] = [[1, 2], [2, 2]]
json.dump({'annotations': d['annotations'], 'licenses': [{'x': {'y': [None, 1e9, "\u00e9"]}}], 'images': d['images'],
           'categories': d['categories']}, open(sys.argv[2], 'w'))
END
coco-pack -q "$T/kinds.json" --images "$T/syn/images" > "$T/kinds.stream"
ok "every kind of mask, crowds, keypoints" /usr/bin/python3 "$ROOT/tests/coco_peer.py" "$T/kinds.json" "$T/syn/images" "$T/kinds.stream"

# The same again through a pack and through a pipe: the same records.
coco-pack -q "${COCO[@]}" -o "$T/syn.pack"
records() {
	tstream dump --full "$@" | sha256sum
}
is "$(records "$T/syn.pack")" "$(records "$T/syn.stream")" "a pack holds the same records as the stream"
is "$(coco-pack -q "$T/syn.pack" | records -)" "$(records "$T/syn.stream")" "and gives them back"
is "$(coco-pack -q - < "$T/syn.stream" | records -)" "$(records "$T/syn.stream")" "so does a stream"
is "$(coco-pack -q --format coco - --images "$T/syn/images" < "$T/syn/instances.json" | tstream dump - | sed 's/"stdin"/"instances"/' |
	sha256sum)" "$(tstream dump "$T/syn.stream" | sha256sum)" "JSON may come through a pipe"

# Order: every epoch has each image once, in an order of its own that the seed gives.
ids() {
	tstream dump "$@" | sed 's/.*"id":\([0-9]*\).*/\1/'
}
coco-pack -q "${COCO[@]}" --shuffle --epochs 3 --seed 4 -j1 > "$T/run"
coco-pack -q "${COCO[@]}" --shuffle --epochs 3 --seed 4 -j4 > "$T/run4"
ok "-j1 and -j4 write the same bytes" cmp "$T/run" "$T/run4"
is "$(ids "$T/run" | head -n 40 | sort -n | tr '\n' ' ')" "$(seq 40 | tr '\n' ' ')" "the first epoch has each image once"
is "$(ids "$T/run" | tail -n 40 | sort -n | tr '\n' ' ')" "$(seq 40 | tr '\n' ' ')" "so has the last"
report "$([ "$(ids "$T/run" | head -n 40)" != "$(ids "$T/run" | tail -n 40)" ]; echo $?)" "in another order"
report "$([ "$(ids "$T/run" | head -n 40)" != "$(seq 40)" ]; echo $?)" "which is shuffled"
report "$([ "$(coco-pack -q "${COCO[@]}" --shuffle --seed 5 | ids -)" != "$(ids "$T/run" | head -n 40)" ]; echo $?)" "another seed, another order"
is "$(coco-pack -q "$T/syn.pack" --shuffle --epochs 3 --seed 4 | ids - | md5sum)" "$(ids "$T/run" | md5sum)" "a pack is shuffled alike"

# --start: the tail of the full run, bit for bit, with the same header but for its start.
for start in 0 1 39 40 41 97 119 120; do
	tail=$(coco-pack -q "${COCO[@]}" --shuffle --epochs 3 --seed 4 --start $start | tstream dump --full - | md5sum)
	is "$tail" "$(tstream dump --full "$T/run" | tail -n +$((start + 1)) | md5sum)" "--start $start is the tail of the run"
done
is "$(coco-pack -q "${COCO[@]}" --shuffle --epochs 3 --seed 4 --start 50 | tstream dump --header - | head -n 1)" \
	"$(tstream dump --header "$T/run" | head -n 1 | sed 's/"start":0/"start":50/')" "--start changes nothing else in the header"
like "$(tstream dump --header "$T/run" | head -n 1)" '"planned":120' "planned counts the whole run"
# start TOOL-OUTPUT: the header's position of a stream on standard input.
start() {
	tstream dump --header -n 0 - | head -n 1 | sed 's/.*"start":\([0-9]*\).*/\1/'
}
is "$(coco-pack -q "${COCO[@]}" | start)" 0 "a run starts at 0"
is "$(coco-pack -q "${COCO[@]}" --epochs 3 --start 7 | start)" 7 "the header says where another one starts"
is "$(coco-pack -q "${COCO[@]}" --start 7 | augment -q -s0 --size 64 | tstream cat | start)" 7 "and all tools pass it on"
coco-pack -q "${COCO[@]}" --start 7 -o "$T/started.pack"
is "$(coco-pack -q "$T/started.pack" | start)" 0 "a pack is numbered anew"
is "$(coco-pack -q "${COCO[@]}" --start 7 | coco-pack -q - | start)" 7 "a stream is not"
is "$(coco-pack -q "${COCO[@]}" --start 7 | coco-pack -q --start 9 - | start)" 9 "and can be started later"
is "$(coco-pack -q "${COCO[@]}" --start 7 | coco-pack -q --start 3 - | start)" 7 "but not before its beginning"
is "$(coco-pack -q - --start 50 < "$T/run" | records -)" \
	"$(coco-pack -q "${COCO[@]}" --shuffle --epochs 3 --seed 4 --start 50 | records -)" "--start on a stream goes by its positions"
fails_with 1 "^coco-pack: --start 41 is behind the end of the run of 40 records" coco-pack "${COCO[@]}" --start 41

# --split: disjoint and together everything; by position.
for i in 0 1 2; do
	coco-pack -q "${COCO[@]}" --shuffle --epochs 2 --split $i/3 > "$T/part$i"
	tstream dump "$T/part$i" | sed 's/.*"seq":\([0-9]*\).*/\1/' > "$T/seqs$i"
done
is "$(sort -n "$T"/seqs? | tr '\n' ' ')" "$(seq 0 79 | tr '\n' ' ')" "three parts hold each position once"
is "$(awk '$1 % 3 != 1' "$T/seqs1")" "" "part 1 of 3 has the positions that are 1 modulo 3"
is "$(for i in 0 1 2; do tstream dump --header "$T/part$i" | head -n 1 | sed 's/.*"planned":\([0-9]*\).*/\1/'; done | tr '\n' ' ')" \
	"27 27 26 " "each part plans its own records"

# --fraction: exact, nested, and the same from a pack.
last=""
for f in 0.1 0.2 0.33 0.5 0.9 1; do
	coco-pack -q "${COCO[@]}" --fraction $f --subset-seed 9 | ids - | sort > "$T/now"
	want=$(awk -v f=$f 'BEGIN { printf "%d", f * 40 + 0.5 }')
	is "$(wc -l < "$T/now")" "$want" "--fraction $f of 40 images is $want"
	[ -z "$last" ] || is "$(comm -13 "$T/now" "$T/last")" "" "and holds those of --fraction $last"
	cp "$T/now" "$T/last"
	last=$f
done
coco-pack -q "${COCO[@]}" --fraction 0.3 --subset-seed 9 | ids - | sort > "$T/chosen"
coco-pack -q "${COCO[@]}" --fraction 0.3 --subset-seed 9 --rest | ids - | sort > "$T/rest"
is "$(sort -n "$T/chosen" "$T/rest" | tr '\n' ' ')" "$(seq 40 | tr '\n' ' ')" "--rest is what --fraction leaves"
is "$(coco-pack -q "$T/syn.pack" --fraction 0.3 --subset-seed 9 | ids - | sort | md5sum)" "$(md5sum < "$T/chosen")" "a pack is divided alike"
report "$([ "$(coco-pack -q "${COCO[@]}" --fraction 0.3 | ids - | sort)" != "$(cat "$T/chosen")" ]; echo $?)" "another --subset-seed, another subset"
fails_with 1 "a fraction of 0.01 of 40 images is 0: none is left" coco-pack "${COCO[@]}" --fraction 0.01

# --unlabelled, --count, --epochs 0.
is "$(coco-pack -q "${COCO[@]}" --unlabelled | tstream dump - | grep -cE 'boxes|labels|masks|area')" 0 "--unlabelled leaves no annotation"
is "$(coco-pack -q "$T/syn.pack" --unlabelled | tstream dump - | grep -cE 'boxes|labels|masks|area')" 0 "nor from a pack"
is "$(coco-pack -q "${COCO[@]}" --count 7 | ids - | wc -l)" 7 "--count 7"
is "$(coco-pack -q "${COCO[@]}" --epochs 0 --count 100 | ids - | wc -l)" 100 "--epochs 0 goes on to --count"
fails_with 2 "say how many records with --count" coco-pack "${COCO[@]}" --epochs 0

# The account: in = out + deselected + rejected, in = what the epochs hold, out = what is there.
cat > "$T/account.py" << 'END'
import sys
from reader import RECORD, parts
images, objects, epochs = map(int, sys.argv[1:4])
stream = list(parts(sys.stdin.buffer))
t = stream[-1][1]
records = [b for k, b in stream if k == RECORD]
for i, (held, there) in enumerate(((images, len(records)),
                                   (objects, sum(len(r['labels']['values']) for r in records if 'labels' in r)))):
    rejected = sum(counts[i] for counts in t['rejects'].values())
    assert t['in'][i] == held * epochs, (i, t)
    assert t['out'][i] == there, (i, there, t)
    assert t['in'][i] == t['out'][i] + t['deselected'][i] + rejected, (i, t)
    assert sys.argv[4] == '-' or rejected == int(sys.argv[4 + i]), (i, t)
END
# 3 of the boxes cannot be used, one object has no image, one image file is missing and one is no image.
/usr/bin/python3 - "$T/syn/instances.json" "$T/bad.json" << 'END'
import json, sys
d = json.load(open(sys.argv[1]))
a = [x for x in d['annotations'] if x['image_id'] > 2]
a[0]['bbox'][2] = 0
a[1]['bbox'][0] = 500
a[2]['category_id'] = 77
a[3]['image_id'] = 12345
json.dump(d, open(sys.argv[2], 'w'))
END
cp -r "$T/syn/images" "$T/holes"
mapfile -t files < <(ls "$T/holes")
rm "$T/holes/${files[0]}"
echo "no image" > "$T/holes/${files[1]}"
total=$(/usr/bin/python3 -c 'import json, sys; print(len(json.load(open(sys.argv[1]))["annotations"]))' "$T/bad.json")
lost=$(/usr/bin/python3 -c 'import json, sys; print(sum(a["image_id"] < 3 for a in json.load(open(sys.argv[1]))["annotations"]))' "$T/bad.json")
BAD=("$T/bad.json" --images "$T/holes")
account() { # NAME RECORDS OBJECTS EPOCHS REJECTED-RECORDS REJECTED-OBJECTS OPTIONS...
	local name=$1
	local -a numbers=("${@:2:5}")
	shift 6
	coco-pack -q "$@" > "$T/account" 2> "$T/account.err"
	ok "account of $name" /usr/bin/python3 "$T/account.py" "${numbers[@]}" < "$T/account"
}
account "a clean data set" 40 "$total" 1 0 0 "${COCO[@]}"
account "bad objects and files" 40 "$total" 1 2 $((lost + 4)) "${BAD[@]}"
account "three epochs of them" 40 "$total" 3 6 $((3 * (lost + 4))) "${BAD[@]}" --epochs 3 --shuffle
account "a part of a subset from a start to a count" 40 "$total" 2 - - "${BAD[@]}" --epochs 3 --shuffle --fraction 0.7 \
	--split 1/2 --start 11 --count 40
account "the rest of a fraction" 40 "$total" 2 - - "${BAD[@]}" --fraction 0.7 --rest --epochs 2
account "no labels" 40 "$total" 1 2 "$lost" "${BAD[@]}" --unlabelled
account "a start in the last epoch" 40 "$total" 3 - - "${BAD[@]}" --epochs 3 --start 119
account "a start at the end" 40 "$total" 3 - - "${BAD[@]}" --epochs 3 --start 120

summary=$(coco-pack "${BAD[@]}" --rejects "$T/rejects" -o /dev/null 2>&1)
like "$summary" "^coco-pack: in +40 records +$total objects" "the summary says what went in"
like "$summary" "^coco-pack: +0 records +1 objects: box without area" "and why what was rejected"
is "$(wc -l < "$T/rejects")" 6 "--rejects has a line for each reject"
is "$(/usr/bin/python3 -c 'import json, sys
for line in open(sys.argv[1]): print(json.loads(line)["reason"])' "$T/rejects" | sort | tr '\n' ';')" \
	"annotation of an unknown image;box outside the image;box without area;image file missing;not a JPEG or PNG image;unknown category;" \
	"with its reason"
is "$(coco-pack -q "${BAD[@]}" -o /dev/null 2>&1)" "" "-q is quiet"

# Usage.
fails_with 2 "what to read is missing" coco-pack
fails_with 2 "must be one of raw\|turned" coco-pack --exif left x
fails_with 2 "I counts from 0 and must be below N" coco-pack --split 3/3 x
fails_with 2 "wants I/N" coco-pack --split 3 x
fails_with 2 "unknown option '--shufle'" coco-pack --shufle x
fails_with 2 "must be between 0 and 1" coco-pack --fraction 10 x
fails_with 2 "fraction 0 of any number of images is none" coco-pack --fraction 0 x
fails_with 2 "the --rest of --fraction 1 of any number of images is none" coco-pack --rest x
fails_with 1 "is a stream, and shuffling needs" coco-pack "$T/syn.stream" --shuffle

done_testing
