#!/bin/bash
# tstream stats: what it counts, against the JSON that the records came from; the page of charts.
. "$(dirname "$0")/tap.sh"

coco-synth -q -o "$T/syn" -n 60 --size 96x64 --seed 8
# Some images get other objects: none, one, and so large that all sizes come.
/usr/bin/python3 - "$T/syn/instances.json" "$T/x.json" << 'END'
import json, sys
d = json.load(open(sys.argv[1]))
d['annotations'] = [a for a in d['annotations'] if a['image_id'] not in (3, 4)]
for i, a in enumerate(d['annotations']):
    a['bbox'] = [i % 5, 1, 3 + i % 90, 2 + i % 60]
    a.pop('segmentation', None)
for k in range(37):
    d['annotations'].append({'id': 10000 + k, 'image_id': 9, 'category_id': 2, 'bbox': [0, 0, 10, 10], 'area': 100})
d['categories'][0]['name'] = 'Gr\u00f6\u00dfe & <b>'
json.dump(d, open(sys.argv[2], 'w'))
END
coco-pack -q "$T/x.json" --images "$T/syn/images" -o "$T/x.pack"
tstream stats --plot "$T/x.svg" "$T/x.pack" > "$T/table"
is "$?" 0 "a table and a page"

cat > "$T/compare.py" << 'END'
import json, math, re, sys, xml.etree.ElementTree as tree
from collections import Counter
import numpy
d = json.load(open(sys.argv[1]))
table = open(sys.argv[2]).read()
cats = sorted(d['categories'], key=lambda c: c['id'])
per_image = Counter(a['image_id'] for a in d['annotations'])
counts = sorted(per_image.get(i['id'], 0) for i in d['images'])
boxes = [a['bbox'] for a in d['annotations']]
# As the sample has them: corners in single precision, cut at the edge.
f32 = lambda v: float(numpy.float32(v))
area = [(f32(min(b[0] + b[2], 96)) - f32(b[0])) * (f32(min(b[1] + b[3], 64)) - f32(b[1])) for b in boxes]
sides = sorted(math.floor(math.sqrt(a) + 0.5) for a in area)
want = []
def row(*words):
    want.append(r'\s+'.join(re.escape(str(w)).replace(r'\ ', r'\s+') for w in words))
middle = lambda v: v[(len(v) + 1) // 2 - 1]
row('records', '%d,' % len(counts), counts.count(0), 'of them without objects,')
row('objects', len(boxes))
row('in a record', counts[0], 'to', '%d,' % counts[-1], 'mean', '%.1f,' % (sum(counts) / len(counts)), 'median', middle(counts))
row('side of a box', sides[0], 'to', '%d,' % sides[-1], 'mean', '%.1f,' % (sum(sides) / len(sides)), 'median', middle(sides))
small = sum(a < 1024 for a in area)
row('%.1f %% below 32x32 pixels,' % (100 * small / len(area)))
row('width', 96, 'to', '96,', 'mean', '96.0,', 'median', '96')
row('height', 64, 'to', '64,')
ranges = [(0, 0), (1, 1), (2, 2)] + [(2 ** k + 1, 2 ** (k + 1)) for k in range(1, 12)]
ranges = [r for r in ranges if r[0] <= counts[-1]]
held = [sum(lo <= c <= hi for c in counts) for lo, hi in ranges]
bar = lambda n, most: '#' * max(int(n / most * 40 + 0.5), 1) if n else ''
for (lo, hi), n in zip(ranges, held):
    want.append(r'\n    %s +%d ?%s\n' % (lo if lo == hi else '%d-%d' % (lo, hi), n, bar(n, max(held))))
of = Counter(a['category_id'] for a in d['annotations'])
images = {c['id']: len({a['image_id'] for a in d['annotations'] if a['category_id'] == c['id']}) for c in cats}
for c in cats:
    want.append(r'\n    %s +%d +%d +%d ?%s\n' % (re.escape(c['name']), c['id'], images[c['id']], of[c['id']],
                                                bar(of[c['id']], max(of.values()))))
missing = [w for w in want if not re.search(w, table)]
page = tree.parse(sys.argv[3]).getroot()
texts = [t.text for t in page.iter() if t.tag.endswith('text')]
ranked = sorted(cats, key=lambda c: -of[c['id']])
listed = [t for t in texts if t in {c['name'] for c in cats}]
if listed != [c['name'] for c in ranked]:
    missing.append(listed)
for c in cats:
    if str(of[c['id']]) not in texts:
        missing.append('count of ' + c['name'])
if '%d images, %d of them without objects; %d objects; %d classes' % (len(counts), counts.count(0), len(boxes), len(cats)) not in texts:
    missing.append('subtitle')
for m in missing:
    print(m)
sys.exit(bool(missing))
END
if /usr/bin/python3 -c 'import numpy' 2> /dev/null; then
	ok "table and page are what the JSON says" /usr/bin/python3 "$T/compare.py" "$T/x.json" "$T/table" "$T/x.svg"
fi
is "$(tstream stats --plot "$T/y.svg" "$T/x.pack" | cmp - "$T/table" && cmp "$T/x.svg" "$T/y.svg" && echo same)" same \
	"the same again are the same bytes"
# What stands in both tables: not the name, nor who made it.
body() {
	sed 1d | grep -v 'made by\|then'
}
is "$(coco-pack -q "$T/x.pack" | tstream stats | body)" "$(body < "$T/table")" "a stream on standard input too"

# Classes of whole images.
mkdir -p "$T/folders"/{ant,bee}
i=0
for f in "$T"/syn/images/*.jpg; do
	class=bee
	[ $((i % 4)) != 0 ] || class=ant
	cp "$f" "$T/folders/$class/$i.jpg"
	i=$((i + 1))
done
coco-pack -q "$T/folders" > "$T/folders.stream"
stats=$(tstream stats --plot "$T/folders.svg" "$T/folders.stream")
like "$stats" "ant +1 +15 +0 #{13}$" "classes of whole images are counted"
like "$stats" "bee +2 +45 +0 #{40}$" "and have bars"
like "$stats" "60 images have a class as a whole" "which is said"
is "$(grep -c "in a record\|side of a box" <<< "$stats")" 0 "what is not there is not mentioned"
like "$(cat "$T/folders.svg")" ">images of a class<" "nor in the page"

# Nothing at all, and another kind.
tstream head -n 0 "$T/x.pack" > "$T/none"
like "$(tstream stats --plot "$T/none.svg" "$T/none")" "records +0, 0 of them" "a stream without records"
like "$(tstream stats --plot "$T/detection.svg" "$ROOT/formats/vectors/detection.stream")" "kind +detection" "detections"
done_testing
