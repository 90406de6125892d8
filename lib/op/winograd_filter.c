/*
 * Weights between their [co ci 3 3] order and the transformed panels
 * [panel][point][row][WINOGRAD_PANEL], where a row is a channel that is summed over and a panel
 * holds 32 of the others, both padded with zeros.
 */
#include "op/winograd.h"
#include "op/winograd_filter.h"
#include "op/winograd_kernel.h"
#include "op/winograd_tiles.h"

size_t winograd_weights_bytes(int64_t ci, int64_t co)
{
	/* Either transform fits. */
	int64_t forward = winograd_panels(co) * winograd_plane(winograd_padded(ci) * WINOGRAD_PANEL);
	int64_t backward = winograd_panels(ci) * winograd_plane(winograd_padded(co) * WINOGRAD_PANEL);
	int64_t size = forward > backward ? forward : backward;
	return (size_t)(size * WINOGRAD_POINTS) * sizeof(float);
}

/* How one direction finds w's element: rows and columns are channels, `turned` counts the taps backwards. */
struct order {
	int64_t rows, columns;
	int64_t row_stride, column_stride;
	bool turned;
};

/* g [16][9][WINOGRAD_PANEL] from w. */
static void gather(float *g, const float *w, const struct order *o, int64_t row, int64_t column)
{
	for (int64_t c = 0; c < WINOGRAD_PANEL; c++)
		for (int64_t r = 0; r < WINOGRAD_CHUNK; r++) {
			float *to = g + r * 9 * WINOGRAD_PANEL + c;
			bool inside = row + r < o->rows && column + c < o->columns;
			const float *from = w + (row + r) * o->row_stride + (column + c) * o->column_stride;
			for (int tap = 0; tap < 9; tap++)
				to[tap * WINOGRAD_PANEL] = inside ? from[o->turned ? 8 - tap : tap] : 0;
		}
}

static void transform(float *u, const float *w, const struct order *o)
{
	int64_t rows = winograd_padded(o->rows), panels = winograd_panels(o->columns);
	int64_t plane = winograd_plane(rows * WINOGRAD_PANEL);
#pragma omp parallel for collapse(2)
	for (int64_t panel = 0; panel < panels; panel++)
		for (int64_t row = 0; row < rows; row += WINOGRAD_CHUNK) {
			float g[WINOGRAD_CHUNK * 9 * WINOGRAD_PANEL] __attribute__((aligned(64)));
			gather(g, w, o, row, panel * WINOGRAD_PANEL);
			ISA_PICK(winograd_filter)(u + panel * WINOGRAD_POINTS * plane + row * WINOGRAD_PANEL, plane, g);
		}
}

void winograd_transform_weights(float *u, const float *w, int64_t ci, int64_t co)
{
	transform(u, w, &(struct order){ .rows = ci, .columns = co, .row_stride = 9, .column_stride = ci * 9 });
}

void winograd_transform_weights_backward(float *u, const float *w, int64_t ci, int64_t co)
{
	transform(u, w, &(struct order){ .rows = co, .columns = ci, .row_stride = ci * 9, .column_stride = 9, .turned = true });
}

void winograd_filter_scatter(float *dw, const float *du, int64_t ci, int64_t co, int64_t panel, int64_t row)
{
	float g[WINOGRAD_CHUNK * 9 * WINOGRAD_PANEL] __attribute__((aligned(64)));
	int64_t plane = winograd_plane(winograd_padded(ci) * WINOGRAD_PANEL), column = panel * WINOGRAD_PANEL;
	ISA_PICK(winograd_filter_gradient)(g, du + panel * WINOGRAD_POINTS * plane + row * WINOGRAD_PANEL, plane);
	for (int64_t c = 0; c < WINOGRAD_PANEL && column + c < co; c++)
		for (int64_t r = 0; r < WINOGRAD_CHUNK && row + r < ci; r++) {
			float *to = dw + ((column + c) * ci + row + r) * 9;
			for (int tap = 0; tap < 9; tap++)
				to[tap] += g[(r * 9 + tap) * WINOGRAD_PANEL + c];
		}
}
