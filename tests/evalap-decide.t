#!/bin/bash
# evalap: operating points, errors, intervals, comparison, limits; the examples of the man page; against slow definitions.
. "$(dirname "$0")/tap.sh"
python=/usr/bin/python3
"$python" -c 'import numpy' 2> /dev/null || skip_all "python3-numpy is not installed"
export PYTHONDONTWRITEBYTECODE=1
cd "$T" || exit 1

# Two classes: person is found twice, once missed, once seen where nothing is; of "a, b" one of two is taken for a person.
cat > instances.json << 'JSON'
{"images": [{"id": 1}, {"id": 2}, {"id": 3}], "categories": [{"id": 1, "name": "person"}, {"id": 2, "name": "a, \"b\""}, {"id": 3, "name": "gnu"}],
 "annotations": [
  {"id": 1, "image_id": 1, "category_id": 1, "bbox": [0, 0, 40, 40], "area": 1600, "iscrowd": 0},
  {"id": 2, "image_id": 1, "category_id": 1, "bbox": [100, 0, 40, 40], "area": 1600, "iscrowd": 0},
  {"id": 3, "image_id": 2, "category_id": 1, "bbox": [0, 0, 40, 40], "area": 1600, "iscrowd": 0},
  {"id": 4, "image_id": 2, "category_id": 2, "bbox": [200, 0, 40, 40], "area": 1600, "iscrowd": 0},
  {"id": 5, "image_id": 2, "category_id": 2, "bbox": [300, 0, 40, 40], "area": 1600, "iscrowd": 0}]}
JSON
cat > results.json << 'JSON'
[{"image_id": 1, "category_id": 1, "bbox": [0, 0, 40, 40], "score": 0.9},
 {"image_id": 1, "category_id": 1, "bbox": [100, 0, 40, 40], "score": 0.8},
 {"image_id": 2, "category_id": 1, "bbox": [200, 0, 40, 40], "score": 0.7},
 {"image_id": 2, "category_id": 1, "bbox": [500, 0, 40, 40], "score": 0.6},
 {"image_id": 2, "category_id": 2, "bbox": [300, 0, 40, 40], "score": 0.5}]
JSON
cp results.json a.json
sed 's/\[100, 0, 40, 40\], "score": 0.8/[109, 0, 40, 40], "score": 0.8/' results.json > b.json

# Known answers.
evalap -q -g instances.json --counts --thresholds t.json --confusion c.csv --per-image i.csv results.json > out.txt
is "$(cat t.json)" '{"person":0.8,"a, \"b\"":0.5}' "the best thresholds; none for a class that is not there"
like "$(cat out.txt)" '^ person +0\.8000 +2 +0 +1 +100\.00 +66\.67 +80\.00$' "--counts"
is "$(cat c.csv)" 'truth,person,"a, ""b""",gnu,background
person,2,0,0,1
"a, ""b""",0,1,0,1
gnu,0,0,0,0
background,0,0,0,0' "--confusion at the best thresholds"
is "$(cat i.csv)" "image,AP,AP50,TP,FP,FN,precision,recall,F1
2,0.252475,0.252475,1,0,2,1.000000,0.333333,0.500000
1,1.000000,1.000000,2,0,0,1.000000,1.000000,1.000000
3,,,0,0,0,,," "--per-image, the worst first"
evalap -q -g instances.json --score 0.1 --confusion c.json results.json > /dev/null
is "$(cat c.json)" '{"iou":0.5,"classes":["person","a, \"b\"","gnu","background"],"cells":[[2,0,0,1],[1,1,0,0],[0,0,0,0],[1,0,0,0]]}' \
	"--confusion as JSON, at --score: one is taken for another, one is on background"
evalap -q -g instances.json --per-image i.json --score 0.1 results.json > /dev/null
is "$(jq -c '[.[] | [.image, .TP, .FP, .FN]]' i.json)" "[[2,1,2,2],[1,2,0,0],[3,0,0,0]]" "--per-image as JSON"
is "$(evalap -q -g instances.json --errors results.json | grep -E '^ (class|background|missed) ' | tr -s ' ' | tr '\n' ';')" \
	" class 1 24.75; background 1 0.00; missed 1 16.83;" "--errors"
is "$(evalap -q -g instances.json --csv results.json | cut -d, -f1-3 | head -3 | tail -1)" 'person,1,3' "--csv, a class"
is "$(evalap -q -g instances.json --csv results.json | $python -c '
import csv, sys
rows = list(csv.DictReader(sys.stdin))
print(rows[0]["category"], float(rows[0]["AP50"]) == (float(rows[1]["AP50"]) + float(rows[2]["AP50"])) / 2, rows[2]["category"], rows[3]["AP"] == "")')" \
	'all True a, "b" True' "--csv, all classes and those without objects"
is "$(evalap -q -g instances.json --csv --counts results.json | sed -n 2p | tr -d '0-9.')" "all,,,,,,,,,,,,,,,,,,,,," "--csv --counts has one line for all"

# The same by slow definitions.
"$python" "$ROOT/tests/eval_decisions.py" "$(command -v evalap)" 60 1 > peer.txt
report $? "$(sed -n 's/^ok 1 - //p' peer.txt)"
grep '^#' peer.txt | head -5

# Intervals and comparison.
like "$(evalap -g instances.json --ci --rounds 50 results.json)" '^ AP +0\.[0-9]{4}  \[0\.[0-9]{4}, [01]\.[0-9]{4}\]$' "--ci"
is "$(evalap -g instances.json --ci --json -j1 --seed 5 results.json | sha256sum)" \
	"$(evalap -g instances.json --ci --json -j4 --seed 5 results.json | sha256sum)" "the same bytes with 1 and 4 threads"
is "$(evalap -g instances.json --ci --json results.json | jq -c '.intervals | [.rounds, .seed, .level, (.stats | length)]')" \
	"[1000,0,0.95,12]" "--ci in JSON"
is "$(evalap -g instances.json --ci --json --level 0.5 results.json | jq '.intervals.stats | map(.[0] <= .[1]) | all')" true "intervals are"
like "$(evalap -g instances.json --compare b.json a.json)" '^ AP +0\.[0-9]+ +0\.[0-9]+ +-0\.[0-9]+  \[-0\.[0-9]+, [+-]0\.[0-9]+\] +[01]\.[0-9]+$' \
	"--compare: B is worse"
is "$(evalap -g instances.json --compare b.json --json a.json | jq -c '.compare.figures[0] | .difference == .B - .A, .low <= .difference')" \
	"$(printf 'true\ntrue')" "--compare in JSON"
is "$(evalap -g instances.json --compare a.json --json a.json | jq -c '.compare | [.figures[0], .per_class[0]] | map([.difference, .low, .high, .p])')" \
	"[[0,0,0,1],[0,0,0,1]]" "nothing differs from itself"

# Limits.
ok "a limit that holds" evalap -g instances.json --fail-under "AP=0.4,AP50.person=0.6" results.json
fails_with 3 '^evalap: AP50.person is 0\.66[0-9]*, below the limit 0.7$' evalap -g instances.json --fail-under "AP=0.4,AP50.person=0.7" results.json
fails_with 3 '^evalap: AP75 is 0\..* limit 1$' evalap -g instances.json --fail-under "AP75=1" results.json
fails_with 3 '^evalap: AP.a, "b" is 0\.' evalap -g instances.json --fail-under 'AP.a, "b"=0.9' results.json
fails_with 3 '^evalap: AP.gnu could not be measured' evalap -g instances.json --fail-under "AP.gnu=0" results.json
fails_with 3 '^evalap: F1.person is 0.8, below' evalap -g instances.json --counts --fail-under "F1.person=0.9" results.json
fails_with 2 "no figure 'AP51'; known are AP, AP50, .*classes person" evalap -g instances.json --fail-under "AP51=0.4" results.json
fails_with 2 "no figure 'AP.dog'" evalap -g instances.json --fail-under "AP.dog=0.4" results.json
fails_with 2 'list like .*in --fail-under' evalap -g instances.json --fail-under "AP" results.json
fails_with 2 'list like .*in --fail-under' evalap -g instances.json --fail-under "AP=x" results.json
fails_with 2 'between 0 and 1' evalap -g instances.json --fail-under "AP=40" results.json
is "$(evalap -q -g instances.json --fail-under AP=1 results.json 2> /dev/null | wc -l)" 12 "the figures are printed all the same"
evalap -g instances.json --json a.json > old.json
ok "no drop" evalap -g instances.json --baseline old.json --max-drop 0 a.json
fails_with 3 '^evalap: AP is .* below the baseline.s .*; the limit is 0.002$' evalap -g instances.json --baseline old.json --max-drop 0.002 b.json
fails_with 3 '^evalap: AP.person is ' evalap -g instances.json --baseline old.json --max-drop "AP50=0.1,AP.person=0.01" b.json
ok "a list of drops" evalap -g instances.json --baseline old.json --max-drop "AP=0.5,AP.person=0.5" b.json
fails_with 2 'baseline and --max-drop' evalap -g instances.json --baseline old.json a.json
fails_with 2 'baseline and --max-drop' evalap -g instances.json --max-drop 0.1 a.json
fails_with 1 "cannot open 'none.json'" evalap -g instances.json --baseline none.json --max-drop 0.1 a.json
fails_with 1 "results.json:1:" evalap -g instances.json --baseline results.json --max-drop 0.1 a.json
fails_with 1 "not what evalap --json writes" evalap -g instances.json --baseline t.json --max-drop 0.1 a.json
sed 's/"images":3/"images":4/' old.json > other.json
like "$(evalap -q -g instances.json --baseline other.json --max-drop 0 a.json 2>&1 > /dev/null)" 'measured on 4 images, this on 3' \
	"a baseline on other images is said"
sed 's/"bbox"/"segm"/' old.json > other.json
fails_with 1 "measured with -t segm" evalap -g instances.json --baseline other.json --max-drop 0.1 a.json
sed 's/"person"/"people"/' old.json > other.json
fails_with 1 "'other.json' has no figure 'AP.person'" evalap -g instances.json --baseline other.json --max-drop AP.person=0.1 a.json
ok "limits go with other rules too" evalap -q -g instances.json --rule voc2010 --fail-under mAP=0.3 results.json
fails_with 3 '^evalap: mAP is ' evalap -q -g instances.json --rule voc2010 --fail-under mAP=0.9 results.json

# The page.
evalap -q -g instances.json --plot page.svg results.json > /dev/null
"$python" - << 'PYTHON'
import sys, xml.etree.ElementTree as tree
texts = [t.text for t in tree.parse("page.svg").iter("{http://www.w3.org/2000/svg}text")]
sys.exit(not {"person", 'a, "b"', "Precision and recall", "Reliability of the scores", "3 true", "2 false", "detections: error 0.420"} <= set(texts))
PYTHON
report $? "--plot is well-formed and names classes and numbers"
printf '[]' > none.json
ok "a page without detections" evalap -q -g instances.json --plot page.svg --errors --ci --rounds 3 --counts none.json
printf '{"images": [{"id": 1}], "annotations": [], "categories": []}' > empty.json
ok "a data set without anything" evalap -q -g empty.json --plot page.svg --errors --ci --rounds 3 --counts --confusion c.csv \
	--per-image i.csv --thresholds t.json --compare none.json none.json
"$python" - << 'PYTHON'
import json
names = ["class number %d with quite a long name" % k for k in range(1300)]
json.dump({"images": [{"id": 1}], "categories": [{"id": k + 1, "name": n} for k, n in enumerate(names)], "annotations": [
    {"id": k + 1, "image_id": 1, "category_id": k + 1, "bbox": [k, 0, 10, 10], "area": 100, "iscrowd": 0} for k in range(1300)]}, open("many.json", "w"))
json.dump([{"image_id": 1, "category_id": k + 1, "bbox": [k + k % 7, 0, 10, 10], "score": k / 1300} for k in range(1300)], open("found.json", "w"))
PYTHON
evalap -q -g many.json --plot page.svg found.json > /dev/null
is "$(grep -c 'best and' page.svg) $(($(grep -c '<text' page.svg) < 300))" "1 1" "of many classes the best and the worst are drawn"

# The examples of the man page that need no more than these files; a limit may be broken.
"$python" - "$ROOT/man/evalap.1" > examples.txt << 'PYTHON'
import re, sys
text = open(sys.argv[1]).read().split(".Sh EXAMPLES")[1].split(".Sh SEE ALSO")[0].replace("\\e\n", "").replace("\\(dq", '"')
lines = re.findall(r"^(?:\.Dl )?(evalap .*)$", text, re.M)
print("\n".join(line for line in lines if "-g instances.json" in line))
PYTHON
is "$(($(wc -l < examples.txt) >= 5))" 1 "the man page has worked examples"
while read -r line; do
	bash -c "$line" > example.txt 2>&1
	report "$(($? != 0 && $? != 3))" "example: $line"
done < examples.txt
ok "they leave what they name" test -s old.json -a -s thresholds.json -a -s confusion.csv -a -s images.csv -a -s page.svg

# The command line, and what cannot be written.
fails_with 2 'csv and --json' evalap -g instances.json --csv --json results.json
fails_with 2 'come from standard input' evalap -g instances.json --compare - -
fails_with 2 'COCO.s rule only' evalap -g instances.json --rule voc2007 --ci results.json
fails_with 2 'iou must be between' evalap -g instances.json --iou 0 results.json
fails_with 2 'level must be between' evalap -g instances.json --level 95 results.json
fails_with 1 "cannot write 'none/x.json'" evalap -g instances.json --thresholds none/x.json results.json
fails_with 1 "b-none.json': No such file" evalap -g instances.json --compare b-none.json results.json
sed 's/"gnu"/"person"/' instances.json > twice.json
fails_with 1 "two categories are called 'person'" evalap -g twice.json --thresholds t.json results.json
fails_with 2 "two classes are called 'person'" evalap -g twice.json --fail-under AP.person=0.1 results.json
if [ -w /dev/full ]; then
	for option in thresholds confusion per-image plot; do
		fails_with 1 'No space left' evalap -g instances.json --$option /dev/full results.json
	done
fi
done_testing
