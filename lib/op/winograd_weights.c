/*
 * Backward weights: the transformed tiles of x and dy are written out for many tiles at once,
 * then every point's product is one thread's work. So each element of the gradient is summed by
 * one thread in the order of the tiles, and no bit depends on the number of threads.
 */
#include "op/gemm_tile.h"
#include "op/winograd.h"
#include "op/winograd_filter.h"
#include "op/winograd_kernel.h"
#include "op/winograd_tiles.h"

#include <omp.h>

enum {
	BATCH_BYTES = 24 << 20,	/* of transformed tiles: far more than du, which every batch passes over, far less than the shared cache */
	BATCH_TILES_MIN = 64,
	DEPTH = 128,	/* tiles multiplied at a time: their part of a panel stays in the first-level cache */
	SUM_PIXELS = 64,	/* of one partial sum of the bias' gradient */
	LINE = 16,	/* floats of a cache line: rows of v are an odd number of lines apart, or they would share few sets */
};

struct run {
	struct winograd_tiles tiles;
	int64_t rows, panels;	/* input channels, padded; panels of output channels */
	int64_t v_stride;	/* from tile to tile of v */
	int64_t batch;	/* most tiles at once */
	int64_t v_plane, w_plane, du_plane;	/* floats from point to point */
	float *v;	/* [point][tile][v_stride] */
	float *w;	/* [point][panel][tile][WINOGRAD_PANEL] */
	float *du;	/* [panel][point][rows][WINOGRAD_PANEL] */
};

static int64_t min64(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int run_init(struct run *r, struct arena *scratch)
{
	int64_t points = WINOGRAD_POINTS;
	r->rows = winograd_padded(r->tiles.in_channels);
	r->panels = winograd_panels(r->tiles.out_channels);
	r->v_stride = (r->rows / LINE | 1) * LINE;
	int64_t tile = points * (r->v_stride + r->panels * WINOGRAD_PANEL) * (int64_t)sizeof(float);
	int64_t batches = (r->tiles.total * tile + BATCH_BYTES - 1) / BATCH_BYTES;
	r->batch = (r->tiles.total + batches - 1) / batches;
	if (r->batch < BATCH_TILES_MIN)
		r->batch = min64(BATCH_TILES_MIN, r->tiles.total);
	r->v_plane = winograd_plane(r->batch * r->v_stride);
	r->w_plane = winograd_plane(r->panels * r->batch * WINOGRAD_PANEL);
	r->du_plane = winograd_plane(r->rows * WINOGRAD_PANEL);
	/* The last tile of rows reads past the channels, into the next tile or this slack. */
	r->v = arena_alloc(scratch, (size_t)(points * r->v_plane + GEMM_OUTER_ROWS) * sizeof(float));
	r->w = arena_alloc(scratch, (size_t)(points * r->w_plane) * sizeof(float));
	r->du = arena_alloc(scratch, (size_t)(points * r->panels * r->du_plane) * sizeof(float));
	return r->v == NULL || r->w == NULL || r->du == NULL ? -1 : 0;
}

static void transform_tile(const struct run *r, int64_t first, int64_t i)
{
	struct winograd_tile_in in = { .dtype = r->tiles.in_dtype, .channels = r->tiles.in_channels };
	struct winograd_place place = {
		.to = r->v + i * r->v_stride, .plane = r->v_plane,
		.pair = 2 * WINOGRAD_CHUNK, .odd = WINOGRAD_CHUNK, .channels = r->v_stride,
	};
	winograd_tile_input(&r->tiles, first + i, in.pixel);
	ISA_PICK(winograd_input)(&place, &in);

	struct winograd_tile_in dy = { .dtype = r->tiles.out_dtype, .channels = r->tiles.out_channels };
	void *pixel[WINOGRAD_OUT * WINOGRAD_OUT];
	winograd_tile_output(&r->tiles, first + i, pixel);
	for (int p = 0; p < WINOGRAD_OUT * WINOGRAD_OUT; p++)
		dy.pixel[p] = pixel[p] != NULL ? pixel[p] : r->tiles.zeros;
	place = (struct winograd_place){
		.to = r->w + i * WINOGRAD_PANEL, .plane = r->w_plane,
		.pair = r->batch * WINOGRAD_PANEL, .odd = WINOGRAD_CHUNK, .channels = r->panels * WINOGRAD_PANEL,
	};
	ISA_PICK(winograd_gradient)(&place, &dy);
}

/* du = v' w, or du += v' w, for one point and panel. */
static void multiply(const struct run *r, int64_t point, int64_t panel, int64_t n_tiles, bool add)
{
	int columns = (int)min64(WINOGRAD_PANEL, r->tiles.out_channels - panel * WINOGRAD_PANEL);
	const float *v = r->v + point * r->v_plane;
	const float *w = r->w + point * r->w_plane + panel * r->batch * WINOGRAD_PANEL;
	float *du = r->du + (panel * WINOGRAD_POINTS + point) * r->du_plane;
	for (int64_t k = 0; k < n_tiles; k += DEPTH)
		for (int64_t row = 0; row < r->rows; row += GEMM_OUTER_ROWS)
			ISA_PICK(gemm_outer)(du + row * WINOGRAD_PANEL, v + k * r->v_stride + row, r->v_stride,
				w + k * WINOGRAD_PANEL, (int)min64(GEMM_OUTER_ROWS, r->rows - row), columns,
				min64(DEPTH, n_tiles - k), add || k > 0);
}

/* One level's part of the bias' gradient, added up in a fixed order. */
static int add_bias(float *db, const struct run *r, const struct winograd_level *l, struct arena *scratch)
{
	int64_t channels = r->tiles.out_channels, pixels = l->n * l->out_h * l->out_w;
	int64_t parts = (pixels + SUM_PIXELS - 1) / SUM_PIXELS;
	int64_t bytes = channels * (int64_t)dtype_size(r->tiles.out_dtype);
	float *sums = arena_alloc(scratch, (size_t)(parts * channels) * sizeof(float));
	if (sums == NULL)
		return -1;
#pragma omp parallel for
	for (int64_t i = 0; i < parts; i++)
		ISA_PICK(winograd_sum_pixels)(sums + i * channels, l->out + i * SUM_PIXELS * bytes, r->tiles.out_dtype,
			min64(SUM_PIXELS, pixels - i * SUM_PIXELS), channels);
#pragma omp parallel for
	for (int64_t c = 0; c < channels; c++) {
		double total = 0;
		for (int64_t i = 0; i < parts; i++)
			total += sums[i * channels + c];
		db[c] += (float)total;
	}
	return 0;
}

int winograd_backward_weights(float *dw, float *db, const struct winograd_map *maps, int n_maps,
	const struct winograd_param *p, struct arena *scratch)
{
	struct run r = { 0 };
	TRY(winograd_tiles_init(&r.tiles, maps, n_maps, p, WINOGRAD_BACKWARD_WEIGHTS, scratch));
	if (r.tiles.total == 0)
		return 0;
	TRY(run_init(&r, scratch));
	int64_t chunk = omp_get_max_threads() < WINOGRAD_POINTS / 4 ? r.panels : 1;
	for (int64_t first = 0; first < r.tiles.total; first += r.batch) {
		int64_t n_tiles = min64(r.batch, r.tiles.total - first);
#pragma omp parallel
		{
#pragma omp for schedule(dynamic, 8)
			for (int64_t i = 0; i < n_tiles; i++)
				transform_tile(&r, first, i);
			/* The panels of a point share v: a thread takes them together. */
#pragma omp for collapse(2) schedule(dynamic, chunk)
			for (int64_t point = 0; point < WINOGRAD_POINTS; point++)
				for (int64_t panel = 0; panel < r.panels; panel++)
					multiply(&r, point, panel, n_tiles, first > 0);
		}
	}
#pragma omp parallel for collapse(2)
	for (int64_t panel = 0; panel < r.panels; panel++)
		for (int64_t row = 0; row < r.rows; row += WINOGRAD_CHUNK)
			winograd_filter_scatter(dw, r.du, p->ci, p->co, panel, row);
	for (int i = 0; db != NULL && i < n_maps; i++)
		TRY(add_bias(db, &r, &r.tiles.levels[i], scratch));
	return 0;
}
