#!/usr/bin/python3
"""The preset tpu against its definition, written out in PyTorch.

Usage: preset.py [--build DIR] [--models NAME,...] [--size WxH] [--keep DIR]

Network (norms of each level), anchors, matching, losses and detections are plain code here, straight from the conventions that
trainstep(1) lists; only the backbone is torchvision's. Losses must agree within 1e-5, gradients within 1e-3,
detections paired within .01 px and 1e-4. Exit status 1 when off.
"""
import json
import math
import subprocess
import sys
from collections import OrderedDict
from functools import partial
from pathlib import Path

import torch
from harness import read_samples, run_models, run_pipe, write_safetensors
from retinanet import GroupNorm, compare_detections, compare_f32, make_batch, make_stream, ours, randomise
from torch import nn
from torchvision.models import resnet
from torchvision.ops import box_iou, nms

MODELS = ["retinanet-resnet18-fpn-gn", "retinanet-resnet18-fpn-bn"]
LEVELS, CHANNELS, ASPECTS = 5, 256, (1.0, 2.0, 0.5)


class Pyramid(nn.Module):
    """C3..C5 to P3..P7: 1x1 laterals, nearest sums, 3x3 outputs, P6 of P5, P7 of relu(P6); then a norm for each."""
    def __init__(self, channels, norm):
        super().__init__()
        wrap = lambda *args, **options: nn.Sequential(nn.Conv2d(*args, **options))
        self.inner_blocks = nn.ModuleList(wrap(c, CHANNELS, 1) for c in channels)
        self.layer_blocks = nn.ModuleList(wrap(CHANNELS, CHANNELS, 3, padding=1) for _ in channels)
        self.extra_blocks = nn.ModuleDict({k: nn.Conv2d(CHANNELS, CHANNELS, 3, 2, 1) for k in ("p6", "p7")})
        self.norms = nn.ModuleList(norm(CHANNELS) for _ in range(LEVELS))

    def forward(self, maps):
        inner, p = None, [None] * 3
        for i in (2, 1, 0):
            lateral = self.inner_blocks[i](maps[i])
            if inner is not None:
                lateral = lateral + nn.functional.interpolate(inner, size=lateral.shape[-2:], mode="nearest")
            inner = lateral
            p[i] = self.layer_blocks[i](inner)
        p.append(self.extra_blocks["p6"](p[2]))
        p.append(self.extra_blocks["p7"](p[3].relu()))
        return [norm(x) for norm, x in zip(self.norms, p)]


class Backbone(nn.Module):
    def __init__(self, name, norm):
        super().__init__()
        self.body = resnet.__dict__[name](weights=None, norm_layer=norm)
        del self.body.avgpool, self.body.fc
        channels = [getattr(self.body, f"layer{i}")[0].downsample[0].out_channels for i in (2, 3, 4)]
        self.fpn = Pyramid(channels, norm)

    def forward(self, x):
        b, maps = self.body, []
        x = b.maxpool(b.relu(b.bn1(b.conv1(x))))
        for layer in (b.layer1, b.layer2, b.layer3, b.layer4):
            x = layer(x)
            maps.append(x)
        return OrderedDict(enumerate(self.fpn(maps[1:])))


class Tower(nn.Module):
    """Four convolutions for all levels, each followed by a norm of the level and relu, and an output convolution."""
    def __init__(self, norm, output, n):
        super().__init__()
        norms = lambda: nn.ModuleList(norm(CHANNELS) for _ in range(LEVELS))
        self.conv = nn.ModuleList(nn.ModuleList([nn.Conv2d(CHANNELS, CHANNELS, 3, padding=1, bias=False), norms()])
                                  for _ in range(4))
        self.output = output
        setattr(self, output, nn.Conv2d(CHANNELS, n, 3, padding=1))

    def forward(self, features, n):
        found = []
        for level, x in enumerate(features):
            for conv, norms in self.conv:
                x = norms[level](conv(x)).relu()
            x = getattr(self, self.output)(x)
            found.append(x.permute(0, 2, 3, 1).reshape(len(x), -1, n))
        return torch.cat(found, 1)


class Head(nn.Module):
    def __init__(self, norm, n_classes):
        super().__init__()
        self.n_classes = n_classes
        self.classification_head = Tower(norm, "cls_logits", 9 * n_classes)
        self.regression_head = Tower(norm, "bbox_reg", 36)

    def forward(self, features):
        return {"cls_logits": self.classification_head(features, self.n_classes),
                "bbox_regression": self.regression_head(features, 4)}


class Detector(nn.Module):
    def __init__(self, name, n_classes):
        super().__init__()
        _, backbone, _, norm = name.split("-")
        layer = partial(GroupNorm, 32) if norm == "gn" else partial(nn.BatchNorm2d, eps=1e-4, momentum=0.003)
        self.backbone, self.head = Backbone(backbone, layer), Head(layer, n_classes)

    @staticmethod
    def anchor_generator(images, features):
        boxes = []
        for level, f in enumerate(features):
            stride = 8 * 2 ** level
            for y in range(f.shape[2]):
                for x in range(f.shape[3]):
                    for octave in range(3):
                        for aspect in ASPECTS:
                            side, cx, cy = 4 * stride * 2 ** (octave / 3), (x + 0.5) * stride, (y + 0.5) * stride
                            w, h = side * math.sqrt(aspect) / 2, side / math.sqrt(aspect) / 2
                            boxes.append((cx - w, cy - h, cx + w, cy + h))
        return [torch.tensor(boxes)] * len(images.image_sizes)


def match(boxes, anchors):
    """The object of each anchor, or -1."""
    if len(boxes) == 0:
        return torch.full((len(anchors),), -1)
    iou = box_iou(boxes, anchors)
    best, found = iou.max(0)
    found[best < 0.5] = -1
    for i in reversed(range(len(boxes))):
        found[iou[i].argmax()] = i
    return found


def codes(boxes, anchors):
    size, anchor_size = boxes[:, 2:] - boxes[:, :2], anchors[:, 2:] - anchors[:, :2]
    shift = (boxes[:, :2] + boxes[:, 2:]) / 2 - (anchors[:, :2] + anchors[:, 2:]) / 2
    return torch.cat([shift / (anchor_size + 1e-8), ((size + 1e-8) / (anchor_size + 1e-8)).log()], 1)


def losses_of(outputs, anchors, targets):
    cls = box = n = 0
    for i, t in enumerate(targets):
        matched = match(t["boxes"], anchors)
        fg = matched >= 0
        n += int(fg.sum())
        want = torch.zeros_like(outputs["cls_logits"][i])
        want[fg, t["labels"][matched[fg]]] = 1
        p = outputs["cls_logits"][i].sigmoid()
        right = torch.where(want == 1, p, 1 - p)
        alpha = torch.where(want == 1, 0.25, 0.75)
        log_right = -nn.functional.binary_cross_entropy_with_logits(outputs["cls_logits"][i], want, reduction="none")
        cls = cls - (alpha * (1 - right) ** 1.5 * log_right).double().sum()
        target = codes(t["boxes"][matched[fg]], anchors[fg])
        error = (outputs["bbox_regression"][i][fg] - target).abs()
        huber = torch.where(error <= 0.1, error ** 2 / 2, 0.1 * error - 0.005)
        box = box + huber[target != 0].double().sum()
    return cls / (n + 1), box / (4 * (n + 1))


def detections_of(outputs, anchors, sizes):
    found = []
    for logits, code, (h, w) in zip(outputs["cls_logits"], outputs["bbox_regression"], sizes):
        side, centre = anchors[:, 2:] - anchors[:, :2], (anchors[:, 2:] + anchors[:, :2]) / 2
        middle, half = code[:, :2] * side + centre, code[:, 2:].clamp(max=math.log(1000 / 16)).exp() * side / 2
        boxes = torch.cat([middle - half, middle + half], 1).clamp(min=0)
        boxes = torch.minimum(boxes, torch.tensor([w - 1.0, h - 1.0, w - 1.0, h - 1.0]))
        rows = []
        for k, scores in enumerate(logits.sigmoid().T):
            scores, order = scores.topk(min(5000, len(scores)))
            order = order[scores > 0.05]
            scores = scores[:len(order)]
            keep = nms(boxes[order], scores, 0.5)[:100]
            rows += [(float(scores[j]), k, boxes[order[j]]) for j in keep]
        rows = sorted(rows, key=lambda r: -r[0])[:100]
        found.append({"boxes": torch.stack([r[2] for r in rows]) if rows else torch.zeros(0, 4),
                      "labels": torch.tensor([r[1] for r in rows]), "scores": torch.tensor([r[0] for r in rows])})
    return found


def outputs_of(model, batch):
    features = list(model.backbone(batch["x"]).values())
    images = type("Images", (), {"image_sizes": batch["sizes"]})
    return model.head(features), model.anchor_generator(images, features)[0]


def take_without_effect(report, name, got, want):
    """Batch norm takes away what a bias before it adds: the gradients of such are zero but for rounding, and are taken out."""
    for layer in ("layer_blocks.0.0", "layer_blocks.1.0", "extra_blocks.p7"):
        key = f"backbone.fpn.{layer}."
        size = float(want[key + "weight"].norm())
        off = max(float(g.pop(key + "bias").norm()) for g in (got, want)) / size
        report.need(off < 1e-4, f"{name} tpu: {key}bias has no effect, its gradient is {off:.1e} of the weights'")


def check_model(report, name, args, directory):
    build, weights, out = Path(args.build), directory / "weights.safetensors", directory / "out.safetensors"
    stream, categories = make_stream(args, directory, 0)
    batch = make_batch(read_samples(stream))
    model = randomise(Detector(name, args.classes), batch, seed=1)
    write_safetensors(weights, model.state_dict(), {"model": name, "classes": json.dumps(categories), "preset": "tpu",
                                                    "anchor-size": "32", "preprocess": f"size={args.size}"})
    found = directory / "found.json"
    run_pipe([[build / "bin" / "predict", "-q", "-m", weights, "--coco-json", found, stream]], directory / "talk")
    with torch.no_grad():
        want = detections_of(*outputs_of(model.eval(), batch), batch["sizes"])
    compare_detections(report, f"{name} tpu", json.loads(found.read_text()), want, batch, [c["id"] for c in categories])
    outputs, anchors = outputs_of(model.train(), batch)
    cls, box = losses_of(outputs, anchors, batch["targets"])
    (cls + 50 * box).backward()
    subprocess.run([str(c) for c in (build / "tests" / "parity_step", name, weights, stream, out, "--preset", "tpu")], check=True)
    got, want = ours(out), ({"cls": float(cls), "box": float(box)}, {k: p.grad for k, p in model.named_parameters()})
    if name.endswith("-bn"):
        take_without_effect(report, name, got[1], want[1])
    compare_f32(report, f"{name} tpu", got, want)


if __name__ == "__main__":
    sys.exit(run_models(check_model, __doc__, MODELS))
