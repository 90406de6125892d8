"""Classification figures by numpy, on random scores full of ties, compared with evalap -t classify and -t ood.

    eval_classify.py EVALAP N SEED      compare N random data sets; exit 1 and say which differ
"""

import csv
import json
import os
import random
import subprocess
import sys
import tempfile

import numpy as np

BINS = 15


def softmax(scores):
    e = np.exp(scores - scores.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def calibration_error(confidence, right):
    edges = np.arange(BINS + 1) / BINS
    error = 0.0
    for low, high in zip(edges[:-1], edges[1:]):
        chosen = (confidence > low) & (confidence <= high) | ((low == 0) & (confidence == 0))
        if chosen.any():
            error += chosen.mean() * abs(right[chosen].mean() - confidence[chosen].mean())
    return error


def classify(labels, scores, logits):
    """Top-1, top-5, mean class accuracy, calibration error; accuracy and images of each class."""
    order = np.argsort(-scores, axis=1, kind="stable")
    right = order[:, 0] == labels
    n_classes = scores.shape[1]
    accuracy = [float(right[labels == k].mean()) if (labels == k).any() else -1.0 for k in range(n_classes)]
    there = [a for a in accuracy if a >= 0]
    probability = softmax(scores) if logits else scores
    usable = probability.min() >= 0 and probability.max() <= 1
    return ([right.mean(), (order[:, :5] == labels[:, None]).any(axis=1).mean() if n_classes >= 5 else -1.0, np.mean(there),
             calibration_error(probability.max(axis=1), right) if usable else -1.0], accuracy,
            [int((labels == k).sum()) for k in range(n_classes)])


def out_of_distribution(is_out, score):
    """Every pair of one out and one in; the lowest threshold that keeps 95 % of those in."""
    outs, ins = score[is_out], score[~is_out]
    if len(outs) == 0 or len(ins) == 0:
        return [-1.0, -1.0]
    auroc = np.mean((outs[:, None] > ins[None, :]) + 0.5 * (outs[:, None] == ins[None, :]))
    threshold = min(s for s in score if 20 * np.sum(ins <= s) >= 19 * len(ins))
    return [auroc, np.mean(outs <= threshold)]


def write_csv(path, header, rows):
    with open(path, "w", newline="") as file:
        csv.writer(file).writerows([header] + rows)


def write_json(path, rows, rng):
    with open(path, "w") as file:
        if rng.random() < 0.5:
            json.dump(rows, file, indent=rng.choice([None, 1]))
        else:
            file.write("".join(json.dumps(r) + "\n" for r in rows))


def write_truth(path, ids, labels, names, rng):
    """As numbers or names, in CSV or JSON; no class: empty, null or -1."""
    by_name = names is not None and rng.random() < 0.7
    shown = [names[k] if by_name and k >= 0 else int(k) if k >= 0 else None for k in labels]
    if rng.random() < 0.5:
        write_csv(path, ["label", "image_id"], [[rng.choice(["", -1]) if s is None else s, i] for i, s in zip(ids, shown)])
    else:
        write_json(path, [{"image_id": i, "label": s if s is not None else rng.choice([None, -1])} for i, s in zip(ids, shown)], rng)


def write_results(path, ids, scores, names, ood, rng):
    if names is not None:
        extra = [] if ood is None else ["ood_score"]
        write_csv(path, ["image_id"] + names + extra,
                  [[i] + [repr(float(v)) for v in row] + ([] if ood is None else [repr(float(ood[n]))])
                   for n, (i, row) in enumerate(zip(ids, scores))])
        return
    rows = [{"image_id": i, "scores": [float(v) for v in row]} for i, row in zip(ids, scores)]
    for n, row in enumerate(rows if ood is not None else []):
        row["ood_score"] = float(ood[n])
    write_json(path, rows, rng)


def close(a, b):
    return len(a) == len(b) and all(abs(x - y) <= 1e-12 for x, y in zip(a, b))


def evalap(program, kind, directory, logits):
    out = subprocess.run([program, "-q", "-t", kind, "-g", os.path.join(directory, "gt"), "--json"] + ["--logits"] * logits
                         + [os.path.join(directory, "dt")], capture_output=True, check=True)
    return json.loads(out.stdout)


def same(program, rng):
    numbers = np.random.RandomState(rng.randrange(1 << 30))
    n, n_classes = rng.randint(2, 60), rng.choice([2, 3, 5, 8])
    logits = rng.random() < 0.5
    scores = numbers.randint(0, 9, (n, n_classes)) / 8.0 if rng.random() < 0.5 else numbers.rand(n, n_classes)
    scores = scores * 6 - 3 if logits else scores
    labels = np.where(numbers.rand(n) < 0.5, scores.argmax(axis=1), numbers.randint(0, n_classes, n))
    labels[numbers.rand(n) < 0.2] = -1
    labels[0] = 0
    names = rng.choice([None, [f"class {k}, the" for k in range(n_classes)], [str(k) for k in range(n_classes)]])
    ids = rng.sample(range(1000), n) if rng.random() < 0.5 else [f"a/{k:03d}.jpg" for k in rng.sample(range(1000), n)]
    ood = rng.choice([None, numbers.randint(-4, 5, n) / 2])
    order = rng.sample(range(n), n)
    with tempfile.TemporaryDirectory() as directory:
        write_truth(os.path.join(directory, "gt"), ids, labels, names, rng)
        write_results(os.path.join(directory, "dt"), [ids[i] for i in order], scores[order], names,
                      None if ood is None else ood[order], rng)
        got, got_ood = (evalap(program, kind, directory, logits) for kind in ("classify", "ood"))
    want, accuracy, images = classify(labels[labels >= 0], scores[labels >= 0], logits)
    confidence = (softmax(scores) if logits else scores).max(axis=1)
    want_ood = out_of_distribution(labels < 0, -confidence if ood is None else ood)
    if (close(got["stats"], want) and close([k["accuracy"] for k in got["per_class"]], accuracy)
            and [k["images"] for k in got["per_class"]] == images and close(got_ood["stats"], want_ood)):
        return True
    print(f"# got  {got['stats']} {got_ood['stats']}\n# want {want} {want_ood}")
    return False


def main():
    program, n, seed = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    wrong = [i for i in range(n) if not same(program, random.Random(f"{seed} {i}"))]
    if wrong:
        sys.exit(f"differ: {wrong}")


main()
