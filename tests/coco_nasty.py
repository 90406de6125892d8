#!/usr/bin/python3
"""Data sets that say whatever COCO's format can say: DIRECTORY/nasty.json by hand, DIRECTORY/random.json by chance, both of the
images in DIRECTORY/nasty."""
import json
import os
import random
import sys

from PIL import Image

T = sys.argv[1]
NAMES = ["plain.jpg", "with space.jpg", "new\nline.jpg", "quote\"d \\ .jpg", "deep/er/x.jpg", "deep/y.png", "\u00e9\u6f22.jpg",
         "./dot.jpg", "a//b.jpg", "no_suffix", "plain.jpg.jpg", "-dash.jpg"]
IDS = [1, 0, -5, 2**31, 2**40 + 1, 2**53 + 1, 2**63 - 1, "text", "1", "a/b c", 7, 8]
CATEGORIES = [
    {"id": 3, "name": "plain", "color": [220, 20, 60], "isthing": 1},
    {"id": -1, "name": "with \"quotes\" and \u00fc", "supercategory": "none at all", "synonyms": ["a\u0000b", "\U0001f600", "\\/"]},
    {"id": 2**31 + 7, "name": "person", "supercategory": "person", "keypoints": ["nose", "left \u00e9", "right"],
     "skeleton": [[1, 2], [2, 3]], "frequency": "f"},
    {"id": 2**62, "name": "unused", "keypoints": [], "skeleton": []},
    {"id": 5, "name": "", "supercategory": "", "": None},
]
# What any JSON value may be.
VALUES = [None, True, False, 0, -0.0, 1e-320, 2**80, -2**63, 0.1 + 0.2, 1e22, "", "\u0000\u001f \"\\", "\u2028\U0001f600", [], {},
          [[]], {"": {"": [{}]}}, [1, [2, {"x": [None]}]], {"id": 1, "area": 2}]


def counts(runs):
    """Compressed as the format's description says."""
    text = ""
    for i, n in enumerate(runs):
        x = n - runs[i - 2] if i > 2 else n
        while True:
            c, x = x & 31, x >> 5
            more = not (x == 0 and not c & 16) and not (x == -1 and c & 16)
            text += chr(48 + c + 32 * more)
            if not more:
                break
    return text


def by_hand(images):
    points = [0.5, 1, 2, 12.25, 3, 1, 0, 0, 0]
    person = 2**31 + 7
    a = [
        {"bbox": [473.07 / 20, 3.93, 8.65, 8.67], "segmentation": [[1, 2.5, 30, 2, 30.1, 20.123456789012345]], "area": 1 / 3},
        {"bbox": [1 / 3, 2 / 7, 10 / 3, 1e-3], "segmentation": [[1, 1, 5, 1, 5, 5], [9, 9, 12, 9, 12.5, 12.25]], "area": 5e-324},
        {"bbox": [-3.5, -2, 60, 50.25], "area": 3000.125},
        {"bbox": [0, 0, 40, 30], "iscrowd": 1, "segmentation": {"counts": [7, 3, 20, 90, 1200 - 120], "size": [30, 40]}, "area": 93},
        {"bbox": [0, 0, 40, 30], "iscrowd": 1, "segmentation": {"counts": [0, 1200], "size": [30, 40]}, "area": 1200},
        {"bbox": [1, 0, 2, 30], "segmentation": {"counts": counts([30, 60, 1110]), "size": [30, 40]}, "area": 60},
        {"bbox": [5, 6, 7, 8], "keypoints": points, "num_keypoints": 2, "area": 56, "category_id": person},
        {"bbox": [5, 6, 7, 8.000001], "keypoints": [0] * 9, "num_keypoints": 0, "area": 56, "category_id": person},
        {"bbox": [2, 2, 4, 4], "ignore": 1, "segmentation": [], "area": 16},
        {"bbox": [1e-7, 1e-7, 30, 20], "area": 600, "score": 0.5, "attributes": {"x": [1]}},
        # From here on all are of one image: what one says and another does not.
        {"bbox": [1, 2, 3, 4]},
        {"bbox": [1, 2, 3, 4], "area": 0, "iscrowd": 0, "ignore": 0, "truncated": 0, "weight": 1, "score": 0},
        {"bbox": [1, 2, 3, 4.5], "area": 13.5, "weight": 0.1, "score": 0.123456789012345, "truncated": True, "segmentation": None},
        {"bbox": [1, 2, 3, 4], "iscrowd": True, "segmentation": {"counts": counts([30, 60, 1110]), "size": [30, 40]}},
        {"bbox": [1, 2, 3, 4], "segmentation": {"counts": [30, 60, 0, 10, 1100], "size": [30, 40]}, "keypoints": []},
        {"bbox": [1, 2, 3, 4], "keypoints": [0] * 9, "num_keypoints": 7, "category_id": 3},
        {"bbox": [1, 2, 3, 4], "keypoints": [1 / 3, 2.00000001, 2, 1e9 + 1, 0, 1, 0, 0, 0], "category_id": person},
        {"bbox": [1, 2, 3, 4], "keypoints": points, "num_keypoints": 2.0, "original_category_id": -1, "weight": 2**0.5},
        {"bbox": [1, 2, 3, 4], "num_keypoints": 3, "original_category_id": 3, "track_id": 2**70, "caption": "a \"b\" \u6f22"},
    ]
    given = [{"iscrowd": 0}] * 10 + [{}] * 9
    return [{**given[k], "id": [2**31 + 5, 2**62, 1, -4][k] if k < 4 else 10 + k, "category_id": [3, -1][k % 2],
             "image_id": images[0]["id"] if k < 6 else IDS[k] if k < 10 else 9, **o} for k, o in enumerate(a)]


def some(draw, *keys):
    """Members that nobody knows, and some of those with odd names."""
    more = {draw.choice(("x", "y z", "\u00e9", "", "Area", "id ", "a\"b")): draw.choice(VALUES) for _ in range(draw.randrange(3))}
    return {**more, **{k: v() for k, v in keys if draw.random() < 0.5}}


def number(draw):
    return draw.choice((draw.randrange(1, 20), round(draw.uniform(1, 20), 2), draw.uniform(1, 20)))


def mask(draw):
    cut = sorted(draw.sample(range(1, 1200), draw.randrange(1, 9)))
    runs = [b - a for a, b in zip([0] + cut, cut + [1200])]
    return draw.choice((
        [], None, {"size": [30, 40], "counts": runs}, {"size": [30, 40], "counts": counts(runs)},
        [[number(draw) for _ in range(2 * draw.randrange(3, 9))] for _ in range(draw.randrange(1, 4))]))


def annotation(draw, image):
    def points():
        return draw.choice(([], [0] * 9, [draw.choice((number(draw), 0, 1, 2)) for _ in range(9)]))
    return {"image_id": image["id"], "category_id": draw.choice(CATEGORIES)["id"], "bbox": [number(draw) for _ in range(4)], **some(
        draw, ("area", lambda: number(draw)), ("iscrowd", lambda: draw.choice((0, 1, True))), ("ignore", lambda: draw.choice((0, 1))),
        ("truncated", lambda: draw.choice((0, 1))), ("score", draw.random), ("weight", lambda: draw.choice((1, 0.25, draw.random()))),
        ("original_category_id", lambda: draw.choice(CATEGORIES)["id"]), ("segmentation", lambda: mask(draw)), ("keypoints", points),
        ("num_keypoints", lambda: draw.randrange(4)))}


def by_chance(images):
    draw = random.Random(5)
    out = []
    for k in range(150):
        members = list({"id": k - 75, **annotation(draw, draw.choice(images))}.items())
        draw.shuffle(members)
        out.append(dict(members))
    return out


for d in "deep/er", "a":
    os.makedirs(f"{T}/nasty/{d}")
images = []
for k, (name, id) in enumerate(zip(NAMES, IDS)):
    Image.new("RGB", (40, 30), (k * 9, 5, 200)).save(f"{T}/nasty/{name}", "PNG" if name.endswith("png") else "JPEG")
    images.append({"id": id, "file_name": name, "width": 40, "height": 30, "license": 3, "coco_url": "http:\\/x/" + str(k)})
images.append({"id": 9, "file_name": "plain.jpg"})  # a file can be two images
images[1].update(category_id=3, original_category_id=-1, date_captured="2013-11-14 17:02:52", flickr_url=None, tags=[{"a": 1.0}])
images[2].update(category_id=-1)
for name, annotations in ("nasty", by_hand(images)), ("random", by_chance(images)):
    with open(f"{T}/{name}.json", "w") as file:
        json.dump({"info": {"year": 2000, "contributor": "\u00e9\u0001", "n": 2**64}, "licenses": [{"id": 3, "url": "http://x"}, {}],
                   "annotations": annotations, "images": images, "categories": CATEGORIES, "type": "instances", "": []},
                  file, ensure_ascii=name == "nasty", indent=1 if name == "random" else None)
