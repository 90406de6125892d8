#!/bin/bash
# pseudolabel --watch-dir --store: only what is new, once, whatever is killed when; damaged images; other teachers; gates.
. "$(dirname "$0")/tap.sh"
. "$(dirname "$0")/tiny.sh"

kills=20 images=200
[ "${CONF:-}" = asan ] && kills=3 images=40
coco-pack -q "$T/set/instances.json" --images "$T/set/images" -o "$T/set.pack"
coco-pack -q "$T/set.pack" --shuffle --epochs 2 | augment -q -s0 --size 64 | train -b 4 -o "$T/t.safetensors"
rm "$T/t.state"
coco-synth -q -o "$T/drawn" -n $((images + 1)) --size 64x64 --classes 3 --objects 3 --seed 9
in=$T/incoming store=$T/labels
mkdir -p "$in/deep er"
job=(pseudolabel -j1 -t "$T/t.safetensors" --watch-dir "$in" --store "$store" --score-threshold 0.01 --max-per-image 3 --chunk 4)

# images FROM TO: these pictures arrive, some of them under names that hurt.
arrive() {
	local i
	for ((i = $1; i <= $2; i++)); do
		cp "$T/drawn/images/$(printf %06d "$i").jpg" "$in/deep er/new"$'\n'"$i \"x\".jpg"
	done
}
packs() {
	find "$store" -path "*/$1*.pack" | sort
}
# labelled: "ID COUNT" of every image in all packs.
labelled() {
	local pack
	packs "" | while read -r pack; do
		tstream dump "$pack" | jq -r 'select(.id) | .id'
	done | sort | uniq -c | awk '{ print $2, $1 }'
}
# contents: how many different pictures there are.
contents() {
	find "$in" -name '*.jpg' -exec sh -c 'sha256sum < "$1"' sh {} \; | sort -u | wc -l
}

arrive 1 3
cp "$in/deep er/new"$'\n''1 "x".jpg' "$in/again.jpg"
ok "labels what is there" "${job[@]}"
is "$(labelled | cut -d' ' -f2 | tr -d '\n')" 111 "three pictures once, though one of them is there twice"
is "$(packs "" | wc -l)" 1 "in a pack"
key=$(readlink "$store/latest")
like "$key" "^[0-9a-f]{16}$" "latest is a link to it"
is "$(tstream dump --header "$store/latest/000001.pack" | head -n 1 | jq -c '[.kind, (.categories | map(.name)), (.provenance | map(.tool))]')" \
	'["sample",["disc","square","triangle"],["pseudolabel"]]' "with classes and lineage"
is "$(tstream dump "$store/latest/000001.pack" | jq -s -c 'map(select(.id)) | [(map(.source) | unique), (map(.boxes.shape[0]) | unique)]')" '[["incoming"],[3]]' \
	"objects and the directory's name"
is "$(tstream dump "$store/latest/000001.pack" | jq -r 'select(.id) | .file_name' | head -n 1)" "again.jpg" "and its files'"
like "$("${job[@]}" 2>&1)" "^pseudolabel: nothing new: 4 images in '.*incoming', 3 labelled and 0 left out" "then there is nothing new"
is "$(jq -c '[.images, .labels]' "$store/latest/report.json")" "[3,9]" "the report stays that of the last labels"
ok "as text and drawing, too" test -s "$store/latest/report.txt" -a -s "$store/latest/report.svg"
cp "$store/latest/000001.pack" "$T/first.pack"
arrive 4 5
ok "two more" "${job[@]}" -q
ok "leave the first pack alone" cmp "$store/latest/000001.pack" "$T/first.pack"
is "$(labelled | wc -l)" 5 "and are labelled"

# One job at a time: the second one is told at once.
exec 8<> "$store/.lock"
flock 8
"${job[@]}" 2> "$T/said"
is $? 75 "a second job ends with 75"
like "$(cat "$T/said")" "another job works on '.*labels'" "and says why"
exec 8>&-

# Two jobs at once, again and again, and always something new; the one that works is killed at a random moment.
now_ms() {
	echo $(($(date +%s%N) / 1000000))
}
there=8
arrive 6 $there
began=$(now_ms)
"${job[@]}" -q
took=$(($(now_ms) - began))
RANDOM=11
killed=0 busy=0
for ((i = 0; i < 4 * kills && killed < kills; i++)); do
	if [ $((there + 3)) -le $images ]; then
		arrive $((there + 1)) $((there + 3))
		there=$((there + 3))
	fi
	"${job[@]}" -q 2> /dev/null & one=$!
	"${job[@]}" -q 2> /dev/null & two=$!
	sleep "$(awk "BEGIN { print $took * 1.1 * $RANDOM / 32767 / 1000 }")"
	kill -9 $one 2> /dev/null
	# Whoever was turned away has ended by itself.
	kill -0 $two 2> /dev/null && [ $((RANDOM % 2)) = 1 ] && kill -9 $two 2> /dev/null
	for number in $one $two; do
		wait "$number" 2> /dev/null
		case $? in
		137) killed=$((killed + 1)) ;;
		75) busy=$((busy + 1)) ;;
		esac
	done
	packs "" | while read -r pack; do
		tstream check "$pack" > /dev/null || touch "$T/half"
	done
	labelled | grep -v ' 1$' > "$T/twice" && break
done
ok "$killed of $((2 * i)) jobs were killed" test $killed -ge $kills
ok "and $busy turned away" test $busy -gt 0
ok "no pack was ever a half one" test ! -e "$T/half"
ok "and no picture in two of them" test ! -s "$T/twice"
ok "the last one ends the work" "${job[@]}" -q
is "$(labelled | cut -d' ' -f2 | sort | uniq -c | tr -s ' \n' ' ')" " $(contents) 1 " "every picture is labelled exactly once"
for pack in $(packs ""); do
	tstream check "$pack" > /dev/null || report 1 "$pack is damaged"
done
mapfile -t all < <(packs "")
is "$(tstream cat "${all[@]}" | tstream check)" "standard input: ok, $(contents) records, $((3 * $(contents))) objects" "all packs read as one stream"

# Damaged images are told, kept in mind, and stop nobody.
head -c 700 "$T/drawn/images/000001.jpg" > "$in/cut.jpg"
echo "no image" > "$in/text.jpg"
cp "$T/drawn/images/$(printf %06d $((images + 1))).jpg" "$in/whole.jpg"
"${job[@]}" 2> "$T/said"
is $? 0 "damaged images are no failure"
like "$(cat "$T/said")" "warning: 2 images cannot be used, see '.*left-out.jsonl'" "but are said"
is "$(jq -r '.file_name' "$store/latest/left-out.jsonl" | sort | tr '\n' ' ')" "cut.jpg text.jpg " "and listed with the reason"
like "$(jq -r .reason "$store/latest/left-out.jsonl")" "text.jpg" "that names them"
is "$(tstream dump "$(packs "$key" | tail -n 1)" | jq -r 'select(.id) | .file_name')" whole.jpg "the one between them is labelled"
like "$("${job[@]}" 2>&1)" "nothing new: .* 2 left out" "they are not tried again"

# Another teacher, other thresholds: labels of their own. A wrong one leaves all as it is.
before=$(find "$store" -type f ! -name .lock -exec sha256sum {} + | sort)
fails_with 1 "none" pseudolabel -t "$T/none" --watch-dir "$in" --store "$store"
fails_with 1 "safetensors|is no model" pseudolabel -t "$T/set.pack" --watch-dir "$in" --store "$store"
fails_with 3 "below the gate of 0.99.* nothing is labelled" "${job[@]}" --min-size 1 --gate "$T/set.pack" --gate-ap 0.99
fails_with 1 "cannot (open|read).*none" pseudolabel -t "$T/t.safetensors" --watch-dir "$T/none" --store "$store"
is "$(find "$store" -type f ! -name .lock -exec sha256sum {} + | sort)" "$before" "failures leave the store as it was"
is "$(readlink "$store/latest")" "$key" "and the link"
ok "other thresholds" "${job[@]}" -q --min-size 2 --gate "$T/set.pack" --gate-ap 0
ok "have labels of their own" test "$(readlink "$store/latest")" != "$key"
is "$(find -L "$store/latest" -name '*.pack' -exec tstream dump {} + | jq -r 'select(.id) | .id' | sort -u | wc -l)" "$(($(contents) - 2))" \
	"of all images"
printf x >> "$store/latest/000001.pack"
fails_with 1 "000001.pack" "${job[@]}" --min-size 2
done_testing
