/* Matching's loops over all anchors; see matching.c. All in f32 in a fixed order: the bits are the same at every level. */
#include "base/isa.h"
#include "detect/matching_kernel.h"

static inline float overlap(const struct anchors *a, int64_t i, const float box[4], float *area)
{
	float x0 = a->x0[i] > box[0] ? a->x0[i] : box[0];
	float y0 = a->y0[i] > box[1] ? a->y0[i] : box[1];
	float x1 = a->x1[i] < box[2] ? a->x1[i] : box[2];
	float y1 = a->y1[i] < box[3] ? a->y1[i] : box[3];
	float w = x1 - x0, h = y1 - y0;
	*area = (a->x1[i] - a->x0[i]) * (a->y1[i] - a->y0[i]);
	w = w > 0.0f ? w : 0.0f;
	h = h > 0.0f ? h : 0.0f;
	return w * h;
}

/* The order of the additions is that of torchvision's box_iou(object, anchor). */
static inline float iou(const struct anchors *a, int64_t i, const float box[4], float box_area)
{
	float area, common = overlap(a, i, box, &area);
	return common / (box_area + area - common);
}

float ISA_NAME(match_best)(float *restrict best, int32_t *restrict which, const struct anchors *anchors,
			   const float box[4], int32_t object)
{
	const struct anchors a = *anchors;
	const float b[4] = { box[0], box[1], box[2], box[3] };
	float area = (b[2] - b[0]) * (b[3] - b[1]), highest = 0.0f;
#pragma omp simd reduction(max : highest)
	for (int64_t i = 0; i < a.n; i++) {
		float v = iou(&a, i, b, area);
		which[i] = v > best[i] ? object : which[i];
		best[i] = v > best[i] ? v : best[i];
		highest = v > highest ? v : highest;
	}
	return highest;
}

int64_t ISA_NAME(match_claim)(int32_t *restrict claimed, const struct anchors *anchors, const float box[4], float highest)
{
	const struct anchors a = *anchors;
	const float b[4] = { box[0], box[1], box[2], box[3] };
	float area = (b[2] - b[0]) * (b[3] - b[1]);
	int32_t first = INT32_MAX, n = (int32_t)a.n;
#pragma omp simd reduction(min : first)
	for (int32_t i = 0; i < n; i++) {
		int32_t equal = iou(&a, i, b, area) == highest;
		claimed[i] |= equal;
		int32_t at = equal ? i : INT32_MAX;
		first = at < first ? at : first;
	}
	return first;
}

void ISA_NAME(match_cover)(int32_t *restrict covered, const struct anchors *anchors, const float box[4], float share)
{
	const struct anchors a = *anchors;
	const float b[4] = { box[0], box[1], box[2], box[3] };
	for (int64_t i = 0; i < a.n; i++) {
		float area, common = overlap(&a, i, b, &area);
		covered[i] |= common >= share * area;
	}
}
