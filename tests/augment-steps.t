#!/bin/bash
# What augment says it did, done again slowly in Python, gives the same pixels, boxes and polygons.
. "$(dirname "$0")/tap.sh"

python=/usr/bin/python3
$python -c 'import PIL, numpy, msgpack' 2> /dev/null || skip_all "needs /usr/bin/python3 with Pillow, numpy and msgpack"
steps() {
	$python "$ROOT/tests/augment_steps.py" "$@" 2>&1
}
mkdir "$T/images"
steps make "$T/images" 60
coco-pack -q "$T/images/coco.json" --images "$T/images" > "$T/in" || exit 1
coco-synth -q -o "$T/drawn" -n 24 --size 120x90 --classes 3 || exit 1
coco-pack -q "$T/drawn/instances.json" --images "$T/drawn/images" > "$T/drawn.in" || exit 1

# As published, every list of rules.
for scheme in "-s1" "-s2" "-s2 --autoaugment v1" "-s3 --autoaugment v2" "-s3 --autoaugment v3" "-s4 --randaugment 3,9"; do
	# shellcheck disable=SC2086
	augment -q $scheme --quirks tpu --size 100x110 --explain "$T/done" "$T/in" > "$T/out"
	like "$(steps tpu "$T/images" "$T/out" "$T/done")" "^60 images, [0-9]{3} boxes, [0-9]{3} polygons equal" "$scheme --quirks tpu"
	# shellcheck disable=SC2086
	augment -q $scheme --quirks tpu --size 90 --explain "$T/done" "$T/drawn.in" > "$T/out"
	like "$(ANNOTATIONS=$T/drawn/instances.json steps tpu "$T/drawn/images" "$T/out" "$T/done")" "^24 images, .* equal" \
		"$scheme --quirks tpu, drawn images"
done

# Every operation, three at a time in any order.
every=rotate:20,rotate:-7,shear-x:.2,shear-y:-.3,translate-x:13.5,translate-y:-20,color:1.7,color:0.3,contrast:1.5,contrast:.5
every=$every,brightness:1.7,sharpness:0.1,sharpness:1.9,posterize:3,posterize:0,solarize:256,solarize:100,solarize-add:50
every=$every,invert:0,equalize:0,autocontrast:0,cutout:11,cutout-boxes:7,bbox-cutout:.4,rotate-boxes:25,shear-x-boxes:-.2
every=$every,shear-y-boxes:.15,translate-x-boxes:7,translate-y-boxes:-9.5,flip-boxes:0,equalize-boxes:0,solarize-boxes:90
QUIRKS=tpu steps replay "$T/in" $every 9 > "$T/plan"
augment -q -s2 --quirks tpu --size 10 --replay "$T/plan" --explain "$T/done" "$T/in" > "$T/out"
like "$(steps tpu "$T/images" "$T/out" "$T/done")" "^60 images, 1[0-9]{2} boxes, .* equal, 26 operations" "up to nine operations as published"

# Sane: colours are Pillow's to the last bit, geometry within one level (weights have 8 bits).
colours=color:0.3,color:1.7,contrast:1.5,contrast:.2,brightness:.6,brightness:1.7,sharpness:0.1,sharpness:1.9,posterize:3
colours=$colours,posterize:0,solarize:256,solarize:100,solarize-add:50,invert:0,equalize:0,autocontrast:0
steps replay "$T/in" $colours 1 > "$T/plan"
augment -q -s2 --size 10 --replay "$T/plan" --explain "$T/done" "$T/in" > "$T/out"
is "$(steps pillow "$T/images" "$T/out" "$T/done")" "60 images: autocontrast 0 brightness 0 color 0 contrast 0 equalize 0 \
invert 0 posterize 0 sharpness 0 solarize 0 solarize-add 0" "operations on colours are Pillow's"
steps replay "$T/in" rotate:20,rotate:-7,rotate:30,shear-x:.2,shear-x:-.3,shear-y:-.3,translate-x:13.5,translate-y:-20.25 1 > "$T/plan"
augment -q -s2 --size 10 --replay "$T/plan" --explain "$T/done" "$T/in" > "$T/out"
is "$(steps pillow "$T/images" "$T/out" "$T/done")" "60 images: rotate 1 shear-x 1 shear-y 1 translate-x 1 translate-y 1" \
	"geometric operations are Pillow's, within one level"

# One resampling keeps the order of the steps: where nothing is interpolated it is the same as one after the other.
exact=translate-x:13,translate-x:-24,translate-y:9,translate-y:-20,color:.5,brightness:.6,brightness:1.7,posterize:3,solarize:100
steps replay "$T/in" $exact,solarize-add:50,invert:0,cutout:11,cutout:20 7 > "$T/plan"
augment -q -s2 --size 10 --replay "$T/plan" --explain "$T/done" "$T/in" > "$T/out"
is "$(steps order "$T/images" "$T/out" "$T/done")" "60 images, 420 steps, pixels within 0" "fused steps keep their order"

if [ -d "$DATA/coco/train2017" ]; then
	export ANNOTATIONS=$DATA/coco/annotations/instances_train2017.json
	start=0
	for scheme in "-s2" "-s3 --autoaugment v1" "-s4"; do
		coco-pack -q "$ANNOTATIONS" --images "$DATA/coco/train2017" --start $start --count $((start + 100)) > "$T/coco"
		# shellcheck disable=SC2086
		augment -q $scheme --quirks tpu --size 640 --explain "$T/done" "$T/coco" > "$T/out"
		like "$(steps tpu "$DATA/coco/train2017" "$T/out" "$T/done")" "^100 images, [0-9]+ boxes, [0-9]+ polygons equal" \
			"$scheme --quirks tpu, COCO from $start"
		start=$((start + 100))
	done
else
	echo "# no $DATA/coco: real images are not tested"
fi
done_testing
