"""Operations on images, boxes and masks written down slowly: the other side of tests/augment-steps.t.

    augment_steps.py make DIRECTORY N            N PNG images with boxes, polygons and crowds: coco.json
    augment_steps.py replay STREAM OPS DRAWS     lines for augment --replay: sequences of these operations (op:value,...)
                                                 on canvases of the images' own sizes
    augment_steps.py tpu DIRECTORY STREAM FILE   the samples of STREAM are what FILE (--explain) says, done as published
    augment_steps.py order DIRECTORY STREAM FILE the same for --quirks sane: one operation after the other in whole pixels
    augment_steps.py pillow DIRECTORY STREAM FILE  each of one operation, as Pillow does it

Images come from DIRECTORY through Pillow. Nothing is taken from the program but its output.
"""
import collections
import json
import math
import os
import sys

import numpy as np
from PIL import Image, ImageEnhance, ImageFilter, ImageOps

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from augment_peer import maps, picture, tensor

f32 = np.float32


def records(path):
    return [item for item in maps(path) if "seq" in item]


def boxes_of(record):
    return tensor(record["boxes"]) if "boxes" in record else np.zeros((0, 4), f32)


def make(directory, count):
    random = np.random.RandomState(11)
    images, annotations = [], []
    for i in range(count):
        width, height = 61 + 17 * (i % 5), 120 - 13 * (i % 4)
        pixels = np.asarray(picture(width, height)).astype(int) + random.randint(-40, 40, (height, width, 3))
        name = "%02d.png" % i
        Image.fromarray(pixels.clip(0, 255).astype("uint8")).save(os.path.join(directory, name))
        images.append({"id": i + 1, "file_name": name, "width": width, "height": height})
        for k in range(i % 6):
            x, y = random.uniform(0, width * .7), random.uniform(0, height * .7)
            w, h = random.uniform(2, width - x), random.uniform(2, height - y)
            corners = [x, y, x + w, y + h / 3, x + w / 2, y + h, x, y + h]
            annotations.append({"id": len(annotations) + 1, "image_id": i + 1, "category_id": 1, "area": w * h,
                                "bbox": [x, y, w, h], "iscrowd": int(k == 4), "segmentation": [corners]})
            if k == 4:
                annotations[-1]["segmentation"] = {"size": [height, width], "counts": [5, 7, height * width - 12]}
    with open(os.path.join(directory, "coco.json"), "w") as file:
        json.dump({"images": images, "annotations": annotations, "categories": [{"id": 1, "name": "a"}]}, file)


def replay(stream, ops, draws):
    """Every sample gets sequences of up to `draws` operations; the image keeps its size and place."""
    random = np.random.RandomState(5)
    choices = [op.split(":") for op in ops.split(",")]
    for number, record in enumerate(records(stream)):
        width, height, steps = record["orig_w"], record["orig_h"], []
        for k in range(draws):
            name, value = choices[(number + k * random.randint(len(choices))) % len(choices)]
            step = {"op": name, "value": float(value)}
            if name == "cutout":
                step["spots"] = [[-1, random.uniform(), random.uniform()]]
            if name.endswith("boxes") or name == "bbox-cutout":
                some = [i for i in range(len(boxes_of(record))) if random.uniform() < .6][:1 if name == "bbox-cutout" else 9]
                if not some:
                    continue
                step["spots"] = [[i, random.uniform(), random.uniform()] for i in some]
            steps.append(step)
        print(json.dumps({"id": record["id"], "seq": record["seq"], "source": record["source"], "quirks": QUIRKS,
                          "image": [width, height], "steps": steps, "late": False, "mirror": bool(number % 2),
                          "scaled": [width, height], "window": [0, 0, width, height], "canvas": [width, height]}))


QUIRKS = os.environ.get("QUIRKS", "sane")


# ---- As published -------------------------------------------------------------------------------------------

def blend(a, b, factor):
    """a + factor (b - a) in single precision; cut to 0..255 and to whole numbers."""
    a, b, factor = a.astype(f32), b.astype(f32), f32(factor)
    return np.clip(a + factor * (b - a), 0, 255).astype(np.uint8)


def tf_grey(image):
    unit = image.astype(f32) * f32(1 / 255)
    grey = unit[..., 0] * f32(.2989) + unit[..., 1] * f32(.587) + unit[..., 2] * f32(.114)
    return np.repeat((grey * f32(255.5)).astype(np.uint8)[..., None], 3, 2)


def smooth(image, rounding):
    out, wide = image.copy(), image.astype(int)
    height, width = image.shape[:2]
    if height < 3 or width < 3:
        return out
    total = sum(wide[1 + dy:height - 1 + dy, 1 + dx:width - 1 + dx] * (5 if (dx, dy) == (0, 0) else 1)
                for dx in (-1, 0, 1) for dy in (-1, 0, 1))
    out[1:-1, 1:-1] = (total + rounding) // 13
    return out


def equalize(channel):
    histogram = np.bincount(channel.ravel(), minlength=256)
    step = (histogram.sum() - histogram[np.nonzero(histogram)[0][-1]]) // 255
    if step == 0:
        return channel
    table = (np.cumsum(histogram) + step // 2) // step
    return np.clip(np.concatenate([[0], table[:-1]]), 0, 255).astype(np.uint8)[channel]


def autocontrast(channel):
    low, high = f32(channel.min()), f32(channel.max())
    if high <= low:
        return channel
    scale = f32(255) / (high - low)
    return np.clip(channel.astype(f32) * scale + -low * scale, 0, 255).astype(np.uint8)


def channels(function, image):
    return np.stack([function(image[..., c]) for c in range(3)], 2)


def posterize(image, bits):
    shift = min(8 - int(bits), 7)
    return image >> shift << shift


def solarize(image, threshold):
    return np.where(image < threshold, image, 255 - image)


def solarize_add(image, amount):
    return np.where(image < 128, np.clip(image.astype(int) + int(amount), 0, 255), image).astype(np.uint8)


def tf_contrast(image, factor):
    mean = min(image.shape[0] * image.shape[1] / 256, 255)
    return blend(np.full_like(image, int(mean)), image, factor)


def radians(degrees):
    return float(f32(degrees) * f32(math.pi / 180))


def reads(name, value, width, height):
    """Where output pixel x, y looks, in indices of pixels."""
    value = f32(value)
    if name == "shear-x":
        return [1, value, 0, 0, 1, 0]
    if name == "shear-y":
        return [1, 0, 0, value, 1, 0]
    if name == "translate-x":
        return [1, 0, value, 0, 1, 0]
    if name == "translate-y":
        return [1, 0, 0, 0, 1, value]
    if name == "flip":
        return [-1, 0, width - 1, 0, 1, 0]
    cos, sin = f32(math.cos(radians(value))), f32(math.sin(radians(value)))
    right, bottom = f32(width - 1), f32(height - 1)
    return [cos, -sin, (right - (cos * right - sin * bottom)) / f32(2),
            sin, cos, (bottom - (sin * right + cos * bottom)) / f32(2)]


def away_from_zero(value):
    value = value.astype(np.float64)
    return np.trunc(value + np.copysign(.5, value)).astype(int)


def move(image, name, value):
    height, width = image.shape[:2]
    t = [f32(v) for v in reads(name, value, width, height)]
    y, x = (v.astype(f32) for v in np.mgrid[0:height, 0:width])
    u, v = away_from_zero(t[0] * x + t[1] * y + t[2]), away_from_zero(t[3] * x + t[4] * y + t[5])
    inside = (u >= 0) & (v >= 0) & (u < width) & (v < height)
    out = np.full_like(image, 128)
    out[inside] = image[v[inside], u[inside]]
    return out


MOVES = ("rotate", "shear-x", "shear-y", "translate-x", "translate-y", "flip")


def tf_pixels(image, name, value):
    """One operation on a whole image, or on what is inside of a box."""
    if name in MOVES:
        return move(image, name, value)
    if name == "solarize":
        return solarize(image, int(value) % 256)
    return {
        "color": lambda: blend(tf_grey(image), image, value),
        "contrast": lambda: tf_contrast(image, value),
        "brightness": lambda: blend(np.zeros_like(image), image, value),
        "sharpness": lambda: blend(smooth(image, 0), image, value),
        "posterize": lambda: posterize(image, value),
        "solarize-add": lambda: solarize_add(image, value),
        "invert": lambda: 255 - image,
        "equalize": lambda: channels(equalize, image),
        "autocontrast": lambda: channels(autocontrast, image),
    }[name]()


def trim(box):
    box = [min(max(v, f32(0)), f32(1)) for v in box]
    for low, high in ((0, 2), (1, 3)):
        if box[high] - box[low] == 0:
            box[low], box[high] = min(box[low], f32(1) - f32(.05)), max(box[high], f32(.05))
    return box


def cast(value):
    return int(value)    # towards zero


def move_box(box, name, value, width, height):
    """box y0 x0 y1 x1 as fractions in single precision."""
    size, value = (f32(height), f32(width)), f32(value)
    if name.startswith("translate"):
        pixels = [cast(size[i % 2] * box[i]) for i in range(4)]
        axis = 1 if name.endswith("x") else 0
        pixels[axis] = max(0, pixels[axis] - cast(value))
        pixels[axis + 2] = min(int(size[axis]), pixels[axis + 2] - cast(value))
        return trim([f32(pixels[i]) / size[i % 2] for i in range(4)])
    if name.startswith("shear"):
        pixels = [f32(cast(size[i % 2] * box[i])) for i in range(4)]
        corners = [(pixels[a], pixels[b]) for a in (0, 2) for b in (1, 3)]
        if name == "shear-x":
            corners = [(cast(y), cast(x - value * y)) for y, x in corners]
        else:
            corners = [(cast(y - value * x), cast(x)) for y, x in corners]
        ys, xs = zip(*corners)
        return trim([f32(min(ys)) / size[0], f32(min(xs)) / size[1], f32(max(ys)) / size[0], f32(max(xs)) / size[1]])
    cos, sin = f32(math.cos(radians(value))), f32(math.sin(radians(value)))
    ys = [f32(-cast(size[0] * (box[i] - f32(.5)))) for i in (0, 2)]
    xs = [f32(cast(size[1] * (box[i] - f32(.5)))) for i in (1, 3)]
    turned = [(cast(cos * y + sin * x), cast(-sin * y + cos * x)) for y in ys for x in xs]
    ys, xs = zip(*turned)
    return trim([-(f32(max(ys)) / size[0] - f32(.5)), f32(min(xs)) / size[1] + f32(.5),
                 -(f32(min(ys)) / size[0] - f32(.5)), f32(max(xs)) / size[1] + f32(.5)])


def paint(image, top, left, bottom, right):
    image[max(0, int(top)):max(0, int(bottom)), max(0, int(left)):max(0, int(right))] = 128


def tf_step(image, boxes, step):
    """Change image in place or return another; boxes is a list that is changed."""
    name, value, height, width = step["op"], step["value"], *image.shape[:2]
    for index, at_x, at_y in step.get("spots", []):
        if name == "cutout":
            x, y, pad = int(at_x * width), int(at_y * height), int(value)
            paint(image, y - pad, x - pad, y + pad, x + pad)
            continue
        y0, x0, y1, x1 = (cast(f32((height, width)[i % 2]) * boxes[index][i]) for i in range(4))
        if name == "bbox-cutout":
            y, x = y0 + int(at_y * (y1 - y0 + 1)), x0 + int(at_x * (x1 - x0 + 1))
            pad_y, pad_x = (cast(f32(value) * (f32(n) / f32(2))) for n in (y1 - y0 + 1, x1 - x0 + 1))
            paint(image, y - pad_y, x - pad_x, y + pad_y, x + pad_x)
            continue
        y1, x1 = min(y1, height - 1) + 1, min(x1, width - 1) + 1
        part = image[y0:y1, x0:x1]
        if 0 in part.shape:
            continue
        if name == "cutout-boxes":
            y, x = int(at_y * part.shape[0]), int(at_x * part.shape[1])
            paint(part, y - int(value), x - int(value), y + int(value), x + int(value))
        else:
            part[...] = tf_pixels(part.copy(), name[:-len("-boxes")], value)
    if "spots" in step:
        return image
    if name in MOVES:
        boxes[:] = [move_box(box, name, value, width, height) for box in boxes]
    return tf_pixels(image, name, value)


def tf_resize(image, scaled, window):
    """Corners and not centres, in single precision; only the window."""
    def look(start, count, source, target):
        at = np.arange(start, start + count).astype(f32) * (f32(source) / f32(target))
        low = at.astype(int)
        return low, np.minimum(low + 1, source - 1), at - low.astype(f32)
    x0, x1, fx = look(window[0], window[2], image.shape[1], scaled[0])
    y0, y1, fy = look(window[1], window[3], image.shape[0], scaled[1])
    fx, fy, source = fx[None, :, None], fy[:, None, None], image.astype(f32)
    top, bottom = source[y0], source[y1]
    top = top[:, x0] + (top[:, x1] - top[:, x0]) * fx
    bottom = bottom[:, x0] + (bottom[:, x1] - bottom[:, x0]) * fx
    return (top + (bottom - top) * fy + f32(.5)).astype(np.uint8)


def tf_sample(image, boxes, crowd, line):
    height, width = image.shape[:2]
    boxes = [[f32(float(box[i ^ 1]) / (height, width)[i % 2]) for i in range(4)] for box in boxes]
    for step in line["steps"]:
        image = tf_step(image, boxes, step)
    if line["mirror"]:
        image = image[:, ::-1]
        boxes = [[b[0], f32(1) - b[3], b[2], f32(1) - b[1]] for b in boxes]
    scale = [f32(s) / f32(n) for s, n in zip(line["scaled"], (width, height))]
    placed = []
    for box, is_crowd in zip(boxes, crowd):
        out = []
        for i in range(4):
            axis = (i + 1) % 2    # 0: x
            at = box[i] * f32((width, height)[axis]) * scale[axis] - f32(line["window"][axis])
            out.append(min(max(at, f32(0)), f32(line["canvas"][axis] - 1)))
        y0, x0, y1, x1 = out
        placed.append(None if is_crowd or not (x1 > x0 and y1 > y0) else [x0, y0, x1, y1])
    return tf_resize(image, line["scaled"], line["window"]), placed


# ---- Geometry of masks: one map ---------------------------------------------------------------------------------

def compose(outer, inner):
    return [outer[3 * r] * inner[c] + outer[3 * r + 1] * inner[3 + c] + (outer[3 * r + 2] if c == 2 else 0)
            for r in range(2) for c in range(3)]


def matrix(name, value, width, height):
    """Where a point of the image goes."""
    if name == "shear-x":
        return [1, -value, 0, 0, 1, 0]
    if name == "shear-y":
        return [1, 0, 0, -value, 1, 0]
    if name == "translate-x":
        return [1, 0, -value, 0, 1, 0]
    if name == "translate-y":
        return [1, 0, 0, 0, 1, -value]
    cos, sin, x, y = math.cos(math.radians(value)), math.sin(math.radians(value)), width / 2, height / 2
    return [cos, sin, x - cos * x - sin * y, -sin, cos, y + sin * x - cos * y]


def whole_map(line):
    (width, height), m = line["image"], [1, 0, 0, 0, 1, 0]
    for step in line["steps"]:
        if step["op"] in MOVES:
            m = compose(matrix(step["op"], step["value"], width, height), m)
    if line["mirror"]:
        m = compose([-1, 0, width, 0, 1, 0], m)
    x, y = line["scaled"][0] / width, line["scaled"][1] / height
    return compose([x, 0, -line["window"][0], 0, y, -line["window"][1]], m)


# ---- Checks ---------------------------------------------------------------------------------------------------------

def load(directory, record):
    return np.asarray(Image.open(os.path.join(directory, record["file_name"])).convert("RGB")).copy()


def originals(directory):
    with open(os.environ.get("ANNOTATIONS", os.path.join(directory, "coco.json"))) as file:
        data = json.load(file)
    objects = collections.defaultdict(list)
    for item in data["annotations"]:
        x, y, w, h = item["bbox"]
        objects[item["image_id"]].append(dict(item, box=[f32(v) for v in (x, y, x + w, y + h)]))
    return objects


def samples(directory, stream, explained):
    """(image, objects of the annotations, explanation, record, pixels of its valid part)."""
    lines = {}
    with open(explained) as file:
        for line in map(json.loads, file):
            lines[line["seq"]] = line
    objects = originals(directory)
    for record in records(stream):
        pixels = tensor(record["pixels"])
        line = lines[record["seq"]]
        x, y, w, h = line["window"]
        assert line["id"] == record["id"] and line["file_name"] == record["file_name"]
        assert (record["valid_w"], record["valid_h"]) == (w, h) and list(pixels.shape) == line["canvas"][::-1] + [3]
        assert not pixels[h:].any() and not pixels[:, w:].any(), "the padding is black"
        yield load(directory, record), objects[record["id"]], line, record, pixels[:h, :w]


def area(polygon):
    """Signed, of any polygon."""
    return moments(polygon)[0]


def moments(polygon):
    """Signed area and the integrals of x and y over it, which lines without area do not change."""
    x, y = np.asarray(polygon, float).T
    u, v = np.roll(x, -1), np.roll(y, -1)
    cross = x * v - y * u
    return np.array([cross.sum() / 2, ((x + u) * cross).sum() / 6, ((y + v) * cross).sum() / 6])


def clip(polygon, quad):
    """Sutherland and Hodgman: the part of a polygon in a convex one."""
    quad = quad if area(quad) > 0 else quad[::-1]
    for (ax, ay), (bx, by) in zip(quad, quad[1:] + quad[:1]):
        out = []
        side = [(bx - ax) * (y - ay) - (by - ay) * (x - ax) for x, y in polygon]
        for i, (p, s) in enumerate(zip(polygon, side)):
            q, t = polygon[i - 1], side[i - 1]
            if (s < 0) != (t < 0):
                part = t / (t - s)
                out.append((q[0] + part * (p[0] - q[0]), q[1] + part * (p[1] - q[1])))
            if s >= 0:
                out.append(p)
        polygon = out
    return polygon


def frames(line):
    """What the canvas shows, and where the frames lie that each move has cut the image to."""
    (width, height), moves = line["image"], [s for s in line["steps"] if s["op"] in MOVES and s["value"]]
    corners = [(0, 0), (width, 0), (width, height), (0, height)]
    x, y, w, h = line["window"]
    quads = [[(0, 0), (w, 0), (w, h), (0, h)]]
    for i in range(len(moves) + 1):
        m = whole_map(dict(line, steps=moves[i:]))
        quads.append([(m[0] * u + m[1] * v + m[2], m[3] * u + m[4] * v + m[5]) for u, v in corners])
    return quads


def check_polygons(record, kept, line):
    """
    Polygons of the objects that stayed have moved by the map; where steps moved the image they are cut to what is seen
    of it, of which area and centre are compared. How many there were.
    """
    m, count, quads = whole_map(line), 0, frames(line)
    for item, mask in zip(kept, record.get("masks") or []):
        if item["iscrowd"]:
            continue
        moved = [np.array(flat, float).reshape(-1, 2) @ np.array([m[:2], m[3:5]]).T + [m[2], m[5]]
                 for flat in item["segmentation"]]
        got = [tensor(polygon) for polygon in mask or []]
        count += len(moved)
        if len(quads) == 2:
            assert all(abs(a - b).max() < 1e-9 * (1 + abs(a).max()) for a, b in zip(moved, got)), record["id"]
            continue
        for quad in quads:
            moved = [clip([tuple(p) for p in polygon], quad) for polygon in moved if len(polygon)]
        moved = [polygon for polygon in moved if len(polygon) and abs(area(polygon)) > 1e-6]
        got = [polygon for polygon in got if abs(area(polygon)) > 1e-6]
        assert len(moved) == len(got), (record["id"], len(moved), len(got))
        for a, b in zip(moved, got):
            assert np.allclose(moments(a), moments(b), rtol=1e-9, atol=1e-3), (record["id"], moments(a), moments(b))
    return count


def tpu(directory, stream, explained):
    count, boxes, polygons, used = 0, 0, 0, collections.Counter()
    for image, objects, line, record, pixels in samples(directory, stream, explained):
        want, placed = tf_sample(image, [o["box"] for o in objects], [o["iscrowd"] for o in objects], line)
        where = "%s: %s" % (record["file_name"], line["steps"])
        assert np.array_equal(want, pixels), "%s: %d values differ" % (where, (want != pixels).sum())
        kept = [o for o, box in zip(objects, placed) if box is not None]
        got = boxes_of(record)
        assert np.array_equal(got, np.array([b for b in placed if b is not None], f32).reshape(-1, 4)), where
        assert np.allclose(line["transform"], whole_map(line), atol=1e-9), where
        polygons += check_polygons(record, kept, line)
        used.update(step["op"] for step in line["steps"])
        count, boxes = count + 1, boxes + len(got)
    print("%d images, %d boxes, %d polygons equal, %d operations" % (count, boxes, polygons, len(used)))


def whole_pixels(image, step):
    """The sane variant where nothing is interpolated: translations by whole pixels, colours, cutouts."""
    name, value, height, width = step["op"], step["value"], *image.shape[:2]
    if name == "cutout":
        image = image.copy()
        for _, at_x, at_y in step["spots"]:
            x, y, pad = int(at_x * width), int(at_y * height), int(value)
            paint(image, y - pad, x - pad, y + pad, x + pad)
        return image
    if name in MOVES:
        return move(image, name, value)
    return pillow_pixels(image, name, value)


def order(directory, stream, explained):
    worst, count, lengths = 0, 0, 0
    for image, _, line, record, pixels in samples(directory, stream, explained):
        for step in line["steps"]:
            image = whole_pixels(image, step)
        image = image[:, ::-1] if line["mirror"] else image
        worst = max(worst, abs(image.astype(int) - pixels).max())
        count, lengths = count + 1, lengths + len(line["steps"])
    print("%d images, %d steps, pixels within %d" % (count, lengths, worst))


def pillow_pixels(image, name, value):
    picture = Image.fromarray(image)
    enhance = {"color": ImageEnhance.Color, "contrast": ImageEnhance.Contrast, "brightness": ImageEnhance.Brightness,
               "sharpness": ImageEnhance.Sharpness}
    if name in enhance:
        return np.asarray(enhance[name](picture).enhance(value))
    if name == "posterize":
        return np.asarray(ImageOps.posterize(picture, max(1, int(value))))
    if name == "solarize":
        return np.asarray(ImageOps.solarize(picture, int(value)))
    if name == "solarize-add":
        return solarize_add(image, value)
    return np.asarray({"invert": ImageOps.invert, "equalize": ImageOps.equalize,
                       "autocontrast": ImageOps.autocontrast}[name](picture))


def pillow_move(image, name, value):
    """Pillow wants the map from the output to the input."""
    height, width = image.shape[:2]
    a, b, c, d, e, f = matrix(name, value, width, height)
    back = np.linalg.inv([[a, b, c], [d, e, f], [0, 0, 1]])[:2].ravel()
    return np.asarray(Image.fromarray(image).transform((width, height), Image.AFFINE, tuple(back), Image.BILINEAR,
                                                       fillcolor=(128, 128, 128)))


def pillow(directory, stream, explained):
    worst, count, edge = collections.Counter(), 0, 0
    for image, _, line, record, pixels in samples(directory, stream, explained):
        step, = line["steps"]
        function = pillow_move if step["op"] in MOVES else pillow_pixels
        want = function(image, step["op"], step["value"])
        want = want[:, ::-1] if line["mirror"] else want
        worst[step["op"]] = max(worst[step["op"]], abs(want.astype(int) - pixels).max())
        count += 1
    print("%d images: %s" % (count, " ".join("%s %d" % item for item in sorted(worst.items()))))


if __name__ == "__main__":
    command, *rest = sys.argv[1:]
    {"make": lambda d, n: make(d, int(n)), "replay": lambda s, o, n: replay(s, o, int(n)), "tpu": tpu, "order": order,
     "pillow": pillow}[command](*rest)
