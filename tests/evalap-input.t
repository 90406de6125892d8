#!/bin/bash
# How results get in: in any order of images, from files and pipes, in one thread or several, the figures are the same; errors
# name the right place in a long file; memory does not grow with what is not kept.
. "$(dirname "$0")/tap.sh"
export OMP_WAIT_POLICY=passive
exec 2> "$T/.said"	# warnings about ties are not what this is about

# 12,000 results in 120 images, some 1.3 MB: several parts.
/usr/bin/python3 - "$T" << 'PYTHON'
import json, random, re, sys
rng = random.Random(11)
T = sys.argv[1]
def box():
    return [round(rng.uniform(0, 80), 1), round(rng.uniform(0, 80), 1), round(rng.uniform(4, 200), 1), round(rng.uniform(4, 200), 1)]
annotations, results = [], []
for image in range(1, 121):
    for _ in range(6):
        b = box()
        annotations.append({"id": len(annotations) + 1, "image_id": image, "category_id": rng.randint(1, 3), "bbox": b,
                            "area": b[2] * b[3], "iscrowd": int(rng.random() < 0.1)})
    for _ in range(100):
        near = rng.choice(annotations[-6:])
        b = near["bbox"] if rng.random() < 0.5 else box()
        results.append({"image_id": image, "category_id": near["category_id"], "bbox": [round(x + rng.choice((0, 0, 1, 5)), 1) for x in b],
                        "score": round(rng.uniform(0.05, 1), 2)})
def write(name, what, **form):
    with open("%s/%s.json" % (T, name), "w") as file:
        json.dump(what, file, **form)
write("gt", {"images": [{"id": i} for i in range(1, 121)], "annotations": annotations,
             "categories": [{"id": k, "name": "class %d" % k} for k in (1, 2, 3)]})
write("grouped", results)
write("indented", results, indent=1)
write("classes", sorted(results, key=lambda r: r["category_id"]))
write("interleaved", [r for i in range(100) for r in results[i::100]])
write("late", results[:99] + results[100:] + results[99:100])
images = list(range(120))
rng.shuffle(images)
write("images", [r for i in images for r in results[100 * i:100 * i + 100]])
write("keys", [dict(reversed(r.items())) for r in results])
write("nested", [dict(r, text='}, {"image_id": 1', parts=[{"image_id": 5}, {"image_id": 6}]) for r in results])
again = list(results)
rng.shuffle(again)
write("shuffled", again)
write("shuffled_grouped", sorted(again, key=lambda r: r["image_id"]))
write("halves", [dict(r, image_id=r["image_id"]) for r in results[6000:] + results[:6000]])

# Errors in the middle, with the places where they are.
def bad(name, text, at, message):
    with open("%s/%s.json" % (T, name), "w") as file:
        file.write(text)
    line = text.count("\n", 0, at) + 1
    column = at - (text.rfind("\n", 0, at) + 1) + 1
    with open("%s/%s.txt" % (T, name), "w") as file:
        file.write("%d:%d: %s" % (line, column, message))
for name, form in (("flat", {}), ("lines", {"indent": 2})):
    broken = [dict(r) for r in results]
    broken[7777]["score"] = "high"
    text = json.dumps(broken, **form)
    bad("score_" + name, text, text.index('"high"'), 'result 7777: "score" is not a number')
    broken[7777] = dict(results[7777], image_id=999)
    text = json.dumps(broken, **form)
    at = text.index("}", text.index('"image_id": 999'))
    bad("image_" + name, text, at, "result 7777: image 999 is not in the ground truth; are these results of another set?")
    text = json.dumps(results, **form)
    at = text.index("image_id", len(text) * 2 // 3) + 3
    number = text.count("image_id", 0, at)
    bad("cut_" + name, text[:at], at - 4, "this string is not closed (in result %d)" % number)
    at = re.compile(r'[0-9]').search(text, text.index("bbox", len(text) * 2 // 3)).start()
    bad("bang_" + name, text[:at] + "!" + text[at:], at, "a value was expected (in result %d)" % (text.count("image_id", 0, at) - 1))
PYTHON

want=$(evalap -q -j1 --json -g "$T/gt.json" "$T/grouped.json")
like "$want" '"stats":\[0\.[0-9]*[1-9]' "something is found"
evalap -q -j1 -g "$T/gt.json" --arrays "$T/want.npz" --partial "$T/want.part" "$T/grouped.json" > /dev/null 2>&1
kept=$(evalap -q -j1 --counts --json -g "$T/gt.json" "$T/grouped.json" | jq -c .stats)
is "$(jq -c .stats <<< "$want")" "$kept" "matched image by image as with all detections in memory"

# same WANT NAME [OPTION...]: in one thread and three, from a file, standard input, pipes.
same() {
	local want=$1 file=$T/$2.json name=$2
	shift 2
	is "$(evalap -q -j1 --json "$@" -g "$T/gt.json" "$file")" "$want" "$name $*: a file, one thread"
	is "$(evalap -q -j3 --json "$@" -g "$T/gt.json" "$file")" "$want" "$name $*: three threads"
	is "$(evalap -q -j2 --json "$@" -g "$T/gt.json" < "$file")" "$want" "$name $*: standard input"
	is "$(tail -c +1 "$file" | evalap -q -j2 --json "$@" -g "$T/gt.json")" "$want" "$name $*: a pipe"
}
for name in grouped indented classes interleaved late images keys nested halves; do
	same "$want" "$name"
done
want_agnostic=$(evalap -q -j1 --json --agnostic -g "$T/gt.json" "$T/grouped.json")
for name in interleaved late; do
	same "$want_agnostic" "$name" --agnostic
done
same "$(evalap -q -j1 --json -g "$T/gt.json" "$T/shuffled_grouped.json")" shuffled
is "$(evalap -q --canonical --json -g "$T/gt.json" "$T/shuffled.json")" "$(evalap -q --canonical --json -g "$T/gt.json" "$T/late.json")" \
	"canonical figures do not depend on the order"
for name in images late; do
	evalap -q -j2 -g "$T/gt.json" --arrays "$T/got.npz" --partial "$T/got.part" "$T/$name.json" > /dev/null 2>&1
	ok "$name: the same arrays" cmp "$T/want.npz" "$T/got.npz"
done
evalap -q -j2 -g "$T/gt.json" --partial "$T/got.part" "$T/grouped.json" > /dev/null 2>&1
ok "the same part in two threads" cmp "$T/want.part" "$T/got.part"
is "$(zstd -qc "$T/late.json" | evalap -q --json -g "$T/gt.json")" "$want" "compressed, from a pipe, with an image that comes back"
(tail -c +1000001 "$T/late.json") > "$T/rest"
is "$( (head -c 1000000 "$T/late.json"; sleep 0.3; cat "$T/rest") | evalap -q --json -g "$T/gt.json")" "$want" "a slow pipe"

# A named pipe whose writer has ended before all of evalap's looks at it.
mkfifo "$T/named"
jq -c '.[:40]' "$T/late.json" > "$T/short.json"
short=$(evalap -q --json -g "$T/gt.json" "$T/short.json")
for _ in 1 2 3 4 5; do
	cat "$T/short.json" > "$T/named" &
	is "$(timeout 20 evalap -q --json -g "$T/gt.json" "$T/named")" "$short" "a named pipe"
	wait
done

# What a pipe has brought is put aside for an image that comes back: in another directory, in memory, or partly so.
mkdir "$T/aside"
is "$(tail -c +1 "$T/late.json" | TMPDIR=$T/aside evalap -q --json -g "$T/gt.json")" "$want" "put aside in TMPDIR"
is "$(ls "$T/aside")" "" "nothing is left there"
is "$(tail -c +1 "$T/late.json" | TMPDIR=/nonexistent evalap -q --json -g "$T/gt.json")" "$want" "put aside in memory"
is "$(tail -c +1 "$T/late.json" | (trap '' XFSZ; ulimit -f 300; evalap -q --json -g "$T/gt.json"))" "$want" "a disk that becomes full"

# Errors.
for name in score image cut bang; do
	for form in flat lines; do
		for j in 1 3; do
			message=$(evalap -q -j$j -g "$T/gt.json" "$T/${name}_$form.json" 2>&1 > /dev/null)
			is "${message#*_"$form".json:}" "$(cat "$T/${name}_$form.txt")" "$name, $form, -j$j: where and what"
		done
		message=$(tail -c +1 "$T/${name}_$form.json" | evalap -q -g "$T/gt.json" 2>&1 > /dev/null)
		is "${message#*standard input:}" "$(cat "$T/${name}_$form.txt")" "$name, $form: in a pipe"
	done
done

# Memory: 900,000 results in 300 images, of which the limit keeps 30,000; all of them would be 65 MB.
cat > "$T/many.py" << 'PYTHON'
import sys
n = int(sys.argv[1])
text = ", ".join('{"image_id": %%d, "category_id": 1, "bbox": [%d, %d, 30, 40], "score": 0.%d}' % (i % 50, i % 40, 1000 + i % 9000) for i in range(n))
sys.stdout.write("[")
for image in range(300):
    sys.stdout.write((", " if image else "") + text.replace("%d", str(image)))
sys.stdout.write("]")
PYTHON
/usr/bin/python3 -c '
import json
print(json.dumps({"images": [{"id": i} for i in range(300)], "categories": [{"id": 1, "name": "a"}], "annotations":
    [{"id": i + 1, "image_id": i, "category_id": 1, "bbox": [1, 1, 30, 40], "area": 1200, "iscrowd": 0} for i in range(300)]}))' > "$T/one.json"
# peak N: kB that a pipe of 300 N results takes.
peak() {
	/usr/bin/python3 "$T/many.py" "$1" | /usr/bin/python3 -c '
import resource, subprocess, sys
subprocess.run(["evalap", "-q", "-j2", "-g", sys.argv[1]], check=True, stdout=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)' "$T/one.json"
}
if [ "${CONF:-release}" = release ]; then
	few=$(peak 300)
	many=$(peak 3000)
	is "$([ "$many" -lt $((few + 12000)) ] && echo flat)" flat "memory of 90,000 and of 900,000 results ($few and $many kB)"
fi
done_testing
