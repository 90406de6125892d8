"""The other side of tests/augment.t, on Pillow and numpy.

    augment_peer.py make DIRECTORY           a data set: images of several kinds and coco.json
    augment_peer.py check STREAM DIRECTORY   the samples of `augment --eval --size 100x80` are what Pillow makes
"""
import json
import os
import struct
import sys

import msgpack
import numpy
from PIL import Image

random = numpy.random.RandomState(3)


def picture(width, height):
    y, x = numpy.mgrid[0:height, 0:width].astype(float)
    channels = [128 + 110 * numpy.sin(x / (11 + c)) * numpy.cos(y / (13 - c)) for c in range(3)]
    return Image.fromarray(numpy.stack(channels, 2).clip(0, 255).astype("uint8"))


def make(directory):
    images, annotations = [], []
    kinds = ["rgb.jpg", "grey.jpg", "cmyk.jpg", "progressive.jpg", "rgb.png", "rgba.png", "grey.png", "palette.png"]
    for i, kind in enumerate(kinds * 2):
        width, height = 90 + 13 * i, 150 - 6 * i
        image = picture(width, height)
        mode = {"grey": "L", "cmyk": "CMYK", "rgba": "RGBA", "palette": "P"}.get(kind.split(".")[0], "RGB")
        name = "%02d_%s" % (i, kind)
        image.convert(mode).save(os.path.join(directory, name), quality=95, progressive="progressive" in kind)
        images.append({"id": i + 1, "file_name": name, "width": width, "height": height})
        for k in range(4):
            x, y = random.uniform(0, width * .7), random.uniform(0, height * .7)
            w, h = random.uniform(2, width - x), random.uniform(2, height - y)
            annotations.append({"id": len(annotations) + 1, "image_id": i + 1, "category_id": 1 + k % 2, "area": w * h,
                                "bbox": [x, y, w, h], "iscrowd": 0})
    categories = [{"id": 1, "name": "one"}, {"id": 2, "name": "two"}]
    with open(os.path.join(directory, "coco.json"), "w") as file:
        json.dump({"images": images, "annotations": annotations, "categories": categories}, file)


def tensor(ext):
    dtype, rank, pad = ext.data[0], ext.data[1], ext.data[2]
    dims = struct.unpack_from("<%dI" % rank, ext.data, 4)
    kind = {1: "u1", 2: "<i4", 3: "<i8", 4: "<f4", 5: "<f8"}[dtype]
    return numpy.frombuffer(ext.data, kind, offset=4 + 4 * rank + pad).reshape(dims)


def maps(path):
    with open(path, "rb") as file:
        unpacker = msgpack.Unpacker(file, raw=False, strict_map_key=False, max_buffer_size=1 << 30)
        return [item for item in unpacker if isinstance(item, dict)]


def records(path):
    return [item for item in maps(path) if "boxes" in item]


def boxes_by_image(directory):
    with open(os.path.join(directory, "coco.json")) as file:
        data = json.load(file)
    names = {image["id"]: image["file_name"] for image in data["images"]}
    boxes = {name: [] for name in names.values()}
    for item in data["annotations"]:
        x, y, w, h = item["bbox"]
        boxes[names[item["image_id"]]].append([x, y, x + w, y + h])
    return boxes


def check(path, directory):
    boxes = boxes_by_image(directory)
    worst, worst_box, count = 0, 0.0, 0
    for record in records(path):
        image = Image.open(os.path.join(directory, record["file_name"])).convert("RGB")
        scale = min(100 / image.width, 80 / image.height)
        size = tuple(int(side * scale + .5) for side in image.size)
        # A JPEG is first decoded at a half where that is large enough.
        if record["file_name"].endswith("jpg") and all(-(-a // 2) >= b for a, b in zip(image.size, size)):
            reduced = Image.open(os.path.join(directory, record["file_name"]))
            reduced.draft(None, (image.width // 2, image.height // 2))
            image = reduced.convert("RGB").resize(size, Image.BILINEAR, (0, 0, image.width / 2, image.height / 2))
        else:
            image = image.resize(size, Image.BILINEAR)
        want = numpy.zeros((80, 100, 3), int)
        want[:size[1], :size[0]] = numpy.array(image)
        got = tensor(record["pixels"]).astype(int)
        assert (record["valid_w"], record["valid_h"]) == size, (record["file_name"], size)
        worst = max(worst, abs(got - want).max())
        moved = numpy.array(boxes[record["file_name"]])
        old = Image.open(os.path.join(directory, record["file_name"])).size
        moved *= [size[0] / old[0], size[1] / old[1]] * 2
        worst_box = max(worst_box, abs(moved - tensor(record["boxes"])).max())
        count += 1
    print("%d images, pixels within %d, boxes within %.1e" % (count, worst, worst_box))
    sys.exit(count != 16 or worst > 2 or worst_box > 1e-4)


if __name__ == "__main__":
    if sys.argv[1] == "make":
        make(sys.argv[2])
    else:
        check(sys.argv[2], sys.argv[3])
