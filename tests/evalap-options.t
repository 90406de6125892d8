#!/bin/bash
# evalap: limits, size ranges, selections and arrays, against the same data cut by hand.
. "$(dirname "$0")/tap.sh"
python=/usr/bin/python3
"$python" -c 'import numpy' 2> /dev/null || skip_all "python3-numpy is not installed"

# Crowded images with few scores, so that limits and ties matter; some ids beyond 32 bits.
"$python" - "$T" << 'PYTHON'
import json, random, sys

rng = random.Random(11)
images = [3, 5, 2**33 + 1, 8, 21]
classes = [{"id": 2, "name": "cat"}, {"id": 9, "name": "dog"}, {"id": 4, "name": "9"}]
annotations, found = [], []
for image in images:
    for _ in range(40):
        box = [rng.randrange(200) for _ in range(2)] + [rng.randrange(1, 60) for _ in range(2)]
        category = rng.choice(classes)["id"]
        annotations.append({"id": len(annotations) + 1, "image_id": image, "category_id": category, "bbox": box,
                            "area": box[2] * box[3], "iscrowd": int(rng.random() < 0.1)})
        for _ in range(2):
            found.append({"image_id": image, "category_id": category if rng.random() < 0.8 else 2,
                          "bbox": [v + rng.randrange(4) for v in box], "score": rng.randrange(8) / 8})
rng.shuffle(found)

def write(name, keep_image, keep_class, category=lambda x: x["category_id"]):
    def pick(objects):
        objects = [o for o in objects if keep_image(o["image_id"]) and keep_class(o["category_id"])]
        return [dict(o, category_id=category(o)) for o in objects]
    ids = sorted(set(category({"category_id": c["id"]}) for c in classes if keep_class(c["id"])))
    truth = {"images": [{"id": i} for i in images if keep_image(i)], "annotations": pick(annotations),
             "categories": [{"id": i, "name": "c%d" % i} for i in ids]}
    for suffix, document in (("gt", truth), ("dt", pick(found))):
        with open("%s/%s-%s.json" % (sys.argv[1], name, suffix), "w") as file:
            json.dump(document, file)

every = lambda _: True
write("whole", every, every)
with open(sys.argv[1] + "/whole-gt.json") as file:
    whole = json.load(file)
whole["categories"] = classes
with open(sys.argv[1] + "/whole-gt.json", "w") as file:
    json.dump(whole, file)
write("images", lambda i: i in (5, 2**33 + 1), every)
write("classes", every, lambda k: k in (2, 4))
annotations.sort(key=lambda o: o["category_id"])
found.sort(key=lambda o: o["category_id"])
write("one", every, every, lambda o: 1)
write("one-of-two", every, lambda k: k in (2, 9), lambda o: 1)
PYTHON

# The lines and the arrays of a run.
run() {
	local name=$1
	shift
	evalap -q "$@" --arrays "$T/$name.npz" 2>&1 && sha256sum < "$T/$name.npz"
}
same() {
	local name=$1
	shift
	is "$(run selected -g "$T/whole-gt.json" "$T/whole-dt.json" "$@")" "$(run cut -g "$T/$name-gt.json" "$T/$name-dt.json")" "$*"
}
same images --images 5,8589934593
printf '5\n 8589934593\r\n' > "$T/ids"
same images --images "@$T/ids"
same classes --classes cat,9
same classes --classes 2,4
same one --agnostic
same one-of-two --agnostic --classes dog,cat
is "$(evalap --per-class --agnostic -g "$T/whole-gt.json" "$T/whole-dt.json" | sed -n '14,$p' | awk '{ print $1, $2 }' | xargs)" \
	"all $(grep -o '"iscrowd": 0' "$T/whole-gt.json" | grep -c .)" "--agnostic has one class"

# The arrays against one curve at a time, from the reference matching of a brute force below.
"$python" - "$T" << 'PYTHON'
import json, subprocess, sys

import numpy as np

T = sys.argv[1]
with open(T + "/whole-gt.json") as file:
    truth = json.load(file)
with open(T + "/whole-dt.json") as file:
    found = json.load(file)
LIMITS, RANGES = (2, 7), ((0, 1e10), (0, 256), (256, 2000))
lines = subprocess.run(["evalap", "-q", "-g", T + "/whole-gt.json", T + "/whole-dt.json", "--arrays", T + "/a.npz", "--max-dets",
                        "7,2", "--areas", "all:0:1e10,tiny:0:256,some:256:2000"], capture_output=True, text=True).stdout
arrays = np.load(T + "/a.npz")
images = sorted(i["id"] for i in truth["images"])
classes = sorted(c["id"] for c in truth["categories"])
shape = (10, 101, len(classes), len(RANGES), len(LIMITS))
precision, scores, recall = -np.ones(shape), -np.ones(shape), -np.ones(shape[:1] + shape[2:])


def overlap(d, g, crowd):
    w = min(d[0] + d[2], g[0] + g[2]) - max(d[0], g[0])
    h = min(d[1] + d[3], g[1] + g[3]) - max(d[1], g[1])
    if w <= 0 or h <= 0:
        return 0
    return w * h / (d[2] * d[3] if crowd else d[2] * d[3] + g[2] * g[3] - w * h)


def match(dts, gts, threshold, low, high):
    """[(score, is true, is false)] of one image and class, best first."""
    outside = lambda o: not low <= o["bbox"][2] * o["bbox"][3] <= high
    gts = sorted(gts, key=lambda g: g["iscrowd"] or outside(g))
    taken, out = set(), []
    for d in sorted(dts, key=lambda d: -d["score"])[:LIMITS[-1]]:
        best, chosen = threshold, None
        for i, g in enumerate(gts):
            if i in taken and not g["iscrowd"]:
                continue
            if chosen is not None and not (gts[chosen]["iscrowd"] or outside(gts[chosen])) and (g["iscrowd"] or outside(g)):
                break
            if overlap(d["bbox"], g["bbox"], g["iscrowd"]) >= best:
                best, chosen = overlap(d["bbox"], g["bbox"], g["iscrowd"]), i
        ignored = outside(d) if chosen is None else gts[chosen]["iscrowd"] or outside(gts[chosen])
        if chosen is not None:
            taken.add(chosen)
        out.append((d["score"], chosen is not None and not ignored, chosen is None and not ignored))
    return out


for k, category in enumerate(classes):
    for r, (low, high) in enumerate(RANGES):
        pick = lambda objects, i: [o for o in objects if o["image_id"] == i and o["category_id"] == category]
        wanted = sum(1 for g in truth["annotations"] if g["category_id"] == category and not g["iscrowd"]
                     and low <= g["bbox"][2] * g["bbox"][3] <= high)
        if wanted == 0:
            continue
        for t, threshold in enumerate(np.linspace(0.5, 0.95, 10)):
            matched = [match(pick(found, i), pick(truth["annotations"], i), threshold, low, high) for i in images]
            for m, limit in enumerate(LIMITS):
                all_dets = sorted((d for one in matched for d in one[:limit]), key=lambda d: -d[0])
                n_true = np.cumsum([d[1] for d in all_dets], dtype=float)
                n_false = np.cumsum([d[2] for d in all_dets], dtype=float)
                p = list(n_true / (n_true + n_false + np.spacing(1)))
                reached = list(n_true / wanted)
                recall[t, k, r, m] = reached[-1] if reached else 0
                for i, at in enumerate(np.linspace(0, 1, 101)):
                    j = next((j for j, x in enumerate(reached) if x >= at), None)
                    precision[t, i, k, r, m] = 0 if j is None else max(p[j:])
                    scores[t, i, k, r, m] = 0 if j is None else all_dets[j][0]

tests = {name: bool(np.array_equal(arrays[name], want))
         for name, want in (("precision", precision), ("scores", scores), ("recall", recall))}
tests["the names"] = sorted(arrays.files) == ["precision", "recall", "scores"]
mean = lambda x: "%.3f" % x[x > -1].mean()
want = [mean(precision[..., 0, 1]), mean(precision[0, ..., 0, 1]), mean(precision[5, ..., 0, 1]), mean(precision[..., 1, 1]),
        mean(precision[..., 2, 1]), mean(recall[..., 0, 0]), mean(recall[..., 0, 1]), mean(recall[..., 1, 1]), mean(recall[..., 2, 1])]
tests["the lines"] = [line.split(" = ")[1] for line in lines.splitlines()] == want
with open(T + "/verdict", "w") as file:
    file.writelines("%d %s\n" % (0 if good else 1, name) for name, good in tests.items())
PYTHON
while read -r status name; do
	report "$status" "two limits and three sizes: $name"
done < "$T/verdict"
is "$(wc -l < "$T/verdict")" 5 "all arrays were compared"

# Canonical order: as the strict one of a data set sorted by content; whatever order the files have.
"$python" - "$T" << 'PYTHON'
import json, random, sys

T = sys.argv[1]
with open(T + "/whole-gt.json") as file:
    truth = json.load(file)
with open(T + "/whole-dt.json") as file:
    found = json.load(file)
area = lambda o: o["bbox"][2] * o["bbox"][3]

def write(name):
    for suffix, document in (("gt", truth), ("dt", found)):
        with open("%s/%s-%s.json" % (T, name, suffix), "w") as file:
            json.dump(document, file)

for seed in (1, 2):
    rng = random.Random(seed)
    for objects in (found, truth["annotations"], truth["images"], truth["categories"]):
        rng.shuffle(objects)
    write("shuffled%d" % seed)
found.sort(key=lambda o: (o["bbox"], area(o), o["category_id"]))
truth["annotations"].sort(key=lambda o: (o["bbox"], area(o), o["iscrowd"], o["category_id"]))
write("sorted")
PYTHON
# All that is made beside the figures, in one text.
analyse() {
	evalap "$@" --json --counts --errors --ci --rounds 20 --thresholds "$T/t.json" --confusion "$T/c.csv" --per-image "$T/i.csv" \
		--plot "$T/p.svg" 2> /dev/null
	cat "$T/t.json" "$T/c.csv" "$T/i.csv" "$T/p.svg"
}
for name in whole shuffled1 shuffled2; do
	is "$(run other --canonical -g "$T/$name-gt.json" "$T/$name-dt.json" 2> /dev/null | grep -v warning)" \
		"$(run sorted -g "$T/sorted-gt.json" "$T/sorted-dt.json" 2> /dev/null | grep -v warning)" "$name: --canonical"
	is "$(analyse --canonical -g "$T/$name-gt.json" "$T/$name-dt.json" | sha256sum)" \
		"$(analyse -g "$T/sorted-gt.json" "$T/sorted-dt.json" | sha256sum)" "$name: --canonical with files and errors"
done
ok "which strictly differ" test "$(analyse -g "$T/shuffled1-gt.json" "$T/shuffled1-dt.json" | sha256sum)" != \
	"$(analyse -g "$T/shuffled2-gt.json" "$T/shuffled2-dt.json" | sha256sum)"
# In an image without annotations too: which of two equal scores the limit of 1 keeps decides whether it is of medium size.
echo '{"images": [{"id": 1}, {"id": 2}], "categories": [{"id": 1, "name": "a"}],
 "annotations": [{"id": 1, "image_id": 2, "category_id": 1, "bbox": [0, 56, 32, 32], "area": 9000, "iscrowd": 0}]}' > "$T/bare-gt.json"
echo '[{"image_id": 1, "category_id": 1, "score": 0.2, "bbox": [60, 50, 130, 90]},
 {"image_id": 1, "category_id": 1, "score": 0.2, "bbox": [0, 10, 60, 80]},
 {"image_id": 2, "category_id": 1, "score": 0.2, "bbox": [2, 56, 29, 30]}]' > "$T/bare-dt.json"
medium() {
	evalap "$@" --max-dets 1 --json -g "$T/bare-gt.json" "$T/bare-dt.json" 2> /dev/null | jq -c '.stats[4] * 100 | round'
}
is "$(medium --strict) $(medium --canonical)" "70 35" "--canonical where nothing is annotated"
ok "sorted by content both orders are the same" sh -c "[ -z \"\$(evalap -g '$T/sorted-gt.json' '$T/sorted-dt.json' 2>&1 > /dev/null)\" ]"
stats() {
	evalap --json "$@" 2> "$T/warning" | "$python" -c 'import json, sys; print(*json.load(sys.stdin)["stats"])'
}
strict=$(stats -g "$T/shuffled1-gt.json" "$T/shuffled1-dt.json")
canonical=$(stats --canonical -g "$T/shuffled1-gt.json" "$T/shuffled1-dt.json")
want=$(echo "$strict $canonical" | awk '{ for (i = 1; i <= 12; i++) { d = $i - $(i + 12); d = d < 0 ? -d : d; if (d > most) most = d }
	printf "%.3g", most }')
like "$(evalap -g "$T/shuffled1-gt.json" "$T/shuffled1-dt.json" 2>&1 > /dev/null)" \
	"^evalap: warning: the order of equal scores matters: in canonical order A.* would differ by $want, " "strict warns, and says by how much"
like "$(cat "$T/warning")" "in the results' order A.* would differ by $want, " "so does canonical"
is "$(stats --strict -g "$T/shuffled1-gt.json" "$T/shuffled1-dt.json")" "$strict" "--strict is the default"
fails_with 2 "do not go together" evalap -g "$T/whole-gt.json" "$T/whole-dt.json" --strict --canonical

bad() {
	local message=$1
	shift
	fails_with 1 "^evalap: .*$message" evalap -g "$T/whole-gt.json" "$T/whole-dt.json" "$@"
}
wrong() {
	local message=$1
	shift
	fails_with 2 "^evalap: .*$message" evalap -g "$T/whole-gt.json" "$T/whole-dt.json" "$@"
}
wrong "not '1,x'" --max-dets 1,x
wrong "not '0'" --max-dets 0
wrong "not '1,,2'" --max-dets 1,,2
wrong "at most 3 limits" --max-dets 1,2,3,4
wrong "limit of 5 detections is given twice" --max-dets 5,7,5
wrong "NAME:LOW:HIGH" --areas all:0
wrong "NAME:LOW:HIGH" --areas enormous:0:9
wrong "lower one first" --areas all:9:0
wrong "lower one first" --areas all:0:x
wrong "two ranges of areas are called 'a'" --areas a:0:1,a:0:2
wrong "at most 4 ranges" --areas a:0:1,b:0:2,c:0:2,d:0:1,e:0:1
bad "no image '4' in the ground truth" --images 3,4
bad "no image 'x' in the ground truth .in '.*ids'" --images "@$(echo x > "$T/ids"; echo "$T/ids")"
bad "list of images to evaluate is empty" --images ''
bad "cannot open '.*none'" --images "@$T/none"
bad "no class 'gnu' in the ground truth" --classes cat,gnu
bad "list of classes to evaluate is empty" --classes ,
bad "No such file" --arrays "$T/none/a.npz"
fails_with 2 "goes with COCO's rule only" evalap -g "$T/whole-gt.json" "$T/whole-dt.json" --rule voc2007 --agnostic
if [ -w /dev/full ]; then
	bad "No space left" --arrays /dev/full
fi
done_testing
