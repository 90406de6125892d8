#include "op/norm.h"

enum {
	BLOCK_ELEMENTS = 32768,	/* a block of f32 is 128 KB: small against L2, many enough for the threads */
	CACHE_BYTES = 2 << 20,	/* what the maps of one batch should fit in, all threads together */
};

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
