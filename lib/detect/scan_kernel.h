/*
 * scan_kernel: find the few high numbers among many, compiled for each instruction level.
 */
#ifndef DETECT_SCAN_KERNEL_H
#define DETECT_SCAN_KERNEL_H

#include "base/isa.h"

#include <stdint.h>

/* The first index from i on with x[index] >= least; n when there is none. A NaN is never it. */
ISA_DECLARE(int64_t, scan_above_f32, (const float *x, int64_t i, int64_t n, float least))
ISA_DECLARE(int64_t, scan_above_bf16, (const uint16_t *x, int64_t i, int64_t n, float least))

#endif
