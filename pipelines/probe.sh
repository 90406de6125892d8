#!/bin/bash
# probe.sh: what the features of a trained network are worth on other classes: a classifier on top of them, without training
# the network any further.
. "$(dirname "$(realpath "$0")")/common.bash"

usage() {
	cat << END
usage: probe.sh -o DIR --init FILE --train DATA --val DATA [options] [-- options of probe]

DATA is a directory with a folder of images for each class, or a pack. With DRY_RUN=1 in the environment commands are
printed and not run.

  -o DIR        everything that is made: packs, features, result.txt; a DIR goes with the arguments it was begun with
  --init FILE   the network, a model of trainstep or of 'ckpt import'
  --train DATA  what the classifier learns from
  --val DATA    what it is evaluated on
  --layer NAME  whose features, averaged over the image (${opt[layer]})
  --size WxH    of the images, 0: that of the network's training (${opt[size]})

examples:
  pipelines/probe.sh -o run --init base/model.safetensors --train pets/train --val pets/val
  pipelines/probe.sh -o run --init resnet18.safetensors --train a.pack --val b.pack --layer layer3 -- -c easytl
END
}

opt=([o]="" [init]="" [train]="" [val]="" [layer]=layer4 [size]=0)
parse "$@"
need o init train val
begin
pack train
pack val
size=()
[ "${opt[size]}" = 0 ] || size=(--size "${opt[size]}")
for part in train val; do
	[ -e "$out/$part.features" ] || run predict -q -m "${opt[init]}" ${size[@]+"${size[@]}"} --features "${opt[layer]}" \
		"$out/$part.pack" -o "$out/$part.features"
done
show result.txt probe "$out/train.features" "$out/val.features" ${rest[@]+"${rest[@]}"}
