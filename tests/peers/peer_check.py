"""evalap, the slow reference of the tests, and pycocotools itself on the same random data sets; prints TAP.

    peer_check.py EVALAP COUNT SEED KIND...    with pycocotools on PYTHONPATH

Arrays are compared with array_equal, figures as doubles. Two differences are known and named: pycocotools cannot
read results without a detection (only the others are compared then), and its first figure (of keypoints: all) is -1 where the
limit is not 100 (20).
"""

import os
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

import eval_compare
import eval_nasty
import eval_reference
import pycoco_run


def expected_figures(figures, kind, options):
    """The figures as pycocotools prints them when it is given limits of its own."""
    limits = options.get("limits")
    if limits is None:
        return figures
    if kind == "keypoints":
        return figures if limits == [20] else [-1.0] * len(figures)
    return figures if limits[-1] == 100 else [-1.0, *figures[1:]]


def first_limit_figure(arrays, figures, kind, options):
    """AP with 100 detections is what pycocotools' first figure is also where 100 is not the last limit."""
    limits = options.get("limits")
    if kind == "keypoints" or limits is None or 100 not in limits[:-1]:
        return figures
    return [eval_reference.mean(arrays["precision"][:, :, :, 0, limits.index(100)]), *figures[1:]]


def check(evalap, kind, count, seed):
    """How many data sets differ, by whom."""
    ours = reference = compared = 0
    for number in range(count):
        truth, results = eval_nasty.data_set(kind, seed, number)
        options = eval_nasty.some_options(kind, seed, number, truth)
        slow = eval_reference.evaluate(truth, results, kind, **options)
        want = slow, eval_reference.figures(slow, kind)
        name = "%s %d %d %s" % (kind, seed, number, options)
        if results:
            compared += 1
            figures = first_limit_figure(slow, expected_figures(want[1], kind, options), kind, options)
            differs = eval_compare.difference((slow, figures), pycoco_run.evaluate(truth, results, kind, **options))
            reference += bool(differs)
            print("# %s: the reference differs: %s\n" % (name, differs) if differs else "", end="")
        evalap.write(truth, results)
        differs = eval_compare.difference(evalap.run(kind, **options), want)
        ours += bool(differs)
        print("# %s: evalap differs: %s\n" % (name, differs) if differs else "", end="", flush=True)
        if (number + 1) % 250 == 0:
            print("# %s: %d data sets, %d differ" % (kind, number + 1, ours), flush=True)
    return ours, reference, compared


def main():
    count, seed, kinds = int(sys.argv[2]), int(sys.argv[3]), sys.argv[4:]
    failed = False
    with tempfile.TemporaryDirectory() as scratch:
        evalap = eval_compare.Evalap(sys.argv[1], scratch)
        for i, kind in enumerate(kinds):
            ours, reference, compared = check(evalap, kind, count, seed)
            print("%s %d - %s: the slow reference equals pycocotools on %d data sets" %
                  ("not ok" if reference else "ok", 2 * i + 1, kind, compared))
            print("%s %d - %s: evalap equals both on %d data sets" % ("not ok" if ours else "ok", 2 * i + 2, kind, count),
                  flush=True)
            failed = failed or ours > 0 or reference > 0
    print("1..%d" % (2 * len(kinds)))
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
