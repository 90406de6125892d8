/*
 * winograd_tiles: the tiles of several maps, numbered through, and where their pixels are.
 *
 * Tiles are 4x4 pixels of the output; at the right and lower edges they may hang over. Tile
 * numbers go map by map, image by image, row by row.
 */
#ifndef OP_WINOGRAD_TILES_H
#define OP_WINOGRAD_TILES_H

#include "op/winograd.h"
#include "op/winograd_kernel.h"

/* One map as a pass sees it: backward data reads dy as its input and writes dx as its output. */
struct winograd_level {
	const char *in;	/* [n in_h in_w in_channels] */
	char *out;	/* [n out_h out_w out_channels] */
	int64_t n, in_h, in_w, out_h, out_w;
	int64_t tiles_h, tiles_w;
	int64_t first;	/* number of its first tile */
};

struct winograd_tiles {
	struct winograd_level *levels;
	int n_levels;
	int64_t total;
	int64_t in_channels, out_channels;
	int pad;	/* of the pass: 2 - pad for backward data */
	enum dtype in_dtype, out_dtype;
	const char *zeros;	/* a pixel of zeros, enough for either map */
};

enum winograd_pass { WINOGRAD_FORWARD, WINOGRAD_BACKWARD_DATA, WINOGRAD_BACKWARD_WEIGHTS };

/*
 * The tiles of a pass, its arrays from the arena. For backward weights `in` is x and `out` is dy
 * (which is only read).
 * Error: scratch memory; dtypes; a map without pixels.
 */
int winograd_tiles_init(struct winograd_tiles *t, const struct winograd_map *maps, int n_maps,
	const struct winograd_param *p, enum winograd_pass pass, struct arena *scratch) MUST_CHECK;

/* The 6x6 input pixels of a tile; those outside the map are the pixel of zeros. */
void winograd_tile_input(const struct winograd_tiles *t, int64_t tile,
	const void *pixel[WINOGRAD_IN * WINOGRAD_IN]);

/* The 4x4 output pixels of a tile, NULL outside the map. */
void winograd_tile_output(const struct winograd_tiles *t, int64_t tile, void *pixel[WINOGRAD_OUT * WINOGRAD_OUT]);

/* Channels rounded up to whole chunks and to whole panels, and the number of panels. */
static inline int64_t winograd_padded(int64_t channels)
{
	return (channels + WINOGRAD_CHUNK - 1) / WINOGRAD_CHUNK * WINOGRAD_CHUNK;
}

/*
 * Floats from plane to plane when one holds n: an odd number of cache lines, as the 36 planes
 * are written and read side by side and would otherwise share a few sets of the cache.
 */
static inline int64_t winograd_plane(int64_t n)
{
	return ((n + 15) / 16 | 1) * 16;
}

static inline int64_t winograd_panels(int64_t channels)
{
	return (channels + WINOGRAD_PANEL - 1) / WINOGRAD_PANEL;
}

#endif
