#!/usr/bin/python3
"""What pycocotools makes of a data set it makes of it again after coco-pack and --unpack: unpack_check.py COCO-PACK JSON IMAGES
[JSON IMAGES ...]. Of every annotation: all that it says, the mask's pixels, its area and box; of every image and category, all
that they say."""
import contextlib
import io
import os
import subprocess
import sys
import tempfile

import numpy as np
from pycoco_run import COCO
from pycocotools import mask


def load(path):
    with contextlib.redirect_stdout(io.StringIO()):
        return COCO(path)


def plain(ann):
    return {k: v for k, v in ann.items() if k != "segmentation"}


def same_mask(a, b, before, after):
    if ("segmentation" in a) != ("segmentation" in b):
        return False
    if "segmentation" not in a or not a["segmentation"]:
        return a.get("segmentation") == b.get("segmentation")
    runs = before.annToRLE(a), after.annToRLE(b)
    return runs[0] == runs[1] and mask.area(runs[0]) == mask.area(runs[1]) and \
        np.array_equal(mask.toBbox(runs[0]), mask.toBbox(runs[1])) and np.array_equal(before.annToMask(a), after.annToMask(b))


def compare(pack, path, images, directory):
    """The number of annotations that differ, and of all."""
    name = os.path.splitext(os.path.basename(path))[0]
    there = os.path.join(directory, name + ".pack")
    subprocess.run([pack, "-q", path, "--images", images, "-o", there], check=True)
    subprocess.run([pack, "-q", there, "--unpack", os.path.join(directory, name)], check=True)
    before, after = load(path), load(os.path.join(directory, name, name + ".json"))
    assert before.imgs == after.imgs and before.cats == after.cats and before.anns.keys() == after.anns.keys(), name
    assert {i: sorted(a["id"] for a in v) for i, v in before.imgToAnns.items()} == \
        {i: sorted(a["id"] for a in v) for i, v in after.imgToAnns.items()}, name
    wrong = [i for i, a in before.anns.items() if plain(a) != plain(after.anns[i]) or not same_mask(a, after.anns[i], before, after)]
    print(f"{name}: {len(before.imgs)} images, {len(before.anns)} annotations, {len(wrong)} of them differ", *wrong[:5])
    return len(wrong)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        sys.exit(sum(compare(sys.argv[1], *pair, scratch) for pair in zip(sys.argv[2::2], sys.argv[3::2])) > 0)
