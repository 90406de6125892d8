#include "coco/rle.h"

#include <string.h>

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
static inline const char *get_signed(const char *text, int64_t *value)
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

/* A walk over a text's runs. */
struct walk {
	const char *text;
	int64_t i;	/* runs taken */
	int64_t last, before;	/* the runs one and two before */
	int64_t left;	/* pixels */
};

/* The next run; false when the text is malformed or the run does not fit. */
static inline bool walk_next(struct walk *w, int64_t *run)
{
	w->text = get_signed(w->text, run);
	if (w->text == NULL)
		return false;
	*run += w->i > 2 ? w->before : 0;
	if (*run < 0 || *run > w->left)
		return false;
	w->left -= *run;
	w->before = w->last;
	w->last = *run;
	w->i++;
	return true;
}

bool rle_covers(const char *text, int64_t h, int64_t w)
{
	struct walk walk = { .text = text, .left = h * w };
	int64_t run;
	while (*walk.text != '\0')
		if (!walk_next(&walk, &run))
			return false;
	return walk.left == 0;
}

static int check_size(const struct rle *m)
{
	if (m->h < 0 || m->w < 0 || (int64_t)m->h * m->w > UINT32_MAX)
		return err_set("a mask of %d x %d pixels is too large", m->h, m->w);
	return 0;
}

int rle_expand(struct rle *m, const char *text)
{
	TRY(check_size(m));
	struct walk walk = { .text = text, .left = (int64_t)m->h * m->w };
	int64_t run;
	while (*walk.text != '\0') {
		if (!walk_next(&walk, &run)) {
			if (walk.text == NULL)
				return err_set("the compressed mask is malformed in its run %lld", (long long)walk.i);
			return err_set("the mask's run %lld goes out of its %d x %d pixels", (long long)walk.i, m->h, m->w);
		}
		m->runs[walk.i - 1] = (uint32_t)run;
	}
	m->n = walk.i;
	if (walk.left != 0)
		return err_set("the mask's runs leave %lld of its %d x %d pixels uncovered", (long long)walk.left, m->h, m->w);
	return 0;
}

int rle_check(const struct rle *m)
{
	TRY(check_size(m));
	int64_t sum = 0, size = (int64_t)m->h * m->w;
	for (int64_t i = 0; i < m->n && sum <= size; i++)
		sum += m->runs[i];
	if (sum != size)
		return err_set("the mask's runs cover %s than its %d x %d pixels", sum < size ? "less" : "more", m->h, m->w);
	return 0;
}

uint32_t rle_area(const struct rle *m)
{
	uint32_t area = 0;
	for (int64_t i = 1; i < m->n; i += 2)
		area += m->runs[i];
	return area;
}

/* The first and last place of each run inside. Unsigned and wrapping, as in the reference: it shows where runs are empty. */
void rle_box(double box[4], const struct rle *m)
{
	uint32_t h = (uint32_t)m->h, at = 0;
	uint32_t x0 = (uint32_t)m->w, y0 = h, x1 = 0, y1 = 0;
	memset(box, 0, 4 * sizeof *box);
	if (m->n < 2 || h == 0)
		return;
	for (int64_t i = 0; i + 1 < m->n; i += 2) {
		uint32_t first = at + m->runs[i], last = first + m->runs[i + 1] - 1;
		at = last + 1;
		uint32_t first_x = first / h, last_x = last / h;
		uint32_t first_y = first - first_x * h, last_y = last - last_x * h;
		uint32_t top = first_y < last_y ? first_y : last_y, bottom = first_y < last_y ? last_y : first_y;
		if (first_x < last_x) {
			top = 0;
			bottom = h - 1;
		}
		uint32_t left = first_x < last_x ? first_x : last_x, right = first_x < last_x ? last_x : first_x;
		x0 = left < x0 ? left : x0;
		x1 = right > x1 ? right : x1;
		y0 = top < y0 ? top : y0;
		y1 = bottom > y1 ? bottom : y1;
	}
	box[0] = x0;
	box[1] = y0;
	box[2] = x1 - x0 + 1;
	box[3] = y1 - y0 + 1;
}

/* The runs of what is inside x or y; returns their number. */
static int64_t merge(uint32_t *out, const struct rle *x, const struct rle *y)
{
	int64_t i = 0, j = 0, n = 0;
	uint64_t x_end = x->runs[0], y_end = y->runs[0], size = (uint64_t)x->h * (uint64_t)x->w, start = 0;
	bool inside = false;
	for (;;) {
		uint64_t at = x_end < y_end ? x_end : y_end;
		while (x_end == at && i < x->n - 1)
			x_end += x->runs[++i];
		while (y_end == at && j < y->n - 1)
			y_end += y->runs[++j];
		if (at >= size) {
			out[n++] = (uint32_t)(at - start);
			return n;
		}
		bool now = i % 2 == 1 || j % 2 == 1;
		if (now != inside) {
			out[n++] = (uint32_t)(at - start);
			start = at;
			inside = now;
		}
	}
}

int rle_union(struct rle *out, const struct rle *parts, int64_t n, struct arena *a)
{
	*out = parts[0];
	for (int64_t i = 1; i < n; i++) {
		uint32_t *runs = arena_alloc(a, (size_t)(out->n + parts[i].n + 1) * sizeof *runs);
		if (runs == NULL)
			return -1;
		out->n = merge(runs, out, &parts[i]);
		out->runs = runs;
	}
	return 0;
}
