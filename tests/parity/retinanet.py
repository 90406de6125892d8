#!/usr/bin/python3
"""One forward and backward pass of our RetinaNet against torchvision's, from the same weights and batch.

Usage: retinanet.py [--build DIR] [--models NAME,...] [--classes K] [--size WxH] [--batch N] [--draws N] [--conv NAME,...] [--keep DIR]

For every model: torchvision draws the weights (frozen norms with random statistics), our tools
pack the images and take a step without update, and both sides' losses, gradients and detections are compared.
f32: losses within 1e-5 relative, each parameter's gradient within 1e-3 (relative norm), detections
paired within .01 px and 1e-4, equal in number. bf16, over several draws of weights and images: all gradients
together within 3 % (where PyTorch's own bf16 autocast is not: no worse than it), each parameter no worse than 1.2 times
the error of autocast. Exit status 1 when off.
"""
import json
import math
import subprocess
import sys
from functools import partial
from pathlib import Path

import numpy as np
import torch
from detect import pair
from harness import read_safetensors, read_samples, relative, run_models, run_pipe, write_safetensors
from PIL import Image
from torchvision.models import resnet
from torchvision.models.detection.backbone_utils import _resnet_fpn_extractor
from torchvision.models.detection.image_list import ImageList
from torchvision.models.detection.retinanet import RetinaNet, RetinaNetHead
from torchvision.ops import FrozenBatchNorm2d
from torchvision.ops.feature_pyramid_network import LastLevelP6P7

MODELS = ["retinanet-resnet18-fpn-frozenbn", "retinanet-resnet18-fpn-gn",
          "retinanet-resnet50-fpn-frozenbn", "retinanet-resnet50-fpn-gn"]
# Deviations before the ReLUs at which bf16 is compared; at the second autocast itself is off by more than 3 %.
BF16_SPREADS = (0.3, 0.6)
MEAN, STD = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])


class GroupNorm(torch.nn.GroupNorm):
    """PyTorch 1.13's refuses bf16 input with f32 scales: statistics in f32, output in the input's type, as ours."""
    def forward(self, x):
        return torch.nn.functional.group_norm(x.float(), self.num_groups, self.weight, self.bias, self.eps).to(x.dtype)


def build_model(name, n_classes):
    """The torchvision model of our name HEAD-BACKBONE-fpn-NORM; the norm is in neck and head only if it is gn."""
    head, backbone, neck, norm = name.split("-")
    assert (head, neck) == ("retinanet", "fpn"), name
    layer = {"frozenbn": FrozenBatchNorm2d, "bn": torch.nn.BatchNorm2d, "gn": partial(GroupNorm, 32)}[norm]
    outer = layer if norm == "gn" else None
    body = resnet.__dict__[backbone](weights=None, norm_layer=layer)
    fpn = _resnet_fpn_extractor(body, 5, returned_layers=[2, 3, 4], extra_blocks=LastLevelP6P7(256, 256), norm_layer=outer)
    return RetinaNet(fpn, n_classes, head=RetinaNetHead(256, 9, n_classes, norm_layer=outer), detections_per_img=100)


def randomise(model, batch, seed, spread=0.3):
    """
    Random weights at which gradients can be compared. One ReLU that a rounding error turns on or off changes
    a gradient by more than 1e-3: at naive random weights PyTorch differs by that between one thread and two, and with
    group norm by 20 to 50 % between f32 and bf16. So everything that goes into a ReLU gets a deviation of about
    `spread` and a mean of 1.2 - 4/3 spread, frozen statistics being those of this batch with 20 % of noise. Logits
    spread by .5; box codes lie around +-1.5, away from their targets, where the slope of L1 jumps.
    """
    g = torch.Generator().manual_seed(seed)

    def uniform(shape, low, high):
        return low + (high - low) * torch.rand(shape, generator=g)

    def shift(shape):
        mean = 1.2 - 4 / 3 * spread
        return uniform(shape, mean - 0.2, mean + 0.2)

    def set_statistics(norm, inputs):
        mean, var = inputs[0].mean((0, 2, 3)), inputs[0].var((0, 2, 3))
        norm.running_mean.copy_(mean + uniform(mean.shape, -0.2, 0.2) * var.sqrt())
        norm.running_var.copy_(var * uniform(var.shape, 0.8, 1.25))

    def set_bias(conv, inputs, output):
        if conv not in hooks:
            return None
        hooks.pop(conv).remove()
        conv.weight *= (spread / output.std((0, 2, 3))).reshape(-1, 1, 1, 1)
        conv.bias.copy_(shift(conv.bias.shape) - (conv(inputs[0]).mean((0, 2, 3)) - conv.bias))
        return conv(inputs[0])
    hooks = {}
    with torch.no_grad():
        for name, module in model.named_modules():
            if isinstance(module, (FrozenBatchNorm2d, torch.nn.BatchNorm2d, torch.nn.GroupNorm)):
                module.weight.copy_(uniform(module.weight.shape, 2 / 3 * spread, 4 / 3 * spread))
                module.bias.copy_(shift(module.bias.shape))
            if isinstance(module, (FrozenBatchNorm2d, torch.nn.BatchNorm2d)):
                hooks[module] = module.register_forward_pre_hook(set_statistics)
            if isinstance(module, torch.nn.Conv2d):
                std = math.sqrt(2 / module.weight[0].numel())
                module.weight.copy_(torch.randn(module.weight.shape, generator=g) * std)
                if module.bias is not None:
                    module.bias.copy_(uniform(module.bias.shape, -0.1, 0.1))
                    if ".conv." in name:
                        hooks[module] = module.register_forward_hook(set_bias)
        _, out, _ = forward(model.eval(), batch)
        for hook in hooks.values():
            hook.remove()
        head = model.head.classification_head.cls_logits
        head.weight /= 2 * out["cls_logits"].std()
        head.bias.copy_(-4.2 - (out["cls_logits"].mean() - head.bias.mean()) / (2 * out["cls_logits"].std()))
        head = model.head.regression_head.bbox_reg
        head.weight /= 10 * out["bbox_regression"].std()
        head.bias.copy_(1.5 * torch.randn(36, generator=g).sign())
    return model.train()


def state(model):
    return {k: v for k, v in model.state_dict().items() if not k.endswith("num_batches_tracked")}


def texture(g, w, h):
    """Smooth colours and a little noise, u8 [h w 3]."""
    coarse = Image.fromarray(g.integers(0, 256, (h // 16 + 2, w // 16 + 2, 3), dtype=np.uint8))
    fine = np.asarray(coarse.resize((w, h), Image.BICUBIC)).astype(np.int16) + g.integers(-6, 7, (h, w, 3))
    return np.clip(fine, 0, 255).astype(np.uint8)


def make_dataset(directory, n, classes, size, seed):
    """
    COCO JSON and PNG images of textured rectangles, exactly of that size, so that nothing is resampled. Smooth, so that
    it matters little which of two almost equal neighbours a max pool chooses: in pure noise one such choice, left to
    rounding, changes the first layer's gradient by 3e-3.
    """
    g = np.random.default_rng(seed)
    w, h = size
    data = {"images": [], "annotations": [], "categories": [{"id": 3 * k + 1, "name": f"kind{k}"} for k in range(classes)]}
    for i in range(n):
        pixels = texture(g, w, h)
        for _ in range(int(g.integers(1, 8))):
            bw, bh = int(g.integers(12, w * 3 // 4)), int(g.integers(12, h * 3 // 4))
            x, y = int(g.integers(0, w - bw)), int(g.integers(0, h - bh))
            pixels[y:y + bh, x:x + bw] = texture(g, bw, bh)
            data["annotations"].append({"id": len(data["annotations"]) + 1, "image_id": i + 1, "bbox": [x, y, bw, bh], "area": bw * bh,
                                        "iscrowd": 0, "category_id": 3 * int(g.integers(classes)) + 1})
        data["images"].append({"id": i + 1, "file_name": f"{i + 1}.png", "width": w, "height": h})
        Image.fromarray(pixels).save(directory / f"{i + 1}.png")
    (directory / "set.json").write_text(json.dumps(data))


def make_batch(samples, stride=32):
    """Samples of a stream as the tensors torchvision wants: normalised, zero outside the valid size."""
    h = max(-(-s["pixels"].shape[0] // stride) * stride for s in samples)
    w = max(-(-s["pixels"].shape[1] // stride) * stride for s in samples)
    x, sizes, targets = torch.zeros(len(samples), 3, h, w), [], []
    for i, s in enumerate(samples):
        pixels = np.array(s["pixels"])
        vh, vw = s.get("valid_h") or pixels.shape[0], s.get("valid_w") or pixels.shape[1]
        image = torch.from_numpy(pixels[:vh, :vw]).float() / 255
        x[i, :, :vh, :vw] = ((image - MEAN) / STD).permute(2, 0, 1)
        sizes.append((vh, vw))
        boxes = torch.from_numpy(np.array(s["boxes"], dtype=np.float32).reshape(-1, 4))
        labels = torch.from_numpy(np.array(s["labels"], dtype=np.int64).reshape(-1))
        whole = torch.ones(len(labels), dtype=torch.bool)
        for key in ("iscrowd", "ignore"):
            if s.get(key) is not None:
                whole &= torch.from_numpy(np.array(s[key]).reshape(-1) == 0)
        targets.append({"boxes": boxes[whole], "labels": labels[whole]})
    return {"x": x, "sizes": sizes, "targets": targets, "ids": [s["id"] for s in samples]}


def forward(model, batch):
    features = list(model.backbone(batch["x"]).values())
    outputs = model.head(features)
    anchors = model.anchor_generator(ImageList(batch["x"], batch["sizes"]), [f.float() for f in features])
    return features, outputs, anchors


def losses_of(model, batch, autocast=False):
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=autocast):
        _, outputs, anchors = forward(model, batch)
    outputs = {k: v.float() for k, v in outputs.items()}
    return model.head.compute_loss(batch["targets"], outputs, anchors, match(model, batch, anchors))


def match(model, batch, anchors):
    from torchvision.ops.boxes import box_iou
    return [model.proposal_matcher(box_iou(t["boxes"], a)) if len(t["boxes"]) else torch.full((len(a),), -1)
            for t, a in zip(batch["targets"], anchors)]


def gradients_of(model, batch, autocast=False):
    model.zero_grad()
    losses = losses_of(model, batch, autocast)
    (losses["classification"] + losses["bbox_regression"]).backward()
    return ({"cls": float(losses["classification"]), "box": float(losses["bbox_regression"])},
            {name: p.grad.clone() for name, p in model.named_parameters()})


def detections_of(model, batch):
    with torch.no_grad():
        features, outputs, anchors = forward(model, batch)
        per_level = [f.shape[2] * f.shape[3] * 9 for f in features]
        return model.postprocess_detections({k: list(v.split(per_level, 1)) for k, v in outputs.items()},
                                            [list(a.split(per_level)) for a in anchors], batch["sizes"])


def ours(path):
    tensors = read_safetensors(path)
    return ({k: float(tensors[f"loss_{k}"].reshape(-1)[0]) for k in ("cls", "box")},
            {k[5:]: v for k, v in tensors.items() if k.startswith("grad.")})


def compare_f32(report, name, got, want):
    for key in ("cls", "box"):
        off = abs(got[0][key] - want[0][key]) / abs(want[0][key])
        report.need(off < 1e-5, f"{name}: loss {key} {want[0][key]:.6f}, off by {off:.1e}")
    missing = sorted(set(want[1]) ^ set(got[1]))
    report.need(not missing, f"{name}: {len(want[1])} gradients, both have the same" + (f"; not {missing[:5]}" if missing else ""))
    off = {k: relative(got[1][k], want[1][k]) for k in want[1] if k in got[1]}
    worst = max(off, key=off.get)
    report.need(off[worst] < 1e-3, f"{name}: gradients off by {off[worst]:.1e} at most ({worst}), median {np.median(list(off.values())):.1e}")


def compare_bf16(report, name, draws):
    """
    draws: {spread: [(ours, f32, autocast) gradients of one draw of weights and images, ...]}. A single draw is a
    noisy measure, as few activations that change the side of a ReLU make most of the error. So errors are measured in norms of
    the draw's own gradient and averaged (root mean square) over all draws; single ones are only reported.
    """
    errors = []
    for spread, some in draws.items():
        flat = [[torch.cat([g.flatten() for g in side.values()]) for side in d] for d in some]
        own, peer = max(relative(f[0], f[1]) for f in flat), max(relative(f[2], f[1]) for f in flat)
        report.need(own < max(0.03, peer), f"{name} bf16, spread {spread}: all gradients "
                    f"off by {own:.2%} at most in {len(some)} draws, autocast by {peer:.2%}")
        errors += [{k: (relative(d[0][k], d[1][k]), relative(d[2][k], d[1][k])) for k in d[1]} for d in some]
    ratio = {k: math.sqrt(sum(e[k][0] ** 2 for e in errors) / sum(e[k][1] ** 2 + 1e-12 for e in errors)) for k in errors[0]}
    worst = max(ratio, key=ratio.get)
    bad = [k for k in ratio if ratio[k] > 1.2]
    report.need(not bad, f"{name} bf16: error over autocast's, of {len(ratio)} parameters in {len(errors)} draws: median "
                f"{np.median(list(ratio.values())):.2f}, 90 % {np.quantile(list(ratio.values()), 0.9):.2f}, "
                f"worst {ratio[worst]:.2f} ({worst}); {len(bad)} above 1.2")
    single = [own / max(peer, 1e-6) for e in errors for own, peer in e.values()]
    print(f"     single draws: median {np.median(single):.2f}, 90 % {np.quantile(single, 0.9):.2f}, "
          f"worst {max(single):.2f}; {np.mean(np.array(single) > 1.2):.1%} above 1.2")


def compare_detections(report, name, results, want, batch, category_ids):
    total, worst, good = 0, [0.0, 0.0], True
    for image, found in zip(batch["ids"], want):
        mine = [r for r in results if r["image_id"] == image]
        xywh = torch.tensor([r["bbox"] for r in mine], dtype=torch.float64).reshape(-1, 4)
        boxes = torch.cat([xywh[:, :2], xywh[:, :2] + xywh[:, 2:]], 1)
        labels = torch.tensor([category_ids.index(r["category_id"]) for r in mine])
        scores = torch.tensor([r["score"] for r in mine], dtype=torch.float64)
        distance = pair((boxes, labels, scores), (found["boxes"].double(), found["labels"], found["scores"].double()))
        total += len(found["scores"])
        if distance is None:
            print(f"     image {image}: {len(mine)} detections, torchvision {len(found['scores'])}")
            good = False
        else:
            worst = [max(a, b) for a, b in zip(worst, distance)]
    report.need(good and total > 0 and worst[0] < 0.01 and worst[1] < 1e-4,
                f"{name}: {total} detections, boxes off by {worst[0]:.1e} px, scores by {worst[1]:.1e}")


def make_stream(args, directory, draw):
    """Images and boxes of that draw, packed and brought to pixels by our tools: the stream's path and the categories."""
    bins, part = Path(args.build) / "bin", directory / str(draw)
    part.mkdir(exist_ok=True)
    make_dataset(part, args.batch, args.classes, tuple(int(v) for v in args.size.split("x")), seed=4 + draw)
    run_pipe([[bins / "coco-pack", "-q", part / "set.json", "--images", part],
              [bins / "augment", "-q", "--eval", "--size", args.size]], part / "batch.stream")
    return part / "batch.stream", json.loads((part / "set.json").read_text())["categories"]


def check_model(report, name, args, directory):
    build, weights, out = Path(args.build), directory / "weights.safetensors", directory / "out.safetensors"
    stream, categories = make_stream(args, directory, 0)
    batch = make_batch(read_samples(stream))
    model = randomise(build_model(name, args.classes), batch, seed=1)
    write_safetensors(weights, state(model), {"model": name, "classes": json.dumps(categories), "preset": "torchvision",
                                              "anchor-size": "32", "preprocess": f"size={args.size}"})

    def step(file, source, *options):
        command = (build / "tests" / "parity_step", name, directory / file, source, out) + options
        subprocess.run([str(c) for c in command], check=True)
        return ours(out)
    want = gradients_of(model, batch)
    for conv in args.conv.split(","):
        compare_f32(report, f"{name} {conv}", step("weights.safetensors", stream, "--conv", conv), want)
    draws = {spread: [] for spread in BF16_SPREADS}
    for seed in range(args.draws):
        source = make_stream(args, directory, seed)[0]
        part, spread = make_batch(read_samples(source)), BF16_SPREADS[seed % len(BF16_SPREADS)]
        other = randomise(build_model(name, args.classes), part, seed, spread)
        write_safetensors(directory / "draw.safetensors", state(other))
        draws[spread].append((step("draw.safetensors", source, "--dtype", "bf16")[1], gradients_of(other, part)[1],
                              gradients_of(other, part, autocast=True)[1]))
    if args.draws >= len(BF16_SPREADS):
        compare_bf16(report, name, draws)
    found = directory / "found.json"
    run_pipe([[build / "bin" / "predict", "-q", "-m", weights, "--coco-json", found, stream]], directory / "talk")
    compare_detections(report, name, json.loads(found.read_text()), detections_of(model.eval(), batch), batch,
                       [c["id"] for c in categories])


if __name__ == "__main__":
    sys.exit(run_models(check_model, __doc__, MODELS, draws=(8, "weights and images for which the bf16 error is measured"),
                        conv=("auto,onednn,openblas", "backends compared in f32")))
