#!/bin/bash
# Packs, whole processes, from page cache: reading them in order and shuffled, the index of 1.2 million records, writing them.
# Peers: Python's tarfile, which loaders of tar shards are made of, in order (a tar cannot be shuffled), and reading the index.
set -euo pipefail
cd "$(dirname "$0")"
. ./turns.bash
T=$(mktemp -d -p "${TMPDIR:-/var/tmp}")
trap 'rm -rf "$T"' EXIT

# seconds COMMAND...: wall time, its output thrown away.
seconds() {
	local TIMEFORMAT=%R
	{ time "$@" > /dev/null; } 2>&1
}

# rate NAME MB SECONDS PEER-SECONDS REMARKS: medians of lines, as MB/s.
rate() {
	local m lo hi p plo phi
	read -r m lo hi <<< "$(median <<< "$3")"
	read -r p plo phi <<< "$(median <<< "$4")"
	awk -v n="$1" -v mb="$2" -v m="$m" -v lo="$lo" -v hi="$hi" -v p="$p" -v remarks="$5" 'BEGIN {
		printf "%s\t%.0f\tMB/s\t%.0f\t%.2f\t%.0f..%.0f MB/s, %s\n", n, mb / m, mb / p, p / m, mb / hi, mb / lo, remarks }'
}

read_tar() {
	/usr/bin/python3 -c '
import sys, tarfile
with tarfile.open(sys.argv[1], "r|") as tar:
    for member in tar:
        tar.extractfile(member).read()' "$1"
}

make_tar() {
	/usr/bin/python3 -c '
import io, os, sys, tarfile
path, n, size = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
data = os.urandom(size)
with tarfile.open(path, "w") as tar:
    for i in range(n):
        member = tarfile.TarInfo("%012d.jpg" % i)
        member.size = size
        tar.addfile(member, io.BytesIO(data))' "$@"
}

# Images as COCO has them: 160 kB.
"$BENCH/packs" write "$T/large.pack" 6000 160000 noise
make_tar "$T/large.tar" 6000 160000
# 100,000 records: what a record costs, and what reading them in another order does.
"$BENCH/packs" write "$T/small.pack" 100000 10000 noise
make_tar "$T/small.tar" 100000 10000
"$BENCH/packs" write "$T/middle.pack" 100000 40000 noise
# What is still on its way to the disk would be in the way.
sync "$T"/*.pack "$T"/*.tar
for _ in 1 2 3 4 5; do
	seconds "$BIN/coco-pack" -q "$T/large.pack" >> "$T/large"
	seconds "$BIN/coco-pack" -q "$T/large.pack" --shuffle >> "$T/large-shuffled"
	seconds read_tar "$T/large.tar" >> "$T/large-tar"
	seconds "$BIN/coco-pack" -q "$T/small.pack" >> "$T/small"
	seconds "$BIN/coco-pack" -q "$T/small.pack" --shuffle >> "$T/small-shuffled"
	seconds read_tar "$T/small.tar" >> "$T/small-tar"
	seconds "$BIN/coco-pack" -q "$T/middle.pack" >> "$T/middle"
	seconds "$BIN/coco-pack" -q "$T/middle.pack" --shuffle >> "$T/middle-shuffled"
done
rate pack-read 960 "$(cat "$T/large")" "$(cat "$T/large-tar")" "6000 records of 160 kB; peer: tarfile"
rate pack-read-shuffled 960 "$(cat "$T/large-shuffled")" "$(cat "$T/large")" "peer: in order"
rate pack-read-small 1000 "$(cat "$T/small")" "$(cat "$T/small-tar")" "100000 records of 10 kB; peer: tarfile"
rate pack-read-middle-shuffled 4000 "$(cat "$T/middle-shuffled")" "$(cat "$T/middle")" "100000 records of 40 kB; peer: in order"
rate pack-read-small-shuffled 1000 "$(cat "$T/small-shuffled")" "$(cat "$T/small")" "peer: in order"

for _ in 1 2 3; do
	rm -f "$T/out.pack"
	seconds "$BIN/coco-pack" -q "$T/large.pack" -o "$T/out.pack" >> "$T/write"
	seconds make_tar "$T/out.tar" 6000 160000 >> "$T/write-tar"
done
rate pack-write 960 "$(cat "$T/write")" "$(cat "$T/write-tar")" "from a pack to a pack, synced; peer: tarfile, not synced"
rm -f "$T"/*.tar "$T"/large.pack "$T"/small.pack "$T"/middle.pack "$T/out.pack"

"$BENCH/packs" write "$T/many.pack" 1200000 4100 zeros
peer() {
	/usr/bin/python3 -c '
import mmap, resource, struct, sys, time
import numpy
start = time.perf_counter()
data = numpy.memmap(sys.argv[1], mode="r")
entries = struct.unpack_from("<I", data[-9:].tobytes())[0]
size = struct.unpack_from("<I", data[-17:].tobytes())[0]
begin = len(data) - 9 - 8 * entries - 8 - size
frames, = struct.unpack_from("<I", data[begin + 20:begin + 24].tobytes())
records, = struct.unpack_from("<Q", data[begin + 24:begin + 32].tobytes())
index = numpy.frombuffer(data[begin + 40 + 8 * frames:].tobytes()[:32 * records], numpy.dtype("<u8,<u8,<u4,<u4,<u8"))
places = numpy.cumsum(numpy.frombuffer(data[-9 - 8 * entries:-9].tobytes(), "<u4")[::2], dtype="u8")
print("%.6f" % (time.perf_counter() - start))
print("mib", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)' "$1"
}
for _ in 1 2 3 4 5; do
	"$BENCH/packs" open "$T/many.pack" >> "$T/open"
	peer "$T/many.pack" >> "$T/open-peer"
	seconds "$BIN/coco-pack" -q "$T/many.pack" --shuffle --count 1 >> "$T/first"
done
row pack-index "$(cat "$T/open")" "$(cat "$T/open-peer")" "1200000 records, opened and checked; peer: numpy, not checked"
memory_row pack-index-memory "$(cat "$T/open")" "$(cat "$T/open-peer")" "peak of the process"
read -r m lo hi <<< "$(median < "$T/first")"
printf 'pack-first-record\t%.3f\ts\t-\t-\t%.3f..%.3f s, coco-pack --shuffle --count 1 of them, whole process\n' "$m" "$lo" "$hi"
