#!/bin/bash
# evalap on compressed JSON: gzip and zstd, files and pipes, several pieces, damage, memory.
. "$(dirname "$0")/tap.sh"

coco-synth -q -o "$T/synth" -n 12 --classes 4
gt=$T/synth/instances.json
/usr/bin/python3 - "$gt" > "$T/dt.json" << 'PYTHON'
import json, random, sys
rng = random.Random(5)
with open(sys.argv[1]) as file:
    annotations = json.load(file)["annotations"]
print(json.dumps([{"image_id": a["image_id"], "category_id": a["category_id"], "score": rng.random(),
                   "bbox": [v + rng.uniform(-4, 4) for v in a["bbox"]]} for a in annotations for _ in range(200)]))
PYTHON
gzip -k "$gt" "$T/dt.json"
zstd -q "$gt" "$T/dt.json"
want=$(evalap --json -g "$gt" "$T/dt.json")
like "$want" '"stats":\[0\.[0-9]*[1-9]' "something is found"
for zip in gz zst; do
	is "$(evalap --json -g "$gt.$zip" "$T/dt.json.$zip")" "$want" "$zip: files"
	is "$(evalap --json -g "$gt.$zip" < "$T/dt.json.$zip")" "$want" "$zip: a file as standard input"
	# shellcheck disable=SC2002
	is "$(cat "$T/dt.json.$zip" | evalap --json -g "$gt")" "$want" "$zip: a pipe"
	is "$(evalap --json -g <(cat "$gt.$zip") <(cat "$T/dt.json.$zip"))" "$want" "$zip: two pipes by name"
	is "$( (head -c 3 "$T/dt.json.$zip"; sleep 0.2; tail -c +4 "$T/dt.json.$zip") | evalap --json -g "$gt")" "$want" \
		"$zip: a pipe that begins slowly"
	size=$(wc -c < "$T/dt.json.$zip")
	for cut in 10 100 $((size / 2)) $((size - 1)); do
		head -c $cut "$T/dt.json.$zip" > "$T/cut"
		fails_with 1 '^evalap: .*cut' evalap -g "$gt" "$T/cut"
		fails_with 1 '^evalap: ' evalap -g "$gt" <(cat "$T/cut")
	done
	{ head -c $((size / 2)) "$T/dt.json.$zip"; printf 'xxxxxxxx'; tail -c +$((size / 2 + 9)) "$T/dt.json.$zip"; } > "$T/damaged"
	fails_with 1 '^evalap: .*damaged' evalap -g "$gt" "$T/damaged"
done
head -c 5000 "$T/dt.json" | gzip > "$T/two.gz"
tail -c +5001 "$T/dt.json" | gzip >> "$T/two.gz"
is "$(evalap --json -g "$gt" "$T/two.gz")" "$want" "two pieces of gzip in a row"
{ head -c 5000 "$T/dt.json" | zstd -qc; tail -c +5001 "$T/dt.json" | zstd -qc; } > "$T/two.zst"
is "$(evalap --json -g "$gt" "$T/two.zst")" "$want" "two pieces of zstd in a row"
printf '{}' | gzip > "$T/small.gz"
fails_with 1 'small.gz:1:1: not COCO results' evalap -g "$gt" "$T/small.gz"

# Packs begin like zstd too.
ok "packs" coco-pack -q "$gt" --images "$T/synth/images" -o "$T/gt.pack"
is "$(evalap --json -g "$T/gt.pack" "$T/dt.json.zst")" "$want" "a pack beside compressed JSON"
is "$(evalap --json -g <(cat "$T/gt.pack") "$T/dt.json.gz")" "$want" "a pack from a pipe"

# 400 MB of spaces take no memory: 3 GB would not be needed, 200 MB is plenty.
# The sanitizers reserve address space of their own.
if [ "${CONF:-}" != asan ]; then
	{ printf '['; head -c 400000000 /dev/zero | tr '\0' ' '; printf ']'; } | gzip -1 > "$T/long.gz"
	ok "what is long when expanded takes little memory" sh -c "ulimit -v 1000000; evalap -q -j1 -g '$gt' '$T/long.gz'"
fi
done_testing
