#include "tensor/stored.h"

#include <string.h>

static const struct stored_dtype table[] = {
	{ "u8", "U8", "ByteStorage", 1, DTYPE_U8 },
	{ "i32", "I32", "IntStorage", 4, DTYPE_I32 },
	{ "i64", "I64", "LongStorage", 8, DTYPE_I64 },
	{ "f32", "F32", "FloatStorage", 4, DTYPE_F32 },
	{ "f64", "F64", "DoubleStorage", 8, DTYPE_F64 },
	{ "bf16", "BF16", "BFloat16Storage", 2, DTYPE_BF16 },
	{ "f16", "F16", "HalfStorage", 2, DTYPE_F32 },
	{ "i16", "I16", "ShortStorage", 2, DTYPE_I32 },
	{ "i8", "I8", "CharStorage", 1, DTYPE_I32 },
	{ "bool", "BOOL", "BoolStorage", 1, DTYPE_U8 },
};

enum { N_TYPES = sizeof table / sizeof table[0] };

const struct stored_dtype *stored_dtype_safetensors(const char *name)
{
	for (int i = 0; i < N_TYPES; i++)
		if (strcmp(table[i].safetensors, name) == 0)
			return &table[i];
	return NULL;
}

const struct stored_dtype *stored_dtype_torch(const char *name, size_t size)
{
	for (int i = 0; i < N_TYPES; i++)
		if (strlen(table[i].torch) == size && memcmp(table[i].torch, name, size) == 0)
			return &table[i];
	return NULL;
}

const struct stored_dtype *stored_dtype_of(enum dtype dtype)
{
	return &table[(int)dtype - 1];	/* the first of the table are in the order of the dtypes */
}

bool stored_dtype_is_plain(const struct stored_dtype *s)
{
	return strcmp(s->name, dtype_name((int)s->dtype)) == 0;
}

/* IEEE binary16: 1 bit of sign, 5 of exponent with bias 15, 10 of fraction. */
static float f16_to_f32(uint16_t h)
{
	uint32_t sign = (uint32_t)(h & 0x8000) << 16, exponent = h >> 10 & 31, fraction = h & 0x3ff;
	union { uint32_t u; float f; } v = { .u = sign };
	if (exponent == 0) {
		float tiny = (float)fraction * 0x1p-24f;
		return sign != 0 ? -tiny : tiny;
	}
	v.u |= (exponent == 31 ? 255u : exponent + 112u) << 23 | fraction << 13;
	return v.f;
}

void stored_widen(void *to, const void *from, const struct stored_dtype *s)
{
	uint16_t half;
	int8_t byte;
	if (stored_dtype_is_plain(s)) {
		memcpy(to, from, s->size);
	} else if (s->dtype == DTYPE_F32) {
		memcpy(&half, from, sizeof half);
		*(float *)to = f16_to_f32(half);
	} else if (s->dtype == DTYPE_U8) {
		*(uint8_t *)to = *(const uint8_t *)from != 0;
	} else if (s->size == sizeof half) {
		memcpy(&half, from, sizeof half);
		*(int32_t *)to = (int16_t)half;
	} else {
		memcpy(&byte, from, sizeof byte);
		*(int32_t *)to = byte;
	}
}
