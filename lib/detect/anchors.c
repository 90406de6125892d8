#include "detect/anchors.h"

#include <math.h>

enum { SIZES = 3, ASPECTS = 3, FIRST_STRIDE = 8 };

/* The anchors of a cell, relative to its reference point. */
static void rounded_cell(float cell[ANCHORS_PER_CELL][4], double size)
{
	static const float height_over_width[ASPECTS] = { 0.5f, 1.0f, 2.0f };
	for (int r = 0; r < ASPECTS; r++) {
		float h_ratio = sqrtf(height_over_width[r]);
		float w_ratio = 1.0f / h_ratio;
		for (int o = 0; o < SIZES; o++) {
			float side = (float)floor(size * pow(2.0, o / 3.0));
			float *box = cell[r * SIZES + o];
			/* rintf rounds half to even. */
			box[2] = rintf(w_ratio * side / 2.0f);
			box[3] = rintf(h_ratio * side / 2.0f);
			box[0] = -box[2];
			box[1] = -box[3];
		}
	}
}

static void centred_cell(float cell[ANCHORS_PER_CELL][4], double size)
{
	static const double width_over_height[ASPECTS] = { 1.0, 2.0, 0.5 };
	for (int o = 0; o < SIZES; o++) {
		double side = size * pow(2.0, o / 3.0);
		for (int r = 0; r < ASPECTS; r++) {
			float *box = cell[o * ASPECTS + r];
			box[2] = (float)(side * sqrt(width_over_height[r]) / 2.0);
			box[3] = (float)(side / sqrt(width_over_height[r]) / 2.0);
			box[0] = -box[2];
			box[1] = -box[3];
		}
	}
}

static void fill_level(struct anchors *a, const struct anchor_param *p, int level, struct detect_size image)
{
	float cell[ANCHORS_PER_CELL][4];
	int64_t h = a->grid[level].h, w = a->grid[level].w;
	float stride_y, stride_x, start;
	double size = ldexp(p->base_size, level);
	if (p->kind == ANCHOR_ROUNDED) {
		rounded_cell(cell, size);
		stride_y = (float)(image.h / h);
		stride_x = (float)(image.w / w);
		start = 0.0f;
	} else {
		centred_cell(cell, size);
		stride_y = stride_x = ldexpf(FIRST_STRIDE, level);
		start = 0.5f;
	}
	int64_t i = a->first[level];
	for (int64_t y = 0; y < h; y++)
		for (int64_t x = 0; x < w; x++)
			for (int c = 0; c < ANCHORS_PER_CELL; c++, i++) {
				float shift_x = ((float)x + start) * stride_x, shift_y = ((float)y + start) * stride_y;
				a->x0[i] = shift_x + cell[c][0];
				a->y0[i] = shift_y + cell[c][1];
				a->x1[i] = shift_x + cell[c][2];
				a->y1[i] = shift_y + cell[c][3];
			}
}

int anchors_generate(struct anchors *a, const struct anchor_param *p, int n_levels,
		     const struct detect_size *grid, struct detect_size image, struct arena *arena)
{
	if (n_levels < 1 || n_levels > DETECT_MAX_LEVELS)
		return err_set("anchors: %d levels, but 1 to %d are possible", n_levels, DETECT_MAX_LEVELS);
	if (p->base_size < 1)
		return err_set("anchors: the base size must be at least 1 pixel, not %d", p->base_size);
	*a = (struct anchors){ .n_levels = n_levels };
	for (int l = 0; l < n_levels; l++) {
		int64_t h = grid[l].h, w = grid[l].w;
		if (h < 1 || w < 1 || h > image.h || w > image.w)
			return err_set("anchors: a grid of %lld x %lld does not fit an image of %lld x %lld",
				       (long long)h, (long long)w, (long long)image.h, (long long)image.w);
		a->grid[l] = grid[l];
		a->first[l + 1] = a->first[l] + h * w * ANCHORS_PER_CELL;
	}
	a->n = a->first[n_levels];
	float **corner[4] = { &a->x0, &a->y0, &a->x1, &a->y1 };
	for (int c = 0; c < 4; c++)
		if ((*corner[c] = arena_alloc(arena, (size_t)a->n * sizeof **corner[c])) == NULL)
			return -1;
	for (int l = 0; l < n_levels; l++)
		fill_level(a, p, l, image);
	return 0;
}
