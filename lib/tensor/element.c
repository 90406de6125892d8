#include "tensor/element.h"

#include <math.h>

double element_get(const struct tensor *t, int64_t i)
{
	switch (t->dtype) {
	case DTYPE_U8:
		return ((const uint8_t *)t->data)[i];
	case DTYPE_I32:
		return ((const int32_t *)t->data)[i];
	case DTYPE_I64:
		return (double)((const int64_t *)t->data)[i];
	case DTYPE_F32:
		return (double)((const float *)t->data)[i];
	case DTYPE_F64:
		return ((const double *)t->data)[i];
	case DTYPE_BF16:
		return (double)bf16_to_f32(((const uint16_t *)t->data)[i]);
	}
	return 0;
}

void element_set(const struct tensor *t, int64_t i, double x)
{
	switch (t->dtype) {
	case DTYPE_U8:
		((uint8_t *)t->data)[i] = (uint8_t)rint(x);
		break;
	case DTYPE_I32:
		((int32_t *)t->data)[i] = (int32_t)rint(x);
		break;
	case DTYPE_I64:
		((int64_t *)t->data)[i] = (int64_t)rint(x);
		break;
	case DTYPE_F32:
		((float *)t->data)[i] = (float)x;
		break;
	case DTYPE_F64:
		((double *)t->data)[i] = x;
		break;
	case DTYPE_BF16:
		((uint16_t *)t->data)[i] = f32_to_bf16((float)x);
		break;
	}
}
