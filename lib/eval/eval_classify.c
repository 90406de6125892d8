/*
 * Classification: how often the true class comes first, or among the first five; whether the confidence can be trusted; and
 * whether images that show none of the classes can be told.
 *
 * Source of the second: eval_ranking.h. Of the third: Hendrycks and Gimpel, "A Baseline for Detecting Misclassified and
 * Out-of-Distribution Examples", ICLR 2017.
 */
#include "eval/eval_labels.h"
#include "eval/eval_ranking.h"
#include "eval/eval_task.h"

#include <inttypes.h>

struct tally {
	int64_t n, n_answered, n_none;	/* images with a class; of them with an answer; images without a class */
	int64_t n_top1, n_top5;
	int64_t *images, *right;	/* [n_classes] */
	double *accuracy;	/* [n_classes] or -1 */
	struct eval_calibration calibration;
};

static int count(struct tally *c, const struct eval_labels *labels, struct arena *a)
{
	size_t n = (size_t)labels->n_classes;
	*c = (struct tally){ .images = arena_calloc(a, n, sizeof *c->images), .right = arena_calloc(a, n, sizeof *c->right),
		.accuracy = arena_calloc(a, n, sizeof *c->accuracy) };
	if (c->images == NULL || c->right == NULL || c->accuracy == NULL)
		return -1;
	for (int64_t i = 0; i < labels->n; i++) {
		const struct eval_label *l = &labels->image[i];
		c->n_none += eval_label_none(l);
		c->n += !eval_label_none(l);
		if (eval_label_none(l) || !l->answered)
			continue;
		c->n_answered++;
		c->n_top1 += l->rank == 0;
		c->n_top5 += l->rank < 5;
		c->images[l->label]++;
		c->right[l->label] += l->rank == 0;
		if (labels->n_improbable == 0)
			eval_calibration_add(&c->calibration, l->confidence, l->rank == 0);
	}
	return 0;
}

/* Mean over the classes that have images. */
static double class_accuracy(struct tally *c, int64_t n_classes)
{
	double sum = 0;
	int64_t there = 0;
	for (int64_t k = 0; k < n_classes; k++) {
		c->accuracy[k] = c->images[k] == 0 ? -1 : (double)c->right[k] / (double)c->images[k];
		sum += c->images[k] == 0 ? 0 : c->accuracy[k];
		there += c->images[k] > 0;
	}
	return there == 0 ? -1 : sum / (double)there;
}

static void warn_about(const struct tally *c, const struct eval_labels *labels, const struct eval_request *request)
{
	if (c->n_none > 0)
		request->warn("left out %" PRId64 " image(s) that are of no class; -t ood looks at them", c->n_none);
	if (c->n == 0)
		request->warn("no image has a class: all figures are -1");
	if (c->n_answered < c->n)
		request->warn("%" PRId64 " image(s) have no result: they count as wrong, in no class and for no calibration",
			      c->n - c->n_answered);
	if (labels->n_improbable > 0)
		request->warn("%" PRId64 " image(s) have scores outside of [0, 1]: no calibration error; --logits takes a softmax",
			      labels->n_improbable);
}

static struct category *class_names(const struct eval_labels *labels, struct arena *a)
{
	struct category *classes = arena_calloc(a, (size_t)labels->n_classes, sizeof *classes);
	for (int64_t k = 0; classes != NULL && k < labels->n_classes; k++)
		classes[k] = (struct category){ .id = k, .name = labels->names == NULL ? "" : labels->names[k] };
	return classes;
}

static double share(int64_t n, int64_t of)
{
	return of == 0 ? -1 : (double)n / (double)of;
}

static int run_classify(struct eval_figures *out, const struct eval_request *request, struct arena *a)
{
	struct eval_labels labels;
	struct tally c;
	TRY(eval_labels_read(&labels, request->truth, a));
	labels.logits = request->logits;
	TRY(eval_labels_answer(&labels, request->results, true));
	TRY(count(&c, &labels, a));
	struct category *classes = class_names(&labels, a);
	if (classes == NULL)
		return -1;
	double mean = class_accuracy(&c, labels.n_classes);
	warn_about(&c, &labels, request);
	*out = (struct eval_figures){ .type = "classify", .n_classes = (int32_t)labels.n_classes, .classes = classes };
	eval_figures_add(out, "top1", "Images whose class comes first", share(c.n_top1, c.n));
	eval_figures_add(out, "top5", "Images whose class is among the first five",
			 labels.n_classes < 5 ? -1 : share(c.n_top5, c.n));
	eval_figures_add(out, "mAcc", "Mean over the classes of their images that come first", mean);
	eval_figures_add(out, "ECE", "Expected calibration error, 15 bins", eval_calibration_error(&c.calibration));
	eval_figures_count(out, "images", c.n);
	eval_figures_count(out, "answered", c.n_answered);
	eval_figures_numbers(out, "images", c.images);
	eval_figures_shares(out, "accuracy", c.accuracy);
	return 0;
}

static int run_ood(struct eval_figures *out, const struct eval_request *request, struct arena *a)
{
	struct eval_labels labels;
	int64_t n = 0, n_out = 0, n_unanswered = 0;
	TRY(eval_labels_read(&labels, request->truth, a));
	labels.logits = request->logits;
	TRY(eval_labels_answer(&labels, request->results, false));
	struct eval_scored *x = arena_calloc(a, (size_t)labels.n, sizeof *x);
	if (x == NULL)
		return -1;
	for (int64_t i = 0; i < labels.n; i++) {
		const struct eval_label *l = &labels.image[i];
		n_unanswered += !l->answered;
		n_out += l->answered && eval_label_none(l);
		if (l->answered)
			x[n++] = (struct eval_scored){ .score = l->ood_score, .positive = eval_label_none(l) };
	}
	if (n_unanswered > 0)
		request->warn("left out %" PRId64 " image(s) without a result", n_unanswered);
	if (n_out == 0 || n_out == n)
		request->warn("there are no images %s distribution: all figures are -1", n_out == 0 ? "out of" : "in");
	*out = (struct eval_figures){ .type = "ood" };
	eval_figures_add(out, "AUROC", "Area under the ROC curve, out of against in distribution", eval_auroc(x, n));
	eval_figures_add(out, "FPR95", "Out of distribution taken for in, where 95 % of those in are taken for in",
			 eval_missed_at_95(x, n));
	eval_figures_count(out, "in", n - n_out);
	eval_figures_count(out, "out", n_out);
	return 0;
}

const struct eval_task eval_task_classify = { .name = "classify", .options = "logits", .run = run_classify };
const struct eval_task eval_task_ood = { .name = "ood", .options = "logits", .no_classes = true, .run = run_ood };
