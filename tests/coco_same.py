#!/usr/bin/python3
"""Two COCO JSON files say the same: coco_same.py BEFORE AFTER. Everything in them is compared: every member of the file, of its
images, annotations and categories, with the value that Python reads; only the order of members and of entries is free. Where
the first file leaves an image's width or height open the second may tell."""
import json
import sys

LISTS = ("images", "annotations", "categories")


def facts(path):
    d = json.load(open(path))
    by_id = {k: {e["id"]: e for e in d.get(k, [])} for k in LISTS}
    for k in LISTS:
        assert len(by_id[k]) == len(d.get(k, [])), f"{path}: {k}: ids twice"
    by_id["file"] = {k: v for k, v in d.items() if k not in LISTS}
    return by_id


before, after = facts(sys.argv[1]), facts(sys.argv[2])
for key, image in before["images"].items():
    for side in "width", "height":
        if side not in image and key in after["images"]:
            image[side] = after["images"][key][side]
wrong = 0
for what in (*LISTS, "file"):
    old, new = before[what], after[what]
    for key in sorted(old.keys() | new.keys(), key=str):
        if key not in old or key not in new or old[key] != new[key]:
            wrong += 1
            if wrong < 6:
                print(what, key, "before:", old.get(key), "after:", new.get(key))
    print(len(old), what, "before,", len(new), "after")
sys.exit(wrong > 0)
