/*
 * For classification: fill the canvas with a part of the image; nothing is padded.
 *
 * centre: the middle of the image, after it was made so large that the canvas is 7/8 of it on its tighter side
 * (a canvas of 224 out of a short side of 256). crop: a part of random area and shape, stretched to the
 * canvas. Source: Szegedy et al., arXiv 1409.4842, section 6; the fractions are torchvision's.
 */
#include "augment/augment.h"

#include <math.h>

enum { TRIES = 10 };

static const double SHOWN = 0.875, SHAPE_LOW = 3 / 4.0, SHAPE_HIGH = 4 / 3.0;

static int middle(int scaled, int canvas)
{
	return (scaled - canvas) / 2;
}

static void plan_centre(struct augment_plan *plan, const struct augment_param *param, struct rng *g)
{
	double scale_w = param->w / SHOWN / plan->source_w, scale_h = param->h / SHOWN / plan->source_h;
	double scale = scale_w > scale_h ? scale_w : scale_h;
	(void)g;
	plan->scaled_w = augment_round(plan->source_w * scale);
	plan->scaled_h = augment_round(plan->source_h * scale);
	plan->x = middle(plan->scaled_w, param->w);
	plan->y = middle(plan->scaled_h, param->h);
	plan->out_w = plan->valid_w = param->w;
	plan->out_h = plan->valid_h = param->h;
}

/* A part w x h of the source that is stretched to the canvas, at a place of 0 (left, top) to 1. */
static void show(struct augment_plan *plan, const struct augment_param *param, double w, double h, double place_x,
		 double place_y)
{
	plan->scaled_w = augment_round(plan->source_w * param->w / w);
	plan->scaled_h = augment_round(plan->source_h * param->h / h);
	plan->scaled_w = plan->scaled_w < param->w ? param->w : plan->scaled_w;
	plan->scaled_h = plan->scaled_h < param->h ? param->h : plan->scaled_h;
	plan->x = (int)((plan->scaled_w - param->w) * place_x + 0.5);
	plan->y = (int)((plan->scaled_h - param->h) * place_y + 0.5);
	plan->out_w = plan->valid_w = param->w;
	plan->out_h = plan->valid_h = param->h;
}

static void plan_crop(struct augment_plan *plan, const struct augment_param *param, struct rng *g)
{
	double source_w = plan->source_w, source_h = plan->source_h;
	for (int i = 0; i < TRIES; i++) {
		double area = source_w * source_h * (param->area_low + (param->area_high - param->area_low) * rng_uniform(g));
		double shape = exp(log(SHAPE_LOW) + log(SHAPE_HIGH / SHAPE_LOW) * rng_uniform(g));
		double place_x = rng_uniform(g), place_y = rng_uniform(g);
		double w = floor(sqrt(area * shape) + 0.5), h = floor(sqrt(area / shape) + 0.5);
		if (w >= 1 && h >= 1 && w <= source_w && h <= source_h) {
			show(plan, param, w, h, place_x, place_y);
			return;
		}
	}
	/* A long image: as much of its middle as has a legal shape. */
	double w = fmin(source_w, source_h * SHAPE_HIGH), h = fmin(source_h, source_w / SHAPE_LOW);
	show(plan, param, w, h, 0.5, 0.5);
}

const struct augment_stage augment_centre = { .name = "centre", .plan = plan_centre };
const struct augment_stage augment_crop = { .name = "crop", .plan = plan_crop };
