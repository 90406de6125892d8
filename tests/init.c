/*
 * Random starts: the moments of each distribution, and that values depend on seed and name alone.
 * Expected deviations are torch.nn.init's for a weight [64 32 3 3].
 */
#include "nn/init.h"
#include "nn/param.h"
#include "tests/tap.h"

#include <math.h>
#include <stdlib.h>

enum { COUNT = 64 * 32 * 9 };

static float w[COUNT], again[COUNT];

static struct tensor weight(float *data)
{
	return tensor_view(DTYPE_F32, 4, (int64_t[]){ 64, 32, 3, 3 }, data);
}

struct moments {
	double mean, deviation, kurtosis, low, high;
};

static struct moments moments_of(const float *x, int n)
{
	struct moments m = { .low = x[0], .high = x[0] };
	double square = 0, fourth = 0;
	for (int i = 0; i < n; i++)
		m.mean += x[i] / (double)n;
	for (int i = 0; i < n; i++) {
		double d = x[i] - m.mean;
		square += d * d / n;
		fourth += d * d * d * d / n;
		m.low = fmin(m.low, x[i]);
		m.high = fmax(m.high, x[i]);
	}
	m.deviation = sqrt(square);
	m.kurtosis = fourth / (square * square);
	return m;
}

/* kurtosis: 3 of a normal, 1.8 of a uniform distribution. */
static void check_kind(struct init_spec spec, double deviation, double kurtosis, const char *name)
{
	struct tensor t = weight(w);
	ok(init_fill(&t, spec, "layer.weight", 7) == 0, "%s fills", name);
	struct moments m = moments_of(w, COUNT);
	is_near(m.mean / deviation, 0, 0.03, "mean 0");
	is_near(m.deviation / deviation, 1, 0.03, name);
	is_near(m.kurtosis, kurtosis, 0.12, "its shape");
	if (kurtosis < 2) {
		double limit = deviation * sqrt(3);
		ok(m.high <= limit && m.high > 0.999 * limit && m.low >= -limit && m.low < -0.999 * limit, "its limits");
	}
}

static void check_keys(void)
{
	const struct init_spec spec = { INIT_NORMAL, 1 };
	struct tensor t = weight(w), u = weight(again);
	ok(init_fill(&t, spec, "a.weight", 1) == 0 && init_fill(&u, spec, "a.weight", 1) == 0 &&
	   memcmp(w, again, sizeof w) == 0, "the same seed and name: the same bits");
	ok(init_fill(&u, spec, "a.weight", 2) == 0 && memcmp(w, again, sizeof w) != 0, "another seed: other values");
	ok(init_fill(&u, spec, "b.weight", 1) == 0 && memcmp(w, again, sizeof w) != 0, "another name: other values");
	double correlation = 0;
	for (int i = 0; i < COUNT; i++)
		correlation += w[i] * again[i] / (double)COUNT;
	is_near(correlation, 0, 0.03, "two layers are not correlated");
}

static void check_order(void)
{
	const struct init_spec spec = { INIT_KAIMING_UNIFORM, 1 };
	const int64_t dim[] = { 4, 3, 1, 1 };
	struct param_set one, two;
	param_set_init(&one);
	param_set_init(&two);
	const struct param *a = param_add(&one, "x.weight", 4, dim, PARAM_WEIGHT, spec);
	struct param *other = param_add(&two, "y.weight", 4, dim, PARAM_WEIGHT, spec);
	const struct param *b = param_add(&two, "x.weight", 4, dim, PARAM_WEIGHT, spec);
	ok(a != NULL && b != NULL && other != NULL && param_set_randomise(&one, 3) == 0 && param_set_randomise(&two, 3) == 0,
	   "two sets");
	ok(memcmp(a->value.data, b->value.data, tensor_bytes(&a->value)) == 0, "a layer more leaves the others as they were");
	param_set_release(&one);
	param_set_release(&two);
}

int main(void)
{
	check_kind((struct init_spec){ INIT_NORMAL, 0.01 }, 0.01, 3, "normal");
	check_kind((struct init_spec){ INIT_KAIMING_NORMAL_FAN_OUT, 0 }, sqrt(2.0 / (64 * 9)), 3, "kaiming_normal, fan_out");
	check_kind((struct init_spec){ INIT_KAIMING_UNIFORM, 1 }, sqrt(1.0 / (32 * 9)), 1.8, "kaiming_uniform, a = 1");
	check_kind((struct init_spec){ INIT_KAIMING_UNIFORM, 0 }, sqrt(2.0 / (32 * 9)), 1.8, "kaiming_uniform, a = 0");
	check_kind((struct init_spec){ INIT_XAVIER_FAN_IN, 0 }, sqrt(1.0 / (32 * 9)), 1.8, "Caffe2's Xavier");
	struct tensor t = weight(w), flat = tensor_view(DTYPE_F32, 1, (int64_t[]){ 4 }, w);
	ok(init_fill(&t, (struct init_spec){ INIT_CONSTANT, -4.595 }, "b", 1) == 0 && w[0] == -4.595f &&
	   w[COUNT - 1] == -4.595f, "a constant");
	ok(init_fill(&flat, (struct init_spec){ INIT_KAIMING_UNIFORM, 1 }, "b", 1) == -1 &&
	   strstr(err_get(), "'b'") != NULL, "a bias has no fan; the message names it");
	struct tensor matrix = tensor_view(DTYPE_F32, 2, (int64_t[]){ 4, 9 }, w);
	bool inside = init_fill(&matrix, (struct init_spec){ INIT_KAIMING_UNIFORM, sqrt(5) }, "fc.weight", 1) == 0;
	for (int i = 0; i < 36; i++)
		inside &= fabsf(w[i]) <= 1.0f / 3;
	ok(inside && fabsf(w[0]) > 0, "a matrix of 9 inputs as torch.nn.Linear: within 1/3");
	check_keys();
	check_order();
	return tap_done();
}
