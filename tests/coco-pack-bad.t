#!/bin/bash
# coco-pack and everything that can be wrong: each case has its message or its counted reject.
. "$(dirname "$0")/tap.sh"

coco-synth -q -o "$T/syn" -n 6 --size 96x64 --seed 5
IMAGES=$T/syn/images
ok "the data are good to begin with" coco-pack -q "$T/syn/instances.json" --images "$IMAGES" --strict -o "$T/good.pack"

# edit PYTHON: x.json becomes the good data set (d), edited.
edit() {
	/usr/bin/python3 -c "
import json, sys
d = json.load(open(sys.argv[1]))
a, i, c = d['annotations'], d['images'], d['categories']
$1
json.dump(d, open(sys.argv[2], 'w'), indent=1)" "$T/syn/instances.json" "$T/x.json"
}
is_error() { # NAME REGEX PYTHON
	edit "$3"
	coco-pack "$T/x.json" --images "$IMAGES" > "$T/out" 2> "$T/err"
	is "$?" 1 "$1 is an error"
	like "$(cat "$T/err")" "$2" "that says: $2"
	is "$(tstream check "$T/out" 2> /dev/null; echo $?)" 1 "and leaves no complete stream"
}
is_reject() { # NAME "RECORDS OBJECTS: REASON" PYTHON
	edit "$3"
	local text
	text=$(coco-pack "$T/x.json" --images "$IMAGES" 2>&1 > "$T/out")
	is "$?" 0 "$1 is no error"
	like "$(tr -s ' ' <<< "$text")" "^coco-pack: $2\$" "but counted: $2"
	ok "and the stream is complete" tstream check -q "$T/out"
	fails_with 1 "${2##*: }" coco-pack "$T/x.json" --images "$IMAGES" --strict
}

# The structure of the JSON.
is_error "a string for a number in a box" "x.json:[0-9]+:[0-9]+: 'bbox' must hold nothing but numbers" "a[1]['bbox'][2] = '7'"
is_error "null in a box" "x.json:[0-9]+:[0-9]+: 'bbox' must hold nothing but numbers" "a[1]['bbox'][2] = None"
is_error "NaN in a box" "x.json:[0-9]+:[0-9]+: NaN and Infinity are not JSON" "a[1]['bbox'][2] = float('nan')"
is_error "Infinity in a box" "x.json:[0-9]+:[0-9]+: NaN and Infinity are not JSON" "a[1]['bbox'][2] = float('inf')"
is_error "a box of three numbers" "x.json:[0-9]+:[0-9]+: 'bbox' must have 4 numbers, not 3" "a[1]['bbox'].pop()"
is_error "a string for a width" "x.json:[0-9]+:[0-9]+: an image's 'width' must be a whole number" "i[0]['width'] = '96'"
is_error "a fraction for a width" "x.json:[0-9]+:[0-9]+: an image's 'width' must be a whole number" "i[0]['width'] = 96.5"
is_error "a width of 0" "x.json:[0-9]+:[0-9]+: an image's 'width' must be at least 1, not 0" "i[0]['width'] = 0"
is_error "a number for a file name" "x.json:[0-9]+:[0-9]+: an image's 'file_name' must be a string" "i[0]['file_name'] = 3"
is_error "a list for an id" "x.json:[0-9]+:[0-9]+: an image's 'id' must be a whole number or a string" "i[0]['id'] = [1]"
is_error "an object for the images" "x.json:[0-9]+:[0-9]+: 'images' must be an array" "d['images'] = {}"
is_error "numbers for images" "x.json:[0-9]+:[0-9]+: 'images' must hold nothing but objects" "d['images'] = [1]"
is_error "an array for the document" "x.json:1:1: a COCO data set must be an object" "d = [d]"
is_error "an image without id" "x.json:[0-9]+:[0-9]+: this image has no 'id'" "del i[2]['id']"
is_error "an image without file name" "x.json:[0-9]+:[0-9]+: this image has no 'file_name'" "del i[2]['file_name']"
is_error "an annotation without box" "x.json:[0-9]+:[0-9]+: this annotation has no 'bbox'" "del a[2]['bbox']"
is_error "an annotation without category" "x.json:[0-9]+:[0-9]+: this annotation has no 'category_id'" "del a[2]['category_id']"
is_error "an annotation without image" "x.json:[0-9]+:[0-9]+: this annotation has no 'image_id'" "del a[2]['image_id']"
is_error "an annotation without id" "x.json:[0-9]+:[0-9]+: this annotation has no 'id'" "del a[2]['id']"
is_error "a name of a keypoint that is none" "x.json:[0-9]+:[0-9]+: a category's 'keypoints' must hold nothing but names" \
	"c[0]['keypoints'] = ['a', 2]"
is_error "a name of a keypoint with a NUL" "x.json:[0-9]+:[0-9]+: the name of a keypoint must not have a NUL in it" \
	"c[0]['keypoints'] = ['a\\u0000']"
is_error "a keypoint 0" "x.json:[0-9]+:[0-9]+: the keypoints of 'skeleton' count from 1, so 0 is none" "c[0]['skeleton'] = [[0, 1]]"
is_error "a line of three keypoints" "x.json:[0-9]+:[0-9]+: 'skeleton' must hold nothing but pairs" "c[0]['skeleton'] = [[1, 2, 3]]"
is_error "a number for a line" "x.json:[0-9]+:[0-9]+: 'skeleton' must hold nothing but pairs" "c[0]['skeleton'] = [1, 2]"
is_error "a category without name" "x.json:[0-9]+:[0-9]+: this category has no 'name'" "del c[0]['name']"
is_error "an image id that is there twice" "x.json:[0-9]+:[0-9]+: image id 1 is there twice" "i[3]['id'] = 1"
is_error "an annotation id that is there twice" "x.json:[0-9]+:[0-9]+: annotation id 1 is there twice" "a[3]['id'] = 1"
is_error "a category id that is there twice" "x.json': category id 1 is there twice" "c[1]['id'] = 1"
is_error "an odd polygon" "x.json:[0-9]+:[0-9]+: a polygon must have an even number of coordinates, not 5" "a[0]['segmentation'] = [[1,2,3,4,5]]"
is_error "a polygon of strings" "x.json:[0-9]+:[0-9]+: a polygon must hold nothing but numbers" "a[0]['segmentation'] = [['1']]"
is_error "a mask without size" "x.json:[0-9]+:[0-9]+: 'segmentation' must have 'counts' and 'size'" "a[0]['segmentation'] = {'counts': [1]}"
is_error "a negative run" "x.json:[0-9]+:[0-9]+: 'counts' must hold run lengths, not -1" \
	"a[0]['segmentation'] = {'counts': [-1], 'size': [64, 96]}"
is_error "half a keypoint" "x.json:[0-9]+:[0-9]+: 'keypoints' must have 3 numbers a point, not 4 in all" "a[0]['keypoints'] = [1,2,2,4]"
is_error "keypoints of two kinds" "x.json:[0-9]+:[0-9]+: 2 keypoints, but 1 in the annotations before" \
	"a[0]['keypoints'] = [1,2,2]; a[1]['keypoints'] = [1,2,2,3,4,2]"
is_error "no images" "x.json' holds no images" "d['images'] = []; d['annotations'] = []"
is_error "no list of images" "x.json' has no 'images'" "del d['images']"
is_error "no categories" "x.json' has no 'categories'" "del d['categories']"

# What cannot be used is counted.
is_reject "a box of zero width" "0 records 1 objects: box without area" "a[1]['bbox'][2] = 0"
is_reject "a box of negative height" "0 records 1 objects: box without area" "a[1]['bbox'][3] = -5"
is_reject "a box outside" "0 records 1 objects: box outside the image" "a[1]['bbox'][0] = 96"
is_reject "a box outside on the left" "0 records 1 objects: box outside the image" "a[1]['bbox'][0] = -500"
is_reject "an unknown category" "0 records 1 objects: unknown category" "a[1]['category_id'] = 99"
is_reject "an unknown image" "0 records 1 objects: annotation of an unknown image" "a[1]['image_id'] = 99"
is_reject "a mask of another size" "0 records 1 objects: mask does not fit the image" \
	"a[0]['segmentation'] = {'counts': [50], 'size': [5, 10]}"
is_reject "runs that do not fill the mask" "0 records 1 objects: mask does not fit the image" \
	"a[0]['segmentation'] = {'counts': [50, 7], 'size': [64, 96]}"
is_reject "a mask that is no mask" "0 records 1 objects: mask does not fit the image" \
	"a[0]['segmentation'] = {'counts': 'zzzzzzzzzzz', 'size': [64, 96]}"
is_reject "a wrong width" "1 records [0-9]+ objects: size differs from the image" "i[0]['width'] = 95"
is_reject "sides that are swapped" "1 records [0-9]+ objects: size differs from the image" "i[0]['width'], i[0]['height'] = 64, 96"
is_reject "an image that is not there" "1 records [0-9]+ objects: image file missing" "i[0]['file_name'] = 'none.jpg'"
is_reject "a directory for an image" "1 records [0-9]+ objects: not a JPEG or PNG image" "i[0]['file_name'] = '../images'"
is_reject "a text for an image" "1 records [0-9]+ objects: not a JPEG or PNG image" "i[0]['file_name'] = '../instances.json'"
first=$(find "$IMAGES" -name '*.jpg' | sort | head -n 1)
head -c 900 "$first" > "$IMAGES/cut.jpg"
head -c 100 "$first" > "$IMAGES/header.jpg"
: > "$IMAGES/empty.jpg"
is_reject "a JPEG cut in its data" "1 records [0-9]+ objects: image file is cut short" "i[0]['file_name'] = 'cut.jpg'"
is_reject "a JPEG cut in its header" "1 records [0-9]+ objects: not a JPEG or PNG image" "i[0]['file_name'] = 'header.jpg'"
is_reject "an empty file" "1 records [0-9]+ objects: not a JPEG or PNG image" "i[0]['file_name'] = 'empty.jpg'"
rm "$IMAGES"/{cut,header,empty}.jpg

edit "a[0]['bbox'] = [-3, 5, 300, 20]; d['annotations'] = a[:1]"
like "$(coco-pack "$T/x.json" --images "$IMAGES" 2>&1 > "$T/out")" "1 box cut at the edge of the image" "boxes are cut at the edge, which is said"
is "$(tstream dump --full "$T/out" | grep -o '"boxes":{[^}]*}' | tr -d ' ')" '"boxes":{"dtype":"f32","shape":[1,4],"values":[0,5,96,25]}' "to where the image ends"
is_error "nothing but bad images" "all 6 records were rejected, 6 of them: size differs from the image" "
for x in i: x['width'] = 7"

# Every cut of a small file is an error.
edit "d['images'] = i[:1]; d['annotations'] = a[:1]"
size=$(stat -c %s "$T/x.json")
good=0
for ((n = 0; n < size; n += 7)); do
	head -c $n "$T/x.json" > "$T/cut.json"
	coco-pack -q "$T/cut.json" --images "$IMAGES" > "$T/out" 2> "$T/err" && good=$((good + 1))
	grep -qE "cut.json(:[0-9]+:[0-9]+: |' is neither)" "$T/err" || good=$((good + 1000))
done
is $good 0 "a JSON file cut anywhere is an error that names it"

# Operands and directories.
fails_with 1 "cannot open '.*none.json': No such file or directory" coco-pack "$T/none.json" --images "$IMAGES"
fails_with 1 "give their directory with --images" coco-pack "$T/syn/instances.json"
fails_with 1 "cannot open the image directory '.*none': No such file" coco-pack "$T/syn/instances.json" --images "$T/none"
fails_with 1 "none of the 6 images is in '.*' \(the first is '[^']+'\); is it the right directory\?" \
	coco-pack "$T/syn/instances.json" --images "$T/syn"
mkdir "$T/nothing"
fails_with 1 "holds no .jpg, .jpeg or .png files" coco-pack "$T/nothing"
fails_with 1 "is nothing that can be read: coco-pack\(1\) lists what can" coco-pack "$first"
fails_with 1 "is empty, without even a header" coco-pack -
head -c 2000 "$T/good.pack" > "$T/cut.pack"
fails_with 1 "cut.pack'" coco-pack "$T/cut.pack"
printf '{"kind":1}' > "$T/d.json"
fails_with 1 "has no 'images'" coco-pack "$T/d.json" --images "$IMAGES"

# VOC.
V=$T/voc
mkdir -p "$V"/{Annotations,JPEGImages,ImageSets/Main}
for n in b a c; do
	cp "$first" "$V/JPEGImages/$n.jpg"
	cat > "$V/Annotations/$n.xml" << END
<annotation><filename>$n.jpg</filename><size><width>96</width><height>64</height><depth>3</depth></size>
<object><name>dog</name><difficult>1</difficult><bndbox><xmin>1</xmin><ymin>2.5</ymin><xmax>96</xmax><ymax>20</ymax></bndbox>
<part><name>head</name><bndbox><xmin>5</xmin><ymin>5</ymin><xmax>9</xmax><ymax>9</ymax></bndbox></part></object>
<object><name>cat $n</name><bndbox><xmin>10</xmin><ymin>10</ymin><xmax>10</xmax><ymax>20</ymax></bndbox></object>
</annotation>
END
done
printf 'c\na\n' > "$V/ImageSets/Main/train.txt"
printf 'a 1\n' > "$V/ImageSets/Main/dog_train.txt"
printf 'a\nb\na\n' > "$V/ImageSets/Main/twice.txt"
printf 'a\nx\n' > "$V/ImageSets/Main/missing.txt"
: > "$V/ImageSets/Main/none.txt"
text=$(coco-pack "$V" --set train 2>&1 > "$T/out")
like "$(tr -s ' ' <<< "$text")" "^coco-pack: 0 records 2 objects: box without area$" "VOC: equal corners are no box"
is "$(tstream dump --full --header "$T/out" | grep -oE '"(id|source|file_name|boxes|labels|ignore|name)":("[^"]*"|[0-9]+|\{[^}]*\})' |
	tr -d ' ' | tr '\n' ' ')" \
	'"id":1 "name":"cata" "id":2 "name":"catb" "id":3 "name":"catc" "id":4 "name":"dog" "id":3 "source":"voc-train" "file_name":"c.jpg" "boxes":{"dtype":"f32","shape":[1,4],"values":[0,1.5,96,20]} "labels":{"dtype":"i32","shape":[1],"values":[3]} "ignore":{"dtype":"u8","shape":[1],"values":[1]} "id":1 "source":"voc-train" "file_name":"a.jpg" "boxes":{"dtype":"f32","shape":[1,4],"values":[0,1.5,96,20]} "labels":{"dtype":"i32","shape":[1],"values":[3]} "ignore":{"dtype":"u8","shape":[1],"values":[1]} ' \
	"VOC: ids by name, all categories, boxes from pixels, difficult, no parts"
like "$(coco-pack "$V" --set train --classes "cat a,cat b,cat c" 2>&1 > "$T/out" | tr -s ' ')" "0 records 2 objects: unknown category" "VOC: --classes leaves others out"
is "$(tstream dump --header "$T/out" | head -n 1 | grep -o '"name":"[^"]*"' | tr '\n' ' ')" '"name":"cat a" "name":"cat b" "name":"cat c" ' "and gives the order"
like "$(coco-pack "$V" --set missing 2>&1 > "$T/out" | tr -s ' ')" "1 records 0 objects: annotation file missing" "VOC: an XML file that is not there"
like "$(coco-pack "$V" --set missing --unlabelled 2>&1 > "$T/out" | tr -s ' ')" "1 records 0 objects: image file missing" "VOC: an image that is not there"
fails_with 1 "say which list of images with --set" coco-pack "$V"
fails_with 1 "cannot open '.*/ImageSets/Main/nope.txt'" coco-pack "$V" --set nope
fails_with 1 "none.txt' lists no images" coco-pack "$V" --set none
fails_with 1 "dog_train.txt:1: one name a line is expected" coco-pack "$V" --set dog_train
fails_with 1 "'a' is in the list 'twice' twice" coco-pack "$V" --set twice
fails_with 2 "names 'x' twice" coco-pack "$V" --set train --classes x,y,x
fails_with 2 "classes has an empty name" coco-pack "$V" --set train --classes x,
fails_with 2 "classes has an empty name" coco-pack "$V" --set train --classes ""
sed -i 's/<xmin>1</<xmin>one</' "$V/Annotations/a.xml"
fails_with 1 "a.xml:2:[0-9]+: <xmin> must be a number, not 'one'" coco-pack "$V" --set train
sed -i 's/<xmin>one<.xmin>//' "$V/Annotations/a.xml"
fails_with 1 "a.xml:3:[0-9]+: this object has no complete <bndbox>" coco-pack "$V" --set train
head -c 200 "$V/Annotations/c.xml" > "$V/Annotations/a.xml"
fails_with 1 "a.xml:2:[0-9]+: unclosed token" coco-pack "$V" --set train
echo "<html/>" > "$V/Annotations/a.xml"
fails_with 1 "a.xml:1:1: the root must be <annotation>, not <html>" coco-pack "$V" --set train

# Outputs.
GOOD=("$T/syn/instances.json" --images "$IMAGES")
fails_with 1 "cannot write '$T/nodir/x.pack': No such file or directory" coco-pack "${GOOD[@]}" -o "$T/nodir/x.pack"
fails_with 1 "cannot write '/dev/full': No space left" coco-pack "${GOOD[@]}" -o /dev/full
edit "a[1]['bbox'][2] = 0"
fails_with 1 "cannot write the list of rejects: No space left" coco-pack "$T/x.json" --images "$IMAGES" --rejects /dev/full
coco-pack -q "$T/x.json" --images "$IMAGES" --rejects /dev/full -o "$T/never.pack" 2> /dev/null
coco-pack -q "${GOOD[@]}" > /dev/full 2> "$T/err"
is "$?" 1 "a full disk on standard output is an error"
like "$(cat "$T/err")" "^coco-pack: cannot write 'standard output': No space left on device" "that says so"
fails_with 1 "cannot write" coco-pack "${GOOD[@]}" --rejects "$T/nodir/r"
edit "a[1]['bbox'][0] = 'x'"
coco-pack -q "$T/x.json" --images "$IMAGES" -o "$T/never.pack" 2> /dev/null
is "$(find "$T" -name 'never*')" "" "a failed run leaves no file"

# Pipes: closed downstream, killed upstream.
coco-pack -q "${GOOD[@]}" --epochs 1000 2> "$T/err" | head -c 1000 > "$T/out"
is "${PIPESTATUS[0]} $(cat "$T/err")" "141 " "a closed pipe ends it quietly by SIGPIPE"
mkfifo "$T/pipe"
coco-pack -q "${GOOD[@]}" --epochs 1000000 > "$T/pipe" &
pid=$!
disown $pid
{ sleep 0.2; kill -9 $pid; } &
tstream check - < "$T/pipe" > "$T/out" 2> "$T/err"
is "$?" 1 "a coco-pack that was killed is not the end of the data"
like "$(cat "$T/err")" "record [0-9]+|ends without|cut" "the reader says where it broke"

done_testing
