/* winograd_filter: from transformed weight gradients back to [co ci 3 3]. Part of winograd. */
#ifndef OP_WINOGRAD_FILTER_H
#define OP_WINOGRAD_FILTER_H

#include <stdint.h>

/*
 * dw += G' du G for 16 input channels from `row` on and the panel's output channels.
 *   dw  [co ci 3 3]   du  [panel][point][row][WINOGRAD_PANEL], rows padded to 16
 */
void winograd_filter_scatter(float *dw, const float *du, int64_t ci, int64_t co, int64_t panel, int64_t row);

#endif
