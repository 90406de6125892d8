#!/bin/bash
# coco-pack: subsets by number, by class and out of balance, and labels that are wrong on purpose.
. "$(dirname "$0")/tap.sh"

/usr/bin/python3 -c 'import msgpack' 2> /dev/null || skip_all "no python3-msgpack"
export PYTHONPATH=$ROOT/formats PYTHONDONTWRITEBYTECODE=1
coco-synth -q -o "$T/syn" -n 120 --size 64x64 --seed 5
COCO=("$T/syn/instances.json" --images "$T/syn/images")
coco-pack -q "${COCO[@]}" -o "$T/syn.pack"
ids() {
	tstream dump "$@" | sed 's/.*"id":\([0-9]*\).*/\1/' | sort -n
}

# Numbers: exact, nested, the same from a pack and in another order.
last=""
for n in 1 7 30 31 119 120; do
	coco-pack -q "${COCO[@]}" --subset $n --subset-seed 2 | ids - > "$T/now"
	is "$(wc -l < "$T/now")" $n "--subset $n is $n images"
	[ -z "$last" ] || is "$(sort "$T/last" | comm -13 <(sort "$T/now") -)" "" "and holds those of --subset $last"
	cp "$T/now" "$T/last"
	last=$n
done
coco-pack -q "${COCO[@]}" --subset 30 --subset-seed 2 | ids - > "$T/thirty"
is "$(coco-pack -q "$T/syn.pack" --subset 30 --subset-seed 2 | ids - | md5sum)" "$(md5sum < "$T/thirty")" "a pack is divided alike"
is "$(coco-pack -q "${COCO[@]}" --fraction 0.25 --subset-seed 2 | ids - | md5sum)" "$(md5sum < "$T/thirty")" "--fraction 0.25 is the same subset"
is "$(coco-pack -q "${COCO[@]}" --subset 30 --subset-seed 2 --rest | ids - | sort -n - "$T/thirty" | uniq | wc -l)" 120 "--rest is the others"
coco-pack -q "${COCO[@]}" --shuffle -o "$T/shuffled.pack"
is "$(coco-pack -q "$T/shuffled.pack" --subset 30 --subset-seed 2 | ids - | md5sum)" "$(md5sum < "$T/thirty")" "the order of the images does not matter"
report "$([ "$(coco-pack -q "${COCO[@]}" --subset 30 | ids -)" != "$(cat "$T/thirty")" ]; echo $?)" "another seed, another subset"

# By class, against the rule in Python, which takes the order of the images from ever larger subsets.
for n in $(seq 120); do
	coco-pack -q "$T/syn.pack" --subset "$n" --unlabelled | ids - > "$T/s$n"
done
cat > "$T/rule.py" << 'END'
import json, sys
T, how, number = sys.argv[1], sys.argv[2], float(sys.argv[3])
d = json.load(open(sys.argv[4]))
classes = [c["id"] for c in sorted(d["categories"], key=lambda c: c["id"])]
rank, before = [], set()
for n in range(1, 121):
    now = {int(line) for line in open(f"{T}/s{n}")}
    rank += now - before
    before = now
assert len(rank) == 120
labels = {i: [a["category_id"] for a in d["annotations"] if a["image_id"] == i and not a.get("iscrowd") and not a.get("ignore")]
          for i in rank}
chosen, count = [], dict.fromkeys(classes, 0)
most = max(sum(c in labels[i] for i in rank) for c in classes)
quota = {c: max(1, int(most * number ** (-k / (len(classes) - 1)) + 1e-9)) for k, c in enumerate(classes)}
for i in rank:
    own = labels[i] if how == "objects" else set(labels[i])
    if all(count[c] < quota[c] for c in own) if how == "imbalance" else any(count[c] < number for c in own):
        chosen.append(i)
        for c in own:
            count[c] += 1
print(*sorted(chosen), sep="\n")
if how != "imbalance":
    total = {c: sum(labels[i].count(c) if how == "objects" else c in labels[i] for i in rank) for c in classes}
    assert all(count[c] >= min(number, total[c]) for c in classes)
END
/usr/bin/python3 - "$T/syn/instances.json" "$T/crowd.json" << 'END'
import json, sys
d = json.load(open(sys.argv[1]))
for k, a in enumerate(d["annotations"]):
    a["iscrowd" if k % 2 else "ignore"] = int(k % 7 == 0)
json.dump(d, open(sys.argv[2], "w"))
END
CROWD=("$T/crowd.json" --images "$T/syn/images")
coco-pack -q "${CROWD[@]}" -o "$T/crowd.pack"
compare() { # OPTION HOW NUMBER
	/usr/bin/python3 "$T/rule.py" "$T" "$2" "$3" "$T/crowd.json" > "$T/want"
	is "$(coco-pack -q "${CROWD[@]}" "$1" "$3" | ids - | md5sum)" "$(md5sum < "$T/want")" "$1 $3: $(wc -l < "$T/want") images, as the rule says"
	is "$(coco-pack -q "$T/crowd.pack" "$1" "$3" | ids - | md5sum)" "$(md5sum < "$T/want")" "and of a pack"
}
for n in 1 3 20; do
	compare --images-per-class images $n
	compare --objects-per-class objects $n
done
is "$(comm -23 <(coco-pack -q "${COCO[@]}" --objects-per-class 3 | ids - | sort) <(coco-pack -q "${COCO[@]}" --objects-per-class 9 | ids - | sort))" \
	"" "3 objects of each class are among 9 of each"
compare --imbalance imbalance 1
compare --imbalance imbalance 5
compare --imbalance imbalance 100
like "$(coco-pack "${COCO[@]}" --images-per-class 110 -o /dev/null 2>&1)" "[1-5] class(es)? with fewer than were asked for" "classes that have not so many are told"

# CIFAR's long tail: 50 images of each of 4 classes become 50, 50 r^-1/3, 50 r^-2/3, 50 / r.
for c in a b c d; do
	mkdir -p "$T/tail/$c"
	for n in $(seq 10 59); do
		ln "$T/syn/images/000001.jpg" "$T/tail/$c/$n.jpg"
	done
done
per_class() {
	/usr/bin/python3 -c '
import sys
from collections import Counter
from reader import RECORD, parts
count = Counter(b["class_label"] for k, b in parts(sys.stdin.buffer) if k == RECORD)
print(*(count[i] for i in range(4)))'
}
is "$(coco-pack -q "$T/tail" --imbalance 10 | per_class)" "50 23 10 5" "--imbalance 10 of 50 images a class"
is "$(coco-pack -q "$T/tail" --imbalance 10 --subset 44 | per_class)" "$(coco-pack -q "$T/tail" --imbalance 10 --fraction 0.5 | per_class)" \
	"a subset is of what the imbalance leaves"
is "$(coco-pack -q "$T/tail" --images-per-class 7 | per_class)" "7 7 7 7" "--images-per-class 7"
is "$(coco-pack -q "$T/tail" --images-per-class 7 --exclude-classes c | per_class)" "7 7 7 0" "of the classes that are left"
like "$(coco-pack "$T/tail" --images-per-class 7 -o /dev/null 2>&1 | tr -s ' ')" "deselected 172 records 0 objects" "the others are deselected"

# Wrong labels: how many, which, and what they were.
cat > "$T/wrong.py" << 'END'
import sys
from reader import HEADER, RECORD, parts
def read(path):
    stream = list(parts(open(path, "rb")))
    return len(stream[0][1]["categories"]), [b for k, b in stream if k == RECORD]
_, clean = read(sys.argv[1])
n, noisy = read(sys.argv[2])
rate, total, wrong, steps = float(sys.argv[3]), 0, 0, [0] * n
for a, b in zip(clean, noisy):
    assert a["id"] == b["id"] and a.get("boxes") == b.get("boxes")
    if "labels" not in a:
        continue
    assert b["original_labels"]["values"] == a["labels"]["values"]
    for x, y in zip(a["labels"]["values"], b["labels"]["values"]):
        assert 0 <= y < n
        steps[(y - x) % n] += 1
        total += 1
wrong = total - steps[0]
assert abs(wrong - rate * total) <= 4 * (rate * (1 - rate) * total) ** 0.5, (wrong, total)
for s in steps[1:]:
    assert abs(s - wrong / (n - 1)) <= 5 * (wrong / (n - 1)) ** 0.5, steps
print(wrong)
END
coco-pack -q "${COCO[@]}" > "$T/clean"
for rate in 0.2 0.5 1; do
	coco-pack "${COCO[@]}" --corrupt-labels $rate --corrupt-seed 3 > "$T/noisy$rate" 2> "$T/said"
	wrong=$(/usr/bin/python3 "$T/wrong.py" "$T/clean" "$T/noisy$rate" $rate)
	is $? 0 "--corrupt-labels $rate: so many, each wrong class alike, and the right ones are kept"
	like "$(cat "$T/said")" "^coco-pack: $wrong labels made wrong" "and told"
done
labels() {
	tstream dump --full "$@" | grep -o '"labels":{[^}]*}' | md5sum
}
is "$(coco-pack -q "$T/syn.pack" --corrupt-labels 0.5 --corrupt-seed 3 -j3 | labels -)" "$(labels "$T/noisy0.5")" "from a pack, in other threads, alike"
is "$(coco-pack -q - --corrupt-labels 0.5 --corrupt-seed 3 < "$T/clean" | labels -)" "$(labels "$T/noisy0.5")" "and from a stream"
coco-pack -q "${COCO[@]}" --epochs 2 --corrupt-labels 0.5 --corrupt-seed 3 > "$T/epochs"
is "$(tstream dump --full "$T/epochs" | tail -n 120 | grep -o '"labels":{[^}]*}' | md5sum)" "$(labels "$T/noisy0.5")" "the same in every epoch"
report "$([ "$(coco-pack -q "${COCO[@]}" --corrupt-labels 0.5 | labels -)" != "$(labels "$T/noisy0.5")" ]; echo $?)" "another seed, other labels"
is "$(/usr/bin/python3 - "$T" << 'END'
import sys
from reader import RECORD, parts
low, high = ([b for k, b in parts(open(f"{sys.argv[1]}/noisy{r}", "rb")) if k == RECORD] for r in ("0.2", "0.5"))
print(all(x == y or x == o for a, b in zip(low, high) if "labels" in a
          for x, y, o in zip(a["labels"]["values"], b["labels"]["values"], a["original_labels"]["values"])))
END
)" True "what is wrong at a rate is so at a higher one"
is "$(coco-pack -q "$T/tail" --corrupt-labels 1 | /usr/bin/python3 -c '
import sys
from reader import RECORD, parts
r = [b for k, b in parts(sys.stdin.buffer) if k == RECORD]
print(len(r), sum(b["class_label"] == b["original_class_label"] for b in r), [b["original_class_label"] for b in r] == [i // 50 for i in range(200)])')" \
	"200 0 True" "classes of images, too"
is "$(coco-pack -q "${COCO[@]}" --corrupt-labels 0.5 | augment -q -s0 --size 64 | tstream dump - | grep -c original_labels)" \
	"$(coco-pack -q "${COCO[@]}" | augment -q -s0 --size 64 | tstream dump - | grep -c '"labels"')" "augment carries them on"
is "$(coco-pack -q "${COCO[@]}" | tstream dump - | grep -c original)" 0 "without the option nothing is said"

# What cannot be.
/usr/bin/python3 -c 'import json, sys
d = json.load(open(sys.argv[1]))
json.dump(dict(d, annotations=[]), open(sys.argv[2], "w"))' "$T/syn/instances.json" "$T/none.json"
fails_with 1 "subset 121: there are 120 images" coco-pack "${COCO[@]}" --subset 121
fails_with 2 "each choose images; give one of them" coco-pack "${COCO[@]}" --subset 7 --fraction 0.5
fails_with 2 "each choose images; give one of them" coco-pack "${COCO[@]}" --images-per-class 7 --objects-per-class 7
fails_with 2 "imbalance must be between 1 and" coco-pack "${COCO[@]}" --imbalance 0.5
fails_with 2 "corrupt-labels must be between 0 and 1" coco-pack "${COCO[@]}" --corrupt-labels 2
fails_with 1 "has no classes to choose by" coco-pack "$T/syn/images" --images-per-class 2
fails_with 1 "no image of '.*' has a class" coco-pack "$T/none.json" --images "$T/syn/images" --imbalance 2
fails_with 1 "corrupt-labels needs two classes; '.*' has 0" coco-pack "$T/syn/images" --corrupt-labels 0.5
fails_with 1 "the selection leaves none of 120 images" coco-pack "${COCO[@]}" --subset 120 --rest
for option in "--subset 3" "--images-per-class 3" "--imbalance 3"; do
	# shellcheck disable=SC2086
	fails_with 1 "is a stream, and (a fraction|choosing by classes) needs a source that can be read in any order" coco-pack "$T/clean" $option
done

done_testing
