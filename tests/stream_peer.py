#!/usr/bin/python3
"""
A second opinion on the format, with Debian's msgpack and libxxhash alone.

    stream_peer.py write FILE       write the smallest stream (formats/vectors/tiny.stream)
    stream_peer.py unsound FILE     write a stream with pixels and a box that is not a number
    stream_peer.py with FILE JSON   write one with pixels and these keys, their values no tensors
    stream_peer.py verify FILE...   check frames, hashes, alignment and the trailer's hash
    stream_peer.py same A B         two files of JSON lines say the same
"""
import ctypes
import json
import struct
import sys

import msgpack

xxhash = ctypes.CDLL("libxxhash.so.0")
xxhash.XXH3_64bits.restype = ctypes.c_uint64
xxhash.XXH3_64bits.argtypes = [ctypes.c_char_p, ctypes.c_size_t]


def digest(data):
    return xxhash.XXH3_64bits(data, len(data))


def frame(role, body):
    return b"\xd8" + bytes([role]) + struct.pack("<QQ", len(body), digest(body))


def tensor(before, dtype, shape, data):
    """The ext of a tensor that follows `before` in its body."""
    head = struct.pack(f"<{len(shape)}I", *shape)
    pad = -(len(before) + 6 + 4 + len(head)) % 64
    payload = bytes([dtype, len(shape), pad, 0]) + head + bytes(pad) + data
    return before + b"\xc9" + struct.pack(">Ib", len(payload), 4) + payload


def tiny(box=(10, 20, 30.5, 40), pixels=None, more={}):
    header = msgpack.packb({"format": "cocopipe", "version": 1, "kind": "sample",
                            "categories": [{"id": 18, "name": "dög"}], "planned": 1, "provenance": []})
    record = bytes([0x84 + (pixels is not None) + len(more)]) + msgpack.packb("id") + b"\x07" + msgpack.packb("seq") + b"\x00" + msgpack.packb("boxes")
    record = tensor(record, 4, (1, 4), struct.pack("<4f", *box))
    record = tensor(record + msgpack.packb("labels"), 2, (1,), struct.pack("<i", 0))
    if pixels is not None:
        record = tensor(record + msgpack.packb("pixels"), 1, (64, 64, 3), pixels)
    record += b"".join(msgpack.packb(k) + msgpack.packb(v) for k, v in more.items())
    first, second = frame(1, header), frame(2, record)
    trailer = msgpack.packb({"in": [1, 1], "out": [1, 1], "deselected": [0, 0], "rejects": {},
                             "hash": digest(first + second)})
    return first + header + second + record + frame(3, trailer) + trailer


def verify(data):
    at, frames = 0, b""
    while at < len(data):
        head, role = data[at:at + 18], data[at + 1]
        length, want = struct.unpack_from("<QQ", head, 2)
        body = data[at + 18:at + 18 + length]
        assert head[0] == 0xd8 and len(body) == length and digest(body) == want, f"frame at {at}"
        unpacked = msgpack.unpackb(body, ext_hook=lambda code, payload: check_tensor(body, code, payload))
        if role == 3:
            assert unpacked["hash"] == digest(frames), "running hash"
            frames = b""
        else:
            frames += head
        at += 18 + length


def check_tensor(body, code, payload):
    assert code == 4
    start = body.index(payload) + 4 + 4 * payload[1] + payload[2]
    assert start % 64 == 0, f"tensor data at {start}"
    return payload


def plain(value):
    """What both sides can say: no dtype, no base64, integers beyond 2**63 as floats."""
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items() if k not in ("dtype", "base64")}
    if isinstance(value, list):
        return [plain(v) for v in value]
    return float(value) if isinstance(value, int) and abs(value) >= 2**63 else value


def main():
    command, *files = sys.argv[1:]
    if command == "write":
        with open(files[0], "wb") as file:
            file.write(tiny())
    elif command == "unsound":
        with open(files[0], "wb") as file:
            file.write(tiny((10, 20, float("nan"), 40), bytes(64 * 64 * 3)))
    elif command == "with":
        with open(files[0], "wb") as file:
            file.write(tiny(pixels=bytes(64 * 64 * 3), more=json.loads(files[1])))
    elif command == "verify":
        for name in files:
            with open(name, "rb") as file:
                verify(file.read())
    else:
        lines = [[plain(json.loads(line)) for line in open(name, encoding="utf-8")] for name in files]
        assert lines[0] and lines[0] == lines[1], "different"


if __name__ == "__main__":
    main()
