#!/bin/bash
# All benchmarks, one after the other: name, value, unit, peer's value, ratio, remarks, separated by tabs.
set -euo pipefail
cd "$(dirname "$0")"

printf 'name\tvalue\tunit\tpeer\tratio\tremarks\n'
failed=0
for script in *.sh; do
	[ "$script" = run.sh ] || "./$script" || failed=1
done
exit $failed
