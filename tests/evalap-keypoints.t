#!/bin/bash
# evalap -t keypoints: similarity, sigmas, what counts, bad input, a pack, and the public fixture.
. "$(dirname "$0")/tap.sh"

# Two keypoints of three labelled; the object of 2500 square pixels is medium.
cat > "$T/gt.json" << 'JSON'
{"images": [{"id": 1}], "categories": [{"id": 1, "name": "person"}], "annotations": [
 {"id": 1, "image_id": 1, "category_id": 1, "area": 2500, "iscrowd": 0, "bbox": [0, 0, 50, 50], "num_keypoints": 2,
  "keypoints": [10, 10, 2, 40, 10, 1, 0, 0, 0]}]}
JSON
# figure OPTIONS: AP when the first keypoint is 6 pixels off.
cat > "$T/dt.json" << 'JSON'
[{"image_id": 1, "category_id": 1, "score": 0.5, "keypoints": [16, 10, 0, 40, 10, 0, 900, 900, 0]}]
JSON
figures() { evalap -q -t keypoints -g "$T/gt.json" "$@" "$T/dt.json" 2> /dev/null | sed 's/.* = //' | tr '\n' ' '; }
# exp(-36 / (2 (2 s)^2 2500)): s = 0.1 gives .8353, the mean with 1 is .918: right up to IoU .90, in 9 of 10 thresholds.
is "$(figures --sigmas 0.1,0.1,0.1)" "0.900 1.000 1.000 0.900 -1.000 0.900 1.000 1.000 0.900 -1.000 " "similarity .918"
# s = 0.05 gives .4868, the mean .743: .50 to .70, 5 of 10.
is "$(figures --sigmas 0.05,0.1,0.9)" "0.500 1.000 0.000 0.500 -1.000 0.500 1.000 0.000 0.500 -1.000 " "similarity .743"
sed -i 's/"keypoints": \[10, 10, 2, 40, 10, 1, 0, 0, 0\]/"keypoints": [10, 10, 0, 40, 10, 0, 0, 0, 0]/; s/"num_keypoints": 2/"num_keypoints": 0/' "$T/gt.json"
is "$(figures --sigmas 0.1,0.1,0.1)" "$(printf -- '-1.000 %.0s' {1..10})" "what has no labelled keypoint need not be found"

fails_with 1 'holds 9 numbers; 51 are wanted, 3 for each of 17 sigmas' evalap -t keypoints -g "$T/gt.json" "$T/dt.json"
for sigmas in '' a 0.1,,0.1 '0.1,' -1 0 nan; do
	fails_with 2 'sigmas are positive numbers' evalap -t keypoints --sigmas "$sigmas" -g "$T/gt.json" "$T/dt.json"
done
fails_with 2 'sigmas goes with -t keypoints only' evalap --sigmas 0.1 -g "$T/gt.json" "$T/dt.json"
bad_truth() {
	sed "$1" "$T/gt.json" > "$T/bad.json"
	fails_with 1 "^evalap: .*$2" evalap -t keypoints --sigmas 1,1,1 -g "$T/bad.json" "$T/dt.json"
}
bad_truth 's/"num_keypoints": 0,//' 'annotation 0 has no "num_keypoints"'
bad_truth 's/"num_keypoints": 0/"num_keypoints": "a"/' 'annotation 0: "num_keypoints" is not an integer'
bad_truth 's/"keypoints": \[.*\]}/"keypoints": [1, 2]}/' 'holds 2 numbers; 9 are wanted.*annotation 0'
bad_truth 's/"keypoints": \[.*\]}/"keypoints": 3}/' 'must be an array.*annotation 0'
bad_truth 's/"keypoints": \[.*\]}/"k": 3}/' 'annotation 0 has no "keypoints"'

# A pack against the JSON it was made of: four keypoints an object, in quarters of pixels, which single precision holds.
coco-synth -q -o "$T/synth" -n 8
/usr/bin/python3 - "$T/synth/instances.json" "$T/truth.json" > "$T/shaken.json" << 'PYTHON'
import json, random, sys
rng = random.Random(5)
with open(sys.argv[1]) as file:
    truth = json.load(file)
results = []
for a in truth["annotations"]:
    labelled = rng.randrange(5)
    points = [[rng.randrange(800) / 4, rng.randrange(800) / 4, 2 if k < labelled else 0] for k in range(4)]
    a.update(keypoints=sum(points, []), num_keypoints=labelled)
    results.append({"image_id": a["image_id"], "category_id": a["category_id"], "score": rng.random(),
                    "keypoints": sum(([x + rng.uniform(-9, 9), y, 1] for x, y, _ in points), [])})
with open(sys.argv[2], "w") as file:
    json.dump(truth, file)
print(json.dumps(results))
PYTHON
sigmas=0.05,0.06,0.07,0.08
want=$(evalap -q -t keypoints --json --sigmas $sigmas -g "$T/truth.json" "$T/shaken.json")
like "$want" '"stats":\[0\.[0-9]*[1-9]' "shaken keypoints are found in part"
ok "packs" coco-pack -q "$T/truth.json" --images "$T/synth/images" -o "$T/truth.pack"
is "$(evalap -q -t keypoints --json --sigmas $sigmas -g "$T/truth.pack" "$T/shaken.json")" "$want" "a pack as ground truth gives the same"

fixture=$DATA/fixtures/faster_coco_eval/tests/keypoints_dataset
if [ -d "$fixture" ]; then
	want="0.5048844884488449,0.7227722772277227,0.6336633663366337,0.46633663366336636,0.7504950495049505"
	want="$want,0.5181818181818182,0.7272727272727273,0.6363636363636364,0.4666666666666666,0.75"
	like "$(evalap -t keypoints --json -g "$fixture/gt_dataset.json" "$fixture/dt_dataset.json")" "\"stats\":\\[$want\\]" \
		"the public fixture, all digits of pycocotools"
else
	echo "# no fixtures in $DATA: the public figures are not compared"
fi
done_testing
