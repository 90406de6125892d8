#!/bin/bash
# coco-pack: several sources as one, and classes that are renamed, joined and left out.
. "$(dirname "$0")/tap.sh"

/usr/bin/python3 -c 'import msgpack' 2> /dev/null || skip_all "no python3-msgpack"
export PYTHONPATH=$ROOT/formats PYTHONDONTWRITEBYTECODE=1
coco-synth -q -o "$T/a" -n 10 --size 96x64 --seed 5
coco-synth -q -o "$T/b" -n 8 --size 64x64 --seed 6
A=("$T/a/instances.json" --images "$T/a/images" --source a)
B=("$T/b/instances.json" --images "$T/b/images" --source b)

# compare.py STREAM MAP EXCLUDED NAME=JSON...: images and objects of all files in order, their classes by name.
cat > "$T/compare.py" << 'END'
import json, sys
from reader import HEADER, RECORD, TRAILER, parts
stream = list(parts(open(sys.argv[1], 'rb')))
names = dict(line.split(':') for line in sys.argv[2].split(';') if line)
excluded = sys.argv[3].split(',')
records = [b for k, b in stream if k == RECORD]
classes = [c['name'] for c in stream[0][1]['categories']]
want, objects, held, used = [], 0, 0, set()
for pair in sys.argv[4:]:
    name, path = pair.split('=')
    d = json.load(open(path))
    called = {c['id']: names.get(c['name'], c['name']) for c in d['categories']}
    used |= {n for n in called.values() if n and n not in excluded}
    for image in d['images']:
        own = [a for a in d['annotations'] if a['image_id'] == image['id']]
        objects += len(own)
        kept = [(a['id'], called[a['category_id']]) for a in own
                if called[a['category_id']] and called[a['category_id']] not in excluded]
        held += len(kept)
        want.append((name, image['id'], image['file_name'], kept))
got = [(r['source'], r['id'], r['file_name'],
        list(zip(r['object_id']['values'], [classes[l] for l in r['labels']['values']])) if 'labels' in r else [])
       for r in records]
assert got == want, [pair for pair in zip(got, want) if pair[0] != pair[1]][:3]
assert set(classes) == used and len(classes) == len(used), (classes, used)
t = stream[-1][1]
assert t['in'] == [len(want), objects] and t['out'] == [len(want), held], t
assert t['deselected'] == [0, objects - held] and not t['rejects'], t
END
compare() {
	/usr/bin/python3 "$T/compare.py" "$@"
}

coco-pack -q "${A[@]}" "${B[@]}" > "$T/ab"
ok "two JSON files, each with its own directory" compare "$T/ab" "" "" "a=$T/a/instances.json" "b=$T/b/instances.json"
coco-pack -q --images "$T/a/images" "$T/a/instances.json" --source a "${B[@]}" > "$T/ab2"
ok "an option before all operands is for those without their own" cmp "$T/ab" "$T/ab2"
coco-pack -q "${B[@]}" -o "$T/b.pack"
coco-pack -q "${A[@]}" "$T/b.pack" > "$T/mixed"
ok "a JSON file and a pack" compare "$T/mixed" "" "" "a=$T/a/instances.json" "b=$T/b/instances.json"
like "$(tstream dump --header -n 0 "$T/mixed")" '"provenance":\[\{[^}]*\},\{[^}]*\}\]' "the provenance has the pack's link and the new one"
coco-pack -q "${A[@]}" "${B[@]}" --shuffle --epochs 2 --seed 3 -j1 > "$T/s1"
coco-pack -q "${A[@]}" "${B[@]}" --shuffle --epochs 2 --seed 3 -j4 > "$T/s4"
ok "-j1 and -j4 write the same bytes" cmp "$T/s1" "$T/s4"
pairs() {
	tstream dump "$@" | sed 's/.*"id":\([0-9]*\).*"source":"\([a-z]*\)".*/\2\1/' | sort | tr '\n' ' '
}
is "$(tstream dump "$T/s1" | head -n 18 | sed 's/.*"id":\([0-9]*\).*"source":"\([a-z]*\)".*/\2\1/' | sort | tr '\n' ' ')" \
	"$(pairs "$T/ab")" "an epoch has every image of both once"
coco-pack -q "${A[@]}" "${B[@]}" -o "$T/ab.pack"
is "$(coco-pack -q "$T/ab.pack" --fraction 0.4 | pairs -)" "$(coco-pack -q "${A[@]}" "${B[@]}" --fraction 0.4 | pairs -)" \
	"a pack of several sources is divided as they are"
is "$(coco-pack -q "$T/ab.pack" --source c | tstream dump - | grep -c '"source":"c"')" 18 "--source renames what a pack holds"
like "$(coco-pack "${A[@]}" "${B[@]}" -o /dev/null 2>&1)" "^coco-pack: in +18 records" "the account is of both"

# Classes.
printf '# joined\ndisc = round\nring = round\nstar =\n"square" = "a = b"\n' > "$T/map"
coco-pack -q "${A[@]}" "${B[@]}" --class-map "$T/map" > "$T/mapped"
ok "--class-map renames, joins and drops" compare "$T/mapped" "disc:round;ring:round;star:;square:a = b" "" \
	"a=$T/a/instances.json" "b=$T/b/instances.json"
is "$(tstream dump --header -n 0 "$T/mapped" | grep -o '"id":[0-9]*,"name":"[^"]*"' | tr '\n' ' ')" \
	'"id":1,"name":"round" "id":2,"name":"a = b" "id":3,"name":"triangle" ' "a joined class has the id of the first"
coco-pack -q "${A[@]}" --exclude-classes disc,star > "$T/excluded"
ok "--exclude-classes leaves out" compare "$T/excluded" "" "disc,star" "a=$T/a/instances.json"
coco-pack -q "${A[@]}" --class-map "$T/map" --exclude-classes round > "$T/both"
ok "names after the map" compare "$T/both" "disc:round;ring:round;star:;square:a = b" "round" "a=$T/a/instances.json"
is "$(coco-pack -q - --exclude-classes disc,star < <(coco-pack -q "${A[@]}") | tstream dump --full - | md5sum)" \
	"$(tstream dump --full "$T/excluded" | md5sum)" "of a stream as of a file"
printf 'disc = square\nsquare = disc\n' > "$T/swap"
coco-pack -q "${A[@]}" --class-map "$T/swap" > "$T/swapped"
ok "two classes exchange their names" compare "$T/swapped" "disc:square;square:disc" "" "a=$T/a/instances.json"
printf 'disc = square\n' > "$T/join"
is "$(coco-pack -q "${A[@]}" --class-map "$T/join" | tstream dump --header -n 0 - | grep -o '"id":[0-9]*,"name":"square"')" \
	'"id":2,"name":"square"' "who joins a class takes its id"
report "$([ "$(coco-pack -q "${A[@]}" --class-map "$T/swap" | tstream dump --header -n 0 - | grep -o 'data=[^"]*')" != \
	"$(coco-pack -q "${A[@]}" --class-map "$T/join" | tstream dump --header -n 0 - | grep -o 'data=[^"]*')" ]; echo $?)" \
	"the provenance tells one map from another"

# Folders: an image whose class is left out is deselected.
mkdir -p "$T/f/cat" "$T/f/dog" "$T/g/ant" "$T/g/dog"
cp "$T"/a/images/*1.jpg "$T/f/cat"
cp "$T"/a/images/*2.jpg "$T"/a/images/*3.jpg "$T/f/dog"
cp "$T"/b/images/*1.jpg "$T/g/ant"
cp "$T"/b/images/*2.jpg "$T/g/dog"
like "$(coco-pack "$T/f" --exclude-classes cat -o /dev/null 2>&1 | tr -s ' ')" "deselected 1 records 0 objects" "an image of a class left out is deselected"
fails_with 1 "id 1 is class 'cat' and class 'ant' \('$T/f': 1 cat, 2 dog; '$T/g': 1 ant, 2 dog\); --renumber" coco-pack "$T/f" "$T/g"
coco-pack -q "$T/f" "$T/g" --renumber > "$T/folders"
is "$(/usr/bin/python3 -c '
import sys
from reader import HEADER, RECORD, parts
stream = list(parts(sys.stdin.buffer))
classes = [(c["id"], c["name"]) for c in stream[0][1]["categories"]]
print(classes, *[b["source"] + ":" + classes[b["class_label"]][1] for k, b in stream if k == RECORD])' < "$T/folders")" \
	"[(1, 'cat'), (2, 'dog'), (3, 'ant')] f:cat f:dog f:dog g:ant g:dog" "--renumber joins classes by name"

# Contradictions, with both lists.
edit() { # PYTHON: x.json becomes b's, edited.
	/usr/bin/python3 -c "
import json, sys
d = json.load(open(sys.argv[1]))
c = d['categories']
$1
json.dump(d, open(sys.argv[2], 'w'))" "$T/b/instances.json" "$T/x.json"
}
contradicts() { # REGEX PYTHON
	edit "$2"
	fails_with 1 "$1" coco-pack "${A[@]}" "$T/x.json" --images "$T/b/images"
}
LISTS="\\('$T/a/instances.json': 1 disc, 2 square, 3 triangle, 4 star, 5 ring; '$T/x.json': "
contradicts "id 1 is class 'disc' and class 'cat' ${LISTS}1 cat, 2 square.*; --renumber" "c[0]['name'] = 'cat'"
contradicts "class 'disc' has id 1 and id 9 ${LISTS}.*9 disc" "c[0]['id'] = 9
for a in d['annotations']: a['category_id'] += 8 * (a['category_id'] == 1)"
contradicts "class 'disc' has the supercategory 'shape' and the supercategory 'animal' ${LISTS}" "c[0]['supercategory'] = 'animal'"
edit "c[0]['keypoints'] = ['nose']"
cp "$T/x.json" "$T/y.json"
edit "c[0]['keypoints'] = ['tail']"
fails_with 1 "class 'disc' has other keypoints in one list than in the other" coco-pack "$T/y.json" --images "$T/b/images" "$T/x.json" \
	--images "$T/b/images"
ok "keypoints that one list has and the other leaves open" coco-pack -q "$T/y.json" --images "$T/b/images" "${A[@]}" -o /dev/null
fails_with 1 "image 1 of source 'instances' is there twice in '.*'; if these are different images, give the sources names" \
	coco-pack "$T/a/instances.json" --images "$T/a/images" "$T/b/instances.json" --images "$T/b/images"
fails_with 1 "is a stream; of several sources each must be one that can be read in any order" coco-pack "$T/a" "$T/ab"

# Bad maps and names.
bad_map() { # REGEX TEXT
	printf '%b' "$2" > "$T/bad"
	fails_with 1 "$1" coco-pack "${A[@]}" --class-map "$T/bad"
}
bad_map "bad:2: no '=' in this line; 'old = new' renames a class, 'old =' drops it" 'disc = a\nstar\n'
bad_map "bad:1: no class before '='" ' = a\n'
bad_map "bad:3: class 'disc' is there twice, the first time in line 1" 'disc = a\n\ndisc = b\n'
bad_map "bad:1: '=' is there twice; put a name that has one in double quotes" 'disc = a = b\n'
bad_map "bad:1: the quote \" is not closed" '"disc = a\n'
bad_map "bad:1: there is something behind the closing quote" '"disc" x = a\n'
bad_map 'bad:1: in quotes \\ stands before " or another \\ only' '"di\\sc" = a\n'
bad_map "bad:1: the new name is empty" 'disc = ""\n'
bad_map "bad:2: byte 8 of the line is not UTF-8" 'star = b\ndisc = \0377\n'
bad_map "bad:1: there is no class 'disk' \\('.*': 1 disc, 2 square" 'disk = a\n'
bad_map "maps no class" '# nothing\n'
fails_with 1 "cannot open '$T/none'" coco-pack "${A[@]}" --class-map "$T/none"
fails_with 1 "exclude-classes: there is no class 'disk' " coco-pack "${A[@]}" --exclude-classes star,disk
fails_with 1 "leave no class of 5" coco-pack "${A[@]}" --exclude-classes disc,square,triangle,star,ring
fails_with 2 "--format must be one of coco\|" coco-pack "${A[@]}" --format jpeg

done_testing
