#!/bin/bash
# predict: the same detections in every form, in original pixels, and messages for files it cannot use.
. "$(dirname "$0")/tap.sh"
. "$(dirname "$0")/tiny.sh"

m=$T/m.safetensors
coco-synth -q -o "$T/wide" -n 5 --size 128x96 --classes 3 --seed 4
coco-pack -q "$T/wide/instances.json" --images "$T/wide/images" > "$T/wide.stream"
pixel_stream --count 16 > "$T/data.stream"
train --steps 6 -o "$m" "$T/data.stream"
find_options=(-q -j1 -m "$m" --score-threshold 0.001 --max-detections 9)
find_in() {
	predict "${find_options[@]}" "$@"
}
# As stream and as JSON.
ok "finds in a stream" find_in -o "$T/found.stream" "$T/wide.stream"
is "$(tstream check "$T/found.stream")" "$T/found.stream: ok, 5 records, 45 objects" "9 in each of 5 images"
is "$(tstream dump --header "$T/found.stream" | head -n 1 | jq -c '[.kind, (.provenance | map(.tool)), (.categories | map(.name))]')" \
	'["detection",["coco-pack","predict"],["disc","square","triangle"]]' "the header says what they are"
find_in --coco-json "$T/found.json" < "$T/wide.stream"
is "$(jq -c 'map(.image_id) | unique' "$T/found.json")" \
	"$(jq -c '.images | map(.id) | sort' "$T/wide/instances.json")" "JSON has the images' ids"
ok "and the same boxes as the stream" cmp \
	<(jq -c '.[] | .bbox, .score' "$T/found.json" | awk 'NR % 2 { split($0, b, /[\[\],]/); printf "%.2f %.2f %.2f %.2f ", b[2], b[3], b[4], b[5]; next } { printf "%.5f\n", $0 }') \
	<(tstream dump --full "$T/found.stream" | jq -c 'select(.boxes) | .boxes.values as $b | .scores.values as $s |
		range($s | length) as $i | [$b[4 * $i], $b[4 * $i + 1], $b[4 * $i + 2] - $b[4 * $i], $b[4 * $i + 3] - $b[4 * $i + 1], $s[$i]]' |
		tr -d '[]' | awk -F, '{ printf "%.2f %.2f %.2f %.2f %.5f\n", $1, $2, $3, $4, $5 }')
is "$(jq 'all(.bbox[0] >= 0 and .bbox[1] >= 0 and .bbox[0] + .bbox[2] <= 128.001 and .bbox[1] + .bbox[3] <= 96.001)' "$T/found.json")" \
	true "boxes lie in the original image"
is "$(jq 'map(.bbox[0] + .bbox[2]) | max > 70' "$T/found.json")" true "and use all of it, though the model saw 64 pixels"
is "$(jq 'group_by(.image_id) | all(map(.score) | . == (sort | reverse))' "$T/found.json")" true "scores descend"
ok "evalap reads both" cmp <(evalap -q -g "$T/wide/instances.json" "$T/found.json") <(evalap -q -g "$T/wide.stream" "$T/found.stream")

# However the images come.
find_in --coco-json "$T/pixels.json" < <(augment -q --eval --size 64 "$T/wide.stream")
ok "pixels of augment --eval are the model's own preprocessing" cmp "$T/pixels.json" "$T/found.json"
images=("$T"/wide/images/*)
find_in --coco-json "$T/files.json" "${images[@]}"
coco-pack -q "$T/wide/images" 2> /dev/null | find_in --coco-json "$T/dir.json"
ok "image files as arguments are the directory through coco-pack" cmp "$T/files.json" "$T/dir.json"
is "$(jq -c 'map(.bbox)' "$T/files.json")" "$(jq -c 'map(.bbox)' "$T/found.json")" "and the annotated images"
ok "a pipe gives the stream's bytes" cmp <(find_in < "$T/wide.stream") "$T/found.stream"
# Kernels are chosen by shape, so sums may be rounded otherwise, but no more.
for batch in 1 3; do
	find_in -b $batch --coco-json "$T/batch.json" "$T/wide.stream"
	is "$(jq -s 'length == 2 and (transpose | all(.[]; .[0].image_id == .[1].image_id
		and ([.[0].bbox, .[1].bbox] | transpose | all(.[]; .[0] - .[1] | fabs < 0.01))
		and (.[0].score - .[1].score | fabs < 1e-4)))' "$T/batch.json" "$T/found.json")" true "batches of $batch find the same"
done
is "$(find_in --score-threshold 0.9 "$T/wide.stream" | tstream check)" "standard input: ok, 5 records, 0 objects" \
	"images without detections are records too"
mkdir "$T/drawn"
ok "draws" find_in --draw "$T/drawn" --coco-json "$T/drawn.json" "$T/wide.stream"
is "$(for file in "$T"/drawn/*.jpg; do head -c 3 "$file" | od -An -tx1; done | sort -u)" " ff d8 ff" "JPEGs"
is "$(find "$T/drawn" -type f | wc -l)" 5 "one for each image"
# Names: the same base name twice is two pictures, the same image twice is one.
mkdir "$T/names" "$T/named"
cp -r "$T/wide/images" "$T/names/a"
cp -r "$T/wide/images" "$T/names/b"
jq '.annotations = [] | .images[0].file_name = "a/000001.jpg" | .images[1].file_name = "b/000001.jpg" |
	.images[2].file_name = "a/000001-2.jpg" | .images[3].file_name = "a/.000001" | .images[4].file_name = "b/x.y.jpg"' \
	"$T/wide/instances.json" > "$T/names.json"
cp "$T/names/a/000001.jpg" "$T/names/a/000001-2.jpg"
cp "$T/names/a/000001.jpg" "$T/names/a/.000001"
cp "$T/names/a/000001.jpg" "$T/names/b/x.y.jpg"
coco-pack -q "$T/names.json" --images "$T/names" --epochs 2 | find_in --draw "$T/named" -o /dev/null
is "$(find "$T/named" -type f -printf '%f\n' | sort | tr '\n' ' ')" \
	".000001.found.jpg 000001-2-3.found.jpg 000001-2.found.jpg 000001.found.jpg x.y.found.jpg " "pictures never share a name"
mkdir "$T/files"
find_in --draw "$T/files" -o /dev/null "$T/names/a/000001.jpg" "$T/names/b/000001.jpg"
is "$(find "$T/files" -type f -printf '%f\n' | sort | tr '\n' ' ')" "000001-2.found.jpg 000001.found.jpg " "nor those of image files"
fails_with 1 "cannot write '.*nodir/" find_in --draw "$T/nodir" --coco-json "$T/x.json" "$T/wide.stream"
cp -r "$T/wide/images" "$T/mine"
before=$(sums "${images[@]}")
ok "draws beside the images" find_in --draw "$T/mine" --coco-json "$T/drawn.json" "$T"/mine/*.jpg
mine=("${images[@]/#"$T/wide/images"/"$T/mine"}")
is "$(sums "${mine[@]}")" "$before" "which stay as they are"
ok "a state is a model too" cmp <(predict "${find_options[@]/$m/$T/m.state}" "$T/wide.stream") "$T/found.stream"

# Model files that are none.
bad() {
	fails_with 1 "$1" predict -q -j1 -m "$2" "$T/wide.stream"
}
size=$(stat -c %s "$m")
header=$(od -An -t u8 -N 8 "$m" | tr -d ' ')
bad "cannot open '.*none'" "$T/none"
bad "is not a safetensors file" "$T/wide.stream"
printf '\002\000\000\000\000\000\000\000{}' > "$T/foreign"
bad "is no model of cocopipe: its metadata lacks '" "$T/foreign"
cuts=(0 7 8 1000 $((header + 7)) $((header + 8)) $((size / 2)) $((size - 1)))
[ "${CONF:-}" = asan ] && cuts=(7 $((size - 1)))
for cut in "${cuts[@]}"; do
	head -c "$cut" "$m" > "$T/cut"
	bad "'?.*/cut'?" "$T/cut"
done
for at in $((header + 8)) $((size / 3)) $((size - 1)); do
	cp "$m" "$T/flipped"
	byte=$(od -An -t u1 -j $at -N 1 "$m" | tr -d ' ')
	printf '%b' "\\x$(printf %02x $((byte ^ 1)))" | dd of="$T/flipped" bs=1 seek=$at conv=notrunc 2> /dev/null
	bad "'.*flipped' is damaged: the hash of its data does not match" "$T/flipped"
done

# Numbers and sizes of the metadata that make no sense, in copies of the model without their hash.
# damaged REGEX FROM TO: the header's text FROM, of the length of TO, becomes TO.
damaged() {
	cp "$m" "$T/damaged"
	sed -i "1s/\"xxh3\"/\"none\"/; 1s/$2/$3/" "$T/damaged"
	bad "$1" "$T/damaged"
}
damaged "'.*damaged' is damaged: anchor-size is '1x', not a number from 1 to 4096" '"anchor-size":"16"' '"anchor-size":"1x"'
damaged "anchor-size is '-6'" '"anchor-size":"16"' '"anchor-size":"-6"'
damaged "a size is N or WxH in pixels, not '6x' .*'preprocess' of '.*damaged'" ' size=64 ' ' size=6x '
damaged "'.*damaged' is damaged: max-size of preprocess is 'y', not a number" ' max-size=0 ' ' max-size=y '
damaged "damaged.*a class needs id and name" '"id' '"Id'
damaged "is no model" '"model":"retina' '"model":"retinb'

# Other refusals.
fails_with 1 "is empty" find_in
fails_with 1 "holds detections; predict wants samples" find_in "$T/found.stream"
head -c 3000 "$T/wide.stream" > "$T/cut.stream"
fails_with 1 "record 0 of '.*cut.stream'" find_in -o "$T/x.stream" "$T/cut.stream"
ok "a refused run leaves no file" test ! -e "$T/x.stream"
fails_with 1 "none.jpg" find_in --coco-json "$T/x.json" "$T/none.jpg"
cp "$0" "$T/text.jpg"
fails_with 1 "text.jpg" find_in --coco-json "$T/x.json" "${images[0]}" "$T/text.jpg"
ok "nor one of a run over files" test ! -e "$T/x.json"
fails_with 2 "one stream, or image files" find_in "$T/wide.stream" "$T/wide.stream"
fails_with 2 "coco-json replaces" find_in -o "$T/x" --coco-json "$T/y" "$T/wide.stream"
fails_with 2 "model" predict "$T/wide.stream"
for size in 0 64x 0x64 70000 20000; do
	fails_with 2 "size" find_in --size $size "$T/wide.stream"
done
fails_with 2 "score-threshold must be below 1, not 1" find_in --score-threshold 1 "$T/wide.stream"
fails_with 1 "cannot write" find_in --coco-json /dev/full "$T/wide.stream"
find_in "$T/wide.stream" > /dev/full 2> /dev/null
is $? 1 "a full standard output fails"
if ! has_bf16; then
	fails_with 1 "take f32" find_in --dtype bf16 "$T/wide.stream"
fi
# On a terminal the results are text.
if command -v script > /dev/null; then
	picture=$(find "$T/wide/images" -name '*.jpg' | sort | head -n 1)
	shown=$(script -qec "predict -q -m '$m' '$picture'" /dev/null < /dev/null | tr -d '\r')
	like "$shown" '^\[' "a terminal gets JSON"
fi

done_testing
