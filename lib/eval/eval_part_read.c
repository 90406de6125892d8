#include "eval/eval_part_read.h"

#include "base/io.h"
#include "eval/eval_lookup.h"
#include "eval/eval_part_format.h"
#include "eval/eval_record.h"

#include <string.h>
#include <xxhash.h>

const uint8_t *eval_part_take(struct eval_part_cursor *c, uint64_t size)
{
	if (c->short_of || size > (uint64_t)(c->end - c->at)) {
		c->short_of = true;
		return NULL;
	}
	c->at += size;
	return c->at - size;
}

uint32_t eval_part_u32(struct eval_part_cursor *c)
{
	uint32_t x = 0;
	const uint8_t *p = eval_part_take(c, sizeof x);
	if (p != NULL)
		memcpy(&x, p, sizeof x);
	return le32toh(x);
}

uint64_t eval_part_u64(struct eval_part_cursor *c)
{
	uint64_t x = 0;
	const uint8_t *p = eval_part_take(c, sizeof x);
	if (p != NULL)
		memcpy(&x, p, sizeof x);
	return le64toh(x);
}

double eval_part_double(struct eval_part_cursor *c)
{
	uint64_t bits = eval_part_u64(c);
	double x;
	memcpy(&x, &bits, sizeof x);
	return x;
}

/* NULL: memory, or there is none. */
static const char *take_text(struct eval_part_cursor *c, struct arena *a)
{
	uint32_t size = eval_part_u32(c);
	const uint8_t *p = eval_part_take(c, size);
	return p == NULL ? NULL : arena_strndup(a, (const char *)p, size);
}

/* A number of things of which each takes at least `least` bytes. */
static uint32_t take_count(struct eval_part_cursor *c, uint64_t least)
{
	uint32_t n = eval_part_u32(c);
	if ((uint64_t)n * least > (uint64_t)(c->end - c->at) || n > INT32_MAX)
		c->short_of = true;
	return c->short_of ? 0 : n;
}

int eval_part_damaged(const struct eval_part *p)
{
	return err_set("'%s' is damaged, or not what evalap --partial writes", p->path);
}

static int read_ranges(struct eval_part *p, struct arena *a)
{
	struct eval_part_cursor *c = &p->cursor;
	struct eval_type *t = &p->type;
	t->n_ranges = (int)eval_part_u32(c);
	if (t->n_ranges < 1 || t->n_ranges > EVAL_MAX_RANGES)
		return eval_part_damaged(p);
	for (int r = 0; r < t->n_ranges; r++) {
		t->ranges[r].name = take_text(c, a);
		t->ranges[r].low = eval_part_double(c);
		t->ranges[r].high = eval_part_double(c);
		if (t->ranges[r].name == NULL)
			return eval_part_damaged(p);
	}
	return 0;
}

static int read_limits(struct eval_part *p)
{
	struct eval_type *t = &p->type;
	t->n_limits = (int)eval_part_u32(&p->cursor);
	if (t->n_limits < 1 || t->n_limits > EVAL_MAX_LIMITS)
		return eval_part_damaged(p);
	for (int l = 0; l < t->n_limits; l++) {
		t->limits[l] = (int)eval_part_u32(&p->cursor);
		if (t->limits[l] <= (l == 0 ? 0 : t->limits[l - 1]) || t->limits[l] > EVAL_LARGEST_LIMIT)
			return eval_part_damaged(p);
	}
	return 0;
}

static int read_row(struct eval_part *p, struct eval_row *row, struct arena *a)
{
	struct eval_part_cursor *c = &p->cursor;
	row->name = take_text(c, a);
	row->recall = eval_part_u32(c) != 0;
	uint32_t threshold = eval_part_u32(c), range = eval_part_u32(c), limit = eval_part_u32(c);
	if (row->name == NULL || threshold > EVAL_THRESHOLDS || range >= (uint32_t)p->type.n_ranges ||
	    limit >= (uint32_t)p->type.n_limits)
		return eval_part_damaged(p);
	row->threshold = (int)threshold - 1;
	row->range = (int)range;
	row->limit = (int)limit;
	return 0;
}

static int read_type(struct eval_part *p, struct arena *a)
{
	struct eval_type *t = &p->type;
	t->name = take_text(&p->cursor, a);
	if (t->name == NULL)
		return eval_part_damaged(p);
	TRY(read_ranges(p, a));
	TRY(read_limits(p));
	t->n_rows = (int)eval_part_u32(&p->cursor);
	if (t->n_rows < 0 || t->n_rows > EVAL_MAX_ROWS)
		return eval_part_damaged(p);
	for (int i = 0; i < t->n_rows; i++)
		TRY(read_row(p, &t->rows[i], a));
	return p->cursor.short_of ? eval_part_damaged(p) : 0;
}

static int read_ids(struct eval_part *p, struct arena *a)
{
	struct eval_part_cursor *c = &p->cursor;
	p->n_categories = (int32_t)take_count(c, 12);
	p->categories = arena_calloc(a, (size_t)p->n_categories, sizeof *p->categories);
	if (p->categories == NULL)
		return -1;
	for (int32_t k = 0; k < p->n_categories; k++) {
		p->categories[k].id = (int64_t)eval_part_u64(c);
		p->categories[k].name = take_text(c, a);
		if (p->categories[k].name == NULL)
			return eval_part_damaged(p);
	}
	p->n_images = (int32_t)take_count(c, 8);
	p->images = arena_calloc(a, (size_t)p->n_images, sizeof *p->images);
	p->image = arena_calloc(a, (size_t)p->n_images, sizeof *p->image);
	if (p->images == NULL || p->image == NULL)
		return -1;
	for (int32_t i = 0; i < p->n_images; i++) {
		if (eval_part_u32(c) != 0)
			p->images[i].text = take_text(c, a);
		else
			p->images[i].number = (int64_t)eval_part_u64(c);
		if (c->short_of || (i > 0 && eval_compare_ids(&p->images[i - 1], &p->images[i]) >= 0))
			return eval_part_damaged(p);
	}
	uint64_t n_dt = eval_part_u64(c);
	p->n_dt = (int64_t)n_dt;
	bool good = !c->short_of && p->n_categories <= EVAL_MOST_CATEGORIES && n_dt <= EVAL_PART_MOST_DETECTIONS;
	return good ? 0 : eval_part_damaged(p);
}

int eval_part_open(struct eval_part *p, const char *path, struct arena *a)
{
	uint8_t *data;
	size_t size, magic = strlen(EVAL_PART_MAGIC);
	uint64_t hash;
	*p = (struct eval_part){ .path = path };
	TRY(io_read_file(path, &data, &size, a));
	if (size < magic + 4 + EVAL_PART_HASH || memcmp(data, EVAL_PART_MAGIC, magic) != 0)
		return err_set("'%s' is not what evalap --partial writes", path);
	p->cursor = (struct eval_part_cursor){ data + magic, data + size - EVAL_PART_HASH, false };
	uint32_t version = eval_part_u32(&p->cursor);
	if (version != EVAL_PART_VERSION)
		return err_set("'%s' has version %u of the format; this evalap reads %d", path, version, EVAL_PART_VERSION);
	memcpy(&hash, data + size - EVAL_PART_HASH, sizeof hash);
	if (le64toh(hash) != XXH3_64bits(data, size - EVAL_PART_HASH))
		return err_set("'%s' is damaged: its hash is wrong", path);
	TRY(read_type(p, a));
	return read_ids(p, a);
}
