#!/bin/bash
# Every header of lib/ compiles alone.
. "$(dirname "$0")/tap.sh"

cd "$ROOT" || exit 1
for header in lib/*/*.h; do
	printf '#define ISA_SUFFIX _base\n#include "%s"\n' "${header#lib/}" > "$T/alone.c"
	ok "$header" "${CC:-gcc}" -std=gnu17 -D_GNU_SOURCE -Wall -Wextra -Werror -Wno-unused-function -Wno-unused-variable -Ilib \
		-fopenmp -fsyntax-only "$T/alone.c"
done
done_testing
