#include "op/norm.h"

#include "op/lanes.h"

/* Rows taken together: tables and accumulators are loaded once for all of them. */
enum { SUM_ROWS = 8, MAP_ROWS = 4 };

/* LANES channels of rows `at`, `at` + c and so on, n_rows of them. */
ALWAYS_INLINE void sum_lanes(float *sum, float *square, const float *shift, const void *x, int64_t at, int64_t c,
			     int n_rows, int64_t j, int count, enum dtype dtype)
{
	vec s = { 0 }, q = { 0 }, from = lanes_load(shift, DTYPE_F32, j, count);
#pragma GCC unroll 8
	for (int r = 0; r < n_rows; r++) {
		vec v = lanes_load(x, dtype, at + r * c + j, count) - from;
		s += v;
		q += v * v;
	}
	lanes_store(sum, DTYPE_F32, j, count, lanes_load(sum, DTYPE_F32, j, count) + s);
	lanes_store(square, DTYPE_F32, j, count, lanes_load(square, DTYPE_F32, j, count) + q);
}

ALWAYS_INLINE void sums(float *shift, float *sum, float *square, const void *x, int64_t rows, int64_t c,
			enum dtype dtype)
{
	int64_t head = rows < SUM_ROWS ? rows : SUM_ROWS;
	for (int64_t j = 0; j < c; j++)
		shift[j] = sum[j] = square[j] = 0;
	for (int64_t row = 0; row < head; row++)
		for (int64_t j = 0; j < c; j++)
			shift[j] += map_load(x, row * c + j, dtype == DTYPE_BF16);
	for (int64_t j = 0; j < c; j++)
		shift[j] /= (float)head;
	int64_t row = 0;
	for (; row + SUM_ROWS <= rows; row += SUM_ROWS)
		FOR_LANES(j, count, c, sum_lanes(sum, square, shift, x, row * c, c, SUM_ROWS, j, count, dtype));
	for (; row < rows; row++)
		FOR_LANES(j, count, c, sum_lanes(sum, square, shift, x, row * c, c, 1, j, count, dtype));
}

void ISA_NAME(norm_sums)(float *shift, float *sum, float *square, const void *x, int64_t rows, int64_t c, bool bf16)
{
	if (bf16)
		sums(shift, sum, square, x, rows, c, DTYPE_BF16);
	else
		sums(shift, sum, square, x, rows, c, DTYPE_F32);
}

/* LANES channels of the tables. */
struct table_lanes {
	vec mean, scale, shift;
};

ALWAYS_INLINE struct table_lanes table_load(const struct norm_table *t, int64_t j, int count)
{
	return (struct table_lanes){
		lanes_load(t->mean, DTYPE_F32, j, count), lanes_load(t->scale, DTYPE_F32, j, count),
		lanes_load(t->shift, DTYPE_F32, j, count),
	};
}

/* The one expression of forward; NORM_MASK_X must see the same bits as y did. */
ALWAYS_INLINE vec affine(vec x, const struct table_lanes *t)
{
	return (x - t->mean) * t->scale + t->shift;
}

/* What norm_apply() does: constants, so that nothing is decided inside. */
struct apply_mode {
	bool add;
	enum dtype residual;
	bool relu;
	bool wide;
	enum dtype dtype;
};

ALWAYS_INLINE void apply_lanes(const struct norm_block *k, const struct norm_table *t, int64_t at, int n_rows,
			       int64_t j, int count, const struct apply_mode m)
{
	const struct table_lanes table = table_load(t, j, count);
#pragma GCC unroll 4
	for (int r = 0; r < n_rows; r++) {
		int64_t i = at + r * k->c + j;
		vec v = affine(lanes_load(k->x, m.dtype, i, count), &table);
		if (m.add)
			v += lanes_load(k->residual, m.residual, i, count);
		if (m.relu)
			v = lanes_relu(v);
		lanes_store(k->y, m.dtype, i, count, v);
		if (m.wide)
			lanes_store(k->wide, DTYPE_F32, i, count, v);
	}
}

/* Copies of k and t: the maps cannot alias them. */
ALWAYS_INLINE void apply(const struct norm_block k, const struct norm_table t, const struct apply_mode m)
{
	int64_t row = 0;
	for (; row + MAP_ROWS <= k.rows; row += MAP_ROWS)
		FOR_LANES(j, count, k.c, apply_lanes(&k, &t, row * k.c, MAP_ROWS, j, count, m));
	for (; row < k.rows; row++)
		FOR_LANES(j, count, k.c, apply_lanes(&k, &t, row * k.c, 1, j, count, m));
}

ALWAYS_INLINE void apply_wide(const struct norm_block *k, const struct norm_table *t, bool add, enum dtype residual,
			      bool relu, enum dtype dtype)
{
	if (k->wide != NULL)
		apply(*k, *t, (struct apply_mode){ add, residual, relu, true, dtype });
	else
		apply(*k, *t, (struct apply_mode){ add, residual, relu, false, dtype });
}

ALWAYS_INLINE void apply_relu(const struct norm_block *k, const struct norm_table *t, bool add, enum dtype residual,
			      enum dtype dtype)
{
	if (k->relu)
		apply_wide(k, t, add, residual, true, dtype);
	else
		apply_wide(k, t, add, residual, false, dtype);
}

void ISA_NAME(norm_apply)(const struct norm_block *k, const struct norm_table *t)
{
	if (k->residual == NULL && k->bf16)
		apply_relu(k, t, false, DTYPE_BF16, DTYPE_BF16);
	else if (k->residual == NULL)
		apply_relu(k, t, false, DTYPE_F32, DTYPE_F32);
	else if (k->bf16 && k->residual_bf16)
		apply_relu(k, t, true, DTYPE_BF16, DTYPE_BF16);
	else if (k->bf16)
		apply_relu(k, t, true, DTYPE_F32, DTYPE_BF16);
	else
		apply_relu(k, t, true, DTYPE_F32, DTYPE_F32);
}

/* dy where the output was above zero. */
ALWAYS_INLINE vec masked(const struct norm_grad_block *k, const struct table_lanes *t, int64_t i, int count, vec x,
			 enum norm_mask mask, enum dtype dtype)
{
	vec dz = lanes_load(k->dy, dtype, i, count);
	if (mask == NORM_MASK_NONE)
		return dz;
	return lanes_pass(dz, mask == NORM_MASK_Y ? lanes_load(k->y, dtype, i, count) : affine(x, t));
}

ALWAYS_INLINE void grad_sum_lanes(float *sum, float *product, const struct norm_grad_block *k,
				  const struct norm_table *t, int64_t at, int n_rows, int64_t j, int count,
				  enum norm_mask mask, enum dtype dtype)
{
	const struct table_lanes table = table_load(t, j, count);
	vec s = { 0 }, q = { 0 };
#pragma GCC unroll 8
	for (int r = 0; r < n_rows; r++) {
		int64_t i = at + r * k->c + j;
		vec x = lanes_load(k->x, dtype, i, count), dz = masked(k, &table, i, count, x, mask, dtype);
		s += dz;
		q += dz * (x - table.mean);
	}
	lanes_store(sum, DTYPE_F32, j, count, lanes_load(sum, DTYPE_F32, j, count) + s);
	lanes_store(product, DTYPE_F32, j, count, lanes_load(product, DTYPE_F32, j, count) + q);
}

ALWAYS_INLINE void grad_sums(float *sum, float *product, const struct norm_grad_block k, const struct norm_table t,
			     enum norm_mask mask, enum dtype dtype)
{
	for (int64_t j = 0; j < k.c; j++)
		sum[j] = product[j] = 0;
	int64_t row = 0;
	for (; row + SUM_ROWS <= k.rows; row += SUM_ROWS)
		FOR_LANES(j, count, k.c, grad_sum_lanes(sum, product, &k, &t, row * k.c, SUM_ROWS, j, count, mask, dtype));
	for (; row < k.rows; row++)
		FOR_LANES(j, count, k.c, grad_sum_lanes(sum, product, &k, &t, row * k.c, 1, j, count, mask, dtype));
}

ALWAYS_INLINE void grad_sums_dtype(float *sum, float *product, const struct norm_grad_block *k,
				   const struct norm_table *t, enum dtype dtype)
{
	if (k->mask == NORM_MASK_NONE)
		grad_sums(sum, product, *k, *t, NORM_MASK_NONE, dtype);
	else if (k->mask == NORM_MASK_Y)
		grad_sums(sum, product, *k, *t, NORM_MASK_Y, dtype);
	else
		grad_sums(sum, product, *k, *t, NORM_MASK_X, dtype);
}

void ISA_NAME(norm_grad_sums)(float *sum, float *product, const struct norm_grad_block *k, const struct norm_table *t)
{
	if (k->bf16)
		grad_sums_dtype(sum, product, k, t, DTYPE_BF16);
	else
		grad_sums_dtype(sum, product, k, t, DTYPE_F32);
}

/* What a loop over a grad block does: constants, so that nothing is decided inside. */
struct grad_mode {
	enum norm_mask mask;
	bool residual;
	bool add;	/* dresidual is added to */
	bool centred;	/* b and d are there */
	enum dtype dtype;
};

ALWAYS_INLINE void grad_lanes(const struct norm_grad_block *k, const struct norm_table *t, int64_t at, int n_rows,
			      int64_t j, int count, const struct grad_mode m)
{
	bool recompute = m.mask == NORM_MASK_X;
	const vec zero = { 0 }, a = lanes_load(k->a, DTYPE_F32, j, count);
	vec b = zero, d = zero;
	struct table_lanes table = { zero, zero, zero };
	if (m.centred) {
		b = lanes_load(k->b, DTYPE_F32, j, count);
		d = lanes_load(k->d, DTYPE_F32, j, count);
		table.mean = lanes_load(t->mean, DTYPE_F32, j, count);
	}
	if (recompute)
		table = table_load(t, j, count);
#pragma GCC unroll 4
	for (int r = 0; r < n_rows; r++) {
		int64_t i = at + r * k->c + j;
		vec x = m.centred || recompute ? lanes_load(k->x, m.dtype, i, count) : zero;
		vec dz = masked(k, &table, i, count, x, m.mask, m.dtype), dx = a * dz;
		if (m.centred)
			dx += b * (x - table.mean) + d;
		lanes_store(k->dx, m.dtype, i, count, dx);
		if (!m.residual)
			continue;
		if (m.add)
			dz += lanes_load(k->dresidual, m.dtype, i, count);
		lanes_store(k->dresidual, m.dtype, i, count, dz);
	}
}

ALWAYS_INLINE void grad_run(const struct norm_grad_block k, const struct norm_table t, const struct grad_mode m)
{
	int64_t row = 0;
	for (; row + MAP_ROWS <= k.rows; row += MAP_ROWS)
		FOR_LANES(j, count, k.c, grad_lanes(&k, &t, row * k.c, MAP_ROWS, j, count, m));
	for (; row < k.rows; row++)
		FOR_LANES(j, count, k.c, grad_lanes(&k, &t, row * k.c, 1, j, count, m));
}

ALWAYS_INLINE void grad_residual(const struct norm_grad_block *k, const struct norm_table *t, enum norm_mask mask,
			      bool centred, enum dtype dtype)
{
	if (k->dresidual == NULL)
		grad_run(*k, *t, (struct grad_mode){ mask, false, false, centred, dtype });
	else if (k->dresidual_add)
		grad_run(*k, *t, (struct grad_mode){ mask, true, true, centred, dtype });
	else
		grad_run(*k, *t, (struct grad_mode){ mask, true, false, centred, dtype });
}

ALWAYS_INLINE void grad_mask(const struct norm_grad_block *k, const struct norm_table *t, bool centred, enum dtype dtype)
{
	if (k->mask == NORM_MASK_X)
		grad_run(*k, *t, (struct grad_mode){ NORM_MASK_X, false, false, centred, dtype });
	else if (k->mask == NORM_MASK_Y)
		grad_residual(k, t, NORM_MASK_Y, centred, dtype);
	else
		grad_residual(k, t, NORM_MASK_NONE, centred, dtype);
}

void ISA_NAME(norm_grad_apply)(const struct norm_grad_block *k, const struct norm_table *t)
{
	if (k->bf16 && k->b != NULL)
		grad_mask(k, t, true, DTYPE_BF16);
	else if (k->bf16)
		grad_mask(k, t, false, DTYPE_BF16);
	else if (k->b != NULL)
		grad_mask(k, t, true, DTYPE_F32);
	else
		grad_mask(k, t, false, DTYPE_F32);
}
