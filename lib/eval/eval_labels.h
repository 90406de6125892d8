/*
 * eval_labels: the true classes of images, and what a classifier said of each.
 */
#ifndef EVAL_EVAL_LABELS_H
#define EVAL_EVAL_LABELS_H

#include "base/arena.h"
#include "base/error.h"
#include "eval/eval_table.h"

#include <stdbool.h>
#include <stdint.h>

/* One image of the ground truth. */
struct eval_label {
	struct sample_id id;
	const char *name;	/* of its class; NULL: not known by name */
	int64_t label;	/* number of its class; -1: not known by number; neither: out of distribution */
	bool answered;
	int64_t rank;	/* classes that the classifier puts before the true one; INT64_MAX: it does not mention that one */
	double confidence;	/* the highest score, of logits after a softmax */
	double ood_score;	/* as given, or else minus the confidence: higher is further out */
};

struct eval_labels {
	struct arena *arena;
	bool logits;	/* scores are logits; set before reading the results */
	int64_t n;
	struct eval_label *image;	/* [n] ascending by id */
	int64_t n_classes;	/* scores of an image; 0: there are none */
	const char **names;	/* [n_classes] or NULL */
	int64_t n_improbable;	/* images with a score outside of [0, 1], and no logits */

	/* Of ground truth in samples: its categories, for results that name them by id. */
	int32_t n_categories;
	const struct category *categories;
	double *spread;	/* [n_categories] the scores of such a result; -INFINITY: not said */
};

/* What labels say in both senses: of no class, so out of distribution. */
static inline bool eval_label_none(const struct eval_label *l)
{
	return l->name == NULL && l->label < 0;
}

/* Error: see eval_table.h; a row without a label; an image twice; no rows. */
int eval_labels_read(struct eval_labels *labels, const char *path, struct arena *a) MUST_CHECK;

/*
 * Read what was said of them. Names are looked up among the results' names, and a name that is a whole number and not there is
 * the number. Equal scores are ranked in the order of the classes. Results by category are of the classes of the ground truth, which
 * must come from samples then.
 * Error: an image that the ground truth does not have, or twice; a row without scores (need_scores) or other rows' number of
 * them; some rows with an ood_score and some without; a label that is none of the classes; names of classes that only the
 * ground truth has; a category that it does not have, or twice; logits of some categories only.
 */
int eval_labels_answer(struct eval_labels *labels, const char *path, bool need_scores) MUST_CHECK;

#endif
