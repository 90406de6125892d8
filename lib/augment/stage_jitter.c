/*
 * Scale jitter: fit the image to a canvas whose sides are multiplied by a random factor, then cut the
 * real canvas out of it at a random place, or pad at the bottom and right where the image is smaller.
 * Source: the input pipeline of RetinaNet on TPU (Zoph et al. 2020, section 3), with pixel centres at halves.
 */
#include "augment/augment.h"

#include <math.h>

static void cut(int *offset, int *valid, int scaled, int canvas, double place)
{
	int room = scaled > canvas ? scaled - canvas : 0;
	*offset = (int)(room * place);
	*valid = scaled < canvas ? scaled : canvas;
}

/* As published: single precision, halves to the even number. */
static void tpu_size(struct augment_plan *plan, const struct augment_param *param, float factor)
{
	float target_w = rintf(factor * (float)param->w), target_h = rintf(factor * (float)param->h);
	float scale = fminf(target_h / (float)plan->source_h, target_w / (float)plan->source_w);
	plan->scaled_w = (int)fmaxf(rintf((float)plan->source_w * scale), 1);
	plan->scaled_h = (int)fmaxf(rintf((float)plan->source_h * scale), 1);
}

static void plan_jitter(struct augment_plan *plan, const struct augment_param *param, struct rng *g)
{
	double factor = param->jitter_low + (param->jitter_high - param->jitter_low) * rng_uniform(g);
	double place_x = rng_uniform(g), place_y = rng_uniform(g);
	double scale_w = augment_round(factor * param->w) / (double)plan->source_w;
	double scale_h = augment_round(factor * param->h) / (double)plan->source_h;
	double scale = scale_w < scale_h ? scale_w : scale_h;
	plan->scaled_w = augment_round(plan->source_w * scale);
	plan->scaled_h = augment_round(plan->source_h * scale);
	if (param->quirks == AUGMENT_TPU)
		tpu_size(plan, param, (float)factor);
	cut(&plan->x, &plan->valid_w, plan->scaled_w, param->w, place_x);
	cut(&plan->y, &plan->valid_h, plan->scaled_h, param->h, place_y);
	plan->out_w = param->w;
	plan->out_h = param->h;
}

const struct augment_stage augment_jitter = { .name = "jitter", .plan = plan_jitter };
