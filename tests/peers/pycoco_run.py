"""pycocotools, run as it is on a data set in memory.

Its plotting is never used, so matplotlib need not be there; np.float, which new versions of numpy do not have, is given back.
"""

import contextlib
import copy
import io
import sys
import types

import numpy as np

if "float" not in np.__dict__:
    np.float = float
try:
    import matplotlib
except ImportError:
    for missing in ("matplotlib", "matplotlib.pyplot", "matplotlib.collections", "matplotlib.patches"):
        sys.modules[missing] = types.ModuleType(missing)
    sys.modules["matplotlib.collections"].PatchCollection = sys.modules["matplotlib.patches"].Polygon = None

from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval


def evaluate(truth, results, kind, limits=None, agnostic=False, images=None, classes=None):
    """(arrays, figures) as eval_compare.Evalap.run() gives them; figures that do not hold for these limits are -1."""
    with contextlib.redirect_stdout(io.StringIO()), np.errstate(over="ignore"):
        gt = COCO()
        gt.dataset = copy.deepcopy(truth)
        gt.createIndex()
        run = COCOeval(gt, gt.loadRes(copy.deepcopy(results)), kind)
        params = run.params
        params.useCats = 0 if agnostic else 1
        params.maxDets = limits or params.maxDets
        params.imgIds = sorted(images) if images else params.imgIds
        params.catIds = sorted(classes) if classes else params.catIds
        run.evaluate()
        run.accumulate()
        run.summarize()
    return {name: run.eval[name] for name in ("precision", "recall", "scores")}, [float(v) for v in run.stats]
