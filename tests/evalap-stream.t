#!/bin/bash
# evalap: boxes, masks and keypoints in streams evaluate as the same in JSON.
. "$(dirname "$0")/tap.sh"
python=/usr/bin/python3
"$python" -c 'import msgpack, numpy' 2> /dev/null || skip_all "python3-msgpack or python3-numpy is not installed"
export PYTHONDONTWRITEBYTECODE=1
"$python" "$ROOT/tests/eval_streams.py" "$(command -v evalap)" 20 1 bbox segm keypoints
