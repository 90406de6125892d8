#!/bin/bash
# 20 steps replayed in torchvision end at the same weights: see replay.py.
. "$(dirname "$0")/../tap.sh"

/usr/bin/python3 -c 'import torchvision' 2> /dev/null || skip_all "torchvision is not installed"
/usr/bin/python3 "$ROOT/tests/parity/replay.py" --build "$ROOT/build/${CONF:-release}" > "$T/report"
status=$?
sed 's/^/# /' "$T/report"
report $status "20 steps replayed in torchvision end at the same weights"
done_testing
