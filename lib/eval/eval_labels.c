#include "eval/eval_labels.h"

#include "eval/eval_set.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static int compare_labels(const void *a, const void *b)
{
	return eval_compare_ids(&((const struct eval_label *)a)->id, &((const struct eval_label *)b)->id);
}

static int read_labels(struct eval_labels *labels, struct eval_table *t)
{
	struct eval_table_row row;
	int64_t room = 0;
	int got;
	while ((got = eval_table_next(t, &row)) == 1) {
		if (!row.has_label)
			return eval_table_fail(t, "there is no label; ground truth has image_id and label");
		TRY(arena_grow(&labels->image, labels->n, &room, sizeof *labels->image, labels->arena));
		labels->image[labels->n++] = (struct eval_label){ .id = row.id, .name = row.name, .label = row.label };
	}
	return got;
}

int eval_labels_read(struct eval_labels *labels, const char *path, struct arena *a)
{
	struct eval_table t;
	char text[128];
	*labels = (struct eval_labels){ .arena = a };
	TRY(eval_table_open(&t, path, a));
	int status = read_labels(labels, &t);
	labels->n_categories = t.n_categories;
	labels->categories = t.categories;
	eval_table_close(&t);
	TRY(status);
	if (labels->n == 0)
		return err_set("there are no images in '%s'", path);
	qsort(labels->image, (size_t)labels->n, sizeof *labels->image, compare_labels);
	for (int64_t i = 1; i < labels->n; i++)
		if (compare_labels(&labels->image[i - 1], &labels->image[i]) == 0)
			return err_set("image %s comes twice in '%s'", sample_id_text(&labels->image[i].id, text), path);
	return 0;
}

static bool is_number(const char *text)
{
	char *end;
	(void)strtoll(text, &end, 10);
	return end != text && *end == '\0';
}

/* The number of the true class among the scores; -1 with a message. */
static int64_t class_of(const struct eval_labels *labels, const struct eval_table *t, const struct eval_label *l)
{
	char text[128];
	for (int64_t k = 0; l->name != NULL && labels->names != NULL && k < labels->n_classes; k++)
		if (strcmp(labels->names[k], l->name) == 0)
			return k;
	bool by_number = l->name == NULL || labels->names == NULL || is_number(l->name);
	if (by_number && l->label >= 0 && l->label < labels->n_classes)
		return l->label;
	sample_id_text(&l->id, text);
	if (l->name == NULL)
		return eval_table_fail(t, "the label of image %s, %" PRId64 ", is none of the %" PRId64 " classes", text, l->label,
				       labels->n_classes);
	return eval_table_fail(t, "the label of image %s, '%s', is none of the %" PRId64 " classes%s", text, l->name,
			       labels->n_classes, labels->names == NULL ? ", which are not named here" : "");
}

/* Softmax probability of the largest of n logits. */
static double top_probability(const double *logits, int64_t n, double largest)
{
	double sum = 0;
	for (int64_t i = 0; i < n; i++)
		sum += exp(logits[i] - largest);
	return 1 / sum;
}

static int64_t rank_of(const double *scores, int64_t n, int64_t k)
{
	int64_t rank = 0;
	for (int64_t i = 0; i < n; i++)
		rank += scores[i] > scores[k] || (scores[i] == scores[k] && i < k);
	return rank;
}

static int64_t find_category(const struct eval_labels *labels, int64_t id)
{
	for (int32_t k = 0; k < labels->n_categories; k++)
		if (labels->categories[k].id == id)
			return k;
	return -1;
}

/* Scores by category become scores of all classes. */
static int spread_scores(struct eval_labels *labels, const struct eval_table *t, struct eval_table_row *row)
{
	char text[128];
	sample_id_text(&row->id, text);
	if (labels->categories == NULL)
		return eval_table_fail(t, "results by category_id need ground truth of samples, whose categories have ids");
	if (labels->logits && row->n_scores != labels->n_categories)
		return eval_table_fail(t, "image %s has %" PRId64 " of %d scores; --logits needs all", text, row->n_scores,
				       labels->n_categories);
	for (int32_t k = 0; k < labels->n_categories; k++)
		labels->spread[k] = -INFINITY;
	for (int64_t i = 0; i < row->n_scores; i++) {
		int64_t k = find_category(labels, row->category[i]);
		if (k < 0 || labels->spread[k] != -INFINITY)
			return eval_table_fail(t, "category %" PRId64 " of image %s %s", row->category[i], text,
					       k < 0 ? "is not in the ground truth" : "comes twice");
		labels->spread[k] = row->scores[i];
	}
	row->scores = labels->spread;
	row->n_scores = labels->n_categories;
	return 0;
}

static int take_scores(struct eval_labels *labels, const struct eval_table *t, struct eval_label *l,
		       const struct eval_table_row *row)
{
	if (labels->n_classes == 0)
		labels->n_classes = row->n_scores;
	if (row->n_scores != labels->n_classes)
		return eval_table_fail(t, "%" PRId64 " scores where the rows before have %" PRId64, row->n_scores, labels->n_classes);
	double largest = -INFINITY, smallest = INFINITY;
	for (int64_t i = 0; i < row->n_scores; i++) {
		largest = fmax(largest, row->scores[i]);
		smallest = row->scores[i] > -INFINITY ? fmin(smallest, row->scores[i]) : smallest;
	}
	labels->n_improbable += !labels->logits && (smallest < 0 || largest > 1);
	l->confidence = labels->logits ? top_probability(row->scores, row->n_scores, largest) : largest;
	if (eval_label_none(l))
		return 0;
	int64_t k = class_of(labels, t, l);
	if (k < 0)
		return -1;
	l->label = k;
	l->rank = row->scores[k] > -INFINITY ? rank_of(row->scores, row->n_scores, k) : INT64_MAX;
	return 0;
}

static int take_row(struct eval_labels *labels, const struct eval_table *t, struct eval_table_row *row, bool need_scores,
		    bool with_ood_score)
{
	char text[128];
	const struct eval_label key = { .id = row->id };
	struct eval_label *l = bsearch(&key, labels->image, (size_t)labels->n, sizeof key, compare_labels);
	sample_id_text(&row->id, text);
	if (l == NULL)
		return eval_table_fail(t, "image %s is not in the ground truth", text);
	if (l->answered)
		return eval_table_fail(t, "image %s comes twice", text);
	if (row->n_scores == 0 && (need_scores || !row->has_ood_score))
		return eval_table_fail(t, "image %s has no scores of classes", text);
	if (row->has_ood_score != with_ood_score)
		return eval_table_fail(t, "image %s has %s ood_score, unlike those before", text, with_ood_score ? "no" : "an");
	if (row->has_ood_score && !isfinite(row->ood_score))
		return eval_table_fail(t, "the ood_score of image %s is not a finite number", text);
	l->answered = true;
	if (row->category != NULL)
		TRY(spread_scores(labels, t, row));
	if (row->n_scores > 0)
		TRY(take_scores(labels, t, l, row));
	l->ood_score = row->has_ood_score ? row->ood_score : -l->confidence;
	return 0;
}

/* Results by category are of the ground truth's classes. */
static int name_classes(struct eval_labels *labels)
{
	labels->names = arena_calloc(labels->arena, (size_t)labels->n_categories, sizeof *labels->names);
	if (labels->names == NULL)
		return -1;
	for (int32_t k = 0; k < labels->n_categories; k++)
		labels->names[k] = labels->categories[k].name == NULL ? "" : labels->categories[k].name;
	return 0;
}

static int read_answers(struct eval_labels *labels, struct eval_table *t, bool need_scores)
{
	struct eval_table_row row;
	bool with_ood_score = false;
	int got;
	labels->names = t->names;
	labels->n_classes = t->n_names;
	labels->spread = arena_calloc(labels->arena, (size_t)labels->n_categories, sizeof *labels->spread);
	if (labels->spread == NULL)
		return -1;
	for (int64_t i = 0; (got = eval_table_next(t, &row)) == 1; i++) {
		with_ood_score = i == 0 ? row.has_ood_score : with_ood_score;
		TRY(take_row(labels, t, &row, need_scores, with_ood_score));
	}
	return got < 0 || !t->by_category ? got : name_classes(labels);
}

int eval_labels_answer(struct eval_labels *labels, const char *path, bool need_scores)
{
	struct eval_table t;
	TRY(eval_table_open(&t, path, labels->arena));
	int status = read_answers(labels, &t, need_scores);
	eval_table_close(&t);
	return status;
}
