#!/bin/bash
# evalap --partial and merge: equal to one run to the last bit, and damaged or unfitting parts.
. "$(dirname "$0")/tap.sh"
python=/usr/bin/python3

# Many equal scores across images, ids of both kinds, an image without objects.
"$python" - "$T" << 'PYTHON'
import json, random, sys

rng = random.Random(3)
images = [4, 17, 2**40, "b", "a", 5]
annotations, found = [], []
for image in images[:-1]:
    for _ in range(12):
        box = [rng.randrange(90), rng.randrange(90), rng.randrange(9, 60), rng.randrange(9, 60)]
        annotations.append({"id": len(annotations) + 1, "image_id": image, "category_id": rng.choice([3, 8]), "bbox": box,
                            "area": box[2] * box[3], "iscrowd": int(rng.random() < 0.1)})
        for _ in range(2):
            found.append({"image_id": image, "category_id": annotations[-1]["category_id"],
                          "bbox": [v + rng.randrange(5) for v in box], "score": rng.randrange(5) / 4})
found.append({"image_id": 5, "category_id": 3, "bbox": [1, 1, 9, 9], "score": 0.5})
categories = [{"id": 3, "name": "cat"}, {"id": 8, "name": "dog"}]

def write(name, some, dts):
    truth = {"images": [{"id": i} for i in some], "annotations": [a for a in annotations if a["image_id"] in some],
             "categories": categories}
    for suffix, document in (("gt", truth), ("dt", [d for d in found if d["image_id"] in dts])):
        with open("%s/%s-%s.json" % (sys.argv[1], name, suffix), "w") as file:
            json.dump(document, file)

write("all", images, images)
write("one", [17, "b"], [17, "b"])
write("two", ["a", 4], ["a", 4])
write("three", [2**40, 5], [2**40, 5])
write("late", images, [17, "b"])
annotations.pop()
write("other", ["a", 4, 5], ["b"])
PYTHON

part() {
	evalap -q -g "$T/$1-gt.json" "$T/$1-dt.json" --partial "$T/$1.part" "${@:2}" > /dev/null 2>&1
}
whole() {
	evalap -q -g "$T/all-gt.json" "$T/all-dt.json" --arrays "$T/whole.npz" --json "$@" 2> "$T/whole.err" && sha256sum < "$T/whole.npz"
}
merged() {
	evalap merge --arrays "$T/merged.npz" --json "$@" 2> "$T/merged.err" && sha256sum < "$T/merged.npz"
}
part one && part two && part three
is "$(merged "$T/three.part" "$T/one.part" "$T/two.part")" "$(whole)" "shards of the ground truth, in any order"
is "$(cat "$T/merged.err")" "$(cat "$T/whole.err")" "with the same warning about ties"
is "$(merged --canonical "$T/two.part" "$T/one.part" "$T/three.part")" "$(whole --canonical)" "in canonical order too"
part late
is "$(merged "$T/late.part" "$T/two.part" "$T/three.part")" "$(whole)" "a shard with the whole ground truth"
ok "images chosen" evalap -q -g "$T/all-gt.json" "$T/all-dt.json" --partial "$T/some.part" --images 4,a,5
ok "the others" evalap -q -g "$T/all-gt.json" "$T/all-dt.json" --partial "$T/rest.part" --images 17,b,1099511627776
is "$(merged "$T/some.part" "$T/rest.part")" "$(whole)" "shards by --images"
is "$(evalap merge "$T/some.part" "$T/rest.part" --per-class 2> /dev/null)" \
	"$(evalap -g "$T/all-gt.json" "$T/all-dt.json" --per-class 2> /dev/null)" "lines and table"
part one --max-dets 1,3 --agnostic && part two --max-dets 1,3 --agnostic && part three --max-dets 1,3 --agnostic
is "$(merged "$T/one.part" "$T/two.part" "$T/three.part")" "$(whole --max-dets 1,3 --agnostic)" "other limits, one class"
sha256sum < "$T/one.part" > "$T/sum"
part one --max-dets 1,3 --agnostic -j4
is "$(sha256sum < "$T/one.part")" "$(cat "$T/sum")" "the same bytes with 4 threads"

fails_with 1 "'.*one.part' and '.*rest.part' are evaluations of different types, limits or sizes" evalap merge "$T/one.part" "$T/rest.part"
part one && part two
fails_with 1 "image 17 has detections in '.*one.part' and in '.*late.part'" evalap merge "$T/one.part" "$T/late.part"
evalap -q -g "$T/other-gt.json" <(echo '[]') --partial "$T/other.part" > /dev/null 2>&1
fails_with 1 "image 'a' has other annotations in '.*two.part' than in '.*other.part'" evalap merge "$T/two.part" "$T/other.part"
sed 's/"cat"/"cow"/' "$T/one-gt.json" > "$T/cow-gt.json"
cp "$T/one-dt.json" "$T/cow-dt.json"
part cow
fails_with 1 "are evaluations of different categories" evalap merge "$T/two.part" "$T/cow.part"
fails_with 1 "is not what evalap --partial writes" evalap merge "$T/one-gt.json"
fails_with 1 "cannot open '.*none.part'" evalap merge "$T/none.part"
fails_with 1 "cannot .*No such file" evalap -g "$T/all-gt.json" "$T/all-dt.json" --partial "$T/none/x.part"

# Cut anywhere and flipped anywhere; with a right hash behind the damage too.
size=$(wc -c < "$T/two.part")
good=$("$python" - "$T/two.part" "$(command -v evalap)" << 'PYTHON'
import subprocess, sys

path, evalap = sys.argv[1:]
with open(path, "rb") as file:
    whole = file.read()
good = 0
cases = [whole[:n] for n in range(0, len(whole), 29)]
cases += [whole[:n] + bytes([whole[n] ^ 0x41]) + whole[n + 1:] for n in range(0, len(whole), 29)]
for case in cases:
    with open(path + ".bad", "wb") as file:
        file.write(case)
    run = subprocess.run([evalap, "merge", path + ".bad"], capture_output=True, text=True)
    good += run.returncode == 1 and run.stderr.startswith("evalap: ") and run.stdout == ""
print(good == len(cases))
PYTHON
)
is "$good" True "parts of $size bytes cut and flipped are errors"

fails_with 2 "merge wants files" evalap merge
fails_with 2 "truth does not go with merge" evalap merge -g "$T/all-gt.json" "$T/one.part"
fails_with 2 "images does not go with merge" evalap merge --images 4 "$T/one.part"
fails_with 2 "counts does not go with merge" evalap merge --counts "$T/one.part"
fails_with 2 "ground truth is wanted" evalap "$T/all-dt.json"
done_testing
