#!/bin/bash
# evalap -t classify and -t ood: cases known by hand, every format, bad tables, and random scores against numpy.
. "$(dirname "$0")/tap.sh"
python=/usr/bin/python3

cat > "$T/gt.csv" << 'CSV'
image_id,label,note
1,cat,x
2,dog,
"3","",none of both
04,cat,
CSV
cat > "$T/dt.csv" << 'CSV'
image_id,dog,cat
1,0.2,0.8

2,0.4,0.6
3,0.5,0.5
04,0.9,0.1
CSV
evalap -t classify -g "$T/gt.csv" --per-class "$T/dt.csv" > "$T/out" 2> "$T/err"
# Confidence 0.8 right, 0.6 wrong, 0.9 wrong: (0.2 + 0.6 + 0.9) / 3.
is "$(sed 's/.*(/(/' "$T/out")" "(top1) = 0.333
(top5) = -1.000
(mAcc) = 0.250
(ECE)  = 0.567
 category   images accuracy
 dog             1     0.00
 cat             2    50.00" "three images of two classes"
like "$(cat "$T/err")" 'left out 1 image.*of no class' "an image of no class is said"
is "$(evalap -t ood -g "$T/gt.csv" "$T/dt.csv" | sed 's/.*(/(/')" "(AUROC) = 1.000
(FPR95) = 0.000" "the least confident is out of distribution"
want=$(evalap -q -t classify -g "$T/gt.csv" --json "$T/dt.csv" 2> /dev/null)
is "$(evalap -q -t classify -g - --json "$T/dt.csv" 2> /dev/null < "$T/gt.csv")" "$want" "ground truth from standard input"
is "$(evalap -q -t classify -g "$T/gt.csv" --json <(cat "$T/dt.csv") 2> /dev/null)" "$want" "results from a named pipe"
is "$(evalap -q -t classify -g <(sed 's/$/\r/' "$T/gt.csv") --json - 2> /dev/null < <(sed 's/$/\r/' "$T/dt.csv"))" "$want" \
	"lines that end in CR LF"

# Numbers of classes, JSON by lines; ood_score of some other origin.
cat > "$T/gt.jsonl" << 'JSON'
{"image_id": "a", "label": 0}
{"image_id": "b", "label": null}

{"image_id": 3, "label": 1, "extra": [1, {"x": 2}]}
JSON
echo '[{"image_id": "b", "ood_score": 0.5}, {"image_id": 3, "ood_score": 0.5}, {"image_id": "a", "ood_score": -2}]' > "$T/ood.json"
is "$(evalap -t ood -g "$T/gt.jsonl" "$T/ood.json" | sed 's/.*= //' | tr '\n' ' ')" "0.750 1.000 " "scores without classes; a tie is half"
echo '{"image_id": "a", "scores": [3, -1]}' > "$T/one.jsonl"
evalap -t classify -g "$T/gt.jsonl" "$T/one.jsonl" > "$T/out" 2> "$T/err"
like "$(cat "$T/err")" 'warning: 1 image.*have no result: they count as wrong' "a missing result is said"
like "$(cat "$T/err")" 'warning: 1 image.*outside of \[0, 1\].*--logits' "scores that are no probabilities are said"
like "$(cat "$T/out")" '\(top1\) = 0.500$' "and counts"
like "$(cat "$T/out")" '\(ECE\)  = -1.000$' "and give no calibration error"
like "$(evalap -t classify -g "$T/gt.jsonl" --logits "$T/one.jsonl" 2>&1)" '\(ECE\)  = 0.018$' "1 - 1 / (1 + exp(-4)) with --logits"

# Results by category, an object each, best first, and not all of the seven classes: what is not listed is not among the first five.
if "$python" -c 'import msgpack, numpy' 2> /dev/null; then
	PYTHONPATH=$ROOT/tests PYTHONDONTWRITEBYTECODE=1 "$python" - "$T/samples.stream" << 'PYTHON'
import sys
import eval_streams
eval_streams.write_stream(sys.argv[1], "sample", [{"id": 11 + k, "name": name} for k, name in enumerate("abcdefg")],
                          [{"id": i + 1, "seq": i, "class_label": label} for i, label in enumerate((0, 4, 5, 1))])
PYTHON
	# rows IMAGE CATEGORY:SCORE...
	rows() {
		local image=$1 row
		shift
		for row; do
			printf ',{"image_id": %s, "category_id": %s, "score": %s}' "$image" "${row%:*}" "${row#*:}"
		done
	}
	by_category() {
		echo "[${1#,}]" > "$T/by-category"
	}
	first=$(rows 1 11:0.5 12:0.3 13:0.1 14:0.05 15:0.03)
	by_category "$first$(rows 2 11:0.41 12:0.3 13:0.15 14:0.1 15:0.04)$(rows 3 11:0.41 12:0.3 13:0.15 14:0.1 15:0.04)$(rows 4 13:0.62 11:0.38)"
	evalap -t classify -g "$T/samples.stream" --per-class "$T/by-category" > "$T/out" 2>&1
	is "$(sed 's/.*(/(/' "$T/out" | head -n 6 | tr -s ' ')" "(top1) = 0.250
(top5) = 0.500
(mAcc) = 0.250
(ECE) = 0.485
 category images accuracy
 a 1 100.00" "results by category"
	by_category "$first"
	is "$(evalap -q -t ood --json -g "$T/samples.stream" "$T/by-category" 2> /dev/null | jq -c '[.in, .out]')" '[1,0]' "and for -t ood"
	bad_rows() {
		by_category "$2"
		fails_with 1 "^evalap: .*by-category:[0-9]+:.* $1" evalap -t classify "${@:3}" -g "$T/samples.stream" "$T/by-category"
	}
	bad_rows 'category 99 of image 1 is not in the ground truth' "$(rows 1 11:0.5 99:0.3)"
	bad_rows 'category 11 of image 1 comes twice' "$(rows 1 11:0.5 11:0.3)"
	bad_rows 'image 1 comes twice' "$(rows 1 11:0.5)$(rows 2 11:0.5)$(rows 1 12:0.3)"
	bad_rows 'has a "category_id" and no "score"' ',{"image_id": 1, "category_id": 11}'
	bad_rows 'has no "category_id", unlike those before' "$(rows 1 11:0.5),{\"image_id\": 2, \"scores\": [1]}"
	bad_rows 'has a "category_id", unlike those before' ",{\"image_id\": 2, \"scores\": [1, 2, 3, 4, 5, 6, 7]}$(rows 1 11:0.5)"
	bad_rows 'image 1 has 1 of 7 scores; --logits needs all' "$(rows 1 11:0.5)" --logits
	by_category "$first"
	fails_with 1 'by category_id need ground truth of samples' evalap -t classify -g "$T/gt.csv" "$T/by-category"
else
	echo "# python3-msgpack or python3-numpy is not installed: no results by category"
fi

bad() {
	printf '%b' "$2" > "$T/bad"
	fails_with 1 "^evalap: .*$3" evalap -t "$1" -g "$T/gt.csv" "$T/bad"
}
bad classify 'image_id,dog,cat\n1,0.1\n' 'bad:2: 2 fields where the first line names 3 columns'
bad classify 'image_id,dog,cat\n1,0.1,high\n' "bad:2: 'high' in the column 'cat' is not a number"
bad classify 'image_id,dog,cat\n1,0.1,nan\n' 'bad:2: a score is not a finite number'
bad classify 'image_id,dog,dog\n' "bad:1: the column 'dog' comes twice"
bad classify 'id,dog,cat\n' 'bad:1: there is no column image_id'
bad classify 'image_id,dog,cat\n"1,0.1,0.2\n' 'bad:2: a quoted field does not end in a quote'
bad classify 'image_id,dog,cat\n,0.1,0.2\n' 'bad:2: the image_id is empty'
bad classify 'image_id,dog,cat\n7,0.1,0.2\n' 'bad:2: image 7 is not in the ground truth'
bad classify 'image_id,dog,cat\n1,0.1,0.2\n1,0.1,0.2\n' 'bad:3: image 1 comes twice'
bad classify 'image_id,dog,cow\n1,0.1,0.2\n' "bad:2: the label of image 1, 'cat', is none of the 2 classes"
bad classify 'image_id\n1\n' 'bad:2: image 1 has no scores of classes'
bad classify '{"image_id": 1, "scores": [1, 2]}' "label of image 1, 'cat', is none of the 2 classes, which are not named here"
bad ood 'image_id,ood_score\n1,inf\n' 'bad:2: the ood_score of image 1 is not a finite number'
bad ood '{"image_id": 1, "ood_score": 1}\n{"image_id": 2, "scores": [1, 0]}\n' 'bad:2: image 2 has no ood_score'
bad ood '{"image_id": 1, "ood_score": 1}\n{"image_id": 2}\n' 'bad:2: image 2 has no scores'
bad ood '{"image_id": 1, "ood_score": 1} x\n' "line 1 of '.*bad'"
bad ood '{"image_id": 1, "ood_score": "1"}\n' "ood_score must be a number"
bad ood '{"image_id": 1.5, "ood_score": 1}\n' 'image_id" is neither an integer nor a string'
bad ood '{"ood_score": 1}\n' 'the object has no "image_id"'
bad ood '[{"image_id": 1, "ood_score": 1}' 'bad:1:'
bad ood '[3]' 'element 0 is not an object'
bad ood '' "bad' is empty"
bad ood '{"image_id": 3, "scores": [1, "x"]}' '"scores" holds something that is not a number'

bad_truth() {
	printf '%b' "$1" > "$T/bad"
	fails_with 1 "^evalap: .*$2" evalap -t classify -g "$T/bad" "$T/one.jsonl"
}
bad_truth 'image_id,label\n1,0\n1,1\n' "image 1 comes twice in '.*bad'"
bad_truth 'image_id,label\n' "there are no images in '.*bad'"
bad_truth 'image_id,dog\n1,1\n' 'bad:2: there is no label'
bad_truth 'image_id,label\na,2\n' "the label of image 'a', '2', is none of the 2 classes"
bad_truth '{"image_id": "a", "label": 2}\n' "the label of image 'a', 2, is none of the 2 classes"
bad_truth '{"image_id": "a", "label": [2]}\n' '"label" is neither a number of a class, nor a name, nor null'
fails_with 1 "cannot open '.*none'" evalap -t ood -g "$T/none" "$T/one.jsonl"

fails_with 2 'goes with -t classify and -t ood' evalap -t bbox --logits -g "$T/gt.csv" "$T/dt.csv"
fails_with 2 'no figures of classes' evalap -t ood --per-class -g "$T/gt.csv" "$T/dt.csv"

if "$python" -c 'import numpy' 2> /dev/null; then
	ok "60 random sets of scores as numpy counts them" "$python" "$ROOT/tests/eval_classify.py" "$(command -v evalap)" 60 1
else
	echo "# python3-numpy is not installed: no random scores"
fi
done_testing
