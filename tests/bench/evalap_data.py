"""Draw ground truth and results as large as those of a real evaluation, for benchmarks.

    evalap_data.py DIR [--images 5000] [--objects 39000] [--detections 230000] [--seed 1]
                   [--form plain|indented|digits|shuffled|keys]

writes DIR/gt.json and DIR/dt.json. Detections come image by image, best first, as detectors write them: some fit an object
well, some badly, most nothing. The forms hold the same detections: indented, with 17 digits a number, in random
order, or with the keys in another order.
"""

import argparse
import json
import random

CATEGORIES = 80


def draw_truth(rng, n_images, n_objects):
    images = [{"id": 100 + 7 * i, "width": 640, "height": 480, "file_name": "%012d.jpg" % (100 + 7 * i)} for i in range(n_images)]
    counts = [0] * n_images
    for _ in range(n_objects):
        counts[min(int(rng.expovariate(1.0) * n_images / 4) % n_images, n_images - 1)] += 1
    rng.shuffle(counts)
    objects = []
    for image, count in zip(images, counts):
        for _ in range(count):
            w, h = round(min(640, rng.lognormvariate(4, 1)) + 1, 2), round(min(480, rng.lognormvariate(4, 1)) + 1, 2)
            x, y = round(rng.uniform(0, max(1, 640 - w)), 2), round(rng.uniform(0, max(1, 480 - h)), 2)
            objects.append({"id": len(objects) + 1, "image_id": image["id"], "bbox": [x, y, w, h], "area": round(w * h * 0.6, 4),
                            "category_id": 1 + min(CATEGORIES - 1, int(rng.expovariate(0.06))), "iscrowd": int(rng.random() < 0.01)})
    return images, objects


def draw_detections(rng, images, objects, n):
    """One image after the other, each [(box, category, score)] best first."""
    of_image = {image["id"]: [] for image in images}
    for o in objects:
        of_image[o["image_id"]].append(o)
    done = 0
    for i, image in enumerate(images):
        wanted = (n * (i + 1)) // len(images) - done
        done += wanted
        found = []
        for j in range(wanted):
            near = of_image[image["id"]]
            if near and rng.random() < 0.5:
                o = near[j % len(near)]
                spread = rng.expovariate(12)
                box = [v + rng.gauss(0, 1) * spread * o["bbox"][2 + k % 2] for k, v in enumerate(o["bbox"])]
                found.append((box, o["category_id"], max(0.001, min(1, rng.betavariate(3, 2) - spread))))
            else:
                box = [rng.uniform(0, 500), rng.uniform(0, 400), rng.lognormvariate(4, 1), rng.lognormvariate(4, 1)]
                found.append((box, 1 + min(CATEGORIES - 1, int(rng.expovariate(0.06))), rng.betavariate(1, 6)))
        found.sort(key=lambda f: -f[2])
        yield image["id"], found


def write_results(path, drawn, form, rng):
    plain = '{"image_id": %d, "category_id": %d, "bbox": [%.2f, %.2f, %.2f, %.2f], "score": %.6f}'
    digits = '{"image_id": %d, "category_id": %d, "bbox": [%.17g, %.17g, %.17g, %.17g], "score": %.17g}'
    indented = ('  {\n    "image_id": %d,\n    "category_id": %d,\n    "bbox": [\n      %.2f,\n      %.2f,\n      %.2f,\n'
                '      %.2f\n    ],\n    "score": %.6f\n  }')
    keys = '{"score": %.6f, "bbox": [%.2f, %.2f, %.2f, %.2f], "id": 7, "category_id": %d, "image_id": %d}'
    texts = (
        keys % (score, *box, category, image) if form == "keys" else
        (digits if form == "digits" else indented if form == "indented" else plain) % (image, category, *box, score)
        for image, found in drawn for box, category, score in found)
    if form == "shuffled":
        texts = list(texts)
        rng.shuffle(texts)
    between = ",\n" if form == "indented" else ", "
    with open(path, "w") as file:
        file.write("[\n" if form == "indented" else "[")
        for i, text in enumerate(texts):
            file.write(between + text if i else text)
        file.write("\n]\n" if form == "indented" else "]")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("directory")
    for name, default in (("images", 5000), ("objects", 39000), ("detections", 230000), ("seed", 1)):
        parser.add_argument("--" + name, type=int, default=default)
    parser.add_argument("--form", default="plain", choices=["plain", "indented", "digits", "shuffled", "keys"])
    args = parser.parse_args()
    images, objects = draw_truth(random.Random(args.seed), args.images, args.objects)
    with open(args.directory + "/gt.json", "w") as file:
        json.dump({"images": images, "annotations": objects,
                   "categories": [{"id": k + 1, "name": "class %d" % (k + 1)} for k in range(CATEGORIES)]}, file)
    drawn = draw_detections(random.Random(args.seed + 1), images, objects, args.detections)
    write_results(args.directory + "/dt.json", drawn, args.form, random.Random(args.seed + 2))


main()
