#!/bin/bash
# evalap against a slow reference of our own, on random data sets full of ties and borders.
. "$(dirname "$0")/tap.sh"
python=/usr/bin/python3
"$python" -c 'import numpy' 2> /dev/null || skip_all "python3-numpy is not installed"
export PYTHONDONTWRITEBYTECODE=1
"$python" "$ROOT/tests/eval_compare.py" "$(command -v evalap)" 60 1 bbox segm keypoints
