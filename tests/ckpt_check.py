#!/usr/bin/python3
"""What ckpt.t compares with numpy and PyTorch. Usage: ckpt_check.py CHECK FILE ..."""
import json
import struct
import sys

import numpy as np


def read(path):
    """{name: array} and the metadata of a safetensors file."""
    data = open(path, "rb").read()
    size = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8:8 + size])
    meta = header.pop("__metadata__", {})
    types = {"F32": "<f4", "I64": "<i8", "F64": "<f8", "U8": "u1", "I32": "<i4"}
    return {k: np.frombuffer(data[8 + size:][v["data_offsets"][0]:v["data_offsets"][1]], types[v["dtype"]]).reshape(v["shape"])
            for k, v in header.items()}, meta


def read_small(path):
    t = read(path)[0]
    print(t["w"].tolist(), t["n"])


def variances(old_path, new_path, shift):
    old, new = read(old_path)[0], read(new_path)[0]
    moved = [k for k in old if not np.array_equal(old[k], new[k])]
    want = [k for k in old if k.endswith(".running_var")]
    print(moved == want and all(np.array_equal((old[k].astype("f8") + float(shift)).astype("f4"), new[k]) for k in want))


def rows(old_path, new_path, layer):
    """Classes of the same name have the same rows; everything else but that layer is the same."""
    (old, a), (new, b) = read(old_path), read(new_path)
    was, now = ([c["name"] for c in json.loads(m["classes"])] for m in (a, b))
    same = all(np.array_equal(old[k], new[k]) for k in old if not k.startswith(layer))
    groups = new[layer + ".bias"].shape[0] // len(now)
    for part in ".weight", ".bias":
        x, y = (t[layer + part].reshape(groups, n, -1) for t, n in ((old, len(was)), (new, len(now))))
        for i, name in enumerate(now):
            kept = name in was and np.array_equal(y[:, i], x[:, was.index(name)])
            same &= kept if name in was else part == ".bias" or (np.abs(y[:, i]).max() > 0 and not any(np.array_equal(y[:, i], x[:, j]) for j in range(len(was))))
    print(" ".join(now) if same else "differ")


def rows_have_ids(old, new, classes, layer):
    """Class i has the row of its id."""
    same = True
    for part in ".weight", ".bias":
        x, y = (t[layer + part].reshape(9, t[layer + part].shape[0] // 9, -1) for t in (old, new))
        same &= all(np.array_equal(y[:, i], x[:, c["id"]]) for i, c in enumerate(classes))
    return same


def mean(out, decay, *paths):
    tensors, decay = [read(p)[0] for p in paths], float(decay)
    off = 0
    for k, v in read(out)[0].items():
        parts = [t[k].astype(np.float64) for t in tensors]
        if v.dtype == np.int64:
            off = max(off, abs(v - tensors[-1][k]).max())
            continue
        want = parts[0]
        for p in parts[1:]:
            want = decay * want + (1 - decay) * p if decay > 0 else want + p
        want = want if decay > 0 else want / len(parts)
        off = max(off, np.abs(want.astype(np.float32) - v).max())
    print("same" if off < 1e-12 else off)


def spoil(path, out, seed):
    """The same model with other values."""
    tensors, meta = read(path)
    meta.pop("xxh3", None)
    g, header, at, parts = np.random.default_rng(int(seed)), {"__metadata__": meta}, 0, []
    for k, v in tensors.items():
        x = (v + (g.normal(size=v.shape) if v.dtype != np.int64 else int(seed))).astype(v.dtype)
        header[k] = {"dtype": "I64" if v.dtype == np.int64 else "F32", "shape": list(v.shape), "data_offsets": [at, at + x.nbytes]}
        at += x.nbytes
        parts.append(x.tobytes())
    text = json.dumps(header).encode()
    open(out, "wb").write(struct.pack("<Q", len(text)) + text + b"".join(parts))


def load(path):
    import torch
    return torch.load(path)


def array(t):
    return (t.float() if t.is_floating_point() else t).numpy()


def equal(state, new, prefix="", but=()):
    """All tensors of a file of PyTorch that the model has, and at least 90 of them."""
    both = [k for k in state if prefix + k in new and not k.startswith(but or "-")]
    return len(both) > 90 and all(np.array_equal(array(state[k]), new[prefix + k]) for k in both)


def strict(name, state, new):
    """torchvision loads the file, and its values are those of the model."""
    import torchvision
    make = getattr(torchvision.models, name, None) or getattr(torchvision.models.detection, name)
    options = {"weights_backbone": None} if name.startswith("retinanet") else {}
    make(weights=None, num_classes=3, **options).load_state_dict(state, strict=True)
    return len(new) == len(state) and equal(state, new)


def forms(pth, *models):
    state = load(pth)
    print(*(equal(state, read(m)[0]) for m in models))


def classifier(pth, model, detector):
    state = load(pth)
    print(strict("resnet18", state, read(model)[0]), equal(state, read(detector)[0], "backbone.body."))


def detector(pth, model, exported):
    state, (new, meta), layer = load(pth), read(model), "head.classification_head.cls_logits"
    classes = json.loads(meta["classes"])
    print(*(c["name"] for c in classes), rows_have_ids({k: array(v) for k, v in state.items() if k.startswith(layer)}, new, classes, layer),
          equal(state, new, but=layer), strict("retinanet_resnet50_fpn", load(exported), new))


def save(path, out):
    """A model's tensors, with other values, in all forms that torch.save() has or had; and a detector."""
    import torch
    import torchvision
    torch.manual_seed(1)
    state = {k: torch.randn(v.shape) if v.dtype == np.float32 else torch.tensor(3) for k, v in read(path)[0].items()}
    module = torch.nn.Linear(2, 2)
    torch.save(state, out + "-zip.pth")
    torch.save({"epoch": 3, "model": {"module." + k: v for k, v in state.items()}, "lr": 0.5, "optimizer": [{"momentum": [torch.ones(2)]}]},
               out + "-legacy.pth", _use_new_zipfile_serialization=False)
    torch.save({k: v.double() if v.is_floating_point() else v for k, v in state.items()}, out + "-double.pth")
    torch.save({k: v.transpose(0, 1).contiguous().transpose(0, 1) if v.dim() > 1 else v for k, v in state.items()}, out + "-strides.pth",
               pickle_protocol=4)
    torch.save({"net": {k: torch.nn.Parameter(v) if v.is_floating_point() else v for k, v in state.items()}, "part": state["conv1.weight"][1:]},
               out + "-parameter.pth")
    torch.save(module.state_dict(), out + "-attributes.pth")
    torch.save(module, out + "-module.pth")
    torch.save(torchvision.models.detection.retinanet_resnet50_fpn(weights=None, weights_backbone=None, num_classes=5).state_dict(),
               out + "-detector.pth")


if __name__ == "__main__":
    globals()[sys.argv[1]](*sys.argv[2:])
