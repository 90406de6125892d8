#include "eval/eval_errors.h"

#include "eval/eval_curve.h"
#include "eval/eval_outcome.h"

#include <stdlib.h>

static const double fits = 0.5, touches = 0.1;

const char *const eval_error_names[EVAL_ERRORS] = {
	"class", "localisation", "both", "duplicate", "background", "missed",
};

/* A false detection's kind, and the annotation it should have found. */
struct verdict {
	int kind;	/* -1: no error */
	int64_t target;	/* of a class or localisation error */
};

struct judge {
	const struct eval_input *input;
	struct eval_outcome outcome;
	struct verdict *verdict;	/* [n_dt] */
	bool *covered;	/* [n_gt] an error points at it */
	int64_t *order;	/* [n_dt] detections by score, then image, then as ties go: as eval_run() sees a class */
	/* The detections with some errors mended. */
	int32_t *category;	/* [n_dt] -1: gone */
	bool *is_true;	/* [n_dt] */
	int64_t *n_wanted;	/* [n_categories] */
	int64_t *winner;	/* [n_gt] the detection that gets the object, or -1 */
	/* Working memory of one AP. */
	struct eval_curve *curve;	/* [n_categories] */
	struct eval_curve_steps *steps;	/* [n_categories] */
	int64_t (*seen)[2];	/* [n_categories] false and true ones */
};

static struct verdict judge_detection(const struct judge *j, const struct eval_group *g, int64_t d)
{
	double own = 0, other = 0;
	int64_t best_own = -1, best_other = -1;
	for (int64_t i = 0; i < g->n_gt; i++) {
		if (!j->outcome.wanted[g->gt_index[i]])
			continue;
		bool same = g->gt[i].category == g->dt[d].category;
		double *best = same ? &own : &other, overlap = g->overlap[d * g->n_gt + i];
		if (overlap <= *best)
			continue;
		*best = overlap;
		*(same ? &best_own : &best_other) = g->gt_index[i];
	}
	if (own >= touches && own < fits)
		return (struct verdict){ EVAL_ERROR_LOCALISATION, best_own };
	if (other >= fits)
		return (struct verdict){ EVAL_ERROR_CLASS, best_other };
	if (own >= fits)
		return (struct verdict){ EVAL_ERROR_DUPLICATE, -1 };
	return (struct verdict){ other < touches ? EVAL_ERROR_BACKGROUND : EVAL_ERROR_BOTH, -1 };
}

static int judge_all(struct eval_errors *out, struct judge *j, struct arena *a)
{
	const struct eval_input *in = j->input;
	struct eval_group g;
	TRY(eval_group_init(&g, &j->outcome.groups, a));
	for (int32_t image = 0; image < in->n_images; image++) {
		eval_group_load(&g, &j->outcome.groups, in, image);
		for (int64_t d = 0; d < g.n_dt; d++) {
			int64_t index = g.dt_index[d];
			j->verdict[index] = (struct verdict){ -1, -1 };
			if (j->outcome.state[index] != EVAL_FALSE)
				continue;
			struct verdict v = j->verdict[index] = judge_detection(j, &g, d);
			if (v.target >= 0)
				j->covered[v.target] = true;
			out->n[v.kind]++;
			out->by_class[g.dt[d].category][v.kind]++;
		}
	}
	for (int64_t i = 0; i < in->n_gt; i++) {
		if (!j->outcome.wanted[i] || j->outcome.found_by[i] >= 0 || j->covered[i])
			continue;
		out->n[EVAL_ERROR_MISSED]++;
		out->by_class[in->gt[i].category][EVAL_ERROR_MISSED]++;
	}
	return 0;
}

/* Mean over the classes that have objects of AP at IoU .5 of the mended detections. */
static double mended_ap(struct judge *j)
{
	const struct eval_input *in = j->input;
	for (int32_t k = 0; k < in->n_categories; k++) {
		eval_curve_start(&j->curve[k]);
		j->seen[k][0] = j->seen[k][1] = 0;
		if (j->n_wanted[k] > 0)
			eval_curve_steps_set(&j->steps[k], j->n_wanted[k]);
	}
	for (int64_t i = 0; i < in->n_dt; i++) {
		int64_t d = j->order[i];
		int32_t k = j->category[d];
		if (k < 0 || j->n_wanted[k] <= 0)
			continue;
		j->seen[k][j->is_true[d]]++;
		if (j->is_true[d])
			eval_curve_add(&j->curve[k], &j->steps[k], j->seen[k][1], j->seen[k][0]);
	}
	double sum = 0;
	int64_t n = 0;
	for (int32_t k = 0; k < in->n_categories; k++) {
		/* A class with nothing left to find stays in the mean, as 0. */
		n += j->n_wanted[k] >= 0;
		sum += j->n_wanted[k] > 0 ? eval_curve_ap(&j->curve[k]) : 0;
	}
	return n == 0 ? -1 : sum / (double)n;
}

/* Everything as it is; classes without objects get n_wanted -1. */
static void unmend(struct judge *j)
{
	const struct eval_input *in = j->input;
	for (int32_t k = 0; k < in->n_categories; k++)
		j->n_wanted[k] = -1;
	for (int64_t i = 0; i < in->n_gt; i++) {
		int64_t *n = &j->n_wanted[in->gt[i].category];
		if (j->outcome.wanted[i])
			*n = *n < 0 ? 1 : *n + 1;
		j->winner[i] = j->outcome.found_by[i];
	}
	for (int64_t i = 0; i < in->n_dt; i++) {
		j->category[i] = j->outcome.state[i] == EVAL_IGNORED ? -1 : in->dt[i].category;
		j->is_true[i] = j->outcome.state[i] == EVAL_TRUE;
	}
}

/* Each error of this kind takes the object it points at from whoever scores less, or goes. */
static void mend_by_target(struct judge *j, int kind)
{
	const struct eval_input *in = j->input;
	for (int64_t i = 0; i < in->n_dt; i++) {
		int64_t d = j->order[i], target = j->verdict[d].target;
		if (j->verdict[d].kind != kind)
			continue;
		int64_t *winner = &j->winner[target];
		if (*winner >= 0 && in->dt[*winner].score >= in->dt[d].score) {
			j->category[d] = -1;
			continue;
		}
		if (*winner >= 0)
			j->category[*winner] = -1;
		*winner = d;
		j->category[d] = in->gt[target].category;
		j->is_true[d] = true;
	}
}

static void mend(struct judge *j, int kind)
{
	const struct eval_input *in = j->input;
	unmend(j);
	if (kind == EVAL_ERROR_CLASS || kind == EVAL_ERROR_LOCALISATION) {
		mend_by_target(j, kind);
	} else if (kind == EVAL_ERROR_MISSED) {
		for (int64_t i = 0; i < in->n_gt; i++)
			if (j->outcome.wanted[i] && j->outcome.found_by[i] < 0 && !j->covered[i])
				j->n_wanted[in->gt[i].category]--;
	} else {
		for (int64_t i = 0; i < in->n_dt; i++)
			if (j->verdict[i].kind == kind)
				j->category[i] = -1;
	}
}

static void mend_all_false(struct judge *j)
{
	unmend(j);
	for (int64_t i = 0; i < j->input->n_dt; i++)
		if (!j->is_true[i])
			j->category[i] = -1;
}

static void mend_all_missed(struct judge *j)
{
	const struct eval_input *in = j->input;
	unmend(j);
	for (int64_t i = 0; i < in->n_gt; i++)
		if (j->outcome.wanted[i] && j->outcome.found_by[i] < 0)
			j->n_wanted[in->gt[i].category]--;
}

/* Places in the groups, where detections are by image, by score, and then as ties go. */
static int compare_places(const void *a, const void *b, void *context)
{
	const struct judge *j = context;
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	double of_x = j->input->dt[j->outcome.groups.dt[x]].score, of_y = j->input->dt[j->outcome.groups.dt[y]].score;
	return of_x != of_y ? (of_x < of_y) - (of_x > of_y) : (x > y) - (x < y);
}

static void order_detections(struct judge *j)
{
	int64_t n = j->input->n_dt;
	for (int64_t i = 0; i < n; i++)
		j->order[i] = i;
	if (n > 1)
		qsort_r(j->order, (size_t)n, sizeof *j->order, compare_places, j);
	for (int64_t i = 0; i < n; i++)
		j->order[i] = j->outcome.groups.dt[j->order[i]];
}

static int judge_init(struct judge *j, const struct eval_input *in, struct arena *a)
{
	size_t n_dt = (size_t)in->n_dt, n_gt = (size_t)in->n_gt, n_categories = (size_t)in->n_categories;
	*j = (struct judge){ .input = in, .verdict = arena_calloc(a, n_dt, sizeof *j->verdict),
		.covered = arena_calloc(a, n_gt, sizeof *j->covered), .order = arena_calloc(a, n_dt, sizeof *j->order),
		.category = arena_calloc(a, n_dt, sizeof *j->category), .is_true = arena_calloc(a, n_dt, sizeof *j->is_true),
		.n_wanted = arena_calloc(a, n_categories, sizeof *j->n_wanted),
		.winner = arena_calloc(a, n_gt, sizeof *j->winner),
		.curve = arena_calloc(a, n_categories, sizeof *j->curve),
		.steps = arena_calloc(a, n_categories, sizeof *j->steps),
		.seen = arena_calloc(a, n_categories, sizeof *j->seen) };
	if (j->verdict == NULL || j->covered == NULL || j->order == NULL || j->category == NULL || j->is_true == NULL ||
	    j->n_wanted == NULL || j->winner == NULL || j->curve == NULL || j->steps == NULL || j->seen == NULL)
		return -1;
	TRY(eval_outcome_make(&j->outcome, in, fits, a));
	order_detections(j);
	return 0;
}

int eval_errors_make(struct eval_errors *out, const struct eval_input *in, struct arena *a)
{
	struct judge j;
	*out = (struct eval_errors){ .by_class = arena_calloc(a, (size_t)in->n_categories, sizeof *out->by_class) };
	if (out->by_class == NULL)
		return -1;
	TRY(judge_init(&j, in, a));
	TRY(judge_all(out, &j, a));
	unmend(&j);
	out->ap50 = mended_ap(&j);
	if (out->ap50 < 0)
		return 0;
	for (int kind = 0; kind < EVAL_ERRORS; kind++) {
		mend(&j, kind);
		out->cost[kind] = mended_ap(&j) - out->ap50;
	}
	mend_all_false(&j);
	out->cost_false = mended_ap(&j) - out->ap50;
	mend_all_missed(&j);
	out->cost_missed = mended_ap(&j) - out->ap50;
	return 0;
}
