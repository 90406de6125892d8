"""COCO average precision written down slowly, for comparison with evalap.

    eval_reference.py EVALAP N SEED     compare N random data sets, print TAP
    eval_reference.py TRUTH RESULTS     print the 12 figures

Everything is one loop per definition: no grouping, no sorting tricks; only the means are numpy's, because the order of
their additions is part of what is compared.
"""

import json
import os
import random
import subprocess
import sys
import tempfile

import numpy as np

IOU_THRESHOLDS = np.linspace(0.5, 0.95, 10)
RECALLS = np.linspace(0.0, 1.0, 101)
RANGES = {"all": (0, 1e10), "small": (0, 1024), "medium": (1024, 9216), "large": (9216, 1e10)}
LIMITS = (1, 10, 100)


def overlap(dt, gt):
    dx, dy, dw, dh = (float(v) for v in dt["bbox"])
    gx, gy, gw, gh = (float(v) for v in gt["bbox"])
    w = min(dx + dw, gx + gw) - max(dx, gx)
    h = min(dy + dh, gy + gh) - max(dy, gy)
    if w <= 0 or h <= 0:
        return 0.0
    union = dw * dh if gt["iscrowd"] else dw * dh + gw * gh - w * h
    return w * h / union


def match_image(dts, gts, area_range, threshold):
    """One image and class, detections best first: [(score, "tp" | "fp" | "ignored")], annotations to find."""
    low, high = area_range

    def is_ignored(gt):
        return bool(gt["iscrowd"]) or gt["area"] < low or gt["area"] > high

    used, outcome = set(), []
    for dt in dts:
        options = [(overlap(dt, gt), i) for i, gt in enumerate(gts) if i not in used or gt["iscrowd"]]
        options = [o for o in options if o[0] >= threshold]
        wanted = [o for o in options if not is_ignored(gts[o[1]])]
        best = max(wanted or options, default=None)
        if best is not None:
            used.add(best[1])
        seen = best is not None and gts[best[1]]["id"] != 0
        if best is not None and is_ignored(gts[best[1]]):
            kind = "ignored"
        elif seen:
            kind = "tp"
        else:
            area = dt["bbox"][2] * dt["bbox"][3]
            kind = "ignored" if area < low or area > high else "fp"
        outcome.append((dt["score"], kind))
    return outcome, sum(not is_ignored(gt) for gt in gts)


def curve(truth, results, category, area_range, threshold, limit):
    """Precision at the 101 recalls, and the final recall; None when there is nothing to find."""
    listed, wanted = [], 0
    for image in sorted(i["id"] for i in truth["images"]):
        gts = [a for a in truth["annotations"] if a["image_id"] == image and a["category_id"] == category]
        dts = [r for r in results if r["image_id"] == image and r["category_id"] == category]
        dts = sorted(dts, key=lambda r: -r["score"])[:LIMITS[-1]]
        outcome, n = match_image(dts, gts, area_range, threshold)
        listed += outcome[:limit]
        wanted += n
    if wanted == 0:
        return None
    tp = fp = 0
    points = []
    for _, kind in sorted(listed, key=lambda o: -o[0]):
        tp += kind == "tp"
        fp += kind == "fp"
        points.append((tp / wanted, tp / (fp + tp + np.spacing(1))))
    precision = [max((p for r, p in points if r >= want), default=0.0) for want in RECALLS]
    return precision, points[-1][0] if points else 0.0


def mean(values):
    values = np.array(values, dtype=np.float64)
    return float(np.mean(values)) if values.size else -1.0


def evaluate(truth, results):
    categories = sorted(c["id"] for c in truth["categories"])
    curves = {}

    def get(k, name, t, limit):
        key = (k, name, t, limit)
        if key not in curves:
            curves[key] = curve(truth, results, k, RANGES[name], IOU_THRESHOLDS[t], limit)
        return curves[key]

    def average_precision(thresholds, name):
        values = []
        for t in thresholds:
            found = [get(k, name, t, LIMITS[-1]) for k in categories]
            found = [c[0] for c in found if c is not None]
            for r in range(len(RECALLS)):
                values += [c[r] for c in found]
        return mean(values)

    def average_recall(name, limit):
        found = [get(k, name, t, limit) for t in range(10) for k in categories]
        return mean([c[1] for c in found if c is not None])

    every = range(10)
    stats = [average_precision(every, "all"), average_precision([0], "all"), average_precision([5], "all")]
    stats += [average_precision(every, name) for name in ("small", "medium", "large")]
    stats += [average_recall("all", limit) for limit in LIMITS]
    return stats + [average_recall(name, 100) for name in ("small", "medium", "large")]


def random_box(rng):
    """Corners on a coarse grid, so that overlaps tie and hit thresholds; areas of 32 x 32 and 96 x 96 among them."""
    if rng.random() < 0.3:
        side = rng.choice([32, 96])
        return [rng.randrange(0, 12) * 8, rng.randrange(0, 12) * 8, side, side]
    if rng.random() < 0.3:
        return [round(rng.uniform(0, 100), 2), round(rng.uniform(0, 100), 2), round(rng.uniform(1, 130), 2),
                round(rng.uniform(1, 130), 2)]
    return [rng.randrange(0, 10) * 10, rng.randrange(0, 10) * 10, rng.randrange(1, 14) * 10, rng.randrange(1, 14) * 10]


def near(rng, box):
    if rng.random() < 0.3:
        return list(box)
    step = rng.choice([1, 2, 4, 8])
    return [v + rng.randrange(-3, 4) * step for v in box[:2]] + [max(1, v + rng.randrange(-3, 4) * step) for v in box[2:]]


def random_data_set(rng):
    images = rng.sample(range(1, 1000), rng.randrange(1, 7))
    categories = rng.sample(range(1, 91), rng.randrange(1, 5))
    annotations, results = [], []
    scores = [round(rng.random(), 2) for _ in range(rng.choice([2, 5, 50]))]
    first_id = 0 if rng.random() < 0.1 else 1
    for _ in range(rng.choice([0, 3, 12, 25])):
        box = random_box(rng)
        area = rng.choice([box[2] * box[3], 1024, 9216, box[2] * box[3] * rng.random()])
        annotations.append({"id": first_id + len(annotations), "image_id": rng.choice(images),
                            "category_id": rng.choice(categories), "bbox": box, "area": area,
                            "iscrowd": int(rng.random() < 0.15), "ignore": int(rng.random() < 0.2)})
    for _ in range(rng.choice([0, 5, 30, 60])):
        like = rng.choice(annotations) if annotations and rng.random() < 0.7 else None
        results.append({"image_id": like["image_id"] if like else rng.choice(images),
                        "category_id": like["category_id"] if like else rng.choice(categories),
                        "bbox": near(rng, like["bbox"]) if like else random_box(rng), "score": rng.choice(scores)})
    if rng.random() < 0.1:
        crowded = [rng.choice(images), rng.choice(categories)]
        results += [{"image_id": crowded[0], "category_id": crowded[1], "bbox": random_box(rng),
                     "score": rng.choice(scores)} for _ in range(130)]
    rng.shuffle(results)
    truth = {"annotations": annotations, "images": [{"id": i} for i in images],
             "categories": [{"id": k, "name": "c%d" % k} for k in categories]}
    return truth, results


def run_evalap(evalap, truth, results):
    with tempfile.TemporaryDirectory() as scratch:
        paths = [os.path.join(scratch, name) for name in ("truth.json", "results.json")]
        for path, what in zip(paths, (truth, results)):
            with open(path, "w", encoding="utf-8") as file:
                json.dump(what, file)
        done = subprocess.run([evalap, "-q", "--json", "-g", *paths], capture_output=True, check=False)
        return json.loads(done.stdout)["stats"] if done.returncode == 0 else done.stderr.decode()


def compare(evalap, count, seed):
    rng, differing, found = random.Random(seed), 0, 0
    for number in range(count):
        truth, results = random_data_set(rng)
        want, got = evaluate(truth, results), run_evalap(evalap, truth, results)
        found += want[0] > 0
        if got != want:
            differing += 1
            print("# data set %d\n#   got  %s\n#   want %s" % (number, got, want))
    print("%s 1 - %d random data sets give the same doubles" % ("not ok" if differing else "ok", count))
    print("%s 2 - in %d of them something is found" % ("ok" if found > count / 2 else "not ok", found))
    print("1..2")
    return 1 if differing or found <= count / 2 else 0


def main():
    if len(sys.argv) == 4:
        return compare(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
    with open(sys.argv[1], encoding="utf-8") as truth, open(sys.argv[2], encoding="utf-8") as results:
        for figure in evaluate(json.load(truth), json.load(results)):
            print(repr(figure))
    return 0


if __name__ == "__main__":
    sys.exit(main())
