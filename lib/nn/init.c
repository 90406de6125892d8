#include "nn/init.h"

#include "base/rng.h"

#include <math.h>

static void fill_constant(float *w, int64_t n, double value)
{
	for (int64_t i = 0; i < n; i++)
		w[i] = (float)value;
}

static void fill_normal(float *w, int64_t n, double deviation, struct rng *g)
{
	for (int64_t i = 0; i < n; i++)
		w[i] = (float)(deviation * rng_normal(g));
}

static void fill_uniform(float *w, int64_t n, double limit, struct rng *g)
{
	for (int64_t i = 0; i < n; i++)
		w[i] = (float)(limit * (2 * rng_uniform(g) - 1));
}

int init_fill(struct tensor *w, struct init_spec spec, const char *name, uint64_t seed)
{
	int64_t n = tensor_count(w);
	struct rng g = rng_make(rng_mix_text(rng_mix_text(seed, "init"), name));
	bool uses_fan = spec.kind != INIT_CONSTANT && spec.kind != INIT_NORMAL;
	if (uses_fan && ((w->rank != 4 && w->rank != 2) || n == 0))
		return err_set("init: '%s' is no weight [O I Kh Kw] or [O I]", name);
	double fan_in = uses_fan ? (double)(n / w->dim[0]) : 0;
	double fan_out = uses_fan ? (double)(n / w->dim[1]) : 0;
	switch (spec.kind) {
	case INIT_CONSTANT:
		fill_constant(w->data, n, spec.value);
		break;
	case INIT_NORMAL:
		fill_normal(w->data, n, spec.value, &g);
		break;
	case INIT_KAIMING_NORMAL_FAN_OUT:
		fill_normal(w->data, n, sqrt(2 / fan_out), &g);
		break;
	case INIT_KAIMING_UNIFORM:
		fill_uniform(w->data, n, sqrt(6 / ((1 + spec.value * spec.value) * fan_in)), &g);
		break;
	case INIT_XAVIER_FAN_IN:
		fill_uniform(w->data, n, sqrt(3 / fan_in), &g);
		break;
	}
	return 0;
}
