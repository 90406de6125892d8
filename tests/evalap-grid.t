#!/bin/bash
# evalap grid: means and Student's intervals over seeds, gains seed by seed, tables and plots; tables that are wrong.
. "$(dirname "$0")/tap.sh"
cd "$T" || exit 1

# Seed 3 of the student has no counterpart; the third method has one seed. Lines are in no order; only the last steps count.
cat > runs.csv << 'END'
method,scheme,fraction,seed,step,AP
scratch,1,0.2,1,200,0.31
scratch,1,0.2,0,200,0.30
scratch,1,0.2,2,200,0.35
scratch,1,0.2,0,100,0.05
selftrain,1,0.2,0,200,0.34
selftrain,1,0.2,2,200,0.36
selftrain,1,0.2,1,100,0.1
selftrain,1,0.2,1,200,0.33
selftrain,1,0.2,3,200,0.39
scratch,4,1,0,200,0.5
scratch,4,1,1,200,0.6
ein Lehrer für ä,1,0.2,1,200,0.3
END
evalap grid runs.csv --csv > table.csv
is $? 0 "a table"
# Quantiles of Student's t, 97.5 %, as they are tabulated.
/usr/bin/python3 - << 'PYTHON'
import csv, statistics
T = {1: 12.706204736432095, 2: 4.302652729911275, 3: 3.182446305284263}
def mean(values):
    half = T[len(values) - 1] * statistics.stdev(values) / len(values) ** .5 if len(values) > 1 else None
    return statistics.mean(values), half
want = {("scratch", "1", .2): ([.30, .31, .35], []), ("selftrain", "1", .2): ([.34, .33, .36, .39], [.04, .02, .01]),
        ("scratch", "4", 1.0): ([.5, .6], []), ("ein Lehrer für ä", "1", .2): ([.3], [-.01])}
rows = list(csv.DictReader(open("table.csv")))
assert len(rows) == 4, rows
for row in rows:
    for values, n, name in zip(want[row["method"], row["scheme"], float(row["fraction"])], ("seeds", "pairs"), ("AP", "gain")):
        assert int(row[n]) == len(values), row
        if values:
            middle, half = mean(values)
            assert abs(float(row[name]) - middle) < 1e-12, row
            low, high = row[name + "_low"], row[name + "_high"]
            assert half is None and low == high == "" or abs(float(low) - middle + half) < 1e-9 and abs(float(high) - middle - half) < 1e-9, row
PYTHON
is $? 0 "means, intervals and gains are those of the definition"
is "$(evalap grid runs.csv --csv --level 0.9 | awk -F, '/^scratch,1/ { printf "%.6f", $7 - $5 }')" \
	"$(awk 'BEGIN { printf "%.6f", 2.919985580355516 * sqrt(0.0007) / sqrt(3) }')" "--level 0.9"
evalap grid runs.csv > said
like "$(cat said)" 'selftrain +1 +0\.2 +4 +0\.3550 ±0\.0421 +\+0\.0233 ±0\.0379' "the same for people"
is "$(grep -c . said)" 7 "a heading, four rows, two explanations"
is "$(awk 'NR <= 5 { print index($0, " 0.2") }' <(sed 's/[üä]/u/g' said) | sort -u | grep -cv '^0$')" 1 "columns stay straight"

is "$(evalap grid <(head -n 4 runs.csv) <(sed 2,4d runs.csv))" "$(cat said)" "from two tables"

evalap grid runs.csv --plot curves.svg --plot-gains gains.svg > again
is "$(cat again)" "$(cat said)" "with plots it says the same"
is "$(grep -c '>scheme [14], .* % of the labels<' curves.svg)" 4 "a chart of curves for each scheme and fraction"
is "$(grep -c 'scheme of augmentation\|labels, %' gains.svg)" 4 "charts of gains by scheme and by fraction"
is "$(grep -c 'h8m-4 0V' gains.svg)" 2 "with an interval where there are seeds enough"
/usr/bin/python3 -c 'import sys, xml.dom.minidom as x; [x.parse(f) for f in sys.argv[1:]]' curves.svg gains.svg
is $? 0 "pages are well-formed"
evalap grid runs.csv --plot once.svg > /dev/null
ok "the same table, the same bytes" cmp -s curves.svg once.svg

# wrong REASON LINE: a table with that line.
wrong() {
	printf 'method,scheme,fraction,seed,step,AP\nscratch,1,0.2,0,200,0.3\n%s\n' "$2" > wrong.csv
	fails_with 1 "'wrong.csv', line 3: $1" evalap grid wrong.csv
}
wrong "there are six columns" "scratch,1,0.2,0,200"
wrong "there are six columns" "scratch,1,0.2,0,200,0.3,1"
wrong "there are six columns" ",1,0.2,0,200,0.3"
wrong "the scheme is not a whole number" "scratch,one,0.2,0,200,0.3"
wrong "the fraction is not a number above 0" "scratch,1,0,0,200,0.3"
wrong "seed and step are not whole numbers" "scratch,1,0.2,0,,0.3"
wrong "the AP is not a number from 0 to 1" "scratch,1,0.2,0,300,nan"
printf 'method,scheme,fraction,seed,step,AP\na,1,1,0,2,0.3\na,1,1,0,2,0.3\n' > twice.csv
fails_with 1 "step 2 of 'a', scheme 1, fraction 1, seed 0 is there twice" evalap grid twice.csv
fails_with 1 "step 200 of 'scratch', scheme 1, fraction 0.2, seed 0 is there twice" evalap grid runs.csv <(sed -n 1,3p runs.csv)
printf 'method,scheme,fraction,seed,step,AP\n' > empty.csv
fails_with 1 "'empty.csv' has no evaluation" evalap grid empty.csv
printf 'a,1,1,0,2,0.3\n' > headless.csv
fails_with 1 "does not begin with the line 'method,scheme" evalap grid headless.csv
fails_with 1 "cannot open 'none.csv'" evalap grid none.csv
fails_with 2 "grid wants a table" evalap grid
fails_with 2 "truth does not go with grid" evalap grid runs.csv -g x.json
fails_with 2 "plot-gains goes with grid only" evalap -g x.json --plot-gains gains.svg y.json
fails_with 1 "nonexistent" evalap grid runs.csv --plot /nonexistent/x.svg
done_testing
