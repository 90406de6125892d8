"""Where the objects of real images go, on numpy.

    augment_objects.py COCO.json STREAM FILE    the objects of STREAM are those of COCO.json moved by the transforms of FILE (--explain)

Masks are warped pixel by pixel, polygons and keypoints point by point. No image may have been moved twice, and none have EXIF turns.
"""
import json
import sys

import numpy

from augment_peer import maps, tensor

# COCO's persons: which keypoint takes whose name in a mirror.
PERSON = [0, 2, 1, 4, 3, 6, 5, 8, 7, 10, 9, 12, 11, 14, 13, 16, 15]
MOVES = {"rotate", "shear-x", "shear-y", "translate-x", "translate-y"}


def decompress(text):
    """The runs of COCO's text: groups of 5 bits, low ones first, signed, differences to the run two before."""
    runs, at = [], 0
    while at < len(text):
        value, shift, more = 0, 0, True
        while more:
            c = ord(text[at]) - 48
            value |= (c & 31) << shift
            at, shift, more = at + 1, shift + 5, bool(c & 32)
        if c & 16:
            value -= 1 << shift
        runs.append(value + (runs[-2] if len(runs) > 2 else 0))
    return runs


def picture(size, counts):
    runs = decompress(counts) if isinstance(counts, str) else counts
    flat = numpy.repeat(numpy.arange(len(runs)) % 2, runs).astype(bool)
    return flat.reshape(size[1], size[0]).T


def warp(mask, m, shape, valid):
    inverse = numpy.linalg.inv(numpy.vstack([numpy.reshape(m, (2, 3)), [0, 0, 1]]))
    y, x = numpy.mgrid[0:shape[0], 0:shape[1]] + .5
    u, v = (inverse[i, 0] * x + inverse[i, 1] * y + inverse[i, 2] for i in range(2))
    inside = (u >= 0) & (v >= 0) & (u < mask.shape[1]) & (v < mask.shape[0]) & (x < valid[0]) & (y < valid[1])
    near = numpy.minimum(abs(u - u.round()), abs(v - v.round())) < 1e-6
    column, row = (numpy.clip(c, 0, n - 1).astype(int) for c, n in ((u, mask.shape[1]), (v, mask.shape[0])))
    return mask[row, column] & inside, near


def move(m, points):
    return points @ numpy.reshape(m, (2, 3))[:, :2].T + numpy.reshape(m, (2, 3))[:, 2]


class Counts:
    def __init__(self):
        self.records = self.objects = self.runs = self.polygons = self.keypoints = 0


def holds(box, picture):
    """Whether the centres of all pixels are in the box."""
    if not picture.any():
        return True
    rows, columns = numpy.nonzero(picture.any(1))[0], numpy.nonzero(picture.any(0))[0]
    return box[0] <= columns[0] + .5 and box[1] <= rows[0] + .5 and box[2] >= columns[-1] + .5 and box[3] >= rows[-1] + .5


def check_runs(n, where, item, mask, box, m, record, valid):
    got = picture(mask["size"], mask["counts"])
    shape = tensor(record["pixels"]).shape[:2]
    original = picture(item["segmentation"]["size"], item["segmentation"]["counts"])
    want, near = warp(original, m, shape, valid)
    assert got.shape == shape, "%s: the mask is %s" % (where, got.shape)
    wrong = ((got != want) & ~near).sum()
    assert wrong == 0, "%s: %d pixels of the mask are wrong" % (where, wrong)
    # Many a crowd's box, as annotated, ends a pixel before its mask does.
    x, y, w, h = item["bbox"]
    tight = holds((x + .5, y + .5, x + w - .5, y + h - .5), original)
    assert not tight or holds(box, got), "%s: the box %s does not hold the mask" % (where, box)
    n.runs += 1


def check_polygons(n, where, source, mask, m, moved):
    for want, got in zip(source, mask) if not moved else ():
        want = move(m, numpy.reshape(want, (-1, 2)))
        assert abs(want - tensor(got)).max() < 1e-6, "%s: a polygon is elsewhere" % where
        n.polygons += 1


def check_keypoints(n, where, source, got, m, record, size, valid):
    points = numpy.reshape(source, (-1, 3)).astype(float)
    at = move(m, points[:, :2] + .5)
    back = move(numpy.linalg.inv(numpy.vstack([numpy.reshape(m, (2, 3)), [0, 0, 1]]))[:2].ravel(), at)
    seen = (points[:, 2] > 0) & (at >= 0).all(1) & (at < valid).all(1) & (back >= 0).all(1) & (back <= size).all(1)
    want = numpy.where(seen[:, None], numpy.column_stack([at - .5, points[:, 2]]), 0)
    if m[0] * m[4] - m[1] * m[3] < 0:
        want = want[PERSON]
    assert abs(want - got).max() < 1e-3, "%s: keypoints are elsewhere" % where
    n.keypoints += int(seen.sum())


def check(path, stream, explained):
    with open(path) as file:
        data = json.load(file)
    with open(explained) as file:
        lines = [json.loads(line) for line in file]
    source = {item["id"]: item for item in data["annotations"]}
    n = Counts()
    for line, record in zip(lines, (item for item in maps(stream) if "pixels" in item)):
        assert line["id"] == record["id"]
        m, n.records = line["transform"], n.records + 1
        moved = any(step["op"] in MOVES and step["value"] != 0 for step in line["steps"])
        if "boxes" not in record:
            continue
        boxes, ids = tensor(record["boxes"]), tensor(record["object_id"])
        valid = record["valid_w"], record["valid_h"]
        assert (boxes >= 0).all() and (boxes[:, ::2] <= valid[0]).all() and (boxes[:, 1::2] <= valid[1]).all()
        for i, identity in enumerate(ids):
            item, where = source[int(identity)], "image %s, object %d" % (record["file_name"], identity)
            mask = record["masks"][i] if record.get("masks") else None
            if mask and isinstance(mask, dict):
                check_runs(n, where, item, mask, boxes[i], m, record, valid)
            elif mask:
                check_polygons(n, where, item["segmentation"], mask, m, moved)
            if "keypoints" in record and item.get("keypoints"):
                check_keypoints(n, where, item["keypoints"], tensor(record["keypoints"])[i], m, record, line["image"], valid)
            n.objects += 1
    print("%(records)d images, %(objects)d objects: %(runs)d run-length masks, %(polygons)d polygons, %(keypoints)d keypoints" % vars(n))


if __name__ == "__main__":
    check(*sys.argv[1:])
