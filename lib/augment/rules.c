#include "augment/rules.h"

static int draw_step(struct augment_step *step, const struct augment_choice *choice, const struct augment_scale *scale,
		     struct rng *g, struct arena *a)
{
	*step = (struct augment_step){ .op = choice->op, .value = choice->op->value(choice->level, scale) };
	if (choice->op->either_way && rng_uniform(g) < 0.5)
		step->value = -step->value;
	if (choice->op->sort != AUGMENT_CUTOUT)
		return 0;
	struct augment_spot *spot = arena_alloc(a, sizeof *spot);
	if (spot == NULL)
		return -1;
	spot->object = -1;
	spot->x = rng_uniform(g);
	spot->y = rng_uniform(g);
	step->spot = spot;
	step->n_spots = 1;
	return 0;
}

int augment_rules_draw(const struct augment_step **steps, int *n_steps, const struct augment_rules *rules,
		       const struct sample *sample, struct rng *g, struct arena *a)
{
	struct augment_step *step = arena_alloc(a, (size_t)rules->max_steps * sizeof *step + 1);
	(void)sample;
	if (step == NULL)
		return -1;
	*steps = step;
	*n_steps = 0;
	for (int i = 0; i < rules->draws; i++) {
		const struct augment_rule *rule = &rules->rule[rng_below(g, (uint64_t)rules->n)];
		for (int k = 0; k < rule->n; k++)
			if (rng_uniform(g) < rule->choice[k].probability)
				TRY(draw_step(&step[(*n_steps)++], &rule->choice[k], &rules->scale, g, a));
	}
	return 0;
}
