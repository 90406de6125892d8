/*
 * winograd_kernel: the vectorised parts of the Winograd convolution; see winograd.h.
 *
 * Transformed data is 36 planes, one for each point (row and column of a 6x6 tile). A tile's
 * channels come in chunks of 16; where chunk c of a tile lies in its plane is
 * (c / 2) * pair + (c % 2) * odd, which covers the three layouts in use:
 *
 *     rows of gemm_rows     [chunk][rows][16]      pair = 32 * rows, odd = 16 * rows
 *     left of gemm_outer    [tile][chunk][16]      pair = 32, odd = 16
 *     panels of columns     [chunk / 2][tile][32]  pair = 32 * tiles, odd = 16
 *
 * Channels beyond the map's, up to the `channels` of the place, are written as zeros.
 *
 * The six points are 0, +-5/8, +-3/2 and infinity. Of the symmetric sets (which all cost the
 * same) that are exact in binary this one has the least error: the outputs are off by 1.4e-6
 * (rms, relative; 256 channels) where the customary 0, +-1, +-2 give 3.2e-6.
 */
#ifndef OP_WINOGRAD_KERNEL_H
#define OP_WINOGRAD_KERNEL_H

#include "base/isa.h"
#include "tensor/tensor.h"

enum {
	WINOGRAD_POINTS = 36,
	WINOGRAD_IN = 6,	/* side of an input tile */
	WINOGRAD_OUT = 4,	/* side of an output tile */
	WINOGRAD_CHUNK = 16,	/* channels that lie together */
	WINOGRAD_PANEL = 32,	/* columns of a panel: GEMM_COLUMNS */
};

struct winograd_place {
	float *to;	/* the tile's first chunk in plane 0 */
	long plane;	/* floats from plane to plane */
	long pair, odd;
	long channels;	/* that are written: a multiple of 16, at least the map's */
};

/* Pixels of a tile in row-major order, each at its first channel; outside the map: a pixel of zeros. */
struct winograd_tile_in {
	const void *pixel[WINOGRAD_IN * WINOGRAD_IN];
	enum dtype dtype;
	long channels;
};

struct winograd_tile_out {
	void *pixel[WINOGRAD_OUT * WINOGRAD_OUT];	/* at the panel's first channel; NULL: outside the map */
	const float *bias;	/* of the panel's channels; NULL: none */
	enum dtype dtype;
	int channels;	/* 1 .. WINOGRAD_PANEL */
	bool add, relu;
};

/* B' d B of all channels of a 6x6 tile. */
ISA_DECLARE(void, winograd_input, (const struct winograd_place *v, const struct winograd_tile_in *d))

/* A dy A' of all channels of a 4x4 tile (the first 16 pixels of dy): the adjoint of winograd_output. */
ISA_DECLARE(void, winograd_gradient, (const struct winograd_place *v, const struct winograd_tile_in *dy))

/* A' m A of one panel; m [WINOGRAD_PANEL] of plane 0, planes `plane` floats apart. */
ISA_DECLARE(void, winograd_output, (const struct winograd_tile_out *y, const float *m, long plane))

/*
 * U = G g G' of 16 rows of one panel.
 *   g  [16][9][WINOGRAD_PANEL]   u  row of plane 0, rows WINOGRAD_PANEL apart, planes `plane` floats apart
 */
ISA_DECLARE(void, winograd_filter, (float *u, long plane, const float *g))

/* g = G' u G, the adjoint. */
ISA_DECLARE(void, winograd_filter_gradient, (float *g, const float *u, long plane))

/* sum[c] = sum over pixels of dy[pixel][c], added up in the order of the pixels. */
ISA_DECLARE(void, winograd_sum_pixels, (float *sum, const void *dy, int dtype, long pixels, long channels))

#endif
