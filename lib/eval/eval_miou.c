/*
 * Mean intersection over union of label maps.
 *
 * Over the pixels of all images whose true label is not 255: IoU of a class = TP / (TP + FP + FN); the mean is over the
 * classes that are there in truth or result. A pixel whose result is 255 is missed by its class and charged to no other.
 *
 * Source: Everingham et al., IJCV 2015 (VOC segmentation); Long et al., "Fully Convolutional Networks", CVPR 2015,
 * section 5, for the other two figures.
 */
#include "eval/eval_label_maps.h"
#include "eval/eval_task.h"

struct share {
	int64_t *pixels;	/* [n] of the class */
	double *iou, *accuracy;	/* [n] or -1 */
};

/* One more than the highest label that is not 255; at least the number of named classes. */
static int class_count(const struct eval_label_maps *maps)
{
	int n = maps->n_categories < EVAL_LABEL_IGNORED ? maps->n_categories : EVAL_LABEL_IGNORED;
	for (int t = 0; t < EVAL_LABEL_IGNORED; t++)
		for (int f = 0; f < EVAL_LABELS; f++) {
			if (maps->count[t][f] == 0)
				continue;
			n = t >= n ? t + 1 : n;
			n = f >= n && f != EVAL_LABEL_IGNORED ? f + 1 : n;
		}
	return n;
}

static void class_share(struct share *share, const struct eval_label_maps *maps, int k)
{
	int64_t is_true = 0, found = 0, right = maps->count[k][k];
	for (int i = 0; i < EVAL_LABELS; i++) {
		is_true += maps->count[k][i];
		found += i == EVAL_LABEL_IGNORED ? 0 : maps->count[i][k];
	}
	int64_t either = is_true + found - right;
	share->pixels[k] = is_true;
	share->iou[k] = either == 0 ? -1 : (double)right / (double)either;
	share->accuracy[k] = is_true == 0 ? -1 : (double)right / (double)is_true;
}

static double mean(const double *x, int n)
{
	double sum = 0;
	int there = 0;
	for (int i = 0; i < n; i++)
		if (x[i] >= 0) {
			sum += x[i];
			there++;
		}
	return there == 0 ? -1 : sum / there;
}

/* The stream's categories, or numbers without names. */
static struct category *class_names(const struct eval_label_maps *maps, int n, struct arena *a)
{
	struct category *classes = arena_calloc(a, (size_t)n, sizeof *classes);
	for (int k = 0; classes != NULL && k < n; k++)
		classes[k] = k < maps->n_categories ? maps->categories[k] : (struct category){ .id = k, .name = "" };
	return classes;
}

static void warn_about(const struct eval_label_maps *maps, int64_t n_pixels, const struct eval_request *request)
{
	int64_t unknown = 0;
	for (int t = 0; t < EVAL_LABEL_IGNORED; t++)
		unknown += maps->count[t][EVAL_LABEL_IGNORED];
	if (maps->n_left_out > 0)
		request->warn("left out %lld file(s) of '%s' that the ground truth does not have", (long long)maps->n_left_out,
			      request->results);
	if (n_pixels == 0)
		request->warn("all pixels of the ground truth are 255: all figures are -1");
	if (unknown > 0)
		request->warn("%lld pixel(s) of the results are 255 where the ground truth has a label: they count as missed",
			      (long long)unknown);
}

static int run(struct eval_figures *out, const struct eval_request *request, struct arena *a)
{
	struct eval_label_maps maps;
	TRY(eval_label_maps_read(&maps, request->truth, request->results, request->threads, a));
	int n = class_count(&maps);
	struct category *classes = class_names(&maps, n, a);
	struct share share = { .pixels = arena_calloc(a, (size_t)n, sizeof *share.pixels),
		.iou = arena_calloc(a, (size_t)n, sizeof *share.iou), .accuracy = arena_calloc(a, (size_t)n, sizeof *share.accuracy) };
	if (classes == NULL || share.pixels == NULL || share.iou == NULL || share.accuracy == NULL)
		return -1;
	int64_t right = 0, n_pixels = 0;
	for (int k = 0; k < n; k++) {
		class_share(&share, &maps, k);
		right += maps.count[k][k];
		n_pixels += share.pixels[k];
	}
	warn_about(&maps, n_pixels, request);
	*out = (struct eval_figures){ .type = "miou", .n_classes = n, .classes = classes };
	eval_figures_add(out, "mIoU", "Mean intersection over union of the classes", mean(share.iou, n));
	eval_figures_add(out, "pAcc", "Pixels that are right", n_pixels == 0 ? -1 : (double)right / (double)n_pixels);
	eval_figures_add(out, "mAcc", "Mean over the classes of their pixels that are right", mean(share.accuracy, n));
	eval_figures_count(out, "images", maps.n_images);
	eval_figures_count(out, "pixels", n_pixels);
	eval_figures_numbers(out, "pixels", share.pixels);
	eval_figures_shares(out, "IoU", share.iou);
	eval_figures_shares(out, "accuracy", share.accuracy);
	return 0;
}

const struct eval_task eval_task_miou = { .name = "miou", .run = run };
