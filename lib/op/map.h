/*
 * map: what ops on feature maps share: reading and writing f32 or bf16, checks of
 * shapes, the split of work between threads.
 *
 * A feature map is [N H W C], contiguous, channels last. Kernels are written once,
 * as inline functions with a constant argument `bf16`; arithmetic is always f32.
 */
#ifndef OP_MAP_H
#define OP_MAP_H

#include "op/op.h"

#include <stdbool.h>
#include <stdint.h>

/* For kernel bodies that become one loop for each combination of their constant arguments. */
#define MAP_INLINE static inline __attribute__((always_inline))

/* Element i of a map. */
MAP_INLINE float map_load(const void *map, int64_t i, bool bf16)
{
	return bf16 ? bf16_to_f32(((const uint16_t *)map)[i]) : ((const float *)map)[i];
}

MAP_INLINE void map_store(void *map, int64_t i, float value, bool bf16)
{
	if (bf16)
		((uint16_t *)map)[i] = f32_to_bf16(value);
	else
		((float *)map)[i] = value;
}

/* max(x, 0), but a NaN stays one, as in torch. */
MAP_INLINE float map_relu(float x)
{
	return x < 0 ? 0 : x;
}

/*
 * The gradient dy of an output y of a relu; a NaN of y lets it pass, as in torch. By bits, because
 * GCC would turn a choice into a branch around the load of dy and not vectorise it.
 */
MAP_INLINE float map_pass(float dy, float y)
{
	union { float f; uint32_t u; } v = { .f = dy };
	v.u &= y <= 0 ? 0 : 0xffffffffu;
	return v.f;
}

/* The address of element i. */
static inline void *map_at(const struct tensor *map, int64_t i)
{
	return map->data == NULL ? NULL : (char *)map->data + (size_t)i * dtype_size((int)map->dtype);
}

/* Pixels of one image: H*W. */
static inline int64_t map_pixels(const struct tensor *map)
{
	return map->dim[1] * map->dim[2];
}

/* Whether gradient i has to be added to what din[i] holds. */
static inline bool map_adds(const struct op_call *c, int i)
{
	return (c->add_mask >> i & 1) != 0;
}

/* Error: t is no f32 or bf16 map with at least one element. `what` names it in the message. */
int map_check(const char *op, const char *what, const struct tensor *t) MUST_CHECK;

/* Error: t has not the dtype and shape of `like`. */
int map_check_same(const char *op, const char *what, const struct tensor *t, const struct tensor *like) MUST_CHECK;

/* Error: t is not f32 [channels]. */
int map_check_channels(const char *op, const char *what, const struct tensor *t, int64_t channels) MUST_CHECK;

/* Error: the call has not n inputs, and one more with a residual (without one it may be there and absent). */
int map_check_inputs(const char *op, const struct op_call *c, int n, bool residual) MUST_CHECK;

/* The answer of backward() when no output has a gradient: zeros where nothing is added. */
void map_zero_gradients(struct op_call *c);

/* The part lo <= i < hi of `total` items that belongs to the calling OpenMP thread. */
void map_share(int64_t total, int64_t *lo, int64_t *hi);

/* Threads worth starting for work on that many bytes: waking one costs as much as copying a few ten KB. */
int map_threads(int64_t bytes);

#endif
