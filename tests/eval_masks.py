"""Run-length masks and polygons as the COCO benchmark defines them, written down slowly, for comparison with evalap.

A mask is (h, w, runs): runs alternate outside and inside, down the columns, outside first; any of them may be 0.
"""


def runs_of_text(text):
    """The runs of a compressed text: groups of 5 bits, low ones first; from the fourth on the difference to two before."""
    runs, value, shift = [], 0, 0
    for group in (ord(c) - 48 for c in text):
        value |= (group & 31) << shift
        shift += 5
        if group & 32:
            continue
        if group & 16:
            value -= 1 << shift
        runs.append(value + (runs[-2] if len(runs) > 2 else 0))
        value = shift = 0
    return runs


def text_of_runs(runs):
    text = []
    for i, run in enumerate(runs):
        value = run - runs[i - 2] if i > 2 else run
        while True:
            group, value = value & 31, value >> 5
            last = value == (-1 if group & 16 else 0)
            text.append(chr(48 + group + (0 if last else 32)))
            if last:
                break
    return "".join(text)


def runs_of_bits(bits):
    runs, last = [0], 0
    for bit in bits:
        if bit != last:
            runs.append(0)
            last = bit
        runs[-1] += 1
    return runs


def bits_of_runs(runs):
    return [i % 2 for i, run in enumerate(runs) for _ in range(run)]


def trace_edge(start, end):
    """The grid points of an edge in order; the coordinate that changes less is rounded, from the left or upper end."""
    (x0, y0), (x1, y1) = start, end
    flat = abs(x1 - x0) >= abs(y1 - y0)
    turned = x0 > x1 if flat else y0 > y1
    if turned:
        x0, y0, x1, y1 = x1, y1, x0, y0
    steps = x1 - x0 if flat else y1 - y0
    slope = (((y1 - y0) if flat else (x1 - x0)) / steps) if steps else 0.0
    points = [(x0 + i, int(y0 + slope * i + 0.5)) if flat else (int(x0 + slope * i + 0.5), y0 + i)
              for i in range(steps + 1)]
    return points[::-1] if turned else points


def polygon_bits(xy, h, w):
    """Rasterise one polygon: a pixel is inside when an odd number of crossings lies at or before it in the column order.

    The outline is traced on a grid five times as fine; a crossing is a step between fine columns whose place is the
    middle of a pixel column.
    """
    corners = [(int(5 * x + 0.5), int(5 * y + 0.5)) for x, y in zip(xy[0::2], xy[1::2])]
    path = [p for i, corner in enumerate(corners) for p in trace_edge(corner, corners[(i + 1) % len(corners)])]
    turns = [0] * (h * w + 1)
    for (u0, v0), (u1, v1) in zip(path, path[1:]):
        column = (min(u0, u1) + 0.5) / 5 - 0.5
        if u0 == u1 or column != int(column) or not 0 <= column <= w - 1:
            continue
        row = min(max((min(v0, v1) + 0.5) / 5 - 0.5, 0), h)
        turns[int(column) * h + int(row) + (row > int(row))] ^= 1
    bits, inside = [], 0
    for turn in turns[:-1]:
        inside ^= turn
        bits.append(inside)
    return bits


def mask_of(segmentation, h, w):
    """The mask of a "segmentation": polygons (united), run lengths, or their compressed text."""
    if isinstance(segmentation, list):
        parts = [polygon_bits(xy, h, w) for xy in segmentation]
        return h, w, runs_of_bits([int(any(bits)) for bits in zip(*parts)])
    counts = segmentation["counts"]
    return (*segmentation["size"], runs_of_text(counts) if isinstance(counts, str) else list(counts))


def mask_area(mask):
    return sum(mask[2][1::2])


def pieces(a, b):
    """(length, inside a, inside b) from run end to run end.

    A quirk of the reference: where a run of both ends at one place and both go on with an empty run, it takes that for
    the end of the masks.
    """
    i = j = 0
    left_a, left_b = a[0], b[0]
    while True:
        length = min(left_a, left_b)
        yield length, i % 2 == 1, j % 2 == 1
        left_a -= length
        left_b -= length
        if left_a == 0 and i + 1 < len(a):
            i += 1
            left_a = a[i]
        if left_b == 0 and j + 1 < len(b):
            j += 1
            left_b = b[j]
        if left_a == 0 and left_b == 0:
            return


def has_lost_box(mask):
    """Another quirk: the reference looks at bounding boxes first, and in one row two empty runs at the start make that of
    a mask 2^32, that is 0 pixels wide."""
    h, _, runs = mask
    return len(runs) < 2 or (h == 1 and runs[:2] == [0, 0])


def mask_overlap(dt, gt, crowd):
    if dt[:2] != gt[:2] or has_lost_box(dt) or has_lost_box(gt):
        return 0.0
    both = either = 0
    for length, in_dt, in_gt in pieces(dt[2], gt[2]):
        both += length * (in_dt and in_gt)
        either += length * (in_dt or in_gt)
    return 0.0 if both == 0 else both / (mask_area(dt) if crowd else either)
