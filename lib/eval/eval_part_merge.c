#include "base/io.h"
#include "eval/eval_part.h"
#include "eval/eval_part_format.h"

#include <math.h>
#include <stdlib.h>
#include <xxhash.h>

/* What is left to read of a part; once something is missing everything is. */
struct cursor {
	const uint8_t *at, *end;
	bool short_of;
};

struct part {
	const char *path;
	struct cursor cursor;
	struct eval_type type;
	int32_t n_images, n_categories;
	struct sample_id *images;	/* [n_images] ascending */
	struct category *categories;
	int32_t *image;	/* [n_images] number in the union */
	int64_t n_dt;
};

static const uint8_t *take(struct cursor *c, uint64_t size)
{
	if (c->short_of || size > (uint64_t)(c->end - c->at)) {
		c->short_of = true;
		return NULL;
	}
	c->at += size;
	return c->at - size;
}

static uint32_t take_u32(struct cursor *c)
{
	uint32_t x = 0;
	const uint8_t *p = take(c, sizeof x);
	if (p != NULL)
		memcpy(&x, p, sizeof x);
	return le32toh(x);
}

static uint64_t take_u64(struct cursor *c)
{
	uint64_t x = 0;
	const uint8_t *p = take(c, sizeof x);
	if (p != NULL)
		memcpy(&x, p, sizeof x);
	return le64toh(x);
}

static double take_double(struct cursor *c)
{
	uint64_t bits = take_u64(c);
	double x;
	memcpy(&x, &bits, sizeof x);
	return x;
}

/* NULL: memory, or there is none. */
static const char *take_text(struct cursor *c, struct arena *a)
{
	uint32_t size = take_u32(c);
	const uint8_t *p = take(c, size);
	return p == NULL ? NULL : arena_strndup(a, (const char *)p, size);
}

/* A number of things of which each takes at least `least` bytes. */
static uint32_t take_count(struct cursor *c, uint64_t least)
{
	uint32_t n = take_u32(c);
	if ((uint64_t)n * least > (uint64_t)(c->end - c->at) || n > INT32_MAX)
		c->short_of = true;
	return c->short_of ? 0 : n;
}

static int damaged(const struct part *p)
{
	return err_set("'%s' is damaged, or not what evalap --partial writes", p->path);
}

static int read_type(struct part *p, struct arena *a)
{
	struct cursor *c = &p->cursor;
	struct eval_type *t = &p->type;
	t->name = take_text(c, a);
	t->n_ranges = (int)take_u32(c);
	if (t->name == NULL || t->n_ranges < 1 || t->n_ranges > EVAL_MAX_RANGES)
		return damaged(p);
	for (int r = 0; r < t->n_ranges; r++) {
		t->ranges[r].name = take_text(c, a);
		t->ranges[r].low = take_double(c);
		t->ranges[r].high = take_double(c);
		if (t->ranges[r].name == NULL)
			return damaged(p);
	}
	t->n_limits = (int)take_u32(c);
	if (t->n_limits < 1 || t->n_limits > EVAL_MAX_LIMITS)
		return damaged(p);
	for (int l = 0; l < t->n_limits; l++)
		t->limits[l] = (int)take_u32(c);
	t->n_rows = (int)take_u32(c);
	if (t->n_rows < 0 || t->n_rows > EVAL_MAX_ROWS)
		return damaged(p);
	for (int i = 0; i < t->n_rows; i++) {
		struct eval_row *row = &t->rows[i];
		row->name = take_text(c, a);
		row->recall = take_u32(c) != 0;
		row->threshold = (int)take_u32(c) - 1;
		row->range = (int)take_u32(c);
		row->limit = (int)take_u32(c);
		if (row->name == NULL || row->threshold < -1 || row->threshold >= EVAL_THRESHOLDS || row->range < 0 ||
		    row->range >= t->n_ranges || row->limit < 0 || row->limit >= t->n_limits)
			return damaged(p);
	}
	return c->short_of ? damaged(p) : 0;
}

static int read_ids(struct part *p, struct arena *a)
{
	struct cursor *c = &p->cursor;
	p->n_categories = (int32_t)take_count(c, 12);
	p->categories = arena_calloc(a, (size_t)p->n_categories, sizeof *p->categories);
	if (p->categories == NULL)
		return -1;
	for (int32_t k = 0; k < p->n_categories; k++) {
		p->categories[k].id = (int64_t)take_u64(c);
		p->categories[k].name = take_text(c, a);
		if (p->categories[k].name == NULL)
			return damaged(p);
	}
	p->n_images = (int32_t)take_count(c, 8);
	p->images = arena_calloc(a, (size_t)p->n_images, sizeof *p->images);
	p->image = arena_calloc(a, (size_t)p->n_images, sizeof *p->image);
	if (p->images == NULL || p->image == NULL)
		return -1;
	for (int32_t i = 0; i < p->n_images; i++) {
		if (take_u32(c) != 0)
			p->images[i].text = take_text(c, a);
		else
			p->images[i].number = (int64_t)take_u64(c);
		if (c->short_of || (i > 0 && eval_compare_ids(&p->images[i - 1], &p->images[i]) >= 0))
			return damaged(p);
	}
	p->n_dt = (int64_t)take_u64(c);
	return c->short_of || p->n_categories > EVAL_MOST_CATEGORIES ? damaged(p) : 0;
}

static int open_part(struct part *p, const char *path, struct arena *a)
{
	uint8_t *data;
	size_t size, magic = strlen(EVAL_PART_MAGIC);
	uint64_t hash;
	*p = (struct part){ .path = path };
	TRY(io_read_file(path, &data, &size, a));
	if (size < magic + 4 + EVAL_PART_HASH || memcmp(data, EVAL_PART_MAGIC, magic) != 0)
		return err_set("'%s' is not what evalap --partial writes", path);
	p->cursor = (struct cursor){ data + magic, data + size - EVAL_PART_HASH, false };
	uint32_t version = take_u32(&p->cursor);
	if (version != EVAL_PART_VERSION)
		return err_set("'%s' has version %u of the format; this evalap reads %d", path, version, EVAL_PART_VERSION);
	memcpy(&hash, data + size - EVAL_PART_HASH, sizeof hash);
	if (le64toh(hash) != XXH3_64bits(data, size - EVAL_PART_HASH))
		return err_set("'%s' is damaged: its hash is wrong", path);
	TRY(read_type(p, a));
	return read_ids(p, a);
}

static bool same_row(const struct eval_row *a, const struct eval_row *b)
{
	return strcmp(a->name, b->name) == 0 && a->recall == b->recall && a->threshold == b->threshold && a->range == b->range &&
		a->limit == b->limit;
}

static bool same_type(const struct eval_type *a, const struct eval_type *b)
{
	bool same = strcmp(a->name, b->name) == 0 && a->n_ranges == b->n_ranges && a->n_limits == b->n_limits && a->n_rows == b->n_rows;
	for (int r = 0; same && r < a->n_ranges; r++)
		same = strcmp(a->ranges[r].name, b->ranges[r].name) == 0 && a->ranges[r].low == b->ranges[r].low &&
			a->ranges[r].high == b->ranges[r].high;
	for (int l = 0; same && l < a->n_limits; l++)
		same = a->limits[l] == b->limits[l];
	for (int i = 0; same && i < a->n_rows; i++)
		same = same_row(&a->rows[i], &b->rows[i]);
	return same;
}

static int check_same(const struct part *a, const struct part *b)
{
	if (!same_type(&a->type, &b->type))
		return err_set("'%s' and '%s' are evaluations of different types, limits or sizes", a->path, b->path);
	bool same = a->n_categories == b->n_categories;
	for (int32_t k = 0; same && k < a->n_categories; k++)
		same = a->categories[k].id == b->categories[k].id && strcmp(a->categories[k].name, b->categories[k].name) == 0;
	return same ? 0 : err_set("'%s' and '%s' are evaluations of different categories", a->path, b->path);
}

/* All images of all parts, each once. */
static int unite_images(struct eval_set *set, struct part *parts, int n, struct arena *a)
{
	int64_t total = 0;
	for (int i = 0; i < n; i++)
		total += parts[i].n_images;
	if (total > INT32_MAX)
		return err_set("more than %d images", INT32_MAX);
	set->images = arena_calloc(a, (size_t)total, sizeof *set->images);
	if (set->images == NULL)
		return -1;
	total = 0;
	for (int i = 0; i < n; i++)
		for (int32_t j = 0; j < parts[i].n_images; j++)
			set->images[total++] = parts[i].images[j];
	qsort(set->images, (size_t)total, sizeof *set->images, eval_compare_ids);
	for (int64_t i = 0; i < total; i++)
		if (i == 0 || eval_compare_ids(&set->images[i], &set->images[set->n_images - 1]) != 0)
			set->images[set->n_images++] = set->images[i];
	for (int i = 0; i < n; i++)
		for (int32_t j = 0; j < parts[i].n_images; j++) {
			const struct sample_id *found = bsearch(&parts[i].images[j], set->images, (size_t)set->n_images,
								sizeof *found, eval_compare_ids);
			parts[i].image[j] = (int32_t)(found - set->images);
		}
	return 0;
}

/* What is known of an image so far. */
struct seen {
	const struct part *annotated, *detected;	/* by the first part that lists it; by the one with its detections */
	const uint8_t *wanted;	/* its groups as they are in `annotated` */
	size_t size;
};

/* The groups of one image, counted when it has not been seen before. */
static int read_wanted(struct part *p, struct seen *seen, int32_t image, struct eval_flow *flow, struct eval_set *set)
{
	struct cursor *c = &p->cursor;
	const uint8_t *first = c->at;
	uint32_t groups = take_u32(c);
	bool is_new = seen->annotated == NULL;
	char text[128];
	for (uint32_t g = 0; g < groups && !c->short_of; g++) {
		uint32_t k = take_u32(c), n_gt = take_u32(c);
		if (k >= (uint32_t)flow->n_categories)
			return damaged(p);
		set->n_gt += is_new ? n_gt : 0;
		for (int r = 0; r < flow->type.n_ranges; r++) {
			uint32_t wanted = take_u32(c);
			flow->wanted[(int64_t)k * flow->type.n_ranges + r] += is_new ? wanted : 0;
		}
	}
	if (c->short_of)
		return damaged(p);
	size_t size = (size_t)(c->at - first);
	if (!is_new && (size != seen->size || memcmp(first, seen->wanted, size) != 0))
		return err_set("image %s has other annotations in '%s' than in '%s'", sample_id_text(&set->images[image], text),
			       seen->annotated->path, p->path);
	if (is_new)
		*seen = (struct seen){ .annotated = p, .wanted = first, .size = size };
	return 0;
}

static int read_record(struct part *p, struct eval_record *r, struct seen *seen, const struct eval_flow *flow,
		       const struct eval_set *set)
{
	char text[128];
	r->score = take_double(&p->cursor);
	uint32_t image = take_u32(&p->cursor);
	r->place = take_u32(&p->cursor);
	memcpy(r->outcome, take(&p->cursor, sizeof r->outcome), sizeof r->outcome);
	if (image >= (uint32_t)p->n_images || eval_record_category(r) >= flow->n_categories || isnan(r->score))
		return damaged(p);
	for (size_t i = 0; i < sizeof r->outcome; i++)
		if (r->outcome[i] >= 243)
			return damaged(p);
	r->image = p->image[image];
	struct seen *s = &seen[r->image];
	if (s->detected != NULL && s->detected != p)
		return err_set("image %s has detections in '%s' and in '%s'", sample_id_text(&set->images[r->image], text),
			       s->detected->path, p->path);
	s->detected = p;
	return 0;
}

static int read_records(struct part *p, struct eval_records *records, struct seen *seen, const struct eval_flow *flow,
			const struct eval_set *set)
{
	uint64_t n = take_u64(&p->cursor);
	if (p->cursor.short_of || n > (uint64_t)(p->cursor.end - p->cursor.at) / EVAL_PART_RECORD)
		return damaged(p);
	for (uint64_t i = 0; i < n; i++) {
		struct eval_record *r = eval_records_add(records);
		if (r == NULL)
			return -1;
		TRY(read_record(p, r, seen, flow, set));
	}
	return 0;
}

static int add_part(struct part *p, struct seen *seen, struct eval_flow *flow, struct eval_set *set)
{
	for (int32_t i = 0; i < p->n_images; i++)
		TRY(read_wanted(p, &seen[p->image[i]], p->image[i], flow, set));
	TRY(read_records(p, &flow->kept, seen, flow, set));
	TRY(read_records(p, &flow->changed, seen, flow, set));
	set->n_dt += p->n_dt;
	return p->cursor.at == p->cursor.end ? 0 : damaged(p);
}

int eval_part_merge(struct eval_flow *flow, struct eval_set *set, char *const *paths, int n, struct arena *a)
{
	struct part *parts = arena_calloc(a, (size_t)n, sizeof *parts);
	*flow = (struct eval_flow){ 0 };
	eval_set_init(set, a);
	if (parts == NULL)
		return -1;
	for (int i = 0; i < n; i++) {
		TRY(open_part(&parts[i], paths[i], a));
		TRY(check_same(&parts[0], &parts[i]));
	}
	TRY(unite_images(set, parts, n, a));
	set->categories = parts[0].categories;
	set->n_categories = parts[0].n_categories;
	flow->type = parts[0].type;
	flow->n_images = set->n_images;
	flow->n_categories = set->n_categories;
	flow->wanted = arena_calloc(a, (size_t)flow->n_categories * (size_t)flow->type.n_ranges, sizeof *flow->wanted);
	struct seen *seen = arena_calloc(a, (size_t)set->n_images, sizeof *seen);
	if (flow->wanted == NULL || seen == NULL)
		return -1;
	for (int i = 0; i < n; i++)
		TRY(add_part(&parts[i], seen, flow, set));
	return 0;
}
