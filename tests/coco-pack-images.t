#!/bin/bash
# Images of every kind, from files to pixels: all EXIF orientations, grey, CMYK, progressive, 16-bit, cut short, something else.
. "$(dirname "$0")/tap.sh"

/usr/bin/python3 -c 'import msgpack, numpy, PIL' 2> /dev/null || skip_all "no python3 with msgpack, numpy and PIL"
export PYTHONDONTWRITEBYTECODE=1
peer() {
	/usr/bin/python3 "$ROOT/tests/kinds_peer.py" "$@"
}

# Turned pictures: the size says which frame the boxes are of, where width and height change places; the option where not.
mkdir "$T/turned"
peer turned "$T/turned"
for frame in stored shown; do
	exif=raw
	[ $frame = stored ] || exif=turned
	coco-pack -q "$T/turned/$frame.json" --images "$T/turned" --exif $exif -o "$T/turned.pack"
	for size in 60x60 96x96 48x32; do
		augment -q --eval --size $size "$T/turned.pack" > "$T/out"
		ok "annotated as $frame, drawn to $size: all 8 orientations" peer check-turned "$T/out" "$T/turned"
	done
done

# Kinds: pixels at the original size.
mkdir "$T/kinds"
peer kinds "$T/kinds"
coco-pack -q --strict "$T/kinds" -o "$T/kinds.pack"
is "$?" 0 "every kind of JPEG and PNG is packed"
augment -q --eval --size 96x64 "$T/kinds.pack" > "$T/out"
is "$?" 0 "and drawn"
ok "as Pillow has it" peer check-kinds "$T/out" "$T/kinds"
augment -q --eval --size 96x64 -j4 "$T/kinds.pack" | cmp - "$T/out"
is "${PIPESTATUS[*]}" "0 0" "with any number of threads"

# Cut short, and other formats: each one is rejected by name, whatever is left of it; what is good remains.
mkdir "$T/cut"
peer cut "$T/cut"
cp "$T/kinds/rgb.jpg" "$T/cut/good.jpg"
n=$(find "$T/cut" -type f | wc -l)
coco-pack "$T/cut" --rejects "$T/rejects" -o "$T/cut.stream" 2> "$T/err"
is "$?" 0 "a directory of $n files, most of them damaged"
like "$(cat "$T/err")" "^coco-pack: out +1 records" "one is good"
ok "each of the others is listed with a reason" peer check-cut "$T/rejects" "$T/cut"
is "$(tstream dump "$T/cut.stream" | jq -r .file_name)" good.jpg "the good one is there"
rm "$T/cut/good.jpg"
fails_with 1 "all $((n - 1)) records were rejected" coco-pack "$T/cut"
fails_with 1 "record 0 \(image 1, '00-alpha.png'\): not a JPEG or PNG image" coco-pack --strict "$T/cut" -o "$T/never"

# A file that is cut inside and has its end marker: packed, then left out by name when it is drawn.
mkdir "$T/inside"
{ head -c 900 "$T/kinds/rgb.jpg"; tail -c 2 "$T/kinds/rgb.jpg"; } > "$T/inside/a.jpg"
{ head -c 900 "$T/kinds/progressive.jpg"; tail -c 2 "$T/kinds/progressive.jpg"; } > "$T/inside/b.jpg"
{ head -c 300 "$T/kinds/deep.png"; tail -c 12 "$T/kinds/deep.png"; } > "$T/inside/c.png"
cp "$T/kinds/rgb.png" "$T/inside/d.png"
coco-pack -q "$T/inside" -o "$T/inside.pack"
fails_with 1 "record 0 of .*a.jpg" augment --eval --size 32 "$T/inside.pack"
augment --eval --size 32 --skip-bad "$T/inside.pack" > "$T/out" 2> "$T/err"
is "$?" 0 "--skip-bad goes on"
for name in a.jpg b.jpg c.png; do
	like "$(cat "$T/err")" "left out: .*$name" "$name is left out by name"
done
is "$(tstream dump "$T/out" | jq -r .file_name)" d.png "the whole one is drawn"
done_testing
