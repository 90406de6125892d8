#!/bin/bash
# tstream salvage: drawn images in a pack, damaged where the seek table says; what is saved, listed and counted.
. "$(dirname "$0")/tap.sh"

coco-synth -q -o "$T/syn" -n 12 --size 160x120 --seed 3
coco-pack -q "$T/syn/instances.json" --images "$T/syn/images" -o "$T/good.pack"

# damage K AT: good.pack with a byte AT bytes into zstd frame K changed (from its end when negative), by the seek table alone.
damage() {
	/usr/bin/python3 - "$T/good.pack" "$T/bad.pack" "$1" "$2" << 'END'
import struct, sys
data = bytearray(open(sys.argv[1], 'rb').read())
n = struct.unpack_from('<I', data, len(data) - 9)[0]
sizes = [struct.unpack_from('<I', data, len(data) - 9 - 8 * (n - i))[0] for i in range(n)]
k, at = int(sys.argv[3]), int(sys.argv[4])
data[sum(sizes[:k]) + (at if at >= 0 else sizes[k] + at)] ^= 0x55
open(sys.argv[2], 'wb').write(data)
END
}
ids() {
	tstream dump "$1" | jq -r .id | tr '\n' ' '
}
# salvage OPTIONS...: its exit status; text in $T/err, out.stream.
salvage() {
	rm -f "$T/out.stream"
	tstream salvage "$T/bad.pack" -o "$T/out.stream" "$@" 2> "$T/err"
	echo $?
}

cp "$T/good.pack" "$T/bad.pack"
is "$(salvage)" 0 "nothing is lost of a whole pack"
is "$(tstream dump --full "$T/out.stream" | sha256sum)" "$(tstream dump --full "$T/good.pack" | sha256sum)" "its records are the same"
like "$(cat "$T/err")" "^tstream: lost +0 records +0 objects" "and it says so"
is "$(tstream dump --header "$T/out.stream" | head -n 1 | jq -r '.provenance[-1].options')" "salvage" "the chain names salvage"

# A record in the middle of its JPEG, which has a zstd frame of its own: frames are the header, then the records.
damage 6 2000
fails_with 1 "record 5 of|zstd frame" tstream check "$T/bad.pack"
is "$(salvage)" 4 "a damaged record: exit status 4"
is "$(ids "$T/out.stream")" "1 2 3 4 5 7 8 9 10 11 12 " "all others are saved"
ok "the result is whole" tstream check "$T/out.stream"
objects=$(tstream dump "$T/good.pack" | jq -s '.[5].labels.shape[0] // 0')
like "$(cat "$T/err")" "^tstream: lost: record 5, id 6, seq 5, $objects objects?: " "the lost one is named"
like "$(tstream dump --header "$T/out.stream" | tail -n 1)" "\"rejects\":\{\"damaged\":\[1,$objects\]\}" "and in the trailer"
is "$(salvage -q --lost "$T/lost")$(cat "$T/err")" 4 "-q is quiet"
is "$(jq -c '[.record, .id, .seq, .objects]' "$T/lost")" "[5,6,5,$objects]" "--lost lists it as JSON"
is "$(jq -r '.reason' "$T/lost")" "damaged: the hash does not match the body" "with the reason"

# The beginning of a frame: nothing can be read of it, but the index has the hash of the id.
damage 8 0
is "$(salvage --lost "$T/lost")" 4 "a zstd frame that does not begin as one"
is "$(jq -c '[.record, .id, .seq]' "$T/lost")" "[7,8,7]" "is named all the same"
like "$(jq -r '.reason' "$T/lost")" "the zstd frame cannot be unpacked: " "with the reason"

# Header, trailer, index, seek table.
damage 0 20
is "$(salvage)" 1 "a damaged header"
like "$(cat "$T/err")" "header of '.*bad.pack' is damaged.*--like" "asks for another"
ok "and leaves no output" test ! -e "$T/out.stream"
is "$(salvage --like "$T/good.pack")" 0 "which --like takes"
is "$(ids "$T/out.stream")" "1 2 3 4 5 6 7 8 9 10 11 12 " "then all is saved"
damage 13 10
is "$(salvage)" 4 "a damaged trailer is a loss"
like "$(cat "$T/err")" "the trailer is lost, and with it the account" "that is named"
is "$(ids "$T/out.stream")" "1 2 3 4 5 6 7 8 9 10 11 12 " "but all records are saved"
damage 14 100
is "$(salvage)" 0 "a damaged index costs nothing"
like "$(cat "$T/err")" "without the index: .*the hash does not match" "and is named"
is "$(ids "$T/out.stream")" "1 2 3 4 5 6 7 8 9 10 11 12 " "all records are saved"
{ head -c -1 "$T/good.pack"; printf 'x'; } > "$T/bad.pack"
is "$(salvage)" 0 "nor does a damaged seek table"

# Cut, and without its first half.
size=$(stat -c %s "$T/good.pack")
head -c $((size / 2)) "$T/good.pack" > "$T/bad.pack"
is "$(salvage --lost "$T/lost")" 4 "half of a pack"
like "$(cat "$T/err")" "how many records are lost is not known" "does not tell how much there was"
ok "what is saved is the beginning" cmp <(tstream dump --full "$T/out.stream") \
	<(tstream dump --full "$T/good.pack" | head -n "$(tstream dump "$T/out.stream" | wc -l)")
is "$(jq -c --argjson half $((size / 2)) '[keys, .offset < $half]' "$T/lost")" '[["offset","reason"],true]' "the gap is listed with its place"
tail -c $((size / 2)) "$T/good.pack" > "$T/bad.pack"
is "$(salvage --like "$T/good.pack")" 4 "the other half"
ok "what is saved is the end" cmp <(tstream dump --full "$T/out.stream") \
	<(tstream dump --full "$T/good.pack" | tail -n "$(tstream dump "$T/out.stream" | wc -l)")
like "$(cat "$T/err")" "^tstream: lost +[0-9]+ records" "the trailer tells how much is lost"
cat "$T/good.pack" "$T/good.pack" > "$T/bad.pack"
is "$(salvage)" 0 "packs one after the other"
is "$(tstream check "$T/out.stream" | grep -o '[0-9]* records')" "24 records" "are saved as one"

# What cannot be done.
fails_with 1 "cannot open '.*none': No such file" tstream salvage "$T/none"
fails_with 1 "is a plain stream, not a pack" tstream salvage "$ROOT/formats/vectors/sample.stream"
fails_with 1 "not a regular file" tstream salvage /dev/null
fails_with 1 "no record of '.*' is left" tstream salvage "$0"
fails_with 1 "cannot write '/dev/full': No space left" tstream salvage "$T/good.pack" -o /dev/full
fails_with 1 "cannot write '.*nodir/x'" tstream salvage "$T/good.pack" -o "$T/o" --lost "$T/nodir/x"
fails_with 1 "2 categories|categories follow|kind" tstream salvage "$T/good.pack" --like "$ROOT/formats/vectors/sample.stream" -o "$T/o"
fails_with 2 "salvage wants one file" tstream salvage
fails_with 2 "salvage wants one file" tstream salvage "$T/good.pack" "$T/good.pack"
fails_with 2 "cat has no --like and no --lost" tstream cat --lost "$T/x" "$T/good.pack"
done_testing
