/*
 * Resize, without randomness but for the short side where a list of them is given. On a canvas: as large as fits with the aspect ratio kept, at the top left, the
 * rest padding. With a longest side: the short side gets the wanted length unless the long side would pass its
 * maximum, and there is no padding (He, Girshick, Dollar 2018, section 4).
 */
#include "augment/augment.h"

static void plan_fit(struct augment_plan *plan, const struct augment_param *param, struct rng *g)
{
	double w = plan->source_w, h = plan->source_h;
	int side = param->sides.n > 0 ? param->sides.side[rng_below(g, (uint64_t)param->sides.n)] : param->w;
	double scale_w = param->w / w, scale_h = param->h / h;
	double scale = scale_w < scale_h ? scale_w : scale_h;
	if (param->max_size > 0) {
		double shorter = w < h ? w : h, longer = w < h ? h : w;
		scale = side / shorter;
		if (augment_round(longer * scale) > param->max_size)
			scale = param->max_size / longer;
	}
	plan->scaled_w = plan->valid_w = augment_round(w * scale);
	plan->scaled_h = plan->valid_h = augment_round(h * scale);
	plan->out_w = param->max_size > 0 ? plan->valid_w : param->w;
	plan->out_h = param->max_size > 0 ? plan->valid_h : param->h;
}

const struct augment_stage augment_fit = { .name = "fit", .plan = plan_fit };
