/* What a sample has of its objects: all of it for some of them. */
#include "record/fields.h"
#include "record/kinds.h"

#include <math.h>
#include <string.h>

/* Elements kept[0..n-1] of an array, in arena memory; NULL when there is no array. */
static int gather(const void **out, const void *in, size_t size, const int64_t *kept, int64_t n, struct arena *a)
{
	*out = NULL;
	if (in == NULL)
		return 0;
	uint8_t *copy = arena_alloc(a, (size_t)n * size + 1);
	if (copy == NULL)
		return -1;
	for (int64_t i = 0; i < n; i++)
		memcpy(copy + (size_t)i * size, (const uint8_t *)in + (size_t)kept[i] * size, size);
	*out = copy;
	return 0;
}

static int take_points(struct tensor *out, const struct tensor *k, const int64_t *kept, int64_t n, struct arena *a)
{
	const void *copy;
	if (k->data == NULL)
		return 0;
	TRY(gather(&copy, k->data, (size_t)k->dim[1] * 3 * dtype_size((int)k->dtype), kept, n, a));
	*out = tensor_view(k->dtype, 3, (int64_t[]){ n, k->dim[1], 3 }, (void *)(uintptr_t)copy);
	return 0;
}

int sample_take(struct sample *out, const struct sample *in, const int64_t *kept, int64_t n, struct arena *a)
{
	const void *masks, *members;
	for (const struct field *f = sample_kind.fields; f->key != NULL; f++) {
		if (f->kind != FIELD_KIND_ROWS)
			continue;
		const void **to = (void *)((uint8_t *)out + f->at);
		const void *from = *(const void *const *)(const void *)((const uint8_t *)in + f->at);
		TRY(gather(to, from, dtype_size(f->dtype) * (size_t)(f->columns > 1 ? f->columns : 1), kept, n, a));
	}
	TRY(gather(&masks, in->masks, sizeof *in->masks, kept, n, a));
	TRY(gather(&members, in->object_members, sizeof *in->object_members, kept, n, a));
	out->masks = masks;
	out->object_members = members;
	out->n = n;
	TRY(take_points(&out->keypoints, &in->keypoints, kept, n, a));
	return take_points(&out->points, &in->points, kept, n, a);
}

/* The decimal of fewest digits behind the point that rounds to value; *scale is 10 to their number. */
static double decimal(float value, double *scale)
{
	double nearest = value;
	for (*scale = 1; *scale <= 1e6; *scale *= 10) {
		nearest = rint((double)value * *scale) / *scale;
		if ((float)nearest == value)
			return nearest;
	}
	return value;
}

void sample_bbox(double bbox[4], const float box[4])
{
	for (int i = 0; i < 2; i++) {
		double low_scale, high_scale;
		double low = decimal(box[i], &low_scale), high = decimal(box[i + 2], &high_scale);
		double scale = fmax(low_scale, high_scale);
		bbox[i] = low;
		bbox[i + 2] = scale <= 1e6 ? rint((high - low) * scale) / scale : high - low;
	}
}

double sample_decimal(float value)
{
	double scale;
	return decimal(value, &scale);
}
