/* Mirror half of the images left to right. */
#include "augment/augment.h"

static void plan_flip(struct augment_plan *plan, const struct augment_param *param, struct rng *g)
{
	(void)param;
	plan->mirror = rng_uniform(g) < 0.5;
}

const struct augment_stage augment_flip = { .name = "flip", .plan = plan_flip };
