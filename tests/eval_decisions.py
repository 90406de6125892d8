"""What evalap says beyond average precision, computed again from the definitions, slowly.

    eval_decisions.py EVALAP N SEED     compare N random data sets, print TAP

Counts, best thresholds, the confusion matrix, figures of single images, and TIDE's errors with their cost in AP50.
"""

import csv
import json
import os
import random
import subprocess
import sys
import tempfile

from eval_nasty import data_set
from eval_reference import IOU_THRESHOLDS, RANGES, RECALLS, overlap, prepare

KINDS = ["class", "localisation", "both", "duplicate", "background", "missed"]


class Data:
    """Detections in the order in which a class is gone through: score, image, as given."""

    def __init__(self, truth, results, kind):
        self.images = sorted(i["id"] for i in truth["images"])
        self.categories = sorted(c["id"] for c in truth["categories"])
        gts, dts = prepare(truth, results, kind)
        self.gts = [g for g in gts if g["category_id"] in self.categories]
        self.dts = [d for d in dts if d["category_id"] in self.categories]
        for i, thing in enumerate(self.gts + self.dts):
            thing["number"] = i
        self.kind, self.overlaps = kind, {}
        self.order = sorted(range(len(self.dts)), key=lambda d: (-self.dts[d]["score"], self.dts[d]["image_id"], d))
        low, high = RANGES["all"]
        self.wanted = [not g["ignored"] and low <= g["area"] <= high for g in self.gts]
        self.off_range = [not low <= d["area"] <= high for d in self.dts]
        self.limit = 20 if kind == "keypoints" else 100

    def overlap(self, dt, gt):
        key = dt["number"], gt["number"]
        if key not in self.overlaps:
            self.overlaps[key] = overlap(self.kind, dt, gt)
        return self.overlaps[key]

    def match(self, iou):
        """Per detection "tp", "fp" or "ignored"; per annotation the detection that found it or None."""
        state, found_by, hit, seen = {}, [None] * len(self.gts), [False] * len(self.gts), {}
        for d in self.order:
            dt = self.dts[d]
            key = dt["image_id"], dt["category_id"]
            seen[key] = seen.get(key, 0) + 1
            if seen[key] > self.limit:
                state[d] = "ignored"
                continue
            options = [(self.overlap(dt, g), i) for i, g in enumerate(self.gts)
                       if (g["image_id"], g["category_id"]) == key and (not hit[i] or g["iscrowd"])]
            options = [o for o in options if o[0] >= iou]
            best = max([o for o in options if self.wanted[o[1]]] or options, default=None)
            if best is None:
                state[d] = "ignored" if self.off_range[d] else "fp"
                continue
            hit[best[1]] = True
            state[d] = "tp" if self.wanted[best[1]] else "ignored"
            if self.wanted[best[1]]:
                found_by[best[1]] = d
        return state, found_by


def average_precision(flags, n_wanted):
    """flags: true or false, best score first."""
    if n_wanted == 0:
        return 0.0
    points, tp = [], 0
    for i, flag in enumerate(flags):
        tp += flag
        points.append((tp / n_wanted, tp / (i + 1)))
    return sum(max((p for r, p in points if r >= want), default=0.0) for want in RECALLS) / len(RECALLS)


def mean_ap(data, labels, n_wanted):
    """labels: detection -> (category, true) or None; n_wanted: category -> objects to find, only classes that had any."""
    values = []
    for category, n in n_wanted.items():
        flags = [labels[d][1] for d in data.order if labels[d] is not None and labels[d][0] == category]
        values.append(average_precision(flags, n))
    return sum(values) / len(values)


def tide(data):
    """TIDE of section 2.2 and 2.3: ({kind: number}, {kind: cost}, cost of all false, cost of all missed)."""
    state, found_by = data.match(0.5)
    kind, target = {}, {}
    for d, dt in enumerate(data.dts):
        if state[d] != "fp":
            continue
        near = [(data.overlap(dt, g), -i) for i, g in enumerate(data.gts) if g["image_id"] == dt["image_id"] and data.wanted[i]]
        own = max((o for o in near if data.gts[-o[1]]["category_id"] == dt["category_id"]), default=(0, 0))
        other = max((o for o in near if data.gts[-o[1]]["category_id"] != dt["category_id"]), default=(0, 0))
        if 0.1 <= own[0] < 0.5:
            kind[d], target[d] = "localisation", -own[1]
        elif other[0] >= 0.5:
            kind[d], target[d] = "class", -other[1]
        elif own[0] >= 0.5:
            kind[d] = "duplicate"
        elif max(own[0], other[0]) < 0.1:
            kind[d] = "background"
        else:
            kind[d] = "both"
    lost = [i for i in range(len(data.gts)) if data.wanted[i] and found_by[i] is None]
    missed = [i for i in lost if i not in target.values()]
    number = {k: sum(v == k for v in kind.values()) for k in KINDS}
    number["missed"] = len(missed)

    labels = {d: None if state[d] == "ignored" else (data.dts[d]["category_id"], state[d] == "tp") for d in range(len(data.dts))}
    n_wanted = {}
    for i, g in enumerate(data.gts):
        if data.wanted[i]:
            n_wanted[g["category_id"]] = n_wanted.get(g["category_id"], 0) + 1
    if not n_wanted:
        return -1.0, number, dict.fromkeys(KINDS, 0.0), 0.0, 0.0
    base = mean_ap(data, labels, n_wanted)

    def without(objects):
        fewer = dict(n_wanted)
        for i in objects:
            fewer[data.gts[i]["category_id"]] -= 1
        return fewer

    cost = {"missed": mean_ap(data, labels, without(missed)) - base}
    for name in ("both", "duplicate", "background"):
        cost[name] = mean_ap(data, {d: None if kind.get(d) == name else labels[d] for d in labels}, n_wanted) - base
    for name in ("class", "localisation"):
        mended = dict(labels)
        for i in range(len(data.gts)):
            rivals = [d for d in data.order if kind.get(d) == name and target[d] == i]
            if not rivals:
                continue
            holder = found_by[i]
            for d in rivals + ([] if holder is None else [holder]):
                mended[d] = None
            best = rivals[0]
            if holder is not None and data.dts[holder]["score"] >= data.dts[best]["score"]:
                best = holder
            mended[best] = (data.gts[i]["category_id"], True)
        cost[name] = mean_ap(data, mended, n_wanted) - base
    no_false = mean_ap(data, {d: l if l is not None and l[1] else None for d, l in labels.items()}, n_wanted) - base
    return base, number, cost, no_false, mean_ap(data, labels, without(lost)) - base


def f1(tp, fp, fn):
    return 2 * tp / (2 * tp + fp + fn) if tp + fp + fn else -1


def counts(data, state, found_by, thresholds, mine):
    """TP, FP, FN of the detections and annotations that are mine(x)."""
    def kept(d):
        t = thresholds.get(data.dts[d]["category_id"])
        return t is not None and data.dts[d]["score"] >= t
    tp = sum(state[d] == "tp" and kept(d) and mine(data.dts[d]) for d in range(len(data.dts)))
    fp = sum(state[d] == "fp" and kept(d) and mine(data.dts[d]) for d in range(len(data.dts)))
    fn = sum(data.wanted[i] and mine(g) and not (found_by[i] is not None and kept(found_by[i])) for i, g in enumerate(data.gts))
    return tp, fp, fn


def best_thresholds(data, state, found_by):
    best = {}
    for k in data.categories:
        options = []
        for score in sorted({d["score"] for d in data.dts if d["category_id"] == k}):
            tp, fp, fn = counts(data, state, found_by, {k: score}, lambda x, k=k: x["category_id"] == k)
            if tp > 0:
                options.append((2 * tp / (2 * tp + fp + fn), score))
        if options:
            best[k] = max(options)[1]
    return best


def confusion(data, state, found_by, thresholds, iou):
    names = data.categories + ["background"]
    cells = {(a, b): 0 for a in names for b in names}

    def kept(d):
        t = thresholds.get(data.dts[d]["category_id"])
        return t is not None and data.dts[d]["score"] >= t
    for image in data.images:
        dts = [d for d in data.order if data.dts[d]["image_id"] == image and kept(d) and state[d] == "fp"]
        gts = [i for i, g in enumerate(data.gts) if g["image_id"] == image and data.wanted[i]]
        for i in list(gts):
            if found_by[i] is not None and kept(found_by[i]):
                cells[data.gts[i]["category_id"], data.gts[i]["category_id"]] += 1
                gts.remove(i)
        while True:
            pairs = [(-data.overlap(data.dts[d], data.gts[i]), dts.index(d), i, d) for d in dts for i in gts
                     if data.overlap(data.dts[d], data.gts[i]) >= iou]
            if not pairs:
                break
            _, _, i, d = min(pairs)
            cells[data.gts[i]["category_id"], data.dts[d]["category_id"]] += 1
            dts.remove(d)
            gts.remove(i)
        for d in dts:
            cells["background", data.dts[d]["category_id"]] += 1
        for i in gts:
            cells[data.gts[i]["category_id"], "background"] += 1
    return [[cells[a, b] for b in names] for a in names]


def image_ap(data, image):
    """Mean over the image's classes and the thresholds of its own AP."""
    values = []
    for iou in IOU_THRESHOLDS:
        state, _ = data.match(iou)
        for k in data.categories:
            n = sum(data.wanted[i] and g["image_id"] == image and g["category_id"] == k for i, g in enumerate(data.gts))
            flags = [state[d] == "tp" for d in data.order if state[d] != "ignored" and data.dts[d]["image_id"] == image
                     and data.dts[d]["category_id"] == k]
            if n:
                values.append(average_precision(flags, n))
    return sum(values) / len(values) if values else -1


def close(a, b):
    return abs(a - b) < 1e-9


def check(evalap, rng, scratch):
    """The names of what differs."""
    kind = rng.choice(["bbox", "bbox", "segm", "keypoints"])
    truth, results = data_set(kind, 77, rng.randrange(1 << 40))
    for number, annotation in enumerate(truth["annotations"]):
        annotation["id"] = number + 1
    del truth["annotations"][60:]
    iou = rng.choice([0.3, 0.5, 0.75])
    paths = [os.path.join(scratch, name) for name in ("instances.json", "results.json")]
    for path, what in zip(paths, (truth, results)):
        with open(path, "w", encoding="utf-8") as file:
            json.dump(what, file)
    score = rng.choice([None, 0.4])
    files = {name: os.path.join(scratch, name + ".json") for name in ("thresholds", "confusion")}
    files["per-image"] = os.path.join(scratch, "images.csv")
    command = [evalap, "-q", "--json", "--counts", "--errors", "--iou", str(iou), "-t", kind, "-g", *paths]
    command += ["--%s=%s" % item for item in files.items()] + (["--score=%g" % score] if score is not None else [])
    done = subprocess.run(command, capture_output=True, check=False)
    if done.returncode != 0:
        return [kind + ": " + done.stderr.decode()]
    got = json.loads(done.stdout)
    data, wrong = Data(truth, results, kind), []
    state, found_by = data.match(iou)
    best = best_thresholds(data, state, found_by)
    with open(files["thresholds"], encoding="utf-8") as file:
        if json.load(file) != {"c%d" % k: t for k, t in best.items()}:
            wrong.append("thresholds")
    used = best if score is None else dict.fromkeys(data.categories, score)
    for k, row in zip(data.categories, got["per_class"]):
        tp, fp, fn = counts(data, state, found_by, used, lambda x, k=k: x["category_id"] == k)
        want = [tp, fp, fn, tp / (tp + fp) if tp + fp else -1, tp / (tp + fn) if tp + fn else -1, f1(tp, fp, fn)]
        if not all(map(close, [row[c] for c in ("TP", "FP", "FN", "precision", "recall", "F1")], want)):
            wrong.append("counts of %d: %s %s" % (k, row, want))
    with open(files["confusion"], encoding="utf-8") as file:
        if json.load(file)["cells"] != confusion(data, state, found_by, used, iou):
            wrong.append("confusion")
    with open(files["per-image"], encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    if sorted(int(r["image"]) for r in rows) != data.images:
        wrong.append("images")
    if [float(r["AP"] or 9) for r in rows] != sorted(float(r["AP"] or 9) for r in rows):
        wrong.append("order of images")
    for row in rows:
        want = counts(data, state, found_by, used, lambda x, i=int(row["image"]): x["image_id"] == i)
        if (int(row["TP"]), int(row["FP"]), int(row["FN"])) != want or \
                abs(float(row["AP"] or -1) - image_ap(data, int(row["image"]))) > 1e-6:
            wrong.append("image %s" % row)
    base, number, cost, no_false, no_missed = tide(data)
    errors = got["errors"]
    for kind in errors["kinds"]:
        if kind["n"] != number[kind["name"]] or sum(kind["by_class"]) != kind["n"] or not close(kind["cost"], cost[kind["name"]]):
            wrong.append("error %s, want %s %s" % (kind, number[kind["name"]], cost[kind["name"]]))
    if [k["name"] for k in errors["kinds"]] != KINDS or not close(errors["AP50"], base) or \
            not close(errors["cost_of_all_false"], no_false) or not close(errors["cost_of_all_missed"], no_missed):
        wrong.append("errors %s, want %s" % (errors, (base, no_false, no_missed)))
    return wrong


def main():
    rng, differing = random.Random(int(sys.argv[3])), 0
    for number in range(int(sys.argv[2])):
        with tempfile.TemporaryDirectory() as scratch:
            wrong = check(sys.argv[1], rng, scratch)
        if wrong:
            differing += 1
            print("# data set %d: %s" % (number, "; ".join(wrong)))
    print("%s 1 - counts, thresholds, confusion, images and errors of %s random data sets" %
          ("not ok" if differing else "ok", sys.argv[2]))
    print("1..1")
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main())
