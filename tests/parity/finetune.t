#!/bin/bash
# Fine-tuning steps replayed in torchvision end at the same weights: see finetune.py.
. "$(dirname "$0")/../tap.sh"

/usr/bin/python3 -c 'import torchvision' 2> /dev/null || skip_all "torchvision is not installed"
/usr/bin/python3 "$ROOT/tests/parity/finetune.py" --build "$ROOT/build/${CONF:-release}" > "$T/report"
status=$?
sed 's/^/# /' "$T/report"
report $status "fine-tuning steps replayed in torchvision end at the same weights"
done_testing
