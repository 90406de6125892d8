/*
 * Backward weights: the gradient of the transformed weights is cut into parts, blocks of input
 * and output channels, one for each thread. A thread transforms what its part needs of x and dy, a batch of
 * tiles at a time, and multiplies it in the second-level cache; nothing is shared and nobody
 * waits. Each element is summed by one thread in the order of the tiles and batches, so no bit depends
 * on the number of threads.
 */
#include "op/gemm_tile.h"
#include "op/winograd.h"
#include "op/winograd_filter.h"
#include "op/winograd_kernel.h"
#include "op/winograd_tiles.h"

#include <omp.h>

enum {
	/*
	 * Tiles of a batch: many enough to pay for passing over the gradient, few enough for the cache.
	 * A rule of the channels alone, as it sets the order of summation.
	 */
	BATCH = 64, BATCH_DEEP = 96, DEEP = 256,
	SUM_PIXELS = 64,	/* of one partial sum of the bias' gradient */
	LINE = 16,	/* floats of a cache line: rows of v are an odd number of lines apart, or they would share few sets */
};

struct run {
	struct winograd_tiles tiles;
	int64_t rows, panels;	/* input channels, padded; panels of output channels */
	int64_t batch;	/* most tiles at once */
	int64_t row_parts, panel_parts;
	int64_t v_plane, w_plane, du_plane;	/* floats from point to point */
	float *du;	/* [panel][point][rows][WINOGRAD_PANEL] */
};

/* One thread's block of the gradient, and its memory. */
struct part {
	const struct run *run;
	int64_t row, rows;	/* first and number of input channels; the last may be padding */
	int64_t panel, panels;
	int64_t v_stride;	/* from tile to tile of v */
	float *v;	/* [point][tile][v_stride] */
	float *w;	/* [point][panel][tile][WINOGRAD_PANEL] */
};

static int64_t min64(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t ceil_div(int64_t a, int64_t b)
{
	return (a + b - 1) / b;
}

static int64_t odd_lines(int64_t rows)
{
	return (rows / LINE | 1) * LINE;
}

/* The most input channels and the most panels of a part. */
static int64_t most_rows(const struct run *r)
{
	return ceil_div(r->rows / WINOGRAD_CHUNK, r->row_parts) * WINOGRAD_CHUNK;
}

static int64_t most_panels(const struct run *r)
{
	return ceil_div(r->panels, r->panel_parts);
}

/* As many parts as threads, of the shape that takes the fewest estimated cycles a tile. */
static void choose_parts(struct run *r, int threads)
{
	int64_t best = INT64_MAX;
	struct run t = *r;
	for (t.row_parts = 1; t.row_parts <= min64(threads, r->rows / WINOGRAD_CHUNK); t.row_parts++) {
		t.panel_parts = min64(threads / t.row_parts, r->panels);
		int64_t rows = most_rows(&t), panels = most_panels(&t);
		int64_t cost = rows * panels * WINOGRAD_POINTS + rows * 12 + panels * WINOGRAD_PANEL * 8;
		if (cost < best) {
			best = cost;
			r->row_parts = t.row_parts;
			r->panel_parts = t.panel_parts;
		}
	}
}

static void transform_tile(const struct part *p, int64_t tile, int64_t i)
{
	const struct run *r = p->run;
	struct winograd_tile_in in = {
		.dtype = r->tiles.in_dtype, .channels = min64(p->rows, r->tiles.in_channels - p->row),
	};
	struct winograd_place place = {
		.to = p->v + i * p->v_stride, .plane = r->v_plane,
		.pair = 2 * WINOGRAD_CHUNK, .odd = WINOGRAD_CHUNK, .channels = p->v_stride,
	};
	winograd_tile_input(&r->tiles, tile, in.pixel);
	for (int k = 0; k < WINOGRAD_IN * WINOGRAD_IN; k++)
		in.pixel[k] = (const char *)in.pixel[k] + p->row * (int64_t)dtype_size(in.dtype);
	ISA_PICK(winograd_input)(&place, &in);

	int64_t channel = p->panel * WINOGRAD_PANEL;
	struct winograd_tile_in dy = {
		.dtype = r->tiles.out_dtype, .channels = min64(p->panels * WINOGRAD_PANEL, r->tiles.out_channels - channel),
	};
	void *pixel[WINOGRAD_OUT * WINOGRAD_OUT];
	winograd_tile_output(&r->tiles, tile, pixel);
	for (int k = 0; k < WINOGRAD_OUT * WINOGRAD_OUT; k++)
		dy.pixel[k] = pixel[k] == NULL ? r->tiles.zeros : (char *)pixel[k] + channel * (int64_t)dtype_size(dy.dtype);
	place = (struct winograd_place){
		.to = p->w + i * WINOGRAD_PANEL, .plane = r->w_plane,
		.pair = r->batch * WINOGRAD_PANEL, .odd = WINOGRAD_CHUNK, .channels = p->panels * WINOGRAD_PANEL,
	};
	ISA_PICK(winograd_gradient)(&place, &dy);
}

/* du = v' w, or du += v' w, for one point. */
static void multiply(const struct part *p, int64_t point, int64_t n_tiles, bool add)
{
	const struct run *r = p->run;
	const float *v = p->v + point * r->v_plane;
	for (int64_t i = 0; i < p->panels; i++) {
		const float *w = p->w + point * r->w_plane + i * r->batch * WINOGRAD_PANEL;
		int64_t panel = p->panel + i;
		float *du = r->du + (panel * WINOGRAD_POINTS + point) * r->du_plane + p->row * WINOGRAD_PANEL;
		int columns = (int)min64(WINOGRAD_PANEL, r->tiles.out_channels - panel * WINOGRAD_PANEL);
		for (int64_t row = 0; row < p->rows; row += GEMM_OUTER_ROWS)
			ISA_PICK(gemm_outer)(du + row * WINOGRAD_PANEL, v + row, p->v_stride, w,
				(int)min64(GEMM_OUTER_ROWS, p->rows - row), columns, n_tiles, add);
	}
}

static void run_part(const struct part *p, float *dw)
{
	const struct run *r = p->run;
	for (int64_t first = 0; first < r->tiles.total; first += r->batch) {
		int64_t n_tiles = min64(r->batch, r->tiles.total - first);
		for (int64_t i = 0; i < n_tiles; i++)
			transform_tile(p, first + i, i);
		for (int64_t point = 0; point < WINOGRAD_POINTS; point++)
			multiply(p, point, n_tiles, first > 0);
	}
	for (int64_t panel = p->panel; panel < p->panel + p->panels; panel++)
		for (int64_t row = p->row; row < p->row + p->rows; row += WINOGRAD_CHUNK)
			winograd_filter_scatter(dw, r->du, r->tiles.in_channels, r->tiles.out_channels, panel, row);
}

/* dw += the gradient. */
static int run_all(struct run *r, float *dw, struct arena *scratch)
{
	int threads = omp_get_max_threads();
	choose_parts(r, threads);
	int64_t n_parts = r->row_parts * r->panel_parts, chunks = r->rows / WINOGRAD_CHUNK;
	r->v_plane = winograd_plane(r->batch * odd_lines(most_rows(r)));
	r->w_plane = winograd_plane(r->batch * most_panels(r) * WINOGRAD_PANEL);
	r->du_plane = winograd_plane(r->rows * WINOGRAD_PANEL);
	/* The last tile of rows reads past the channels of v: into the next tile, or what follows v. */
	int64_t size = WINOGRAD_POINTS * (r->v_plane + r->w_plane);
	float *work = arena_alloc(scratch, (size_t)(n_parts * size) * sizeof(float));
	r->du = arena_alloc(scratch, (size_t)(WINOGRAD_POINTS * r->panels * r->du_plane) * sizeof(float));
	if (work == NULL || r->du == NULL)
		return -1;
#pragma omp parallel for schedule(dynamic) num_threads(threads)
	for (int64_t i = 0; i < n_parts; i++) {
		int64_t y = i / r->panel_parts, x = i % r->panel_parts;
		struct part p = { .run = r, .v = work + i * size, .w = work + i * size + WINOGRAD_POINTS * r->v_plane };
		p.row = chunks * y / r->row_parts * WINOGRAD_CHUNK;
		p.rows = chunks * (y + 1) / r->row_parts * WINOGRAD_CHUNK - p.row;
		p.panel = r->panels * x / r->panel_parts;
		p.panels = r->panels * (x + 1) / r->panel_parts - p.panel;
		p.v_stride = odd_lines(p.rows);
		run_part(&p, dw);
	}
	return 0;
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
	struct run r = {
		.rows = winograd_padded(p->ci), .panels = winograd_panels(p->co),
		.batch = p->ci < DEEP ? BATCH : BATCH_DEEP,
	};
	TRY(winograd_tiles_init(&r.tiles, maps, n_maps, p, WINOGRAD_BACKWARD_WEIGHTS, scratch));
	if (r.tiles.total == 0)
		return 0;
	TRY(run_all(&r, dw, scratch));
	for (int i = 0; db != NULL && i < n_maps; i++)
		TRY(add_bias(db, &r, &r.tiles.levels[i], scratch));
	return 0;
}
