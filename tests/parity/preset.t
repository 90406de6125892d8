#!/bin/bash
# The preset tpu follows its definition, written out in PyTorch: see preset.py.
. "$(dirname "$0")/../tap.sh"

/usr/bin/python3 -c 'import torchvision' 2> /dev/null || skip_all "torchvision is not installed"
/usr/bin/python3 "$ROOT/tests/parity/preset.py" --build "$ROOT/build/${CONF:-release}" > "$T/report"
status=$?
sed 's/^/# /' "$T/report"
report $status "the preset tpu follows its definition"
done_testing
