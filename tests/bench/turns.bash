# shellcheck shell=bash
# turns: for benchmarks of two programs that take turns and print seconds, one a line, and lines "word number".

# median < LINES: median, least and greatest of the lines that are numbers; 0 when there are none.
median() {
	grep -E '^[0-9.]+$' | sort -n | awk '{ v[NR] = $1 } END { printf "%.4f %.4f %.4f", v[int((NR + 1) / 2)], v[1], v[NR] }'
}

# most WORD < LINES: the greatest number behind the word.
most() {
	awk -v word="$1" '$1 == word && $2 > g { g = $2 } END { print g + 0 }'
}

# row NAME OURS PEERS REMARKS: a line of seconds for the outputs of both sides; peers that fail have none.
row() {
	local m lo hi pm plo phi
	read -r m lo hi <<< "$(median <<< "$2")"
	read -r pm plo phi <<< "$(median <<< "$3")"
	awk -v n="$1" -v m="$m" -v lo="$lo" -v hi="$hi" -v pm="${pm:-0}" -v plo="${plo:-0}" -v phi="${phi:-0}" -v remarks="$4" 'BEGIN {
		printf "%s\t%.3f\ts\t%s\t%s\t%.3f..%.3f against %.3f..%.3f s, %s\n", n, m, (pm > 0) ? sprintf("%.3f", pm) : "fails",
			(pm > 0) ? sprintf("%.2f", pm / m) : "-", lo, hi, plo, phi, remarks }'
}

# memory_row NAME OURS PEERS REMARKS: the same for the greatest resident size.
memory_row() {
	awk -v n="$1" -v m="$(most mib <<< "$2")" -v p="$(most mib <<< "$3")" -v remarks="$4" 'BEGIN {
		printf "%s\t%d\tMiB\t%s\t%s\t%s\n", n, m, (p > 0) ? p : "fails", (p > 0) ? sprintf("%.2f", p / m) : "-", remarks }'
}
