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
/usr/bin/python3 - "$T" << 'END'
import json, os, sys
from PIL import Image
T = sys.argv[1]
names = ["plain.jpg", "with space.jpg", "new\nline.jpg", "quote\"d \\ .jpg", "deep/er/x.jpg", "deep/y.png", "\u00e9\u6f22.jpg",
         "./dot.jpg", "a//b.jpg", "no_suffix", "plain.jpg.jpg", "-dash.jpg"]
os.makedirs(T + "/nasty/deep/er")
os.makedirs(T + "/nasty/a")
ids = [1, 0, -5, 2**31, 2**40 + 1, 2**53 + 1, 2**63 - 1, "text", "1", "a/b c", 7, 8]
images = []
for k, (name, id) in enumerate(zip(names, ids)):
    Image.new("RGB", (40 + k, 30), (k * 9, 5, 200)).save(T + "/nasty/" + name, "PNG" if name.endswith("png") else "JPEG")
    images.append({"id": id, "file_name": name, "width": 40 + k, "height": 30, "license": 3, "coco_url": "http://x/" + str(k)})
images.append({"id": 9, "file_name": "plain.jpg", "width": 40, "height": 30})  # a file can be two images
points = [0.5, 1, 2, 12.25, 3, 1, 0, 0, 0]
annotations = [
    {"bbox": [473.07 / 20, 3.93, 8.65, 8.67], "segmentation": [[1, 2.5, 30, 2, 30.1, 20.123456789012345]], "area": 1 / 3},
    {"bbox": [1 / 3, 2 / 7, 10 / 3, 1e-3], "segmentation": [[1, 1, 5, 1, 5, 5], [9, 9, 12, 9, 12.5, 12.25]], "area": 5e-324},
    {"bbox": [-3.5, -2, 60, 50.25], "area": 3000.125},
    {"bbox": [0, 0, 40, 30], "iscrowd": 1, "segmentation": {"counts": [7, 3, 20, 90, 1200 - 120], "size": [30, 40]}, "area": 93},
    {"bbox": [0, 0, 40, 30], "iscrowd": 1, "segmentation": {"counts": [0, 1200], "size": [30, 40]}, "area": 1200},
    {"bbox": [1, 0, 2, 30], "segmentation": {"counts": "0Pj00", "size": [30, 40]}, "area": 60},
    {"bbox": [5, 6, 7, 8], "keypoints": points, "num_keypoints": 2, "area": 56, "category_id": 2**31 + 7},
    {"bbox": [5, 6, 7, 8.000001], "keypoints": [0] * 9, "num_keypoints": 0, "area": 56, "category_id": 2**31 + 7},
    {"bbox": [2, 2, 4, 4], "ignore": 1, "segmentation": [], "area": 16},
    {"bbox": [1e-7, 1e-7, 30, 20], "area": 600, "score": 0.5, "attributes": {"x": [1]}},
]
for k, a in enumerate(annotations):
    a.setdefault("category_id", [3, -1][k % 2])
    a.update(id=[2**31 + 5, 2**62, 1, -4][k] if k < 4 else 10 + k, image_id=images[0]["id"] if k < 6 else ids[k])
    a.setdefault("iscrowd", 0)
annotations[5]["segmentation"]["counts"] = "n0l1d0"  # runs 30, 60 and 1110, in groups of five bits
def group(x):
    out = ""
    while True:
        c, x = x & 31, x >> 5
        more = not (x == 0 and not c & 16)
        out += chr(48 + c + 32 * more)
        if not more:
            return out
annotations[5]["segmentation"]["counts"] = "".join(map(group, [30, 60, 1110]))
categories = [
    {"id": 3, "name": "plain"},
    {"id": -1, "name": "with \"quotes\" and \u00fc", "supercategory": "none at all"},
    {"id": 2**31 + 7, "name": "person", "supercategory": "person", "keypoints": ["nose", "left \u00e9", "right"],
     "skeleton": [[1, 2], [2, 3]]},
    {"id": 2**62, "name": "unused"},
]
json.dump({"info": {"year": 2000}, "licenses": [], "annotations": annotations, "images": images, "categories": categories},
          open(T + "/nasty.json", "w"))
END
comes_back "a nasty data set" "$T/nasty.json" "$T/nasty"

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
