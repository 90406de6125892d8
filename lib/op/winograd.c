/*
 * Forward and backward data: blocks of tiles go through all three stages while their
 * transformed data stays in a core's second-level cache; the transformed weights stream
 * past from the shared cache, fetched ahead.
 */
#include "op/gemm_tile.h"
#include "op/winograd.h"
#include "op/winograd_kernel.h"
#include "op/winograd_tiles.h"

#include <omp.h>

/*
 * Tiles of a block. More of them use every panel of weights more often, fewer leave room for the
 * rest in a second-level cache of 1 to 2 MB; the more channels, the more the first matters. The
 * optimum is flat.
 */
enum { BLOCK_TILES = 3 * GEMM_ROWS, BLOCK_TILES_DEEP = 4 * GEMM_ROWS, DEEP = 256 };

struct run {
	struct winograd_tiles tiles;
	const float *u, *bias;
	bool add, relu;
	int64_t depth;	/* input channels, padded */
	int64_t panels;
	int64_t u_plane, v_plane, m_plane;	/* floats from point to point */
	int64_t n_blocks, block_tiles;	/* block i: tiles [total*i/n, total*(i+1)/n), at most block_tiles */
	int64_t n_parts;	/* of the panels: part i is panels [panels*i/n, panels*(i+1)/n) */
};

static int64_t min64(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t max64(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static int64_t ceil_div(int64_t a, int64_t b)
{
	return (a + b - 1) / b;
}

/*
 * Share tiles and panels out to the threads. Splitting the tiles makes every thread read all
 * weights, splitting the panels makes every thread transform all tiles: the shares whose
 * estimated cycles are least.
 */
static void choose_shares(struct run *r, int threads)
{
	int64_t best = INT64_MAX, capacity = r->depth < DEEP ? BLOCK_TILES : BLOCK_TILES_DEEP;
	for (int64_t parts = 1; parts <= min64(threads, r->panels); parts++) {
		int64_t shares = min64(threads / parts, r->tiles.total);
		int64_t tiles = ceil_div(r->tiles.total, shares), panels = ceil_div(r->panels, parts);
		int64_t blocks = ceil_div(tiles, capacity);
		int64_t multiply = tiles * panels * r->depth * WINOGRAD_POINTS;
		int64_t weights = blocks * panels * r->depth * WINOGRAD_POINTS * 32;
		int64_t transform = tiles * r->depth * 10;
		int64_t cost = max64(multiply, weights) + transform;
		if (cost < best) {
			best = cost;
			r->n_parts = parts;
			r->n_blocks = blocks * shares;
			r->block_tiles = ceil_div(r->tiles.total, r->n_blocks);
		}
	}
}

/* Rows of a block's tiles that are multiplied together: sub i starts at tile sub_start(i). */
static int64_t sub_start(int64_t i, int64_t n_subs, int64_t n_tiles)
{
	return n_tiles * i / n_subs;
}

static void transform_block(const struct run *r, float *v, int64_t first, int64_t n_tiles, int64_t n_subs)
{
	struct winograd_tile_in in = { .dtype = r->tiles.in_dtype, .channels = r->tiles.in_channels };
	for (int64_t s = 0; s < n_subs; s++) {
		int64_t start = sub_start(s, n_subs, n_tiles), rows = sub_start(s + 1, n_subs, n_tiles) - start;
		struct winograd_place place = {
			.plane = r->v_plane,
			.pair = 2 * rows * WINOGRAD_CHUNK, .odd = rows * WINOGRAD_CHUNK, .channels = r->depth,
		};
		for (int64_t i = 0; i < rows; i++) {
			place.to = v + start * r->depth + i * WINOGRAD_CHUNK;
			winograd_tile_input(&r->tiles, first + start + i, in.pixel);
			ISA_PICK(winograd_input)(&place, &in);
		}
	}
}

/* m [point][tile][GEMM_COLUMNS] = the block's products for one panel. */
static void multiply_panel(const struct run *r, float *m, const float *v, int64_t panel, int64_t n_tiles, int64_t n_subs)
{
	int columns = (int)min64(GEMM_COLUMNS, r->tiles.out_channels - panel * WINOGRAD_PANEL);
	for (int64_t x = 0; x < WINOGRAD_POINTS; x++) {
		const float *u = r->u + (panel * WINOGRAD_POINTS + x) * r->u_plane;
		const float *vx = v + x * r->v_plane;
		float *mx = m + x * r->m_plane;
		for (int64_t s = 0; s < n_subs; s++) {
			int64_t start = sub_start(s, n_subs, n_tiles);
			int rows = (int)(sub_start(s + 1, n_subs, n_tiles) - start);
			/* The next weights are fetched line by line, half of their lines with each tile of rows. */
			const float *next = u + r->u_plane + s % 2 * (GEMM_COLUMNS / 2);
			ISA_PICK(gemm_rows)(mx + start * GEMM_COLUMNS, vx + start * r->depth, u, next, rows, columns, r->depth);
		}
	}
}

static void store_panel(const struct run *r, const float *m, int64_t panel, int64_t first, int64_t n_tiles)
{
	int64_t channel = panel * WINOGRAD_PANEL;
	struct winograd_tile_out out = {
		.dtype = r->tiles.out_dtype, .add = r->add, .relu = r->relu,
		.bias = r->bias == NULL ? NULL : r->bias + channel,
		.channels = (int)min64(WINOGRAD_PANEL, r->tiles.out_channels - channel),
	};
	int64_t offset = channel * (int64_t)dtype_size(out.dtype);
	for (int64_t i = 0; i < n_tiles; i++) {
		winograd_tile_output(&r->tiles, first + i, out.pixel);
		for (int p = 0; p < WINOGRAD_OUT * WINOGRAD_OUT; p++)
			if (out.pixel[p] != NULL)
				out.pixel[p] = (char *)out.pixel[p] + offset;
		ISA_PICK(winograd_output)(&out, m + i * GEMM_COLUMNS, r->m_plane);
	}
}

static void run_block(const struct run *r, float *v, float *m, int64_t block, int64_t part)
{
	int64_t first = r->tiles.total * block / r->n_blocks;
	int64_t n_tiles = r->tiles.total * (block + 1) / r->n_blocks - first;
	int64_t n_subs = ceil_div(n_tiles, GEMM_ROWS);
	transform_block(r, v, first, n_tiles, n_subs);
	for (int64_t p = r->panels * part / r->n_parts; p < r->panels * (part + 1) / r->n_parts; p++) {
		multiply_panel(r, m, v, p, n_tiles, n_subs);
		store_panel(r, m, p, first, n_tiles);
	}
}

static int run_all(struct run *r, struct arena *scratch)
{
	int threads = omp_get_max_threads();
	r->depth = winograd_padded(r->tiles.in_channels);
	r->panels = winograd_panels(r->tiles.out_channels);
	if (r->tiles.total == 0)
		return 0;
	choose_shares(r, threads);
	r->u_plane = winograd_plane(r->depth * GEMM_COLUMNS);
	r->v_plane = winograd_plane(r->block_tiles * r->depth);
	r->m_plane = winograd_plane(r->block_tiles * GEMM_COLUMNS);
	int64_t v_size = WINOGRAD_POINTS * r->v_plane, m_size = WINOGRAD_POINTS * r->m_plane;
	float *work = arena_alloc(scratch, (size_t)(threads * (v_size + m_size)) * sizeof(float));
	if (work == NULL)
		return -1;
#pragma omp parallel num_threads(threads)
	{
		float *v = work + omp_get_thread_num() * (v_size + m_size);
#pragma omp for schedule(dynamic) collapse(2)
		for (int64_t block = 0; block < r->n_blocks; block++)
			for (int64_t part = 0; part < r->n_parts; part++)
				run_block(r, v, v + v_size, block, part);
	}
	return 0;
}

int winograd_forward(const struct winograd_map *maps, int n_maps, const float *u, const float *bias,
	const struct winograd_param *p, struct arena *scratch)
{
	struct run r = { .u = u, .bias = bias, .add = p->add, .relu = p->relu };
	TRY(winograd_tiles_init(&r.tiles, maps, n_maps, p, WINOGRAD_FORWARD, scratch));
	return run_all(&r, scratch);
}

int winograd_backward_data(const struct winograd_map *maps, int n_maps, const float *u,
	const struct winograd_param *p, struct arena *scratch)
{
	struct run r = { .u = u, .add = p->add };
	TRY(winograd_tiles_init(&r.tiles, maps, n_maps, p, WINOGRAD_BACKWARD_DATA, scratch));
	return run_all(&r, scratch);
}

bool winograd_pays(const struct winograd_map *maps, int n_maps, const struct winograd_param *p)
{
	int64_t tiles = 0, pixels = 0;
	for (int i = 0; i < n_maps; i++) {
		int64_t h = maps[i].h + 2 * p->pad - 2, w = maps[i].w + 2 * p->pad - 2;
		tiles += maps[i].n * ceil_div(h, WINOGRAD_OUT) * ceil_div(w, WINOGRAD_OUT);
		pixels += maps[i].n * h * w;
	}
	/* Multiplications of both ways, and the weights' bytes in units of what is multiplied in that time. */
	return p->ci >= 16 && p->co >= 16 && (tiles + 24) * WINOGRAD_POINTS < pixels * 9;
}
