#!/bin/bash
# coco-pack --unpack gives back what was packed, and --tar is an archive that others read.
. "$(dirname "$0")/tap.sh"

/usr/bin/python3 -c 'import PIL' 2> /dev/null || skip_all "python3-pil is not installed"
export PYTHONDONTWRITEBYTECODE=1
same() {
	/usr/bin/python3 "$ROOT/tests/coco_same.py" "$@"
}

# comes_back NAME JSON IMAGES: there and back, through a pack.
comes_back() {
	local name=$1 json=$2 images=$3 source
	source=$(basename "$json" .json)
	rm -rf "$T/back" "$T/there.pack"
	coco-pack -q --strict "$json" --images "$images" -o "$T/there.pack"
	coco-pack -q "$T/there.pack" --unpack "$T/back"
	is $? 0 "$name is unpacked"
	ok "$name: the JSON says the same" same "$json" "$T/back/$source.json"
	is "$(/usr/bin/python3 -c '
import json, os, sys
for i in json.load(open(sys.argv[1]))["images"]:
    a, b = (open(os.path.join(d, i["file_name"]), "rb").read() for d in sys.argv[2:])
    a == b or print(i["file_name"])' "$json" "$images" "$T/back/$source" 2>&1)" "" "$name: so do the images, byte for byte"
	is "$(coco-pack -q "$T/back/$source.json" --images "$T/back/$source" | tstream dump --full - | md5sum)" \
		"$(tstream dump --full "$T/there.pack" | md5sum)" "$name: packed again, the same samples"
}

coco-synth -q -o "$T/syn" -n 12 --size 96x64 --seed 5
comes_back "a drawn data set" "$T/syn/instances.json" "$T/syn/images"

# Everything that COCO can say, in the ways it can be said.
/usr/bin/python3 "$ROOT/tests/coco_nasty.py" "$T"
comes_back "a nasty data set" "$T/nasty.json" "$T/nasty"
comes_back "a random data set" "$T/random.json" "$T/nasty"

# What data sets say of themselves goes with their samples, whatever these come through.
/usr/bin/python3 - "$T" << 'END'
import json, sys
T = sys.argv[1]
d = json.load(open(T + "/syn/instances.json"))
for name, more in ("one", {"info": {"is": 1}, "x": None}), ("two", {"info": {"is": 2}}), ("long", {"info": 3, "x": "y" * (1 << 20)}):
    json.dump({k: v for k, v in d.items() if k not in ("info", "licenses")} | more, open(f"{T}/{name}.json", "w"))
END
about() { # DIRECTORY: the JSON files' own members.
	(cd "$1" && for f in *.json; do printf '%s ' "$f"; jq -c 'del(.images, .annotations, .categories)' "$f"; done)
}
both="one.json {\"info\":{\"is\":1},\"x\":null}
two.json {\"info\":{\"is\":2}}"
coco-pack -q "$T/one.json" --images "$T/syn/images" -o "$T/1.pack"
coco-pack -q "$T/two.json" --images "$T/syn/images" -o "$T/2.pack"
coco-pack -q "$T/1.pack" "$T/2.pack" --unpack "$T/about.1"
is "$(about "$T/about.1")" "$both" "two packs as one"
tstream cat "$T/1.pack" "$T/2.pack" | augment -q -s0 --size 64 | coco-pack -q - --unpack "$T/about.2"
is "$(about "$T/about.2")" "$both" "one after the other, and through augment"
tmix -q --ratio 1:1 "$T/1.pack" "$T/2.pack" | coco-pack -q - --unpack "$T/about.3"
is "$(about "$T/about.3")" "$both" "and mixed"
coco-pack -q "$T/1.pack" "$T/2.pack" -o "$T/12.pack"
coco-pack -q "$T/12.pack" --count 12 --source mine --unpack "$T/about.4"
is "$(about "$T/about.4")" "mine.json {\"info\":{\"is\":1},\"x\":null}" "of sources that become one the first says it"
like "$(coco-pack "$T/long.json" --images "$T/syn/images" --unpack "$T/about.5" 2>&1)" "1 member of the file not carried: there is room for 1 MiB" \
	"what is too long for a header is told"
is "$(about "$T/about.5")" 'long.json {"info":3}' "and the rest is carried"
coco-pack -q "$T/12.pack" --tar "$T/12.tar"
coco-pack -q --format tar - --unpack "$T/about.6" < "$T/12.tar"
is "$(about "$T/about.6")" "$both" "a tar file carries it, too"

# Members that are no JSON, and classes that are none: only a stream that somebody made up has them.
if /usr/bin/python3 "$ROOT/tests/stream_peer.py" with "$T/made" '{}' 2> /dev/null; then
	coco-pack -q "$T/made" --source x --unpack "$T/made.0"
	is $? 0 "a stream that somebody made up"
	for bad in '{"members": "{\"license\":3"}|key .members.:1:13: the input ends inside an object .image 7 of source .x.' \
		'{"members": "[]"}|key .members.:1:1: it must be an object' '{"members": "{} {}"}|key .members.:1:4: there is more behind' \
		'{"object_members": ["{1}"]}|key .object_members.:1:2: a key in double quotes was expected' \
		'{"object_members": ["{}", null]}|key .object_members.: 2 objects, but key' \
		'{"object_members": [3]}|key .object_members.: wanted text' \
		'{"original_class_label": 1}|key .original_class_label. is 1, the header has 1 categories'; do
		/usr/bin/python3 "$ROOT/tests/stream_peer.py" with "$T/made" "${bad%%|*}"
		rm -rf "$T/made.1"
		fails_with 1 "${bad#*|}" coco-pack -q "$T/made" --source x --unpack "$T/made.1"
	done
else
	echo "# no python3-msgpack: made-up streams are not tried"
fi

C=$DATA/coco/annotations
if [ -d "$C" ]; then
	for set in instances_val2017 person_keypoints_val2017 instances_train2017; do
		rm -rf "$T/back"
		coco-pack -q "$C/$set.json" --images "$DATA/coco/${set##*_}" | coco-pack -q - --unpack "$T/back"
		ok "$set: the JSON says the same" same "$C/$set.json" "$T/back/$set.json"
	done
else
	echo "# no $C: the real data are not compared"
fi

# Sources apart, file names of their own.
coco-pack -q "$T/syn/instances.json" --images "$T/syn/images" "$T/syn/instances.json" --images "$T/syn/images" --source "two words" \
	-o "$T/two.pack"
coco-pack -q "$T/two.pack" --unpack "$T/two"
is "$(cd "$T/two" && printf '%s;' *)" "instances;instances.json;two words;two words.json;" "each source has its JSON file and its directory"
ok "the second says the same, too" same "$T/syn/instances.json" "$T/two/two words.json"

# After augment: pixels become PNG, or JPEG of a quality; boxes are those of the new image.
coco-pack -q "$T/syn/instances.json" --images "$T/syn/images" | augment -q --eval --size 60x60 > "$T/small"
coco-pack -q "$T/small" --unpack "$T/png"
coco-pack -q "$T/small" --unpack "$T/jpeg" --jpeg-quality 90
is "$(/usr/bin/python3 - "$T/syn/instances.json" "$T/png/instances.json" "$T/png/instances" "$T/jpeg/instances.json" "$T/jpeg/instances" << 'END'
import json, sys
from PIL import Image
before = json.load(open(sys.argv[1]))
for path, directory, suffix, kind in (sys.argv[2], sys.argv[3], ".png", "PNG"), (sys.argv[4], sys.argv[5], ".jpg", "JPEG"):
    d = json.load(open(path))
    for image, old in zip(d["images"], before["images"]):
        file = Image.open(directory + "/" + image["file_name"])
        assert file.format == kind and image["file_name"].endswith(suffix) and file.size == (image["width"], image["height"])
        assert file.size == (60, 40), file.size
    by_id = {a["id"]: a for a in before["annotations"]}
    for a in d["annotations"]:
        old = by_id[a["id"]]
        assert max(abs(x - 0.625 * y) for x, y in zip(a["bbox"], old["bbox"])) < 1.3, (a, old)
        assert abs(a["area"] - 0.625 ** 2 * old["area"]) < 1e-9 * old["area"]
print("right")
END
)" right "augmented samples are unpacked, without padding"
ok "PNG keeps the pixels" cmp <(coco-pack -q "$T/png/instances.json" --images "$T/png/instances" | augment -q --eval --size 60x60 | tstream dump - | wc -l) \
	<(tstream dump "$T/small" | wc -l)

# Label maps: a pixel is the label of its class.
/usr/bin/python3 - "$T" << 'END'
import os, sys
from PIL import Image
T = sys.argv[1]
os.makedirs(T + "/m/images/in")
os.makedirs(T + "/m/maps/in")
for k, name in enumerate(("a", "in/b")):
    Image.new("RGB", (9, 7 + k), (9, 99, 30)).save(f"{T}/m/images/{name}.jpg")
    map = Image.new("L", (9, 7 + k))
    map.putdata([[3, 5, 3, 255][(i + k) % 4] for i in range(9 * (7 + k))])
    map.save(f"{T}/m/maps/{name}.png")
END
coco-pack -q "$T/m/images" --labels "$T/m/maps" --classes a=3,b=5 --unpack "$T/labels"
is "$(/usr/bin/python3 - "$T" << 'END'
import sys
from PIL import Image
for name in "a", "in/b":
    before, after = Image.open(f"{sys.argv[1]}/m/maps/{name}.png"), Image.open(f"{sys.argv[1]}/labels/images-labels/{name}.png")
    assert after.mode == "L" and after.size == before.size
    assert list(after.getdata()) == [{3: 0, 5: 1, 255: 255}[v] for v in before.getdata()]
print("right")
END
)" right "label maps are unpacked"
is "$(coco-pack -q "$T/labels/images" --labels "$T/labels/images-labels" --classes a=0,b=1 | tstream dump --full - | md5sum)" \
	"$(coco-pack -q "$T/m/images" --labels "$T/m/maps" --classes a=3,b=5 | tstream dump --full - | md5sum)" "and packed again"

# Ids that are there twice.
/usr/bin/python3 -c 'import json, sys
d = json.load(open(sys.argv[1]))
json.dump({**d, "images": [{**i, "id": i["id"] + 100} for i in d["images"]],
           "annotations": [{**a, "image_id": a["image_id"] + 100} for a in d["annotations"]]}, open(sys.argv[2], "w"))' \
	"$T/syn/instances.json" "$T/other.json"
coco-pack -q "$T/syn/instances.json" --images "$T/syn/images" --source s > "$T/id.a"
coco-pack -q "$T/other.json" --images "$T/syn/images" --source o > "$T/id.b"
tstream cat "$T/id.a" "$T/id.b" > "$T/id.both"
fails_with 1 "annotation id [0-9]+ is there twice; --new-ids gives them others" coco-pack -q "$T/id.both" --source s --unpack "$T/id.bad"
coco-pack -q "$T/id.both" --source s --unpack "$T/id.good" --new-ids
is "$(/usr/bin/python3 -c 'import json, sys
n = [a["id"] for a in json.load(open(sys.argv[1]))["annotations"]]
print(n == list(range(1, len(n) + 1)), len(n) == 2 * len(json.load(open(sys.argv[2]))["annotations"]))' "$T/id.good/s.json" "$T/syn/instances.json")" \
	"True True" "--new-ids numbers annotations anew"

# Classes of images.
mkdir -p "$T/classes/cat" "$T/classes/dog"
cp "$T/syn/images/000001.jpg" "$T/classes/cat/a.jpg"
cp "$T/syn/images/000002.jpg" "$T/classes/dog/a.jpg"
coco-pack -q "$T/classes" --unpack "$T/cls"
is "$(/usr/bin/python3 -c 'import json, sys
print([(i["file_name"], i["category_id"]) for i in json.load(open(sys.argv[1]))["images"]])' "$T/cls/classes.json")" \
	"[('cat/a.jpg', 1), ('dog/a.jpg', 2)]" "the class of an image is its category_id"
is "$(coco-pack -q "$T/cls/classes.json" --images "$T/cls/classes" | tstream dump --full - | md5sum)" \
	"$(coco-pack -q "$T/classes" | tstream dump --full - | md5sum)" "and packed again"
sed -i 's/"category_id": *2/"category_id":9/' "$T/cls/classes.json"
like "$(coco-pack "$T/cls/classes.json" --images "$T/cls/classes" -o /dev/null 2>&1 | tr -s ' ')" "1 records 0 objects: unknown category" \
	"an image of an unknown class is rejected"

# What cannot be unpacked.
hostile() { # NAME: a data set whose file name is this; the image is where the name leads.
	/usr/bin/python3 - "$T" "$1" << 'END'
import json, os, sys
T, name = sys.argv[1:]
os.makedirs(T + "/h/i/j", exist_ok=True)
json.dump({"images": [{"id": 1, "file_name": name, "width": 96, "height": 64}, {"id": 2, "file_name": "fine.jpg"}], "annotations": [],
           "categories": []}, open(T + "/h.json", "w"))
END
	cp "$T/syn/images/000001.jpg" "$T/h/i/j/fine.jpg"
	cp "$T/syn/images/000001.jpg" "$T/h/i/evil.jpg"
	rm -rf "$T/out"
}
for name in ../evil.jpg x/../../evil.jpg; do
	hostile "$name"
	mkdir -p "$T/h/i/j/x"
	like "$(coco-pack "$T/h.json" --images "$T/h/i/j" --unpack "$T/out/" 2>&1 | tr -s ' ')" \
		" 1 records 0 objects: file name leads out of the directory" "'$name' is rejected"
	is "$(find "$T/out" -type f | wc -l)" 2 "and only the other image is there"
done
fails_with 1 "record 0 .*file name leads out of the directory" coco-pack "$T/h.json" --images "$T/h/i/j" --tar "$T/x.tar" --strict
fails_with 1 "'$T/out' is not empty; --unpack wants a new or an empty directory" coco-pack "$T/two.pack" --unpack "$T/out"
is "$(find "$T/out" -type f | wc -l)" 2 "and nothing in it has changed"
fails_with 1 "cannot make the directory '$T/none/out'" coco-pack "$T/two.pack" --unpack "$T/none/out"
fails_with 1 "image [0-9]+ of source 'instances' is there twice; unpack one epoch" coco-pack "$T/syn/instances.json" \
	--images "$T/syn/images" --epochs 2 --unpack "$T/twice"
is "$(find "$T/twice" -name '*.json' | wc -l)" 0 "what failed leaves no JSON file"
fails_with 1 "source 'x/y' cannot be the name of a file; give it another one with --source" coco-pack "$T/two.pack" --source x/y --unpack "$T/xy"
/usr/bin/python3 - "$T" << 'END'
import json, os, shutil, sys
T = sys.argv[1]
d = json.load(open(T + "/syn/instances.json"))
for k in 1, 2:
    json.dump({"images": [dict(d["images"][k], id=k, file_name="same.jpg")], "annotations": [dict(d["annotations"][0], image_id=k)],
               "categories": d["categories"]}, open(f"{T}/s{k}.json", "w"))
    os.makedirs(f"{T}/s{k}")
    shutil.copy(f"{T}/syn/images/00000{k}.jpg", f"{T}/s{k}/same.jpg")
END
fails_with 1 "two different images of source 's' are called 'same.jpg'" coco-pack "$T/s1.json" --images "$T/s1" --source s "$T/s2.json" \
	--images "$T/s2" --source s --unpack "$T/s"
cp "$T/s1/same.jpg" "$T/s2/same.jpg"
fails_with 1 "image 2 of source 's': annotation id 1 is there twice" coco-pack "$T/s1.json" --images "$T/s1" --source s "$T/s2.json" \
	--images "$T/s2" --source s --unpack "$T/s_"
fails_with 2 "each say where to write; give one of them" coco-pack "$T/two.pack" --unpack x --tar y
fails_with 2 "new-ids is for --unpack" coco-pack "$T/two.pack" --new-ids
fails_with 2 "jpeg-quality is for --unpack and --tar" coco-pack "$T/two.pack" --jpeg-quality 90
if command -v script > /dev/null; then
	like "$(script -qec "coco-pack $T/two.pack --tar -" /dev/null)" "refusing to write a tar file to a terminal" "no tar file on a terminal"
fi

# A tar file: what Python's reader finds in it.
coco-pack -q "$T/two.pack" "$T/classes" --renumber --tar "$T/x.tar"
coco-pack -q "$T/two.pack" "$T/classes" --renumber -j3 --tar - > "$T/y.tar"
ok "the same bytes again, to a pipe, with other threads" cmp "$T/x.tar" "$T/y.tar"
is "$(/usr/bin/python3 - "$T/x.tar" "$T/syn" << 'END'
import json, sys, tarfile
tar = tarfile.open(sys.argv[1])
assert all(m.mtime == 0 and m.mode == 0o644 and m.isfile() and m.uid == 0 and m.uname == "" for m in tar)
files = {m.name: tar.extractfile(m).read() for m in tar}
names = [m.name for m in tar]
d = json.load(open(sys.argv[2] + "/instances.json"))
assert names[0] == "__cocopipe__/categories.json"
categories = json.loads(files[names[0]])["categories"]
assert [c["name"] for c in categories] == [c["name"] for c in d["categories"]] + ["cat", "dog"], categories
keys = sorted({n.split(".")[0] for n in names[1:]})
assert keys == [f"{k:09}" for k in range(26)] and names[1:] == sorted(names[1:], key=lambda n: n.split(".")[0])
for k, key in enumerate(keys):
    about = json.loads(files[key + ".json"])
    image = open(f"{sys.argv[2]}/images/{k % 12 + 1 if k < 24 else k - 23:06}.jpg", "rb").read()
    assert files[key + ".jpg"] == image, k
    assert (key + ".cls" in files) == (k > 23), k
    if k < 24:
        i = d["images"][k % 12]
        assert about["image"] == {x: i[x] for x in ("id", "file_name", "width", "height")}
        assert [a["id"] for a in about["annotations"]] == [a["id"] for a in d["annotations"] if a["image_id"] == i["id"]]
        assert about["source"] == ("instances" if k < 12 else "two words")
assert files["000000025.cls"] == b"6"
print("right")
END
)" right "the tar file holds images, annotations and classes"
coco-pack -q "$T/nasty.json" --images "$T/nasty" --tar "$T/nasty.tar"
coco-pack -q "$T/nasty.tar" --unpack "$T/from-tar"
ok "from JSON to tar and back: the JSON says the same" same "$T/nasty.json" "$T/from-tar/nasty.json"
is "$(tar tf "$T/x.tar" | wc -l)" 55 "tar lists it"
is $(($(stat -c %s "$T/x.tar") % 10240)) 0 "it is whole records long"
fails_with 1 "cannot write standard output: No space left" sh -c "coco-pack -q '$T/two.pack' --tar - > /dev/full"
fails_with 1 "cannot open '$T/none/x.tar|cannot write '$T/none/x.tar|cannot create" coco-pack "$T/two.pack" --tar "$T/none/x.tar"

done_testing
