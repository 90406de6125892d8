#!/usr/bin/python3
"""probe's classifiers in numpy: Newton's method, eigenvectors, dynamic programming.

Usage: probe_peer.py CLASSIFIER NORMALISE ALIGN DISTANCE L2 TRAIN.jsonl TEST.jsonl

Each file is what `tstream dump --full --header` prints. Prints accuracy, ECE and how many are right of each class, as JSON.
"""
import json
import sys

import numpy as np


def read(path):
    lines = [json.loads(line) for line in open(path)]
    names = [c["name"] for c in lines[0]["categories"]]
    records = [r for r in lines if "features" in r]
    return np.array([r["features"]["values"] for r in records]), np.array([r["class_label"] for r in records]), names


def zscore(x, like):
    deviation = like.std(0)
    return (x - like.mean(0)) / np.where(deviation > 1e-12 * np.abs(like.mean(0)), deviation, 1)


def power(c, p):
    values, vectors = np.linalg.eigh(c)
    return (vectors * values ** p) @ vectors.T


def coral(s, t):
    eye = np.eye(s.shape[1])
    return s @ power(np.cov(s, rowvar=False) + eye, -0.5) @ power(np.cov(t, rowvar=False) + eye, 0.5)


def softmax(z):
    e = np.exp(z - z.max(1, keepdims=True))
    return e / e.sum(1, keepdims=True)


def newton(x, y, k, l2):
    """Weights with a column for the bias; the loss without its constant direction is strictly convex."""
    n, x1 = len(x), np.hstack([x, np.ones((len(x), 1))])
    d = x1.shape[1]
    w, decay = np.zeros((k, d)), np.r_[np.full(d - 1, l2), 0]

    def loss(v):
        z = x1 @ v.T
        top = z.max(1)
        return np.mean(np.log(np.exp(z - top[:, None]).sum(1)) + top - z[np.arange(n), y]) + (decay * v * v).sum() / 2
    for _ in range(100):
        p = softmax(x1 @ w.T)
        g = (p - np.eye(k)[y]).T @ x1 / n + decay * w
        h = np.zeros((k, d, k, d))
        for a in range(k):
            for b in range(k):
                weight = p[:, a] * ((a == b) - p[:, b]) / n
                h[a, :, b, :] = (x1 * weight[:, None]).T @ x1 + (a == b) * np.diag(decay)
        step = np.linalg.lstsq(h.reshape(k * d, k * d), g.ravel(), rcond=1e-13)[0].reshape(k, d)
        rate = 1.0
        while loss(w - rate * step) > loss(w) and rate > 1e-6:
            rate /= 2
        w -= rate * step
        if np.abs(g).max() < 1e-11:
            break
    return w


def distances(x, means, kind):
    if kind == "cosine":
        return 1 - (x @ means.T) / np.linalg.norm(x, axis=1)[:, None] / np.linalg.norm(means, axis=1)
    squared = ((x[:, None] - means[None]) ** 2).sum(2)
    return squared if kind == "sqeuclidean" else np.sqrt(squared)


def cover(cost):
    """The cheapest assignment in which every class has a row: over rows and sets of served classes."""
    n, k = cost.shape
    best = np.full((n + 1, 1 << k), np.inf)
    best[0, 0] = 0
    how = np.zeros((n + 1, 1 << k, 2), int)
    for i in range(n):
        for s in range(1 << k):
            for j in range(k):
                t = s | 1 << j
                if best[i, s] + cost[i, j] < best[i + 1, t]:
                    best[i + 1, t], how[i + 1, t] = best[i, s] + cost[i, j], (s, j)
    answer, s = np.zeros(n, int), (1 << k) - 1
    for i in range(n, 0, -1):
        s, answer[i - 1] = how[i, s]
    return answer


def main(classifier, normalise, align, distance, l2, train_path, test_path):
    (x, y, names), (t, u, _) = read(train_path), read(test_path)
    k = len(names)
    if normalise == "apart":
        x, t = (v / v.sum(1, keepdims=True) for v in (x, t))
        x, t = zscore(x, x), zscore(t, t)
    elif normalise == "joint":
        x, t = zscore(x, x), zscore(t, x)
    if align == "coral":
        x = coral(x, t)
    if classifier == "linear":
        w = newton(x, y, k, float(l2))
        p = softmax(np.hstack([t, np.ones((len(t), 1))]) @ w.T)
        answer = p.argmax(1)
    else:
        cost = distances(t, np.stack([x[y == j].mean(0) for j in range(k)]), distance)
        p = softmax(-cost)
        answer = cost.argmin(1) if classifier == "mean" else cover(cost)
    confidence, right = p[np.arange(len(t)), answer], answer == u
    bins = np.maximum(np.ceil(confidence * 15), 1)
    ece = sum(abs(right[bins == b].sum() - confidence[bins == b].sum()) for b in set(bins)) / len(t)
    print(json.dumps([right.mean(), ece, [int(right[u == j].sum()) for j in range(k)]]))


if __name__ == "__main__":
    main(*sys.argv[1:])
