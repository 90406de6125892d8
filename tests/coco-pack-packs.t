#!/bin/bash
# Packs that coco-pack writes: the same bytes from any number of threads, and never half a pack, whatever happens.
. "$(dirname "$0")/tap.sh"

coco-synth -q -o "$T/syn" -n 60 --size 160x120 --seed 5
COCO=("$T/syn/instances.json" --images "$T/syn/images")
coco-pack -q "${COCO[@]}" --shuffle --epochs 2 -j1 -o "$T/one.pack"
for j in 1 2 3 8; do
	coco-pack -q "${COCO[@]}" --shuffle --epochs 2 -j$j -o "$T/again.pack"
	ok "-j$j writes the same pack" cmp "$T/one.pack" "$T/again.pack"
	coco-pack -q "$T/one.pack" --shuffle --seed 2 -j$j > "$T/read$j"
	ok "-j$j reads the same from it" cmp "$T/read1" "$T/read$j"
done
ok "the pack is the stream" cmp <(zstd -dcq "$T/one.pack") <(coco-pack -q "${COCO[@]}" --shuffle --epochs 2)
ok "tstream cat packs it alike, in one thread" sh -c "zstd -dcq '$T/one.pack' | tstream cat -o '$T/cat.pack' && cmp '$T/one.pack' '$T/cat.pack'"
is "$(tstream check "$T/one.pack")" "$T/one.pack: ok, 120 records, $(tstream dump "$T/one.pack" | jq -s '[.[].labels.shape[0] // 0] | add') objects" "check"

# Each image has a zstd frame of its own: reading one of them does not touch its neighbours.
frames=$(/usr/bin/python3 -c '
import struct, sys
data = open(sys.argv[1], "rb").read()
print(struct.unpack_from("<I", data, len(data) - 9)[0] - 3)' "$T/one.pack")
small=$(tstream dump "$T/one.pack" | jq '.encoded.bytes' | awk '$1 < 4096' | wc -l)
report "$([ "$frames" -ge $((120 - small)) ]; echo $?)" "images have zstd frames of their own ($frames for 120)"

# Killed in the middle, again and again: what stood there before stands, and the next run takes over.
coco-pack -q "${COCO[@]}" --count 3 -o "$T/before.pack"
cp "$T/before.pack" "$T/kept.pack"
for delay in 0.02 0.05 0.1 0.2; do
	coco-pack -q "${COCO[@]}" --epochs 100000 -o "$T/kept.pack" &
	pid=$!
	sleep $delay
	kill -9 $pid
	wait $pid 2> /dev/null
	ok "killed after $delay s: the pack that was there is as it was" cmp "$T/before.pack" "$T/kept.pack"
done
coco-pack -q "${COCO[@]}" -o "$T/kept.pack"
is "$?" 0 "the next run writes it"
ok "it is whole" tstream check "$T/kept.pack"
is "$(find "$T" -name 'kept*' | wc -l)" 1 "and nothing else is left"
coco-pack -q "${COCO[@]}" --epochs 100000 -o "$T/new.pack" &
pid=$!
sleep 0.1
kill -9 $pid
wait $pid 2> /dev/null
report "$([ ! -e "$T/new.pack" ]; echo $?)" "a new pack of a killed run does not exist"

# A disk that is full, at any point: an error that says so, and what stood there before stands.
size=$(($(stat -c %s "$T/one.pack") / 1024))
for part in 1 $((size / 3)) $((size / 2)) $((size - 1)); do
	cp "$T/before.pack" "$T/kept.pack"
	(
		trap '' XFSZ
		ulimit -f "$part"
		exec coco-pack -q "${COCO[@]}" --shuffle --epochs 2 -j2 -o "$T/kept.pack"
	) 2> "$T/err"
	is "$?" 1 "room for $part KiB of $size: exit 1"
	like "$(cat "$T/err")" "cannot write '.*kept.pack.*': File too large" "which it says"
	ok "the pack that was there is as it was" cmp "$T/before.pack" "$T/kept.pack"
	is "$(find "$T" -name 'kept*' | wc -l)" 1 "and nothing else is left"
done
(ulimit -f $((size + 1)) && exec coco-pack -q "${COCO[@]}" --shuffle --epochs 2 -o "$T/kept.pack")
is "$?" 0 "with room enough it is written"
ok "as ever" cmp "$T/one.pack" "$T/kept.pack"

# Two at once: the second one is told.
mkfifo "$T/hold"
{ coco-pack -q - -o "$T/busy.pack" < "$T/hold" 2> /dev/null; } &
exec 7> "$T/hold"
head -c 3000 "$T/read1" >&7
for _ in 1 2 3 4 5 6 7 8 9 10; do
	[ -e "$T/busy.pack.tmp" ] || sleep 0.1
done
fails_with 1 "another program is writing" coco-pack -q "${COCO[@]}" -o "$T/busy.pack"
exec 7>&-
wait
done_testing
