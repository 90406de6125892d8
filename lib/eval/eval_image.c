#include "eval/eval_image.h"

#include "eval/eval_curve.h"

#include <string.h>

/* AP of the detections [n] of one class in one image at threshold t. */
static double ap_at(const struct eval_kept_detection *const *d, int64_t n, const struct eval_curve_steps *steps, int t)
{
	struct eval_curve curve;
	int64_t n_true = 0, n_false = 0;
	eval_curve_start(&curve);
	for (int64_t i = 0; i < n; i++) {
		n_false += d[i]->is_false >> t & 1;
		if ((d[i]->is_true >> t & 1) != 0)
			eval_curve_add(&curve, steps, ++n_true, n_false);
	}
	return n_true == 0 ? 0 : eval_curve_ap(&curve);
}

/* Detections of a class by image, in the order they have; start [n_images + 1] is filled too. */
static void group(const struct eval_kept_detection **by_image, int64_t *start, const struct eval_kept_class *c,
		  int32_t n_images)
{
	memset(start, 0, ((size_t)n_images + 1) * sizeof *start);
	for (int64_t i = 0; i < c->n; i++)
		start[c->detection[i].image + 1]++;
	for (int32_t i = 0; i < n_images; i++)
		start[i + 1] += start[i];
	for (int64_t i = 0; i < c->n; i++)
		by_image[start[c->detection[i].image]++] = &c->detection[i];
	for (int32_t i = n_images; i > 0; i--)
		start[i] = start[i - 1];
	start[0] = 0;
}

int eval_image_ap(double *ap, double *ap50, const struct eval_kept *kept, struct arena *a)
{
	int64_t most = 0;
	for (int32_t k = 0; k < kept->n_categories; k++) {
		int64_t n = kept->class[(int64_t)k * kept->type->n_ranges].n;
		most = n > most ? n : most;
	}
	const struct eval_kept_detection **by_image = arena_calloc(a, (size_t)most, sizeof(void *));
	int64_t *start = arena_calloc(a, (size_t)kept->n_images + 1, sizeof *start);
	int32_t *n_classes = arena_calloc(a, (size_t)kept->n_images, sizeof *n_classes);
	if (by_image == NULL || start == NULL || n_classes == NULL)
		return -1;
	for (int32_t i = 0; i < kept->n_images; i++)
		ap[i] = ap50[i] = 0;
	for (int32_t k = 0; k < kept->n_categories; k++) {
		const struct eval_kept_class *c = &kept->class[(int64_t)k * kept->type->n_ranges];
		group(by_image, start, c, kept->n_images);
		for (int64_t w = 0; w < c->n_images; w++) {
			int32_t image = c->wanted[w].image;
			struct eval_curve_steps steps;
			double sum = 0, at_50 = 0;
			eval_curve_steps_set(&steps, c->wanted[w].n);
			for (int t = 0; t < EVAL_THRESHOLDS; t++) {
				double at = ap_at(by_image + start[image], start[image + 1] - start[image], &steps, t);
				sum += at;
				at_50 = t == 0 ? at : at_50;
			}
			ap[image] += sum / EVAL_THRESHOLDS;
			ap50[image] += at_50;
			n_classes[image]++;
		}
	}
	for (int32_t i = 0; i < kept->n_images; i++) {
		ap[i] = n_classes[i] == 0 ? -1 : ap[i] / n_classes[i];
		ap50[i] = n_classes[i] == 0 ? -1 : ap50[i] / n_classes[i];
	}
	return 0;
}
