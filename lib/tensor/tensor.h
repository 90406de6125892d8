/*
 * tensor: a typed view of contiguous memory, rows last (C order).
 *
 * A tensor never owns its data: that belongs to an arena, a record or a
 * parameter, and lives as long as that does. Feature maps are [N H W C].
 *
 *     struct tensor x;
 *     TRY(tensor_new(&x, &arena, DTYPE_F32, 4, (int64_t[]){ 2, 64, 64, 256 }));
 *     float *data = x.data;
 */
#ifndef TENSOR_TENSOR_H
#define TENSOR_TENSOR_H

#include "base/arena.h"
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The numbers are part of the stream format; never change one. */
enum dtype {
	DTYPE_U8 = 1,
	DTYPE_I32 = 2,
	DTYPE_I64 = 3,
	DTYPE_F32 = 4,
	DTYPE_F64 = 5,
	DTYPE_BF16 = 6,
};

enum { TENSOR_MAX_RANK = 6 };

struct tensor {
	enum dtype dtype;
	int rank;
	int64_t dim[TENSOR_MAX_RANK];
	void *data;	/* NULL: no tensor here */
};

/* Bytes of one element; 0 for a number that is no dtype. */
size_t dtype_size(int dtype);

/* "u8", "i32", "i64", "f32", "f64", "bf16"; "?" otherwise. */
const char *dtype_name(int dtype);

/* Number of elements (1 for rank 0), and of bytes. */
int64_t tensor_count(const struct tensor *t);
size_t tensor_bytes(const struct tensor *t);

/* A view of data with the given shape; nothing is allocated. */
struct tensor tensor_view(enum dtype dtype, int rank, const int64_t *dim, void *data);

/* The shape and dtype only; data is NULL. For op->shape(). */
struct tensor tensor_shape(enum dtype dtype, int rank, const int64_t *dim);

/* Give t its data from the arena, not cleared. Error: memory, rank or size out of range. */
int tensor_new(struct tensor *t, struct arena *a, enum dtype dtype, int rank, const int64_t *dim) MUST_CHECK;

/* True when dtype (shape) are the same. */
bool tensor_same_shape(const struct tensor *a, const struct tensor *b);

/* "[2 64 64 256]" into text; returns text. For messages. */
const char *tensor_shape_text(const struct tensor *t, char text[96]);

/*
 * bf16 is the upper half of an f32; rounding is to nearest, ties to even; a NaN stays one. What is
 * too small for a normal number (2^-126) becomes zero of its sign: so do the CPUs' own instructions.
 */
static inline float bf16_to_f32(uint16_t h)
{
	union { uint32_t u; float f; } v = { .u = (uint32_t)h << 16 };
	return v.f;
}

static inline uint16_t f32_to_bf16(float f)
{
	union { float f; uint32_t u; } v = { .f = f };
	uint32_t rounded = v.u + 0x7fffu + ((v.u >> 16) & 1u);
	uint32_t magnitude = v.u & 0x7fffffffu, sign = v.u & 0x80000000u;
	uint32_t number = magnitude < 0x800000u ? sign : rounded;
	return (uint16_t)((magnitude > 0x7f800000u ? v.u | 0x400000u : number) >> 16);
}

#endif
