#include "model/resnet.h"

#include "op/max_pool.h"
#include "op/subsample_pad.h"

#include <stdio.h>
#include <string.h>

/* Caffe2's default, with which He et al. trained from scratch. */
static const struct init_spec conv_init = { INIT_XAVIER_FAN_IN, 0 };

static const struct geometry {
	int depth;
	bool cifar;
	int n_convs;
	int n_blocks[RESNET_STAGES];
} geometry[] = {
	{ 18, false, 2, { 2, 2, 2, 2 } },
	{ 34, false, 2, { 3, 4, 6, 3 } },
	{ 50, false, 3, { 3, 4, 6, 3 } },
	{ 101, false, 3, { 3, 4, 23, 3 } },
	{ 20, true, 2, { 3, 3, 3 } },
	{ 32, true, 2, { 5, 5, 5 } },
	{ 44, true, 2, { 7, 7, 7 } },
	{ 56, true, 2, { 9, 9, 9 } },
	{ 110, true, 2, { 18, 18, 18 } },
};

static int add_conv_norm(struct conv_layer *conv, struct norm_layer *norm, struct param_set *set,
			 const char *conv_name, const char *norm_name, const struct conv_spec *spec, enum norm_kind kind)
{
	TRY(conv_layer_add(conv, set, conv_name, spec));
	return norm_layer_add(norm, set, norm_name, kind, spec->co);
}

static int add_block(struct resnet_block *b, struct param_set *set, const char *name, int64_t ci, int64_t width,
		     int stride, const struct resnet_spec *net)
{
	enum norm_kind norm = net->norm;
	enum conv_backend backend = net->backend;
	int64_t co = b->n_convs == 3 ? 4 * width : width;
	char conv_name[128], norm_name[128];
	for (int i = 0; i < b->n_convs; i++) {
		/* A bottleneck is 1x1, 3x3, 1x1 and strides in the 3x3; a basic block strides in its first 3x3. */
		bool narrow = b->n_convs == 3 && i != 1;
		bool strided = i == (b->n_convs == 3 ? 1 : 0);
		struct conv_spec spec = {
			.ci = i == 0 ? ci : width, .co = i == b->n_convs - 1 ? co : width, .kernel = narrow ? 1 : 3,
			.stride = strided ? stride : 1, .pad = -1, .init = conv_init, .backend = backend,
		};
		snprintf(conv_name, sizeof conv_name, "%s.conv%d", name, i + 1);
		snprintf(norm_name, sizeof norm_name, "%s.bn%d", name, i + 1);
		TRY(add_conv_norm(&b->conv[i], &b->norm[i], set, conv_name, norm_name, &spec, norm));
	}
	bool changes = stride != 1 || ci != co;
	b->has_shortcut = changes && !net->cifar;
	b->pad_channels = changes && net->cifar ? co : 0;
	if (!b->has_shortcut)
		return 0;
	struct conv_spec spec = { .ci = ci, .co = co, .kernel = 1, .stride = stride, .init = conv_init, .backend = backend };
	snprintf(conv_name, sizeof conv_name, "%s.downsample.0", name);
	snprintf(norm_name, sizeof norm_name, "%s.downsample.1", name);
	return add_conv_norm(&b->shortcut, &b->shortcut_norm, set, conv_name, norm_name, &spec, norm);
}

static int add_stages(struct resnet *r, struct param_set *set, const char *prefix, int n_convs, const struct resnet_spec *net)
{
	int64_t ci = r->stem.w->value.dim[0], first = ci;
	for (int stage = 0; stage < r->n_stages; stage++) {
		int64_t width = first << stage;
		r->blocks[stage] = arena_calloc(&set->arena, (size_t)r->n_blocks[stage], sizeof *r->blocks[stage]);
		if (r->blocks[stage] == NULL)
			return -1;
		for (int i = 0; i < r->n_blocks[stage]; i++) {
			char name[96];
			snprintf(name, sizeof name, "%slayer%d.%d", prefix, stage + 1, i);
			r->blocks[stage][i].n_convs = n_convs;
			/* The first block of a later stage has a shortcut of its own. */
			r->blocks[stage][i].is_wide = i + 1 < r->n_blocks[stage];
			TRY(add_block(&r->blocks[stage][i], set, name, ci, width, stage > 0 && i == 0 ? 2 : 1, net));
			ci = n_convs == 3 ? 4 * width : width;
		}
		r->channels[stage] = ci;
	}
	return 0;
}

static const struct geometry *find_geometry(const struct resnet_spec *net)
{
	for (size_t g = 0; g < sizeof geometry / sizeof geometry[0]; g++)
		if (geometry[g].depth == net->depth && geometry[g].cifar == net->cifar)
			return &geometry[g];
	return err_null("there is no resnet%d%s; there are resnet18, 34, 50 and 101, and for small images resnet20-cifar, 32, 44, 56 "
			"and 110", net->depth, net->cifar ? "-cifar" : "");
}

int resnet_build(struct resnet *r, struct param_set *set, const char *prefix, const struct resnet_spec *net)
{
	const struct geometry *g = find_geometry(net);
	if (g == NULL)
		return -1;
	char conv_name[96], norm_name[96];
	snprintf(conv_name, sizeof conv_name, "%sconv1", prefix);
	snprintf(norm_name, sizeof norm_name, "%sbn1", prefix);
	struct conv_spec stem = { .ci = 3, .co = 64, .kernel = 7, .stride = 2, .pad = -1, .init = conv_init, .backend = net->backend };
	if (net->cifar) {
		stem.co = 16;
		stem.kernel = 3;
		stem.stride = 1;
	}
	r->cifar = net->cifar;
	r->n_stages = net->cifar ? RESNET_STAGES - 1 : RESNET_STAGES;
	TRY(add_conv_norm(&r->stem, &r->stem_norm, set, conv_name, norm_name, &stem, net->norm));
	for (int stage = 0; stage < r->n_stages; stage++)
		r->n_blocks[stage] = g->n_blocks[stage];
	return add_stages(r, set, prefix, g->n_convs, net);
}

static void set_norm(struct norm_layer *l, float eps, float momentum)
{
	l->eps = eps;
	l->momentum = momentum;
}

void resnet_set_norms(struct resnet *r, float eps, float momentum)
{
	set_norm(&r->stem_norm, eps, momentum);
	for (int stage = 0; stage < r->n_stages; stage++)
		for (int i = 0; i < r->n_blocks[stage]; i++) {
			struct resnet_block *b = &r->blocks[stage][i];
			set_norm(&b->shortcut_norm, eps, momentum);
			for (int k = 0; k < b->n_convs; k++)
				set_norm(&b->norm[k], eps, momentum);
		}
}

static int fold(struct norm_layer *norm, struct conv_layer *conv, struct param_set *set)
{
	TRY(norm_layer_fold(norm, conv, set));
	conv->p.relu = norm->is_folded;
	return 0;
}

int resnet_fold_norms(struct resnet *r, struct param_set *set, enum dtype dtype)
{
	if (dtype == DTYPE_F32)
		TRY(fold(&r->stem_norm, &r->stem, set));
	for (int stage = 0; stage < r->n_stages; stage++)
		for (int i = 0; i < r->n_blocks[stage]; i++) {
			struct resnet_block *b = &r->blocks[stage][i];
			for (int k = 0; k + 1 < b->n_convs; k++)
				TRY(fold(&b->norm[k], &b->conv[k], set));
		}
	return 0;
}

static int apply_conv_norm(struct conv_layer *conv, const struct norm_layer *norm, struct tape *t, struct var *x,
			   struct var *residual, bool relu, bool wide, struct var **y)
{
	struct var *z;
	TRY(conv_layer_apply(conv, t, x, &z));
	if (norm->is_folded) {
		*y = z;
		return 0;
	}
	TRY(norm_layer_apply(norm, t, z, residual, relu, wide, y));
	tape_drop(t, z);
	return 0;
}

/* A segment of the tape: context is the block. */
static int apply_block(void *context, struct tape *t, struct var *const *in_map, struct var **y)
{
	struct resnet_block *b = context;
	struct var *x = in_map[0], *shortcut = x, *z = x;
	if (b->has_shortcut)
		TRY(apply_conv_norm(&b->shortcut, &b->shortcut_norm, t, x, NULL, false, true, &shortcut));
	struct subsample_pad_param pad = { .channels = b->pad_channels };
	if (b->pad_channels > 0)
		TRY(tape_apply(t, &op_subsample_pad, &pad, sizeof pad, NULL, 1, (struct tape_in[]){ { .var = x } }, &shortcut));
	for (int i = 0; i < b->n_convs; i++) {
		struct var *in = z;
		bool last = i == b->n_convs - 1;
		TRY(apply_conv_norm(&b->conv[i], &b->norm[i], t, in, last ? shortcut : NULL, true, last && b->is_wide, &z));
		if (i > 0)
			tape_drop(t, in);
	}
	if (shortcut != x)
		tape_drop(t, shortcut);
	*y = z;
	return 0;
}

/* Stem and pooling; what a bf16 map would make equal, the pool still has to tell apart. */
static int apply_stem(struct resnet *r, struct tape *t, struct var *images, struct var **y)
{
	struct var *stem, *out[2] = { NULL, NULL };
	TRY(apply_conv_norm(&r->stem, &r->stem_norm, t, images, NULL, true, true, &stem));
	struct max_pool_param pool = {
		.kernel = 3, .stride = 2, .pad = 1, .wide = stem->wide != NULL && !r->blocks[0][0].has_shortcut,
	};
	struct tape_in in[] = { { .var = stem }, { .var = stem->wide } };
	TRY(tape_apply(t, &op_max_pool, &pool, sizeof pool, NULL, stem->wide != NULL ? 2 : 1, in, out));
	tape_drop(t, stem);
	*y = out[0];
	(*y)->wide = out[1];
	return 0;
}

int resnet_apply(struct resnet *r, struct tape *t, struct var *images, struct var *c[RESNET_STAGES])
{
	struct var *x;
	if (r->cifar)
		TRY(apply_conv_norm(&r->stem, &r->stem_norm, t, images, NULL, true, true, &x));
	else
		TRY(apply_stem(r, t, images, &x));
	for (int stage = 0; stage < r->n_stages; stage++) {
		for (int i = 0; i < r->n_blocks[stage]; i++) {
			struct var *in = x;
			TRY(tape_apply_segment(t, apply_block, &r->blocks[stage][i], 1, &in, 1, &x));
			if (i > 0 || stage == 0)
				tape_drop(t, in);
		}
		c[stage] = x;
	}
	return 0;
}

int resnet_features(struct resnet *r, struct tape *t, struct var *images, const char *layer, struct var **map)
{
	struct var *c[RESNET_STAGES];
	char name[24];
	int wanted = -1;
	for (int stage = 0; stage < r->n_stages; stage++) {
		snprintf(name, sizeof name, "layer%d", stage + 1);
		if (strcmp(name, layer) == 0)
			wanted = stage;
	}
	if (wanted < 0)
		return err_set("the model has no layer '%s' to take features from; it has layer1 to layer%d", layer, r->n_stages);
	TRY(resnet_apply(r, t, images, c));
	for (int stage = 0; stage < r->n_stages; stage++)
		if (stage != wanted)
			tape_drop(t, c[stage]);
	*map = c[wanted];
	return 0;
}
