#include "op/norm.h"

enum {
	BLOCK_ELEMENTS = 32768,	/* a block of f32 is 128 KB: small against L2, many enough for the threads */
	CACHE_BYTES = 2 << 20,	/* what the maps of one batch should fit in, all threads together */
};

int norm_shape(const char *op, struct op_call *c, int first, bool add, bool wide)
{
	const struct tensor *x = &c->in[0], *wide_residual = &c->in[first + 1];
	bool has_wide = add && c->n_in == first + 2;
	if (!has_wide)
		TRY(map_check_inputs(op, c, first, add));
	if (add)
		TRY(map_check_same(op, "residual", &c->in[first], x));
	if (has_wide) {
		struct tensor want = tensor_shape(DTYPE_F32, 4, x->dim);
		TRY(map_check_same(op, "wide residual", wide_residual, &want));
	}
	c->n_out = wide ? 2 : 1;
	c->out[0] = tensor_shape(x->dtype, 4, x->dim);
	c->out[1] = tensor_shape(DTYPE_F32, 4, x->dim);
	c->no_gradient_out = 2;
	return 0;
}

static const struct tensor *residual_of(const struct op_call *c, int first)
{
	return &c->in[c->n_in == first + 2 ? first + 1 : first];
}

void norm_block_maps(struct norm_block *k, const struct op_call *c, int first, bool add, int64_t at)
{
	k->y = map_at(&c->out[0], at);
	k->wide = c->n_out == 2 ? map_at(&c->out[1], at) : NULL;
	k->bf16 = c->out[0].dtype == DTYPE_BF16;
	if (!add)
		return;
	const struct tensor *residual = residual_of(c, first);
	k->residual = map_at(residual, at);
	k->residual_bf16 = residual->dtype == DTYPE_BF16;
}

void norm_reference_put(struct op_call *c, int first, int64_t i, double v, bool add, bool relu)
{
	if (c->n_in == first + 2)
		v += map_load(c->in[first + 1].data, i, false);
	else if (add)
		v += map_load(c->in[first].data, i, c->in[first].dtype == DTYPE_BF16);
	float y = relu && v < 0 ? 0 : (float)v;
	map_store(c->out[0].data, i, y, c->out[0].dtype == DTYPE_BF16);
	if (c->n_out == 2)
		map_store(c->out[1].data, i, y, false);
}

struct norm_plan norm_plan_make(const struct tensor *x, int maps)
{
	struct norm_plan p = {
		.images = x->dim[0], .pixels = map_pixels(x), .c = x->dim[3], .bf16 = x->dtype == DTYPE_BF16,
	};
	p.rows = BLOCK_ELEMENTS / p.c > 8 ? BLOCK_ELEMENTS / p.c : 8;
	p.blocks = (p.pixels + p.rows - 1) / p.rows;
	int64_t image_bytes = maps * p.pixels * p.c * (int64_t)dtype_size((int)x->dtype);
	p.batch = CACHE_BYTES / image_bytes;
	if (p.batch < 1)
		p.batch = 1;
	if (p.batch > p.images)
		p.batch = p.images;
	p.threads = map_threads(image_bytes * p.batch);
	return p;
}

int64_t norm_plan_block(const struct norm_plan *p, int64_t first, int64_t i, int64_t *image, int64_t *pixel)
{
	int64_t start = i % p->blocks * p->rows;
	*image = first + i / p->blocks;
	*pixel = *image * p->pixels + start;
	return p->pixels - start < p->rows ? p->pixels - start : p->rows;
}

void norm_put_gradient(const struct tensor *gradient, const double *sum, bool add)
{
	float *g = gradient->data;
	for (int64_t j = 0; g != NULL && j < gradient->dim[0]; j++)
		g[j] = (add ? g[j] : 0) + (float)sum[j];
}
