#!/bin/bash
# coco-pack --duplicates: what is there twice, to the byte and to the eye, and nothing else.
. "$(dirname "$0")/tap.sh"

/usr/bin/python3 -c 'import PIL, numpy' 2> /dev/null || skip_all "python3-pil or python3-numpy is not installed"

# Twelve different pictures in A; B has some of them again, in the ways that happen, and some of its own.
/usr/bin/python3 - "$T" << 'END'
import os, shutil, sys
import numpy
from PIL import Image, ImageEnhance
T = sys.argv[1]
rng = numpy.random.default_rng(1)
def picture():
    small = Image.fromarray(rng.integers(0, 256, (6, 7, 3), dtype=numpy.uint8), "RGB")
    return small.resize((320, 240), Image.BICUBIC)
os.makedirs(T + "/a")
os.makedirs(T + "/b/sub")
pictures = [picture() for _ in range(12)]
for k, p in enumerate(pictures):
    p.save(f"{T}/a/{k:02}.jpg", quality=92)
shutil.copy(T + "/a/00.jpg", T + "/b/00-same.jpg")
pictures[1].save(T + "/b/01-low.jpg", quality=40)
pictures[2].resize((120, 90), Image.LANCZOS).save(T + "/b/02-small.jpg", quality=80)
pictures[3].save(T + "/b/03-png.png")
ImageEnhance.Brightness(pictures[4]).enhance(0.8).save(T + "/b/04-dark.jpg", quality=85)
pictures[5].transpose(Image.FLIP_LEFT_RIGHT).save(T + "/b/05-mirrored.jpg")
for k in range(4):
    picture().save(f"{T}/b/own{k}.jpg")
shutil.copy(T + "/b/own0.jpg", T + "/b/sub/own0.jpg")
for d in "a", "b":  # flat ones have nothing to go by
    Image.new("RGB", (64, 64), (200, 30 if d == "a" else 120, 30)).save(f"{T}/{d}/flat.jpg")
END
found() { # the pairs of a list, sorted
	/usr/bin/python3 -c '
import json, sys
for line in sys.stdin:
    x = json.loads(line)
    y = x["duplicate_of"]
    print(x["source"] + "/" + x["file_name"], y["source"] + "/" + y["file_name"], "exact" if x.get("exact") else "near")' | sort
}
coco-pack --duplicates "$T/a" "$T/b" > "$T/list" 2> "$T/said"
is $? 3 "exit status 3: there are duplicates"
is "$(found < "$T/list")" "b/00-same.jpg a/00.jpg exact
b/01-low.jpg a/01.jpg near
b/02-small.jpg a/02.jpg near
b/03-png.png a/03.jpg near
b/04-dark.jpg a/04.jpg near" "those of two directories, and no others"
like "$(cat "$T/said")" "^coco-pack: 25 images compared: 1 exact and 4 near duplicates" "the summary counts them"
coco-pack -q --duplicates "$T/a" "$T/b" -j1 | cmp -s - "$T/list"
is $? 0 "any number of threads, the same list"
coco-pack -q --duplicates "$T/a" "$T/b" -o "$T/file"
ok "-o writes it to a file" cmp "$T/file" "$T/list"
coco-pack -q "$T/b" -o "$T/b.pack"
is "$(coco-pack -q --duplicates "$T/a" "$T/b.pack" | found)" "$(found < "$T/list")" "a pack is compared as its images are"
is "$(coco-pack -q --duplicates "$T/b" | found)" "b/sub/own0.jpg b/own0.jpg exact" "one operand: all of it with itself"
is "$(coco-pack -q --duplicates "$T/b" "$T/b.pack" | wc -l)" 12 "the same images under the same names are all duplicates"
is "$(coco-pack -q --duplicates - < <(coco-pack -q "$T/b") | found)" "b/sub/own0.jpg b/own0.jpg exact" "a stream"
coco-pack -q --duplicates "$T/a" > "$T/none"
is "$? $(wc -c < "$T/none")" "0 0" "exit status 0 and nothing said: there are none"
is "$(coco-pack -q "$T/b" | augment -q --eval --size 64 | coco-pack -q --duplicates - | found)" "b/sub/own0.jpg b/own0.jpg exact" "tensors, too"

# The distances are those of the definition, and of near ones the nearest counts.
/usr/bin/python3 - "$T" << 'END'
import os, sys
import numpy
from PIL import Image
T = sys.argv[1]
rng = numpy.random.default_rng(2)
os.makedirs(T + "/d")
base = rng.integers(60, 190, (8, 9))
for k in range(40):
    noisy = numpy.clip(base + rng.normal(0, k, (8, 9)), 0, 255).astype(numpy.uint8)
    Image.fromarray(noisy, "L").resize((91, 83), Image.NEAREST).convert("RGB").save(f"{T}/d/{k:02}.png")
END
for distance in 0 1 4 9 16; do
	coco-pack -q --duplicates "$T/d" --distance $distance > "$T/near"
	is "$(/usr/bin/python3 - "$T" $distance << 'END'
import json, sys
import numpy
from PIL import Image
T, limit = sys.argv[1], int(sys.argv[2])
hashes = []
for k in range(40):
    rgb = numpy.asarray(Image.open(f"{T}/d/{k:02}.png")).astype(int)
    y = rgb @ [77, 150, 29]
    cell = numpy.array([[y[r * 83 // 8:(r + 1) * 83 // 8, c * 91 // 9:(c + 1) * 91 // 9].mean() for c in range(9)] for r in range(8)])
    hashes.append(cell[:, :-1] < cell[:, 1:])
want = []
for k in range(40):
    near = [(int((hashes[k] != hashes[i]).sum()), i) for i in range(k)]
    if near and min(near)[0] <= limit:
        want.append((k, min(near)[1], min(near)[0]))
got = []
for line in open(T + "/near"):
    x = json.loads(line)
    got.append((int(x["file_name"][:2]), int(x["duplicate_of"]["file_name"][:2]), 0 if "exact" in x else x["distance"]))
print("right" if got == want else (got, want))
END
)" right "--distance $distance: the nearest ones and their distances"
done

# What cannot be.
mkdir "$T/bad"
head -c 2000 "$T/a/01.jpg" > "$T/bad/cut.jpg"
cp "$T/a/02.jpg" "$T/bad"
/usr/bin/python3 - "$T" << 'END'
import sys
data = bytearray(open(sys.argv[1] + "/a/03.jpg", "rb").read())
at = data.index(b"\xff\xc4") + 4  # a Huffman table that is none
data[at + 1:at + 17] = b"\xff" * 16
open(sys.argv[1] + "/bad/huffman.jpg", "wb").write(data)
END
like "$(coco-pack --duplicates "$T/a" "$T/bad" 2>&1 > /dev/null | tr -s ' ')" " 1 records 0 objects: image cannot be decoded" "what cannot be decoded is rejected"
fails_with 2 "distance must be between 0 and 16" coco-pack --duplicates "$T/a" --distance 17
fails_with 2 "distance is for --duplicates" coco-pack "$T/a" --distance 3
fails_with 2 "duplicates writes a list, of one epoch" coco-pack "$T/a" --duplicates --epochs 2
fails_with 2 "duplicates writes a list, of one epoch" coco-pack "$T/a" --duplicates --unpack "$T/x"
fails_with 1 "cannot write the list of duplicates" sh -c "coco-pack -q --duplicates '$T/a' '$T/b' > /dev/full"

done_testing
