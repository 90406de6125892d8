"""A data set of masks of val2017's size: 5,000 images, 36,000 objects with polygons (and crowds as run lengths), 200,000
detections with compressed run lengths, for benchmarks.

    segm_data.py DIRECTORY [IMAGES]    writes gt.json and dt.json there
"""

import json
import os
import sys

import numpy as np

HEIGHT, WIDTH, CLASSES, DRAWN = 480, 640, 80, 100


def blob(rng):
    """Centre, half axes and waves of an outline; sizes are spread as COCO's are."""
    size = float(np.exp(rng.uniform(np.log(6), np.log(150))))
    return rng.uniform(0, WIDTH), rng.uniform(0, HEIGHT), size * rng.uniform(0.5, 1), size * rng.uniform(0.5, 1), rng.uniform(0, 0.3)


def shaken(shape, rng, amount):
    x, y, a, b, wave = shape
    return (x + rng.normal(0, amount * a), y + rng.normal(0, amount * b), a * np.exp(rng.normal(0, amount)),
            b * np.exp(rng.normal(0, amount)), wave)


def polygon(shape):
    x, y, a, b, wave = shape
    angle = np.linspace(0, 2 * np.pi, 12 + int(min(a, 60) / 2), endpoint=False)
    radius = 1 + wave * np.sin(5 * angle) / 2
    points = np.stack([np.clip(x + a * radius * np.cos(angle), 0, WIDTH), np.clip(y + b * radius * np.sin(angle), 0, HEIGHT)], 1)
    return np.round(points, 2).ravel().tolist()


def runs(shape):
    """Column after column, from its upper to its lower end."""
    x, y, a, b, wave = shape
    columns = np.arange(max(int(x - a) + 1, 0), min(int(x + a), WIDTH - 1) + 1)
    if not columns.size:
        return np.array([HEIGHT * WIDTH])
    half = b * np.sqrt(np.maximum(1 - ((columns - x) / a) ** 2, 0)) * (1 + wave * np.sin(columns / 7) / 2)
    top = np.clip(y - half, 0, HEIGHT).astype(np.int64)
    bottom = np.clip(y + half, 0, HEIGHT).astype(np.int64)
    places = np.stack([columns * HEIGHT + top, columns * HEIGHT + bottom], 1)[bottom > top].ravel()
    # A column that ends at the bottom goes on in the next: the two places there cancel out.
    touching = np.zeros(places.size, bool)
    same = np.flatnonzero(places[1:] == places[:-1])
    touching[same] = touching[same + 1] = True
    places = np.concatenate([places[~touching], [HEIGHT * WIDTH]])
    if places.size > 1 and places[-2] == places[-1]:
        places = places[:-1]
    return np.diff(places, prepend=0)


def text(lengths):
    """COCO's compressed run lengths."""
    values = lengths.copy()
    values[3:] -= lengths[1:-2]
    groups = np.ones(values.size, np.int64)
    for more in range(1, 6):
        limit = 1 << (5 * more - 1)
        groups += (values < -limit) | (values >= limit)
    digits = (values[:, None] >> (5 * np.arange(6))) & 31
    number = np.arange(6)[None, :]
    digits += 48 + 32 * (number + 1 < groups[:, None])
    return digits[number < groups[:, None]].astype(np.uint8).tobytes().decode()


def draw(rng, annotations, results, image):
    """One image's objects, detections of them and false ones."""
    for _ in range(rng.poisson(7.2)):
        shape, category = blob(rng), int(rng.zipf(1.5)) % CLASSES + 1
        crowd = int(rng.random() < 0.01)
        x, y, a, b, _ = shape
        annotations.append({
            "segmentation": {"size": [HEIGHT, WIDTH], "counts": runs(shape).tolist()} if crowd else [polygon(shape)],
            "area": round(float(np.pi * a * b), 4), "iscrowd": crowd, "image_id": image, "category_id": category,
            "bbox": [round(float(v), 2) for v in (x - a, y - b, 2 * a, 2 * b)]})
        results += [(image, category, text(runs(shaken(shape, rng, 0.1)))) for _ in range(rng.poisson(4))]
    results += [(image, int(rng.zipf(1.5)) % CLASSES + 1, text(runs(blob(rng)))) for _ in range(rng.poisson(11))]


def main():
    directory, images = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 5000
    rng = np.random.default_rng(1)
    annotations, results, truth, found = [], [], [], []
    for image in range(DRAWN):
        draw(rng, annotations, results, image)
    # The drawn images come again under other ids, and with other scores.
    for first in range(1, images + 1, DRAWN):
        truth += [dict(a, id=len(truth) + 1 + i, image_id=first + a["image_id"]) for i, a in enumerate(annotations)]
        found += [{"image_id": first + image, "category_id": category, "score": round(float(rng.random()), 6),
                   "segmentation": {"size": [HEIGHT, WIDTH], "counts": counts}} for image, category, counts in results]
    images = -(-images // DRAWN) * DRAWN
    truth = {"images": [{"id": i, "width": WIDTH, "height": HEIGHT, "file_name": "%012d.jpg" % i} for i in range(1, images + 1)],
             "categories": [{"id": k, "name": "class %d" % k} for k in range(1, CLASSES + 1)], "annotations": truth}
    for name, what in (("gt", truth), ("dt", found)):
        with open(os.path.join(directory, name + ".json"), "w", encoding="utf-8") as file:
            json.dump(what, file)


if __name__ == "__main__":
    main()
