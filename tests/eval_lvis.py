"""LVIS's rules written down slowly from the paper's definitions, and random federated data sets, compared with evalap.

    eval_lvis.py EVALAP N SEED          compare N random data sets; exit 1 and say which differ
    eval_lvis.py --write DIR N SEED     write them as gtI.json and dtI.json

Of category c, an image is positive (c is annotated), negative (c is listed as absent), or says nothing; c's evaluation set
is the positive and negative images. In an image that is not exhaustively annotated for c, a detection that finds nothing
counts neither way.
"""

import json
import os
import random
import subprocess
import sys
import tempfile

import numpy as np

THRESHOLDS = np.linspace(0.5, 0.95, 10)
RECALLS = np.linspace(0.0, 1.0, 101)
RANGES = {"": (0, 1e10), "s": (0, 1024), "m": (1024, 9216), "l": (9216, 1e10)}
LIMIT = 300


def overlap(a, b):
    w = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    h = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    if w <= 0 or h <= 0:
        return 0.0
    return w * h / (a[2] * a[3] + b[2] * b[3] - w * h)


def best_of_image(results, image):
    mine = sorted((r for r in results if r["image_id"] == image), key=lambda r: -r["score"])
    return mine[:LIMIT]


def judge(image, category, annotations, detections, area_range, threshold):
    """[(score, right?)] of the detections that count, best first; the number of objects to find."""
    low, high = area_range
    gts = [a for a in annotations if a["image_id"] == image["id"] and a["category_id"] == category]
    if not gts and category not in image["neg_category_ids"]:
        return [], 0
    ignored = [bool(g.get("ignore")) or not low <= g["area"] <= high for g in gts]
    taken, outcome = set(), []
    for d in detections[image["id"]]:
        if d["category_id"] != category:
            continue
        fits = [(not ignored[i], overlap(d["bbox"], g["bbox"]), i) for i, g in enumerate(gts) if i not in taken]
        fits = [f for f in fits if f[1] >= threshold]
        area = d["bbox"][2] * d["bbox"][3]
        if fits:
            counts, _, i = max(fits)
            taken.add(i)
            if counts:
                outcome.append((d["score"], True))
        elif low <= area <= high and category not in image["not_exhaustive_category_ids"]:
            outcome.append((d["score"], False))
    return outcome, len(gts) - sum(ignored)


def category_curve(truth, detections, category, area_range, threshold):
    """Precision at the 101 recalls and the last recall; None when there is nothing to find."""
    outcomes, wanted = [], 0
    for image in sorted(truth["images"], key=lambda i: i["id"]):
        outcome, n = judge(image, category, truth["annotations"], detections, area_range, threshold)
        outcomes += outcome
        wanted += n
    if wanted == 0:
        return None
    outcomes.sort(key=lambda o: -o[0])
    points, tp = [], 0
    for i, (_, right) in enumerate(outcomes):
        tp += right
        points.append((tp / wanted, tp / (i + 1)))
    return [max((p for r, p in points if r >= want), default=0.0) for want in RECALLS], tp / wanted


def mean(values):
    return float(np.mean(values)) if values else -1.0


def evaluate(truth, results):
    detections = {i["id"]: best_of_image(results, i["id"]) for i in truth["images"]}
    group = {c["id"]: c["frequency"] for c in truth["categories"]}
    curves = {(size, c, t): category_curve(truth, detections, c, bounds, t)
              for size, bounds in RANGES.items() for c in group for t in THRESHOLDS}

    def figure(part, size="", threshold=None, letter=None):
        picked = [curve[part] for (s, c, t), curve in curves.items() if curve is not None and s == size
                  and (threshold is None or t == threshold) and (letter is None or group[c] == letter)]
        return mean([v for p in picked for v in (p if part == 0 else [p])])

    return ([figure(0), figure(0, threshold=THRESHOLDS[0]), figure(0, threshold=THRESHOLDS[5])]
            + [figure(0, size) for size in "sml"] + [figure(0, letter=letter) for letter in "rcf"]
            + [figure(1, size) for size in ("", "s", "m", "l")])


def random_box(rng):
    return [rng.randint(0, 100), rng.randint(0, 100), rng.choice([8, 32, 64, 96, 150]), rng.choice([8, 32, 96, 120])]


def random_set(rng):
    categories = [{"id": 3 * i + 1, "name": f"c{i}", "frequency": rng.choice("rcf")} for i in range(6)]
    ids = [c["id"] for c in categories]
    images, annotations, results = [], [], []
    for image in rng.sample(range(1, 1000), rng.randint(1, 5)):
        there = rng.sample(ids, rng.randint(0, 4))
        absent = [c for c in ids if c not in there]
        images.append({"id": image, "neg_category_ids": rng.sample(absent, rng.randint(0, len(absent))),
                       "not_exhaustive_category_ids": rng.sample(there, rng.randint(0, len(there)))})
        for c in there:
            for _ in range(rng.randint(1, 3)):
                box = random_box(rng)
                area = rng.choice([box[2] * box[3], box[2] * box[3] * 0.7, 1024, 9216])
                annotations.append({"id": len(annotations) + 1, "image_id": image, "category_id": c, "bbox": box, "area": area})
                if rng.random() < 0.1:
                    annotations[-1]["ignore"] = 1
                for _ in range(rng.randint(0, 3)):
                    results.append({"image_id": image, "category_id": c if rng.random() < 0.9 else rng.choice(ids),
                                    "bbox": [v + rng.choice([0, 0, 1, 4]) for v in box], "score": rng.randint(0, 16) / 16})
        for _ in range(rng.choice([2, 5, 350])):
            results.append({"image_id": image, "category_id": rng.choice(ids), "bbox": random_box(rng),
                            "score": rng.randint(0, 64) / 64})
    rng.shuffle(results)
    return {"images": images, "categories": categories, "annotations": annotations}, results


def write(directory, truth, results, suffix=""):
    paths = [os.path.join(directory, f"{name}{suffix}.json") for name in ("gt", "dt")]
    for path, content in zip(paths, (truth, results)):
        with open(path, "w") as file:
            json.dump(content, file)
    return paths


def same(program, rng):
    truth, results = random_set(rng)
    with tempfile.TemporaryDirectory() as directory:
        gt, dt = write(directory, truth, results)
        out = subprocess.run([program, "-q", "-g", gt, "--rule", "lvis", "--json", dt], capture_output=True, check=True)
    got, want = json.loads(out.stdout)["stats"], evaluate(truth, results)
    if len(got) == len(want) and all(abs(x - y) <= 1e-12 for x, y in zip(got, want)):
        return True
    print(f"# got  {got}\n# want {want}")
    return False


def main():
    if sys.argv[1] == "--write":
        for i in range(int(sys.argv[3])):
            write(sys.argv[2], *random_set(random.Random(f"{sys.argv[4]} {i}")), suffix=i)
        return
    program, n, seed = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    wrong = [i for i in range(n) if not same(program, random.Random(f"{seed} {i}"))]
    if wrong:
        sys.exit(f"differ: {wrong}")


main()
