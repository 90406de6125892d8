"""Decode and augment with Pillow and torchvision: augment_peer.py s0|s1 WIDTH HEIGHT WORKERS FILE...

Prints images per second of the faster of the two, best of two passes, with u8 arrays as the result.
s0 is mirror and fit; s1 is mirror, scale jitter 0.8..1.2, cut and pad.
"""
import random
import sys
import time
from concurrent.futures import ProcessPoolExecutor

import numpy
import torch
import torchvision
import torchvision.transforms.functional as F
from PIL import Image

policy, width, height, workers = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
files = sys.argv[5:]
torch.set_num_threads(1)


def plan(w, h):
    """Scaled size and the offset of the cut."""
    factor = random.uniform(.8, 1.2) if policy == "s1" else 1
    scale = min(factor * width / w, factor * height / h)
    size = round(w * scale), round(h * scale)
    return size, [int(max(0, a - b) * random.random()) for a, b in zip(size, (width, height))]


def with_pillow(path):
    image = Image.open(path).convert("RGB")
    size, (x, y) = plan(*image.size)
    image = image.resize(size, Image.BILINEAR)
    if random.random() < .5:
        image = image.transpose(Image.FLIP_LEFT_RIGHT)
    part = numpy.asarray(image)[y:y + height, x:x + width]
    canvas = numpy.zeros((height, width, 3), "uint8")
    canvas[:part.shape[0], :part.shape[1]] = part
    return canvas.shape[0]


def with_torchvision(path):
    image = torchvision.io.read_image(path, torchvision.io.ImageReadMode.RGB)
    size, (x, y) = plan(image.shape[2], image.shape[1])
    image = F.resize(image, size[::-1], antialias=True)
    if random.random() < .5:
        image = F.hflip(image)
    part = image[:, y:y + height, x:x + width]
    canvas = torch.zeros((3, height, width), dtype=torch.uint8)
    canvas[:, :part.shape[1], :part.shape[2]] = part
    return canvas.shape[1]


def rate(function, pool):
    best = 1e9
    for _ in range(2):
        start = time.perf_counter()
        for _ in pool.map(function, files, chunksize=16) if pool else map(function, files):
            pass
        best = min(best, time.perf_counter() - start)
    return len(files) / best


if __name__ == "__main__":
    executor = ProcessPoolExecutor(workers) if workers > 1 else None
    if executor:
        list(executor.map(with_pillow, files[:workers * 16]))
    print(max(rate(with_pillow, executor), rate(with_torchvision, executor)))
