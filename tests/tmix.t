#!/bin/bash
# tmix: whose turn it is, from any position on; packs that loop and shuffle; holes; where it ends; and what it refuses.
. "$(dirname "$0")/tap.sh"

coco-synth -q -o "$T/a" -n 6 --size 64x64 --classes 2 --seed 1
coco-synth -q -o "$T/b" -n 10 --size 64x64 --classes 2 --seed 2
coco-pack -q "$T/a/instances.json" --images "$T/a/images" -o "$T/human.pack"
coco-pack -q "$T/b/instances.json" --images "$T/b/images" -o "$T/pseudo.pack"
h=$T/human.pack p=$T/pseudo.pack

# turns FILE...: "seq input id" of each record.
turns() {
	tstream dump "$@" | jq -r 'select(.id) | "\(.seq) \(.input) \(.id)"'
}

# Two inputs by turns, until the first ends.
tmix -q "$h" "$p" > "$T/m.stream"
is "$(turns "$T/m.stream")" "$(for i in 0 1 2 3 4 5; do echo "$((2 * i)) 0 $((i + 1))"; echo "$((2 * i + 1)) 1 $((i + 1))"; done)" \
	"one of each in turn, until the first ends"
is "$(tstream dump --header "$T/m.stream" | jq -c 'select(.planned) | [.planned, .start]')" "[12,0]" "that many are planned"
is "$(tstream dump --header "$T/m.stream" | tail -n 1 | jq -c '[.in[0], .out[0], .deselected[0]]')" "[12,12,0]" "and counted"
is "$(tstream dump --full "$T/m.stream" | jq -c 'select(.input == 1) | del(.input, .seq)')" \
	"$(tstream dump --full "$p" | jq -c 'select(.id) | del(.seq)' | head -n 6)" "all else stays as it is"
is "$(tstream dump --header "$T/m.stream" | jq -c 'select(.provenance) | .provenance | map(.tool)')" '["coco-pack","coco-pack","tmix"]' \
	"the chains of both are kept"
like "$(tstream dump --header "$T/m.stream" | jq -r 'select(.provenance) | .provenance[2].options')" \
	"^ratio= until= loop=false epochs=1 shuffle=false count=-1 inputs=human,pseudo links=1,1 data=[0-9a-f]{16},[0-9a-f]{16}$" "and told apart"
like "$(tmix "$h" "$p" 2>&1 > "$T/again")" ": +6 samples of human, which ended$" "who ended is said"
ok "the same inputs, the same mixture" cmp "$T/m.stream" "$T/again"
is "$(tmix -q "$p" "$h" | turns | tail -n 1)" "12 0 7" "the first input may have one turn more"
tmix -q "$h" "$p" -o "$T/m.pack"
ok "a pack is the same" cmp <(tstream cat "$T/m.pack") "$T/m.stream"

# Ratios: each input is never a whole turn off its share.
for ratio in 1:3 3:2 1:1:1 5:2:7 1:100 4096:1 1; do
	n=$(tr ':' '\n' <<< "$ratio" | wc -l)
	inputs=()
	for ((i = 0; i < n; i++)); do inputs+=("$h"); done
	names=$(seq -s , 1 "$n")
	tmix -q -r $ratio --names "$names" --loop --count 500 "${inputs[@]}" | turns > "$T/turns"
	is "$(awk -v ratio=$ratio 'BEGIN { n = split(ratio, r, ":"); for (k in r) sum += r[k] }
		$1 != NR - 1 { bad++ } { count[$2]++; for (k = 1; k <= n; k++) { off = count[k - 1] - NR * r[k] / sum; bad += off >= 1 || off <= -1 } }
		END { print NR, bad + 0 }' "$T/turns")" "500 0" "ratio $ratio: everybody has his share at any time"
	is "$(awk '{ n = count[$2]++; bad += $3 != n % 6 + 1 } END { print bad + 0 }' "$T/turns")" 0 "ratio $ratio: in the order of the input"
done

# From any position on: the same records, and the positions of the inputs.
mixed() {
	tmix -q -r 2:3 --shuffle --loop --until human --epochs 4 --seed 7 "$h" "$p" "$@"
}
mixed > "$T/whole.stream"
turns "$T/whole.stream" > "$T/whole"
is "$(cut -d' ' -f2 "$T/whole" | sort | uniq -c | tr -s ' \n' ' ')" " 24 0 37 1 " "24 turns of the named input, and as many of the other as go before its end"
is "$(tstream dump --header "$T/whole.stream" | jq 'select(.planned) | .planned')" "$(wc -l < "$T/whole")" "which was planned"
for start in 0 1 7 29 59 60; do
	mixed --start $start > "$T/rest.stream"
	is "$(turns "$T/rest.stream")" "$(awk -v s=$start '$1 >= s' "$T/whole")" "from position $start on"
	is "$(tstream dump --header "$T/rest.stream" | jq -r 'select(.planned) | .start // 0')" $start "and the header says so"
	is "$(tmix -r 2:3 --positions $start | tr '\n' ' ')" "$(awk -v s=$start '$1 < s { n[$2]++ } END { print n[0] + 0, n[1] + 0 }' "$T/whole") " \
		"--positions $start"
done
ok "shuffled, every pass has all of the pack" test "$(awk '$2 == 0 { print int(n / 6), $3; n++ }' "$T/whole" | sort -u | wc -l)" = 24
ok "in an order of its own" test "$(awk '$2 == 0 && n++ < 6 { print $3 }' "$T/whole")" != "$(awk '$2 == 0 { if (n >= 6 && n < 12) print $3; n++ }' "$T/whole")"
is "$(tstream dump "$T/whole.stream" | jq -r 'select(.input == 0) | .epoch // 0' | uniq -c | tr -s ' \n' ' ')" " 6 0 6 1 6 2 6 3 " "and is an epoch"
tmix -q -r 2:3 --shuffle --loop --until human --epochs 4 --seed 8 "$h" "$p" > "$T/other.stream"
ok "another seed, another order" test "$(turns "$T/other.stream")" != "$(cat "$T/whole")"

# Streams: their seq is their turn, and what they lack is a hole.
rm "$T/b/images/000003.jpg"
source_of() {
	coco-pack -q "$T/$1/instances.json" --images "$T/$1/images" --epochs "$2" --start "${3:-0}" 2> "$T/said"
}
tmix -q -r 1:2 <(source_of a 2) <(source_of b 1) --names one,two > "$T/m.stream"
is "$(turns "$T/m.stream" | awk '{ print $1, $3 }' | tr '\n' ' ')" "0 1 1 1 2 2 4 2 5 4 6 5 7 3 8 6 9 7 10 4 11 8 12 9 13 5 14 10 " \
	"a rejected sample leaves a hole at its turn"
is "$(tstream dump --header "$T/m.stream" | tail -n 1 | jq -c '[.in[0], .out[0], .deselected[0]]')" "[14,14,0]" "holes are nobody's records"
for start in 0 4 9 14; do
	mapfile -t at < <(tmix -r 1:2 --positions $start)
	want=$(turns "$T/m.stream" | awk -v s=$start '$1 >= s')
	is "$(tmix -q -r 1:2 --start $start <(source_of a 2 "${at[0]}") <(source_of b 1 "${at[1]}") --names one,two | turns)" "$want" \
		"sources started at their positions: from $start on"
	tmix -q -r 1:2 --start $start <(source_of a 2) <(source_of b 1) --names one,two > "$T/rest.stream"
	is "$(turns "$T/rest.stream")" "$want" "sources from the beginning, read up to there"
done
is "$(tstream dump --header "$T/rest.stream" | tail -n 1 | jq -c '.in[0] == .out[0] + .deselected[0] and .deselected[0] > 5')" true \
	"what was read up to there is deselected"
fails_with 1 "starts at sample 3, but the mixture takes it from 1 on; start its source with --start 1" \
	tmix -r 1:2 --start 4 <(source_of a 2 3) <(source_of b 1) --names one,two
is "$(source_of a 1 | tmix -q - "$p" | turns | tail -n 1)" "11 1 6" "one may be standard input"
fails_with 1 "position 0 comes after 5; streams that were joined have no order of their own, so write them to a pack" \
	tmix <(source_of a 1; source_of a 1) "$p" --names one,two
tmix -q --names one,two <(source_of a 1; source_of a 1) <(source_of b 1) > /dev/null 2>&1
is $? 1 "whatever ends"

# Ends.
is "$(tmix -q --until pseudo --loop "$h" "$p" | turns | tail -n 1)" "20 0 5" "--until ends with that input"
fails_with 1 "human.pack' ended after 6 samples, before '.*pseudo.pack' did; a pack can --loop" tmix --until pseudo "$h" "$p"
is "$(tmix -q --count 5 "$h" "$p" | turns | wc -l)" 5 "--count ends"
fails_with 1 "nothing ends: all inputs are packs that loop; give --count or --until" tmix --loop "$h" "$p"
fails_with 1 "start 13 is behind the end of the mixture of 12 positions" tmix --start 13 "$h" "$p"
is "$(tmix -q --start 12 "$h" "$p" | tstream check)" "standard input: ok, 0 records, 0 objects" "the end itself is a position"

# Refusals.
jq '.categories[1].name = "hexagon"' "$T/a/instances.json" > "$T/other.json"
coco-pack -q "$T/other.json" --images "$T/a/images" -o "$T/other.pack"
fails_with 1 "different categories: '.*human.pack' has 2 \(disc, square\), '.*other.pack' has 2 \(disc, hexagon\)" tmix "$h" "$T/other.pack"
jq '.categories |= .[:1] | .annotations |= map(select(.category_id == 1))' "$T/a/instances.json" > "$T/one.json"
coco-pack -q "$T/one.json" --images "$T/a/images" -o "$T/one.pack"
fails_with 1 "has 2 \(disc, square\), '.*one.pack' has 1 \(disc\)" tmix "$h" "$T/one.pack"
fails_with 1 "holds detections; tmix wants samples" tmix "$h" "$ROOT/formats/vectors/detection.stream"
fails_with 1 "cannot open '.*none'" tmix "$h" "$T/none"
tmix -q "$h" -o "$T/none.pack" --count 5 && tstream head -n 0 "$T/none.pack" | tstream cat -o "$T/none.pack"
fails_with 1 "none.pack' has no records" tmix "$h" "$T/none.pack"
fails_with 2 "one to 64 packs or streams" tmix
fails_with 2 "has 3 parts for 2 inputs" tmix -r 1:1:1 "$h" "$p"
for bad in 0:1 1: :1 1:x 1:4097 -1:1 1,1 ""; do
	fails_with 2 "ratio '$bad': must be whole numbers" tmix -r "$bad" "$h" "$p"
done
fails_with 2 "two inputs are called 'human'; give them --names" tmix "$h" "$h"
fails_with 2 "names 'x': must be 2 words" tmix --names x "$h" "$p"
fails_with 2 "names 'x,y,z': must be 2 words" tmix --names x,y,z "$h" "$p"
fails_with 2 "names 'x, y': must be 2 words, without spaces" tmix --names "x, y" "$h" "$p"
fails_with 2 "until 'x' is no input's name" tmix --until x "$h" "$p"
head -c 3000 "$T/m.stream" > "$T/cut"
fails_with 1 "of '.*cut'|ends" tmix "$T/cut" "$p"
done_testing
