"""evalap compared with the slow reference on random nasty data sets; prints TAP.

    eval_compare.py EVALAP COUNT SEED KIND...    KIND is bbox, segm or keypoints

A data set that differs is had again with tests/eval_nasty.py KIND SEED NUMBER TRUTH RESULTS.
"""

import json
import os
import random
import subprocess
import sys
import tempfile

import numpy as np

import eval_nasty
import eval_reference

NAMES = ("precision", "recall", "scores")


class Evalap:
    """The program at a path, run on data sets in a scratch directory."""

    def __init__(self, path, scratch):
        self.path = path
        self.truth, self.results, self.arrays = (os.path.join(scratch, name)
                                                 for name in ("truth.json", "results.json", "arrays.npz"))

    def write(self, truth, results):
        for path, what in ((self.truth, truth), (self.results, results)):
            with open(path, "w", encoding="utf-8") as file:
                json.dump(what, file)

    def run(self, kind, *more, limits=None, agnostic=False, images=None, classes=None):
        """(arrays, figures), or its complaint."""
        command = [self.path, "-q", "--json", "-t", kind, "-g", self.truth, "--arrays", self.arrays, *more]
        for name, numbers in (("--max-dets", limits), ("--images", images), ("--classes", classes)):
            if numbers:
                command += [name, ",".join(map(str, numbers))]
        command += ["--agnostic"] if agnostic else []
        return self.answer([*command, self.results])

    def merge(self, *parts):
        return self.answer([self.path, "merge", "-q", "--json", "--arrays", self.arrays, *parts])

    def answer(self, command):
        done = subprocess.run(command, capture_output=True, check=False)
        if done.returncode != 0:
            return done.stderr.decode()
        with np.load(self.arrays) as arrays:
            return {name: arrays[name] for name in NAMES}, json.loads(done.stdout)["stats"]


def difference(got, want):
    """What differs between (arrays, figures), or nothing."""
    if isinstance(got, str):
        return got
    names = [name for name in NAMES if not np.array_equal(got[0][name], want[0][name])]
    return "%s\n#   got  %s\n#   want %s" % (names, got[1], want[1]) if names or got[1] != want[1] else ""


def compare(evalap, kind, count, seed):
    """How many data sets differ, and in how many something is found at all."""
    differing = found = 0
    for number in range(count):
        truth, results = eval_nasty.data_set(kind, seed, number)
        options = eval_nasty.some_options(kind, seed, number, truth)
        arrays = eval_reference.evaluate(truth, results, kind, **options)
        evalap.write(truth, results)
        differs = difference(evalap.run(kind, **options), (arrays, eval_reference.figures(arrays, kind)))
        found += (arrays["precision"] > 0).any()
        if differs:
            differing += 1
            print("# %s %d %d %s: %s" % (kind, seed, number, options, differs))
    return differing, found


def compare_shards(evalap, kind, seed, number, rng):
    """What differs between one run and the merger of two, each on some of the images."""
    truth, results = eval_nasty.data_set(kind, seed, number)
    evalap.write(truth, results)
    images = [i["id"] for i in truth["images"]]
    rng.shuffle(images)
    cut = rng.randrange(1, len(images)) if len(images) > 1 else 1
    parts = [evalap.truth + ".%d.part" % i for i in range(2)][:len(images)]
    for part, some in zip(parts, (images[:cut], images[cut:])):
        evalap.run(kind, "--partial", part, images=some)
    return difference(evalap.merge(*parts), evalap.run(kind))


def compare_orders(evalap, kind, seed, number, rng):
    """What differs in canonical order when everything is written in another order."""
    truth, results = eval_nasty.data_set(kind, seed, number)
    evalap.write(truth, results)
    want = evalap.run(kind, "--canonical", "-j1")
    for things in (*truth.values(), results):
        rng.shuffle(things)
    evalap.write(truth, results)
    return difference(evalap.run(kind, "--canonical", "-j3"), want)


def compare_ways(evalap, kinds, count, seed):
    """The same data set evaluated in two ways: prints what differs, returns how often."""
    rng, differing = random.Random(seed), 0
    for kind in kinds:
        for number in range(count):
            for way in (compare_shards, compare_orders):
                differs = way(evalap, kind, seed, number, rng)
                differing += bool(differs)
                print("# %s %s %d %d: %s\n" % (way.__name__, kind, seed, number, differs) if differs else "", end="")
    return differing


def main():
    count, seed, kinds = int(sys.argv[2]), int(sys.argv[3]), sys.argv[4:]
    failed = 0
    with tempfile.TemporaryDirectory() as scratch:
        evalap = Evalap(sys.argv[1], scratch)
        for i, kind in enumerate(kinds):
            differing, found = compare(evalap, kind, count, seed)
            enough = found > count / 3
            print("%s %d - %d random data sets give the same arrays and figures: %s" %
                  ("not ok" if differing else "ok", 2 * i + 1, count, kind))
            print("%s %d - in %d of them something is found" % ("ok" if enough else "not ok", 2 * i + 2, found))
            failed |= differing > 0 or not enough
        differing = compare_ways(evalap, kinds, count // 4, seed)
        print("%s %d - shards give the same as one run, and in canonical order the order of the input has no say" %
              ("not ok" if differing else "ok", 2 * len(kinds) + 1))
    print("1..%d" % (2 * len(kinds) + 1))
    return int(failed or differing > 0)


if __name__ == "__main__":
    sys.exit(main())
