/* Norms that inference folds into convolutions: the same network by other arithmetic. */
#include "model/resnet.h"
#include "tap.h"

#include "base/rng.h"

#include <math.h>
#include <string.h>

enum { SIDE = 64 };

/* Statistics and gains as trained networks have them, so that a wrong order or a forgotten term shows. */
static void fill(struct param_set *set)
{
	struct rng g = rng_make(7);
	for (struct param *p = set->first; p != NULL; p = p->next) {
		float *v = p->value.data;
		if (p->value.rank != 1)
			continue;
		bool positive = strstr(p->name, "running_var") != NULL || strstr(p->name, "weight") != NULL;
		for (int64_t i = 0; i < p->value.dim[0]; i++)
			v[i] = (float)(positive ? 0.5 + rng_uniform(&g) : rng_uniform(&g) - 0.5);
	}
}

static int run(struct tensor c[RESNET_STAGES], struct resnet *r, struct param_set *set, const struct tensor *images, struct arena *a)
{
	struct tape t;
	struct var *out[RESNET_STAGES], *x;
	tape_init(&t);
	tape_begin(&t, false, set->version);
	int status = (x = tape_input(&t, images)) == NULL || resnet_apply(r, &t, x, out) != 0 ? -1 : 0;
	for (int i = 0; i < RESNET_STAGES && status == 0; i++) {
		status = tensor_new(&c[i], a, out[i]->value.dtype, 4, out[i]->value.dim);
		if (status == 0)
			memcpy(c[i].data, out[i]->value.data, tensor_bytes(&c[i]));
	}
	tape_release(&t);
	return status;
}

/* The greatest difference, relative to the greatest value. */
static double difference(const struct tensor *a, const struct tensor *b)
{
	double most = 0, scale = 0;
	for (int64_t i = 0; i < tensor_count(a); i++) {
		double x = ((const float *)a->data)[i], y = ((const float *)b->data)[i];
		most = fmax(most, fabs(x - y));
		scale = fmax(scale, fabs(x));
	}
	return scale > 0 ? most / scale : INFINITY;
}

static void compare(int depth, enum norm_kind norm, const char *name, int folded)
{
	struct arena a;
	struct param_set set;
	struct resnet r;
	struct tensor images, before[RESNET_STAGES], after[RESNET_STAGES];
	struct rng g = rng_make(3);
	arena_init(&a, 1 << 20);
	param_set_init(&set);
	const struct resnet_spec spec = { .depth = depth, .norm = norm, .backend = CONV_AUTO };
	if (resnet_build(&r, &set, "", &spec) != 0 || param_set_randomise(&set, 1) != 0 ||
	    tensor_new(&images, &a, DTYPE_F32, 4, (int64_t[]){ 2, SIDE, SIDE, 3 }) != 0) {
		ok(false, "%s", err_get());
		return;
	}
	fill(&set);
	for (int64_t i = 0; i < tensor_count(&images); i++)
		((float *)images.data)[i] = (float)(rng_uniform(&g) * 4 - 2);
	ok(run(before, &r, &set, &images, &a) == 0 && resnet_fold_norms(&r, &set, DTYPE_F32) == 0 &&
	   run(after, &r, &set, &images, &a) == 0, "resnet%d %s runs, folded or not", depth, name);
	for (int i = 0; i < RESNET_STAGES; i++) {
		double d = difference(&before[i], &after[i]);
		ok(folded ? d < 2e-5 : d == 0, "resnet%d %s, C%d: off by %.1e", depth, name, i + 2, d);
	}
	ok(r.stem_norm.is_folded == folded && r.blocks[1][0].norm[0].is_folded == folded && !r.blocks[1][0].shortcut_norm.is_folded,
	   "resnet%d %s: %s", depth, name, folded ? "norms before a ReLU are folded" : "nothing can be folded");
	param_set_release(&set);
	arena_release(&a);
}

int main(void)
{
	compare(18, NORM_FROZENBN, "frozenbn", true);
	compare(50, NORM_BN, "bn", true);
	compare(18, NORM_GN, "gn", false);
	return tap_done();
}
