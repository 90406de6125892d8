"""What the comparisons with torchvision share: files, pipes of our tools, the report, and the loop over models."""
import argparse
import json
import math
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import torch

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "formats"))
import reader  # noqa: E402

TYPES = {"F32": np.dtype("<f4"), "F64": np.dtype("<f8"), "I64": np.dtype("<i8")}


def write_safetensors(path, tensors, metadata=None):
    head, at = {"__metadata__": metadata} if metadata else {}, 0
    for name, t in tensors.items():
        kind = "I64" if t.dtype == torch.int64 else "F32"
        size = TYPES[kind].itemsize * t.numel()
        head[name] = {"dtype": kind, "shape": list(t.shape), "data_offsets": [at, at + size]}
        at += size
    text = json.dumps(head).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text)
        for name, t in tensors.items():
            f.write(t.detach().contiguous().numpy().astype(TYPES[head[name]["dtype"]]).tobytes())


def read_safetensors(path):
    data = Path(path).read_bytes()
    size, = struct.unpack("<Q", data[:8])
    head = json.loads(data[8:8 + size])
    head.pop("__metadata__", None)
    return {name: torch.from_numpy(np.frombuffer(data, TYPES[t["dtype"]], math.prod(t["shape"]), 8 + size + t["data_offsets"][0])
                                   .reshape(t["shape"]).copy()) for name, t in head.items()}


def relative(a, b):
    return float((a.double() - b.double()).norm() / max(float(b.double().norm()), 1e-30))


class Report:
    def __init__(self):
        self.good = True

    def need(self, good, text):
        print(("ok   " if good else "FAIL ") + text, flush=True)
        self.good &= bool(good)


def read_samples(path):
    """The samples of a stream, tensors as numpy arrays."""
    types = {1: "<u1", 2: "<i4", 3: "<i8", 4: "<f4", 5: "<f8"}

    def ext(kind, data):
        if kind != reader.TENSOR:
            return kind, data
        shape = struct.unpack_from(f"<{data[1]}I", data, 4)
        return np.frombuffer(data, types[data[0]], math.prod(shape), 4 + 4 * len(shape) + data[2]).reshape(shape)
    reader.ext = ext
    with open(path, "rb") as f:
        return [body for part, body in reader.parts(f) if part == reader.RECORD]


def run_pipe(commands, stdout):
    """commands[0] | commands[1] | ... > stdout; every one of them must succeed."""
    processes, source = [], subprocess.DEVNULL
    with open(stdout, "wb") as f:
        for i, command in enumerate(commands):
            p = subprocess.Popen([str(c) for c in command], stdin=source, stdout=f if i == len(commands) - 1 else subprocess.PIPE)
            if i > 0:
                source.close()
            source = p.stdout
            processes.append(p)
        for p, command in zip(processes, commands):
            if p.wait() != 0:
                sys.exit(f"{command[0]} failed with status {p.returncode}")


def run_models(check, doc, models, **options):
    """
    The main program of a comparison: check(report, name, args, directory) for each model; the exit status. Options are
    NAME=(default, help) besides those that all have.
    """
    parser = argparse.ArgumentParser(description=doc.splitlines()[0])
    parser.add_argument("--build", default=str(ROOT / "build" / "release"))
    parser.add_argument("--models", default=",".join(models))
    parser.add_argument("--classes", type=int, default=7)
    parser.add_argument("--keep", help="leave the files in this directory")
    options = {"size": ("192x144", "of the images; a height that is no multiple of 32 tests padding, too"), "batch": (2, "images")} | options
    for name, (default, text) in options.items():
        parser.add_argument(f"--{name}", type=type(default), default=default, help=text)
    args = parser.parse_args()
    report = Report()
    for name in args.models.split(","):
        with tempfile.TemporaryDirectory() as scratch:
            directory = Path(args.keep or scratch) / name
            directory.mkdir(parents=True, exist_ok=True)
            check(report, name, args, directory)
    return 0 if report.good else 1
