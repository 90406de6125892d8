#!/bin/bash
# Processors with less than this one: f32 trains everywhere, to the same losses but for rounding, and bf16 says
# why it cannot. COCOPIPE_ISA lowers our own kernels, ONEDNN_MAX_CPU_ISA the library's.
. "$(dirname "$0")/tap.sh"
. "$(dirname "$0")/tiny.sh"

pixel_stream --count 6 > "$T/data.stream"

# losses FILE: of the steps, a line.
losses() {
	jq -s -c 'map(.loss)' "$1"
}

ok "trains with all instructions" train --steps 3 --log "$T/best" -o "$T/best.safetensors" "$T/data.stream"
for level in "avx2 AVX2" "base SSE41"; do
	export COCOPIPE_ISA=${level% *} ONEDNN_MAX_CPU_ISA=${level#* }
	ok "trains with $COCOPIPE_ISA" train --steps 3 --log "$T/log" -o "$T/m.safetensors" "$T/data.stream"
	is "$(jq -n --argjson a "$(losses "$T/best")" --argjson b "$(losses "$T/log")" \
		'[$a, $b] | transpose | length == 3 and all(.[]; (.[0] - .[1] | fabs) < 1e-3 * .[0])')" true "to the same losses"
	fails_with 1 "no bf16 instructions.* take f32" train --steps 1 --dtype bf16 -o "$T/x.safetensors" "$T/data.stream"
	ok "predicts" predict -q -j1 -m "$T/m.safetensors" --score-threshold 0 --coco-json "$T/found.json" "$T/set/images/000001.jpg"
	is "$(jq 'length > 0' "$T/found.json")" true "and finds boxes"
	unset COCOPIPE_ISA ONEDNN_MAX_CPU_ISA
done

# The processor's own conversions round as ours do.
if has_bf16; then
	ok "trains in bf16" train --steps 3 --dtype bf16 -o "$T/own.safetensors" "$T/data.stream"
	export COCOPIPE_ISA=avx512
	ok "and without the processor's conversions" train --steps 3 --dtype bf16 -o "$T/ours.safetensors" "$T/data.stream"
	unset COCOPIPE_ISA
	is "$(sums "$T/own.safetensors")" "$(sums "$T/ours.safetensors")" "to the same bits"
fi
done_testing
