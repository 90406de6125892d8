#!/bin/bash
# evalap: options that do not go together are refused, each pair of them; none is read and then ignored.
. "$(dirname "$0")/tap.sh"
cd "$T" || exit 1

echo '{"images": [{"id": 1}], "categories": [{"id": 1, "name": "a"}], "annotations": []}' > gt.json
echo '[]' > dt.json
printf 'image_id,label\n1,a\n' > labels.csv
printf 'image_id,a,b\n1,0.5,0.5\n' > scores.csv

# Long options with a value that is good.
coco_only=(--arrays=x --max-dets=1 --areas=all:0:1 --images=1 --classes=a --agnostic --strict --canonical --counts --errors --thresholds=x
	--confusion=x --per-image=x --plot=x --ci --compare=dt.json --partial=x --sigmas=1)
alone=(--iou=0.5 --score=0.5 --rounds=5 --level=0.9)
everywhere=(--json --csv --per-class --fail-under=AP=0)
is "$(evalap -h | sed -n '/^options/,/^ *-j/p' | grep -oE '^ .{0,5}--[a-z-]+' | grep -oE '[a-z][a-z-]+' | sort | xargs)" \
	"$(printf '%s\n' "${coco_only[@]}" "${alone[@]}" "${everywhere[@]}" --truth --type --rule --logits --baseline --max-drop --plot-gains |
		sed 's/^--//; s/=.*//' | sort | xargs)" "the lists of this test hold every option"

# refused PATTERN ARGUMENT...: a usage error, and nothing is written or printed.
refused() {
	local pattern=$1 status
	shift
	evalap "$@" > out 2> err < /dev/null
	status=$?
	if [ $status != 2 ] || [ -s out ] || [ -e x ] || ! grep -qE -- "$pattern" err; then
		bad+=("$* (exit $status: $(head -n 1 err))")
	fi
	pairs=$((pairs + 1))
}
verdict() {
	is "${bad[*]}" "" "$1: $pairs pairs are refused"
	bad=()
	pairs=0
}
bad=() pairs=0
for task in "--rule voc2007" "--rule voc2010" "--rule lvis" "-t miou" "-t classify" "-t ood"; do
	for option in "${coco_only[@]}" "${alone[@]}"; do
		name=${option%%=*}
		# shellcheck disable=SC2086
		refused "^evalap: $name goes with .* only$" $task -g gt.json "$option" dt.json
	done
	verdict "$task"
done
for option in "${coco_only[@]}" "${alone[@]}" --logits --truth=gt.json --type=bbox --rule=coco; do
	case $option in --arrays=* | --strict | --canonical) continue ;; esac
	refused "^evalap: ${option%%=*} does not go with merge" merge "$option" a.part
done
verdict merge
for option in "${coco_only[@]}" "${alone[@]}" "${everywhere[@]}" --logits --truth=gt.json --type=bbox --rule=coco; do
	case $option in --plot=* | --level=* | --csv) continue ;; esac
	refused "^evalap: ${option%%=*} does not go with grid" grid "$option" a.csv
done
verdict grid
for option in "${alone[@]}"; do
	refused "^evalap: ${option%%=*} goes with --.* only$" -g gt.json "$option" dt.json
done
refused '^evalap: --score goes with' -g gt.json --score 0.5 --thresholds x dt.json
refused '^evalap: --rounds goes with' -g gt.json --rounds 5 --counts dt.json
refused '^evalap: --iou goes with' -g gt.json --iou 0.5 --errors dt.json
refused '^evalap: --plot-gains goes with grid only' -g gt.json --plot-gains x dt.json
verdict "what needs another option"
for type in bbox segm boundary; do
	refused 'sigmas goes with -t keypoints only' -t $type --sigmas 1 -g gt.json dt.json
	refused 'logits goes with -t classify and -t ood only' -t $type --logits -g gt.json dt.json
done
refused 'logits goes with' -t keypoints --logits -g gt.json dt.json
refused 'logits goes with' -t miou --logits -g gt.json dt.json
refused 'logits goes with' --rule voc2007 --logits -g gt.json dt.json
refused 'per-class: -t ood has no figures of classes' -t ood --per-class -g labels.csv scores.csv
refused 'csv: -t ood has no figures of classes' -t ood --csv -g labels.csv scores.csv
for type in keypoints segm boundary; do
	refused 'rule voc2007 compares bbox, not' -t $type --rule voc2007 -g gt.json dt.json
done
for type in miou classify ood; do
	refused "does not go with -t $type" -t $type --rule lvis -g gt.json dt.json
done
refused 'type must be one of' -t boxes -g gt.json dt.json
refused 'type must be one of' -t voc2007 -g gt.json dt.json
refused 'rule must be one of' --rule miou -g gt.json dt.json
refused 'csv and --json do not go together' --csv --json -g gt.json dt.json
refused 'strict and --canonical do not go together' --strict --canonical -g gt.json dt.json
refused 'one RESULTS file is wanted, not 2' -g gt.json dt.json dt.json
verdict "types and rules"

# The same options where they belong: no usage error, and the file is there.
good=()
for option in "${coco_only[@]}"; do
	type=bbox
	[ "$option" = --sigmas=1 ] && type=keypoints
	rm -f x
	evalap -q -t $type -g gt.json "$option" dt.json > out 2> err || good+=("$option: $(tail -n 1 err)")
	[[ $option != *=x ]] || [ -s x ] || good+=("$option writes nothing")
done
for option in "${everywhere[@]}"; do
	rm -f x
	evalap -q -g gt.json "$option" dt.json > out 2> err
	[ $? != 2 ] || good+=("$option: $(cat err)")
done
is "${good[*]}" "" "by themselves they are taken"

# In CSV, figures that no column is called like have columns of their own.
is "$(evalap -q -t classify --csv -g labels.csv scores.csv)" "category,id,top1,top5,mAcc,ECE,images,accuracy
all,,1,,1,0.5,,
a,0,,,,,1,1
b,1,,,,,0," "--csv of classes of images"
is "$(evalap -q --rule voc2010 --csv -g gt.json dt.json 2> /dev/null)" "category,id,mAP,objects,difficult,detections,AP
all,,,,,,
a,1,,0,0,0," "--csv of VOC"
done_testing
