"""The COCO benchmark's rules for boxes, masks and keypoints written down slowly, for comparison with evalap.

    eval_reference.py KIND TRUTH RESULTS    print the figures; KIND is bbox, segm or keypoints

One loop per definition: no grouping of work, no tricks. Only the means and the sum over keypoints are numpy's, because the
order of their additions is part of what is compared.
"""

import bisect
import json
import math
import sys

import numpy as np

import eval_masks

IOU_THRESHOLDS = np.linspace(0.5, 0.95, 10)
RECALLS = np.linspace(0.0, 1.0, 101)
RANGES = {"all": (0, 1e10), "small": (0, 1024), "medium": (1024, 9216), "large": (9216, 1e10)}
SIGMAS = [tenths / 10 for tenths in (0.26, 0.25, 0.25, 0.35, 0.35, 0.79, 0.79, 0.72, 0.72, 0.62, 0.62, 1.07, 1.07, 0.87, 0.87,
                                     0.89, 0.89)]
LIMITS = {"bbox": [1, 10, 100], "segm": [1, 10, 100], "keypoints": [20]}
EPS = float(np.spacing(1))


def range_names(kind):
    return [name for name in RANGES if kind != "keypoints" or name != "small"]


def box_overlap(dt, gt):
    dx, dy, dw, dh = (float(v) for v in dt["bbox"])
    gx, gy, gw, gh = (float(v) for v in gt["bbox"])
    w = min(dx + dw, gx + gw) - max(dx, gx)
    h = min(dy + dh, gy + gh) - max(dy, gy)
    if w <= 0 or h <= 0:
        return 0.0
    union = dw * dh if gt["iscrowd"] else dw * dh + gw * gh - w * h
    return w * h / union


def exp(x):
    """The C library's; numpy's own for AVX-512 differs in last digits. An area below 0 takes it beyond all numbers."""
    try:
        return math.exp(x)
    except OverflowError:
        return math.inf


def keypoint_similarity(dt, gt):
    """exp(-d^2 / (2 (2 sigma)^2 area)), the mean over the labelled keypoints; where none is labelled, d is the distance of
    the detection's keypoints to the annotation's box, doubled about its middle."""
    x, y, w, h = gt["bbox"]
    terms = []
    nothing_labelled = not any(v > 0 for v in gt["keypoints"][2::3])
    for i, sigma in enumerate(SIGMAS):
        dx, dy = (float(dt["keypoints"][3 * i + axis]) for axis in (0, 1))
        if nothing_labelled:
            dx = max(0, x - w - dx) + max(0, dx - (x + w * 2))
            dy = max(0, y - h - dy) + max(0, dy - (y + h * 2))
        elif gt["keypoints"][3 * i + 2] > 0:
            dx -= gt["keypoints"][3 * i]
            dy -= gt["keypoints"][3 * i + 1]
        else:
            continue
        terms.append(exp(-((dx * dx + dy * dy) / (sigma * 2) ** 2 / (gt["area"] + EPS) / 2)))
    return float(np.sum(np.array(terms))) / len(terms)


def overlap(kind, dt, gt):
    if kind == "bbox":
        return box_overlap(dt, gt)
    if kind == "segm":
        return eval_masks.mask_overlap(dt["mask"], gt["mask"], gt["iscrowd"])
    return keypoint_similarity(dt, gt)


def detection_area(kind, dt, first):
    """What the first result has decides for all: a box's area, or else the mask's, or else the keypoints' extent."""
    if first.get("bbox"):
        return dt["bbox"][2] * dt["bbox"][3]
    if kind == "segm":
        return eval_masks.mask_area(dt["mask"])
    x, y = dt["keypoints"][0::3], dt["keypoints"][1::3]
    return (max(x) - min(x)) * (max(y) - min(y))


def prepare(truth, results, kind):
    """Annotations and detections with what the rules need: mask, area, and whether they are ignored in any case."""
    sizes = {i["id"]: (i.get("height"), i.get("width")) for i in truth["images"]}
    gts = [dict(a) for a in truth["annotations"] if a["image_id"] in sizes]
    dts = [dict(r) for r in results if r["image_id"] in sizes]
    for thing in gts + dts if kind == "segm" else []:
        thing["mask"] = eval_masks.mask_of(thing["segmentation"], *sizes[thing["image_id"]])
    for gt in gts:
        gt["ignored"] = bool(gt["iscrowd"]) or (kind == "keypoints" and gt["num_keypoints"] == 0)
    for dt in dts:
        dt["area"] = detection_area(kind, dt, results[0])
    return gts, dts


def match_image(dts, gts, overlaps, area_range, threshold):
    """What becomes of the detections of one image and class, best first: "tp", "fp" or "ignored" each."""
    low, high = area_range
    ignored = [gt["ignored"] or gt["area"] < low or gt["area"] > high for gt in gts]
    used, outcome = set(), []
    for dt, row in zip(dts, overlaps):
        options = [(value, i) for i, value in row if value >= threshold and (i not in used or gts[i]["iscrowd"])]
        best = max([o for o in options if not ignored[o[1]]] or options, default=None)
        if best is not None:
            used.add(best[1])
        if best is not None and ignored[best[1]]:
            outcome.append("ignored")
        elif best is not None and gts[best[1]]["id"] != 0:
            outcome.append("tp")
        else:
            outcome.append("ignored" if dt["area"] < low or dt["area"] > high else "fp")
    return outcome, ignored.count(False)


def curve(outcomes, wanted):
    """Precision and score at the 101 recalls, and the final recall. outcomes: (score, what) in the images' order."""
    tp = fp = 0
    recalls, precisions, scores = [], [], []
    for score, what in sorted(outcomes, key=lambda o: -o[0]):
        tp += what == "tp"
        fp += what == "fp"
        recalls.append(tp / wanted)
        precisions.append(tp / (fp + tp + EPS))
        scores.append(score)
    for i in range(len(precisions) - 1, 0, -1):
        precisions[i - 1] = max(precisions[i - 1], precisions[i])
    at = [bisect.bisect_left(recalls, want) for want in RECALLS]
    return ([precisions[i] if i < len(scores) else 0.0 for i in at], [scores[i] if i < len(scores) else 0.0 for i in at],
            recalls[-1] if recalls else 0.0)


def evaluate(truth, results, kind, limits=None, agnostic=False, images=None, classes=None):
    """precision and scores [threshold, recall, class, range, limit], recall [threshold, class, range, limit]; -1: none.

    images and classes are ids: evaluate no others.
    """
    limits = limits or LIMITS[kind]
    gts, dts = prepare(truth, results, kind)
    images = sorted(images or [i["id"] for i in truth["images"]])
    categories = sorted(classes or [c["id"] for c in truth["categories"]])
    groups = [categories] if agnostic else [[k] for k in categories]
    names = range_names(kind)
    shape = (len(groups), len(names), len(limits))
    precision, scores = -np.ones((10, 101, *shape)), -np.ones((10, 101, *shape))
    recall = -np.ones((10, *shape))

    for k, group in enumerate(groups):
        in_images = []
        for image in images:
            gt = [a for c in group for a in gts if a["image_id"] == image and a["category_id"] == c]
            dt = [r for c in group for r in dts if r["image_id"] == image and r["category_id"] == c]
            dt = sorted(dt, key=lambda r: -r["score"])[:limits[-1]]
            overlaps = [[(i, overlap(kind, d, g)) for i, g in enumerate(gt)] for d in dt]
            overlaps = [[(i, value) for i, value in row if value >= 0.5] for row in overlaps]
            in_images.append((dt, gt, overlaps))
        for a, name in enumerate(names):
            for t, threshold in enumerate(IOU_THRESHOLDS):
                # An overlap of 1 is enough for any threshold; the reference lowers one of 1 by as little as 1e-10.
                matched = [(dt, *match_image(dt, gt, rows, RANGES[name], threshold)) for dt, gt, rows in in_images]
                wanted = sum(n for _, _, n in matched)
                for m, limit in enumerate(limits if wanted else []):
                    outcomes = [(d["score"], what) for dt, outcome, _ in matched
                                for d, what in list(zip(dt, outcome))[:limit]]
                    precision[t, :, k, a, m], scores[t, :, k, a, m], recall[t, k, a, m] = curve(outcomes, wanted)
    return {"precision": precision, "recall": recall, "scores": scores}


def mean(values):
    values = values[values > -1]
    return float(np.mean(values)) if values.size else -1.0


def figures(arrays, kind):
    """The lines of the summary in their order."""
    names = range_names(kind)
    last = arrays["recall"].shape[-1] - 1

    def ap(name="all", thresholds=slice(None)):
        return mean(arrays["precision"][thresholds, :, :, names.index(name), last])

    def ar(name="all", limit=last, thresholds=slice(None)):
        return mean(arrays["recall"][thresholds, :, names.index(name), limit])

    if kind == "keypoints":
        return [ap(), ap(thresholds=[0]), ap(thresholds=[5]), ap("medium"), ap("large"),
                ar(), ar(thresholds=[0]), ar(thresholds=[5]), ar("medium"), ar("large")]
    return [ap(), ap(thresholds=[0]), ap(thresholds=[5]), ap("small"), ap("medium"), ap("large"),
            *(ar(limit=m) for m in range(last + 1)), ar("small"), ar("medium"), ar("large")]


def main():
    kind = sys.argv[1]
    with open(sys.argv[2], encoding="utf-8") as truth, open(sys.argv[3], encoding="utf-8") as results:
        for figure in figures(evaluate(json.load(truth), json.load(results), kind), kind):
            print(repr(figure))


if __name__ == "__main__":
    main()
