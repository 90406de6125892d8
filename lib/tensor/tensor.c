#include "tensor/tensor.h"

#include <stdio.h>
#include <string.h>

size_t dtype_size(int dtype)
{
	static const size_t size[] = { 0, 1, 4, 8, 4, 8, 2 };
	return dtype >= DTYPE_U8 && dtype <= DTYPE_BF16 ? size[dtype] : 0;
}

const char *dtype_name(int dtype)
{
	static const char *const name[] = { "?", "u8", "i32", "i64", "f32", "f64", "bf16" };
	return dtype >= DTYPE_U8 && dtype <= DTYPE_BF16 ? name[dtype] : "?";
}

int64_t tensor_count(const struct tensor *t)
{
	int64_t n = 1;
	for (int i = 0; i < t->rank; i++)
		n *= t->dim[i];
	return n;
}

size_t tensor_bytes(const struct tensor *t)
{
	return (size_t)tensor_count(t) * dtype_size((int)t->dtype);
}

struct tensor tensor_view(enum dtype dtype, int rank, const int64_t *dim, void *data)
{
	struct tensor t = { .dtype = dtype, .rank = rank, .data = data };
	for (int i = 0; i < rank; i++)
		t.dim[i] = dim[i];
	return t;
}

struct tensor tensor_shape(enum dtype dtype, int rank, const int64_t *dim)
{
	return tensor_view(dtype, rank, dim, NULL);
}

int tensor_new(struct tensor *t, struct arena *a, enum dtype dtype, int rank, const int64_t *dim)
{
	if (rank < 0 || rank > TENSOR_MAX_RANK)
		return err_set("tensor: rank %d is not between 0 and %d", rank, TENSOR_MAX_RANK);
	size_t bytes = dtype_size((int)dtype);
	for (int i = 0; i < rank; i++)
		if (dim[i] < 0 || __builtin_mul_overflow(bytes, (size_t)dim[i], &bytes))
			return err_set("tensor: dimension %d of %lld is out of range", i, (long long)dim[i]);
	*t = tensor_view(dtype, rank, dim, NULL);
	t->data = arena_alloc(a, bytes);
	return t->data == NULL ? -1 : 0;
}

bool tensor_same_shape(const struct tensor *a, const struct tensor *b)
{
	return a->dtype == b->dtype && a->rank == b->rank &&
	       memcmp(a->dim, b->dim, (size_t)a->rank * sizeof a->dim[0]) == 0;
}

const char *tensor_shape_text(const struct tensor *t, char text[96])
{
	size_t used = 0;
	for (int i = 0; i < t->rank && used < 96; i++)
		used += (size_t)snprintf(text + used, 96 - used, "%s%lld", i == 0 ? "[" : " ", (long long)t->dim[i]);
	if (t->rank == 0)
		strcpy(text, "[");
	if (strlen(text) < 95)
		strcat(text, "]");
	return text;
}
