"""Decode and augment with Pillow and torchvision: augment_peer.py s0|s1|s4 WIDTH HEIGHT WORKERS FILE...

Prints images per second of both, best of two passes, with u8 arrays as the result.
s0 is mirror and fit; s1 is mirror, scale jitter 0.8..1.2, cut and pad; s4 is one of ten operations of RandAugment at
magnitude 10 on the image as it is, then s1 with jitter 0.5..2.
"""
import random
import sys
import time
from concurrent.futures import ProcessPoolExecutor

import numpy
import torch
import torchvision
import torchvision.transforms.functional as F
from PIL import Image, ImageEnhance, ImageOps
from torchvision.transforms.functional import InterpolationMode

policy, width, height, workers = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
files = sys.argv[5:]
torch.set_num_threads(1)


JITTER = {"s0": (1, 1), "s1": (.8, 1.2), "s4": (.5, 2)}
BACK = {    # from the output to the input, as Pillow wants it
    "shear-x": (1, .3, 0, 0, 1, 0), "shear-y": (1, 0, 0, .3, 1, 0),
    "translate-x": (1, 0, 250, 0, 1, 0), "translate-y": (1, 0, 0, 0, 1, 250),
}
OPERATIONS = ["equalize", "solarize", "color", "cutout", "solarize-add", "rotate", *BACK]


def cutout(w, h):
    x, y = random.randrange(w), random.randrange(h)
    return max(0, x - 100), max(0, y - 100), min(w, x + 100), min(h, y + 100)


def operate_pillow(image):
    name, grey = random.choice(OPERATIONS), (128, 128, 128)
    if name in BACK:
        return image.transform(image.size, Image.AFFINE, BACK[name], Image.BILINEAR, fillcolor=grey)
    if name == "rotate":
        return image.rotate(30, Image.BILINEAR, fillcolor=grey)
    if name == "cutout":
        image.paste(grey, cutout(*image.size))
        return image
    return {"equalize": ImageOps.equalize, "solarize": lambda i: ImageOps.solarize(i, 256),
            "color": lambda i: ImageEnhance.Color(i).enhance(1.9),
            "solarize-add": lambda i: i.point([min(255, v + 110) if v < 128 else v for v in range(256)] * 3)}[name](image)


def operate_torchvision(image):
    name, mode, grey = random.choice(OPERATIONS), InterpolationMode.BILINEAR, [128.0] * 3
    if name in ("shear-x", "shear-y"):
        angle = [16.7, 0.] if name == "shear-x" else [0., 16.7]
        return F.affine(image, 0., [0, 0], 1., angle, mode, grey)
    if name in BACK:
        return F.affine(image, 0., [-250, 0] if name == "translate-x" else [0, -250], 1., [0., 0.], mode, grey)
    if name == "rotate":
        return F.rotate(image, 30., mode, fill=grey)
    if name == "cutout":
        x0, y0, x1, y1 = cutout(image.shape[2], image.shape[1])
        image[:, y0:y1, x0:x1] = 128
        return image
    return {"equalize": F.equalize, "solarize": lambda i: F.solarize(i, 255),
            "color": lambda i: F.adjust_saturation(i, 1.9),
            "solarize-add": lambda i: torch.where(i < 128, i.to(torch.int16).add(110).clamp(0, 255).to(torch.uint8), i)}[name](image)


def plan(w, h):
    """Scaled size and the offset of the cut."""
    factor = random.uniform(*JITTER[policy])
    scale = min(factor * width / w, factor * height / h)
    size = round(w * scale), round(h * scale)
    return size, [int(max(0, a - b) * random.random()) for a, b in zip(size, (width, height))]


def with_pillow(path):
    image = Image.open(path).convert("RGB")
    if policy == "s4":
        image = operate_pillow(image)
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
    if policy == "s4":
        image = operate_torchvision(image)
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
    print(rate(with_pillow, executor), rate(with_torchvision, executor))
