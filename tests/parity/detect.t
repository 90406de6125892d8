#!/bin/bash
# lib/detect equals torchvision, piece by piece: see detect.py.
. "$(dirname "$0")/../tap.sh"

/usr/bin/python3 -c 'import torchvision' 2> /dev/null || skip_all "torchvision is not installed"
/usr/bin/python3 "$ROOT/tests/parity/detect.py" "$ROOT/build/${CONF:-release}" > "$T/report"
status=$?
sed 's/^/# /' "$T/report"
report $status "lib/detect equals torchvision, piece by piece"
done_testing
