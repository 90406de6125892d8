#include "base/json_number.h"

#include "base/json_digits.h"

#include <stdlib.h>
#include <string.h>

__extension__ typedef unsigned __int128 uint128;

/* Larger exponents overflow or vanish anyway; the limit keeps the sum from wrapping around. */
enum { EXPONENT_LIMIT = 1000000 };

static inline const char *scan_digits(struct json_number *n, const char *p)
{
	uint64_t digits, marks;
	while (digits = load_digits(p), (marks = mark_others(digits)) == 0) {
		n->mantissa = n->mantissa * 100000000 + join_digits(digits);
		p += 8;
	}
	unsigned count = before_mark(marks);
	if (count > 0)
		n->mantissa = n->mantissa * json_integer_power[count] + join_digits(digits << (64 - 8 * count));
	return p + count;
}

/* p is behind the 'e'. */
static int scan_exponent(struct json_number *n, const char *p)
{
	bool negative = *p == '-';
	int64_t exponent = 0;
	p += *p == '-' || *p == '+';
	n->stop = p;
	if (!is_digit(*p))
		return -1;
	for (; is_digit(*p); p++)
		if (exponent < EXPONENT_LIMIT)
			exponent = exponent * 10 + (*p - '0');
	n->exponent += negative ? -exponent : exponent;
	n->whole = false;
	n->stop = p;
	return 0;
}

int json_number_scan(struct json_number *n, const char *text)
{
	const char *p = text;
	*n = (struct json_number){ .text = text, .negative = *p == '-', .whole = true };
	p += n->negative;
	const char *start = p;
	if (*p == '0')
		p++;	/* a digit behind it is one too many, and the caller finds it there */
	else
		p = scan_digits(n, p);
	n->stop = p;
	n->digits = p - start;
	if (n->digits == 0)
		return -1;
	if (*p == '.') {
		start = ++p;
		p = scan_digits(n, p);
		n->stop = p;
		if (p == start)
			return -1;
		n->digits += p - start;
		n->exponent = start - p;
		n->whole = false;
	}
	if (*p == 'e' || *p == 'E')
		return scan_exponent(n, p + 1);
	return 0;
}

enum {
	EXACT_POWERS = sizeof json_exact_power / sizeof json_exact_power[0],
	INTEGER_POWERS = sizeof json_integer_power / sizeof json_integer_power[0],
};

/* top * 2^exponent rounded to 53 bits; top has its highest bit set, `more` says that bits follow it. */
static double round_to_even(uint64_t top, bool more, int exponent)
{
	uint64_t kept = top >> 11, rest = top & 0x7ff;
	if (rest > 0x400 || (rest == 0x400 && (more || (kept & 1))))
		kept++;
	union { uint64_t bits; double value; } scale = { .bits = (uint64_t)(1023 + 11 + exponent) << 52 };
	return (double)kept * scale.value;
}

static double times_power(uint64_t mantissa, uint64_t power)
{
	uint128 product = (uint128)mantissa * power;
	uint64_t high = (uint64_t)(product >> 64);
	int zeros = high != 0 ? __builtin_clzll(high) : 64 + __builtin_clzll((uint64_t)product);
	product <<= zeros;
	return round_to_even((uint64_t)(product >> 64), (uint64_t)product != 0, 64 - zeros);
}

static double over_power(uint64_t mantissa, uint64_t power)
{
	int shift_m = __builtin_clzll(mantissa), shift_p = __builtin_clzll(power);
	uint128 dividend = (uint128)(mantissa << shift_m) << 63;
	uint64_t divisor = power << shift_p;
	uint64_t quotient = (uint64_t)(dividend / divisor);
	bool more = dividend - (uint128)quotient * divisor != 0;
	int exponent = shift_p - shift_m - 63;
	if (!(quotient >> 63)) {
		quotient <<= 1;
		exponent--;
	}
	return round_to_even(quotient, more, exponent);
}

static double magnitude(const struct json_number *n, locale_t c_locale)
{
	if (n->digits > 19)
		return strtod_l(n->text + n->negative, NULL, c_locale);
	if (n->mantissa <= (uint64_t)1 << 53) {
		if (n->exponent <= 0 && -n->exponent < EXACT_POWERS)
			return (double)n->mantissa / json_exact_power[-n->exponent];
		if (n->exponent > 0 && n->exponent < EXACT_POWERS)
			return (double)n->mantissa * json_exact_power[n->exponent];
	}
	if (n->mantissa == 0)
		return 0;
	if (n->exponent <= 0 && -n->exponent < INTEGER_POWERS)
		return over_power(n->mantissa, json_integer_power[-n->exponent]);
	if (n->exponent > 0 && n->exponent < INTEGER_POWERS)
		return times_power(n->mantissa, json_integer_power[n->exponent]);
	return strtod_l(n->text + n->negative, NULL, c_locale);
}

double json_number_convert(const struct json_number *n, locale_t c_locale)
{
	double value = magnitude(n, c_locale);
	return n->negative ? -value : value;
}

bool json_number_integer(const struct json_number *n, int64_t *value)
{
	uint64_t limit = (uint64_t)INT64_MAX + n->negative;
	if (!n->whole || n->digits > 19 || n->mantissa > limit)
		return false;
	*value = (int64_t)(n->negative ? 0 - n->mantissa : n->mantissa);
	return true;
}
