"""Data sets of every kind, made here with numpy, Pillow and the standard library, against what coco-pack makes of them, read by
formats/reader.py. source_peer.py KIND DIRECTORY: makes KIND's data in the directory, runs coco-pack, exits 1 with what differs."""
import gzip
import io
import json
import os
import struct
import subprocess
import sys
import tarfile

import numpy as np
from PIL import Image

from masks import mask_of
from reader import HEADER, RECORD, parts

rng = np.random.default_rng(7)
wrong = []


def f32(x):
    return struct.unpack('f', struct.pack('f', x))[0]


def check(name, got, want):
    if got != want:
        wrong.append(f'{name}: got {got!r}, want {want!r}')


def near(name, got, want, tolerance):
    if len(got) != len(want) or any(abs(g - w) > tolerance for g, w in zip(got, want)):
        wrong.append(f'{name}: got {got!r}, want {want!r}')


def write(path, data):
    os.makedirs(os.path.dirname(path) or '.', exist_ok=True)
    with open(path, 'wb') as file:
        file.write(data.encode() if isinstance(data, str) else data)


def picture(path, w, h, mode='RGB'):
    """A random picture in a file; its bytes."""
    os.makedirs(os.path.dirname(path) or '.', exist_ok=True)
    Image.fromarray(rng.integers(0, 256, (h, w, 3), dtype=np.uint8)).convert(mode).save(path)
    return open(path, 'rb').read()


def pack(*arguments, stdin=None):
    """Header, records and trailer of what coco-pack writes."""
    run = subprocess.run(['coco-pack', '-q', *arguments], stdout=subprocess.PIPE, input=stdin, check=True)
    stream = list(parts(io.BytesIO(run.stdout)))
    assert stream[0][0] == HEADER
    return stream[0][1], [body for kind, body in stream if kind == RECORD], stream[-1][1]


def names(header):
    return [c['name'] for c in header['categories']]


def rows(tensor):
    values, n = tensor['values'], int(np.prod(tensor['shape'][1:]))
    return [values[i:i + n] for i in range(0, len(values), n)]


def same_everywhere(*arguments):
    """Shuffled parts, put together, are the shuffled whole, and threads change nothing."""
    whole = pack(*arguments, '--shuffle', '--seed', '3')[1]
    split = [r for i in range(3) for r in pack(*arguments, '--shuffle', '--seed', '3', '--split', f'{i}/3', '-j4')[1]]
    check('parts', sorted(split, key=lambda r: r['seq']), whole)
    if len(whole) > 5:
        check('order', sorted(str(r['id']) for r in whole) == [str(r['id']) for r in whole], False)
    check('unlabelled', [r for r in pack(*arguments, '--unlabelled')[1] if {'boxes', 'class_label', 'semantic'} & set(r)], [])


def directories(top):
    """Images at any depth, in byte order of their names with directories; other files are counted."""
    files = ['b.jpg', 'a/z.PNG', 'a/b/c/d.jpeg', 'a.d/x.jpg', 'B/1.jpg', 'a/é.png', 'm.jpg', 'n.jpg']
    data = {name: picture(f'{top}/in/{name}.png', 20, 10) for name in files}
    for name in files:
        os.rename(f'{top}/in/{name}.png', f'{top}/in/{name}')
    write(f'{top}/in/a/notes.txt', 'no image')
    write(f'{top}/in/.hidden/h.jpg', 'hidden')
    os.symlink(f'{top}/in/B', f'{top}/in/link')
    data['link/1.jpg'] = data['B/1.jpg']
    header, records, trailer = pack(f'{top}/in')
    order = sorted(data, key=lambda name: name.encode())
    check('categories', header['categories'], [])
    check('names', [(r['id'], r['file_name'], r['source']) for r in records], [(i + 1, n, 'in') for i, n in enumerate(order)])
    check('bytes', [r['encoded'] for r in records], [data[n] for n in order])
    check('in', trailer['in'], [9, 0])
    same_everywhere(f'{top}/in')


def lists(top):
    """Lists of files with classes and without, relative, absolute, from stdin."""
    files = ['x/1.png', 'x/2.png', '3.png', '4.png', '5.png', '6.png']
    data = [picture(f'{top}/images/{name}', 8, 8) for name in files]
    classes = ['dog', 'cat', 'dog', 'Ape', 'b c', 'cat']
    write(f'{top}/images/plain.txt', '\r\n'.join(files) + '\n\n')
    header, records, _ = pack(f'{top}/images/plain.txt')
    check('plain', [(r['id'], r['file_name'], r['encoded'], r['source']) for r in records],
          [(i + 1, n, d, 'plain') for i, (n, d) in enumerate(zip(files, data))])
    check('no classes', [r for r in records if 'class_label' in r], [])
    text = ''.join(f'{os.path.abspath(top)}/images/{f}\t{c}\n' if i % 2 else f'{f}\t{c}\n'
                   for i, (f, c) in enumerate(zip(files, classes)))
    write(f'{top}/classes.lst', text)
    header, records, _ = pack(f'{top}/classes.lst', '--images', f'{top}/images')
    check('classes', names(header), ['Ape', 'b c', 'cat', 'dog'])
    check('labels', [r['class_label'] for r in records], [3, 2, 3, 0, 1, 2])
    check('stdin', pack('--format', 'list', '-', '--images', f'{top}/images', stdin=text.encode())[1],
          [dict(r, source='stdin') for r in records])
    header, records, trailer = pack(f'{top}/classes.lst', '--images', f'{top}/images', '--classes', 'cat,dog')
    check('given classes', (names(header), [r['class_label'] for r in records]), (['cat', 'dog'], [1, 0, 1, 0]))
    check('others', trailer['rejects'], {'unknown category': [2, 0]})
    same_everywhere(f'{top}/classes.lst', '--images', f'{top}/images')


def cifar_records(n, head, classes):
    labels = rng.integers(0, classes, n)
    coarse = labels // 5
    planes = rng.integers(0, 256, (n, 3, 32, 32), dtype=np.uint8)
    first = [labels] if head == 1 else [coarse, labels]
    columns = [c.astype(np.uint8).reshape(n, 1) for c in first] + [planes.reshape(n, -1)]
    return labels.tolist(), planes.transpose(0, 2, 3, 1), np.concatenate(columns, 1).tobytes()


def same_cifar(name, records, labels, images):
    check(f'{name} labels', [r['class_label'] for r in records], labels)
    check(f'{name} ids', [r['id'] for r in records], list(range(1, len(labels) + 1)))
    for r, image in zip(records, images):
        check(f'{name} shape', (r['pixels']['shape'], r['orig_w'], r['orig_h']), ([32, 32, 3], 32, 32))
        check(f'{name} pixels', bytes(r['pixels']['values']), image.tobytes())


def cifar(top):
    """Both kinds of binary files, whole directories and single files, with and without names."""
    labels, images = [], []
    for i in range(1, 6):
        some, pixels, data = cifar_records(6, 1, 10)
        write(f'{top}/ten/data_batch_{i}.bin', data)
        labels += some
        images += list(pixels)
    test_labels, test_images, data = cifar_records(4, 1, 10)
    write(f'{top}/ten/test_batch.bin', data)
    header, records, trailer = pack(f'{top}/ten', '--set', 'train')
    check('names by number', names(header), [str(i) for i in range(10)])
    same_cifar('train', records, labels, images)
    check('file names', sorted({r['file_name'] for r in records}), [f'data_batch_{i}.bin' for i in range(1, 6)])
    check('in', trailer['in'], [30, 0])
    write(f'{top}/ten/batches.meta.txt', '\n'.join(f'class {i}' for i in range(10)) + '\n\n')
    header, records, _ = pack(f'{top}/ten', '--set', 'test')
    same_cifar('test', records, test_labels, test_images)
    check('names of the file', [(c['id'], c['name']) for c in header['categories']], [(i + 1, f'class {i}') for i in range(10)])
    header, records, _ = pack(f'{top}/ten/test_batch.bin', '--classes', 'a,b,c,d,e,f,g,h,i,j')
    same_cifar('a file', records, test_labels, test_images)
    check('names given', names(header), list('abcdefghij'))
    labels, images, data = cifar_records(200, 2, 100)
    write(f'{top}/hundred/train.bin', data)
    write(f'{top}/hundred/fine_label_names.txt', ''.join(f'fine{i}\n' for i in range(100)))
    write(f'{top}/hundred/coarse_label_names.txt', ''.join(f'coarse{i}\n' for i in range(20)))
    header, records, _ = pack(f'{top}/hundred', '--set', 'train')
    same_cifar('hundred', records, labels, images)
    check('groups', [(c['name'], c.get('supercategory')) for i, c in enumerate(header['categories']) if i in labels],
          [(f'fine{i}', f'coarse{i // 5}') for i in range(100) if i in labels])
    same_everywhere(f'{top}/ten', '--set', 'train')


def yolo(top):
    """Boxes, scores and polygons in all layouts and all forms of names."""
    sizes = {'a.png': (40, 20), 'sub/b.png': (30, 50), 'c.png': (64, 64), 'd.png': (10, 10)}
    lines = {
        'a': ['0 0.5 0.5 0.25 0.5', '', '2 0.25 0.75 0.1 0.2'],
        'sub/b': ['1 0.1 0.1 0.9 0.1 0.9 0.8 0.1 0.75', '2\t.5 5e-1  0.5\t1'],
        'c': ['1 0.5 0.5 0.5 0.5 0.875', '0 0.1 0.2 0 0.2', '3 0.5 0.5 0.1 0.1', '0 1.5 0.5 0.1 0.1', '0 0 0.5 0.5 0.5'],
        'gone': ['0 0.5 0.5 0.1 0.1', '1 0.5 0.5 0.1 0.1'],
    }
    for images, labels in (('flat/images', 'flat/labels'), ('parts/images/train', 'parts/labels/train'), ('split/train/images', 'split/train/labels')):
        for name, (w, h) in sizes.items():
            picture(f'{top}/{images}/{name}', w, h)
        for name, text in lines.items():
            write(f'{top}/{labels}/{name}.txt', '\r\n'.join(text))
    write(f'{top}/flat/classes.txt', 'dog\nbig cat\nape\n\n')
    write(f'{top}/flat/labels/classes.txt', 'these\nare\nnot used\n')
    write(f'{top}/parts/data.yaml', '# comment\npath: .\nnc: 3\nnames:\n  0: dog\n  1: "big cat"  # a comment\n\n  2: \'ape\'\nval: x\n')
    write(f'{top}/split/data.yaml', 'train: x\nnames: [dog, "big cat",\n  ape]\n')
    want = {'a.png': [(0, (15, 5, 25, 15)), (2, (8, 13, 12, 17))],
            'c.png': [(1, (16, 16, 48, 48)), (0, (0, 16, 16, 48))], 'd.png': [],
            'sub/b.png': [(1, (3, 5, 27, 40)), (2, (7.5, 0, 22.5, 50))]}
    results = []
    for arguments in ([f'{top}/flat'], [f'{top}/parts', '--set', 'train'], [f'{top}/split', '--set', 'train']):
        header, records, trailer = pack(*arguments)
        check('names', names(header), ['dog', 'big cat', 'ape'])
        check('files', [(r['id'], r['file_name']) for r in records], [(i + 1, n) for i, n in enumerate(sorted(sizes))])
        for r in records:
            objects = want[r['file_name']]
            check('labels', r['labels']['values'] if objects else [], [label for label, _ in objects])
            near('boxes', r['boxes']['values'] if objects else [], [v for _, box in objects for v in box], 1e-5)
        check('score', [r.get('score', {}).get('values') for r in records], [None, [0.875, 0], None, None])
        masks = records[3]['masks']
        near('polygon', masks[0][0]['values'], [3, 5, 27, 5, 27, 40, 3, 37.5], 1e-9)
        check('no polygon', masks[1], None)
        check('in', trailer['in'], [4, 11])
        check('rejects', trailer['rejects'], {'box without area': [0, 1], 'unknown category': [0, 1], 'box outside the image': [0, 1],
                                              'annotation of an unknown image': [0, 2]})
        results.append([{k: v for k, v in r.items() if k not in ('source', 'encoded')} for r in records])
    check('layouts', results, [results[0]] * 3)
    check('classes given', names(pack(f'{top}/flat', '--classes', 'a,b,c,d')[0]), list('abcd'))
    same_everywhere(f'{top}/flat')


def panoptic(top):
    """Segments of every shape, one of them a crowd, one without pixels, one of no known class; void; images without annotation."""
    categories = [{'id': i, 'name': f'c{i}', 'isthing': i % 2} for i in (9, 2, 5)]
    images, annotations, want = [], [], {}
    for number, (w, h) in enumerate([(31, 17), (16, 40), (9, 9), (12, 12)]):
        name = f'{number:03d}'
        picture(f'{top}/images/{name}.jpg', w, h)
        images.append({'id': 100 - number, 'file_name': f'{name}.jpg', 'width': w, 'height': h})
        if number == 3:
            continue
        ids = rng.integers(1, 1 << 24, 7).tolist()
        numbers = np.zeros((h, w), np.uint32)
        for i in ids[:6]:
            x, y = rng.integers(0, w - 3), rng.integers(0, h - 3)
            numbers[y:y + rng.integers(1, h), x:x + rng.integers(1, w)] = i
        numbers[0, 0], numbers[-1, -1] = ids[0], ids[0]
        numbers[h // 2, w // 2] = ids[1]
        if number == 2:
            numbers[:] = ids[0]
        rgb = np.stack([numbers & 255, numbers >> 8 & 255, numbers >> 16], -1).astype(np.uint8)
        os.makedirs(f'{top}/panoptic', exist_ok=True)
        Image.fromarray(rgb).save(f'{top}/panoptic/{name}.png')
        segments = []
        for i, segment in enumerate(ids):
            ys, xs = np.nonzero(numbers == segment)
            box = [int(v) for v in (xs.min(), ys.min(), xs.max() - xs.min() + 1, ys.max() - ys.min() + 1)] if len(xs) else [1, 1, 2, 2]
            segments.append({'id': segment, 'category_id': (9, 2, 5, 5, 9, 77, 2)[i], 'area': len(xs), 'bbox': box, 'iscrowd': int(i == 1)})
        annotation = {'segments_info': segments, 'file_name': f'{name}.png', 'image_id': 100 - number}
        annotations.append(annotation if number else dict(reversed(annotation.items())))
        want[100 - number] = (numbers, segments)
    annotations.append({'image_id': 5555, 'file_name': 'none.png', 'segments_info': [dict(segments[0], id=3)]})
    write(f'{top}/panoptic.json', json.dumps({'annotations': annotations, 'images': images, 'categories': categories}))
    header, records, trailer = pack(f'{top}/panoptic.json', '--images', f'{top}/images')
    check('categories', [(c['id'], c['name']) for c in header['categories']], [(2, 'c2'), (5, 'c5'), (9, 'c9')])
    label_of = {2: 0, 5: 1, 9: 2}
    check('ids', [r['id'] for r in records], [100, 99, 98])
    rejects = {'annotation file missing': [1, 0], 'annotation of an unknown image': [0, 1], 'segment without pixels': [0, 0],
               'unknown category': [0, 0]}
    for r in records:
        numbers, segments = want[r['id']]
        kept = []
        for s in segments:
            reason = 'unknown category' if s['category_id'] == 77 else 'segment without pixels' if s['area'] == 0 else None
            if reason:
                rejects[reason][1] += 1
            else:
                kept.append(s)
        check('object ids', r['object_id']['values'], [s['id'] for s in kept])
        check('labels', r['labels']['values'], [label_of[s['category_id']] for s in kept])
        check('boxes', rows(r['boxes']), [[x, y, x + w, y + h] for x, y, w, h in (s['bbox'] for s in kept)])
        check('area', r['area']['values'], [s['area'] for s in kept])
        check('crowds', r['iscrowd']['values'] if 'iscrowd' in r else [0] * len(kept), [s['iscrowd'] for s in kept])
        for s, mask in zip(kept, r['masks']):
            check('mask', np.array_equal(mask_of(mask), numbers == s['id']), True)
        semantic = np.full(numbers.shape, 255)
        for s in segments:
            semantic[numbers == s['id']] = label_of.get(s['category_id'], 255)
        check('semantic', (r['semantic']['shape'], r['semantic']['values']), (list(numbers.shape), semantic.ravel().tolist()))
    check('rejects', trailer['rejects'], {k: v for k, v in rejects.items() if v != [0, 0]})
    check('labels elsewhere', pack(f'{top}/panoptic.json', '--images', f'{top}/images', '--labels', f'{top}/panoptic')[1], records)
    same_everywhere(f'{top}/panoptic.json', '--images', f'{top}/images')


def labels(top):
    """Label maps of all kinds of PNG, numbers that are classes and numbers that are not."""
    kinds = [('L', 8), ('P', 8), ('P', 4), ('P', 2), ('P', 1)]
    want = {}
    for number, (mode, bits) in enumerate(kinds):
        w, h = int(rng.integers(5, 30)), int(rng.integers(5, 30))
        name = ('deep/' if number % 2 else '') + f'p{number}'
        values = rng.integers(0, min(6, 1 << bits), (h, w), dtype=np.uint8)
        picture(f'{top}/images/{name}.jpg', w, h)
        os.makedirs(os.path.dirname(f'{top}/maps/{name}'), exist_ok=True)
        map_image = Image.fromarray(values, mode)
        if mode == 'P':
            map_image.putpalette(rng.integers(0, 256, 3 << bits, dtype=np.uint8).tobytes())
        map_image.save(f'{top}/maps/{name}.png', **({'bits': bits} if mode == 'P' else {}))
        want[f'{name}.jpg'] = values
    turned = {}
    for name, shape in (('exif-raw', (6, 10)), ('exif-turned', (10, 6))):
        pixels = Image.fromarray(rng.integers(0, 256, (6, 10, 3), dtype=np.uint8))
        exif = pixels.getexif()
        exif[0x112] = 6
        os.makedirs(f'{top}/turned', exist_ok=True)
        pixels.save(f'{top}/turned/{name}.jpg', exif=exif)
        turned[name] = rng.integers(0, 2, shape, dtype=np.uint8)
        write(f'{top}/turned-maps/{name}.png', png_map(turned[name]))
    for r in pack(f'{top}/turned', '--labels', f'{top}/turned-maps', '--classes', 'a,b')[1]:
        name = r['file_name'][:-4]
        check('frame', (r['exif'], r.get('exif_boxes', 1), r['orig_h'], r['orig_w'], r['semantic']['values']),
              (6, 6 if name == 'exif-raw' else 1, *turned[name].shape, turned[name].ravel().tolist()))
    for classes, table in (('cat=1,dog=3', {1: 0, 3: 1}), ('a,b,c', {0: 0, 1: 1, 2: 2}), ('x=5,y=0', {5: 0, 0: 1})):
        header, records, trailer = pack(f'{top}/images', '--labels', f'{top}/maps', '--classes', classes)
        check('names', names(header), [c.split('=')[0] for c in classes.split(',')])
        check('files', [(r['id'], r['file_name']) for r in records], [(i + 1, n) for i, n in enumerate(sorted(want))])
        for r in records:
            values = want[r['file_name']]
            check('map', (r['semantic']['shape'], r['semantic']['values']),
                  (list(values.shape), [table.get(int(v), 255) for v in values.ravel()]))
        check('in', (trailer['in'], trailer['rejects']), ([5, 0], {}))
    same_everywhere(f'{top}/images', '--labels', f'{top}/maps', '--classes', 'a,b,c')


VOC = ('background aeroplane bicycle bird boat bottle bus car cat chair cow diningtable dog horse motorbike person pottedplant sheep '
       'sofa train tvmonitor').split()


def voc(top):
    """Difficult and truncated objects; lists of segmentation with masks; XML files alone with their images elsewhere."""
    sizes = {'a': (20, 30), 'b': (25, 15), 'c': (8, 8), 'd': (9, 9)}
    boxes = {'a': [('dog', 1, 0, (1, 2, 10, 20)), ('person', 0, 1, (3, 3, 20, 30)), ('cat', 0, 0, (5, 5, 9, 9))], 'b': [('cat', 0, 0, (1, 1, 25, 15))], 'c': []}
    maps, instances = {}, {}
    for name, (w, h) in sizes.items():
        picture(f'{top}/VOC/JPEGImages/{name}.jpg', w, h)
        maps[name] = rng.choice([0, 3, 12, 20, 255], (h, w)).astype(np.uint8)
        image = Image.fromarray(maps[name], 'P')
        image.putpalette(bytes(range(256)) * 3)
        os.makedirs(f'{top}/VOC/SegmentationClass', exist_ok=True)
        image.save(f'{top}/VOC/SegmentationClass/{name}.png')
        instances[name] = rng.choice([0, 255, *range(1, 1 + len(boxes.get(name, [])))], (h, w)).astype(np.uint8)
        if name == 'a':
            instances[name][instances[name] == 3] = 255  # the last object has no pixels
        if name in ('a', 'b'):  # nobody looks for those of images without objects
            image = Image.fromarray(instances[name], 'P')
            image.putpalette(bytes(range(256)) * 3)
            os.makedirs(f'{top}/VOC/SegmentationObject', exist_ok=True)
            image.save(f'{top}/VOC/SegmentationObject/{name}.png')
        if name not in boxes:
            continue
        objects = ''.join(f'<object><name>{n}</name><pose/><truncated>{t}</truncated><difficult>{d}</difficult><bndbox><xmin>{x0}</xmin>'
                          f'<ymin>{y0}</ymin><xmax>{x1}</xmax><ymax>{y1}</ymax></bndbox></object>' for n, d, t, (x0, y0, x1, y1) in boxes[name])
        write(f'{top}/VOC/Annotations/{name}.xml',
              f'<annotation><size><width>{w}</width><height>{h}</height></size>{objects}</annotation>')
    write(f'{top}/VOC/ImageSets/Main/all.txt', 'b\na\nc\n')
    write(f'{top}/VOC/ImageSets/Segmentation/train.txt', 'c\na\nd\nb\n')

    def same_objects(r, name, classes):
        objects = boxes.get(name, [])
        got = [r[k]['values'] if k in r and objects else [0] * len(objects) for k in ('labels', 'ignore', 'truncated')]
        check(f'{name} labels', got, [[classes.index(o[0]) for o in objects], [o[1] for o in objects], [o[2] for o in objects]])
        check(f'{name} boxes', rows(r['boxes']) if objects else [], [[x0 - 1, y0 - 1, x1, y1] for *_, (x0, y0, x1, y1) in objects])

    header, records, trailer = pack(f'{top}/VOC', '--set', 'all')
    check('names', names(header), ['cat', 'dog', 'person'])
    check('ids', [(r['id'], r['file_name']) for r in records], [(2, 'b.jpg'), (1, 'a.jpg'), (3, 'c.jpg')])
    for r in records:
        same_objects(r, r['file_name'][0], names(header))
    check('no maps', [r for r in records if 'semantic' in r or 'masks' in r], [])
    header, segmented, _ = pack(f'{top}/VOC', '--set', 'Segmentation/train')
    check('names of segmentation', names(header), VOC)
    check('segmented', [(r['id'], r['file_name']) for r in segmented], [(3, 'c.jpg'), (1, 'a.jpg'), (4, 'd.jpg'), (2, 'b.jpg')])
    for r in segmented:
        same_objects(r, r['file_name'][0], VOC)
        check('map', r['semantic'], {'shape': list(maps[r['file_name'][0]].shape), 'values': maps[r['file_name'][0]].ravel().tolist()})
        name = r['file_name'][0]
        for i, mask in enumerate(r.get('masks', [None] * len(boxes.get(name, [])))):
            check(f'mask {i} of {name}', None if mask is None else mask_of(mask).tolist(),
                  None if (name, i) == ('a', 2) else (instances[name] == i + 1).tolist())
    check('masks', [len(r.get('masks', [])) for r in segmented], [0, 3, 0, 1])
    same_everywhere(f'{top}/VOC', '--set', 'Segmentation/train')
    header, bare, _ = pack(f'{top}/VOC/Annotations', '--images', f'{top}/VOC/JPEGImages')
    some = [[{k: v for k, v in r.items() if k not in ('source', 'seq', 'object_id')} for r in rs] for rs in (bare, records)]
    check('bare', some[0], sorted(some[1], key=lambda r: r['id']))
    check('bare names', names(header), ['cat', 'dog', 'person'])
    same_everywhere(f'{top}/VOC', '--set', 'all')


def results(top):
    """Detections of boxes and of masks in the place of annotations."""
    images = [{'id': i, 'file_name': f'{i}.png', 'width': 20, 'height': 10} for i in (4, 2, 7)]
    for image in images:
        picture(f'{top}/images/{image["file_name"]}', 20, 10)
    truth = {'images': images, 'categories': [{'id': 3, 'name': 'cat'}, {'id': 1, 'name': 'dog'}],
             'annotations': [{'id': 1, 'image_id': 4, 'category_id': 3, 'bbox': [0, 0, 5, 5], 'x': [{}, []]}]}
    found = [{'image_id': 7, 'category_id': 1, 'bbox': [1, 2, 3, 4.5], 'score': 0.25},
             {'image_id': 4, 'category_id': 3, 'bbox': [0, 0, 20, 10], 'score': 0.7, 'keypoints': [1, 2, 2, 3, 4, 1]},
             {'image_id': 7, 'category_id': 3, 'segmentation': {'size': [10, 20], 'counts': [13, 5, 5, 5, 172]}, 'score': 1.5},
             {'image_id': 99, 'category_id': 1, 'bbox': [0, 0, 1, 1], 'score': 0.1},
             {'image_id': 2, 'category_id': 9, 'bbox': [0, 0, 1, 1], 'score': 0.1}]
    write(f'{top}/truth.json', json.dumps(truth))
    write(f'{top}/found.json', json.dumps(found))
    header, records, trailer = pack(f'{top}/truth.json', '--images', f'{top}/images', '--results', f'{top}/found.json')
    check('ids', [r['id'] for r in records], [4, 2, 7])
    check('boxes', [rows(r['boxes']) if 'boxes' in r else [] for r in records],
          [[[0, 0, 20, 10]], [], [[1, 2, 4, 6.5], [1, 3, 3, 8]]])
    check('labels', [r['labels']['values'] for r in records if r['id'] != 2], [[1], [0, 1]])
    check('scores', [r['score']['values'] for r in records if r['id'] != 2], [[f32(0.7)], [0.25, 1.5]])
    check('keypoints', records[0]['keypoints']['values'], [1, 2, 2, 3, 4, 1])
    mask = np.zeros((10, 20), bool)
    mask[3:8, 1:3] = True
    check('masks', (records[2]['masks'][0], np.array_equal(mask_of(records[2]['masks'][1]), mask)), (None, True))
    check('account', (trailer['in'], trailer['rejects']),
          ([3, 5], {'annotation of an unknown image': [0, 1], 'unknown category': [0, 1]}))
    same_everywhere(f'{top}/truth.json', '--images', f'{top}/images', '--results', f'{top}/found.json')


def archive(path, files, form, cut=0):
    """A tar file as Python's tarfile writes it."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode='w', format=form) as tar:
        for name, data in files:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            if name.endswith('/'):
                info.type = tarfile.DIRTYPE
            tar.addfile(info, io.BytesIO(data))
    write(path, buffer.getvalue())
    return buffer.getvalue()


def png_map(values):
    buffer = io.BytesIO()
    Image.fromarray(values).save(buffer, 'PNG')
    return buffer.getvalue()


def tar(top):
    """WebDataset archives of all forms, as files in any order and as streams, with classes, captions, objects and label maps."""
    long = 'd' * 80 + '/' + 'e' * 90 + '/' + 'f' * 60
    images, files, want = {}, [('train/', b'')], []
    for i in range(9):
        key = (f'train/{i:04d}', f'{long}/x{i}', f'./a b/é{i}')[i % 3]
        suffix = ('jpg', 'png', 'JPEG')[i % 3]
        w, h = int(rng.integers(8, 40)), int(rng.integers(8, 40))
        data = picture(f'{top}/one.{suffix}', w, h)
        labels = rng.choice([0, 1, 2, 255], (h, w)).astype(np.uint8)
        document = {'annotations': [{'id': 10 * i + k, 'image_id': 3, 'category_id': 7 + k, 'bbox': [k, 1, 4, 5], 'area': 20, 'iscrowd': k,
                                     'segmentation': [[k, 1, k + 4, 1, k, 6]]} for k in range(i % 3)], 'caption': [1, {}]}
        if i % 2:
            document['image'] = {'id': 100 - i, 'file_name': f'name{i}', 'width': w, 'height': h}
        parts_of = [(f'{key}.{suffix}', data), (f'{key}.cls', f'{i % 3}\n'.encode()), (f'{key}.txt', f'a text, é {i}\r\n'.encode()),
                    (f'{key}.json', json.dumps(document).encode()), (f'{key}.semantic.png', png_map(labels)), (f'{key}.npy', b'x' * 700)]
        order = rng.permutation(len(parts_of))
        files += [parts_of[k] for k in order]
        name = key[2:] if key.startswith('./') else key
        want.append((100 - i if i % 2 else name, f'name{i}' if i % 2 else f'{name}.{suffix}', data, i % 3, f'a text, é {i}', document, labels))
    categories = [{'id': 8, 'name': 'cat'}, {'id': 7, 'name': 'dog', 'supercategory': 'pet'}, {'id': 1, 'name': 'ape'}]
    own = ('__cocopipe__/categories.json', json.dumps({'categories': categories}).encode())

    def compare(name, header, records, trailer, classes, ids):
        check(f'{name} classes', names(header), classes)
        check(f'{name} account', (trailer['in'], trailer['rejects']), ([9, 9], {}))
        check(f'{name} seq', [r['seq'] for r in records], list(range(9)))
        for r, (key, file_name, data, label, text, document, labels) in zip(records, want):
            check(f'{name} fields', (r['id'], r['file_name'], r['encoded'], r['class_label'], r['caption']),
                  (key, file_name, data, label, text))
            objects = document['annotations']
            check(f'{name} labels', r['labels']['values'] if objects else [], [ids.index(o['category_id']) for o in objects])
            check(f'{name} boxes', rows(r['boxes']) if objects else [], [[k, 1, k + 4, 6] for k in range(len(objects))])
            check(f'{name} object ids', r['object_id']['values'] if objects else [], [o['id'] for o in objects])
            check(f'{name} polygons', [m[0]['values'] for m in r['masks']] if objects else [], [o['segmentation'][0] for o in objects])
            check(f'{name} map', r['semantic'], {'shape': list(labels.shape), 'values': labels.ravel().tolist()})

    for form in (tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT):
        if form == tarfile.USTAR_FORMAT:
            some = [own] + [(n.replace('é', 'e').replace('d' * 80, 'd' * 50), d) for n, d in files]
            data = archive(f'{top}/plain.tar', some, form)
            check('ustar', len(pack(f'{top}/plain.tar')[1]), 9)
            continue
        data = archive(f'{top}/some.tar', [own] + files, form)
        indexed = pack(f'{top}/some.tar')
        compare('indexed', *indexed, ['cat', 'dog', 'ape'], [8, 7, 1])
        check('named by content', [{k: v for k, v in r.items()} for r in pack('--format', 'tar', '-', stdin=data)[1]],
              [dict(r, source='stdin') for r in indexed[1]])
        compare('streamed', *pack('--format', 'tar', '-', stdin=data), ['cat', 'dog', 'ape'], [8, 7, 1])
        write(f'{top}/some.tar.gz', gzip.compress(data))
        compare('compressed', *pack(f'{top}/some.tar.gz'), ['cat', 'dog', 'ape'], [8, 7, 1])
        compare('stream, given', *pack('--format', 'tar', '-', '--classes', 'a,b,c,d,e,f,dog,cat', stdin=data),
                list('abcdef') + ['dog', 'cat'], [1, 2, 3, 4, 5, 6, 7, 8])
        os.rename(f'{top}/some.tar', f'{top}/some.bin')
        check('by its content', [r['id'] for r in pack(f'{top}/some.bin')[1]], [w[0] for w in want])
        os.rename(f'{top}/some.bin', f'{top}/some.tar')
        check('a part', [r['seq'] for r in pack('--format', 'tar', '-', '--split', '1/3', '--start', '2', stdin=data)[1]], [4, 7])
        same_everywhere(f'{top}/some.tar')
        twice = pack('--format', 'tar', '-', stdin=data + data)
        check('put together', (twice[2]['in'], names(twice[0])), ([18, 18], ['cat', 'dog', 'ape']))
    # Without a list of classes: numbers, names.
    plain = [f for f in files if f[0].rsplit('.', 1)[-1] in ('jpg', 'png', 'JPEG', 'cls') and 'semantic' not in f[0]]
    archive(f'{top}/numbers.tar', plain, tarfile.GNU_FORMAT)
    header, records, _ = pack(f'{top}/numbers.tar')
    check('numbers', (names(header), [r['class_label'] for r in records]), (['0', '1', '2'], [i % 3 for i in range(9)]))
    archive(f'{top}/names.tar', [(n, (b' dog', b'cat\n', b'an ape')[int(d)] if n.endswith('.cls') else d) for n, d in plain], tarfile.PAX_FORMAT)
    header, records, _ = pack(f'{top}/names.tar')
    check('names', (names(header), [r['class_label'] for r in records]), (['an ape', 'cat', 'dog'], [(2, 1, 0)[i % 3] for i in range(9)]))
    header, records, trailer = pack(f'{top}/names.tar', '--classes', 'cat,dog')
    check('given', ([r['class_label'] for r in records], trailer['rejects']), ([1, 0] * 3, {'unknown category': [3, 0]}))


globals()[sys.argv[1]](sys.argv[2])
for line in wrong[:8]:
    print(line[:600])
sys.exit(bool(wrong))
