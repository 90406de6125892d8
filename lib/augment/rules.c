#include "augment/rules.h"

/* The objects that operations in boxes work on: crowds are no boxes of anything. */
static bool has_box(const struct sample *sample, int64_t i)
{
	return sample->iscrowd == NULL || !sample->iscrowd[i];
}

static struct augment_spot draw_spot(int64_t object, struct rng *g)
{
	struct augment_spot spot = { .object = object };
	spot.at[0] = rng_uniform(g);
	spot.at[1] = rng_uniform(g);
	return spot;
}

static int draw_one_box(struct augment_step *step, const struct sample *sample, struct rng *g, struct arena *a)
{
	int64_t n = 0;
	struct augment_spot *spot = arena_alloc(a, sizeof *spot);
	if (spot == NULL)
		return -1;
	for (int64_t i = 0; i < sample->n; i++)
		n += has_box(sample, i);
	step->spot = spot;
	if (n == 0)
		return 0;
	int64_t nth = (int64_t)rng_below(g, (uint64_t)n), i = 0;
	while (!has_box(sample, i) || nth-- > 0)
		i++;
	*spot = draw_spot(i, g);
	step->n_spots = 1;
	return 0;
}

static int draw_each_box(struct augment_step *step, double probability, const struct sample *sample, struct rng *g,
			 struct arena *a)
{
	struct augment_spot *spot = arena_alloc(a, (size_t)sample->n * sizeof *spot + 1);
	if (spot == NULL)
		return -1;
	for (int64_t i = 0; i < sample->n; i++)
		if (has_box(sample, i) && rng_uniform(g) < probability)
			spot[step->n_spots++] = draw_spot(i, g);
	for (int i = step->n_spots - 1; i > 0; i--) {
		int k = (int)rng_below(g, (uint64_t)i + 1);
		struct augment_spot swap = spot[i];
		spot[i] = spot[k];
		spot[k] = swap;
	}
	step->spot = spot;
	return 0;
}

/* Whether a choice is made, and with which particulars, into step. 1: yes, 0: no, -1: error. */
static int draw_step(struct augment_step *step, const struct augment_choice *choice, const struct augment_rules *rules,
		     const struct sample *sample, struct rng *g, struct arena *a)
{
	const struct augment_op *op = choice->op;
	*step = (struct augment_step){ .op = op };
	if (op->where != AUGMENT_EACH_BOX && rng_uniform(g) >= choice->probability)
		return 0;
	if (!op->plain)
		step->value = op->value(choice->level, &rules->scale);
	if (op->either_way && rng_uniform(g) < 0.5)
		step->value = -step->value;
	if (op->where == AUGMENT_EACH_BOX)
		TRY(draw_each_box(step, choice->probability / 3, sample, g, a));
	else if (op->where == AUGMENT_ONE_BOX)
		TRY(draw_one_box(step, sample, g, a));
	else if (op->sort != AUGMENT_CUTOUT)
		return 1;
	else {
		struct augment_spot *spot = arena_alloc(a, sizeof *spot);
		if (spot == NULL)
			return -1;
		*spot = draw_spot(-1, g);
		step->spot = spot;
		step->n_spots = 1;
	}
	return step->n_spots > 0;
}

int augment_rules_draw(const struct augment_step **steps, int *n_steps, const struct augment_rules *rules,
		       const struct sample *sample, struct rng *g, struct arena *a)
{
	struct augment_step *step = arena_alloc(a, (size_t)rules->max_steps * sizeof *step + 1);
	if (step == NULL)
		return -1;
	*steps = step;
	*n_steps = 0;
	for (int i = 0; i < rules->draws; i++) {
		const struct augment_rule *rule = &rules->rule[rng_below(g, (uint64_t)rules->n)];
		for (int k = 0; k < rule->n; k++) {
			int drawn = draw_step(&step[*n_steps], &rule->choice[k], rules, sample, g, a);
			if (drawn < 0)
				return -1;
			*n_steps += drawn;
		}
	}
	return 0;
}

const struct augment_op *augment_rules_in_boxes(const struct augment_rules *rules)
{
	for (int i = 0; i < rules->n; i++)
		for (int k = 0; k < rules->rule[i].n; k++)
			if (rules->rule[i].choice[k].op->where != AUGMENT_IMAGE)
				return rules->rule[i].choice[k].op;
	return NULL;
}
