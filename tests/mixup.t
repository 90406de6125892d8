#!/bin/bash
# mixup through pipes: usage, bad input, pairs by position, and that a classifier learns from what it writes.
. "$(dirname "$0")/tap.sh"

# Two classes of drawn pictures, six of each.
coco-synth -q -o "$T/syn" -n 12 --size 64x64 --seed 3
mkdir -p "$T/set/cat" "$T/set/dog"
i=0
for f in "$T"/syn/images/*.jpg; do
	i=$((i + 1))
	cp "$f" "$T/set/$([ $((i % 2)) = 0 ] && echo cat || echo dog)/$i.jpg"
done
coco-pack -q "$T/set" --shuffle --epochs 2 > "$T/in"
augment -q -scrop --size 32 "$T/in" > "$T/pixels"

fails_with 2 "give --mixup, --cutmix or both" mixup "$T/pixels"
fails_with 2 "--mixup" mixup --mixup x "$T/pixels"
fails_with 2 "--prob" mixup --mixup 1 --prob 1.5 "$T/pixels"
fails_with 2 "one input at most" mixup --mixup 1 a b
fails_with 1 "cannot open" mixup --mixup 1 "$T/nothing"
fails_with 1 "the image is not decoded.*record 1 of .*, image " mixup --mixup 1 "$T/in"
fails_with 1 "the image has objects" mixup --mixup 1 <(coco-pack -q "$T/syn/instances.json" --images "$T/syn/images" | augment -q -scrop --size 32)
fails_with 1 "does not fill its canvas" mixup --mixup 1 <(augment -q -s0 --size 32x48 "$T/in")
coco-synth -q -o "$T/wide" -n 1 --size 96x64 --seed 4
cp "$T"/wide/images/*.jpg "$T/set/cat/wide.jpg"
coco-pack -q "$T/set" | augment -q -s0 --size 32 --max-size 90 > "$T/sizes"
rm "$T/set/cat/wide.jpg"
fails_with 1 "two images to mix have .*record [0-9]* of .*sizes" mixup --mixup 1 "$T/sizes"
head -c 20000 "$T/pixels" > "$T/cut"
fails_with 1 "^mixup: " mixup --mixup 1 -o "$T/never" "$T/cut"
ok "no file appears" test ! -e "$T/never"
fails_with 1 "No space left" mixup --mixup 1 -o /dev/full "$T/pixels"

like "$(mixup --mixup 0.4 --cutmix 1 "$T/pixels" 2>&1 > "$T/mixed")" "^mixup: 24 of 24 samples mixed" "all are mixed, and counted"
mixup -q --mixup 0.4 --cutmix 1 < "$T/pixels" > "$T/pipe"
ok "a | b = a > f; b < f" cmp "$T/mixed" "$T/pipe"
mixup -q --mixup 0.4 --cutmix 1 --seed 1 "$T/pixels" > "$T/other"
not_same() { ! cmp -s "$1" "$2"; }
ok "other seeds give another stream" not_same "$T/mixed" "$T/other"
is "$(tstream dump --full "$T/mixed" | jq -r 'select(.seq) | [(.class_scores.values | add * 1000 | round), (.class_label // -1)] | @csv' | sort -u)" "1000,-1" \
	"classes are shares of one"

# From any whole pair on the records are the same; inside of a pair nothing can be taken up.
coco-pack -q "$T/set" --shuffle --epochs 2 --start 6 | augment -q -scrop --size 32 | mixup -q --mixup 0.4 --cutmix 1 > "$T/late"
records() { tstream dump --full "$1" | jq -c 'select(.seq >= 6)'; }
is "$(records "$T/late")" "$(records "$T/mixed")" "from position 6 on the records are those of the whole run"
coco-pack -q "$T/set" --shuffle --epochs 2 --start 7 | augment -q -scrop --size 32 > "$T/odd"
fails_with 1 "begins at position 7, in the middle of a pair; start it at 6 or 8" mixup --mixup 1 "$T/odd"
coco-pack -q "$T/set" --shuffle --epochs 2 --split 1/2 | augment -q -scrop --size 32 > "$T/half"
like "$(mixup --mixup 1 "$T/half" 2>&1 > /dev/null)" "0 of 12 samples mixed" "neighbours of one reader are no pairs of the run"
like "$(mixup --mixup 1 --readers 2 "$T/half" 2>&1 > /dev/null)" "12 of 12 samples mixed" "unless it is said that there are two"

# The third and fourth of the run lose a partner.
coco-pack -q "$T/set" --count 5 | augment -q -scrop --size 32 > "$T/five"
like "$(mixup --mixup 1 "$T/five" 2>&1 > "$T/out")" "4 of 5 samples mixed" "the last one has no partner"
like "$(tstream check "$T/out" 2>&1)" "5 records" "and is written"

mixup -q --mixup 0.8 --cutmix 1 --smoothing 0.1 "$T/pixels" |
	trainstep -q -m classify-resnet18-bn -o "$T/m.safetensors" --batch 8 --lr 0.01 --warmup 1 > "$T/log" 2> "$T/err"
is $? 0 "a classifier learns from mixed samples"
ok "and leaves a model" test -s "$T/m.safetensors"

done_testing
