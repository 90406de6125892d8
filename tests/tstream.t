#!/bin/bash
# tstream: what it prints, that pipes and files give the same, and how it fails.
. "$(dirname "$0")/tap.sh"
vectors=$ROOT/formats/vectors
sample=$vectors/sample.stream

# cat: one input is the same stream afterwards, packed, unpacked and through a pipe.
ok "cat of a stream is the stream" cmp <(tstream cat "$sample") "$sample"
ok "cat packs" tstream cat -o "$T/x.pack" "$sample"
ok "a pack is the same on every run" cmp "$T/x.pack" "$vectors/sample.pack"
ok "cat unpacks" cmp <(tstream cat "$T/x.pack") "$sample"
ok "also from a pipe" cmp <(tstream cat < "$T/x.pack") "$sample"
ok "a pack goes through a pipe of cat" cmp <(head -c 9999 "$T/x.pack" | tstream cat -) "$sample"
tstream cat -o "$T/again.pack" "$T/x.pack"
ok "packing a pack changes nothing" cmp "$T/again.pack" "$T/x.pack"

# Streams and packs one after the other.
is "$(cat "$sample" "$sample" | tstream check -)" "standard input: ok, 6 records, 4 objects" "appended streams read as one"
is "$(cat "$T/x.pack" "$T/x.pack" | tstream check)" "standard input: ok, 6 records, 4 objects" "appended packs too"
tstream cat -o "$T/two.stream" "$sample" "$T/x.pack"
is "$(tstream check "$T/two.stream")" "$T/two.stream: ok, 6 records, 4 objects" "cat joins a stream and a pack"
is "$(tstream dump --header "$T/two.stream" | tail -n 1)" \
	'{"in":[12,18],"out":[6,4],"deselected":[4,10],"rejects":{"image missing":[2,2],"box outside the image":[0,2]}}' \
	"and sums the trailers into one"
is "$(tstream dump --header "$T/two.stream" | head -n 1 | jq -c '[.planned, (.provenance | map(.options))]')" \
	'[24,["shuffle=true","cat inputs=2"]]' "planned is the sum, and the chain names cat"
cat "$sample" "$sample" | tstream cat > "$T/joined.stream"
is "$(grep -c 'cocopipe' "$T/joined.stream")" 1 "cat writes one header for appended streams"
fails_with 1 "kind 'detection' follows one of kind 'sample'.*header of" \
	tstream cat "$sample" "$vectors/detection.stream"
cat "$sample" "$vectors/tiny.stream" > "$T/differ"
fails_with 1 "1 categories follows one of 2.*header of the appended stream" tstream check "$T/differ"

# head
is "$(tstream head -n 1 "$T/x.pack" | tstream dump | jq -r .id)" "a/b" "head -n 1 gives the first record"
is "$(tstream head -n 2 "$sample" | tstream dump --header | tail -n 1 | jq -c '[.in, .out]')" "[[2,2],[2,2]]" \
	"its trailer counts what it read"
is "$(tstream head "$T/two.stream" | tstream check)" "standard input: ok, 6 records, 4 objects" "head gives all of a short stream"
is "$(tstream head -n 0 "$sample" | tstream check)" "standard input: ok, 0 records, 0 objects" "head -n 0 is a stream"

# stats, dump
stats=$(tstream stats "$T/x.pack")
like "$stats" "records +3, 2 of them without objects" "stats counts records"
like "$stats" "cat +1 +1 +1 #{40}$" "and objects of a category"
like "$stats" "rejected +1 records, 1 objects: image missing" "and rejects by reason"
like "$stats" "made by +coco-pack 0.1.0, seed 7: shuffle=true" "and tells the provenance"
like "$stats" "width +6 to 64" "and sizes"
is "$(tstream dump "$sample" | jq -c '.boxes | values')" '{"dtype":"f32","shape":[2,4]}' "dump sums up tensors"
is "$(tstream dump --full "$sample" | jq -c '.boxes.values | values')" "[1,2,3.5,4,10,20,30,40]" "dump --full has the values"
is "$(tstream dump --full "$sample" | jq -r '.encoded.base64 | values')" "/9j/2Q==" "and bytes in base64"
is "$(tstream dump -n 1 "$sample" | wc -l)" 1 "dump -n 1 is one line"

# Failures: exit 1 and the place.
: > "$T/empty"
fails_with 1 "is empty, without even a header" tstream check "$T/empty"
fails_with 1 "cannot open '.*none': No such file" tstream stats "$T/none"
fails_with 1 "begin no frame.*header of" tstream stats "$0"
tail -c +105 "$ROOT/formats/vectors/tiny.stream" > "$T/headless"
fails_with 1 "not a stream: it does not begin with a header .header of" tstream stats "$T/headless"
head -c 900 "$sample" > "$T/cut"
for command in head cat stats check dump; do
	fails_with 1 "record 0 of '.*cut'" tstream $command "$T/cut"
done
head -c -60 "$sample" > "$T/cut"
fails_with 1 "without a trailer|inside a frame|bytes of a body" tstream cat "$T/cut"
head -c -1 "$T/x.pack" > "$T/cut.pack"
fails_with 1 "index of '.*cut.pack'" tstream check "$T/cut.pack"
{ cat "$sample"; printf x; } > "$T/more"
fails_with 1 "inside a frame.*appended stream" tstream check "$T/more"
fails_with 1 "longer than the limit of 100" tstream check --cap 100 "$T/two.stream"

# A killed program before it in the pipe: exit 1, and no file.
{ head -c 900 "$sample"; } | tstream cat -o "$T/never.pack" 2> /dev/null
is $? 1 "cat of a dead upstream fails"
ok "and leaves no file" test ! -e "$T/never.pack"
ok "nor a temporary" test -z "$(find "$T" -name 'never*')"

# Outputs that fail.
fails_with 1 "cannot write '/dev/full': No space left" tstream cat -o /dev/full "$sample"
tstream cat "$sample" 2> "$T/err" > /dev/full
is $? 1 "a full standard output fails"
like "$(cat "$T/err")" "cannot write 'standard output': No space left" "and says so"
fails_with 1 "cannot write '.*none/x.pack': No such file" tstream cat -o "$T/none/x.pack" "$sample"
fails_with 1 "cannot write '/dev/full': No space left" tstream stats --plot /dev/full "$sample"
fails_with 1 "cannot write '.*none/p.svg': No such file" tstream stats --plot "$T/none/p.svg" "$sample"
tstream dump "$sample" > /dev/full 2> /dev/null
is $? 1 "dump to a full disk fails"
if command -v script > /dev/null; then
	like "$(script -qec "tstream cat $sample" /dev/null)" "refusing to write a binary stream to a terminal" \
		"no binary on a terminal"
fi

# Usage
fails_with 2 "a command is missing" tstream
fails_with 2 "unknown command 'frob'" tstream frob
fails_with 2 "stats has no --records" tstream stats -n 1 "$sample"
fails_with 2 "check has no --plot" tstream check --plot "$T/p.svg" "$sample"
fails_with 2 "plot wants one input" tstream stats --plot "$T/p.svg" "$sample" "$sample"
fails_with 2 "cat has no --full" tstream cat --full "$sample"
fails_with 2 "check has no --output" tstream check -o "$T/o" "$sample"
done_testing
