#!/bin/bash
# trainstep --profile and --peak: figures that add up, and files that others can read.
. "$(dirname "$0")/tap.sh"
. "$(dirname "$0")/tiny.sh"

pixel_stream --seed 1 > "$T/data.stream"
ok "measures the machine" trainstep -j1 --peak "$T/peak.json"
is "$(jq -c '.peaks | map(.threads)' "$T/peak.json")" "[1]" "with one thread"
is "$(jq '.peaks | all(.[]; .f32_gflops > 0 and .bf16_gflops >= 0 and .gb_per_sec > 0)' "$T/peak.json")" true "peaks are positive"

train --steps 5 -o "$T/plain.safetensors" "$T/data.stream"
train --steps 5 --profile "$T/trace.json" --peak "$T/peak.json" -o "$T/m.safetensors" "$T/data.stream" 2> "$T/table"
is "$(sums "$T/m.safetensors" "$T/m.state")" "$(sums "$T/plain.safetensors" "$T/plain.state")" "a profile changes no bit"
is "$(jq '.traceEvents | map(select(.name == "step")) | length' "$T/trace.json")" 3 "the first two of five steps are left out"
is "$(jq '.traceEvents | all(.[]; .ph == "X" and .ts >= 0 and .dur >= 0 and .pid == 1)' "$T/trace.json")" true "events are complete"
is "$(jq '[.traceEvents[] | select(.cat == "forward" and .name == "conv2d")] | length' "$T/trace.json")" $((3 * (20 + 8 + 10))) \
	"all convolutions of body, pyramid and towers, in each step"
# Ops lie inside their part, one after the other, and the parts fill the step.
is "$(jq '[.traceEvents[] | select(.cat == "part")] as $part | [.traceEvents[] | select(.cat != "part")] | all(.[]; . as $op |
	any($part[]; .name == $op.cat and .ts <= $op.ts and $op.ts + $op.dur <= .ts + .dur + 1))' "$T/trace.json")" true "ops lie inside their part"
is "$(jq '[.traceEvents[] | select(.cat != "part")] | sort_by(.ts) | [.[:-1], .[1:]] | transpose | all(.[]; .[0].ts + .[0].dur <= .[1].ts + 1)' \
	"$T/trace.json")" true "one after the other"
is "$(jq '[.traceEvents[] | select(.cat == "part")] | (map(select(.name == "step").dur) | add) as $step |
	(map(select(.name != "step").dur) | add) / $step | . > 0.9 and . <= 1' "$T/trace.json")" true "forward, backward and optimizer are a step"
like "$(head -n 1 "$T/table")" "^op +pass +calls +ms +% +GFLOP/s +GB/s % peak$" "the table has its columns"
is "$(awk '/^a step/ { whole = $(NF - 1); next } NR > 1 { sum += $0 ~ /^(outside|the rest|optimizer)/ ? $(NF - 1) : $4 }
	END { print (sum > 0.99 * whole && sum < 1.01 * whole) ? "yes" : "no: " sum " of " whole }' "$T/table")" yes "its times add up to the step"
is "$(awk '$1 == "conv2d" && $2 == "forward" { print $3 }' "$T/table")" 38 "calls are a step's"
train --steps 3 --profile "$T/trace.json" -o "$T/m.safetensors" "$T/data.stream" 2> "$T/table"
ok "without peaks there is no column of them" test "$(head -n 1 "$T/table" | grep -c peak)" = 0

train --steps 3 --recompute --accumulate 2 --profile "$T/trace.json" -o "$T/m.safetensors" "$T/data.stream" 2> "$T/table"
is "$(jq -c '[.traceEvents[] | select(.cat == "part").name] | group_by(.) | map([.[0], length])' "$T/trace.json")" \
	'[["backward",2],["forward",2],["optimizer",1],["step",1]]' "a step in two parts has two of each pass"
ok "what is computed again has its lines" grep -q '^conv2d  *again' "$T/table"

fails_with 1 "begins with the third step" train --steps 2 --profile "$T/x.json" -o "$T/m.safetensors" "$T/data.stream"
fails_with 1 "cannot open '.*none'" train --steps 3 --profile "$T/x.json" --peak "$T/none" -o "$T/m.safetensors" "$T/data.stream"
echo '{"peaks":[{"threads":7,"f32_gflops":1,"gb_per_sec":1}]}' > "$T/seven"
fails_with 1 "has no peaks of 1 threads" train --steps 3 --profile "$T/x.json" --peak "$T/seven" -o "$T/m.safetensors" "$T/data.stream"
echo '{"peaks":[{"threads":1,"f32_gflops":"fast"}]}' > "$T/text"
fails_with 1 "text:1:[0-9]+: a peak is a number" train --steps 3 --profile "$T/x.json" --peak "$T/text" -o "$T/m.safetensors" "$T/data.stream"
echo '[1]' > "$T/list"
fails_with 1 "no file of trainstep --peak" train --steps 3 --profile "$T/x.json" --peak "$T/list" -o "$T/m.safetensors" "$T/data.stream"
fails_with 1 "cannot" trainstep -j1 --peak "$T/nodir/peak.json"
done_testing
