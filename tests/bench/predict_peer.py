"""The peer of predict.c: torchvision's eager inference, with the arguments MODEL BATCH WxH f32|bf16 CLASSES REPEATS WEIGHTS.

Prints the times of all repeats in seconds, one a line, then "found N" and "mib N". Maps are channels-last; in bf16 the
network runs under autocast, and what it found is decoded in f32, as torchvision's suppression knows no bf16.
"""
import json
import os
import resource
import struct
import sys
import time

import numpy
import torch
from torchvision.models import resnet
from torchvision.models.detection import RetinaNet
from torchvision.models.detection.backbone_utils import _resnet_fpn_extractor
from torchvision.ops import misc
from torchvision.ops.feature_pyramid_network import LastLevelP6P7


def weights(path):
    with open(path, "rb") as file:
        size, = struct.unpack("<Q", file.read(8))
        header, data = json.loads(file.read(size)), file.read()
    types = {"F32": numpy.float32, "I64": numpy.int64}
    return {name: torch.from_numpy(numpy.frombuffer(data[slice(*t["data_offsets"])], types[t["dtype"]]).reshape(t["shape"]).copy())
            for name, t in header.items() if name != "__metadata__"}


def in_f32(module, inputs, outputs):
    return {name: value.float() for name, value in outputs.items()}


def main():
    name, batch, size, dtype, classes, repeats, path = sys.argv[1:8]
    w, h = map(int, size.split("x"))
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS") or len(os.sched_getaffinity(0))))
    torch.manual_seed(0)
    body = getattr(resnet, name.split("-")[1])(norm_layer=misc.FrozenBatchNorm2d)
    fpn = _resnet_fpn_extractor(body, 5, returned_layers=[2, 3, 4], extra_blocks=LastLevelP6P7(256, 256))
    model = RetinaNet(fpn, int(classes))
    model.load_state_dict(weights(path))
    model.transform.min_size, model.transform.max_size = (min(w, h),), max(w, h)
    model = model.to(memory_format=torch.channels_last).eval()
    model.head.register_forward_hook(in_f32)
    images = [torch.rand(3, h, w) for _ in range(int(batch))]
    for i in range(int(repeats) + 1):
        start = time.perf_counter()
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=dtype == "bf16"):
            found = model(images)
        if i > 0:
            print(f"{time.perf_counter() - start:.6f}", flush=True)
    print("found", sum(len(image["boxes"]) for image in found))
    print("mib", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)


main()
