/*
 * LVIS: COCO's figures over a federated data set, and average precision of rare, common and frequent categories.
 *
 * Of an image the 300 detections with the highest scores count, over all categories. One of a category that is
 * neither annotated in its image nor known to be absent there is not looked at; one that finds nothing, of a category
 * whose objects are not all annotated, counts neither way. There are no crowds.
 *
 * Source: see eval_federated.h, and the behaviour of the data set's public evaluation code.
 */
#include "eval/eval.h"
#include "eval/eval_federated.h"
#include "eval/eval_set.h"
#include "eval/eval_task.h"
#include "eval/eval_type.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LVIS_LIMIT = 300 };
enum { ALL, SMALL, MEDIUM, LARGE };

static const struct eval_row rows[] = {
	{ "AP", false, -1, ALL, 0 },
	{ "AP50", false, 0, ALL, 0 },
	{ "AP75", false, 5, ALL, 0 },
	{ "APs", false, -1, SMALL, 0 },
	{ "APm", false, -1, MEDIUM, 0 },
	{ "APl", false, -1, LARGE, 0 },
	{ "AR300", true, -1, ALL, 0 },
	{ "ARs", true, -1, SMALL, 0 },
	{ "ARm", true, -1, MEDIUM, 0 },
	{ "ARl", true, -1, LARGE, 0 },
};
static const char *const row_meaning[] = {
	"Average Precision, IoU=0.50:0.95",
	"Average Precision, IoU=0.50",
	"Average Precision, IoU=0.75",
	"Average Precision, small objects",
	"Average Precision, medium objects",
	"Average Precision, large objects",
	"Average Recall, 300 detections an image",
	"Average Recall, small objects",
	"Average Recall, medium objects",
	"Average Recall, large objects",
};
enum { N_ROWS = sizeof rows / sizeof rows[0], N_PRECISION_ROWS = 6 };

static const struct group {
	char letter;
	const char *name, *meaning;
} groups[] = {
	{ 'r', "APr", "Average Precision, rare categories" },
	{ 'c', "APc", "Average Precision, common categories" },
	{ 'f', "APf", "Average Precision, frequent categories" },
};
enum { N_GROUPS = sizeof groups / sizeof groups[0] };

/* By image, best score first, then as read. */
static int compare_places(const void *a, const void *b)
{
	const struct eval_object *x = *(const struct eval_object *const *)a, *y = *(const struct eval_object *const *)b;
	if (x->image != y->image)
		return x->image > y->image ? 1 : -1;
	if (x->score != y->score)
		return x->score > y->score ? -1 : 1;
	return (x > y) - (x < y);
}

static int by_image_and_category(const void *a, const void *b)
{
	const struct eval_object *x = a, *y = b;
	if (x->image != y->image)
		return x->image > y->image ? 1 : -1;
	return (x->category > y->category) - (x->category < y->category);
}

/* looked_at[i]: detection i is one of its image's best, and its category was looked for in that image. */
static int choose(bool *looked_at, const struct eval_set *set, const struct eval_federated *federated, struct arena *a)
{
	const struct eval_object **place = arena_calloc(a, (size_t)set->n_dt, sizeof *place);
	struct eval_object *gt = arena_calloc(a, (size_t)set->n_gt, sizeof *gt);
	if (place == NULL || gt == NULL)
		return -1;
	for (int64_t i = 0; i < set->n_dt; i++) {
		if (isnan(set->dt[i].score))
			return err_set("eval: the score of detection %lld is not a number", (long long)i);
		place[i] = &set->dt[i];
	}
	for (int64_t i = 0; i < set->n_gt; i++)
		gt[i] = set->gt[i];
	if (set->n_dt > 1)
		qsort(place, (size_t)set->n_dt, sizeof *place, compare_places);
	if (set->n_gt > 1)
		qsort(gt, (size_t)set->n_gt, sizeof *gt, by_image_and_category);
	int64_t rank = 0;
	for (int64_t i = 0; i < set->n_dt; i++) {
		const struct eval_object *d = place[i];
		rank = i > 0 && place[i - 1]->image == d->image ? rank + 1 : 0;
		bool annotated = set->n_gt > 0 && bsearch(d, gt, (size_t)set->n_gt, sizeof *gt, by_image_and_category) != NULL;
		looked_at[d - set->dt] = rank < LVIS_LIMIT &&
			(annotated || eval_federated_has(federated, EVAL_NEGATIVE, d->image, d->category));
	}
	return 0;
}

/* Keep the detections that are looked at, in their order; the number of the others. */
static int64_t drop(struct eval_set *set, const bool *looked_at, const struct eval_federated *federated)
{
	int64_t kept = 0, before = set->n_dt;
	for (int64_t i = 0; i < set->n_dt; i++) {
		if (!looked_at[i])
			continue;
		set->dt[kept] = set->dt[i];
		set->dt[kept].ignore = eval_federated_has(federated, EVAL_NOT_EXHAUSTIVE, set->dt[i].image, set->dt[i].category);
		kept++;
	}
	set->n_dt = kept;
	return before - kept;
}

static double group_ap(const struct eval_result *result, const struct eval_federated *federated, char letter, double *scratch)
{
	int64_t n = 0;
	for (int t = 0; t < EVAL_THRESHOLDS; t++)
		for (int r = 0; r < EVAL_RECALLS; r++)
			for (int32_t k = 0; k < result->n_categories; k++)
				if (federated->group[k] == letter)
					scratch[n++] = result->precision[eval_precision_at(result, t, r, k, ALL, 0)];
	return eval_mean(scratch, n);
}

static int report(struct eval_figures *out, const struct eval_set *set, const struct eval_result *result,
		  const struct eval_federated *federated, struct arena *a)
{
	double *scratch = arena_calloc(a, (size_t)EVAL_THRESHOLDS * EVAL_RECALLS * (size_t)set->n_categories, sizeof *scratch);
	if (scratch == NULL)
		return -1;
	for (int i = 0; i < N_PRECISION_ROWS; i++)
		eval_figures_add(out, rows[i].name, row_meaning[i], result->stats[i]);
	for (int i = 0; i < N_GROUPS; i++)
		eval_figures_add(out, groups[i].name, groups[i].meaning, group_ap(result, federated, groups[i].letter, scratch));
	for (int i = N_PRECISION_ROWS; i < N_ROWS; i++)
		eval_figures_add(out, rows[i].name, row_meaning[i], result->stats[i]);
	eval_figures_count(out, "images", set->n_images);
	eval_figures_count(out, "annotations", set->n_gt);
	eval_figures_count(out, "detections", set->n_dt);
	eval_figures_numbers(out, "objects", result->class_objects);
	eval_figures_shares(out, "AP", result->class_ap);
	eval_figures_shares(out, "AP50", result->class_ap50);
	return 0;
}

static struct eval_type lvis_type(const char *name)
{
	struct eval_type type = *eval_type_find(name);
	type.n_limits = 1;
	type.limits[0] = LVIS_LIMIT;
	type.n_rows = N_ROWS;
	memcpy(type.rows, rows, sizeof rows);
	return type;
}

static int read_all(struct eval_set *set, struct eval_federated *federated, const struct eval_type *type,
		    const struct eval_request *request, struct arena *a)
{
	eval_set_init(set, a);
	eval_federated_init(federated, a);
	set->shape = type->shape;
	set->outlines = type->outlines;
	set->threads = request->threads;
	set->use_ignore = true;
	set->federated = federated;
	TRY(eval_read_truth(set, request->truth));
	TRY(eval_federated_finish(federated, set));
	TRY(eval_read_results(set, request->results));
	TRY(eval_warn(set, request->warn));
	for (int64_t i = 0; i < set->n_gt; i++)
		set->gt[i].crowd = false;
	return 0;
}

static int run(struct eval_figures *out, const struct eval_request *request, struct arena *a)
{
	struct eval_set set;
	struct eval_federated federated;
	struct eval_result result;
	const struct eval_type type = lvis_type(request->type);
	TRY(read_all(&set, &federated, &type, request, a));
	bool *looked_at = arena_calloc(a, (size_t)set.n_dt, sizeof *looked_at);
	if (looked_at == NULL)
		return -1;
	TRY(choose(looked_at, &set, &federated, a));
	int64_t dropped = drop(&set, looked_at, &federated);
	TRY(eval_run(&result, &(struct eval_input){ .type = &type, .n_images = set.n_images,
		.n_categories = set.n_categories, .gt = set.gt, .n_gt = set.n_gt, .dt = set.dt, .n_dt = set.n_dt,
		.threads = request->threads }, a));
	*out = (struct eval_figures){ .type = type.name, .rule = "lvis", .n_classes = set.n_categories,
		.classes = set.categories };
	TRY(report(out, &set, &result, &federated, a));
	eval_figures_count(out, "not_judged", dropped);
	return 0;
}

const struct eval_task eval_task_lvis = { .name = "lvis", .types = "bbox|segm|boundary", .run = run };
