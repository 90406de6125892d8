#!/bin/bash
# Every tool has a man page that mandoc accepts and that names exactly the options that -h names.
. "$(dirname "$0")/tap.sh"

command -v mandoc > /dev/null || skip_all "mandoc is not installed"
cd "$ROOT" || exit 1

# Options in the left column of the help: "-o" and "--output".
help_options() {
	"$1" -h | sed -n '/^options:/,/^examples:/p' | grep -E '^  +-' |
		sed -E 's/^ *(-[^ ,]+)(, (--[^ ]+))?.*/\1 \3/' | tr ' ' '\n' | grep -v '^$' | sort
}

# Options of the man page's OPTIONS: ".It Fl o , Fl Fl output Ar FILE".
man_options() {
	sed -n '/^\.Sh OPTIONS/,/^\.Sh EXIT/p' "$1" | grep '^\.It Fl' |
		sed -E 's/ Ar .*//; s/Fl Fl ([a-z0-9-]+)/--\1/g; s/Fl ([A-Za-z0-9])( |$)/-\1 /g; s/^\.It //; s/ ,//' |
		tr ' ' '\n' | grep '^-' | sort
}

for page in man/*; do
	ok "mandoc accepts $page" sh -c "mandoc -Tlint -Wwarning '$page'"
done
for tool in tools/*.c; do
	name=$(basename "$tool" .c)
	report "$([ -e "man/$name.1" ]; echo $?)" "$name has a man page"
	is "$(man_options "man/$name.1")" "$(help_options "$name")" "$name: the man page names the options of -h"
	for section in NAME SYNOPSIS DESCRIPTION STREAMS OPTIONS "EXIT STATUS" EXAMPLES "SEE ALSO"; do
		report "$(grep -q "^.Sh $section\$" "man/$name.1"; echo $?)" "$name: section $section"
	done
	ok "$name -V" sh -c "$name -V | grep -q cocopipe"
	summary=$("$name" -h | sed -n 2p)
	is "$(sed -n 's/^\.Nd //p' "man/$name.1")" "$summary" "$name: NAME says what -h says"
	fails_with 2 "try '$name -h'" "$name" --no-such-option
done
done_testing
