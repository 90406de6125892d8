/*
 * Compressed masks: what is taken covers its image, survives writing, and has the area, box and overlap that counting its
 * pixels one by one gives. The input is height, width, and the texts of two masks with a NUL between.
 */
#include "fuzz.h"

#include "coco/rle.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_TEXT = 4096, MAX_PIXELS = 256 * 256 };

struct mask {
	struct rle rle;
	uint32_t runs[MAX_TEXT];
	char text[MAX_TEXT + 1];
	uint8_t pixel[MAX_PIXELS];
};

static void check(bool condition)
{
	if (!condition)
		abort();
}

static void draw(struct mask *m)
{
	int64_t at = 0;
	for (int64_t i = 0; i < m->rle.n; i++)
		for (uint32_t k = 0; k < m->rle.runs[i]; k++)
			m->pixel[at++] = i % 2;
	check(at == (int64_t)m->rle.h * m->rle.w);
}

/* True when it is a mask. */
static bool expand(struct mask *m, const uint8_t *text, size_t size, int h, int w)
{
	m->rle = (struct rle){ .h = h, .w = w, .runs = m->runs };
	memcpy(m->text, text, size);
	m->text[size] = '\0';
	bool valid = rle_expand(&m->rle, m->text) == 0;
	check(valid == rle_covers(m->text, h, w));
	if (valid)
		draw(m);
	return valid;
}

static void check_alone(const struct mask *m, struct arena *a)
{
	uint32_t area = 0;
	double box[4];
	struct rle again = { .h = m->rle.h, .w = m->rle.w };
	char *text = rle_compress(m->rle.runs, m->rle.n, a);
	again.runs = arena_calloc(a, strlen(text) + 1, sizeof *again.runs);
	check(text != NULL && again.runs != NULL && rle_expand(&again, text) == 0 && again.n == m->rle.n);
	check(m->rle.n == 0 || memcmp(again.runs, m->rle.runs, (size_t)m->rle.n * sizeof *again.runs) == 0);
	rle_box(box, &m->rle);
	for (int64_t i = 0; i < (int64_t)m->rle.h * m->rle.w; i++) {
		double x = (double)(i / m->rle.h), y = (double)(i % m->rle.h);
		area += m->pixel[i];
		if (m->pixel[i] && m->rle.h > 1)
			check(box[0] <= x && x < box[0] + box[2] && box[1] <= y && y < box[1] + box[3]);
	}
	check(rle_area(&m->rle) == area);
}

static void check_union(const struct mask *x, const struct mask *y, struct arena *a)
{
	const struct rle parts[] = { x->rle, y->rle };
	struct rle all;
	bool plain = true;
	for (int64_t i = 1; i < x->rle.n; i++)
		plain &= x->runs[i] > 0;
	for (int64_t i = 1; i < y->rle.n; i++)
		plain &= y->runs[i] > 0;
	check(rle_union(&all, parts, 2, a) == 0);
	uint32_t area = 0;
	for (int64_t i = 0; i < (int64_t)x->rle.h * x->rle.w; i++)
		area += x->pixel[i] | y->pixel[i];
	check(!plain || rle_area(&all) == area);
}

static void check_overlap(struct mask *x, struct mask *y, bool crowd)
{
	struct rle_edges dt, gt;
	uint32_t both = 0, either = 0, area = 0;
	for (int64_t i = 0; i < (int64_t)x->rle.h * x->rle.w; i++) {
		both += x->pixel[i] & y->pixel[i];
		either += x->pixel[i] | y->pixel[i];
		area += x->pixel[i];
	}
	rle_edges_make(&dt, &x->rle);
	rle_edges_make(&gt, &y->rle);
	double overlap = rle_overlap(&dt, &gt, crowd);
	check(overlap >= 0 && overlap <= 1);
	if (!(dt.has_empty_runs && gt.has_empty_runs) && x->rle.h > 1)
		check(overlap == (both == 0 ? 0 : (double)both / (crowd ? area : either)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct mask x, y;
	if (size < 2 || size - 2 > MAX_TEXT)
		return 0;
	int h = data[0] + 1, w = data[1] + 1;
	const uint8_t *text = data + 2, *end = memchr(text, 0, size - 2);
	size_t first = end == NULL ? size - 2 : (size_t)(end - text);
	size_t second = end == NULL ? 0 : size - 3 - first;
	struct arena arena;
	arena_init(&arena, 1 << 16);
	bool one = expand(&x, text, first, h, w);
	if (one)
		check_alone(&x, &arena);
	if (one && end != NULL && memchr(end + 1, 0, second) == NULL && expand(&y, end + 1, second, h, w)) {
		check_union(&x, &y, &arena);
		check_overlap(&x, &y, first % 2 == 0);
	}
	arena_release(&arena);
	return 0;
}
