#include "eval/eval_kept.h"

#include "eval/eval_flow.h"

static int32_t first_limit(const struct eval_type *type, int rank)
{
	int32_t limit = 0;
	while (limit + 1 < type->n_limits && rank >= type->limits[limit])
		limit++;
	return limit;
}

static int keep_detections(struct eval_kept_class *c, const struct eval_type *type, const struct eval_record *record, int64_t n,
			   int r, struct arena *a)
{
	int64_t counting = 0;
	unsigned is_right, is_wrong;
	for (int64_t i = 0; i < n; i++) {
		eval_record_get(&record[i], r, &is_right, &is_wrong);
		counting += (is_right | is_wrong) != 0;
	}
	c->detection = arena_calloc(a, (size_t)counting, sizeof *c->detection);
	if (c->detection == NULL)
		return -1;
	for (int64_t i = 0; i < n; i++) {
		eval_record_get(&record[i], r, &is_right, &is_wrong);
		if ((is_right | is_wrong) != 0)
			c->detection[c->n++] = (struct eval_kept_detection){ .image = record[i].image,
				.is_true = (uint16_t)is_right, .is_false = (uint16_t)is_wrong,
				.limit = first_limit(type, eval_record_rank(&record[i])) };
	}
	return 0;
}

/* Annotations come by image, so that each class sees its images in ascending order. */
static void keep_wanted(struct eval_kept *kept, const struct eval_flow *flow)
{
	const struct eval_type *type = kept->type;
	for (int64_t i = 0; i < flow->start[flow->n_images]; i++) {
		const struct eval_object *g = &flow->gt[i];
		for (int r = 0; r < type->n_ranges; r++) {
			struct eval_kept_class *c = &kept->class[(int64_t)g->category * type->n_ranges + r];
			if (!eval_wanted(g, &type->ranges[r]))
				continue;
			if (c->n_images == 0 || c->wanted[c->n_images - 1].image != g->image)
				c->wanted[c->n_images++] = (struct eval_kept_wanted){ .image = g->image };
			c->wanted[c->n_images - 1].n++;
		}
	}
}

static int keep_all(struct eval_kept *kept, struct eval_flow *flow, const struct eval_input *in, struct arena *a)
{
	int64_t *start = arena_calloc(a, (size_t)in->n_categories + 1, sizeof *start);
	if (start == NULL)
		return -1;
	TRY(eval_flow_fill(flow, in, a));
	TRY(eval_records_sort(&flow->changed, start, in->n_categories, in->threads, a));
	TRY(eval_records_sort(&flow->kept, start, in->n_categories, in->threads, a));
	if (in->canonical)
		eval_records_exchange(&flow->kept, &flow->changed);
	for (int32_t k = 0; k < in->n_categories; k++)
		for (int r = 0; r < in->type->n_ranges; r++) {
			int64_t row = (int64_t)k * in->type->n_ranges + r;
			struct eval_kept_class *c = &kept->class[row];
			TRY(keep_detections(c, in->type, flow->kept.at == NULL ? NULL : flow->kept.at + start[k], start[k + 1] - start[k], r, a));
			c->wanted = arena_calloc(a, (size_t)flow->wanted[row], sizeof *c->wanted);
			if (c->wanted == NULL)
				return -1;
		}
	keep_wanted(kept, flow);
	return 0;
}

int eval_kept_make(struct eval_kept *kept, const struct eval_input *in, struct arena *a)
{
	struct eval_flow flow;
	TRY(eval_flow_init(&flow, in->type, in->n_images, in->n_categories, in->gt, in->n_gt, a));
	*kept = (struct eval_kept){ .type = in->type, .n_images = in->n_images, .n_categories = in->n_categories,
		.class = arena_calloc(a, (size_t)in->n_categories * (size_t)in->type->n_ranges, sizeof *kept->class) };
	int status = kept->class == NULL ? -1 : keep_all(kept, &flow, in, a);
	eval_flow_release(&flow);
	return status;
}
