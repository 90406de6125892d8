#!/usr/bin/python3
"""Two COCO JSON files say the same: coco_same.py BEFORE AFTER. What is compared is what COCO's format defines of images,
annotations and categories; masks by their pixels' runs, everything else exactly."""
import json
import sys


def expand(text):
    """The runs of a compressed mask, from the format's description."""
    out, i = [], 0
    while i < len(text):
        x = k = 0
        while True:
            c = ord(text[i]) - 48
            i += 1
            x |= (c & 31) << (5 * k)
            k += 1
            if not c & 32:
                break
        if c & 16:
            x -= 1 << (5 * k)
        out.append(x + out[-2] if len(out) > 2 else x)
    return out


def segmentation(s):
    if not s:
        return None
    if isinstance(s, list):
        return [[float(v) for v in p] for p in s]
    runs = expand(s["counts"]) if isinstance(s["counts"], str) else s["counts"]
    joined = []  # runs of 0 in the middle join their neighbours
    for i, n in enumerate(runs):
        if n == 0 and i > 0:
            joined.append(0)
        elif len(joined) > 1 and joined[-1] == 0 and i > 1:
            joined.pop()
            joined[-1] += n
        else:
            joined.append(n)
    return s["size"], joined if 0 not in joined[1:] else runs


def keypoints(a):
    k = a.get("keypoints") or []
    return [float(v) for v in k] if any(k) else []


def annotation(a):
    return {"image": a["image_id"], "category": a["category_id"], "bbox": [float(v) for v in a["bbox"]],
            "area": float(a["area"]) if "area" in a else None, "iscrowd": int(a.get("iscrowd", 0)),
            "ignore": int(a.get("ignore", 0)), "segmentation": segmentation(a.get("segmentation")),
            "keypoints": keypoints(a)}


def category(c):
    return {k: c.get(k) or None for k in ("name", "supercategory", "keypoints", "skeleton")}


def facts(path):
    d = json.load(open(path))
    images = {i["id"]: (i["file_name"], i["width"], i["height"]) for i in d["images"]}
    annotations = {a["id"]: annotation(a) for a in d["annotations"]}
    categories = {c["id"]: category(c) for c in d["categories"]}
    assert len(images) == len(d["images"]) and len(annotations) == len(d["annotations"]), "ids twice in " + path
    return images, annotations, categories


wrong = 0
for what, before, after in zip(("image", "annotation", "category"), facts(sys.argv[1]), facts(sys.argv[2])):
    for key in sorted(before.keys() | after.keys(), key=str):
        if before.get(key) != after.get(key):
            wrong += 1
            if wrong < 6:
                print(what, key, "before:", before.get(key), "after:", after.get(key))
    print(len(before), what, "before,", len(after), "after")
sys.exit(wrong > 0)
