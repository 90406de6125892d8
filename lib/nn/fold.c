/* In inference a norm with fixed statistics is a factor on the weights before it, and a bias. */
#include "nn/layers.h"

#include <math.h>

/* A bias that is in no file and never trained. */
static struct param *bias_make(struct arena *a, const char *name, int64_t channels)
{
	struct param *b = arena_calloc(a, 1, sizeof *b);
	if (b == NULL || tensor_new(&b->value, a, DTYPE_F32, 1, &channels) != 0)
		return NULL;
	b->name = name;
	b->role = PARAM_BIAS;
	return b;
}

int norm_layer_fold(struct norm_layer *norm, struct conv_layer *conv, struct param_set *set)
{
	if (norm->kind != NORM_FROZENBN && norm->kind != NORM_BN)
		return 0;
	const struct tensor *w = &conv->w->value;
	const float *gamma = norm->gamma->value.data, *beta = norm->beta->value.data;
	const float *mean = norm->mean->value.data, *var = norm->var->value.data;
	int64_t channels = w->dim[0], size = tensor_count(w) / channels;
	struct param *bias = bias_make(&set->arena, norm->beta->name, channels);
	if (bias == NULL)
		return -1;
	for (int64_t k = 0; k < channels; k++) {
		double scale = gamma[k] / sqrt((double)var[k] + norm->eps);
		double before = conv->b == NULL ? 0 : ((const float *)conv->b->value.data)[k];
		float *row = (float *)w->data + k * size;
		for (int64_t i = 0; i < size; i++)
			row[i] = (float)(row[i] * scale);
		((float *)bias->value.data)[k] = (float)(beta[k] + (before - mean[k]) * scale);
	}
	conv->b = bias;
	conv->p.has_bias = true;
	norm->is_folded = true;
	set->version++;
	return 0;
}
