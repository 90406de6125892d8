#include "op/norm.h"

/* Rows taken together: tables and accumulators are loaded once for all of them. */
enum { SUM_ROWS = 8, MAP_ROWS = 4 };

MAP_INLINE void sum_rows(float *restrict sum, float *restrict square, const float *restrict shift,
			 const void *restrict x, int64_t row, int n_rows, int64_t c, bool bf16)
{
#pragma omp simd
	for (int64_t j = 0; j < c; j++) {
		float s = 0, q = 0;
		for (int r = 0; r < n_rows; r++) {
			float v = map_load(x, (row + r) * c + j, bf16) - shift[j];
			s += v;
			q += v * v;
		}
		sum[j] += s;
		square[j] += q;
	}
}

MAP_INLINE void sums(float *restrict shift, float *restrict sum, float *restrict square, const void *restrict x,
		     int64_t rows, int64_t c, bool bf16)
{
	int64_t head = rows < SUM_ROWS ? rows : SUM_ROWS;
	for (int64_t j = 0; j < c; j++)
		shift[j] = sum[j] = square[j] = 0;
	for (int64_t row = 0; row < head; row++)
		for (int64_t j = 0; j < c; j++)
			shift[j] += map_load(x, row * c + j, bf16);
	for (int64_t j = 0; j < c; j++)
		shift[j] /= (float)head;
	int64_t row = 0;
	for (; row + SUM_ROWS <= rows; row += SUM_ROWS)
		sum_rows(sum, square, shift, x, row, SUM_ROWS, c, bf16);
	for (; row < rows; row++)
		sum_rows(sum, square, shift, x, row, 1, c, bf16);
}

void ISA_NAME(norm_sums)(float *shift, float *sum, float *square, const void *x, int64_t rows, int64_t c, bool bf16)
{
	if (bf16)
		sums(shift, sum, square, x, rows, c, true);
	else
		sums(shift, sum, square, x, rows, c, false);
}

/* The one expression of forward; NORM_MASK_X must see the same bits as y did. */
MAP_INLINE float affine(float x, const struct norm_table *t, int64_t j)
{
	return (x - t->mean[j]) * t->scale[j] + t->shift[j];
}

/* What norm_apply() does: constants, so that nothing is decided inside. */
struct apply_mode {
	bool add;
	bool residual_bf16;
	bool relu;
	bool wide;
	bool bf16;
};

MAP_INLINE void apply_rows(const struct norm_block *k, const struct norm_table t, int64_t row, int n_rows,
			   const struct apply_mode m)
{
	const void *restrict x = k->x, *restrict residual = k->residual;
	void *restrict y = k->y;
	float *restrict wide = k->wide;
	int64_t c = k->c;
#pragma omp simd
	for (int64_t j = 0; j < c; j++) {
		for (int r = 0; r < n_rows; r++) {
			int64_t i = (row + r) * c + j;
			float v = affine(map_load(x, i, m.bf16), &t, j);
			if (m.add)
				v += map_load(residual, i, m.residual_bf16);
			v = m.relu ? map_relu(v) : v;
			map_store(y, i, v, m.bf16);
			if (m.wide)
				wide[i] = v;
		}
	}
}

MAP_INLINE void apply(const struct norm_block *k, const struct norm_table *t, const struct apply_mode m)
{
	int64_t row = 0;
	for (; row + MAP_ROWS <= k->rows; row += MAP_ROWS)
		apply_rows(k, *t, row, MAP_ROWS, m);
	for (; row < k->rows; row++)
		apply_rows(k, *t, row, 1, m);
}

MAP_INLINE void apply_wide(const struct norm_block *k, const struct norm_table *t, bool add, bool residual_bf16,
			   bool relu, bool bf16)
{
	if (k->wide != NULL)
		apply(k, t, (struct apply_mode){ add, residual_bf16, relu, true, bf16 });
	else
		apply(k, t, (struct apply_mode){ add, residual_bf16, relu, false, bf16 });
}

MAP_INLINE void apply_relu(const struct norm_block *k, const struct norm_table *t, bool add, bool residual_bf16, bool bf16)
{
	if (k->relu)
		apply_wide(k, t, add, residual_bf16, true, bf16);
	else
		apply_wide(k, t, add, residual_bf16, false, bf16);
}

void ISA_NAME(norm_apply)(const struct norm_block *k, const struct norm_table *t)
{
	if (k->residual == NULL && k->bf16)
		apply_relu(k, t, false, false, true);
	else if (k->residual == NULL)
		apply_relu(k, t, false, false, false);
	else if (k->bf16 && k->residual_bf16)
		apply_relu(k, t, true, true, true);
	else if (k->bf16)
		apply_relu(k, t, true, false, true);
	else
		apply_relu(k, t, true, false, false);
}

/* dy where the output was above zero. */
MAP_INLINE float masked(const struct norm_grad_block *k, const struct norm_table *t, int64_t i, int64_t j, float x,
			enum norm_mask mask, bool bf16)
{
	float dz = map_load(k->dy, i, bf16);
	if (mask == NORM_MASK_NONE)
		return dz;
	float y = mask == NORM_MASK_Y ? map_load(k->y, i, bf16) : affine(x, t, j);
	return map_pass(dz, y);
}

MAP_INLINE void grad_sum_rows(float *restrict sum, float *restrict product, const struct norm_grad_block k,
			      const struct norm_table t, int64_t row, int n_rows, enum norm_mask mask, bool bf16)
{
#pragma omp simd
	for (int64_t j = 0; j < k.c; j++) {
		float s = 0, q = 0;
		for (int r = 0; r < n_rows; r++) {
			int64_t i = (row + r) * k.c + j;
			float x = map_load(k.x, i, bf16);
			float dz = masked(&k, &t, i, j, x, mask, bf16);
			s += dz;
			q += dz * (x - t.mean[j]);
		}
		sum[j] += s;
		product[j] += q;
	}
}

MAP_INLINE void grad_sums(float *restrict sum, float *restrict product, const struct norm_grad_block *k,
			  const struct norm_table *t, enum norm_mask mask, bool bf16)
{
	for (int64_t j = 0; j < k->c; j++)
		sum[j] = product[j] = 0;
	int64_t row = 0;
	for (; row + SUM_ROWS <= k->rows; row += SUM_ROWS)
		grad_sum_rows(sum, product, *k, *t, row, SUM_ROWS, mask, bf16);
	for (; row < k->rows; row++)
		grad_sum_rows(sum, product, *k, *t, row, 1, mask, bf16);
}

MAP_INLINE void grad_sums_dtype(float *sum, float *product, const struct norm_grad_block *k,
				const struct norm_table *t, bool bf16)
{
	if (k->mask == NORM_MASK_NONE)
		grad_sums(sum, product, k, t, NORM_MASK_NONE, bf16);
	else if (k->mask == NORM_MASK_Y)
		grad_sums(sum, product, k, t, NORM_MASK_Y, bf16);
	else
		grad_sums(sum, product, k, t, NORM_MASK_X, bf16);
}

void ISA_NAME(norm_grad_sums)(float *sum, float *product, const struct norm_grad_block *k, const struct norm_table *t)
{
	if (k->bf16)
		grad_sums_dtype(sum, product, k, t, true);
	else
		grad_sums_dtype(sum, product, k, t, false);
}

/* What a loop over a grad block does: constants, so that nothing is decided inside. */
struct grad_mode {
	enum norm_mask mask;
	bool residual;
	bool add;	/* dresidual is added to */
	bool centred;	/* b and d are there */
	bool bf16;
};

MAP_INLINE void grad_rows(const struct norm_grad_block k, const struct norm_table t, int64_t row, int n_rows,
			  const struct grad_mode m)
{
	bool read_x = m.centred || m.mask == NORM_MASK_X;
#pragma omp simd
	for (int64_t j = 0; j < k.c; j++) {
		for (int r = 0; r < n_rows; r++) {
			int64_t i = (row + r) * k.c + j;
			float x = read_x ? map_load(k.x, i, m.bf16) : 0;
			float dz = masked(&k, &t, i, j, x, m.mask, m.bf16);
			float dx = k.a[j] * dz;
			if (m.centred)
				dx += k.b[j] * (x - t.mean[j]) + k.d[j];
			map_store(k.dx, i, dx, m.bf16);
			if (!m.residual)
				continue;
			if (m.add)
				dz += map_load(k.dresidual, i, m.bf16);
			map_store(k.dresidual, i, dz, m.bf16);
		}
	}
}

MAP_INLINE void grad_run(const struct norm_grad_block *k, const struct norm_table *t, const struct grad_mode m)
{
	int64_t row = 0;
	for (; row + MAP_ROWS <= k->rows; row += MAP_ROWS)
		grad_rows(*k, *t, row, MAP_ROWS, m);
	for (; row < k->rows; row++)
		grad_rows(*k, *t, row, 1, m);
}

MAP_INLINE void grad_residual(const struct norm_grad_block *k, const struct norm_table *t, enum norm_mask mask,
			      bool centred, bool bf16)
{
	if (k->dresidual == NULL)
		grad_run(k, t, (struct grad_mode){ mask, false, false, centred, bf16 });
	else if (k->dresidual_add)
		grad_run(k, t, (struct grad_mode){ mask, true, true, centred, bf16 });
	else
		grad_run(k, t, (struct grad_mode){ mask, true, false, centred, bf16 });
}

MAP_INLINE void grad_mask(const struct norm_grad_block *k, const struct norm_table *t, bool centred, bool bf16)
{
	if (k->mask == NORM_MASK_X)
		grad_run(k, t, (struct grad_mode){ NORM_MASK_X, false, false, centred, bf16 });
	else if (k->mask == NORM_MASK_Y)
		grad_residual(k, t, NORM_MASK_Y, centred, bf16);
	else
		grad_residual(k, t, NORM_MASK_NONE, centred, bf16);
}

void ISA_NAME(norm_grad_apply)(const struct norm_grad_block *k, const struct norm_table *t)
{
	if (k->bf16 && k->b != NULL)
		grad_mask(k, t, true, true);
	else if (k->bf16)
		grad_mask(k, t, false, true);
	else if (k->b != NULL)
		grad_mask(k, t, true, false);
	else
		grad_mask(k, t, false, false);
}
