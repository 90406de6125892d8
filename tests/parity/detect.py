#!/usr/bin/python3
"""lib/detect against torchvision's RetinaNet, piece by piece, on random head outputs.

Usage: detect.py [BUILD], where BUILD holds the test programs (build/release).
Anchors and matches must be equal, losses within 1e-6, gradients within 1e-5 of the
largest, detections the same set within .01 px and 1e-4. Exit status 1 when off.
"""
import math
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import torch
from torchvision.models.detection import retinanet
from torchvision.models.detection.anchor_utils import AnchorGenerator
from torchvision.models.detection.image_list import ImageList

ROOT = Path(__file__).resolve().parents[2]


def make_case(seed, n_images, n_classes, base, height, width, mean):
    """Random head outputs and boxes; whole pixels and doubled boxes make ties likely."""
    g = torch.Generator().manual_seed(seed)
    grid = [(height // 8, width // 8)]
    while len(grid) < 5:
        grid.append(((grid[-1][0] + 1) // 2, (grid[-1][1] + 1) // 2))
    case = dict(classes=n_classes, base=base, size=(height, width), grid=grid, boxes=[], labels=[], valid=[], cls=[], box=[])
    for i in range(n_images):
        n = 0 if i == 1 else int(torch.randint(1, 20, (1,), generator=g))
        corner = torch.rand(n, 2, generator=g) * torch.tensor([width - 20.0, height - 20.0])
        side = 4 + torch.rand(n, 2, generator=g) ** 2 * torch.tensor([width / 1.5, height / 1.5])
        far = torch.minimum(corner + side, torch.tensor([float(width), float(height)]))
        boxes = torch.cat([corner, far], 1)
        if i % 2 == 0:
            boxes = boxes.round()
        if n > 2:
            boxes[1] = boxes[0]
        case["boxes"].append(boxes)
        case["labels"].append(torch.randint(0, n_classes, (n,), generator=g))
        case["valid"].append((height - 3 * i, width - 5 * i))
    for h, w in grid:
        case["cls"].append(mean + 1.3 * torch.randn(n_images, h, w, 9 * n_classes, generator=g))
        case["box"].append(0.4 * torch.randn(n_images, h, w, 36, generator=g))
    return case


def write_case(path, case):
    with open(path, "wb") as f:
        def put(values, dtype):
            f.write(np.ascontiguousarray(np.asarray(values), dtype=dtype).tobytes())
        put([len(case["boxes"]), case["classes"], case["base"], len(case["grid"])], "<i8")
        put(case["size"], "<i8")
        put(case["grid"], "<i8")
        put(case["valid"], "<i8")
        for boxes, labels in zip(case["boxes"], case["labels"]):
            put([len(boxes)], "<i8")
            put(boxes, "<f4")
            put(labels, "<i4")
        for cls, box in zip(case["cls"], case["box"]):
            put(cls, "<f4")
            put(box, "<f4")


def read_result(path, case):
    data, at = Path(path).read_bytes(), 0

    def get(dtype, *shape):
        nonlocal at
        count = math.prod(shape)
        values = np.frombuffer(data, dtype, count, at).reshape(shape)
        at += values.nbytes
        return torch.from_numpy(values.copy())
    n_images = len(case["boxes"])
    n = int(get("<i8", 1))
    out = dict(anchors=get("<f4", 4, n).T, match=get("<i4", n_images, n), loss=get("<f8", 3), dcls=[], dbox=[], found=[])
    for cls, box in zip(case["cls"], case["box"]):
        out["dcls"].append(get("<f4", *cls.shape))
        out["dbox"].append(get("<f4", *box.shape))
    for _ in range(n_images):
        k = int(get("<i8", 1))
        out["found"].append((get("<f4", k, 4), get("<i4", k), get("<f4", k)))
    assert at == len(data), "the result is too long"
    return out


def torchvision_result(case):
    n_images, k = len(case["boxes"]), case["classes"]
    sizes = tuple((b, int(b * 2 ** (1 / 3)), int(b * 2 ** (2 / 3))) for b in (case["base"] << l for l in range(5)))
    generator = AnchorGenerator(sizes, ((0.5, 1.0, 2.0),) * 5)
    backbone = torch.nn.Identity()
    backbone.out_channels = 8
    model = retinanet.RetinaNet(backbone, k, anchor_generator=generator, detections_per_img=100)
    images = ImageList(torch.zeros(n_images, 3, *case["size"]), case["valid"])
    anchors = generator(images, [torch.zeros(n_images, 8, *g) for g in case["grid"]])
    cls = [c.clone().requires_grad_() for c in case["cls"]]
    box = [b.clone().requires_grad_() for b in case["box"]]
    outputs = {
        "cls_logits": torch.cat([c.reshape(n_images, -1, k) for c in cls], 1),
        "bbox_regression": torch.cat([b.reshape(n_images, -1, 4) for b in box], 1),
    }
    targets = [{"boxes": b, "labels": l} for b, l in zip(case["boxes"], case["labels"])]
    losses = model.compute_loss(targets, outputs, anchors)
    total = losses["classification"] + losses["bbox_regression"]
    total.backward()
    match = torch.stack([
        model.proposal_matcher(retinanet.box_ops.box_iou(t["boxes"], a)) if len(t["boxes"])
        else torch.full((len(a),), -1) for t, a in zip(targets, anchors)])
    per_level = [h * w * 9 for h, w in case["grid"]]
    with torch.no_grad():
        found = model.postprocess_detections(
            {name: list(value.split(per_level, 1)) for name, value in outputs.items()},
            [list(a.split(per_level)) for a in anchors], case["valid"])
    return dict(anchors=anchors[0], match=match, dcls=[c.grad for c in cls], dbox=[b.grad for b in box],
                loss=torch.tensor([float(total), float(losses["classification"]), float(losses["bbox_regression"])]),
                found=[(f["boxes"], f["labels"], f["scores"]) for f in found])


def pair(ours, theirs):
    """Worst distance in px and score when every detection is paired with its nearest unused one; None when counts differ."""
    if len(ours[2]) != len(theirs[2]):
        return None
    used, worst_px, worst_score = set(), 0.0, 0.0
    for box, label, score in zip(*ours):
        distance = (theirs[0] - box).abs().amax(1) + 1e6 * (theirs[1] != label) + 1e3 * (theirs[2] - score).abs()
        distance[list(used)] = math.inf
        j = int(distance.argmin())
        used.add(j)
        if theirs[1][j] != label:
            return None
        worst_px = max(worst_px, float((theirs[0][j] - box).abs().max()))
        worst_score = max(worst_score, float((theirs[2][j] - score).abs()))
    return worst_px, worst_score


def check(name, case, ours, theirs):
    problems = []

    def need(good, text):
        if not good:
            problems.append(text)
    need(torch.equal(ours["anchors"], theirs["anchors"]), "anchors differ")
    need(torch.equal(ours["match"].long(), theirs["match"].long()),
         f"{int((ours['match'] != theirs['match']).sum())} matches differ")
    loss = ((ours["loss"] - theirs["loss"]).abs() / theirs["loss"]).max()
    need(loss < 1e-6, f"losses differ by {loss:.1e}: {ours['loss'].tolist()} {theirs['loss'].tolist()}")
    for key in ("dcls", "dbox"):
        off = max(float((a - b).abs().max()) for a, b in zip(ours[key], theirs[key]))
        biggest = max(float(b.abs().max()) for b in theirs[key])
        need(off <= 1e-5 * biggest, f"{key} differs by {off:.1e}, the largest is {biggest:.1e}")
    count = 0
    for i, (a, b) in enumerate(zip(ours["found"], theirs["found"])):
        worst = pair(a, b)
        count += len(b[2])
        need(worst is not None and worst[0] < 0.01 and worst[1] < 1e-4,
             f"image {i}: {len(a[2])} and {len(b[2])} detections, worst pair {worst}")
    fg = int((theirs["match"] >= 0).sum())
    print(f"{'FAIL' if problems else 'ok  '} {name}: {fg} matched anchors, loss off by {loss:.1e}, {count} detections")
    for text in problems:
        print("     " + text)
    return not problems


def main():
    build = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "build" / "release"
    cases = {
        "80 classes, 256x320": (1, 3, 80, 32, 256, 320, -5.0),
        "3 classes, 256x320, base 16": (2, 4, 3, 16, 256, 320, -4.0),
        "1 class, 512x416": (3, 2, 1, 32, 512, 416, -3.0),
        "20 classes, 96x160, high scores": (4, 3, 20, 32, 96, 160, -1.0),
        "91 classes, 64x64, base 20": (5, 5, 91, 20, 64, 64, -4.0),
    }
    good = True
    with tempfile.TemporaryDirectory() as scratch:
        for name, arguments in cases.items():
            case = make_case(*arguments)
            write_case(f"{scratch}/case", case)
            subprocess.run([build / "tests" / "detect_pieces", "torchvision", f"{scratch}/case", f"{scratch}/result"], check=True)
            good &= check(name, case, read_result(f"{scratch}/result", case), torchvision_result(case))
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
