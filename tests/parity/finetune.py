#!/usr/bin/python3
"""Fine-tuning steps of our classifiers replayed in torchvision: parameter groups, frozen parts, and a new head.

Usage: finetune.py [--build DIR] [--models NAME,...] [--steps N] [--keep DIR]

trainstep starts from a backbone that torchvision wrote, with stages frozen, rates multiplied by part and by layer, and
the solver of Detectron; PyTorch takes the same batches with a parameter group for each parameter. In f32 losses must
agree within 1e-4 relative, gradient norms within 1e-3, and at the end every parameter within 1e-5 of its norm and 1 % of what
training changed in it; what is frozen is unchanged. Exit status 1 when off.
"""
import json
import re
import subprocess
import sys
from pathlib import Path

import torch
from classify import F32_SPREAD, build_model, make_batch, make_stream, randomise
from harness import read_safetensors, relative, run_models, write_safetensors

LR, MOMENTUM, DECAY, CLIP, LAYER_DECAY = 1e-4, 0.9, 0.5, 20.0, 0.6
# Options, whether a name is frozen, and the factor of its rate; layers and solver come on top.
CASES = {
    "groups": (["--freeze", "conv1", "--freeze", "bn1", "--freeze", "layer1", "--lr-mult", "fc=10", "--lr-mult", "layer3.1=3"],
               lambda name: re.match(r"(conv1|bn1|layer1)\.", name), lambda name: 10 if name.startswith("fc.") else
               3 if name.startswith("layer3.1.") else 1),
    "probe": (["--train-only", "fc"], lambda name: not name.startswith("fc."), lambda name: 1),
}


def rate_of(name, factor):
    stage = re.match(r"layer(\d)\.", name)
    depth = 5 - int(stage.group(1)) if stage else 0 if name.startswith("fc.") else 5
    return LR * LAYER_DECAY ** depth * factor(name) * (2 if name.endswith(".bias") else 1)


def freeze(model, frozen):
    """Frozen batch norms keep their statistics, too."""
    for name, module in model.named_modules():
        if isinstance(module, torch.nn.BatchNorm2d) and frozen(name + "."):
            module.eval()
    for name, p in model.named_parameters():
        p.requires_grad_(not frozen(name))


def replay(model, batch, steps, frozen, factor):
    decayed = {name for name, p in model.named_parameters() if p.dim() > 1}
    freeze(model, frozen)
    optimizer = torch.optim.SGD([{"params": [p], "lr": rate_of(name, factor), "weight_decay": DECAY if name in decayed else 0}
                                 for name, p in model.named_parameters() if p.requires_grad], lr=LR, momentum=MOMENTUM)
    for _ in range(steps):
        loss = torch.nn.functional.cross_entropy(model(batch[0]), batch[1])
        optimizer.zero_grad()
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_([p for p in model.parameters() if p.requires_grad], CLIP)
        optimizer.step()
        yield {"loss": float(loss), "grad_norm": float(norm)}


def train(args, name, directory, source, weights, options):
    log, out = directory / "log.jsonl", directory / "out.safetensors"
    command = (Path(args.build) / "bin" / "trainstep", "-q", "-m", name, "--init", weights, "-b", args.batch, "--steps", args.steps,
               "--lr", LR, "--warmup", 0, "--decay", "constant", "--momentum", MOMENTUM, "--weight-decay", DECAY, "--clip", CLIP,
               "--solver", "detectron", "--layer-decay", LAYER_DECAY, "--log", log, "-o", out, *options, source)
    subprocess.run([str(c) for c in command], check=True)
    return [json.loads(line) for line in log.read_text().splitlines()], read_safetensors(out)


def check_case(report, label, args, directory, name, case):
    options, frozen, factor = case
    stream = make_stream(args, directory, 0)
    batch = make_batch(stream)
    model = randomise(build_model(name, args.classes), batch[0], 1, F32_SPREAD[name.split("-")[-1]])
    initial = {k: v.clone() for k, v in model.state_dict().items()}
    weights, repeated = directory / "weights.safetensors", directory / "repeated.stream"
    write_safetensors(weights, initial)
    with open(repeated, "wb") as f:
        subprocess.run([str(c) for c in (Path(args.build) / "bin" / "tstream", "cat", *[stream] * args.steps)], stdout=f, check=True)
    log, final = train(args, name, directory, repeated, weights, options)
    want = list(replay(model, batch, args.steps, frozen, factor))
    report.need(len(log) == args.steps, f"{label}: {len(log)} steps")
    for key, limit in (("loss", 1e-4), ("grad_norm", 1e-3)):
        off = [abs(a[key] - b[key]) / abs(b[key]) for a, b in zip(log, want)]
        report.need(max(off) < limit, f"{label}: {key} from {want[0][key]:.4g} to {want[-1][key]:.4g}, off by {max(off):.1e} at most")
    torchs = model.state_dict()
    still = [k for k in final if frozen(k)]
    report.need(all(torch.equal(final[k], initial[k]) for k in still), f"{label}: {len(still)} frozen tensors are unchanged")
    off = {k: relative(final[k], v) for k, v in torchs.items() if v.dim() > 0}
    worst = max(off, key=off.get)
    report.need(off[worst] < 1e-5, f"{label}: weights off by {off[worst]:.1e} at most ({worst})")
    # A change of less than 1e-5 of the weight is measured by that: weights are rounded to 6e-8 of themselves in every step.
    moved = {k: float((final[k] - p.detach()).norm() / max((p.detach() - initial[k]).norm(), 1e-5 * initial[k].norm()))
             for k, p in model.named_parameters() if p.requires_grad}
    worst = max(moved, key=moved.get)
    report.need(moved[worst] < 1e-2, f"{label}: what training changed is off by {moved[worst]:.1e} at most ({worst})")


def check_model(report, name, args, directory):
    for label, case in CASES.items():
        (directory / label).mkdir()
        check_case(report, f"{name} {label}", args, directory / label, name, case)


if __name__ == "__main__":
    sys.exit(run_models(check_model, __doc__, ["classify-resnet18-bn", "classify-resnet18-gn"], steps=(8, "steps of the run"),
                        batch=(8, "images"), size=("96x96", "of every image")))
