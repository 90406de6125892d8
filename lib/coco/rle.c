#include "coco/rle.h"

/* A difference of two 32-bit runs has 34 bits: seven groups. */
enum { MAX_GROUPS = 7 };

static char *put_signed(char *out, int64_t x)
{
	bool more = true;
	while (more) {
		int group = (int)(x & 0x1f);
		x >>= 5;
		more = (group & 0x10) ? x != -1 : x != 0;
		*out++ = (char)('0' + (group | (more ? 0x20 : 0)));
	}
	return out;
}

char *rle_compress(const uint32_t *runs, int64_t n, struct arena *a)
{
	char *text = arena_alloc(a, (size_t)n * MAX_GROUPS + 1);
	if (text == NULL)
		return NULL;
	char *out = text;
	for (int64_t i = 0; i < n; i++)
		out = put_signed(out, (int64_t)runs[i] - (i > 2 ? (int64_t)runs[i - 2] : 0));
	*out = '\0';
	return text;
}

/* One number; NULL when the text is malformed. */
static const char *get_signed(const char *text, int64_t *value)
{
	int64_t x = 0;
	for (int groups = 0; groups < MAX_GROUPS; groups++) {
		int c = *text++ - '0';
		if (c < 0 || c > 63)
			return NULL;
		x |= (int64_t)(c & 0x1f) << (5 * groups);
		if (c & 0x20)
			continue;
		if (c & 0x10)
			x -= (int64_t)1 << (5 * (groups + 1));
		*value = x;
		return text;
	}
	return NULL;
}

bool rle_covers(const char *text, int64_t h, int64_t w)
{
	int64_t last[2] = { 0, 0 };	/* the runs one and two before */
	int64_t sum = 0, size = h * w;
	for (int64_t i = 0; *text != '\0'; i++) {
		int64_t run;
		text = get_signed(text, &run);
		if (text == NULL)
			return false;
		run += i > 2 ? last[1] : 0;
		if (run < 0 || run > size - sum)
			return false;
		sum += run;
		last[1] = last[0];
		last[0] = run;
	}
	return sum == size;
}
