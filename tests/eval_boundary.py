"""Boundary IoU pixel by pixel, on random masks, under the reference rules; compared with evalap -t boundary.

    eval_boundary.py EVALAP N SEED      compare N random data sets; exit 1 and say which differ
"""

import json
import math
import os
import random
import subprocess
import sys
import tempfile

import numpy as np

import eval_masks
import eval_reference

SIZES = [(1, 1), (7, 40), (40, 7), (60, 80), (75, 101), (30, 40)]


def boundary(mask):
    """Pixels inside from which a pixel outside, or off the image, is at most d away in x and in y."""
    h, w, runs = mask
    d = max(1, round(0.02 * math.sqrt(h * h + w * w)))
    inside = np.zeros((w + 2 * d, h + 2 * d), bool)
    inside[d:d + w, d:d + h] = np.array(eval_masks.bits_of_runs(runs), bool).reshape(w, h)
    deep = np.ones((w, h), bool)
    for dx in range(2 * d + 1):
        for dy in range(2 * d + 1):
            deep &= inside[dx:dx + w, dy:dy + h]
    return h, w, eval_masks.runs_of_bits((inside[d:d + w, d:d + h] & ~deep).ravel().astype(int).tolist())


def overlap(_, dt, gt):
    of_masks = eval_masks.mask_overlap(dt["mask"], gt["mask"], gt["iscrowd"])
    if gt["iscrowd"]:
        return of_masks
    return min(of_masks, eval_masks.mask_overlap(boundary(dt["mask"]), boundary(gt["mask"]), False))


def random_bits(rng, h, w):
    """A few boxes, some of them holes, and some single pixels, down the columns."""
    bits = np.zeros((w, h), int)
    for _ in range(rng.randint(1, 4)):
        x, y = rng.randrange(w), rng.randrange(h)
        bits[x:x + rng.randint(1, w), y:y + rng.randint(1, h)] = rng.random() < 0.8
    for _ in range(rng.randint(0, 3)):
        bits[rng.randrange(w), rng.randrange(h)] ^= 1
    return bits


def moved(rng, bits):
    """Almost the same mask."""
    bits = np.roll(bits, rng.choice([0, 0, 1, -1]), rng.choice([0, 1]))
    for _ in range(rng.choice([0, 1, 5])):
        bits[rng.randrange(bits.shape[0]), rng.randrange(bits.shape[1])] ^= 1
    return bits


def segmentation(rng, bits):
    runs = eval_masks.runs_of_bits(bits.ravel().tolist())
    return {"size": [bits.shape[1], bits.shape[0]], "counts": runs if rng.random() < 0.5 else eval_masks.text_of_runs(runs)}


def random_set(rng):
    images, annotations, results = [], [], []
    for image in range(1, rng.randint(2, 4)):
        h, w = rng.choice(SIZES)
        images.append({"id": image, "height": h, "width": w})
        for _ in range(rng.randint(1, 4)):
            bits = random_bits(rng, h, w)
            annotations.append({"id": len(annotations) + 1, "image_id": image, "category_id": rng.randint(1, 2),
                                "segmentation": segmentation(rng, bits), "area": int(bits.sum()), "bbox": [0, 0, w, h],
                                "iscrowd": int(rng.random() < 0.15)})
            for _ in range(rng.randint(0, 2)):
                results.append({"image_id": image, "category_id": annotations[-1]["category_id"], "score": rng.randint(1, 8) / 8,
                                "segmentation": segmentation(rng, moved(rng, bits))})
    results.append({"image_id": 1, "category_id": 1, "score": 0.1,
                    "segmentation": segmentation(rng, random_bits(rng, images[0]["height"], images[0]["width"]))})
    return {"images": images, "annotations": annotations, "categories": [{"id": 1, "name": "a"}, {"id": 2, "name": "b"}]}, results


def same(program, rng):
    truth, results = random_set(rng)
    with tempfile.TemporaryDirectory() as directory:
        paths = [os.path.join(directory, name) for name in ("gt.json", "dt.json")]
        for path, content in zip(paths, (truth, results)):
            with open(path, "w", encoding="utf-8") as file:
                json.dump(content, file)
        out = subprocess.run([program, "-q", "-t", "boundary", "-g", paths[0], "--json", paths[1]], capture_output=True, check=True)
    got = json.loads(out.stdout)["stats"]
    want = eval_reference.figures(eval_reference.evaluate(truth, results, "segm"), "segm")
    if got == want:
        return True
    print(f"# got  {got}\n# want {want}")
    return False


def main():
    eval_reference.overlap = overlap
    program, n, seed = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    wrong = [i for i in range(n) if not same(program, random.Random(f"{seed} {i}"))]
    if wrong:
        sys.exit(f"differ: {wrong}")


main()
