#!/usr/bin/python3
"""One forward and backward pass of our classifiers against torchvision's, those for small images against their definition, from the same weights and batch.

Usage: classify.py [--build DIR] [--models NAME,...] [--classes K] [--size WxH] [--batch N] [--draws N] [--conv NAME,...] [--keep DIR]

For every model: weights at which gradients can be compared (see randomise() in retinanet.py), a batch of textured
images in class folders, packed by our tools, a step without update. f32: the loss, plain and with label
smoothing, within 1e-5 relative, each parameter's gradient within 1e-3 (relative norm), top-1 and top-5 equal.
bf16: all gradients together within 3 %, each parameter no worse than 1.2 times the error of PyTorch's own
bf16 autocast. Exit status 1 when off.
"""
import math
import subprocess
import sys
from functools import partial
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torchvision.models import resnet
from torchvision.ops import FrozenBatchNorm2d

from harness import read_safetensors, read_samples, run_models, run_pipe, write_safetensors
from retinanet import MEAN, STD, GroupNorm, compare_bf16, texture

# Deviations before the ReLUs in f32, where one ReLU that changes its side is too much (and in a batch norm changes all
# gradients), and in bf16.
F32_SPREAD = {"frozenbn": 0.3, "bn": 0.25, "gn": 0.3}
BF16_SPREAD = {"frozenbn": 0.4, "bn": 0.4, "gn": 0.6}
MODELS = ["classify-resnet20-cifar-bn", "classify-resnet32-cifar-frozenbn", "classify-resnet18-bn", "classify-resnet34-frozenbn", "classify-resnet50-bn", "classify-resnet50-gn"]


class SmallBlock(torch.nn.Module):
    """Two 3x3 convolutions; where the size changes the shortcut is every other pixel between channels of zeros."""
    def __init__(self, inputs, width, stride, layer):
        super().__init__()
        self.conv1, self.bn1 = torch.nn.Conv2d(inputs, width, 3, stride, 1, bias=False), layer(width)
        self.conv2, self.bn2 = torch.nn.Conv2d(width, width, 3, 1, 1, bias=False), layer(width)
        self.pad = (width - inputs) // 2

    def forward(self, x):
        y = self.bn2(self.conv2(torch.relu(self.bn1(self.conv1(x)))))
        if self.pad:
            x = torch.nn.functional.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, self.pad, self.pad))
        return torch.relu(x + y)


class SmallResNet(torch.nn.Module):
    """ResNet for CIFAR: He et al., section 4.2, shortcuts of option A."""
    def __init__(self, depth, layer, n_classes):
        super().__init__()
        n = (depth - 2) // 6
        self.conv1, self.bn1 = torch.nn.Conv2d(3, 16, 3, 1, 1, bias=False), layer(16)

        def stage(inputs, width):
            return torch.nn.Sequential(*(SmallBlock(inputs if i == 0 else width, width, 2 if i == 0 and inputs != width else 1, layer)
                                         for i in range(n)))
        self.layer1, self.layer2, self.layer3 = stage(16, 16), stage(16, 32), stage(32, 64)
        self.linear = torch.nn.Linear(64, n_classes)

    def forward(self, x):
        x = self.layer3(self.layer2(self.layer1(torch.relu(self.bn1(self.conv1(x))))))
        return self.linear(x.mean((2, 3)))


def build_model(name, n_classes):
    backbone, norm = name.split("-")[1], name.split("-")[-1]
    layer = {"frozenbn": FrozenBatchNorm2d, "bn": torch.nn.BatchNorm2d, "gn": partial(GroupNorm, 32)}[norm]
    if "-cifar-" in name:
        return SmallResNet(int(backbone[6:]), layer, n_classes)
    return resnet.__dict__[backbone](weights=None, norm_layer=layer, num_classes=n_classes)


def randomise(model, x, seed, spread):
    """As in retinanet.py: what goes into a ReLU has a deviation of about `spread` and keeps away from 0."""
    g = torch.Generator().manual_seed(seed)

    def uniform(shape, low, high):
        return low + (high - low) * torch.rand(shape, generator=g)

    def set_statistics(norm, inputs):
        mean, var = inputs[0].mean((0, 2, 3)), inputs[0].var((0, 2, 3))
        norm.running_mean.copy_(mean + uniform(mean.shape, -0.2, 0.2) * var.sqrt())
        norm.running_var.copy_(var * uniform(var.shape, 0.8, 1.25))
    hooks, shift = [], 1.2 - 4 / 3 * spread
    with torch.no_grad():
        for module in model.modules():
            if isinstance(module, (FrozenBatchNorm2d, torch.nn.BatchNorm2d, torch.nn.GroupNorm)):
                module.weight.copy_(uniform(module.weight.shape, 2 / 3 * spread, 4 / 3 * spread))
                module.bias.copy_(uniform(module.bias.shape, shift - 0.2, shift + 0.2))
            if isinstance(module, (FrozenBatchNorm2d, torch.nn.BatchNorm2d)):
                hooks.append(module.register_forward_pre_hook(set_statistics))
            if isinstance(module, torch.nn.Conv2d):
                module.weight.copy_(torch.randn(module.weight.shape, generator=g) * math.sqrt(2 / module.weight[0].numel()))
        out = model.eval()(x)
        for hook in hooks:
            hook.remove()
        last = model.linear if isinstance(model, SmallResNet) else model.fc
        last.weight /= out.std()
        last.bias.copy_(uniform(last.bias.shape, -0.5, 0.5))
    return model.train()


def make_stream(args, directory, draw):
    bins, g, part = Path(args.build) / "bin", np.random.default_rng(draw), directory / str(draw)
    w, h = (int(v) for v in args.size.split("x"))
    for i in range(args.batch):
        folder = part / f"kind{int(g.integers(args.classes))}"
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(texture(g, w, h)).save(folder / f"{i}.png")
    # Every class has its folder, so that labels do not depend on the draw.
    for k in range(args.classes):
        (part / f"kind{k}").mkdir(exist_ok=True)
    run_pipe([[bins / "coco-pack", "-q", part], [bins / "augment", "-q", "--eval", "--size", args.size]], part / "batch.stream")
    return part / "batch.stream"


def make_batch(stream):
    samples = read_samples(stream)
    x = torch.stack([((torch.from_numpy(np.array(s["pixels"])).float() / 255 - MEAN) / STD).permute(2, 0, 1) for s in samples])
    return x, torch.tensor([s["class_label"] for s in samples])


def gradients_of(model, batch, smoothing=0.0, autocast=False):
    model.zero_grad()
    buffers = {k: v.clone() for k, v in model.named_buffers()}
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=autocast):
        logits = model(batch[0])
    loss = torch.nn.functional.cross_entropy(logits.float(), batch[1], label_smoothing=smoothing)
    loss.backward()
    with torch.no_grad():
        for k, v in model.named_buffers():
            v.copy_(buffers[k])
    order = logits.float().argsort(1, descending=True)
    hits = [float((order[:, :n] == batch[1][:, None]).any(1).float().mean()) for n in (1, 5)]
    return float(loss), hits, {name: p.grad.clone() for name, p in model.named_parameters()}


def ours(path):
    t = read_safetensors(path)
    return float(t["loss"]), [float(t["top1"]), float(t["top5"])], {k[5:]: v for k, v in t.items() if k.startswith("grad.")}


def scale_of(gradients, name):
    """
    What an error of this gradient is measured by: its norm. But the bias of a batch norm whose output goes into other batch
    norms only has no gradient, as those take away any constant: all that is there is rounding, small beside its weight's.
    """
    norm, weight = gradients[name].norm(), name.replace(".bias", ".weight")
    return max(float(norm), 1e-2 * float(gradients[weight].norm()), 1e-30)


def compare_f32(report, name, got, want):
    off = abs(got[0] - want[0]) / abs(want[0])
    report.need(off < 1e-5, f"{name}: loss {want[0]:.6f}, off by {off:.1e}")
    report.need(got[1] == want[1], f"{name}: top-1 {want[1][0]:.3f}, top-5 {want[1][1]:.3f}")
    missing = sorted(set(want[2]) ^ set(got[2]))
    report.need(not missing, f"{name}: {len(want[2])} gradients, both have the same" + (f"; not {missing[:5]}" if missing else ""))
    off = {k: float((got[2][k] - v).norm() / scale_of(want[2], k)) for k, v in want[2].items() if k in got[2]}
    worst = max(off, key=off.get)
    report.need(off[worst] < 1e-3, f"{name}: gradients off by {off[worst]:.1e} at most ({worst}), median {np.median(list(off.values())):.1e}")


def check_model(report, name, args, directory):
    stream, out = make_stream(args, directory, 0), directory / "out.safetensors"
    batch = make_batch(stream)

    def step(weights, source, *options):
        command = (Path(args.build) / "tests" / "parity_step", name, weights, source, out) + options
        subprocess.run([str(c) for c in command], check=True)
        return ours(out)
    norm = name.split("-")[-1]
    model = randomise(build_model(name, args.classes), batch[0], 1, F32_SPREAD[norm])
    write_safetensors(directory / "narrow.safetensors", model.state_dict())
    for conv in args.conv.split(","):
        for smoothing in (0.0, 0.1):
            got = step(directory / "narrow.safetensors", stream, "--conv", conv, "--label-smoothing", smoothing)
            compare_f32(report, f"{name} {conv} {smoothing}", got, gradients_of(model, batch, smoothing))
    draws = []
    wide = randomise(build_model(name, args.classes), batch[0], 1, BF16_SPREAD[norm])
    write_safetensors(directory / "wide.safetensors", wide.state_dict())
    for draw in range(args.draws):
        source = make_stream(args, directory, draw + 1)
        part = make_batch(source)
        draws.append((step(directory / "wide.safetensors", source, "--dtype", "bf16")[2], gradients_of(wide, part)[2],
                      gradients_of(wide, part, autocast=True)[2]))
    if draws:
        compare_bf16(report, name, {BF16_SPREAD[norm]: draws})


if __name__ == "__main__":
    sys.exit(run_models(check_model, __doc__, MODELS, batch=(8, "images"), size=("96x96", "of every image"),
                        draws=(8, "batches for which the bf16 error is measured"), conv=("auto,openblas", "backends compared in f32")))
