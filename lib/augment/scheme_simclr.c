/*
 * A view of an image as SimCLR learns from: a random part of it, mirrored or not, its colours distorted, some of them grey, half of
 * them blurred. Source: Chen et al., arXiv 2002.05709, appendix A, and its code (version 2: brightness is a factor).
 */
#include "augment/augment.h"

#include <math.h>

static const double DISTORTED = 0.8, GREY = 0.2, BLUR_LOW = 0.1, BLUR_HIGH = 2;

extern const struct augment_op augment_op_brightness, augment_op_contrast, augment_op_color, augment_op_hue, augment_op_blur;

static double between(struct rng *g, double low, double high)
{
	return low + (high - low) * rng_uniform(g);
}

/* Brightness, contrast, saturation and hue, in random order. */
static int distort(struct augment_step *step, double strength, struct rng *g)
{
	static const struct augment_op *const op[4] = {
		&augment_op_brightness, &augment_op_contrast, &augment_op_color, &augment_op_hue,
	};
	int order[4] = { 0, 1, 2, 3 };
	for (int i = 3; i > 0; i--) {
		int k = (int)rng_below(g, (uint64_t)i + 1), last = order[i];
		order[i] = order[k];
		order[k] = last;
	}
	for (int i = 0; i < 4; i++) {
		double reach = 0.8 * strength, turns = 0.2 * strength;
		step[i] = (struct augment_step){ .op = op[order[i]] };
		step[i].value = order[i] == 3 ? between(g, -turns, turns) : between(g, fmax(0, 1 - reach), 1 + reach);
	}
	return 4;
}

static int draw(const struct augment_step **steps, int *n, const struct augment_param *param, struct rng *g, struct arena *a)
{
	struct augment_step *step = arena_calloc(a, 6, sizeof *step);
	*n = 0;
	*steps = step;
	if (step == NULL)
		return -1;
	if (rng_uniform(g) < DISTORTED)
		*n += distort(step, param->strength, g);
	if (rng_uniform(g) < GREY)
		step[(*n)++] = (struct augment_step){ .op = &augment_op_color, .value = 0 };
	if (rng_uniform(g) < param->blur)
		step[(*n)++] = (struct augment_step){ .op = &augment_op_blur, .value = between(g, BLUR_LOW, BLUR_HIGH) };
	return 0;
}

const struct augment_scheme augment_scheme_simclr = {
	.name = "simclr",
	.canvas_only = true,
	.random = true,
	.late = true,
	.evaluation = "centre",
	.area = { 0.08, 1 },
	.draw = draw,
	.stage = { &augment_flip, &augment_crop },
};
