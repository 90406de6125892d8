#!/usr/bin/python3
"""Files of torch.save() written by hand, good ones and hostile ones.

Usage: pickle_make.py DIRECTORY
       pickle_make.py --seeds DIRECTORY

NAME.pth for each case, NAME.want with what must be said of it: a part of the error message, or nothing for a file that can
be read. Tensor "w" of good files is [[0 1 2] [3 4 5]] in f32, "n" is 7 in i64. --seeds: for the
fuzz target, the pickles alone, the files in legacy form and some archives, as long as they are short.
"""
import struct
import sys
import zlib
from pathlib import Path

PROTO, STOP = b"\x80\x02", b"."
MAGIC = b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19."


def text(s):
    return b"X" + struct.pack("<I", len(s)) + s.encode()


def number(x):
    return b"J" + struct.pack("<i", x) if abs(x) < 2**31 else b"\x8a\x08" + struct.pack("<q", x)


def name(module, function):
    return f"c{module}\n{function}\n".encode()


def tuple_of(*items):
    return b"(" + b"".join(items) + b"t"


ODICT = name("collections", "OrderedDict") + b")R"


def storage(kind="FloatStorage", key="0", count=6, view=b""):
    return tuple_of(text("storage"), name("torch", kind), text(key), text("cpu"), number(count), view) + b"Q"


def tensor(store, shape, strides, offset=0, function="_rebuild_tensor_v2", more=b"\x89" + ODICT):
    numbers = [tuple_of(*map(number, x)) for x in (shape, strides)]
    return name("torch._utils", function) + tuple_of(store, number(offset), *numbers, more) + b"R"


W, N = tensor(storage(), (2, 3), (3, 1)), tensor(storage("LongStorage", "1", 1), (), ())
DATA = {"0": struct.pack("<6f", *range(6)), "1": struct.pack("<q", 7)}


def dictionary(**items):
    return PROTO + ODICT + b"(" + b"".join(text(k) + v for k, v in items.items()) + b"u" + STOP


GOOD = dictionary(w=W, n=N)


def zip_of(members, method=0, wrong_crc=None, shift=None):
    """members: [(name, bytes)]; shift: names whose entry points to the place of the first."""
    out, directory = b"", b""
    for which, data in members:
        crc = zlib.crc32(data) ^ (which == wrong_crc)
        common = struct.pack("<HHHHHIIIHH", 20, 0, method, 0, 33, crc, len(data), len(data), len(which), 0)
        at = 0 if which == shift else len(out)
        directory += struct.pack("<IH", 0x02014b50, 20) + common + struct.pack("<HHHII", 0, 0, 0, 0, at) + which.encode()
        out += struct.pack("<I", 0x04034b50) + common + which.encode() + data
    end = struct.pack("<IHHHHIIH", 0x06054b50, 0, 0, len(members), len(members), len(directory), len(out), 0)
    return out + directory + end


def archive(pickle=GOOD, data=None, order=b"little", **options):
    data = DATA if data is None else data
    members = [("archive/data.pkl", pickle), ("archive/byteorder", order)] + [(f"archive/data/{k}", v) for k, v in data.items()]
    return zip_of(members + [("archive/version", b"3\n")], **options)


def archive64(pickle=GOOD):
    """The same with all sizes and places in the fields of zip64."""
    out, directory, n = b"", b"", 0
    members = [("archive/data.pkl", pickle)] + [(f"archive/data/{k}", v) for k, v in DATA.items()]
    for which, data in members:
        full = 0xffffffff
        local = struct.pack("<HHHHHIIIHH", 45, 0, 0, 0, 33, zlib.crc32(data), full, full, len(which), 20)
        central = struct.pack("<HHHHHIIIHH", 45, 0, 0, 0, 33, zlib.crc32(data), full, full, len(which), 28)
        directory += struct.pack("<IH", 0x02014b50, 45) + central + struct.pack("<HHHII", 0, 0, 0, 0, full) + which.encode()
        directory += struct.pack("<HHQQQ", 1, 24, len(data), len(data), len(out))
        out += struct.pack("<I", 0x04034b50) + local + which.encode() + struct.pack("<HHQQ", 1, 16, len(data), len(data)) + data
        n += 1
    at = len(out)
    end64 = struct.pack("<IQHHIIQQQQ", 0x06064b50, 44, 45, 45, 0, 0, n, n, len(directory), at)
    locator = struct.pack("<IIQI", 0x07064b50, 0, at + len(directory), 1)
    return out + directory + end64 + locator + struct.pack("<IHHHHIIH", 0x06054b50, 0, 0, 0xffff, 0xffff, 0xffffffff, 0xffffffff, 0)


def legacy(pickle=GOOD, little=b"\x88", keys=("0", "1"), counts=None, data=None):
    machine = PROTO + b"}(" + text("protocol_version") + number(1001) + text("little_endian") + little + b"u" + STOP
    listed = PROTO + b"](" + b"".join(map(text, keys)) + b"e" + STOP
    counts = counts or {"0": 6, "1": 1}
    data = DATA if data is None else data
    return (MAGIC + PROTO + number(1001) + STOP + machine + pickle + listed +
            b"".join(struct.pack("<q", counts[k]) + data[k] for k in keys))


def wrap(body):
    """A value in the dictionary beside the good tensors."""
    return dictionary(w=W, n=N, x=body)


SYSTEM = name("os", "system") + tuple_of(text("touch pwned")) + b"R"
BIG = 2**62
CASES = {
    "zip": (archive(), ""),
    "zip64": (archive64(), ""),
    "legacy": (legacy(), ""),
    "old-tensor": (legacy(dictionary(w=tensor(storage(), (2, 3), (3, 1), function="_rebuild_tensor", more=b""), n=N)), ""),
    "view": (legacy(dictionary(w=tensor(storage(view=tuple_of(text("v"), number(0), number(6))), (2, 3), (3, 1)), n=N)), ""),
    "parameter": (archive(dictionary(w=name("torch._utils", "_rebuild_parameter") + tuple_of(W, b"\x88", ODICT) + b"R", n=N)), ""),
    "strides": (archive(dictionary(w=tensor(storage(), (2, 3), (1, 2)), n=N),
                        data={"0": struct.pack("<6f", 0, 3, 1, 4, 2, 5), "1": DATA["1"]}), ""),
    "half": (archive(dictionary(w=tensor(storage("HalfStorage"), (2, 3), (3, 1)), n=N),
                     data={"0": struct.pack("<6e", *range(6)), "1": DATA["1"]}), ""),
    "short": (archive(dictionary(w=W, n=tensor(storage("ShortStorage", "1", 1), (), ())), data={"0": DATA["0"], "1": struct.pack("<h", 7)}), ""),
    "attributes": (archive(GOOD[:-1] + b"}(" + text("_metadata") + ODICT + b"ub" + STOP), ""),
    "memo": (archive(PROTO + ODICT + b"q\x00(" + text("w") + b"q\x01" + W + text("n") + N + b"u" + STOP), ""),
    "os-system": (archive(wrap(SYSTEM)), "global 'os.system' is none that weights need.*byte"),
    "os-system-legacy": (legacy(wrap(SYSTEM)), "global 'os.system' is none that weights need.*byte"),
    "eval": (archive(wrap(name("builtins", "eval") + tuple_of(text("1")) + b"R")), "global 'builtins.eval'"),
    "stack-global": (archive(wrap(text("os") + text("system") + b"\x93" + tuple_of(text("x")) + b"R")), "global 'os.system'"),
    "near-name": (archive(wrap(name("torch._utils", "_rebuild_tensor_v3"))), "global 'torch._utils._rebuild_tensor_v3'"),
    "storage-call": (archive(wrap(name("torch", "FloatStorage") + tuple_of(number(9)) + b"R")), "REDUCE calls something"),
    "inst": (archive(wrap(b"(ios\nsystem\n")), "opcode INST"),
    "newobj": (archive(wrap(name("collections", "OrderedDict") + b")\x81")), "opcode NEWOBJ"),
    "extension": (archive(wrap(b"\x82\x01")), "opcode EXT1"),
    "not-opcode": (archive(wrap(b"\xff")), "0xff is no opcode"),
    "deep-marks": (archive(wrap(b"(" * 100000)), "nested deeper than 64"),
    "deep-tuples": (archive(wrap(b")" + b"\x85" * 100000)), "nested deeper than 64"),
    "deep-lists": (archive(wrap(b"]" * 30 + b"a" * 29)), "nested deeper than 16"),
    "cycle": (archive(PROTO + b"}q\x00" + text("x") + b"h\x00s" + STOP), "nested deeper than 16"),
    "huge-memo": (archive(PROTO + b"}r\xff\xff\xff\xff" + STOP), "memo index 4294967295"),
    "unset-memo": (archive(PROTO + b"j\xff\xff\xff\x7f" + STOP), "memo index 2147483647 was not set"),
    "long-text": (archive(PROTO + b"X\xff\xff\xff\xff" + STOP), "pickle ends early"),
    "long-text8": (archive(PROTO + b"\x8d" + b"\xff" * 8 + STOP), "pickle ends early"),
    "no-stop": (archive(GOOD[:-1]), "pickle ends early"),
    "two-values": (archive(PROTO + b"NN" + STOP), "stops with 2 values"),
    "empty-stack": (archive(PROTO + b"s" + STOP), "empty stack"),
    "no-mark": (archive(PROTO + b"}u" + STOP), "wants a mark"),
    "odd-dict": (archive(PROTO + b"}(Nu" + STOP), "key without a value"),
    "protocol": (archive(b"\x80\x00" + GOOD[2:]), "protocol 0"),
    "over-storage": (archive(dictionary(w=tensor(storage(), (2, 4), (4, 1)))), "more elements than its storage"),
    "over-end": (archive(dictionary(w=tensor(storage(), (2, 3), (3, 1), offset=1))), "ends behind its storage"),
    "over-stride": (archive(dictionary(w=tensor(storage(), (2, 3), (BIG, 1)))), "ends behind its storage"),
    "over-shape": (archive(dictionary(w=tensor(storage(), (BIG, BIG), (0, 0)))), "more elements than its storage"),
    "expanded": (archive(dictionary(w=tensor(storage(), (2, 100000), (0, 0)))), "more elements than its storage"),
    "negative": (archive(dictionary(w=tensor(storage(), (-2, 3), (3, 1)))), "whole numbers from 0"),
    "rank": (archive(dictionary(w=tensor(storage(), (1,) * 7, (1,) * 7))), "at most 6"),
    "ranks": (archive(dictionary(w=tensor(storage(), (2, 3), (1,)))), "2 dimensions and 1 strides"),
    "big-storage": (archive(dictionary(w=tensor(storage(count=BIG), (2, 3), (3, 1)))), "should have 4611686018427387904 elements"),
    "small-storage": (archive(dictionary(w=W), data={"0": b"1234"}), "should have 6 elements of f32, but 4 bytes"),
    "no-storage": (archive(dictionary(w=W), data={}), "no elements for storage '0'"),
    "two-types": (archive(dictionary(w=W, n=tensor(storage("DoubleStorage", "0", 3), (3,), (1,)))), "two types or sizes"),
    "odd-storage": (archive(dictionary(w=tensor(storage("ComplexFloatStorage"), (2, 3), (3, 1)))), "global 'torch.ComplexFloatStorage'"),
    "bad-view": (archive(dictionary(w=tensor(storage(view=tuple_of(text("v"), number(4), number(6))), (2, 3), (3, 1)))), "does not lie in it"),
    "bad-id": (archive(wrap(tuple_of(text("module")) + b"Q")), "persistent id"),
    "no-tensors": (archive(PROTO + b"}" + STOP), "holds no tensors"),
    "big-endian": (archive(order=b"big"), "big-endian"),
    "big-endian-legacy": (legacy(little=b"\x89"), "big-endian"),
    "compressed": (archive(method=8), "compressed"),
    "bad-crc": (archive(wrong_crc="archive/data/0"), "'archive/data/0' does not have its checksum"),
    "overlap": (zip_of([("archive/data.pkl", GOOD), ("archive/data.pkl", GOOD)], shift="archive/data.pkl"), "share bytes"),
    "moved": (archive(shift="archive/data/1"), "another name where it is stored"),
    "twice": (zip_of([("archive/data.pkl", GOOD), ("archive/data.pkl", GOOD)]), "two members"),
    "no-pickle": (zip_of([("a/b", b"x")]), "not one of torch.save"),
    "cut-zip": (archive()[:-30], "it has no directory"),
    "cut-legacy": (legacy()[:-4], "storage 2 of 2 should have 1"),
    "cut-pickle": (legacy()[:60], "pickle ends early"),
    "count-legacy": (legacy(counts={"0": 2**40, "1": 1}), "cut off"),
    "key-legacy": (legacy(keys=("0", "1", "0")[:2] + ("2",), counts={"0": 6, "1": 1, "2": 0}, data={**DATA, "2": b""}), "belongs to no tensor"),
}
CASES["shared"] = (archive(PROTO + b"}(" + text("a") + b"](" + (W + b"q\x00" + b"h\x00" * 60) + b"eq\x01" + text("b") + b"](" + b"h\x01" * 200 + b"eq\x02" +
                           text("c") + b"](" + b"h\x02" * 200 + b"e" + b"u" + STOP), "shared so often")


def pickle_of(data):
    """The pickle that an archive begins with."""
    names, at = struct.unpack("<HH", data[26:30]), struct.unpack("<I", data[18:22])[0]
    return data[30 + sum(names):30 + sum(names) + at]


def write_seeds(directory):
    for case, (data, _) in CASES.items():
        seed = data if data[:1] == b"\x80" else pickle_of(data)
        if 0 < len(seed) < 2000:
            Path(directory, case).write_bytes(seed)
    for case in "zip", "zip64", "overlap":
        Path(directory, case + "-archive").write_bytes(CASES[case][0])


def write_cases(directory):
    for case, (data, want) in CASES.items():
        Path(directory, case + ".pth").write_bytes(data)
        Path(directory, case + ".want").write_text(want)


if __name__ == "__main__":
    if sys.argv[1] == "--seeds":
        write_seeds(sys.argv[2])
    else:
        write_cases(sys.argv[1])
