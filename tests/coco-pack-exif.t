#!/bin/bash
# coco-pack: which frame annotations of turned images were made in; PNG, directories, names of data sets.
. "$(dirname "$0")/tap.sh"

coco-synth -q -o "$T/syn" -n 1 --size 96x64 --seed 5
mkdir "$T/images"
# turn ORIENTATION: images/a.jpg is the drawn picture with that EXIF orientation.
turn() {
	/usr/bin/python3 - "$1" "$T"/syn/images/*.jpg "$T/images/a.jpg" << 'END'
import struct, sys
data = open(sys.argv[2], 'rb').read()
tiff = b'II*\0' + struct.pack('<IHHHIHHI', 8, 1, 0x112, 3, 1, int(sys.argv[1]), 0, 0)
exif = b'Exif\0\0' + tiff
open(sys.argv[3], 'wb').write(data[:2] + b'\xff\xe1' + struct.pack('>H', len(exif) + 2) + exif + data[2:])
END
}
# frame W H OPTIONS...: what the sample says for an annotation of that size (0: none is given).
frame() {
	local size="\"width\": $1, \"height\": $2,"
	[ "$1" != 0 ] || size=""
	echo "{\"images\": [{\"id\": \"x\", $size \"file_name\": \"a.jpg\"}], \"categories\": [{\"id\": 3, \"name\": \"c\"}],
		\"annotations\": [{\"id\": 1, \"image_id\": \"x\", \"category_id\": 3, \"bbox\": [10, 20, 30, 60]}]}" > "$T/x.json"
	shift 2
	coco-pack -q "$T/x.json" --images "$T/images" "$@" 2> "$T/err" | tstream dump --full - 2> /dev/null |
		/usr/bin/python3 -c '
import json, sys
for line in sys.stdin:
    r = json.loads(line)
    print(r["orig_w"], r["orig_h"], r.get("exif", 1), r.get("exif_boxes", 1), r["boxes"]["values"], r["valid_w"], r["valid_h"])'
}

turn 6
is "$(frame 96 64)" "96 64 6 6 [10, 20, 40, 64] 96 64" "annotated as stored: pixels and boxes are to be turned"
is "$(frame 64 96)" "64 96 6 1 [10, 20, 40, 80] 96 64" "annotated as shown: pixels only"
is "$(frame 96 64 --exif turned)" "96 64 6 6 [10, 20, 40, 64] 96 64" "--exif does not overrule the size"
is "$(frame 0 0)" "96 64 6 6 [10, 20, 40, 64] 96 64" "no size: as stored"
is "$(frame 0 0 --exif turned)" "64 96 6 1 [10, 20, 40, 80] 96 64" "or as shown, with --exif turned"
is "$(frame 96 96)" "" "another size fits neither"
like "$(cat "$T/err")" "all 1 records were rejected, 1 of them: size differs from the image" "and says so"
turn 3
is "$(frame 96 64)" "96 64 3 3 [10, 20, 40, 64] 96 64" "half a turn keeps the size: as stored"
is "$(frame 96 64 --exif turned)" "96 64 3 1 [10, 20, 40, 64] 96 64" "or as shown"
is "$(frame 64 96)" "" "swapped sides do not fit half a turn"
turn 1
is "$(frame 96 64)" "96 64 1 1 [10, 20, 40, 64] 96 64" "an image that is not turned"
is "$(frame 64 96)" "" "has one size only"
turn 9
is "$(frame 96 64)" "96 64 1 1 [10, 20, 40, 64] 96 64" "a turn that does not exist is none"

# A directory: ids in byte order, other files passed over; the name of the data set is no path.
mkdir "$T/dir"
for n in b.jpg B.JPEG a.jpg; do cp "$T/images/a.jpg" "$T/dir/$n"; done
/usr/bin/python3 - "$T/dir/c.png" << 'END'
import struct, sys, zlib
chunk = lambda kind, data: struct.pack('>I', len(data)) + kind + data + struct.pack('>I', zlib.crc32(kind + data))
open(sys.argv[1], 'wb').write(b'\x89PNG\r\n\x1a\n' + chunk(b'IHDR', struct.pack('>IIBBBBB', 3, 2, 8, 2, 0, 0, 0)) +
                              chunk(b'IDAT', zlib.compress(b'\0' * 20)) + chunk(b'IEND', b''))
END
cp "$T/dir/c.png" "$T/dir/d.png"
truncate -s 50 "$T/dir/d.png"
touch "$T/dir/README" "$T/dir/.hidden.jpg"
text=$(cd "$T/dir" && coco-pack . --rejects "$T/rejects" 2>&1 > "$T/out")
is "$(tstream dump "$T/out" | sed 's/"encoded.*//' | tr '\n' ' ')" \
	'{"id":1,"seq":0,"source":"dir","file_name":"B.JPEG", {"id":2,"seq":1,"source":"dir","file_name":"a.jpg", {"id":3,"seq":2,"source":"dir","file_name":"b.jpg", {"id":4,"seq":3,"source":"dir","file_name":"c.png", ' \
	"a directory: JPEG and PNG, numbered in byte order"
like "$text" "1 file passed over: not named as an image or what belongs to it" "other files are mentioned"
like "$(tr -s ' ' <<< "$text")" "1 records 0 objects: image file is cut short" "a PNG without its end is rejected"
like "$(cat "$T/rejects")" '^\{"seq":4,"image":5,"file_name":"d.png","objects":0,"reason":"image file is cut short"\}$' "and listed"

# Neither paths nor threads leave a trace in the stream.
cp -r "$T/dir" "$T/elsewhere"
mv "$T/elsewhere" "$T/images/dir"
coco-pack -q "$T/images/dir" -j3 > "$T/out2"
ok "the same data elsewhere give the same bytes" cmp "$T/out" "$T/out2"

done_testing
