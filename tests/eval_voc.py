"""The VOC challenge's rule written down slowly, and random data sets in its own terms, compared with evalap.

    eval_voc.py EVALAP COCO-PACK N SEED     compare N random data sets; exit 1 and say which differ

Boxes are VOC's: xmin ymin xmax ymax in pixels counted from 1, the last pixel inside, sides xmax - xmin + 1.
"""

import json
import os
import random
import subprocess
import sys
import tempfile

import numpy as np
from PIL import Image

EPS = np.finfo(np.float64).eps
NAMES = ["aeroplane", "bird", "cat", "dog"]


def overlap(a, b):
    w = min(a[2], b[2]) - max(a[0], b[0]) + 1
    h = min(a[3], b[3]) - max(a[1], b[1]) + 1
    if w <= 0 or h <= 0:
        return 0.0
    both = w * h
    return both / ((a[2] - a[0] + 1) * (a[3] - a[1] + 1) + (b[2] - b[0] + 1) * (b[3] - b[1] + 1) - both)


def class_curve(truth, found, name):
    """Recall and precision after every detection of a class, best first; None when there is nothing to find."""
    wanted = sum(o["name"] == name and not o["difficult"] for objects in truth.values() for o in objects)
    if wanted == 0:
        return None
    tp = fp = 0
    recall, precision, taken = [], [], set()
    for d in sorted((d for d in found if d["name"] == name), key=lambda d: -d["score"]):
        best, best_index = -1.0, None
        for i, o in enumerate(truth[d["image"]]):
            if o["name"] == name and overlap(d["box"], o["box"]) > best:
                best, best_index = overlap(d["box"], o["box"]), i
        if best > 0.5 and truth[d["image"]][best_index]["difficult"]:
            pass
        elif best > 0.5 and (d["image"], best_index) not in taken:
            taken.add((d["image"], best_index))
            tp += 1
        else:
            fp += 1
        recall.append(tp / wanted)
        precision.append(tp / max(tp + fp, EPS))
    return recall, precision


def average_precision(recall, precision, rule):
    if rule == "voc2007":
        return sum(max([p for r, p in zip(recall, precision) if r >= t], default=0.0) / 11 for t in np.arange(0.0, 1.1, 0.1))
    r = np.array([0.0] + recall + [1.0])
    p = np.array([0.0] + precision + [0.0])
    for i in range(len(p) - 2, -1, -1):
        p[i] = max(p[i], p[i + 1])
    return float(sum((r[i + 1] - r[i]) * p[i + 1] for i in range(len(r) - 1)))


def evaluate(truth, found, rule):
    aps = []
    for name in NAMES:
        curve = class_curve(truth, found, name)
        aps.append(-1.0 if curve is None else average_precision(*curve, rule))
    there = [ap for ap in aps if ap >= 0]
    return [float(np.mean(there)) if there else -1.0] + aps


def random_box(rng, w, h):
    x = sorted(rng.sample(range(1, w + 1), 2))
    y = sorted(rng.sample(range(1, h + 1), 2))
    return [x[0], y[0], x[1], y[1]]


def random_set(rng):
    """Ties in score and overlap, doubles, detections of other classes, difficult objects, images without any."""
    truth, found = {}, []
    for image in range(rng.randint(1, 8)):
        objects = [{"name": rng.choice(NAMES[:3]), "difficult": rng.random() < 0.25, "box": random_box(rng, 40, 30)}
                   for _ in range(rng.randint(0, 6))]
        if objects and rng.random() < 0.3:
            objects.append(dict(rng.choice(objects), difficult=rng.random() < 0.5))
        truth[image] = objects
        for o in objects:
            for _ in range(rng.randint(0, 3)):
                box = [v + rng.choice([0, 0, 0, 1, -1, 2, -3, 0.25, -0.5]) for v in o["box"]]
                name = o["name"] if rng.random() < 0.85 else rng.choice(NAMES)
                found.append({"image": image, "name": name, "score": rng.randint(0, 8) / 8, "box": box})
        for _ in range(rng.randint(0, 2)):
            found.append({"image": image, "name": rng.choice(NAMES), "score": rng.random(), "box": random_box(rng, 40, 30)})
    rng.shuffle(found)
    return truth, found


def coco_box(box):
    return [box[0] - 1, box[1] - 1, box[2] - box[0] + 1, box[3] - box[1] + 1]


def write_coco(truth, directory, rng):
    """Difficult under either of its two names; crowds count as difficult too."""
    annotations = []
    for image, objects in truth.items():
        for o in objects:
            a = {"id": len(annotations), "image_id": image + 1, "category_id": NAMES.index(o["name"]) + 1,
                 "bbox": coco_box(o["box"])}
            if o["difficult"]:
                a[rng.choice(["ignore", "difficult", "iscrowd"])] = 1
            annotations.append(a)
    with open(os.path.join(directory, "gt.json"), "w") as file:
        json.dump({"images": [{"id": i + 1} for i in truth], "annotations": annotations,
                   "categories": [{"id": i + 1, "name": n} for i, n in enumerate(NAMES)]}, file)


def write_results(found, directory):
    with open(os.path.join(directory, "dt.json"), "w") as file:
        json.dump([{"image_id": d["image"] + 1, "category_id": NAMES.index(d["name"]) + 1, "score": d["score"],
                    "bbox": coco_box(d["box"])} for d in found], file)


def write_voc(truth, directory):
    """A data set as the challenge hands it out."""
    for part in ("JPEGImages", "Annotations", "ImageSets/Main"):
        os.makedirs(os.path.join(directory, part))
    for image, objects in truth.items():
        Image.new("RGB", (41, 31)).save(os.path.join(directory, "JPEGImages", f"2008_{image:06d}.jpg"))
        xml = "".join(f"<object><name>{o['name']}</name><difficult>{int(o['difficult'])}</difficult><bndbox><xmin>{o['box'][0]}"
                      f"</xmin><ymin>{o['box'][1]}</ymin><xmax>{o['box'][2]}</xmax><ymax>{o['box'][3]}</ymax></bndbox></object>"
                      for o in objects)
        with open(os.path.join(directory, "Annotations", f"2008_{image:06d}.xml"), "w") as file:
            file.write(f"<annotation><size><width>41</width><height>31</height><depth>3</depth></size>{xml}</annotation>")
    with open(os.path.join(directory, "ImageSets/Main/test.txt"), "w") as file:
        file.write("".join(f"2008_{image:06d}\n" for image in truth))


def evalap(program, truth, directory, rule):
    out = subprocess.run([program, "-q", "-g", truth, "--rule", rule, "--json", os.path.join(directory, "dt.json")],
                         capture_output=True, check=True)
    figures = json.loads(out.stdout)
    return figures["stats"] + [k["AP"] for k in figures["per_class"]]


def close(a, b):
    return len(a) == len(b) and all(abs(x - y) <= 1e-12 for x, y in zip(a, b))


def compare(program, pack, rng, with_voc):
    truth, found = random_set(rng)
    with tempfile.TemporaryDirectory() as directory:
        write_coco(truth, directory, rng)
        write_results(found, directory)
        inputs = [os.path.join(directory, "gt.json")]
        if with_voc:
            write_voc(truth, os.path.join(directory, "VOC"))
            inputs.append(os.path.join(directory, "voc.pack"))
            subprocess.run([pack, "-q", "--format", "voc", "--set", "test", "--classes", ",".join(NAMES), "-o", inputs[1],
                            os.path.join(directory, "VOC")], check=True)
        for rule in ("voc2007", "voc2010"):
            want = evaluate(truth, found, rule)
            for path in inputs:
                got = evalap(program, path, directory, rule)
                if not close(got, want):
                    print(f"# {rule} {os.path.basename(path)}: got {got} want {want}")
                    return False
    return True


def main():
    program, pack, n, seed = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    wrong = [i for i in range(n) if not compare(program, pack, random.Random(f"{seed} {i}"), i % 8 == 0)]
    if wrong:
        sys.exit(f"differ: {wrong}")


main()
