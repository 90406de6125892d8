#include "eval/eval_part.h"
#include "eval/eval_part_format.h"
#include "eval/eval_part_read.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

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

static int check_same(const struct eval_part *a, const struct eval_part *b)
{
	if (!same_type(&a->type, &b->type))
		return err_set("'%s' and '%s' are evaluations of different types, limits or sizes", a->path, b->path);
	bool same = a->n_categories == b->n_categories;
	for (int32_t k = 0; same && k < a->n_categories; k++)
		same = a->categories[k].id == b->categories[k].id && strcmp(a->categories[k].name, b->categories[k].name) == 0;
	return same ? 0 : err_set("'%s' and '%s' are evaluations of different categories", a->path, b->path);
}

/* All images of all parts, each once. */
static int unite_images(struct eval_set *set, struct eval_part *parts, int n, struct arena *a)
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
	const struct eval_part *annotated, *detected;	/* by the first part that lists it; by the one with its detections */
	const uint8_t *wanted;	/* its groups as they are in `annotated` */
	size_t size;
};

/* The groups of one image, counted when it has not been seen before. */
static int read_wanted(struct eval_part *p, struct seen *seen, int32_t image, struct eval_flow *flow, struct eval_set *set)
{
	struct eval_part_cursor *c = &p->cursor;
	const uint8_t *first = c->at;
	uint32_t groups = eval_part_u32(c);
	bool is_new = seen->annotated == NULL;
	char text[128];
	for (uint32_t g = 0; g < groups && !c->short_of; g++) {
		uint32_t k = eval_part_u32(c), n_gt = eval_part_u32(c);
		if (k >= (uint32_t)flow->n_categories)
			return eval_part_damaged(p);
		set->n_gt += is_new ? n_gt : 0;
		for (int r = 0; r < flow->type.n_ranges; r++) {
			uint32_t wanted = eval_part_u32(c);
			flow->wanted[(int64_t)k * flow->type.n_ranges + r] += is_new ? wanted : 0;
		}
	}
	if (c->short_of)
		return eval_part_damaged(p);
	size_t size = (size_t)(c->at - first);
	if (!is_new && (size != seen->size || memcmp(first, seen->wanted, size) != 0))
		return err_set("image %s has other annotations in '%s' than in '%s'", sample_id_text(&set->images[image], text),
			       seen->annotated->path, p->path);
	if (is_new)
		*seen = (struct seen){ .annotated = p, .wanted = first, .size = size };
	return 0;
}

static int read_record(struct eval_part *p, struct eval_record *r, struct seen *seen, const struct eval_flow *flow,
		       const struct eval_set *set)
{
	char text[128];
	r->score = eval_part_double(&p->cursor);
	uint32_t image = eval_part_u32(&p->cursor);
	r->place = eval_part_u32(&p->cursor);
	memcpy(r->outcome, eval_part_take(&p->cursor, sizeof r->outcome), sizeof r->outcome);
	if (image >= (uint32_t)p->n_images || eval_record_category(r) >= flow->n_categories || isnan(r->score))
		return eval_part_damaged(p);
	for (size_t i = 0; i < sizeof r->outcome; i++)
		if (r->outcome[i] >= 243)
			return eval_part_damaged(p);
	r->image = p->image[image];
	struct seen *s = &seen[r->image];
	if (s->detected != NULL && s->detected != p)
		return err_set("image %s has detections in '%s' and in '%s'", sample_id_text(&set->images[r->image], text),
			       s->detected->path, p->path);
	s->detected = p;
	return 0;
}

static int read_records(struct eval_part *p, struct eval_records *records, struct seen *seen, const struct eval_flow *flow,
			const struct eval_set *set)
{
	uint64_t n = eval_part_u64(&p->cursor);
	if (p->cursor.short_of || n > (uint64_t)(p->cursor.end - p->cursor.at) / EVAL_PART_RECORD)
		return eval_part_damaged(p);
	for (uint64_t i = 0; i < n; i++) {
		struct eval_record *r = eval_records_add(records);
		if (r == NULL)
			return -1;
		TRY(read_record(p, r, seen, flow, set));
	}
	return 0;
}

static int add_part(struct eval_part *p, struct seen *seen, struct eval_flow *flow, struct eval_set *set)
{
	for (int32_t i = 0; i < p->n_images; i++)
		TRY(read_wanted(p, &seen[p->image[i]], p->image[i], flow, set));
	TRY(read_records(p, &flow->kept, seen, flow, set));
	TRY(read_records(p, &flow->changed, seen, flow, set));
	set->n_dt += p->n_dt;
	return p->cursor.at == p->cursor.end ? 0 : eval_part_damaged(p);
}

int eval_part_merge(struct eval_flow *flow, struct eval_set *set, char *const *paths, int n, struct arena *a)
{
	struct eval_part *parts = arena_calloc(a, (size_t)n, sizeof *parts);
	*flow = (struct eval_flow){ 0 };
	eval_set_init(set, a);
	if (parts == NULL)
		return -1;
	for (int i = 0; i < n; i++) {
		TRY(eval_part_open(&parts[i], paths[i], a));
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
