#!/bin/bash
# augment through real pipes: usage, independence of threads and machine, damaged input, the preview.
. "$(dirname "$0")/tap.sh"

python=/usr/bin/python3
$python -c 'import PIL, numpy, msgpack' 2> /dev/null || skip_all "needs /usr/bin/python3 with Pillow, numpy and msgpack"
mkdir "$T/images"
$python "$ROOT/tests/augment_peer.py" make "$T/images"
coco-pack -q "$T/images/coco.json" --images "$T/images" --epochs 3 --shuffle > "$T/in" || exit 1
coco-pack -q "$T/images/coco.json" --images "$T/images" > "$T/one" || exit 1

fails_with 2 "give either -s0, -s1, -s2, -s3, -s4, -scrop, -smae, -ssimclr, -scentre or --eval" augment --size 320
fails_with 2 "give either -s0, .* or --eval" augment --size 320 -s0 --eval
fails_with 2 "size .*is missing" augment -s0
fails_with 2 "a size is N or WxH" augment -s0 --size 320x
fails_with 2 "at most 16384" augment -s0 --size 20000
fails_with 2 "there are -s0, -s1, -s2, -s3, -s4, -scrop, -smae, -ssimclr and -scentre" augment -s7 --size 320
fails_with 2 "takes two numbers" augment -s1 --size 320 --jitter 1.2,0.8
fails_with 2 "takes two numbers" augment -s1 --size 320 --jitter 1,nan
fails_with 2 "jitter does not go with -s0" augment -s0 --size 320 --jitter 0.5,2
for value in 0,10 17,10 1 1,31 1,-1 1,nan "1,10," x; do
	fails_with 2 "RandAugment takes N,M with" augment -s4 --size 320 --randaugment $value
done
fails_with 2 "nothing is random with --eval" augment --eval --size 320 --randaugment 1,10
fails_with 2 "nothing is random with -scentre" augment -scentre --size 320 --policy invert:1
fails_with 2 "AutoAugment has v0, v1, v2, v3 with -s2, not 'v4'" augment -s2 --size 320 --autoaugment v4
fails_with 2 "AutoAugment has v0 with -scrop, not 'v1'" augment -scrop --size 320 --autoaugment v1
fails_with 2 "from one of AutoAugment, RandAugment and a policy" augment -s2 --size 320 --autoaugment v1 --randaugment 1,10
fails_with 2 "'cutout-boxes' works in boxes, which is not for -scrop" augment -scrop --size 9 --policy cutout-boxes:1:5
fails_with 2 "must be one of sane.tpu" augment -s2 --size 320 --quirks exact
bad_rules() {
	fails_with 2 "$2" augment -s2 --size 320 --policy "$1"
}
bad_rules "" "column 1: an operation is wanted"
bad_rules "rotat:1:1" "column 1: there is no operation 'rotat'; there are .*cutout"
bad_rules "invert:1|rotate:0.5" "column 20: rotate:PROBABILITY:MAGNITUDE is wanted"
bad_rules "rotate:1.5:1" "column 8: a probability is a number of 0 to 1"
bad_rules "rotate:nan:1" "column 8: a probability"
bad_rules "rotate:1:31" "column 10: a magnitude is a number of 0 to 30"
bad_rules "rotate:1:1e1" "column 11: after an operation comes"
bad_rules "rotate:1:1|" "column 12: an operation is wanted"
bad_rules "rotate:1:1,,invert:1" "column 12: an operation is wanted"
bad_rules "$(printf 'invert,%.0s' {1..17})" "column 7: invert:PROBABILITY is wanted"
bad_rules "$(printf 'invert:1,%.0s' {1..17})" "too many operations in one rule"
printf 'rotate:0.6:10, color:1:6\n\n# one more\n  cutout:0.8:8 # large\n' > "$T/rules"
printf 'rotate:0.6:10\ncolor:1:x\n' > "$T/bad-rules"
fails_with 1 "line 2, column 9: a magnitude is a number of 0 to 30 .*bad-rules" augment -s2 --size 320 --policy @"$T/bad-rules"
fails_with 1 "cannot open '.*nothing'" augment -s2 --size 320 --policy @"$T/nothing"
fails_with 2 "one number for --size" augment -s0 --size 320x240 --max-size 640
fails_with 2 "is not smaller" augment -s0 --size 800 --max-size 640
for policy in 1 2 3 4 crop centre; do
	fails_with 2 "does not go with it" augment -s$policy --size 800 --max-size 1333
done
fails_with 2 "boxes .*tight.*corners" augment -s0 --size 320 --boxes loose
fails_with 2 "give either --size or --short" augment -s0 --size 320 --short 320
fails_with 2 "goes with --max-size" augment -s0 --short 640,800
fails_with 2 "goes with --max-size" augment -s0 --short 640..800 --max-size 700
fails_with 2 "does not go with -s1" augment -s1 --short 640 --max-size 800
fails_with 2 "does not go with --eval" augment --eval --short 640 --max-size 800
for list in "" "," "640," 640..600 640..800:0 640..800:x 0 -5 99999 640x480 600..700..800; do
	fails_with 2 "a list of sides is N, LO..HI" augment -s0 --short "$list" --max-size 16384
done
fails_with 2 "does not go with -s1" augment -s1 --size 64 --area 0.5,1
fails_with 2 "0.0001 <= LO <= HI <= 1, not '0,1'" augment -scrop --size 64 --area 0,1
fails_with 2 "0.0001 <= LO <= HI <= 1, not '0.5,2'" augment -scrop --size 64 --area 0.5,2
fails_with 2 "strength goes with -ssimclr" augment -scrop --size 64 --strength 1
fails_with 2 "blur takes a number of 0 to 1, not '2'" augment -ssimclr --size 64 --blur 2
fails_with 2 "strength takes a number of 0 to 2, not 'x'" augment -ssimclr --size 64 --strength x
fails_with 2 "draws its own operations" augment -ssimclr --size 64 --randaugment 1,5
fails_with 2 "views" augment -scrop --size 64 --views 65
for list in "" gaussian gaussian:0 gaussian:6 gaussian:10 "gaussian:1," fog:1 ",jpeg:1" jpeg:x; do
	fails_with 2 "corruptions are KIND:LEVEL.*there are gaussian, shot" augment --eval --size 64 --corrupt "$list"
done
fails_with 2 "pairs are written as left_eye=right_eye" augment -s0 --size 320 --swap left_eye "$T/one"
fails_with 1 "no category has both keypoints 'a' and 'b' .--swap" augment -s0 --size 320 --swap a=b "$T/one"
fails_with 2 "one input at most" augment -s0 --size 320 a b
fails_with 1 "cannot open" augment -s0 --size 320 "$T/nothing"
fails_with 1 "." augment -s0 --size 320

# Every policy: threads and instruction level change no byte, other seeds do.
for policy in "-s0 --size 120x100" "-s0 --size 100 --max-size 130" "-s0 --short 60,80..90:5 --max-size 130" "-smae --size 48" "-ssimclr --size 40x32" "-s1 --size 128" "-s2 --size 128 --autoaugment v1" \
	"-s3 --size 96x128 --autoaugment v2" "-s4 --size 128x96 --randaugment 3,9" "-scrop --size 48x64 --randaugment 2,9" \
	"-s3 --size 128 --autoaugment v1 --quirks tpu" "--eval --size 100x80" "--eval --size 50 --corrupt gaussian:2,shot:1,impulse:1,speckle:1,blur:1,jpeg:1"; do
	# shellcheck disable=SC2086
	{
		augment -q $policy -j1 < "$T/in" > "$T/j1"
		augment -q $policy -j4 < "$T/in" > "$T/j4"
		COCOPIPE_ISA=base augment -q $policy -j2 "$T/in" -o "$T/base"
		augment -q $policy --seed 1 < "$T/in" > "$T/seed"
		coco-pack -q "$T/images/coco.json" --images "$T/images" --epochs 3 --shuffle | augment -q $policy > "$T/pipe"
	}
	ok "$policy: -j1 = -j4" cmp "$T/j1" "$T/j4"
	ok "$policy: the machine's best instructions = base" cmp "$T/j1" "$T/base"
	ok "$policy: a | b = a > f; b < f" cmp "$T/j1" "$T/pipe"
	ok "$policy: other seeds give another stream" test "$(cmp "$T/j1" "$T/seed" 2>&1 | wc -c)" -gt 0
done

augment -q --eval --size 100x80 -o "$T/eval.stream" "$T/one"
like "$($python "$ROOT/tests/augment_peer.py" check "$T/eval.stream" "$T/images" 2>&1)" "^16 images, pixels within [012], " \
	"--eval gives what Pillow gives"
augment -q --eval --size 100x80 -o "$T/eval.pack" "$T/one"
like "$(augment --eval --size 50 < "$T/eval.pack" 2>&1 > /dev/null)" "16 images in, 16 out" "packs go in and out; pixels can be augmented again"

like "$(augment -s1 --size 100 --jitter 3,3 "$T/one" 2>&1 > /dev/null)" \
	"^augment: 16 images in, 16 out; 0 images and [0-9]+ objects removed: [0-9]+ box outside the cut" \
	"objects that are cut away are counted"
is "$(augment -q -s1 --size 100 --jitter 3,3 "$T/one" 2>&1 > /dev/null)" "" "-q is quiet"

# Rules from a file are those from the command line, and are recorded in one form.
augment -q -s2 --size 64 --policy @"$T/rules" "$T/one" > "$T/a"
augment -q -s2 --size 64 --policy 'rotate:.6:10,color:1:6.0|cutout:0.80:8' "$T/one" > "$T/b"
ok "--policy @FILE = --policy RULES" cmp "$T/a" "$T/b"
like "$(tstream head -n 0 "$T/a" 2> /dev/null | strings)" "policy=rotate:0.6:10,color:1:6.cutout:0.8:8" "the rules are in the provenance"

# A run that goes on at any position writes the records that the whole run has there.
augment -q -s4 --size 64 --randaugment 2,9 "$T/in" > "$T/a"
for start in 0 1 17 31 47; do
	coco-pack -q "$T/images/coco.json" --images "$T/images" --epochs 3 --shuffle --start $start |
		augment -q -s4 --size 64 --randaugment 2,9 -j3 > "$T/b"
	is "$($python - "$ROOT/tests" "$T/a" "$T/b" $start << 'END'
import sys
sys.path.insert(0, sys.argv[1])
sys.dont_write_bytecode = True
from augment_peer import maps
whole, rest = ([item for item in maps(path) if "seq" in item] for path in sys.argv[2:4])
print(len(rest), whole[int(sys.argv[4]):] == rest)
END
	)" "$((48 - start)) True" "records from $start on are those of the whole run"
done

# What was explained is repeated, whatever the seed.
for policy in "-s1 --size 64" "-s2 --size 128 --autoaugment v1" "-s4 --size 96 --quirks tpu --randaugment 3,8" \
	"-scrop --size 48 --randaugment 2,10" "--eval --size 50" \
	"-s4 --size 64 --corrupt gaussian:2,shot:1,impulse:1,speckle:1,gaussian:2,blur:1,contrast:1,jpeg:1"; do
	# shellcheck disable=SC2086
	{
		augment -q $policy --seed 5 --explain "$T/explained" "$T/in" > "$T/a"
		augment -q $policy --seed 5 --replay "$T/explained" --explain "$T/again" "$T/in" > "$T/b"
		sort -R --random-source=/dev/zero "$T/explained" > "$T/mixed"
		augment -q $policy --seed 5 --replay "$T/mixed" -j3 "$T/in" > "$T/c"
		augment -q $policy --seed 6 --replay "$T/explained" --explain "$T/other" "$T/in" > /dev/null
	}
	ok "$policy: --replay gives the same bytes" cmp "$T/a" "$T/b"
	ok "$policy: lines in any order" cmp "$T/a" "$T/c"
	ok "$policy: and the same explanation" cmp "$T/explained" "$T/again"
	ok "$policy: nothing is drawn" cmp "$T/explained" "$T/other"
	is "$(wc -l < "$T/explained")" 48 "$policy: a line a sample"
done
augment -q -s4 --size 64 --explain "$T/explained" "$T/in" > /dev/null
sed 20d "$T/explained" > "$T/short"
fails_with 1 "short' does not say what was done to this image at seq 19 .*record 19 of .*, image " augment -s4 --size 64 --replay "$T/short" "$T/in"
sed '3s/"image":\[[0-9]*/"image":[77/' "$T/explained" > "$T/short"
fails_with 1 "is about an image of 77x[0-9]* pixels at seq 2, not " augment -s4 --size 64 --replay "$T/short" "$T/in"
fails_with 1 "was written with --quirks sane" augment -s4 --size 64 --quirks tpu --replay "$T/explained" "$T/in"
fails_with 1 "cannot open '.*nothing'" augment -s4 --size 64 --replay "$T/nothing" "$T/in"
bad_line() {
	printf '%s\n' "$1" > "$T/line"
	fails_with 1 "$2.*line 1" augment -s4 --size 64 --replay "$T/line" "$T/in"
}
bad_line '{"id":1}' '"seq" is missing'
bad_line '[]' "an object is wanted"
bad_line '{"id":1} 2' '"seq" is missing'
bad_line "$(head -n 1 "$T/explained") {}" "line:1:"
bad_line '{"steps":[{"op":"melt","value":1}]}' "there is no operation 'melt'"
bad_line '{"steps":[{"op":"cutout","value":1}]}' "spots where they belong"
bad_line '{"steps":[{"op":"cutout","value":1,"spots":[[3,0.1,0.1]]}]}' "cannot be at object 3"
bad_line '{"steps":[{"op":"rotate","value":1e9}]}' "a number of -10000 to 10000"
bad_line "$(head -n 1 "$T/explained" | sed 's/"window":\[0,0,/"window":[9,9,/; s/"canvas":\[64,64/"canvas":[5,5/')" "the window does not lie"
bad_line '{"corruptions":{}}' "a list of corruptions is wanted"
bad_line '{"corruptions":[{"kind":"melt"}]}' "there is no corruption 'melt'"
bad_line '{"corruptions":[{"kind":"shot","level":6}]}' "a whole number of 1 to 5"
bad_line '{"corruptions":[{"kind":"shot","level":5}]}' "a kind, a level and a seed"
bad_line '{"corruptions":[{"kind":"shot","level":5,"seed":9007199254740992}]}' "a whole number of 0 to 9007199254740991"
# The seeds are those of the samples: what was damaged is so again without the option, which other noise would show.
augment -q -s4 --size 64 --seed 3 --corrupt gaussian:1 --explain "$T/explained" "$T/in" | tstream dump --full - > "$T/a"
augment -q -s1 --size 99 --seed 4 --replay "$T/explained" "$T/in" | tstream dump --full - > "$T/b"
ok "corruptions are repeated whatever the options are" cmp "$T/a" "$T/b"
is "$(jq -s 'map(.corruptions[0].seed) | unique | length' "$T/explained")" 48 "each sample has noise of its own"
fails_with 1 "No space left" augment -s4 --size 64 --explain /dev/full -o "$T/never" "$T/in"

# Damaged images: the third loses a piece, in the sixth (a PNG) bytes are changed.
mkdir "$T/bad"
cp "$T"/images/* "$T/bad"
{ head -c -500 "$T/images/02_cmyk.jpg"; tail -c 100 "$T/images/02_cmyk.jpg"; } > "$T/bad/02_cmyk.jpg"
{ head -c 200 "$T/images/05_rgba.png"; printf '\377\377\377\377'; tail -c +205 "$T/images/05_rgba.png"; } > "$T/bad/05_rgba.png"
coco-pack -q "$T/bad/coco.json" --images "$T/bad" > "$T/bad.stream"
fails_with 1 "^augment: jpeg: Corrupt JPEG data: premature end.*record 2 of .*bad.stream.*02_cmyk.jpg" augment -s0 --size 64 "$T/bad.stream"
augment -s0 --size 64 --skip-bad "$T/bad.stream" > "$T/skipped" 2> "$T/err"
is $? 0 "--skip-bad goes on"
like "$(cat "$T/err")" "left out: jpeg: .*02_cmyk.jpg" "and names the JPEG"
like "$(cat "$T/err")" "left out: png: .*05_rgba.png" "and the PNG"
like "$(cat "$T/err")" "16 images in, 14 out; 2 images and 8 objects removed: 2 damaged image" "and counts them"
like "$(augment --eval --size 32 "$T/skipped" 2>&1 > /dev/null)" "14 images in, 14 out" "what is left is a whole stream"

# A photo that lies on its side: sizes as stored, as turned, and without annotations.
mkdir "$T/exif"
$python - "$T/exif" << 'END'
import json, sys
from PIL import Image
exif = Image.Exif()
exif[0x112] = 6
image = Image.new("RGB", (80, 60))
image.paste((255, 255, 255), (0, 0, 20, 10))
image.save(sys.argv[1] + "/photo.jpg", exif=exif, quality=95)
for name, (w, h), box in (("raw", (80, 60), [0, 0, 20, 10]), ("turned", (60, 80), [50, 0, 10, 20])):
    json.dump({"images": [{"id": 1, "file_name": "photo.jpg", "width": w, "height": h}],
               "categories": [{"id": 1, "name": "a"}],
               "annotations": [{"id": 1, "image_id": 1, "category_id": 1, "bbox": box, "area": 200, "iscrowd": 0}]},
              open("%s/%s.json" % (sys.argv[1], name), "w"))
END
for frame in raw turned; do
	coco-pack -q "$T/exif/$frame.json" --images "$T/exif" | augment -q --eval --size 60x80 > "$T/upright"
	is "$($python - "$ROOT/tests" "$T/upright" << 'END'
import sys
sys.path.insert(0, sys.argv[1])
sys.dont_write_bytecode = True
from augment_peer import records, tensor
record = records(sys.argv[2])[0]
pixels = tensor(record["pixels"])
print(pixels.shape, tensor(record["boxes"]).tolist(), int(pixels[:20, 50:].min()) > 240, int(pixels[:, :50].max()) < 20)
END
	)" "(80, 60, 3) [[50.0, 0.0, 60.0, 20.0]] True True" "EXIF 6, annotations $frame: pixels and box upright"
done
rm "$T"/exif/*.json
like "$(coco-pack -q "$T/exif" | augment --eval --size 64 2>&1 > /dev/null)" "1 image in, 1 out" "EXIF 6 without annotations"

# Short sides: of a list, each as often as any other; the long side follows.
sides=$(augment -q -s0 --short 40,50..60:5 --max-size 400 "$T/in" | tstream dump - |
	$python -c 'import json, sys; print(*sorted({min(json.loads(line)["pixels"]["shape"][:2]) for line in sys.stdin}))')
is "$sides" "40 50 55 60" "all short sides of a list are drawn, and no other"

# Views: records of one sample that follow each other, counted as records; drawn apart; --replay tells them apart too.
augment -q -ssimclr --size 24 --explain "$T/explain" "$T/one" > "$T/pairs"
is "$(tstream dump "$T/pairs" | $python -c '
import json, sys
rows = [json.loads(line) for line in sys.stdin]
print(len(rows), all(r["seq"] == i // 2 and r.get("view", 0) == i % 2 for i, r in enumerate(rows)))')" \
	"32 True" "-ssimclr writes pairs"
like "$(augment -ssimclr --size 24 "$T/one" 2>&1 > /dev/null)" "32 images in, 32 out" "and counts them"
augment -q -ssimclr --size 24 --seed 9 --replay "$T/explain" "$T/one" > "$T/again"
ok "--replay repeats both views" cmp <(tstream dump --full "$T/pairs") <(tstream dump --full "$T/again")
augment -q -scrop --views 3 --size 24 --skip-bad "$T/bad.stream" > "$T/three" 2> /dev/null
like "$(tstream check "$T/three" 2>&1)" "42 records" "three views of each; a damaged image loses all of its"

# A dead upstream and a full disk.
head -c 20000 "$T/in" > "$T/cut"
fails_with 1 "^augment: " augment -s0 --size 64 -o "$T/never" "$T/cut"
ok "no file appears" test ! -e "$T/never"
fails_with 1 "No space left" augment -s0 --size 64 -o /dev/full "$T/one"
fails_with 1 "no-such-dir" augment -s0 --size 64 -o "$T/out" --preview "$T/no-such-dir/sheet.jpg" "$T/one"
ok "no output without its preview" test ! -e "$T/out"

augment -q -s1 --size 64x48 --preview "$T/sheet.jpg" --preview-count 5 -o /dev/null "$T/one"
is "$($python -c "from PIL import Image; i = Image.open('$T/sheet.jpg'); i.load(); print(i.format, *i.size)")" \
	"JPEG 1308 872" "a sheet of 5 pairs in 2 columns"

if [ -d "$DATA/bccd" ]; then
	coco-pack -q "$DATA/bccd" --set test -o "$T/bccd.pack"
	augment -q -s1 --size 320x240 -j1 "$T/bccd.pack" > "$T/j1"
	augment -q -s1 --size 320x240 -j4 "$T/bccd.pack" > "$T/j4"
	ok "blood cells: -j1 = -j4" cmp "$T/j1" "$T/j4"
	coco-pack -q "$DATA/nuclei/instances_val.json" --images "$DATA/nuclei/val" > "$T/nuclei"
	like "$(augment --eval --size 128 "$T/nuclei" 2>&1 > /dev/null)" "40 images in, 40 out; 0 images" "RGBA microscopy"
	# objects NAME JSON IMAGES OPTIONS...: numpy moves the objects by the transforms that --explain tells.
	objects() {
		local name=$1 json=$2 images=$3
		shift 3
		coco-pack -q "$json" --images "$images" > "$T/in"
		augment -q "$@" --explain "$T/explain" "$T/in" > "$T/out"
		like "$($python "$ROOT/tests/augment_objects.py" "$json" "$T/out" "$T/explain" 2>&1)" "^[0-9]+ images, [0-9]+ objects: " "$name: $*"
	}
	objects "nuclei" "$DATA/nuclei/instances_val.json" "$DATA/nuclei/val" -s4 --size 200x160
	if [ -d "$DATA/coco" ]; then
		objects "persons" "$DATA/coco/annotations/person_keypoints_train2017.json" "$DATA/coco/train2017" -s2 --size 320x256
		objects "instances" "$DATA/coco/annotations/instances_val2017.json" "$DATA/coco/val2017" -s1 --size 160
	fi
else
	echo "# no $DATA/bccd: real data are not tested"
fi
done_testing
