/*
 * json_digits: decimal digits eight at a time, and the numbers that most files are full of.
 *
 * Inline, for json.c and json_number.c alone: a document of coordinates is little else.
 */
#ifndef BASE_JSON_DIGITS_H
#define BASE_JSON_DIGITS_H

#include <endian.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

static const double json_exact_power[] = {
	1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11,
	1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
};

static const uint64_t json_integer_power[] = {
	1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000, 1000000000, 10000000000,
	100000000000, 1000000000000, 10000000000000, 100000000000000, 1000000000000000,
	10000000000000000, 100000000000000000, 1000000000000000000, 10000000000000000000u,
};

static inline bool is_digit(char c)
{
	return (unsigned char)(c - '0') < 10;
}

/* Eight characters, the first in the lowest byte, less '0' each. */
static inline uint64_t load_digits(const char *p)
{
	uint64_t word;
	memcpy(&word, p, sizeof word);
	return le64toh(word) ^ 0x3030303030303030u;
}

/*
 * The high bit of every byte that is no digit. 0x76 carries into it from 10 on; nothing spills over
 * to later bytes from ASCII, so marks are exact up to and including the first byte that is not ASCII.
 */
static inline uint64_t mark_others(uint64_t digits)
{
	return ((digits + 0x7676767676767676u) | digits) & 0x8080808080808080u;
}

/* How many of the eight come before the first mark; there is one. */
static inline unsigned before_mark(uint64_t marks)
{
	return (unsigned)__builtin_ctzll(marks) / 8;
}

/* The number that eight digits write: neighbours are joined to pairs, fours, and all. */
static inline uint64_t join_digits(uint64_t digits)
{
	digits = (digits * 10 + (digits >> 8)) & 0x00ff00ff00ff00ffu;
	digits = (digits * 100 + (digits >> 16)) & 0x0000ffff0000ffffu;
	return (digits * 10000 + (digits >> 32)) & 0xffffffffu;
}

/* json_short_number() of a number that has no sign. */
static inline const char *json_short_magnitude(const char *p, double *number, int64_t *integer, bool *is_integer)
{
	uint64_t digits = load_digits(p), marks = mark_others(digits);
	if (marks == 0)
		return NULL;
	unsigned whole = before_mark(marks), end = whole;
	if (whole == 0 || (*p == '0' && whole > 1))
		return NULL;
	if (p[whole] == '.') {
		marks &= marks - 1;
		if (marks == 0)
			return NULL;
		end = before_mark(marks);
		if (end == whole + 1)
			return NULL;
		/* Close the gap, so that the digits on both sides are one number. */
		uint64_t before = ((uint64_t)1 << 8 * whole) - 1;
		digits = ((digits & before) << 8 | (digits & ~before & ~((uint64_t)0xff << 8 * whole))) << (64 - 8 * end);
		*number = (double)(int64_t)join_digits(digits) / json_exact_power[end - whole - 1];
		*is_integer = false;
	} else {
		*integer = (int64_t)join_digits(digits << (64 - 8 * end));
		*number = (double)*integer;
		*is_integer = true;
	}
	return (p[end] | 32) == 'e' ? NULL : p + end;
}

/*
 * A number without an exponent that ends within eight bytes, as coordinates do: digits and the place where they end are
 * found in one word, and one division rounds exactly. The byte behind it; NULL when it is any other number,
 * or none. Eight bytes must be readable from any place in it.
 */
static inline const char *json_short_number(const char *p, double *number, int64_t *integer, bool *is_integer)
{
	/* A branch, so that the next number's place need not wait for this one's sign. */
	if (__builtin_expect(*p != '-', 1))
		return json_short_magnitude(p, number, integer, is_integer);
	const char *stop = json_short_magnitude(p + 1, number, integer, is_integer);
	if (stop != NULL) {
		*number = -*number;
		if (*is_integer)
			*integer = -*integer;
	}
	return stop;
}

#endif
