#!/bin/bash
# evalap against a slow reference of our own, on random data sets full of ties and borders.
. "$(dirname "$0")/tap.sh"
python=/usr/bin/python3
"$python" -c 'import numpy' 2> /dev/null || skip_all "python3-numpy is not installed"
exec "$python" "$ROOT/tests/eval_reference.py" "$(command -v evalap)" 300 1
