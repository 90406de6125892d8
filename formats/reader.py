#!/usr/bin/python3
"""The records of a cocopipe stream (see cocopipe-stream(5)) on standard input, as lines of JSON."""
import json, struct, sys

import msgpack

HEADER, RECORD, TRAILER, TENSOR = 1, 2, 3, 4
DTYPE = {1: "B", 2: "i", 3: "q", 4: "f", 5: "d", 6: "H"}  # 6: bf16, the upper half of a float


def ext(kind, data):
    if kind != TENSOR:
        return kind, data
    shape = struct.unpack_from(f"<{data[1]}I", data, 4)
    at = 4 + 4 * len(shape) + data[2]
    values = [v for (v,) in struct.iter_unpack("<" + DTYPE[data[0]], data[at:])]
    return {"shape": list(shape), "values": values}


def parts(file):
    """Each (HEADER, RECORD or TRAILER, map); EOFError when the end comes without a trailer."""
    unpacker, kind = msgpack.Unpacker(file, ext_hook=ext, max_buffer_size=1 << 30), None
    for kind, length_and_hash in unpacker:
        yield kind, next(unpacker, None)
    if kind != TRAILER:
        raise EOFError("the stream ends without a trailer")


if __name__ == "__main__":
    for part, body in parts(sys.stdin.buffer):
        if part == RECORD:
            print(json.dumps(body, default=lambda data: {"bytes": len(data)}))
