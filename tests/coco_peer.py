"""What COCO JSON says against what a stream says, by readers that are not ours: coco_peer.py JSON IMAGES STREAM. Exits 1
with what differs."""
import json, os, struct, sys
from masks import runs
from reader import HEADER, RECORD, TRAILER, parts

f32 = lambda x: struct.unpack('f', struct.pack('f', x))[0]
rows = lambda t, n: [t['values'][i:i + n] for i in range(0, len(t['values']), n)]
data = json.load(open(sys.argv[1]))
stream = list(parts(open(sys.argv[3], 'rb')))
categories = sorted(data['categories'], key=lambda c: c['id'])
wrong = []

def check(name, got, want):
    if got != want:
        wrong.append((name, got, want))

header = stream[0][1]
check('categories', [(c['id'], c['name']) for c in header['categories']], [(c['id'], c['name']) for c in categories])
check('keypoints', [c.get('keypoints', []) for c in header['categories']], [c.get('keypoints', []) for c in categories])
check('skeleton', [c.get('skeleton', []) for c in header['categories']],
      [[p for line in c.get('skeleton', []) for p in line] for c in categories])
check('planned', header['planned'], len(data['images']))
records = [body for kind, body in stream if kind == RECORD]
check('ids', [r['id'] for r in records], [i['id'] for i in data['images']])
for seq, (r, image) in enumerate(zip(records, data['images'])):
    objects = [a for a in data['annotations'] if a['image_id'] == image['id']]
    check('seq', (r['seq'], r.get('epoch', 0)), (seq, 0))
    check('source', r['source'], os.path.basename(sys.argv[1])[:-5])
    check('file_name', r['file_name'], image['file_name'])
    check('size', (r['orig_w'], r['orig_h']), (image['width'], image['height']))
    check('bytes', r['encoded'], open(sys.argv[2] + '/' + image['file_name'], 'rb').read())
    if not objects:
        check('no boxes', 'boxes' in r and len(r['boxes']['values']), False)
        continue
    limits = [image['width'], image['height']] * 2
    boxes = [[f32(min(max(v, 0), limit)) for v, limit in zip((x, y, x + w, y + h), limits)]
             for x, y, w, h in (a['bbox'] for a in objects)]
    check('boxes', rows(r['boxes'], 4), boxes)
    check('labels', r['labels']['values'], [[c['id'] for c in categories].index(a['category_id']) for a in objects])
    check('object_id', r['object_id']['values'], [a['id'] for a in objects])
    if 'area' in objects[0]:
        check('area', r['area']['values'], [a['area'] for a in objects])
    for key in ('iscrowd', 'ignore'):
        want = [a.get(key, 0) for a in objects]
        check(key, r[key]['values'] if key in r else [0] * len(objects), want)
    for mask, a in zip(r.get('masks', []), objects):
        s = a.get('segmentation')
        if isinstance(s, dict):
            want = s['counts'] if isinstance(s['counts'], list) else runs(s['counts'])
            check('rle', (runs(mask['counts']), mask['size']), (want, s['size']))
        elif s:
            check('polygons', [p['values'] for p in mask], [[float(v) for v in p] for p in s])
    if any('segmentation' in a for a in objects):
        check('masks', len(r['masks']), len(objects))
    if 'keypoints' in objects[0]:
        check('keypoints', r['keypoints']['values'], [f32(v) for a in objects for v in a['keypoints']])
        check('keypoints shape', r['keypoints']['shape'][2], 3)
trailer = stream[-1][1]
check('out', trailer['out'], [len(records), len(data['annotations'])])
for w in wrong[:5]:
    print(w)
sys.exit(bool(wrong))
