"""The peer of step.c: the same training step in PyTorch, with the arguments MODEL BATCH WxH f32|bf16 CLASSES REPEATS [casts].

Prints the times of all repeats in seconds, one a line, then "mib N". Models are torchvision's RetinaNet on
ResNet with frozen batch norm, or group norm in the backbone, pyramid and heads, or its ResNet as a classifier
(classify-resnet50-bn); bf16 is autocast, maps are channels-last. PyTorch 1.13 has no group norm in bf16: with casts it gets f32 maps and its
result becomes bf16 again.
"""
import functools
import os
import resource
import sys
import time

import torch
from torch import nn
from torchvision.models import resnet
from torchvision.models.detection import RetinaNet
from torchvision.models.detection.backbone_utils import _resnet_fpn_extractor
from torchvision.models.detection.retinanet import RetinaNetHead
from torchvision.ops import misc
from torchvision.ops.feature_pyramid_network import LastLevelP6P7


class CastGroupNorm(nn.GroupNorm):
    def forward(self, x):
        with torch.autocast("cpu", enabled=False):
            return super().forward(x.float()).to(x.dtype)


group_norm = functools.partial(CastGroupNorm if "casts" in sys.argv else nn.GroupNorm, 32)


def classifier(name, n, w, h, classes):
    """A function that returns the loss of a step, and the model."""
    _, backbone, norm = name.split("-")
    layer = {"bn": nn.BatchNorm2d, "gn": group_norm, "frozenbn": misc.FrozenBatchNorm2d}[norm]
    model = getattr(resnet, backbone)(norm_layer=layer, num_classes=classes).to(memory_format=torch.channels_last).train()
    images = torch.rand(n, 3, h, w).to(memory_format=torch.channels_last)
    labels = torch.randint(0, classes, (n,))
    return lambda: nn.functional.cross_entropy(model(images), labels), model


def detector(name, n, w, h, classes):
    model = build(name, classes)
    # The batch is already of its size, so the model's own resizing is left out, as in step.c.
    model.transform.min_size, model.transform.max_size = (min(w, h),), max(w, h)
    model = model.to(memory_format=torch.channels_last).train()
    images = [torch.rand(3, h, w) for _ in range(n)]
    corner = torch.rand(n, 8, 2) * torch.tensor([w * 0.7, h * 0.7])
    boxes = torch.cat([corner, corner + torch.tensor([w * 0.25, h * 0.25])], 2)
    targets = [{"boxes": boxes[i], "labels": torch.randint(0, classes, (8,))} for i in range(n)]
    return lambda: sum(model(images, targets).values()), model


def build(name, classes):
    _, backbone, _, norm = name.split("-")
    body = getattr(resnet, backbone)(norm_layer=group_norm if norm == "gn" else misc.FrozenBatchNorm2d)
    fpn = _resnet_fpn_extractor(body, 5, returned_layers=[2, 3, 4], extra_blocks=LastLevelP6P7(256, 256),
                                norm_layer=group_norm if norm == "gn" else None)
    head = RetinaNetHead(256, 9, classes, norm_layer=group_norm if norm == "gn" else None)
    return RetinaNet(fpn, classes, head=head)


def main():
    name, batch, size, dtype, classes, repeats = sys.argv[1:7]
    w, h = map(int, size.split("x"))
    n, classes = int(batch), int(classes)
    # Left alone, Debian's PyTorch takes half the processors it sees, for hyper-threads' sake.
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS") or len(os.sched_getaffinity(0))))
    torch.manual_seed(0)
    loss_of, model = (classifier if name.startswith("classify-") else detector)(name, n, w, h, classes)
    optimizer = torch.optim.SGD([p for p in model.parameters() if p.requires_grad], lr=1e-5, momentum=0.9, weight_decay=1e-4)
    for i in range(int(repeats) + 1):
        start = time.perf_counter()
        optimizer.zero_grad()
        with torch.autocast("cpu", torch.bfloat16, enabled=dtype == "bf16"):
            loss = loss_of()
        loss.backward()
        optimizer.step()
        if i > 0:
            print(f"{time.perf_counter() - start:.6f}", flush=True)
    print("mib", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)


main()
