#!/bin/bash
# coco-pack reads every kind of source as an independent reader does, and names what is wrong in it.
. "$(dirname "$0")/tap.sh"

/usr/bin/python3 -c 'import msgpack, numpy, PIL' 2> /dev/null || skip_all "no python3-msgpack, python3-numpy or python3-pil"
export PYTHONPATH=$ROOT/formats PYTHONDONTWRITEBYTECODE=1
# source_is_right KIND: made and compared by the script, in the directory KIND.
source_is_right() {
	mkdir -p "$T/$1"
	ok "$1: every field is as an independent reader has it" /usr/bin/python3 "$ROOT/tests/source_peer.py" "$1" "$T/$1"
}

source_is_right directories
ln -s .. "$T/directories/in/a/up"
fails_with 1 "/a/up' is a link to a directory that it is inside of" coco-pack --format dir "$T/directories/in"
mkdir -p "$T/nothing/inside"
fails_with 1 "nothing' holds no .jpg, .jpeg or .png files" coco-pack "$T/nothing"
like "$(coco-pack "$T/directories/in/B" 2>&1 > /dev/null; touch "$T/directories/in/B/x.gif"; coco-pack "$T/directories/in/B" 2>&1 > /dev/null)" \
	"1 file passed over" "other files are counted"

source_is_right lists
L=$T/lists/images
list() { # TEXT: the list x.txt
	printf '%b' "$1" > "$L/x.txt"
}
list '3.png\n4.png\tdog\n'
fails_with 1 "x.txt:2: a class behind a tab, but the lines before have none" coco-pack "$L/x.txt"
list '3.png\tdog\n\n4.png\n'
fails_with 1 "x.txt:3: no class behind a tab, but the lines before have one" coco-pack "$L/x.txt"
list '3.png\tdog\n4.png\t\n'
fails_with 1 "x.txt:2: the class is empty" coco-pack "$L/x.txt"
list '\tdog\n'
fails_with 1 "x.txt:1: the path is empty" coco-pack "$L/x.txt"
list '3.png\tdog\tcat\n'
fails_with 1 "x.txt:1: more than one tab" coco-pack "$L/x.txt"
list '3.png\n4\0000.png\n'
fails_with 1 "x.txt:2: a byte that is 0; this is no list of files" coco-pack "$L/x.txt"
list ''
fails_with 1 "x.txt' holds no images" coco-pack "$L/x.txt"
list 'a.png\nb.png\n'
fails_with 1 "none of the 2 images is in '.*' \(the first is 'a.png'\)" coco-pack "$L/x.txt"
list '3.png\na.png\nx.txt\n'
like "$(coco-pack "$L/x.txt" 2>&1 > /dev/null | tr -s ' ')" "1 records 0 objects: image file missing" "an image that is not there is a reject"
list '3.png\nx.txt\n'
fails_with 1 "record 1 \(image 2, 'x.txt'\): not a JPEG or PNG image" coco-pack "$L/x.txt" --strict

source_is_right cifar
C=$T/cifar/ten
fails_with 1 "say which with --set train or --set test" coco-pack "$C"
fails_with 1 "say which with --set train or --set test" coco-pack "$C" --set val
fails_with 1 "has 10 classes, but 2 are named" coco-pack "$C" --set test --classes a,b
head -c 5000 "$C/test_batch.bin" > "$T/odd.bin"
fails_with 1 "odd.bin' holds no whole number of CIFAR's records: its size is 5000 bytes" coco-pack --format cifar "$T/odd.bin"
cp "$T/odd.bin" "$C/data_batch_3.bin"
fails_with 1 "data_batch_3.bin' is no file of whole records of 3073 bytes" coco-pack "$C" --set train
rm "$C/data_batch_3.bin"
fails_with 1 "cannot open '.*data_batch_3.bin'" coco-pack "$C" --set train
printf '\013' | dd of="$C/test_batch.bin" bs=1 seek=3073 conv=notrunc 2> /dev/null
fails_with 1 "test_batch.bin': record 1 is of class 11; there are only 0 to 9" coco-pack "$C" --set test
fails_with 1 "holds none of CIFAR's .bin files" coco-pack --format cifar "$L"

source_is_right yolo
Y=$T/yolo/flat
label() { # TEXT: the labels of a.png
	printf '%b' "$1" > "$Y/labels/a.txt"
}
label '0 0.5 0.5 0.1 0.1\n\n0 0.5 x 0.1 0.1\n'
fails_with 1 "a.txt:3: 'x' is no number" coco-pack "$Y"
label '0 0.5 inf 0.1 0.1\n'
fails_with 1 "a.txt:1: 'inf' is no number" coco-pack "$Y"
label '0 0.5 0.5 0.1\n'
fails_with 1 "a.txt:1: 4 numbers are neither 'class cx cy w h', with or without a score, nor a polygon" coco-pack "$Y"
label '0 0.5 0.5 0.1 0.1 0.2 0.2 0.3\n'
fails_with 1 "a.txt:1: 8 numbers are neither" coco-pack "$Y"
label '1.5 0.5 0.5 0.1 0.1\n'
fails_with 1 "a.txt:1: a class is a whole number from 0, not 1.5" coco-pack "$Y"
label '-1 0.5 0.5 0.1 0.1\n'
fails_with 1 "a.txt:1: a class is a whole number from 0, not -1" coco-pack "$Y"
label '0 0.5 0.5 0.1 0.1\n\0000\n'
fails_with 1 "a.txt': byte 18 is 0; this is no text" coco-pack "$Y"
label ''
fails_with 1 "parts' has neither images/val with labels/val nor val/images with val/labels" coco-pack --format yolo "$T/yolo/parts" --set val
fails_with 1 "has no directories 'images' and 'labels'" coco-pack --format yolo "$T/yolo/split"
printf 'dog\n\ncat\n' > "$Y/classes.txt"
fails_with 1 "classes.txt:2: a class without a name" coco-pack "$Y"
printf 'dog\ncat\ndog' > "$Y/classes.txt"
fails_with 1 "classes.txt:3: the class 'dog' is there twice" coco-pack "$Y"
: > "$Y/classes.txt"
fails_with 1 "classes.txt' names no classes" coco-pack "$Y"
rm "$Y/classes.txt" "$Y/labels/classes.txt"
fails_with 1 "has no classes.txt, obj.names or data.yaml; give the classes with --classes" coco-pack "$Y"
yaml() { # REGEX TEXT
	printf '%b' "$2" > "$Y/data.yaml"
	fails_with 1 "$1" coco-pack "$Y"
}
yaml "data.yaml' has no 'names'" 'nc: 3\nx: names:\n'
yaml "data.yaml:2: 'names' must be a list" 'nc: 3\nnames: dog\n'
yaml "data.yaml:4: the classes must be numbered 0, 1, ...: here is 2, expected was 1" 'nc: 3\nnames:\n  0: a\n  2: b\n'
yaml "data.yaml:1: the list of names has no end" 'names: [a, b\n'
yaml "data.yaml:2: '\[c' is no plain name" 'names: [a,\n [c]]\n'
yaml "data.yaml:3: 'NUMBER: NAME' is expected, not 'b'" 'names:\n  0: a\n  b\n'
yaml "data.yaml' names no classes" 'names:\nval: x\n'

source_is_right panoptic
P=(coco-pack "$T/panoptic/panoptic.json" --images "$T/panoptic/images")
# edit PYTHON: x.json becomes the panoptic data set (d), edited.
edit() {
	/usr/bin/python3 -c "import json, sys
d = json.load(open(sys.argv[1]))
a = d['annotations'][0]
$1
json.dump(d, open(sys.argv[2], 'w'), indent=1)" "$T/panoptic/panoptic.json" "$T/panoptic/x.json"
}
bad_panoptic() { # REGEX PYTHON
	edit "$2"
	fails_with 1 "$1" coco-pack "$T/panoptic/x.json" --images "$T/panoptic/images" --labels "$T/panoptic/panoptic" --strict
}
fails_with 1 "images of '.*panoptic.json' are not known; give their directory with --images" coco-pack "$T/panoptic/panoptic.json"
bad_panoptic "x.json:[0-9]+:[0-9]+: this annotation has no 'file_name'" "del a['file_name']"
bad_panoptic "x.json:[0-9]+:[0-9]+: this annotation has no 'image_id'" "del a['image_id']"
bad_panoptic "x.json:[0-9]+:[0-9]+: this segment has no 'bbox'" "del a['segments_info'][2]['bbox']"
bad_panoptic "x.json:[0-9]+:[0-9]+: a segment's 'id' is its colour in the PNG file, from 1 to 16777215, not 0" "a['segments_info'][2]['id'] = 0"
bad_panoptic "x.json:[0-9]+:[0-9]+: this image has an annotation already" "d['annotations'].append(a)"
d="d['annotations'] = [a]; d['images'] = d['images'][:1]"
bad_panoptic "label map cannot be used: .*000.png: pixel [0-9]+,[0-9]+ is of segment [0-9]+, which the annotation does not have" "$d; a['segments_info'] = []"
bad_panoptic "label map missing: .*none.png: No such file" "$d; a['file_name'] = 'none.png'"
bad_panoptic "label map cannot be used: .*001.png: it has 16x40, the image 31x17" "$d; a['file_name'] = '001.png'"
bad_panoptic "label map cannot be used: .*000.jpg: a JPEG file, which does not keep numbers" "$d; a['file_name'] = '../images/000.jpg'"
bad_panoptic "size differs from the image: annotated 30x17, the image has 31x17" "$d; d['images'][0]['width'] = 30"
M=$T/panoptic/panoptic
head -c 200 "$M/000.png" > "$M/cut.png"
/usr/bin/python3 -c "from PIL import Image; Image.open('$M/000.png').convert('L').save('$M/grey.png')"
bad_panoptic "label map cannot be used: .*cut.png: png: the file is cut short" "$d; a['file_name'] = 'cut.png'"
bad_panoptic "label map cannot be used: .*grey.png: a map of segments is in colours of 8 bits" "$d; a['file_name'] = 'grey.png'"
fails_with 1 "give their directory with --labels" coco-pack --format panoptic - --images "$T/panoptic/images"
fails_with 1 "is read as 'panoptic', which does not take --set" "${P[@]}" --set x
fails_with 1 "is read as 'panoptic', which does not take --results" "${P[@]}" --results x.json

source_is_right labels
I=$T/labels/images
fails_with 1 "name their numbers with --classes a,b,c or a=1,b=2" coco-pack "$I" --labels "$T/labels/maps"
fails_with 1 "'b=1' has the number 1, which is that of 'a'|'b' has the number 1, which is that of 'a'" coco-pack "$I" --labels "$T/labels/maps" --classes a=1,b=1
fails_with 1 "'a' has the number 256; label maps have 0 to 255" coco-pack "$I" --labels "$T/labels/maps" --classes a=256
fails_with 1 "'a=x' is neither NAME nor NAME=NUMBER" coco-pack "$I" --labels "$T/labels/maps" --classes a=x
fails_with 1 "the label maps of '.*' are not known" coco-pack "$I" --format labels
fails_with 1 "is read as 'list', which does not take --set" coco-pack "$T/lists/classes.lst" --set x
fails_with 1 "is read as 'list', which does not take --labels" coco-pack "$T/lists/classes.lst" --labels x
rm "$T/labels/maps/p0.png"
cp "$I/p2.jpg" "$T/labels/maps/p2.png"
cp "$T/labels/maps/deep/p1.png" "$T/labels/maps/p4.png"
/usr/bin/python3 -c "from PIL import Image; Image.open('$T/labels/maps/deep/p3.png').convert('RGB').save('$T/labels/maps/deep/p3.png')"
is "$(coco-pack -q "$I" --labels "$T/labels/maps" --classes a,b --rejects "$T/rejects" -o "$T/out.stream" 2>&1
	grep -oE '"(file_name|reason|detail)":"[^"]*"' "$T/rejects" | sed "s|$T/labels/||" | tr '\n' ' ')" \
	'"file_name":"deep/p3.jpg" "reason":"label map cannot be used" "detail":"maps/deep/p3.png: png: it is in colours or has transparency; a label map has a palette or is grey" "file_name":"p0.jpg" "reason":"label map missing" "detail":"maps/p0.png: No such file or directory" "file_name":"p2.jpg" "reason":"label map cannot be used" "detail":"maps/p2.png: a JPEG file, which does not keep numbers" "file_name":"p4.jpg" "reason":"size differs from the image" '"$(grep -o '"detail":"annotated[^"]*"' "$T/rejects") " \
	"label maps that cannot be used are rejects, each with its reason"

source_is_right voc
V=$T/voc/VOC
fails_with 1 "cannot open '.*ImageSets/Segmentation/val.txt'" coco-pack "$V" --set Segmentation/val
fails_with 1 "is a directory of XML files, which has no lists for --set" coco-pack "$V/Annotations" --images "$V/JPEGImages" --set all
fails_with 1 "has no directories 'Annotations' and 'JPEGImages'; for a directory of XML files give that of the images" coco-pack --format voc "$V/Annotations"
/usr/bin/python3 -c "from PIL import Image
i = Image.open('$V/SegmentationClass/c.png')
i.putpixel((3, 2), 21)
i.save('$V/SegmentationClass/c.png')"
fails_with 1 "label map cannot be used: .*SegmentationClass/c.png: pixel 3,2 is 21, which is no class" coco-pack "$V" --set Segmentation/train --strict
rm "$V/SegmentationClass/c.png"
fails_with 1 "label map missing: .*SegmentationClass/c.png: No such file" coco-pack "$V" --set Segmentation/train --strict

# Masks of objects: a number that no object has, another size, no map; the directory is not needed.
V=$T/voc/VOC
M=$V/SegmentationObject
printf 'a\n' > "$V/ImageSets/Segmentation/a.txt"
/usr/bin/python3 -c "from PIL import Image
i = Image.open('$M/a.png')
i.putpixel((3, 2), 4)
i.save('$T/four.png')
i.crop((0, 0, 5, 5)).save('$T/small.png')"
for bad in "four.png:label map cannot be used: .*SegmentationObject/a.png: pixel 3,2 is of object 4, the annotation has 3" \
	"small.png:label map cannot be used: .*SegmentationObject/a.png: it has 5x5, the image 20x30" "none.png:label map missing: .*SegmentationObject/a.png"; do
	rm -f "$M/a.png"
	[ ! -e "$T/${bad%%:*}" ] || cp "$T/${bad%%:*}" "$M/a.png"
	fails_with 1 "${bad#*:}" coco-pack "$V" --set Segmentation/a --strict
done
rm -r "$M"
is "$(coco-pack -q "$V" --set Segmentation/a | tstream dump - | jq -c '[.labels.shape, has("masks")]')" '[[3],false]' "without masks there are boxes"

source_is_right results
bad_results() { # REGEX JSON
	printf '%s' "$2" > "$T/results/x.json"
	fails_with 1 "$1" coco-pack "$T/results/truth.json" --images "$T/results/images" --results "$T/results/x.json"
}
bad_results "x.json:1:1: COCO results must be an array" '{}'
bad_results "x.json:1:[0-9]+: COCO results must hold nothing but objects" '[3]'
bad_results "x.json:1:[0-9]+: this result has no 'score'" '[{"image_id":4,"category_id":3,"bbox":[1,2,3,4]}]'
bad_results "x.json:1:[0-9]+: this result has no 'bbox'" '[{"image_id":4,"category_id":3,"score":1}]'
bad_results "x.json:1:[0-9]+: this result has no 'image_id'" '[{"category_id":3,"score":1,"bbox":[1,2,3,4]}]'
bad_results "x.json:1:[0-9]+: 'score' must be a number" '[{"image_id":4,"category_id":3,"score":"1"}]'
fails_with 1 "cannot open 'none.json'" coco-pack "$T/results/truth.json" --images "$T/results/images" --results none.json
printf '[{"image_id":4,"category_id":3,"score":1,"segmentation":{"size":[10,20],"counts":[7]}}]' > "$T/results/x.json"
like "$(coco-pack "$T/results/truth.json" --images "$T/results/images" --results "$T/results/x.json" 2>&1 > /dev/null | tr -s ' ')" \
	"0 records 1 objects: (mask does not fit the image|box without area)" "a result whose mask is none is a reject"

source_is_right tar
A=$T/tar
/usr/bin/python3 - "$A" "$I/p0.jpg" << 'END'
import io, sys, tarfile
image = open(sys.argv[2], 'rb').read()
def make(name, files):
    with tarfile.open(f'{sys.argv[1]}/{name}.tar', 'w', format=tarfile.GNU_FORMAT) as tar:
        for file, data in files:
            info = tarfile.TarInfo(file)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
make('rejects', [('a.jpg', image), ('b.cls', b'0'), ('c.jpg', image), ('c.json', b'{"annotations": [{"id": 1}]}'), ('d.jpg', b'no image'),
                 ('e.jpg', image), ('e.txt', b'a\0b'), ('f.jpg', image), ('f.png', image), ('g.jpg', image[:-50]),
                 ('h.jpg', image), ('h.json', b'[1]'), ('i.jpg', image), ('i.json', b'{"image": {"width": 3, "height": 4}}'),
                 ('j.jpg', image), ('j.semantic.png', image), ('.hidden.jpg', image), ('README', b'text')])
make('twice', [('a.jpg', image), ('b.jpg', image), ('a.cls', b'0')])
make('none', [('README', b'text')])
make('classes', [('__cocopipe__/categories.json', b'{"categories": [{"id": 1}]}'), ('a.jpg', image)])
make('one', [('__cocopipe__/categories.json', b'{"categories": [{"id": 1, "name": "x"}]}'), ('a.jpg', image), ('a.cls', b'x')])
make('other', [('__cocopipe__/categories.json', b'{"categories": [{"id": 1, "name": "y"}]}'), ('b.jpg', image), ('b.cls', b'y')])
END
for mode in index stream; do
	if [ $mode = index ]; then
		text=$(coco-pack "$A/rejects.tar" --rejects "$T/rejects" 2>&1 > "$T/out")
	else
		text=$(coco-pack --format tar - --classes x --rejects "$T/rejects" 2>&1 > "$T/out" < "$A/rejects.tar")
	fi
	is "$(grep -oE '"(image|reason|detail)":"[^"]*"' "$T/rejects" |
		sed -E "s|$A/rejects.tar|A|; s|standard input|A|; s|image has [0-9x]+|image has WxH|" | tr '\n' ' ')" \
		'"image":"b" "reason":"image file missing" "image":"c" "reason":"file of the archive cannot be used" "detail":"A: c.json:1:26: this annotation has no '"'image_id'"'" "image":"d" "reason":"not a JPEG or PNG image" "detail":"image: neither JPEG nor PNG" "image":"e" "reason":"file of the archive cannot be used" "detail":"e.txt: a byte that is 0" "image":"f" "reason":"file of the archive cannot be used" "detail":"f.png" "image":"g" "reason":"image file is cut short" "image":"h" "reason":"file of the archive cannot be used" "detail":"A: h.json:1:1: a sample'"'"'s JSON must be an object" "image":"i" "reason":"size differs from the image" "detail":"annotated 3x4, the image has WxH" "image":"j" "reason":"label map cannot be used" "detail":"j.semantic.png: a JPEG file, which does not keep numbers" ' \
		"$mode: what cannot be used is a reject, with its reason"
	like "$text" "2 files passed over" "$mode: other files are counted"
done
fails_with 1 "image id 'a' is there twice \('.*twice.tar'\)" coco-pack "$A/twice.tar"
fails_with 1 "none.tar' holds no images" coco-pack "$A/none.tar"
fails_with 1 "classes.tar: __cocopipe__/categories.json:1:[0-9]+: this category has no 'name'" coco-pack "$A/classes.tar"
cat "$A/one.tar" "$A/other.tar" > "$A/both.tar"
fails_with 1 "both.tar': the categories at byte [0-9]+ are others than those before" coco-pack "$A/both.tar"
fails_with 1 "others than those before" sh -c "coco-pack --format tar - < '$A/both.tar'"
/usr/bin/python3 - "$A" << 'END'
import io, sys, tarfile
one = tarfile.open(f'{sys.argv[1]}/one.tar')
with tarfile.open(f'{sys.argv[1]}/late.tar', 'w') as tar:
    for member in list(one)[1:] + list(one)[:1]:
        tar.addfile(member, io.BytesIO(one.extractfile(member).read()))
END
is "$(coco-pack -q "$A/late.tar" | tstream dump --header - | grep -o '"name":"[^"]*"')" '"name":"x"' "categories at the end of a file are found"
fails_with 1 "the categories at byte [0-9]+ come behind samples, which a stream cannot wait for" sh -c "coco-pack --format tar - < '$A/late.tar'"
gzip -k "$A/names.tar"
fails_with 1 "names.tar.gz': the sample '.*' has a class, but the classes are not known: name them with --classes" coco-pack "$A/names.tar.gz"
fails_with 1 "is a stream, and shuffling needs" coco-pack "$A/some.tar.gz" --shuffle
head -c 20000 /dev/urandom > "$A/noise.tar"
fails_with 1 "noise.tar': this is no tar archive: no header at byte 0" coco-pack "$A/noise.tar"
: > "$A/empty.tar"
fails_with 1 "empty.tar' is empty; an archive ends with blocks of zeros" coco-pack "$A/empty.tar"
size=$((5 * 512 + ($(stat -c %s "$I/p0.jpg") + 511) / 512 * 512))
good=0
for ((n = 0; n <= size; n += 128)); do
	head -c $n "$A/one.tar" > "$A/cut.tar"
	coco-pack -q "$A/cut.tar" > /dev/null 2> "$T/err" && good=$((good + 1))
	grep -q "cut.tar'" "$T/err" || good=$((good + 1000))
	coco-pack -q --format tar - < "$A/cut.tar" > "$T/out" 2> "$T/err" && good=$((good + 1))
	grep -q "standard input'" "$T/err" || good=$((good + 1000))
	tstream check -q "$T/out" 2> /dev/null && good=$((good + 100000))
done
is $good 0 "an archive cut anywhere is an error that names it, and leaves no complete stream"
# What --tar writes is read as it was: by a file and by a stream.
coco-synth -q -o "$T/syn" -n 6 --size 96x64 --seed 3
again() { # NAME ARGUMENTS...: the data set, its archive and its archive as a stream have the same records
	local name=$1
	shift
	coco-pack -q "$@" > "$T/first"
	coco-pack -q "$@" --tar "$A/$name.tar"
	tstream dump --full --header "$T/first" | sed '1s/.*"categories"/"categories"/; 1s/,"planned".*//; $d' > "$T/want"
	for mode in index stream; do
		if [ $mode = index ]; then coco-pack -q "$A/$name.tar"; else coco-pack -q --format tar - < "$A/$name.tar"; fi |
			tstream dump --full --header - | sed '1s/.*"categories"/"categories"/; 1s/,"planned".*//; $d' > "$T/got"
		ok "$name: written as an archive and read back by $mode" diff "$T/want" "$T/got"
	done
}
again coco "$T/syn/instances.json" --images "$T/syn/images"
again panoptic "$T/panoptic/panoptic.json" --images "$T/panoptic/images"
sed -i "s|.*/images/||" "$T/lists/classes.lst"
again lists "$T/lists/classes.lst" --images "$L"
again tar "$A/some.tar"
again voc "$T/voc/VOC" --set all

printf 'x' | dd of="$A/one.tar" bs=1 seek=1030 conv=notrunc 2> /dev/null
fails_with 1 "one.tar': damaged: no header at byte 1024" coco-pack "$A/one.tar"

done_testing
