"""evalap on ground truth and detections in streams compared with the same in JSON, on random nasty data sets; prints TAP.

    eval_streams.py EVALAP COUNT SEED KIND...    KIND is bbox, segm or keypoints

The streams are written here, from the description of the format alone. Coordinates are made multiples of 1/8 and scores those
of 1/64, which single precision holds; what only JSON knows (annotations of unlisted images, their key "ignore", the id 0)
is left out of both.
"""

import itertools
import random
import sys
import tempfile

import msgpack
import numpy as np

import eval_compare
import eval_nasty
import stream_peer

DTYPES = {"uint8": 1, "int32": 2, "int64": 3, "float32": 4, "float64": 5}


def put(body, value):
    """The body with one more value: arrays of numpy become tensors, aligned where they come to lie."""
    if isinstance(value, np.ndarray):
        return stream_peer.tensor(body, DTYPES[value.dtype.name], value.shape, value.tobytes())
    if isinstance(value, (list, dict)):
        kind = 0xdc if isinstance(value, list) else 0xde
        body += bytes([kind]) + len(value).to_bytes(2, "big")
        for one in itertools.chain.from_iterable(value.items()) if isinstance(value, dict) else value:
            body = put(body, one)
        return body
    return body + msgpack.packb(value)


def write_stream(path, kind, categories, records):
    header = msgpack.packb({"format": "cocopipe", "version": 1, "kind": kind, "categories": categories,
                            "planned": len(records), "provenance": []})
    head = stream_peer.frame(1, header)
    frames, out = head, head + header
    for record in records:
        body = put(b"", record)
        head = stream_peer.frame(2, body)
        frames, out = frames + head, out + head + body
    counts = [len(records), sum(len(r.get("labels", ())) for r in records)]
    trailer = msgpack.packb({"in": counts, "out": counts, "deselected": [0, 0], "rejects": {},
                             "hash": stream_peer.digest(frames)})
    with open(path, "wb") as file:
        file.write(out + stream_peer.frame(3, trailer) + trailer)


def eighths(values):
    return [round(v * 8) / 8 for v in values]


def even_out(thing):
    for key in {"bbox", "keypoints"} & thing.keys():
        thing[key] = eighths(thing[key])
    if isinstance(thing.get("segmentation"), list):
        thing["segmentation"] = [eighths(polygon) for polygon in thing["segmentation"]]


def restrict(truth, results, kind):
    """Make of both what streams can say, too."""
    images, categories = ({x["id"] for x in truth[name]} for name in ("images", "categories"))
    truth["annotations"] = [a for a in truth["annotations"] if a["image_id"] in images and a["category_id"] in categories]
    for a in truth["annotations"]:
        even_out(a)
        a["id"] += 1
        a.pop("ignore", None)
        if "keypoints" in a:
            a["num_keypoints"] = sum(v > 0 for v in a["keypoints"][2::3])
    for r in results:
        even_out(r)
        r["score"] = round(min(max(r["score"], -4), 4) * 64) / 64
        if kind != "bbox":
            r.pop("bbox", None)


def corners(boxes):
    return np.array([[x, y, x + w, y + h] for x, y, w, h in boxes], dtype=np.float32)


def extent(points):
    x, y = points[0::3], points[1::3]
    return [min(x), min(y), max(x) - min(x), max(y) - min(y)]


def mask_of(segmentation):
    if isinstance(segmentation, list):
        return [np.array(polygon, dtype=np.float64).reshape(-1, 2) for polygon in segmentation]
    counts = segmentation["counts"]
    return {"size": segmentation["size"], "counts": counts if isinstance(counts, str) else eval_nasty.eval_masks.text_of_runs(counts)}


def add_shapes(record, things, kind):
    if kind == "segm":
        record["masks"] = [mask_of(t["segmentation"]) for t in things]
    elif kind == "keypoints":
        record["keypoints"] = np.array([t["keypoints"] for t in things], dtype=np.float32).reshape(len(things), -1, 3)


def sample(image, annotations, label, kind):
    record = {"id": image["id"], "seq": 0, "orig_w": image["width"], "orig_h": image["height"]}
    if annotations:
        record.update(boxes=corners(a["bbox"] for a in annotations),
                      labels=np.array([label[a["category_id"]] for a in annotations], dtype=np.int32),
                      area=np.array([a["area"] for a in annotations], dtype=np.float64),
                      iscrowd=np.array([a["iscrowd"] for a in annotations], dtype=np.uint8))
        add_shapes(record, annotations, kind)
    return record


def detection(image, found, label, kind):
    record = {"id": image["id"], "seq": 0}
    if found:
        boxes = {"bbox": lambda r: r["bbox"], "segm": lambda r: [0, 0, 1, 1], "keypoints": lambda r: extent(r["keypoints"])}
        record.update(boxes=corners(boxes[kind](r) for r in found),
                      labels=np.array([label[r["category_id"]] for r in found], dtype=np.int32),
                      scores=np.array([r["score"] for r in found], dtype=np.float32))
        add_shapes(record, found, kind)
    return record


def numbered(records):
    for seq, record in enumerate(records):
        record["seq"] = seq
    return records


def write_both(evalap, truth, results, kind, rng):
    """The data set as JSON and as streams, with images and categories in another order."""
    evalap.write(truth, results)
    images = rng.sample(truth["images"], len(truth["images"]))
    categories = rng.sample(truth["categories"], len(truth["categories"]))
    label = {c["id"]: i for i, c in enumerate(categories)}
    write_stream(evalap.truth + ".stream", "sample", categories, numbered(
        [sample(i, [a for a in truth["annotations"] if a["image_id"] == i["id"]], label, kind) for i in images]))
    found = [{"id": 77777, "name": "nothing that is known"}] + [{"id": k, "name": c["name"]} for k, c in enumerate(categories)]
    label = {77777: 0, **{c["id"]: i + 1 for i, c in enumerate(categories)}}
    write_stream(evalap.results + ".stream", "detection", found, numbered(
        [detection(i, [r for r in results if r["image_id"] == i["id"]], label, kind) for i in images]))


def compare(evalap, kind, seed, number, rng):
    """What differs between JSON and streams on either side, and whether something is found."""
    truth, results = eval_nasty.data_set(kind, seed, number)
    options = eval_nasty.some_options(kind, seed, number, truth)
    restrict(truth, results, kind)
    write_both(evalap, truth, results, kind, rng)
    want = evalap.run(kind, **options)
    plain = evalap.truth, evalap.results
    if isinstance(want, str):
        return want, False
    differs = ""
    for ends in ("", ".stream"), (".stream", ""), (".stream", ".stream"):
        evalap.truth, evalap.results = (path + end for path, end in zip(plain, ends))
        differs = differs or eval_compare.difference(evalap.run(kind, **options), want)
        evalap.truth, evalap.results = plain
    return differs, any(figure > 0 for figure in want[1])


def main():
    count, seed, kinds = int(sys.argv[2]), int(sys.argv[3]), sys.argv[4:]
    rng, failed = random.Random(seed), False
    with tempfile.TemporaryDirectory() as scratch:
        evalap = eval_compare.Evalap(sys.argv[1], scratch)
        for i, kind in enumerate(kinds):
            differing = found = 0
            for number in range(count):
                differs, any_found = compare(evalap, kind, seed, number, rng)
                differing += bool(differs)
                found += any_found
                print("# %s %d %d: %s\n" % (kind, seed, number, differs) if differs else "", end="")
            bad = differing > 0 or found < count / 3
            failed = failed or bad
            print("%s %d - %s: streams give what JSON gives on %d random data sets (something is found in %d)" %
                  ("not ok" if bad else "ok", i + 1, kind, count, found))
    print("1..%d" % len(kinds))
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
