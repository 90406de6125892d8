/* The clock behind a plan of convolutions: every backend that can computes the same pass, in turn. */
#include "base/progress.h"
#include "op/conv_plan.h"

#include <string.h>

enum { ROUNDS = 6 };	/* the first warms up: plans, memory, caches */

/* Others than the rule's must be this much faster, and others that take twice the best time are not tried again. */
static const double margin = 0.97, hopeless = 2;

struct candidate {
	enum conv_backend backend;
	const struct conv_ops *ops;
	void *state;
	double sec;	/* best so far */
	bool out;
};

struct trial {
	struct conv_plan_entry *entry;
	const struct conv_geometry *g;
	const struct tensor *dz;
	struct op_call call;	/* the caller's, but gradients go to memory of our own */
	struct arena gradients, scratch;
	int n;
	struct candidate candidates[CONV_BACKENDS];
};

static int redirect(struct tensor *gradient, struct arena *a)
{
	if (gradient->data == NULL)
		return 0;
	gradient->data = arena_calloc(a, 1, tensor_bytes(gradient) + 1);
	return gradient->data == NULL ? -1 : 0;
}

/* Who can do all maps of the pass. */
static int find_candidates(struct trial *t)
{
	for (int b = CONV_AUTO + 1; b < CONV_BACKENDS; b++) {
		const struct conv_ops *ops = conv_backend_ops((enum conv_backend)b);
		bool can = true;
		for (int i = 0; i < t->entry->n_maps; i++)
			can &= ops->can(&t->g[i]);
		if (!can)
			continue;
		struct candidate *c = &t->candidates[t->n++];
		*c = (struct candidate){ .backend = (enum conv_backend)b, .ops = ops, .state = ops->open(), .sec = 1e30 };
		if (c->state == NULL)
			return -1;
	}
	return 0;
}

static int time_once(struct trial *t, struct candidate *c, bool counts)
{
	double start = clock_sec();
	TRY(conv_pass_run(c->ops, c->state, t->entry->pass, &t->call, t->g, t->dz));
	double sec = clock_sec() - start;
	arena_reset(&t->scratch);
	if (counts && sec < c->sec)
		c->sec = sec;
	return 0;
}

static int time_all(struct trial *t)
{
	for (int round = 0; round < ROUNDS; round++) {
		double best = 1e30;
		for (int i = 0; i < t->n; i++) {
			struct candidate *c = &t->candidates[i];
			if (!c->out)
				TRY(time_once(t, c, round > 0));
			best = c->sec < best ? c->sec : best;
		}
		/* One slow time may be another program's fault. */
		for (int i = 0; i < t->n && round > 1; i++)
			t->candidates[i].out |= t->candidates[i].backend != t->entry->rule && t->candidates[i].sec > hopeless * best;
	}
	return 0;
}

static void choose(struct trial *t)
{
	struct conv_plan_entry *e = t->entry;
	const struct candidate *best = &t->candidates[0];
	for (int i = 0; i < t->n; i++) {
		const struct candidate *c = &t->candidates[i];
		if (c->backend == e->rule)
			e->rule_sec = c->sec;
		if (c->sec < best->sec)
			best = c;
	}
	bool by_rule = e->rule_sec > 0 && best->sec > margin * e->rule_sec;
	e->backend = by_rule ? e->rule : best->backend;
	e->sec = by_rule ? e->rule_sec : best->sec;
}

static int run_trial(struct trial *t)
{
	for (int i = 0; i < t->call.n_in; i++)
		TRY(redirect(&t->call.din[i], &t->gradients));
	t->call.scratch = &t->scratch;
	t->entry->rule = conv_pick(t->g, t->entry->n_maps);
	TRY(find_candidates(t));
	TRY(time_all(t));
	choose(t);
	return 0;
}

int conv_plan_tune(struct conv_plan *plan, struct conv_plan_entry *e, const struct op_call *c, const struct conv_geometry *g,
	const struct tensor *dz)
{
	struct trial t = { .entry = e, .g = g, .dz = dz, .call = *c };
	double start = clock_sec();
	arena_init(&t.gradients, 1 << 20);
	arena_init(&t.scratch, 1 << 20);
	int status = run_trial(&t);
	for (int i = 0; i < t.n; i++)
		if (t.candidates[i].state != NULL)
			t.candidates[i].ops->close(t.candidates[i].state);
	arena_release(&t.scratch);
	arena_release(&t.gradients);
	plan->tuning_sec += clock_sec() - start;
	return status;
}
