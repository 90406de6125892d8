#!/bin/bash
# Tiny ImageNet's class folders, as they are distributed, through coco-pack, augment and trainstep.
. "$(dirname "$0")/tap.sh"

set=$DATA/tinyimagenet100
[ -d "$set/train" ] || skip_all "$set is not there"
coco-pack -q "$set/val" -o "$T/val.pack"
is "$(tstream check "$T/val.pack")" "$T/val.pack: ok, 2000 records, 0 objects" "20 images of each of 100 classes"
want=$(find "$set/val" -name '*.JPEG' -o -name '*.jpg' -o -name '*.jpeg' | sed "s|$set/val/||" | LC_ALL=C sort | cut -d/ -f1 | uniq -c | awk '{ print NR - 1, $1 }')
is "$(tstream dump "$T/val.pack" | jq -r 'select(.id) | .class_label' | sort -n | uniq -c | awk '{ print $2, $1 }')" "$want" "labels go by the folders"
coco-pack -q "$set/train" --shuffle --count 64 -o "$T/train.pack"
is "$(tstream dump --header "$T/train.pack" | head -n 1 | jq -c .categories)" "$(tstream dump --header "$T/val.pack" | head -n 1 | jq -c .categories)" \
	"train and val have the same classes"
augment -q -scrop --size 64 "$T/train.pack" | trainstep -q -j1 -m classify-resnet18-bn -b 8 --lr 0.01 --warmup 2 --log "$T/log" -o "$T/m.safetensors"
is "$(jq -s 'length == 8 and all(.[]; .loss > 2 and .loss < 8)' "$T/log")" true "grey images among them, it trains; the loss is about log(100)"
done_testing
