#include "eval/eval_flow.h"

#include "eval/eval_accumulate.h"
#include "eval/eval_assign.h"

#include <math.h>
#include <string.h>

static int check_object(const struct eval_object *x, int64_t i, int32_t n_categories, const char *what)
{
	if (x->category < 0 || x->category >= n_categories)
		return err_set("eval: %s %lld: category %d is not in [0, %d)", what, (long long)i, x->category, n_categories);
	const double *b = x->box;
	if (isnan(b[0]) || isnan(b[1]) || isnan(b[2]) || isnan(b[3]) || isnan(x->area) || isnan(x->score))
		return err_set("eval: %s %lld: its box, area or score is not a number", what, (long long)i);
	return 0;
}

/* Stably by a key in [0, n_keys): out = in. start [n_keys + 1] is left with the first of each. */
static void sort_objects(struct eval_object *out, const struct eval_object *in, int64_t n, int64_t *start, int32_t n_keys,
			 int32_t (*key)(const struct eval_object *))
{
	memset(start, 0, ((size_t)n_keys + 1) * sizeof *start);
	for (int64_t i = 0; i < n; i++)
		start[key(&in[i])]++;
	int64_t sum = 0;
	for (int32_t k = 0; k <= n_keys; k++) {
		int64_t count = start[k];
		start[k] = sum;
		sum += count;
	}
	for (int64_t i = 0; i < n; i++)
		out[start[key(&in[i])]++] = in[i];
	for (int32_t k = n_keys; k > 0; k--)
		start[k] = start[k - 1];
	start[0] = 0;
}

static int32_t category_of(const struct eval_object *x)
{
	return x->category;
}

static int32_t image_of(const struct eval_object *x)
{
	return x->image;
}

static int order_annotations(struct eval_flow *flow, const struct eval_object *gt, int64_t n_gt, struct arena *a)
{
	struct eval_object *sorted = arena_alloc(a, (size_t)n_gt * sizeof *sorted);
	struct arena scratch;
	int64_t *start = arena_calloc(a, (size_t)flow->n_images + 1, sizeof *start);
	arena_init(&scratch, 1 << 16);
	struct eval_object *by_category = arena_alloc(&scratch, (size_t)n_gt * sizeof *by_category);
	int64_t *category_start = arena_calloc(&scratch, (size_t)flow->n_categories + 1, sizeof *category_start);
	bool complete = sorted != NULL && start != NULL && by_category != NULL && category_start != NULL;
	if (complete) {
		sort_objects(by_category, gt, n_gt, category_start, flow->n_categories, category_of);
		sort_objects(sorted, by_category, n_gt, start, flow->n_images, image_of);
	}
	arena_release(&scratch);
	flow->gt = sorted;
	flow->start = start;
	return complete ? 0 : -1;
}

int eval_flow_init(struct eval_flow *flow, const struct eval_type *type, int32_t n_images, int32_t n_categories,
		   const struct eval_object *gt, int64_t n_gt, struct arena *a)
{
	*flow = (struct eval_flow){ .type = *type, .n_images = n_images, .n_categories = n_categories };
	if (n_categories > EVAL_MOST_CATEGORIES)
		return err_set("eval: %d categories; at most %d can be told apart", n_categories, EVAL_MOST_CATEGORIES);
	for (int64_t i = 0; i < n_gt; i++) {
		TRY(check_object(&gt[i], i, n_categories, "annotation"));
		if (gt[i].image < 0 || gt[i].image >= n_images)
			return err_set("eval: annotation %lld: image %d is not in [0, %d)", (long long)i, gt[i].image, n_images);
	}
	flow->wanted = arena_calloc(a, (size_t)n_categories * (size_t)type->n_ranges, sizeof *flow->wanted);
	if (flow->wanted == NULL)
		return -1;
	for (int64_t i = 0; i < n_gt; i++)
		for (int r = 0; r < type->n_ranges; r++)
			flow->wanted[(int64_t)gt[i].category * type->n_ranges + r] += eval_wanted(&gt[i], &type->ranges[r]);
	return order_annotations(flow, gt, n_gt, a);
}

static int64_t same_category(const struct eval_object *x, int64_t n)
{
	int64_t count = 0;
	while (count < n && x[count].category == x[0].category)
		count++;
	return count;
}

static int add_records(struct eval_records *records, const struct eval_outcomes *outcomes, const struct eval_object *dt,
		       int32_t image, int64_t first, int64_t n)
{
	for (int64_t d = first; d < n; d++) {
		struct eval_record *r = eval_records_add(records);
		if (r == NULL)
			return -1;
		r->score = dt[d].score;
		r->image = image;
		r->place = (uint32_t)dt[d].category << EVAL_RANK_BITS | (uint32_t)d;
		memcpy(r->outcome, outcomes->at[d], sizeof r->outcome);
	}
	return 0;
}

/* Where the canonical order gives another outcome, that outcome. dt is in canonical order by then. */
static int add_changed(struct eval_records *records, const struct eval_outcomes *strict, const struct eval_outcomes *canonical,
		       const struct eval_object *dt, int32_t image, int64_t n)
{
	for (int64_t d = 0; d < n; d++)
		if (memcmp(strict->at[d], canonical->at[d], sizeof strict->at[d]) != 0)
			TRY(add_records(records, canonical, dt, image, d, d + 1));
	return 0;
}

/* The detections of one class, sorted, and its annotations; both may be reordered. */
static int match_group(const struct eval_flow *flow, struct eval_matches *m, int32_t image, struct eval_object *dt, int64_t n_dt,
		       const struct eval_object *gt, int64_t n_gt)
{
	struct eval_outcomes strict, canonical;
	int64_t limit = flow->type.limits[flow->type.n_limits - 1], n = n_dt < limit ? n_dt : limit;
	TRY(eval_assign(&strict, &flow->type, dt, n, gt, n_gt, &m->scratch));
	TRY(add_records(&m->kept, &strict, dt, image, 0, n));
	/* Also without annotations: the limits cut off others, and a size outside a range is ignored. */
	if (!eval_assign_reorder(&flow->type, dt, n_dt) && !strict.tie)
		return 0;
	struct eval_object *sorted = arena_alloc(&m->scratch, (size_t)n_gt * sizeof *sorted);
	if (sorted == NULL)
		return -1;
	memcpy(sorted, gt, (size_t)n_gt * sizeof *sorted);
	eval_assign_sort_content(&flow->type, sorted, n_gt);
	TRY(eval_assign(&canonical, &flow->type, dt, n, sorted, n_gt, &m->scratch));
	return add_changed(&m->changed, &strict, &canonical, dt, image, n);
}

int eval_flow_match(const struct eval_flow *flow, struct eval_matches *m, int32_t image, const struct eval_object *dt, int64_t n)
{
	if (!m->ready)
		arena_init(&m->scratch, 1 << 16);
	m->ready = true;
	if (image < 0 || image >= flow->n_images)
		return err_set("eval: image %d is not in [0, %d)", image, flow->n_images);
	for (int64_t i = 0; i < n; i++)
		TRY(check_object(&dt[i], i, flow->n_categories, "detection"));
	arena_reset(&m->scratch);
	struct eval_object *sorted = eval_assign_sorted(dt, n, &m->scratch);
	if (sorted == NULL)
		return -1;
	const struct eval_object *gt = flow->gt + flow->start[image];
	int64_t n_gt = flow->start[image + 1] - flow->start[image];
	for (int64_t i = 0; i < n;) {
		int64_t of_class = same_category(sorted + i, n - i);
		while (n_gt > 0 && gt->category < sorted[i].category) {
			gt++;
			n_gt--;
		}
		bool any = n_gt > 0 && gt->category == sorted[i].category;
		TRY(match_group(flow, m, image, sorted + i, of_class, gt, any ? same_category(gt, n_gt) : 0));
		i += of_class;
	}
	return 0;
}

int eval_flow_take(struct eval_flow *flow, struct eval_matches *matches)
{
	TRY(eval_records_move(&flow->kept, &matches->kept));
	return eval_records_move(&flow->changed, &matches->changed);
}

void eval_matches_release(struct eval_matches *matches)
{
	if (matches->ready)
		arena_release(&matches->scratch);
	eval_records_release(&matches->kept);
	eval_records_release(&matches->changed);
	matches->ready = false;
}

void eval_flow_release(struct eval_flow *flow)
{
	eval_records_release(&flow->kept);
	eval_records_release(&flow->changed);
}

/* Which figure the order of ties moves most, and by how much. */
static void compare_orders(struct eval_result *result, const struct eval_result *other, const struct eval_type *type)
{
	for (int i = 0; i < type->n_rows; i++) {
		double difference = fabs(result->stats[i] - other->stats[i]);
		if (difference > result->tie_effect) {
			result->tie_effect = difference;
			result->tie_row = i;
		}
	}
}

int eval_flow_finish(struct eval_result *result, struct eval_flow *flow, bool canonical, int threads, struct arena *a)
{
	struct eval_result other;
	int n_threads = threads < 1 ? 1 : threads;
	int64_t *start = arena_calloc(a, (size_t)flow->n_categories + 1, sizeof *start);
	if (start == NULL)
		return -1;
	TRY(eval_result_init(result, &flow->type, flow->n_categories, a));
	TRY(eval_records_sort(&flow->changed, start, flow->n_categories, n_threads, a));
	TRY(eval_records_sort(&flow->kept, start, flow->n_categories, n_threads, a));
	if (canonical)
		eval_records_exchange(&flow->kept, &flow->changed);
	TRY(eval_accumulate(result, &flow->type, &flow->kept, start, flow->wanted, n_threads, a));
	TRY(eval_summarise(result, &flow->type, a));
	if (flow->changed.n > 0) {
		TRY(eval_result_init(&other, &flow->type, flow->n_categories, a));
		eval_records_exchange(&flow->kept, &flow->changed);
		TRY(eval_accumulate(&other, &flow->type, &flow->kept, start, flow->wanted, n_threads, a));
		TRY(eval_summarise(&other, &flow->type, a));
		compare_orders(result, &other, &flow->type);
	}
	if (flow->changed.n > 0 && !canonical)
		eval_records_exchange(&flow->kept, &flow->changed);
	return 0;
}
