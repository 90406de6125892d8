#include "base/utf8.h"

#include <stddef.h>

static int is_tail(uint8_t c)
{
	return (c & 0xc0) == 0x80;
}

int utf8_length(const char *text)
{
	const uint8_t *p = (const uint8_t *)text;
	if (p[0] < 0x80)
		return 1;
	if (p[0] < 0xc2 || p[0] > 0xf4 || !is_tail(p[1]))
		return 0;
	if (p[0] < 0xe0)
		return 2;
	/* The second byte tells overlong forms, surrogates and what is beyond the last plane. */
	if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) || !is_tail(p[2]))
		return 0;
	if (p[0] < 0xf0)
		return 3;
	if ((p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f) || !is_tail(p[3]))
		return 0;
	return 4;
}

static uint32_t code_point(const uint8_t *p, int length)
{
	uint32_t code = length == 1 ? p[0] : p[0] & (0x7f >> length);
	for (int i = 1; i < length; i++)
		code = code << 6 | (p[i] & 0x3f);
	return code;
}

static int columns_of(uint32_t code)
{
	static const struct { uint32_t first, last; int columns; } ranges[] = {
		{ 0x0300, 0x036f, 0 }, { 0x200b, 0x200f, 0 }, { 0xfe00, 0xfe0f, 0 },	/* accents, joiners, variants */
		{ 0x1100, 0x115f, 2 }, { 0x2e80, 0xa4cf, 2 }, { 0xac00, 0xd7a3, 2 },	/* Korean, Chinese, Japanese */
		{ 0xf900, 0xfaff, 2 }, { 0xfe30, 0xfe6f, 2 }, { 0xff00, 0xff60, 2 }, { 0xffe0, 0xffe6, 2 },
		{ 0x1f300, 0x1f64f, 2 }, { 0x1f680, 0x1f6ff, 2 }, { 0x1f900, 0x1f9ff, 2 }, { 0x20000, 0x3fffd, 2 },
	};
	for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
		if (code >= ranges[i].first && code <= ranges[i].last)
			return ranges[i].columns;
	return 1;
}

int utf8_columns(const char *text)
{
	int columns = 0;
	for (int length; *text != '\0'; text += length) {
		length = utf8_length(text);
		if (length == 0)
			length = 1;	/* not text: a column a byte */
		columns += columns_of(code_point((const uint8_t *)text, length));
	}
	return columns;
}

int utf8_put(char *out, uint32_t code)
{
	if (code < 0x80) {
		out[0] = (char)code;
		return 1;
	}
	int n = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
	for (int i = n - 1; i > 0; i--, code >>= 6)
		out[i] = (char)(0x80 | (code & 0x3f));
	out[0] = (char)((n == 2 ? 0xc0 : n == 3 ? 0xe0 : 0xf0) | code);
	return n;
}
