#!/bin/bash
# Every allocation of evalap fails in turn: a message and exit status 1, or none of it matters; no crash and no leak.
. "$(dirname "$0")/tap.sh"
evalap=$(dirname "$(command -v evalap)")/../faults/evalap
export ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=1 OMP_NUM_THREADS=1

cat > "$T/gt.json" << 'JSON'
{"images": [{"id": 1, "width": 90, "height": 80}, {"id": "two", "width": 90, "height": 80}],
 "categories": [{"id": 1, "name": "a"}, {"id": 2, "name": "b\u00e9"}],
 "annotations": [
  {"id": 1, "image_id": 1, "category_id": 1, "bbox": [10, 10, 40, 40], "area": 1600, "iscrowd": 0},
  {"id": 2, "image_id": "two", "category_id": 2, "bbox": [5, 5, 30, 60], "area": 1800, "iscrowd": 0},
  {"id": 3, "image_id": "two", "category_id": 9, "bbox": [5, 5, 30, 60], "area": 1800, "iscrowd": 1}]}
JSON
cat > "$T/dt.json" << 'JSON'
[{"image_id": 1, "category_id": 1, "bbox": [11, 10, 40, 40], "score": 0.9},
 {"image_id": "two", "category_id": 2, "bbox": [5, 5, 30, 50], "score": 0.8},
 {"image_id": "two", "category_id": 3, "bbox": [5, 5, 30, 50], "score": 0.8}]
JSON
cat > "$T/shapes.json" << 'JSON'
{"images": [{"id": 1, "width": 9, "height": 8}], "categories": [{"id": 1, "name": "a"}],
 "annotations": [
  {"id": 1, "image_id": 1, "category_id": 1, "bbox": [1, 1, 6, 6], "area": 2000, "iscrowd": 0, "num_keypoints": 1,
   "segmentation": [[1, 1, 1, 6, 6.5, 6, 6, 1], [0, 0, 0, 3, 3, 0]],
   "keypoints": [3,3,2, 0,0,0, 0,0,0, 0,0,0, 0,0,0, 0,0,0, 0,0,0, 0,0,0, 0,0,0, 0,0,0, 0,0,0, 0,0,0, 0,0,0, 0,0,0, 0,0,0,
                 0,0,0, 0,0,0]},
  {"id": 2, "image_id": 1, "category_id": 1, "bbox": [1, 1, 6, 6], "area": 20, "iscrowd": 1, "num_keypoints": 0,
   "segmentation": {"size": [8, 9], "counts": [10, 20, 0, 30, 12]},
   "keypoints": [0,0,0, 0,0,0, 0,0,0, 0,0,0, 0,0,0, 0,0,0, 0,0,0, 0,0,0, 0,0,0, 0,0,0, 0,0,0, 0,0,0, 0,0,0, 0,0,0, 0,0,0,
                 0,0,0, 0,0,0]}]}
JSON
echo '[{"image_id": 1, "category_id": 1, "score": 0.5, "segmentation": {"size": [8, 9], "counts": ":d0Z1"}}]' > "$T/masks.json"
jq -c '[.annotations[] | {image_id, category_id, score: 0.5, keypoints}]' "$T/shapes.json" > "$T/points.json"

# every_allocation NAME ARGUMENT...: run until no allocation is left to fail.
every_allocation() {
	local name=$1 n status bad=""
	shift
	for ((n = 1; n < 2000; n++)); do
		rm -rf "$T/out"
		mkdir "$T/out"
		FAIL_ALLOCATION=$n "$evalap" ${merged:+merge} -j1 "$@" > "$T/.out" 2> "$T/.err"
		status=$?
		grep -q '^allocation failed$' "$T/.err" || break
		[ $status = 0 ] && continue
		[ $status = 1 ] && grep -q '^evalap: ' "$T/.err" && ! grep -qE 'Sanitizer|runtime error' "$T/.err" && continue
		bad=$n
		break
	done
	[ -z "$bad" ] && [ $status = 0 ] && [ $n -gt 2 ]
	report $? "$name: $((n - 1)) allocations fail in turn"
	if [ $status != 0 ]; then
		echo "# allocation $n: exit $status"
		sed "s/^/# /" "$T/.err" | head -n 30
	fi
}

every_allocation "the lines" -g "$T/gt.json" --per-class "$T/dt.json"
every_allocation "JSON" -g "$T/gt.json" --json "$T/dt.json"
every_allocation "arrays" -g "$T/gt.json" --arrays "$T/out/a.npz" --agnostic "$T/dt.json"
every_allocation "lists" -g "$T/gt.json" --images 1,two --classes a --max-dets 1,5 "$T/dt.json"
every_allocation "operating points" -g "$T/gt.json" --counts --errors --thresholds "$T/out/t.json" --confusion "$T/out/c.csv" \
	--per-image "$T/out/i.json" --plot "$T/out/p.svg" "$T/dt.json"
every_allocation "in canonical order" -g "$T/gt.json" --canonical --errors --confusion "$T/out/c.json" "$T/dt.json"
every_allocation "intervals" -g "$T/gt.json" --ci --rounds 5 --compare "$T/dt.json" --csv "$T/dt.json"
"$evalap" -q -g "$T/gt.json" --json "$T/dt.json" > "$T/old.json" 2> /dev/null
every_allocation "limits" -g "$T/gt.json" --fail-under AP.a=0.1 --baseline "$T/old.json" --max-drop 0.1 "$T/dt.json"
every_allocation "masks" -t segm -g "$T/shapes.json" "$T/masks.json"
every_allocation "keypoints" -t keypoints -g "$T/shapes.json" "$T/points.json"
every_allocation "boundaries" -t boundary -g "$T/shapes.json" "$T/masks.json"
every_allocation "a part" -g "$T/gt.json" --partial "$T/out/a.part" "$T/dt.json"
"$evalap" -q -g "$T/gt.json" --images 1 --partial "$T/1.part" "$T/dt.json" > /dev/null 2>&1
"$evalap" -q -g "$T/gt.json" --images two --partial "$T/2.part" "$T/dt.json" > /dev/null 2>&1
merged=1 every_allocation "parts" "$T/1.part" "$T/2.part"
gzip -c "$T/gt.json" > "$T/gt.json.gz"
zstd -q "$T/dt.json" -o "$T/dt.json.zst"
every_allocation "compressed input" -g "$T/gt.json.gz" "$T/dt.json.zst"
coco-synth -q -o "$T/synth" -n 2 --size 64x64
coco-pack -q "$T/synth/instances.json" --images "$T/synth/images" -o "$T/synth.pack"
echo '[{"image_id": 1, "category_id": 1, "bbox": [1, 1, 9, 9], "score": 0.5}]' > "$T/synth.json"
every_allocation "a pack" -g "$T/synth.pack" "$T/synth.json"
printf 'image_id,label\n1,cat\n2,dog\n3,\n' > "$T/labels.csv"
printf 'image_id,cat,dog\n1,0.8,0.2\n2,0.6,0.4\n3,0.5,0.5\n' > "$T/scores.csv"
every_allocation "classes of images" -t classify -g "$T/labels.csv" --json "$T/scores.csv"
mkdir -p "$T/folders/a" "$T/folders/b"
cp "$T/synth/images/000001.jpg" "$T/folders/a"
cp "$T/synth/images/000002.jpg" "$T/folders/b"
coco-pack -q "$T/folders" -o "$T/folders.pack"
echo '[{"image_id": 1, "category_id": 1, "score": 0.9}, {"image_id": 1, "category_id": 2, "score": 0.1},
 {"image_id": 2, "category_id": 1, "score": 0.6}]' > "$T/categories.json"
every_allocation "classes of images by category" -t classify -g "$T/folders.pack" "$T/categories.json"
every_allocation "out of distribution" -t ood -g "$T/labels.csv" "$T/scores.csv"
jq '(.images[] |= . + {neg_category_ids: [2], not_exhaustive_category_ids: []}) | (.categories[] |= . + {frequency: "r"})' \
	"$T/gt.json" > "$T/lvis.json"
every_allocation "LVIS" -g "$T/lvis.json" --rule lvis "$T/dt.json"
every_allocation "VOC" -g "$T/gt.json" --rule voc2010 "$T/dt.json"
done_testing
