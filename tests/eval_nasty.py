"""Random data sets on which evaluators go wrong: ties, borders, crowds, nothing where something is expected.

    eval_nasty.py KIND SEED NUMBER TRUTH RESULTS    write one data set; KIND is bbox, segm or keypoints

A data set depends on (kind, seed, number) alone, so that one that differs can be had again.
"""

import json
import math
import random
import sys

import eval_masks

BORDERS = [32.0 ** 2, 96.0 ** 2]
EDGES = [v for b in BORDERS for v in (b, math.nextafter(b, 0), math.nextafter(b, 1e9))] + [0, 1e10, 2e10]
FAR_IDS = [0, 2 ** 31 - 1, 2 ** 31, 2 ** 32, 2 ** 32 + 1, 2 ** 53 - 1]


def distinct_ids(rng, n):
    """n ids; in some data sets 0 and numbers that need more than 32 bits, some of them equal in their low half."""
    if rng.random() < 0.3:
        return rng.sample(FAR_IDS + list(range(1, 50)), n)
    return rng.sample(range(1, 1000), n)


def some_scores(rng):
    n = rng.choice([1, 2, 5, 50, 1000])
    if rng.random() < 0.2:
        return [rng.choice([0, 1, -1, 0.0, -0.0, 5e-324, 1e300, -3.5, 2, 1e-300]) for _ in range(n)]
    if rng.random() < 0.3:
        return [rng.random() for _ in range(n)]
    return [round(rng.random(), 2) for _ in range(n)]


# Boxes.

def random_box(rng):
    """Mostly on a coarse grid, so that overlaps tie and hit thresholds exactly; areas on the borders; some empty ones."""
    draw = rng.random()
    if draw < 0.25:
        side = rng.choice([32, 96])
        return [rng.randrange(0, 12) * 8, rng.randrange(0, 12) * 8, side, side]
    if draw < 0.45:
        return [rng.uniform(-20, 100), round(rng.uniform(0, 100), 2), rng.uniform(0.1, 130), round(rng.uniform(1, 130), 2)]
    if draw < 0.5:
        return [rng.randrange(0, 50), rng.randrange(0, 50), rng.choice([0, 0.0, -5, 1e-9, 1]), rng.choice([0, -3, 7, 20])]
    return [rng.randrange(0, 10) * 10, rng.randrange(0, 10) * 10, rng.randrange(1, 14) * 10, rng.randrange(1, 14) * 10]


def near_box(rng, box):
    """The same box, one that covers 50, 55 ... 95 % of it, or a shifted one."""
    draw = rng.random()
    if draw < 0.3:
        return list(box)
    if draw < 0.5:
        return [box[0], box[1], box[2] * rng.randrange(10, 20) / 20, box[3]]
    step = rng.choice([0.25, 1, 2, 4, 8])
    return [v + rng.randrange(-3, 4) * step for v in box[:2]] + [max(1, v + rng.randrange(-3, 4) * step) for v in box[2:]]


def bbox_annotation(rng, _image):
    box = random_box(rng)
    return {"bbox": box, "area": rng.choice([box[2] * box[3], box[2] * box[3] * rng.random(), rng.choice(EDGES)])}


def bbox_result(rng, _image, like):
    return {"bbox": near_box(rng, like["bbox"]) if like else random_box(rng)}


# Masks.

def random_polygon(rng, h, w):
    """Coordinates on pixels, on their borders and middles, between; outside the image; corners that repeat."""
    reach = rng.choice([0, 0, 3, 30])
    step = rng.choice([1, 0.5, 0.2, 0.1, None])

    def place(size):
        v = rng.uniform(-reach, size + reach)
        return v if step is None else round(v / step) * step

    if rng.random() < 0.3:
        x0, x1, y0, y1 = place(w), place(w), place(h), place(h)
        return [x0, y0, x0, y1, x1, y1, x1, y0]
    corners = [[place(w), place(h)] for _ in range(rng.choice([3, 3, 4, 6, 12]))]
    if rng.random() < 0.2:
        corners.insert(rng.randrange(len(corners)), rng.choice(corners))
    return [v for corner in corners for v in corner]


def with_empty_runs(rng, runs):
    """The same pixels with runs of 0 put in: one run becomes two around an empty one of the other kind."""
    runs = list(runs)
    for _ in range(rng.randrange(1, 4)):
        i = rng.randrange(len(runs))
        first = rng.randrange(runs[i] + 1)
        runs[i:i + 1] = [first, 0, runs[i] - first]
    return runs


def random_runs(rng, h, w):
    """Runs that cover h x w: blobs, noise, nothing, everything."""
    if rng.random() < 0.3:
        return rng.choice([[h * w], [0, h * w], [h * w - 1, 1], [0, 1, h * w - 1]])
    if rng.random() < 0.4:
        return eval_masks.runs_of_bits([int(rng.random() < 0.5) for _ in range(h * w)])
    x0, y0 = rng.randrange(w), rng.randrange(h)
    x1, y1 = rng.randrange(x0, w) + 1, rng.randrange(y0, h) + 1
    return eval_masks.runs_of_bits([int(x0 <= i // h < x1 and y0 <= i % h < y1) for i in range(h * w)])


def near_runs(rng, segmentation, h, w):
    """The mask of an annotation, with some of its pixels or columns lost or won."""
    bits = eval_masks.bits_of_runs(eval_masks.mask_of(segmentation, h, w)[2])
    draw = rng.random()
    if draw < 0.4 and len(bits) > h:
        shift = rng.choice([1, h, 2 * h])
        bits = bits[shift:] + [0] * shift if rng.random() < 0.5 else [0] * shift + bits[:-shift]
    elif draw < 0.7:
        flip = rng.choice([0.01, 0.1, 0.3])
        bits = [b ^ (rng.random() < flip) for b in bits]
    return eval_masks.runs_of_bits(bits)


def rle(rng, runs, h, w, text):
    if rng.random() < 0.3:
        runs = with_empty_runs(rng, runs)
    return {"size": [h, w], "counts": eval_masks.text_of_runs(runs) if text else runs}


def segm_annotation(rng, image):
    h, w = image["height"], image["width"]
    if rng.random() < 0.6:
        segmentation = [random_polygon(rng, h, w) for _ in range(rng.choice([1, 1, 2, 3]))]
    else:
        segmentation = rle(rng, random_runs(rng, h, w), h, w, rng.random() < 0.5)
    area = eval_masks.mask_area(eval_masks.mask_of(segmentation, h, w))
    return {"bbox": random_box(rng), "segmentation": segmentation,
            "area": rng.choice([area, area, area * rng.random(), rng.choice(EDGES)])}


def segm_result(rng, image, like):
    h, w = image["height"], image["width"]
    if rng.random() < 0.05:
        h, w = w, h + 1
        like = None
    runs = near_runs(rng, like["segmentation"], h, w) if like else random_runs(rng, h, w)
    return {"segmentation": rle(rng, runs, h, w, True)}


# Keypoints.

def random_points(rng, box, labelled):
    x, y, w, h = box
    whole = rng.random() < 0.5
    points = []
    for _ in range(17):
        px, py = rng.uniform(x, x + max(w, 1)), rng.uniform(y, y + max(h, 1))
        visible = rng.choice(labelled)
        points += [round(px), round(py), visible] if whole else [px, py, visible]
    return points


def keypoints_annotation(rng, image):
    annotation = bbox_annotation(rng, image)
    labelled = rng.choice([[0], [0, 1, 2], [2], [0, 0, 0, 0, 2], [1, 2]])
    annotation["keypoints"] = random_points(rng, annotation["bbox"], labelled)
    count = sum(v > 0 for v in annotation["keypoints"][2::3])
    annotation["num_keypoints"] = count if rng.random() < 0.9 else rng.choice([0, 17])
    return annotation


def keypoints_result(rng, _image, like):
    if like is None:
        return {"keypoints": random_points(rng, random_box(rng), [1])}
    reach = rng.choice([0, 0.5, 2, 5, 20])
    return {"keypoints": [v + (rng.uniform(-reach, reach) if i % 3 < 2 and reach else 0)
                          for i, v in enumerate(like["keypoints"])]}


MAKERS = {"bbox": (bbox_annotation, bbox_result), "segm": (segm_annotation, segm_result),
          "keypoints": (keypoints_annotation, keypoints_result)}


def random_images(rng, kind):
    images = []
    for image_id in distinct_ids(rng, rng.randrange(1, 7)):
        most = 120 if kind != "segm" or rng.random() < 0.1 else 40
        images.append({"id": image_id, "height": rng.choice([1, 2, rng.randrange(1, most)]), "width": rng.randrange(1, most)})
    return images


def annotate(rng, kind, images, categories):
    counts = [0, 3, 12, 25, 25] if rng.random() < 0.99 or kind == "segm" else [1000]
    here = images if counts != [1000] else images[:1]
    annotations = []
    for _ in range(rng.choice(counts)):
        image = rng.choice(here)
        annotations.append({"image_id": image["id"], "category_id": rng.choice(categories),
                            "iscrowd": int(rng.random() < 0.15), **MAKERS[kind][0](rng, image)})
        if rng.random() < 0.2:
            annotations[-1]["ignore"] = 1
    first = rng.choice([0, 1, 1, 1, 1, 2 ** 31 - 5, 2 ** 32 - 3, 2 ** 52])
    for i, number in enumerate(rng.sample(range(len(annotations)), len(annotations))):
        annotations[i]["id"] = first + number
    if rng.random() < 0.1:
        annotations += [dict(annotations[0], id=first + 5000, image_id=77777),
                        dict(annotations[0], id=first + 5001, category_id=77777)] if annotations else []
    return annotations


def detect(rng, kind, images, categories, annotations):
    by_id = {i["id"]: i for i in images}
    scores, results = some_scores(rng), []
    usable = [a for a in annotations if a["image_id"] in by_id and a["category_id"] in categories]
    crowded = (rng.choice(images), rng.choice(categories)) if rng.random() < 0.06 else None
    for i in range(rng.choice([0, 5, 15, 30, 30, 60]) + (130 if crowded else 0)):
        like = rng.choice(usable) if usable and rng.random() < 0.7 else None
        image = by_id[like["image_id"]] if like else rng.choice(images)
        category = like["category_id"] if like and rng.random() < 0.95 else rng.choice(categories)
        if crowded and i < 130:
            (image, category), like = crowded, None
        results.append({"image_id": image["id"], "category_id": category, "score": rng.choice(scores),
                        **MAKERS[kind][1](rng, image, like)})
    if kind != "bbox" and rng.random() < 0.1:
        for result in results:
            result["bbox"] = random_box(rng)
    if results and rng.random() < 0.1:
        results.append(dict(results[0], category_id=77777))
    rng.shuffle(results)
    return results


def data_set(kind, seed, number):
    """(truth, results), as they are in the JSON files."""
    rng = random.Random("%s %d %d" % (kind, seed, number))
    images = random_images(rng, kind)
    # 20 classes: the means are over more than the 8,192 numbers that numpy adds up at a time.
    categories = distinct_ids(rng, rng.choice([1, 1, 2, 3, 4]) if rng.random() < 0.97 else 20)
    used = rng.sample(categories, rng.randrange(1, len(categories) + 1))
    annotations = annotate(rng, kind, images, used)
    results = detect(rng, kind, images, categories, annotations)
    return {"images": images, "annotations": annotations,
            "categories": [{"id": k, "name": "c%d" % k} for k in categories]}, results


def some_options(kind, seed, number, truth):
    """What else can be asked for: arguments of eval_reference.evaluate(). Mostly nothing."""
    rng = random.Random("options %s %d %d" % (kind, seed, number))
    options = {}
    if rng.random() < 0.2:
        options["limits"] = sorted(rng.sample([1, 2, 3, 5, 10, 20, 100, 300], 1 if kind == "keypoints" else 3))
    if rng.random() < 0.15 and kind != "keypoints":
        options["agnostic"] = True
    for name, things in (("images", truth["images"]), ("classes", truth["categories"])):
        if rng.random() < 0.1:
            options[name] = rng.sample([t["id"] for t in things], rng.randrange(1, len(things) + 1))
    return options


def main():
    for path, what in zip(sys.argv[4:], data_set(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))):
        with open(path, "w", encoding="utf-8") as file:
            json.dump(what, file)


if __name__ == "__main__":
    main()
