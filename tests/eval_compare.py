"""evalap compared with the slow reference on random nasty data sets; prints TAP.

    eval_compare.py EVALAP COUNT SEED KIND...    KIND is bbox, segm or keypoints

A data set that differs is had again with tests/eval_nasty.py KIND SEED NUMBER TRUTH RESULTS.
"""

import json
import os
import subprocess
import sys
import tempfile

import eval_nasty
import eval_reference


class Evalap:
    """The program at a path, run on data sets in a scratch directory."""

    def __init__(self, path, scratch):
        self.path = path
        self.truth, self.results = (os.path.join(scratch, name) for name in ("truth.json", "results.json"))

    def write(self, truth, results):
        for path, what in ((self.truth, truth), (self.results, results)):
            with open(path, "w", encoding="utf-8") as file:
                json.dump(what, file)

    def figures(self, kind):
        done = subprocess.run([self.path, "-q", "--json", "-t", kind, "-g", self.truth, self.results],
                              capture_output=True, check=False)
        return json.loads(done.stdout)["stats"] if done.returncode == 0 else done.stderr.decode()


def compare(evalap, kind, count, seed):
    """How many data sets differ, and in how many something is found at all."""
    differing = found = 0
    for number in range(count):
        truth, results = eval_nasty.data_set(kind, seed, number)
        evalap.write(truth, results)
        want, got = eval_reference.figures(eval_reference.evaluate(truth, results, kind), kind), evalap.figures(kind)
        found += want[0] > 0
        if got != want:
            differing += 1
            print("# %s %d %d\n#   got  %s\n#   want %s" % (kind, seed, number, got, want))
    return differing, found


def main():
    count, seed, kinds = int(sys.argv[2]), int(sys.argv[3]), sys.argv[4:]
    failed = 0
    with tempfile.TemporaryDirectory() as scratch:
        evalap = Evalap(sys.argv[1], scratch)
        for i, kind in enumerate(kinds):
            differing, found = compare(evalap, kind, count, seed)
            enough = found > count / 3
            print("%s %d - %d random data sets give the same doubles: %s" %
                  ("not ok" if differing else "ok", 2 * i + 1, count, kind))
            print("%s %d - in %d of them something is found" % ("ok" if enough else "not ok", 2 * i + 2, found))
            failed |= differing > 0 or not enough
    print("1..%d" % (2 * len(kinds)))
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
