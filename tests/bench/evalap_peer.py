"""pycocotools on two files, as its users call it.

    evalap_peer.py KIND TRUTH RESULTS    print the figures; KIND is bbox, segm or keypoints
"""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "peers"))
from pycoco_run import COCO, COCOeval

kind, truth, results = sys.argv[1:]
gt = COCO(truth)
run = COCOeval(gt, gt.loadRes(results), kind)
run.evaluate()
run.accumulate()
run.summarize()
print([float(v) for v in run.stats])
