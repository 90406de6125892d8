"""Images of every kind for tests/coco-pack-images.t, on Pillow and by hand, and what they must look like at the end.

    kinds_peer.py turned DIRECTORY           one picture in all EXIF orientations, annotated as stored and as shown
    kinds_peer.py check-turned STREAM DIRECTORY
    kinds_peer.py kinds DIRECTORY            grey, CMYK, progressive, 16-bit, palette, alpha, ...
    kinds_peer.py check-kinds STREAM DIRECTORY      pixels of the original size
    kinds_peer.py cut DIRECTORY              the same files cut at many places, and files that are no such images
    kinds_peer.py check-cut REJECTS DIRECTORY
"""
import json
import os
import struct
import sys
import zlib

import numpy
from PIL import Image, ImageOps

from augment_peer import records, tensor

W, H = 96, 64


def picture():
    """Smooth, and another thing at each edge; a white box that annotations are about."""
    y, x = numpy.mgrid[0:H, 0:W].astype(float)
    values = numpy.stack([2 * x, 3 * y, 100 + 50 * numpy.sin(x / 9 + y / 7)], 2).clip(0, 255).astype("uint8")
    values[8:24, 16:48] = 255
    return Image.fromarray(values)


def coco(directory, name, files):
    """files: (name, width, height, [x, y, w, h])."""
    images = [{"id": i + 1, "file_name": f[0], "width": f[1], "height": f[2]} for i, f in enumerate(files)]
    boxes = [{"id": i + 1, "image_id": i + 1, "category_id": 1, "bbox": f[3], "area": f[3][2] * f[3][3], "iscrowd": 0}
             for i, f in enumerate(files) if f[3]]
    with open(os.path.join(directory, name), "w") as file:
        json.dump({"images": images, "annotations": boxes, "categories": [{"id": 1, "name": "box"}]}, file)


def upright_box(orientation):
    """Where the white box is once the picture is turned, by turning a picture of the box."""
    mask = Image.new("L", (W, H))
    mask.paste(255, (16, 8, 48, 24))
    mask.getexif()[0x112] = orientation
    x0, y0, x1, y1 = ImageOps.exif_transpose(mask).getbbox()
    return [x0, y0, x1 - x0, y1 - y0]


def turned(directory):
    stored, shown = [], []
    for orientation in range(1, 9):
        exif = Image.Exif()
        exif[0x112] = orientation
        name = "%d.jpg" % orientation
        picture().save(os.path.join(directory, name), quality=97, subsampling=0, exif=exif)
        w, h = (H, W) if orientation > 4 else (W, H)
        stored.append((name, W, H, [16, 8, 32, 16]))
        shown.append((name, w, h, upright_box(orientation)))
    coco(directory, "stored.json", stored)
    coco(directory, "shown.json", shown)


def near(got, want, most):
    return got.shape == want.shape and numpy.abs(got.astype(int) - want.astype(int)).max() <= most


def check_turned(stream, directory):
    """Drawn to 60 x 60: whichever side is the long one, the box and its white pixels are where Pillow has them."""
    found = 0
    for record in records(stream):
        orientation = record["id"]
        want = ImageOps.exif_transpose(Image.open(os.path.join(directory, "%d.jpg" % orientation)))
        pixels = tensor(record["pixels"])[:record["valid_h"], :record["valid_w"]]
        sx, sy = pixels.shape[1] / want.size[0], pixels.shape[0] / want.size[1]
        x, y, w, h = upright_box(orientation)
        box = tensor(record["boxes"])[0]
        assert numpy.allclose(box, [x * sx, y * sy, (x + w) * sx, (y + h) * sy], atol=0.01), (orientation, box)
        small = numpy.asarray(want.resize((pixels.shape[1], pixels.shape[0]), Image.BILINEAR))
        assert numpy.abs(pixels.astype(int) - small.astype(int)).mean() < 4, orientation
        x0, y0, x1, y1 = numpy.round(box).astype(int)
        assert pixels[y0 + 2:y1 - 2, x0 + 2:x1 - 2].min() > 235, orientation
        found += 1
    assert found == 8, found


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(values, bits, color):
    """A PNG that Pillow does not write; values [H W C] of 16-bit numbers or bits of a row."""
    rows = b"".join(b"\0" + (row.astype(">u2").tobytes() if bits == 16 else numpy.packbits(row.ravel()).tobytes()) for row in values)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", W, H, bits, color, 0, 0, 0)) +
            chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def deep():
    """16-bit values whose lower half says something else than the upper."""
    high = numpy.asarray(picture()).astype("u2")
    return high * 256 + (high * 37 + 11) % 256


def make_kinds():
    """name: (bytes or a function that saves, the RGB picture that must come out, how far a pixel may be off)"""
    image, rgb = picture(), numpy.asarray(picture())
    grey = numpy.asarray(image.convert("L"))
    bits = (grey > 128).astype("u1")
    alpha = image.convert("RGBA")
    alpha.putalpha(Image.fromarray(grey))
    palette = image.quantize(64)
    three = lambda one: numpy.stack([one] * 3, 2)
    jpeg = {"quality": 98, "subsampling": 0}
    return {
        "rgb.jpg": (lambda p: image.save(p, **jpeg), rgb, 24),
        "half.jpg": (lambda p: image.save(p, quality=90, subsampling=2), None, 0),
        "grey.jpg": (lambda p: image.convert("L").save(p, quality=98), three(grey), 24),
        "progressive.jpg": (lambda p: image.save(p, progressive=True, **jpeg), rgb, 24),
        "progressive-grey.jpg": (lambda p: image.convert("L").save(p, progressive=True, quality=98), three(grey), 24),
        "restart.jpg": (lambda p: image.save(p, restart_marker_rows=1, **jpeg), rgb, 24),
        "cmyk.jpg": (lambda p: image.convert("CMYK").save(p, **jpeg), rgb, 32),
        "rgb.png": (lambda p: image.save(p), rgb, 0),
        "grey.png": (lambda p: image.convert("L").save(p), three(grey), 0),
        "alpha.png": (lambda p: alpha.save(p), rgb, 0),
        "grey-alpha.png": (lambda p: image.convert("LA").save(p), three(grey), 0),
        "palette.png": (lambda p: palette.save(p), numpy.asarray(palette.convert("RGB")), 0),
        "deep.png": (png(deep(), 16, 2), rgb, 0),
        "deep-grey.png": (png(deep()[:, :, :1], 16, 0), three(rgb[:, :, 0]), 0),
        "one-bit.png": (png(bits, 1, 0), three(bits * 255), 0),
    }


def save(path, made):
    if callable(made):
        made(path)
    else:
        with open(path, "wb") as file:
            file.write(made)


def kinds(directory):
    for name, (made, _, _) in make_kinds().items():
        save(os.path.join(directory, name), made)


def check_kinds(stream, directory):
    want = make_kinds()
    for record in records_of_any(stream):
        name = record["file_name"]
        _, rgb, most = want.pop(name)
        if rgb is None:     # what Pillow decodes of it
            rgb, most = numpy.asarray(Image.open(os.path.join(directory, name)).convert("RGB")), 8
        got = tensor(record["pixels"])
        assert near(got, rgb, most), (name, got.shape, numpy.abs(got.astype(int) - rgb.astype(int)).max())
    assert not want, want.keys()


def records_of_any(path):
    """Also records without boxes."""
    import msgpack
    with open(path, "rb") as file:
        maps = [m for m in msgpack.Unpacker(file, raw=False, strict_map_key=False, max_buffer_size=1 << 30) if isinstance(m, dict)]
    return [m for m in maps if "pixels" in m]


def cut(directory):
    """Every kind at many lengths, and other formats under names of JPEG and PNG."""
    for name, (made, _, _) in make_kinds().items():
        path = os.path.join(directory, name)
        save(path, made)
        data = open(path, "rb").read()
        os.remove(path)
        for k in range(16):
            with open(os.path.join(directory, "%02d-%s" % (k, name)), "wb") as file:
                file.write(data[:len(data) * k // 16])
        for k in (1, 2):
            with open(os.path.join(directory, "end%d-%s" % (k, name)), "wb") as file:
                file.write(data[:-k])
    image = picture()
    for kind in ("GIF", "BMP", "TIFF", "PPM", "WEBP", "JPEG2000"):
        for suffix in ("jpg", "png"):
            try:
                image.save(os.path.join(directory, "%s.%s" % (kind.lower(), suffix)), kind)
            except (OSError, KeyError):     # a Pillow without that format
                pass
    with open(os.path.join(directory, "text.png"), "w") as file:
        file.write("no image")


def check_cut(path, directory):
    files = set(os.listdir(directory)) - {"good.jpg"}
    for line in open(path):
        reject = json.loads(line)
        files.remove(reject["file_name"])
        assert reject["reason"] in ("image file is cut short", "not a JPEG or PNG image"), reject
        if reject["file_name"].startswith("end"):
            assert reject["reason"] == "image file is cut short", reject
    assert not files, files


if __name__ == "__main__":
    command, arguments = sys.argv[1].replace("-", "_"), sys.argv[2:]
    globals()[command](*arguments)
