#include "detect/nms.h"

#include <stdbool.h>

static bool overlaps(const float *a, const float *b, float max_iou)
{
	float x0 = a[0] > b[0] ? a[0] : b[0], y0 = a[1] > b[1] ? a[1] : b[1];
	float x1 = a[2] < b[2] ? a[2] : b[2], y1 = a[3] < b[3] ? a[3] : b[3];
	if (x1 <= x0 || y1 <= y0)
		return false;
	float common = (x1 - x0) * (y1 - y0);
	float area_a = (a[2] - a[0]) * (a[3] - a[1]), area_b = (b[2] - b[0]) * (b[3] - b[1]);
	return common / (area_a + area_b - common) > max_iou;
}

int64_t nms(int64_t *keep, const float *boxes, const int32_t *labels, int64_t n, float max_iou, int64_t max_keep)
{
	int64_t kept = 0;
	for (int64_t i = 0; i < n && kept < max_keep; i++) {
		bool suppressed = false;
		for (int64_t j = 0; j < kept && !suppressed; j++)
			suppressed = labels[keep[j]] == labels[i] &&
				overlaps(boxes + 4 * keep[j], boxes + 4 * i, max_iou);
		if (!suppressed)
			keep[kept++] = i;
	}
	return kept;
}
