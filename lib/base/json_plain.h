/*
 * json_plain: the bytes of strings that need no look, eight at a time.
 *
 * Inline, for json.c and json_string.c alone.
 */
#ifndef BASE_JSON_PLAIN_H
#define BASE_JSON_PLAIN_H

#include <endian.h>
#include <stdint.h>
#include <string.h>

/*
 * The first byte from p on that a string does not hold as it is without a look: no ASCII, '"', '\' or a control character.
 * Eight bytes must be readable from any place before it.
 */
static inline char *json_skip_plain(char *p)
{
	/* A high bit marks a byte that stops us, exact up to the first one. */
	const uint64_t ones = 0x0101010101010101u, high = 0x8080808080808080u;
	for (;; p += 8) {
		uint64_t word, quote, slash, marks;
		memcpy(&word, p, 8);
		word = le64toh(word);
		quote = word ^ (ones * '"');
		slash = word ^ (ones * '\\');
		marks = (word | (word - ones * 0x20) | (quote - ones) | (slash - ones)) & high;
		if (marks != 0)
			return p + __builtin_ctzll(marks) / 8;
	}
}

#endif
