/*
 * stored: types that elements have in files of weights. What is not among our own dtypes is widened when it is read,
 * without loss: f16 becomes f32, i8 and i16 become i32, bool becomes u8.
 */
#ifndef TENSOR_STORED_H
#define TENSOR_STORED_H

#include "tensor/tensor.h"

struct stored_dtype {
	const char *name;	/* "f16" */
	const char *safetensors;	/* "F16" */
	const char *torch;	/* "HalfStorage" */
	size_t size;	/* bytes of an element in the file */
	enum dtype dtype;	/* what it becomes */
};

/* The type of that name in one of the formats; NULL when there is none. */
const struct stored_dtype *stored_dtype_safetensors(const char *name);
const struct stored_dtype *stored_dtype_torch(const char *name, size_t size);

/* The one that is exactly this dtype. */
const struct stored_dtype *stored_dtype_of(enum dtype dtype);

/* True when elements are the same in the file and in memory. */
bool stored_dtype_is_plain(const struct stored_dtype *s);

/* One element; `from` need not be aligned. */
void stored_widen(void *to, const void *from, const struct stored_dtype *s);

#endif
