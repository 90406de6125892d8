#include "nn/layers.h"

#include "op/batch_norm.h"
#include "op/frozen_norm.h"
#include "op/group_norm.h"
#include "op/linear.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

int norm_kind_find(const char *name)
{
	static const struct { const char *name; enum norm_kind kind; } table[] = {
		{ "gn", NORM_GN }, { "bn", NORM_BN }, { "frozenbn", NORM_FROZENBN },
	};
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
		if (strcmp(table[i].name, name) == 0)
			return (int)table[i].kind;
	return err_set("'%s' is no norm; there are gn, bn and frozenbn", name);
}

static struct param *add_named(struct param_set *set, const char *layer, const char *suffix, int rank,
			       const int64_t *dim, enum param_role role, struct init_spec init)
{
	char name[256];
	int n = snprintf(name, sizeof name, "%s.%s", layer, suffix);
	if (n < 0 || (size_t)n >= sizeof name)
		return err_null("the parameter name '%s.%s' is too long", layer, suffix);
	return param_add(set, name, rank, dim, role, init);
}

int conv_layer_add(struct conv_layer *l, struct param_set *set, const char *name, const struct conv_spec *spec)
{
	*l = (struct conv_layer){ .p = {
		.stride = spec->stride == 0 ? 1 : spec->stride,
		.pad = spec->pad < 0 ? spec->kernel / 2 : spec->pad,
		.dilation = 1, .groups = 1, .n_maps = 1,
		.has_bias = spec->bias, .relu = spec->relu, .backend = spec->backend,
	} };
	l->w = add_named(set, name, "weight", 4, (int64_t[]){ spec->co, spec->ci, spec->kernel, spec->kernel },
			 PARAM_WEIGHT, spec->init);
	if (l->w == NULL)
		return -1;
	l->w->cache_free = op_conv2d.cache_free;
	if (!spec->bias)
		return 0;
	l->b = add_named(set, name, "bias", 1, (int64_t[]){ spec->co }, PARAM_BIAS,
			 (struct init_spec){ INIT_CONSTANT, spec->bias_init });
	return l->b == NULL ? -1 : 0;
}

int conv_layer_apply_maps(struct conv_layer *l, struct tape *t, int n_maps, struct var *const *x, struct var **y)
{
	struct conv2d_param p = l->p;
	struct tape_in in[OP_MAX_IN] = { { .param = l->w }, { .param = l->b } };
	p.n_maps = n_maps;
	for (int i = 0; i < n_maps; i++)
		in[2 + i].var = x[i];
	if (tape_apply(t, &op_conv2d, &p, sizeof p, &l->w->cache, 2 + n_maps, in, y) != 0)
		return err_context("layer '%s'", l->w->name);
	return 0;
}

int conv_layer_apply(struct conv_layer *l, struct tape *t, struct var *x, struct var **y)
{
	return conv_layer_apply_maps(l, t, 1, &x, y);
}

int norm_layer_add(struct norm_layer *l, struct param_set *set, const char *name, enum norm_kind kind, int64_t channels)
{
	const struct init_spec zero = { INIT_CONSTANT, 0 }, one = { INIT_CONSTANT, 1 };
	enum param_role affine = kind == NORM_FROZENBN ? PARAM_BUFFER : PARAM_NORM;
	*l = (struct norm_layer){ .kind = kind, .eps = (float)NORM_LAYER_EPS, .momentum = 0.1f };
	l->gamma = add_named(set, name, "weight", 1, &channels, affine, one);
	l->beta = add_named(set, name, "bias", 1, &channels, affine, zero);
	if (l->gamma == NULL || l->beta == NULL)
		return -1;
	if (kind == NORM_GN)
		return channels % GN_GROUPS == 0 ? 0 : err_set("'%s': %lld channels do not divide into %d groups",
			name, (long long)channels, GN_GROUPS);
	l->mean = add_named(set, name, "running_mean", 1, &channels, PARAM_BUFFER, zero);
	l->var = add_named(set, name, "running_var", 1, &channels, PARAM_BUFFER, one);
	if (l->mean == NULL || l->var == NULL)
		return -1;
	if (kind == NORM_FROZENBN)
		return 0;
	char counter[256];
	snprintf(counter, sizeof counter, "%s.num_batches_tracked", name);
	l->batches = param_add_counter(set, counter);
	return l->batches == NULL ? -1 : 0;
}

int norm_layer_apply(const struct norm_layer *l, struct tape *t, struct var *x, struct var *residual, bool relu,
		     bool wide, struct var **y)
{
	bool add = residual != NULL;
	/* A batch norm that is frozen keeps its statistics, too. */
	bool frozen = l->kind == NORM_BN && t->training && !l->gamma->trainable && !l->beta->trainable;
	enum norm_kind kind = frozen ? NORM_FROZENBN : l->kind;
	wide &= x->value.dtype != DTYPE_F32;
	struct group_norm_param gn = { .groups = GN_GROUPS, .eps = l->eps, .relu = relu, .add = add, .wide = wide };
	/* A second run of a recomputed segment leaves the running statistics alone. */
	struct batch_norm_param bn = { .momentum = t->replaying ? 0 : l->momentum, .eps = l->eps, .relu = relu, .add = add, .wide = wide };
	struct frozen_norm_param fn = { .eps = l->eps, .relu = relu, .add = add, .wide = wide };
	struct tape_in in[7] = { { .var = x }, { .param = l->gamma }, { .param = l->beta }, { .param = l->mean }, { .param = l->var } };
	struct var *out[2] = { NULL, NULL };
	int n_in = kind == NORM_GN ? 3 : 5, status;
	if (kind == NORM_GN)
		in[3].param = in[4].param = NULL;
	if (add)
		in[n_in++].var = residual;
	if (add && residual->wide != NULL)
		in[n_in++].var = residual->wide;
	if (kind == NORM_GN) {
		status = tape_apply(t, &op_group_norm, &gn, sizeof gn, NULL, n_in, in, out);
	} else if (kind == NORM_BN) {
		status = tape_apply(t, &op_batch_norm, &bn, sizeof bn, NULL, n_in, in, out);
		if (t->training && !t->replaying)
			++*(int64_t *)l->batches->value.data;
	} else {
		status = tape_apply(t, &op_frozen_norm, &fn, sizeof fn, NULL, n_in, in, out);
	}
	if (status != 0)
		return err_context("layer '%s'", l->gamma->name);
	*y = out[0];
	(*y)->wide = out[1];
	return 0;
}

int linear_layer_add(struct linear_layer *l, struct param_set *set, const char *name, int64_t inputs, int64_t outputs)
{
	/* A slope of sqrt(5) gives limits of 1/sqrt(inputs). */
	struct init_spec init = { INIT_KAIMING_UNIFORM, sqrt(5) };
	l->w = add_named(set, name, "weight", 2, (int64_t[]){ outputs, inputs }, PARAM_WEIGHT, init);
	l->b = add_named(set, name, "bias", 1, &outputs, PARAM_BIAS, (struct init_spec){ INIT_CONSTANT, 0 });
	return l->w == NULL || l->b == NULL ? -1 : 0;
}

int linear_layer_apply(const struct linear_layer *l, struct tape *t, struct var *x, struct var **y)
{
	struct tape_in in[] = { { .param = l->w }, { .param = l->b }, { .var = x } };
	if (tape_apply(t, &op_linear, NULL, 0, NULL, 3, in, y) != 0)
		return err_context("layer '%s'", l->w->name);
	return 0;
}
