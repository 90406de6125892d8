"""COCO's compressed masks, read slowly."""
import numpy as np


def mask_of(rle):
    """The pixels of a compressed mask, from the description of its text."""
    runs, at, text = [], 0, rle['counts']
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
        runs.append(value + runs[-2] if len(runs) > 2 else value)
    flat = np.concatenate([np.full(n, i % 2, bool) for i, n in enumerate(runs)])
    return flat.reshape(rle['size'][1], rle['size'][0]).T
