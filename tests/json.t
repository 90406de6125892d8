#!/bin/bash
# The JSON reader against Python's: random documents, numbers bit for bit, and pipes.
. "$(dirname "$0")/tap.sh"

JSON=$ROOT/build/${CONF:-release}/tests/json
[ -x "$JSON" ] || skip_all "tests/json is not built"
[ -x /usr/bin/python3 ] || skip_all "no python3"

# make-documents: one document a line into the file, the events that it must give into the other.
cat > "$T/make.py" << 'END'
import json, random, struct, sys
from fractions import Fraction

rng = random.Random(7)

def number():
    kind = rng.randrange(9)
    if kind == 0:
        return str(rng.randrange(-10**rng.randrange(1, 25), 10**rng.randrange(1, 25)))
    if kind == 1:
        return repr(rng.uniform(-1000, 1000))
    if kind == 2:
        x = struct.unpack('<d', struct.pack('<Q', rng.getrandbits(64)))[0]
        return repr(x) if x - x == 0 else '0'
    if kind == 3:
        return '%.2f' % rng.uniform(0, 640)
    if kind == 4:  # halfway between two doubles, and a digit more or less
        m = rng.getrandbits(53) | 1 << 52
        e = rng.randrange(-60, 60)
        f = (Fraction(2 * m + 1) / 2) * Fraction(2) ** e
        text = '%d.' % (f.numerator // f.denominator)
        rest = f - f.numerator // f.denominator
        while rest and len(text) < 120:
            rest *= 10
            digit = rest.numerator // rest.denominator
            text += str(digit)
            rest -= digit
        if text[-1] == '.':
            text += '0'
        return text + rng.choice(['', '0', '1']) if rng.random() < .7 else text[:-1] + '4'
    if kind == 5:
        return '%de%d' % (rng.getrandbits(rng.randrange(1, 64)), rng.randrange(-330, 280))
    if kind == 6:
        return '%d.%0*dE%+d' % (rng.getrandbits(20), rng.randrange(1, 16), rng.getrandbits(30), rng.randrange(-30, 30))
    if kind == 7:
        return rng.choice(['0', '-0', '0.0', '-0.0', '0e5', '1e-400', '4.9e-324', '2.4703282292062327e-324',
                           '2.4703282292062328e-324', '1.7976931348623157e308', '9007199254740993', '9223372036854775807',
                           '-9223372036854775808', '9223372036854775808', '18446744073709551616', '1e22', '1e23',
                           '8.5e-5', '123456789012345678', '1234567890123456789', '9999999999999999999',
                           '0.000000000000000000000000000001234567890123456789', '1' + '0' * 300, '0.' + '0' * 300 + '1'])
    return '%.*g' % (rng.randrange(1, 22), rng.uniform(-1, 1) * 10 ** rng.randrange(-25, 25))

def string():
    out = []
    for _ in range(rng.randrange(0, rng.choice([3, 12, 60]))):
        kind = rng.randrange(8)
        if kind == 0:
            out.append(rng.choice(['\\n', '\\t', '\\"', '\\\\', '\\/', '\\b', '\\f', '\\r']))
        elif kind == 1:
            c = rng.randrange(0x10000)
            out.append('\\u%04x' % c if not 0xd800 <= c < 0xe000 else '\\uD83D\\uDE00')
        elif kind == 2:
            c = rng.choice([0x7f, 0x80, 0x7ff, 0x800, 0xffff, 0x10000, 0x10ffff, rng.randrange(0x80, 0xd800)])
            out.append(chr(c))
        else:
            out.append(chr(rng.randrange(32, 127)).replace('"', "'").replace('\\', '/'))
    return '"' + ''.join(out) + '"'

def space():
    return ' ' * rng.choice([0, 0, 0, 1, 3]) + rng.choice(['', '', '\t', '\r'])

def value(depth):
    kind = rng.randrange(7 if depth > 0 else 5)
    if kind < 2:
        return number()
    if kind < 4:
        return string()
    if kind == 4:
        return rng.choice(['true', 'false', 'null'])
    items = []
    for _ in range(rng.randrange(0, 7)):
        key = string() + space() + ':' + space() if kind == 6 else ''
        items.append(space() + key + value(depth - 1) + space())
    return ('{%s}' if kind == 6 else '[%s]') % (','.join(items) if items else space())

def events(v, out):
    if isinstance(v, list):
        out.append('[')
        for x in v:
            events(x, out)
        out.append(']')
    elif isinstance(v, Pairs):
        out.append('{')
        for k, x in v.pairs:
            out.append('k' + k.encode().hex())
            events(x, out)
        out.append('}')
    elif isinstance(v, Number):
        text = 'n' + struct.pack('>d', float(v.text)).hex()
        if v.whole and -2**63 <= int(v.text) < 2**63:
            text += ' %d' % int(v.text)
        out.append(text)
    elif isinstance(v, str):
        out.append('s' + v.encode().hex())
    else:
        out.append({True: 't', False: 'f', None: '0'}[v])

class Pairs:
    def __init__(self, pairs):
        self.pairs = pairs

class Number:
    def __init__(self, text, whole):
        self.text, self.whole = text, whole

with open(sys.argv[1], 'w', newline='') as docs, open(sys.argv[2], 'w') as want:
    for _ in range(int(sys.argv[3])):
        text = value(rng.randrange(0, 6))
        docs.write(text + '\n')
        tree = json.loads(text, object_pairs_hook=Pairs, parse_float=lambda t: Number(t, False),
                          parse_int=lambda t: Number(t, True))
        out = []
        events(tree, out)
        want.write('\n'.join(out) + '\nend\n')
END
ok "make random documents" /usr/bin/python3 "$T/make.py" "$T/docs" "$T/want" 8000
"$JSON" dump < "$T/docs" > "$T/got"
ok "8000 random documents give Python's events, numbers bit for bit" cmp "$T/got" "$T/want"

# Of a run only the values are told, not which were written as integers.
numbers() {
	sed -E 's/^(n[0-9a-f]{16}) .*/\1/' "$@"
}
"$JSON" dump-runs < "$T/docs" | numbers > "$T/got"
ok "and the same when numbers are read several at a time" cmp "$T/got" <(numbers "$T/want")
ok "which is done where it can be" test "$("$JSON" dump-runs < "$T/docs" | grep -c ' ')" -lt "$(grep -c ' ' "$T/want")"

# Small documents with random bytes put in, taken out or doubled: accepted exactly when Python accepts them
# (without its extensions: NaN, Infinity, numbers that overflow, halves of surrogate pairs).
cat > "$T/mutate.py" << 'END'
import json, math, random, sys

rng = random.Random(5)
base = ['{"a":[1,-2.5e1,"x\\n\\u00e9\\ud83d\\ude00",true,false,null,{},[]],"b":{"c":""}}', '[1,2,3.5,-0.0,1e5,"abc"]',
        '[[1.25, 22.5, 333.75],[0.5]]', '{"id":1,"bbox":[10.5,20,30.25,40]}']
letters = '{}[],:"\\0123456789.eE+-tfn u/\t '

def mutated():
    s = list(rng.choice(base))
    for _ in range(rng.randrange(1, 4)):
        i, kind = rng.randrange(len(s)), rng.randrange(4)
        if kind == 0 and len(s) > 1:
            del s[i]
        elif kind == 1:
            s[i] = rng.choice(letters)
        else:
            s.insert(i, rng.choice(letters) if kind == 2 else s[rng.randrange(len(s))])
    return ''.join(s)

def refuse(text):
    raise ValueError(text)

def finite(text):
    return float(text) if math.isfinite(float(text)) else refuse(text)

def accepted(text):
    try:
        json.dumps(json.loads(text, parse_constant=refuse, parse_float=finite), ensure_ascii=False).encode()
        json.dumps(json.loads(text, object_pairs_hook=list), ensure_ascii=False).encode()
        return 'end'
    except ValueError:
        return 'error'

with open(sys.argv[1], 'w') as docs, open(sys.argv[2], 'w') as want:
    for _ in range(10000):
        text = mutated()
        docs.write(text + '\n')
        want.write(accepted(text) + '\n')
END
ok "make damaged documents" /usr/bin/python3 "$T/mutate.py" "$T/damaged" "$T/verdicts"
"$JSON" dump < "$T/damaged" | sed -nE 's/^end$/end/p; s/^line:.*/error/p' > "$T/got"
ok "10000 damaged documents are refused when Python refuses them" cmp "$T/got" "$T/verdicts"
report "$([ "$(grep -c end "$T/verdicts")" -gt 500 ]; echo $?)" "and enough of them are not"

"$JSON" dump-runs < "$T/damaged" | numbers > "$T/got"
ok "with the same messages when numbers are read several at a time" cmp "$T/got" <("$JSON" dump < "$T/damaged" | numbers)

# One document of many blocks, from a file and through a pipe whose writes are small.
{ echo '['; sed 's/$/,/' "$T/docs"; echo '0]'; } > "$T/big.json"
is "$("$JSON" count "$T/big.json")" "$(dd if="$T/big.json" bs=777 2> "$T/.dd" | "$JSON" count -)" "a pipe reads as the file does"
ok "and has the right number of events" test "$("$JSON" count "$T/big.json")" = \
	$(($(grep -vc '^end$' "$T/want") + 3))
head -c 100000 "$T/big.json" > "$T/cut.json"
fails_with 1 "^$T/cut.json:[0-9]+:[0-9]+: " "$JSON" count "$T/cut.json"
fails_with 1 "^standard input:1:1: the input holds no JSON value" "$JSON" count -

done_testing
