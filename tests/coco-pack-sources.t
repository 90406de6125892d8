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

done_testing
