"""Data sets of every kind, made here with numpy, Pillow and the standard library, against what coco-pack makes of them, read by
formats/reader.py. source_peer.py KIND DIRECTORY: makes KIND's data in the directory, runs coco-pack, exits 1 with what differs."""
import io
import os
import struct
import subprocess
import sys

import numpy as np
from PIL import Image

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
    check('order', sorted(r['id'] for r in whole) == [r['id'] for r in whole], False)
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


globals()[sys.argv[1]](sys.argv[2])
for line in wrong[:8]:
    print(line[:600])
sys.exit(bool(wrong))
