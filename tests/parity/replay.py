#!/usr/bin/python3
"""A short training run replayed in torchvision: the same initial weights, and the very batches trainstep read.

Usage: replay.py [--build DIR] [--models NAME,...] [--steps N] [--keep DIR]

The run goes through the real pipeline (shuffled, flipped) and its input stream is captured on the way. In f32
every step's losses must agree within 1e-4 relative, learning rates and gradient norms too, and at the end every
parameter within 1e-5 of its norm and 1 % of what training changed in it. Exit status 1 when off.
"""
import json
import subprocess
import sys
from pathlib import Path

import torch
from harness import read_safetensors, read_samples, relative, run_models, run_pipe, write_safetensors
from retinanet import MODELS, build_model, losses_of, make_batch, make_dataset, randomise, state

# So low a rate that box codes do not reach their targets, where L1 leaves the sign of the slope to rounding.
LR, WARMUP, FACTOR, DROP, GAMMA, MOMENTUM, DECAY, CLIP = 2e-5, 5, 0.1, 15, 0.1, 0.9, 0.5, 20.0


def learning_rate(step):
    """Of the step counted from 0: linear warm-up from FACTOR, one drop."""
    warm = min(1.0, FACTOR + (1 - FACTOR) * step / WARMUP)
    return LR * warm * (GAMMA if step >= DROP else 1.0)


def replay(model, samples, batch, steps):
    """One dict a step: what trainstep logs."""
    optimizer = torch.optim.SGD(model.parameters(), lr=LR, momentum=MOMENTUM, weight_decay=DECAY)
    for step in range(steps):
        part = make_batch(samples[step * batch:(step + 1) * batch])
        losses = losses_of(model, part)
        total = losses["classification"] + losses["bbox_regression"]
        optimizer.zero_grad()
        total.backward()
        norm = torch.nn.utils.clip_grad_norm_(model.parameters(), CLIP)
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(step)
        optimizer.step()
        yield {"loss": float(total), "loss_cls": float(losses["classification"]), "loss_box": float(losses["bbox_regression"]),
               "lr": learning_rate(step), "grad_norm": float(norm)}


def train(args, name, directory, weights):
    """Our run; the captured stream, the log's lines and the final weights."""
    bins = Path(args.build) / "bin"
    captured, log, out = directory / "captured.stream", directory / "log.jsonl", directory / "out.safetensors"
    run_pipe([[bins / "coco-pack", "-q", directory / "set.json", "--images", directory, "--shuffle", "--seed", 3],
              [bins / "augment", "-q", "-s0", "--size", args.size, "--seed", 3]], captured)
    with open(captured, "rb") as f:
        subprocess.run([str(c) for c in (
            bins / "trainstep", "-q", "-m", name, "--init", weights, "-b", args.batch, "--steps", args.steps, "--lr", LR,
            "--warmup", WARMUP, "--warmup-factor", FACTOR, "--decay", DROP, "--gamma", GAMMA, "--momentum", MOMENTUM,
            "--weight-decay", DECAY, "--clip", CLIP, "--conv", args.conv, "--log", log, "-o", out)], stdin=f, check=True)
    return read_samples(captured), [json.loads(line) for line in log.read_text().splitlines()], read_safetensors(out)


def check_model(report, name, args, directory):
    weights = directory / "weights.safetensors"
    make_dataset(directory, args.batch * args.steps, args.classes, tuple(int(v) for v in args.size.split("x")), seed=9)
    run_pipe([[Path(args.build) / "bin" / "coco-pack", "-q", directory / "set.json", "--images", directory, "--count", args.batch],
              [Path(args.build) / "bin" / "augment", "-q", "--eval", "--size", args.size]], directory / "first.stream")
    model = randomise(build_model(name, args.classes), make_batch(read_samples(directory / "first.stream")), seed=2)
    initial = {k: v.clone() for k, v in state(model).items()}
    write_safetensors(weights, initial)
    samples, log, final = train(args, name, directory, weights)
    report.need(len(log) == args.steps and len(samples) == args.steps * args.batch,
                f"{name}: {len(log)} steps logged, {len(samples)} samples captured")
    want = list(replay(model, samples, args.batch, args.steps))
    for key, limit in (("loss", 1e-4), ("loss_cls", 1e-4), ("loss_box", 1e-4), ("grad_norm", 1e-3), ("lr", 1e-6)):
        off = [abs(a[key] - b[key]) / abs(b[key]) for a, b in zip(log, want)]
        report.need(max(off) < limit, f"{name}: {key} from {want[0][key]:.4g} to {want[-1][key]:.4g}, off by {max(off):.1e} at most")
    torchs = state(model)
    missing = sorted(set(torchs) ^ set(final))
    report.need(not missing, f"{name}: {len(final)} tensors, both have the same" + (f"; not {missing[:5]}" if missing else ""))
    trained = [k for k, _ in model.named_parameters() if k in final]
    off = {k: relative(final[k], torchs[k]) for k in final if k in torchs}
    worst = max(off, key=off.get)
    report.need(off[worst] < 1e-5, f"{name}: weights off by {off[worst]:.1e} at most ({worst})")
    moved = {k: relative(final[k] - initial[k], torchs[k] - initial[k]) for k in trained}
    worst = max(moved, key=moved.get)
    report.need(moved[worst] < 1e-2, f"{name}: what training changed is off by {moved[worst]:.1e} at most ({worst})")


if __name__ == "__main__":
    sys.exit(run_models(check_model, __doc__, MODELS[:2], steps=(20, "steps of the run"), conv=("auto", "who computes convolutions")))
