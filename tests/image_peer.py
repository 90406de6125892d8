"""Makes images of every kind and what Pillow sees in them: python3 image_peer.py DIRECTORY.

Prints one line "FILE REFERENCE W H" for each: REFERENCE is a PPM of the file as stored (W = H = 0),
resized to W x H, or decoded at 1/N of its size (W = H = -N).
"""
import os
import sys

import numpy
from PIL import Image

directory = sys.argv[1]
random = numpy.random.RandomState(7)


def picture(width, height):
    """Smooth shapes with edges and some noise."""
    y, x = numpy.mgrid[0:height, 0:width].astype(float)
    channels = [128 + 100 * numpy.sin(x / (5 + 3 * c) + c) * numpy.cos(y / (9 - 2 * c)) for c in range(3)]
    image = numpy.stack(channels, 2) + random.normal(0, 6, (height, width, 3))
    image[height // 4:height // 2, width // 3:width // 2] = (250, 10, 60)
    return Image.fromarray(image.clip(0, 255).astype("uint8"))


def write(name, reference, size=None):
    reference = reference.convert("RGB")  # also loads it
    tag = "%s.%dx%d.ppm" % ((name,) + reference.size)
    reference.save(os.path.join(directory, tag))
    width, height = size or (0, 0)
    print(name, tag, width, height)


def jpeg(name, image, **options):
    path = os.path.join(directory, name)
    image.save(path, quality=88, **options)
    write(name, Image.open(path))
    for reduction in (2, 4, 8) if min(image.size) >= 8 else ():
        reduced = Image.open(path)
        reduced.draft(None, (image.width // reduction, image.height // reduction))
        if reduced.size == (-(-image.width // reduction), -(-image.height // reduction)) != image.size:
            write(name, reduced, (-reduction, -reduction))


def png(name, image, reference=None, **options):
    path = os.path.join(directory, name)
    image.save(path, **options)
    write(name, reference or Image.open(path))


base = picture(203, 149)
for sampling, label in ((0, "444"), (1, "422"), (2, "420")):
    jpeg("rgb%s.jpg" % label, base, subsampling=sampling)
    jpeg("progressive%s.jpg" % label, base, subsampling=sampling, progressive=True)
jpeg("grey.jpg", base.convert("L"))
jpeg("cmyk.jpg", base.convert("CMYK"))
jpeg("tiny.jpg", picture(1, 1))
jpeg("line.jpg", picture(300, 1))

alpha = Image.fromarray(random.randint(0, 256, (149, 203)).astype("uint8"))
rgba = base.copy()
rgba.putalpha(alpha)
png("rgb.png", base)
png("rgba.png", rgba, Image.fromarray(numpy.array(rgba)[:, :, :3]))
png("grey.png", base.convert("L"))
grey_alpha = base.convert("LA")
png("grey_alpha.png", grey_alpha, grey_alpha.convert("L"))
png("palette.png", base.convert("P", palette=Image.ADAPTIVE, colors=200))
png("palette4.png", base.convert("P", palette=Image.ADAPTIVE, colors=13), bits=4)
png("bit.png", base.convert("1"))
deep = (numpy.array(base.convert("L")).astype("uint16") << 8) + 129
png("grey16.png", Image.fromarray(deep), Image.fromarray((deep >> 8).astype("uint8")))

whole = Image.open(os.path.join(directory, "rgb.png"))
for size in ((101, 74), (67, 140), (31, 200), (203, 40), (408, 300), (250, 149), (9, 7), (1, 1)):
    write("rgb.png", whole.resize(size, Image.BILINEAR), size)
