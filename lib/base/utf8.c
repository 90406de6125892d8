#include "base/utf8.h"

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
