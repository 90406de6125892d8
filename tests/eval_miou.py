"""Mean intersection over union by numpy, on random label maps written by Pillow, compared with evalap -t miou.

    eval_miou.py EVALAP N SEED      compare N random data sets; exit 1 and say which differ
"""

import json
import os
import random
import subprocess
import sys
import tempfile

import numpy as np
from PIL import Image

IGNORED = 255


def figures(pairs):
    """The three figures, and IoU, pixels and accuracy of each class."""
    true = np.concatenate([t.ravel() for t, _ in pairs])
    found = np.concatenate([f.ravel() for _, f in pairs])
    found, true = found[true != IGNORED], true[true != IGNORED]
    labels = np.concatenate([true, found[found != IGNORED]])
    n = int(labels.max()) + 1 if len(labels) else 0
    iou, accuracy, pixels = [], [], []
    for k in range(n):
        union = np.sum((true == k) | (found == k))
        iou.append(np.sum((true == k) & (found == k)) / union if union else -1.0)
        pixels.append(int(np.sum(true == k)))
        accuracy.append(np.mean(found[true == k] == k) if pixels[k] else -1.0)

    def mean(values):
        there = [v for v in values if v >= 0]
        return float(np.mean(there)) if there else -1.0

    return [mean(iou), float(np.mean(true == found)) if len(true) else -1.0, mean(accuracy)], iou, pixels, accuracy


def save(path, labels, rng):
    """As grey values, or as numbers of a palette, in as few bits as they need or in 8."""
    how = rng.choice(["grey", "palette", "tight"])
    image = Image.fromarray(labels, "L" if how == "grey" else "P")
    if how != "grey":
        image.putpalette([rng.randrange(256) for _ in range(768)])
    top = int(labels.max())
    bits = 8 if how != "tight" or top > 15 else 4 if top > 3 else 2 if top > 1 else 1
    image.save(path, **({"bits": bits} if bits < 8 else {}))


def random_maps(rng):
    numbers = np.random.RandomState(rng.randrange(1 << 30))
    classes = rng.choice([1, 2, 3, 14, 21, 200, 255])
    for _ in range(rng.randint(1, 4)):
        h, w = rng.randint(1, 40), rng.randint(1, 40)
        true = numbers.randint(0, classes, (h, w)).astype(np.uint8)
        found = np.where(numbers.rand(h, w) < 0.6, true, numbers.randint(0, classes, (h, w))).astype(np.uint8)
        if rng.random() < 0.6:
            true[numbers.rand(h, w) < 0.2] = IGNORED
        if rng.random() < 0.2:
            found[numbers.rand(h, w) < 0.1] = IGNORED
        if rng.random() < 0.05:
            true[:] = IGNORED
        yield true, found


def close(a, b):
    return len(a) == len(b) and all(abs(x - y) <= 1e-12 for x, y in zip(a, b))


def same(program, rng):
    pairs = list(random_maps(rng))
    with tempfile.TemporaryDirectory() as directory:
        for side in ("true", "found"):
            os.mkdir(os.path.join(directory, side))
        for i, pair in enumerate(pairs):
            for side, labels in zip(("true", "found"), pair):
                save(os.path.join(directory, side, f"{i}.png"), labels, rng)
        out = subprocess.run([program, "-q", "-t", "miou", "-g", os.path.join(directory, "true"), "--json",
                              os.path.join(directory, "found")], capture_output=True, check=True)
    got = json.loads(out.stdout)
    want, iou, pixels, accuracy = figures(pairs)
    classes = got["per_class"]
    if (close(got["stats"], want) and close([k["IoU"] for k in classes], iou) and [k["pixels"] for k in classes] == pixels
            and close([k["accuracy"] for k in classes], accuracy) and got["images"] == len(pairs)):
        return True
    print(f"# got  {got['stats']}\n# want {want}")
    return False


def main():
    program, n, seed = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    wrong = [i for i in range(n) if not same(program, random.Random(f"{seed} {i}"))]
    if wrong:
        sys.exit(f"differ: {wrong}")


main()
