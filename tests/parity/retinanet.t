#!/bin/bash
# losses, gradients and detections equal torchvision's: see retinanet.py.
. "$(dirname "$0")/../tap.sh"

/usr/bin/python3 -c 'import torchvision' 2> /dev/null || skip_all "torchvision is not installed"
/usr/bin/python3 "$ROOT/tests/parity/retinanet.py" --build "$ROOT/build/${CONF:-release}" > "$T/report"
status=$?
sed 's/^/# /' "$T/report"
report $status "losses, gradients and detections equal torchvision's"
done_testing
