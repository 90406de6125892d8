/*
 * conv_pack: maps in f32 or bf16 to the f32 operands of gemm_tile and back.
 */
#ifndef OP_CONV_PACK_H
#define OP_CONV_PACK_H

#include "base/isa.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * `count` channels of a pixel, in pieces of GEMM_DEPTH that go `stride` floats apart, the last
 * one filled up with zeros. `from` NULL: a pixel of the padding, zeros.
 */
ISA_DECLARE(void, conv_pack_f32, (float *to, long stride, const float *from, long count))
ISA_DECLARE(void, conv_pack_bf16, (float *to, long stride, const uint16_t *from, long count))

/* to = sums (+ bias) (+ to), then ReLU; bias NULL: none. */
ISA_DECLARE(void, conv_store_f32, (float *to, const float *sums, const float *bias, bool add, bool relu, long count))
ISA_DECLARE(void, conv_store_bf16, (uint16_t *to, const float *sums, const float *bias, bool add, bool relu, long count))

#endif
