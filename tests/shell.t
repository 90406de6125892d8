#!/bin/bash
# Every shell script passes shellcheck.
. "$(dirname "$0")/tap.sh"

command -v shellcheck > /dev/null || skip_all "shellcheck is not installed"
cd "$ROOT" || exit 1
for script in tests/*.t tests/*.sh tests/*/*.sh pipelines/*.sh .ci/run; do
	[ -e "$script" ] || continue
	ok "$script" shellcheck -x -P "$(dirname "$script")" -e SC1091,SC2317 "$script"
done
done_testing
