# shellcheck shell=bash
# tap: what a shell test needs to speak TAP to prove. Source it first:
#
#     . "$(dirname "$0")/tap.sh"
#     ok "adding works" test $((1 + 1)) = 2
#     fails_with 1 "cannot open 'x.json'" coco-pack x.json
#     done_testing
#
# It puts the built programs on PATH, makes a scratch directory $T that is removed at the
# end, and sets ROOT (the source tree), DATA (real data sets; may not exist).

set -u
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
PATH=${BIN:-$ROOT/build/release/bin}:$PATH
DATA=${COCOPIPE_DATA:-$ROOT/../shared/data}
T=$(mktemp -d)
export ROOT PATH DATA T
trap 'rm -rf "$T"' EXIT
tap_count=0
tap_failed=0

# report STATUS NAME: one TAP line.
report() {
	tap_count=$((tap_count + 1))
	if [ "$1" = 0 ]; then
		echo "ok $tap_count - $2"
	else
		echo "not ok $tap_count - $2"
		tap_failed=$((tap_failed + 1))
	fi
}

# ok NAME COMMAND...: the command succeeds; its output is shown when it does not.
ok() {
	local name=$1 status
	shift
	"$@" > "$T/.ok" 2>&1
	status=$?
	report $status "$name"
	[ $status = 0 ] || sed 's/^/# /' "$T/.ok" | tail -n 20
}

# is GOT WANT NAME: two texts are equal.
is() {
	if [ "$1" = "$2" ]; then
		report 0 "$3"
	else
		report 1 "$3"
		printf '# got:  %s\n# want: %s\n' "$1" "$2"
	fi
}

# like TEXT REGEX NAME: the text matches the extended regular expression.
like() {
	if grep -qE -- "$2" <<< "$1"; then
		report 0 "$3"
	else
		report 1 "$3"
		printf '# got:  %s\n# want: /%s/\n' "$1" "$2"
	fi
}

# fails_with STATUS REGEX COMMAND...: it exits with that status and says so on stderr.
fails_with() {
	local want=$1 regex=$2 status
	shift 2
	"$@" > /dev/null 2> "$T/.err" < /dev/null
	status=$?
	if [ $status = "$want" ] && grep -qE -- "$regex" "$T/.err"; then
		report 0 "exit $want, says '$regex': ${*//$T\//}"
	else
		report 1 "exit $want, says '$regex': ${*//$T\//}"
		echo "# exit $status"
		sed 's/^/# /' "$T/.err" | tail -n 5
	fi
}

# skip_all REASON: nothing to test here.
skip_all() {
	echo "1..0 # SKIP $1"
	exit 0
}

done_testing() {
	echo "1..$tap_count"
	[ $tap_failed = 0 ]
	exit
}
