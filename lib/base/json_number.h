/*
 * json_number: the text of a JSON number, to the nearest double.
 *
 * A number is read in two steps, because the reader must know that its text is whole before
 * it is converted:
 *
 *     struct json_number n;
 *     if (json_number_scan(&n, text) != 0)
 *             ... n.stop is the byte that does not belong there
 *     value = json_number_convert(&n, locale);
 *
 * Text must be followed by a byte that cannot continue a number, and at least eight bytes must be
 * readable from any place in it: JSON_NUMBER_PADDING zeros will do.
 */
#ifndef BASE_JSON_NUMBER_H
#define BASE_JSON_NUMBER_H

#include <locale.h>
#include <stdbool.h>
#include <stdint.h>

enum { JSON_NUMBER_PADDING = 16 };

struct json_number {
	const char *text;
	const char *stop;	/* behind the number, or the first byte that is wrong */
	uint64_t mantissa;	/* all digits as one integer; meaningless when digits > 19 */
	int64_t digits;	/* how many there are, leading zeros too */
	int64_t exponent;	/* of ten, to be applied to mantissa */
	bool negative;
	bool whole;	/* neither a fraction nor an exponent is written */
};

/* RFC 8259, section 6. 0, or -1 (without a message) when the text is not a number. */
int json_number_scan(struct json_number *n, const char *text);

/*
 * The nearest double, ties to even: small numbers by one exact division or product (Clinger, "How to
 * read floating point numbers accurately", 1990), those of up to 19 digits in 128-bit integers,
 * the rest by strtod_l(). Infinite when the number is too large.
 */
double json_number_convert(const struct json_number *n, locale_t c_locale);

/* True when the number is written as an integer and fits; then *value is it. */
bool json_number_integer(const struct json_number *n, int64_t *value);

#endif
