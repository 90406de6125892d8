"""COCO's compressed masks, read slowly from the description of their text."""
import numpy as np


def runs(text):
    """The lengths of runs, outside and inside in turn."""
    lengths, at = [], 0
    while at < len(text):
        value = shift = 0
        while True:
            group = ord(text[at]) - 48
            at += 1
            value |= (group & 31) << shift
            shift += 5
            if not group & 32:
                break
        if group & 16:
            value -= 1 << shift
        lengths.append(value + lengths[-2] if len(lengths) > 2 else value)
    return lengths


def mask_of(rle):
    """The pixels, [h w] of bool."""
    flat = np.concatenate([np.full(n, i % 2, bool) for i, n in enumerate(runs(rle['counts']))])
    return flat.reshape(rle['size'][1], rle['size'][0]).T
