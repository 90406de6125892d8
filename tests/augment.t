#!/bin/bash
# augment through real pipes: usage, independence of threads and machine, damaged input, the preview.
. "$(dirname "$0")/tap.sh"

python=/usr/bin/python3
$python -c 'import PIL, numpy, msgpack' 2> /dev/null || skip_all "needs /usr/bin/python3 with Pillow, numpy and msgpack"
mkdir "$T/images"
$python "$ROOT/tests/augment_peer.py" make "$T/images"
coco-pack -q "$T/images/coco.json" --images "$T/images" --epochs 3 --shuffle > "$T/in" || exit 1
coco-pack -q "$T/images/coco.json" --images "$T/images" > "$T/one" || exit 1

fails_with 2 "give either -s0, -s1, -s4, -scrop, -scentre or --eval" augment --size 320
fails_with 2 "give either -s0, .* or --eval" augment --size 320 -s0 --eval
fails_with 2 "size .*is missing" augment -s0
fails_with 2 "a size is N or WxH" augment -s0 --size 320x
fails_with 2 "at most 16384" augment -s0 --size 20000
fails_with 2 "there are -s0, -s1, -s4, -scrop and -scentre" augment -s7 --size 320
fails_with 2 "takes two factors" augment -s1 --size 320 --jitter 1.2,0.8
fails_with 2 "takes two factors" augment -s1 --size 320 --jitter 1,nan
fails_with 2 "there is no scale jitter with -s0" augment -s0 --size 320 --jitter 0.5,2
for value in 0,10 17,10 1 1,31 1,-1 1,nan "1,10," x; do
	fails_with 2 "randaugment takes N,M with" augment -s4 --size 320 --randaugment $value
done
fails_with 2 "randaugment does not go with --eval" augment --eval --size 320 --randaugment 1,10
fails_with 2 "one number for --size" augment -s0 --size 320x240 --max-size 640
fails_with 2 "is not smaller" augment -s0 --size 800 --max-size 640
for policy in 1 4 crop centre; do
	fails_with 2 "does not go with it" augment -s$policy --size 800 --max-size 1333
done
fails_with 2 "tight or corners, not 'loose'" augment -s0 --size 320 --boxes loose
fails_with 2 "pairs are written as left_eye=right_eye" augment -s0 --size 320 --swap left_eye "$T/one"
fails_with 1 "no category has both keypoints 'a' and 'b' .--swap" augment -s0 --size 320 --swap a=b "$T/one"
fails_with 2 "one input at most" augment -s0 --size 320 a b
fails_with 1 "cannot open" augment -s0 --size 320 "$T/nothing"
fails_with 1 "." augment -s0 --size 320

# Every policy: threads and instruction level change no byte, other seeds do.
for policy in "-s0 --size 120x100" "-s0 --size 100 --max-size 130" "-s1 --size 128" "-s4 --size 128x96 --randaugment 3,9" "-scrop --size 48x64" "--eval --size 100x80"; do
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

# A dead upstream and a full disk.
head -c 20000 "$T/in" > "$T/cut"
fails_with 1 "^augment: " augment -s0 --size 64 -o "$T/never" "$T/cut"
ok "no file appears" test ! -e "$T/never"
fails_with 1 "No space left" augment -s0 --size 64 -o /dev/full "$T/one"
fails_with 1 "no-such-dir" augment -s0 --size 64 -o "$T/out" --preview "$T/no-such-dir/sheet.jpg" "$T/one"
ok "no output without its preview" test ! -e "$T/out"

augment -q -s1 --size 64x48 --preview "$T/sheet.jpg" --preview-count 5 -o /dev/null "$T/one"
is "$($python -c "from PIL import Image; i = Image.open('$T/sheet.jpg'); i.load(); print(i.format, *i.size)")" \
	"JPEG 1232 664" "a sheet of 5 pictures in 3 columns"

if [ -d "$DATA/bccd" ]; then
	coco-pack -q "$DATA/bccd" --set test -o "$T/bccd.pack"
	augment -q -s1 --size 320x240 -j1 "$T/bccd.pack" > "$T/j1"
	augment -q -s1 --size 320x240 -j4 "$T/bccd.pack" > "$T/j4"
	ok "blood cells: -j1 = -j4" cmp "$T/j1" "$T/j4"
	coco-pack -q "$DATA/nuclei/instances_val.json" --images "$DATA/nuclei/val" > "$T/nuclei"
	like "$(augment --eval --size 128 "$T/nuclei" 2>&1 > /dev/null)" "40 images in, 40 out; 0 images" "RGBA microscopy"
else
	echo "# no $DATA/bccd: real data are not tested"
fi
done_testing
