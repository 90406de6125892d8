#!/bin/bash
# The format read and written by other programs: Python's msgpack, zstd.
. "$(dirname "$0")/tap.sh"
vectors=$ROOT/formats/vectors

ok "zstd unpacks a pack into the stream" cmp <(zstd -dc "$vectors/sample.pack") "$vectors/sample.stream"
ok "zstd's own test accepts a pack" zstd -qt "$vectors/sample.pack"

# The example of the man page: the bytes stand in the first 24 columns of its lines.
sed -n '/^\.Bd -literal$/,/^\.Ed$/p' "$ROOT/man/cocopipe-stream.5" | grep -oE '^([0-9a-f]{2}( |$)){1,8}' |
	tr -d ' \n' > "$T/hex"
is "$(cat "$T/hex")" "$(od -An -v -tx1 "$vectors/tiny.stream" | tr -d ' \n')" "cocopipe-stream(5) shows the bytes of the smallest stream"

missing=
while read -r key; do
	grep -qE "^\.(It )?Cm (.* )?$key( |\$)|^\.Cm id , seq.*$key" "$ROOT/man/cocopipe-stream.5" || missing="$missing $key"
done < <(sed -n 's/^FIELD_[A-Z]*(\([a-z_]*\).*/\1/p' "$ROOT"/formats/*.def)
is "$missing" "" "cocopipe-stream(5) explains every key of the tables"

if ! /usr/bin/python3 -c 'import msgpack' 2> /dev/null; then
	echo "# python3-msgpack is not installed: the other readers and writers are not tried"
	done_testing
fi
peer=$ROOT/tests/stream_peer.py
ok "python makes the smallest stream from the specification" /usr/bin/python3 "$peer" write "$T/tiny"
ok "it is the golden vector" cmp "$T/tiny" "$vectors/tiny.stream"
ok "and reads here" tstream check "$T/tiny"
ok "python finds frames, hashes and alignment right" /usr/bin/python3 "$peer" verify "$vectors"/*.stream

for name in tiny sample detection; do
	/usr/bin/python3 "$ROOT/formats/reader.py" < "$vectors/$name.stream" > "$T/python"
	tstream dump --full "$vectors/$name.stream" > "$T/tstream"
	ok "reader.py and tstream dump say the same of $name.stream" /usr/bin/python3 "$peer" same "$T/python" "$T/tstream"
done
head -c 200 "$vectors/tiny.stream" > "$T/cut"
/usr/bin/python3 "$ROOT/formats/reader.py" < "$T/cut" > /dev/null 2> "$T/err"
is $? 1 "reader.py fails on a cut stream"
done_testing
