#!/bin/bash
# Norms, pooling, element-wise ops and the optimiser equal PyTorch's: see ops.py.
. "$(dirname "$0")/../tap.sh"

/usr/bin/python3 -c 'import torch' 2> /dev/null || skip_all "PyTorch is not installed"
exec /usr/bin/python3 "$ROOT/tests/parity/ops.py"
