#!/usr/bin/python3
"""lib/op and lib/nn/optimizer.c against PyTorch: forward, gradients, running statistics.

Usage: ops.py [BUILD], where BUILD holds the test programs (build/release).
PyTorch computes in f64 on the same inputs; every result must be within 1e-5 of its largest
value, weights after ten steps of SGD (f32 on both sides) within 1e-6, the places that nearest
neighbour reads equal. Exit status 1 when off.
"""
import json
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

ROOT = Path(__file__).resolve().parents[2]
BUILD = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "build/release"
DTYPES = {"F32": np.float32, "I32": np.int32}
count = failures = 0


def read(path):
    """The tensors of a safetensors file as numpy arrays."""
    raw = Path(path).read_bytes()
    (size,) = struct.unpack("<Q", raw[:8])
    tensors = {}
    for name, entry in json.loads(raw[8 : 8 + size]).items():
        if name != "__metadata__":
            begin, end = (8 + size + offset for offset in entry["data_offsets"])
            tensors[name] = np.frombuffer(raw[begin:end], DTYPES[entry["dtype"]]).reshape(entry["shape"])
    return tensors


def run(*arguments):
    with tempfile.NamedTemporaryFile(suffix=".safetensors") as out:
        program = [BUILD / "tests/op_pieces", out.name, *map(str, arguments)]
        subprocess.run(program, check=True)
        return read(out.name)


def check(got, want, tolerance, name):
    global count, failures
    count += 1
    want = want.detach().numpy() if torch.is_tensor(want) else want
    scale = max(np.abs(want).max(), 1e-30)
    off = np.abs(got - want).max() / scale if got.shape == want.shape else np.inf
    good = off <= tolerance
    failures += not good
    print(f"{'ok' if good else 'not ok'} {count} - {name}: {off:.1e}")


def maps(x):
    """[N H W C] to torch's [N C H W]; parameters stay."""
    return x.permute(0, 3, 1, 2) if x.dim() == 4 else x


def group_norm(x, numbers, training):
    groups, relu, add = numbers
    y = F.group_norm(maps(x[0]), groups, x[1], x[2], 1e-5)
    return finish(y, x[3] if add else None, relu)


def batch_norm(x, numbers, training):
    _, relu, add = numbers
    y = F.batch_norm(maps(x[0]), x[3], x[4], x[1], x[2], training, 0.1, 1e-5)
    return finish(y, x[5] if add else None, relu)


def frozen_norm(x, numbers, training):
    relu, add = numbers
    y = F.batch_norm(maps(x[0]), x[3], x[4], x[1], x[2], False, 0.0, 1e-5)
    return finish(y, x[5] if add else None, relu)


def finish(y, residual, relu):
    y = y if residual is None else y + maps(residual)
    return F.relu(y) if relu else y


def max_pool(x, numbers, training):
    return F.max_pool2d(maps(x[0]), *numbers)


def upsample_add(x, numbers, training):
    return maps(x[0]) + F.interpolate(maps(x[1]), size=x[0].shape[1:3], mode="nearest")


def relu(x, numbers, training):
    return F.relu(maps(x[0]))


def add(x, numbers, training):
    return maps(x[0]) + maps(x[1])


def compare(op, dims, *numbers):
    tensors = run(op.__name__, *dims, *numbers)
    name = " ".join(map(str, (op.__name__, *dims, *numbers)))
    inputs = []
    while f"in.{len(inputs)}" in tensors:
        i = len(inputs)
        x = torch.tensor(tensors[f"in.{i}"].astype(np.float64))
        inputs.append(x.requires_grad_(f"din.{i}" in tensors))
    y = op(inputs, numbers, op is batch_norm and numbers[0] == 1).permute(0, 2, 3, 1)
    y.backward(torch.tensor(tensors["dout.0"].astype(np.float64)))
    check(tensors["out.0"], y, 1e-5, f"{name}, out")
    for i, x in enumerate(inputs):
        if x.requires_grad:
            check(tensors[f"din.{i}"], x.grad, 1e-5, f"{name}, gradient of input {i}")
        # batch_norm() has updated its running statistics as torch did its.
        check(tensors[f"after.{i}"], x, 1e-6, f"{name}, input {i} afterwards")


def compare_sgd(size, momentum, decay, clip):
    tensors = run("sgd", size, momentum, decay, clip)
    w = torch.nn.Parameter(torch.tensor(tensors["first.0"]))
    sgd = torch.optim.SGD([w], lr=1, momentum=momentum, weight_decay=decay)
    for step in range(10):
        w.grad = torch.tensor(tensors[f"grad.{step}"])
        if clip > 0:
            torch.nn.utils.clip_grad_norm_([w], clip)
        sgd.param_groups[0]["lr"] = 0.1 / (1 + step)
        sgd.step()
    check(tensors["last.0"], w, 1e-6, f"sgd, momentum {momentum}, decay {decay}, clip {clip}")


def compare_nearest(largest):
    places = []
    for out in range(1, largest + 1):
        for size in range(1, largest + 1):
            row = torch.arange(size, dtype=torch.float32).reshape(1, 1, size, 1)
            places.append(F.interpolate(row, size=(out, 1), mode="nearest").reshape(-1).numpy())
    want = np.concatenate(places).astype(np.int32)
    check(run("nearest", largest)["source.0"], want, 0, f"nearest neighbour, sizes up to {largest}")


def main():
    for n, h, w, c in (2, 5, 7, 64), (1, 40, 31, 96), (3, 3, 2, 2048), (3, 1, 1, 256):
        for with_relu, residual in (0, 0), (1, 0), (1, 1), (0, 1):
            compare(group_norm, (n, h, w, c), 32, with_relu, residual)
            compare(frozen_norm, (n, h, w, c), with_relu, residual)
            compare(batch_norm, (n, h, w, c), 1, with_relu, residual)
            compare(batch_norm, (n, h, w, c), 0, with_relu, residual)
    compare(group_norm, (2, 4, 3, 21), 3, 1, 1)
    for window in (3, 2, 1), (2, 2, 0), (2, 3, 1), (5, 1, 2), (1, 2, 0):
        compare(max_pool, (2, 9, 12, 19), *window)
    for top in (4, 5), (8, 10), (5, 7), (1, 1), (13, 4):
        compare(upsample_add, (3, 8, 10, 33), *top)
    compare(relu, (3, 5, 7, 19))
    compare(add, (3, 5, 7, 19))
    for settings in (0.9, 1e-4, 10), (0.9, 0.01, 0), (0, 0, 0):
        compare_sgd(40001, *settings)
    compare_nearest(80)
    print(f"1..{count}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
