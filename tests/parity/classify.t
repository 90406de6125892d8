#!/bin/bash
# classifiers: losses and gradients equal torchvision's: see classify.py.
. "$(dirname "$0")/../tap.sh"

/usr/bin/python3 -c 'import torchvision' 2> /dev/null || skip_all "torchvision is not installed"
/usr/bin/python3 "$ROOT/tests/parity/classify.py" --build "$ROOT/build/${CONF:-release}" > "$T/report"
status=$?
sed 's/^/# /' "$T/report"
report $status "losses and gradients of classifiers equal torchvision's"
done_testing
