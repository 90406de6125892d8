#include "model/fpn.h"

#include "op/relu.h"
#include "op/upsample_add.h"

#include <stdio.h>

static const struct init_spec conv_init = { INIT_XAVIER_FAN_IN, 0 };

static int add_conv(struct fpn *f, struct conv_layer *conv, struct norm_layer *norm, struct param_set *set,
		    const char *prefix, const char *part, int i, struct conv_spec spec)
{
	char name[128];
	snprintf(name, sizeof name, "%s%s.%d.0", prefix, part, i);
	spec.bias = f->norm == NORM_NONE;
	TRY(conv_layer_add(conv, set, name, &spec));
	if (f->norm == NORM_NONE)
		return 0;
	snprintf(name, sizeof name, "%s%s.%d.1", prefix, part, i);
	return norm_layer_add(norm, set, name, f->norm, FPN_CHANNELS);
}

int fpn_build(struct fpn *f, struct param_set *set, const char *prefix, const int64_t channels[FPN_INPUTS],
	      enum norm_kind norm, enum conv_backend backend)
{
	struct conv_spec spec = { .co = FPN_CHANNELS, .kernel = 1, .pad = -1, .init = conv_init, .backend = backend };
	f->norm = norm;
	for (int i = 0; i < FPN_INPUTS; i++) {
		spec.ci = channels[i];
		TRY(add_conv(f, &f->lateral[i], &f->lateral_norm[i], set, prefix, "inner_blocks", i, spec));
	}
	spec.ci = FPN_CHANNELS;
	spec.kernel = 3;
	for (int i = 0; i < FPN_INPUTS; i++)
		TRY(add_conv(f, &f->output[i], &f->output_norm[i], set, prefix, "layer_blocks", i, spec));
	char name[128];
	spec.stride = 2;
	spec.bias = true;
	snprintf(name, sizeof name, "%sextra_blocks.p6", prefix);
	TRY(conv_layer_add(&f->p6, set, name, &spec));
	snprintf(name, sizeof name, "%sextra_blocks.p7", prefix);
	return conv_layer_add(&f->p7, set, name, &spec);
}

int fpn_add_level_norms(struct fpn *f, struct param_set *set, const char *prefix, enum norm_kind norm)
{
	f->has_level_norms = true;
	for (int l = 0; l < FPN_LEVELS; l++) {
		char name[128];
		snprintf(name, sizeof name, "%snorms.%d", prefix, l);
		TRY(norm_layer_add(&f->level_norm[l], set, name, norm, FPN_CHANNELS));
	}
	return 0;
}

static int apply_conv(struct fpn *f, struct conv_layer *conv, const struct norm_layer *norm, struct tape *t,
		      struct var *x, struct var **y)
{
	struct var *z;
	if (f->norm == NORM_NONE)
		return conv_layer_apply(conv, t, x, y);
	TRY(conv_layer_apply(conv, t, x, &z));
	TRY(norm_layer_apply(norm, t, z, NULL, false, false, y));
	tape_drop(t, z);
	return 0;
}

static int apply_extra(struct fpn *f, struct tape *t, struct var *p[FPN_LEVELS])
{
	struct var *r;
	TRY(conv_layer_apply(&f->p6, t, p[2], &p[3]));
	TRY(tape_apply(t, &op_relu, NULL, 0, NULL, 1, (struct tape_in[]){ { .var = p[3] } }, &r));
	TRY(conv_layer_apply(&f->p7, t, r, &p[4]));
	tape_drop(t, r);
	return 0;
}

int fpn_apply(struct fpn *f, struct tape *t, struct var *const c[FPN_INPUTS], struct var *p[FPN_LEVELS])
{
	struct var *inner = NULL;
	for (int i = FPN_INPUTS - 1; i >= 0; i--) {
		struct var *lateral, *above = inner;
		TRY(apply_conv(f, &f->lateral[i], &f->lateral_norm[i], t, c[i], &lateral));
		tape_drop(t, c[i]);
		inner = lateral;
		if (above != NULL) {
			struct tape_in in[] = { { .var = lateral }, { .var = above } };
			TRY(tape_apply(t, &op_upsample_add, NULL, 0, NULL, 2, in, &inner));
			tape_drop(t, lateral);
			tape_drop(t, above);
		}
		TRY(apply_conv(f, &f->output[i], &f->output_norm[i], t, inner, &p[i]));
	}
	tape_drop(t, inner);
	TRY(apply_extra(f, t, p));
	for (int l = 0; l < FPN_LEVELS && f->has_level_norms; l++) {
		struct var *x = p[l];
		TRY(norm_layer_apply(&f->level_norm[l], t, x, NULL, false, false, &p[l]));
		tape_drop(t, x);
	}
	return 0;
}
