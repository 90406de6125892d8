/*
 * The optimiser against a plain loop in double, its bits against the number of threads, and what it does with
 * gradients that are not finite. tests/parity_ops.t compares it with torch.optim.SGD.
 */
#include "base/rng.h"
#include "nn/optimizer.h"
#include "tests/tap.h"

#include <omp.h>
#include <stdlib.h>

enum { N_ENTRIES = 4, STEPS = 10 };

static const int64_t sizes[N_ENTRIES] = { 1, 19, 40000, 16384 };

struct state {
	float *w[N_ENTRIES], *dw[N_ENTRIES], *momentum[N_ENTRIES], *ema[N_ENTRIES];
	struct optimizer_entry entry[N_ENTRIES];
};

static float *numbers(struct arena *a, int64_t n, uint64_t key, double scale)
{
	float *x = arena_alloc(a, (size_t)n * sizeof *x);
	struct rng g = rng_make(key);
	if (x == NULL)
		abort();
	for (int64_t i = 0; i < n; i++)
		x[i] = (float)(scale * rng_normal(&g));
	return x;
}

static void state_make(struct state *s, struct arena *a)
{
	for (int i = 0; i < N_ENTRIES; i++) {
		s->w[i] = numbers(a, sizes[i], (uint64_t)i, 1);
		s->dw[i] = numbers(a, sizes[i], 100u + (uint64_t)i, 0.1);
		s->momentum[i] = numbers(a, sizes[i], 0, 0);
		s->ema[i] = i == 1 ? NULL : numbers(a, sizes[i], (uint64_t)i, 1);
		s->entry[i] = (struct optimizer_entry){
			s->w[i], s->dw[i], s->momentum[i], s->ema[i], sizes[i], i == 1 ? 2 : 1, i == 1 ? 0 : 1,
		};
	}
}

/* New gradients for step number t. */
static void next_gradient(struct state *s, int t)
{
	for (int i = 0; i < N_ENTRIES; i++) {
		struct rng g = rng_make(rng_mix((uint64_t)t, (uint64_t)i));
		for (int64_t j = 0; j < sizes[i]; j++)
			s->dw[i][j] = (float)(0.1 * rng_normal(&g));
	}
}

struct plain {
	double w, buf, ema;
};

/* The definition, in double; returns the norm. */
static double plain_step(struct plain *all[N_ENTRIES], const struct state *s, const struct optimizer_param *p, double lr)
{
	double square = 0;
	for (int i = 0; i < N_ENTRIES; i++)
		for (int64_t j = 0; j < sizes[i]; j++)
			square += (double)s->dw[i][j] * s->dw[i][j];
	double norm = sqrt(square), clip = p->clip_norm / (norm + 1e-6);
	if (p->clip_norm == 0 || clip > 1)
		clip = 1;
	for (int i = 0; i < N_ENTRIES; i++) {
		for (int64_t j = 0; j < sizes[i]; j++) {
			struct plain *x = &all[i][j];
			double g = s->dw[i][j] * clip + p->weight_decay * s->entry[i].decay_mult * x->w;
			x->buf = p->momentum * x->buf + g;
			x->w -= lr * s->entry[i].lr_mult * x->buf;
			x->ema = p->ema_decay * x->ema + (1 - p->ema_decay) * x->w;
		}
	}
	return norm;
}

static double worst_difference(struct plain *all[N_ENTRIES], const struct state *s)
{
	double worst = 0;
	for (int i = 0; i < N_ENTRIES; i++) {
		for (int64_t j = 0; j < sizes[i]; j++) {
			worst = fmax(worst, fabs(all[i][j].w - s->w[i][j]));
			worst = fmax(worst, fabs(all[i][j].buf - s->momentum[i][j]));
			if (s->ema[i] != NULL)
				worst = fmax(worst, fabs(all[i][j].ema - s->ema[i][j]));
		}
	}
	return worst;
}

static void check_values(struct optimizer_param p, const char *name)
{
	struct arena a;
	struct state s;
	struct optimizer o;
	struct plain *all[N_ENTRIES];
	double norm_error = 0;
	arena_init(&a, 1 << 20);
	state_make(&s, &a);
	for (int i = 0; i < N_ENTRIES; i++) {
		all[i] = arena_calloc(&a, (size_t)sizes[i], sizeof *all[i]);
		for (int64_t j = 0; all[i] != NULL && j < sizes[i]; j++)
			all[i][j] = (struct plain){ s.w[i][j], 0, s.w[i][j] };
	}
	ok(optimizer_init_entries(&o, &p, s.entry, N_ENTRIES) == 0, "%s: starts", name);
	for (int t = 0; t < STEPS; t++) {
		double norm, lr = 0.1 / (t + 1);
		next_gradient(&s, t);
		if (!optimizer_step(&o, lr, &norm))
			norm = NAN;
		norm_error = fmax(norm_error, fabs(norm / plain_step(all, &s, &p, lr) - 1));
	}
	is_near(worst_difference(all, &s), 0, 3e-6, name);
	is_near(norm_error, 0, 1e-12, "the norm is that of the gradients");
	optimizer_release(&o);
	arena_release(&a);
}

static void check_threads(void)
{
	struct arena a;
	struct state s[2];
	arena_init(&a, 1 << 20);
	double norm[2] = { 0 };
	int most = omp_get_max_threads();
	for (int k = 0; k < 2; k++) {
		struct optimizer o;
		state_make(&s[k], &a);
		omp_set_num_threads(k == 0 ? 1 : 3);
		ok(optimizer_init_entries(&o, &(struct optimizer_param){ .momentum = 0.9, .clip_norm = 1 }, s[k].entry,
					  N_ENTRIES) == 0 && optimizer_step(&o, 0.1, &norm[k]), "a step with %d threads", 1 + 2 * k);
		optimizer_release(&o);
	}
	omp_set_num_threads(most);
	bool same = norm[0] == norm[1];
	for (int i = 0; i < N_ENTRIES; i++)
		same &= memcmp(s[0].w[i], s[1].w[i], (size_t)sizes[i] * sizeof(float)) == 0;
	ok(same, "the number of threads changes no bit");
	arena_release(&a);
}

static void check_not_finite(float bad, const char *name)
{
	struct arena a;
	struct state s, before;
	struct optimizer o;
	double norm;
	arena_init(&a, 1 << 20);
	state_make(&s, &a);
	state_make(&before, &a);
	s.dw[2][39999] = bad;
	ok(optimizer_init_entries(&o, &(struct optimizer_param){ .momentum = 0.9, .clip_norm = 1 }, s.entry, N_ENTRIES) == 0 &&
	   !optimizer_step(&o, 0.1, &norm), "%s in a gradient is seen", name);
	ok(!isfinite(norm), "%s: the norm says so", name);
	bool same = true;
	for (int i = 0; i < N_ENTRIES; i++)
		same &= memcmp(s.w[i], before.w[i], (size_t)sizes[i] * sizeof(float)) == 0 &&
			memcmp(s.momentum[i], before.momentum[i], (size_t)sizes[i] * sizeof(float)) == 0;
	ok(same, "%s: nothing was changed", name);
	optimizer_release(&o);
	arena_release(&a);
}

/* One parameter of each role, all weights and gradients 1. */
static void check_set(enum optimizer_rule rule)
{
	struct param_set set;
	struct optimizer o;
	double norm = 0;
	const int64_t one = 1;
	param_set_init(&set);
	const struct init_spec ones = { INIT_CONSTANT, 1 };
	struct param *weight = param_add(&set, "conv.weight", 1, &one, PARAM_WEIGHT, ones);
	struct param *bias = param_add(&set, "conv.bias", 1, &one, PARAM_BIAS, ones);
	struct param *gamma = param_add(&set, "bn.weight", 1, &one, PARAM_NORM, ones);
	struct param *beta = param_add(&set, "bn.bias", 1, &one, PARAM_NORM, ones);
	struct param *mean = param_add(&set, "bn.running_mean", 1, &one, PARAM_BUFFER, ones);
	struct param *all[] = { weight, bias, gamma, beta, mean };
	ok(param_set_randomise(&set, 1) == 0 && param_set_prepare_training(&set, true) == 0, "a set of parameters");
	for (int i = 0; i < 4; i++)
		*all[i]->grad = 1;
	uint64_t version = set.version;
	struct optimizer_param p = { .momentum = 0.9, .weight_decay = 0.5, .ema_decay = 0.75, .rule = rule };
	ok(optimizer_init(&o, &p, &set) == 0 && optimizer_step(&o, 0.125, &norm), "a step");
	is_near(norm, 2, 0, "the norm of four ones");
	const double want[3][5] = {
		[OPTIMIZER_TORCH] = { 1 - 0.1875, 1 - 0.1875, 1 - 0.1875, 1 - 0.1875, 1 },
		[OPTIMIZER_DETECTRON] = { 1 - 0.1875, 1 - 0.25, 1 - 0.125, 1 - 0.25, 1 },
		[OPTIMIZER_TPU] = { 1 - 0.1875, 1 - 0.125, 1 - 0.125, 1 - 0.125, 1 },
	};
	for (int i = 0; i < 5; i++)
		is_near(*(float *)all[i]->value.data, want[rule][i], 0, all[i]->name);
	is_near(*weight->ema, 0.75 + 0.25 * (1 - 0.1875), 0, "the average follows");
	ok(set.version != version, "caches of weights are told");
	optimizer_release(&o);
	param_set_release(&set);
}

int main(void)
{
	check_values((struct optimizer_param){ .momentum = 0.9, .weight_decay = 1e-4, .clip_norm = 10, .ema_decay = 0.9 }, "clipped");
	check_values((struct optimizer_param){ .momentum = 0.9, .weight_decay = 1e-2, .ema_decay = 0.999 }, "not clipped");
	check_values((struct optimizer_param){ .clip_norm = 1e9 }, "plain descent, clip out of reach");
	check_threads();
	check_not_finite(NAN, "a NaN");
	check_not_finite(INFINITY, "an infinity");
	check_set(OPTIMIZER_TORCH);
	check_set(OPTIMIZER_DETECTRON);
	check_set(OPTIMIZER_TPU);
	ok(optimizer_rule_find("tpu") == OPTIMIZER_TPU && optimizer_rule_find("adam") == -1, "rules by name: %s", err_get());
	return tap_done();
}
