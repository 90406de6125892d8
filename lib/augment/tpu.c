#include "augment/tpu.h"

#include "augment/stepwise.h"
#include "image/resize_corner.h"

#include <math.h>
#include <string.h>

static void mirror(struct tensor *image)
{
	int64_t w = image->dim[1], h = image->dim[0];
	uint8_t *rgb = image->data, swap[3];
	for (int64_t y = 0; y < h; y++)
		for (int64_t x = 0; x < w / 2; x++) {
			uint8_t *left = rgb + (y * w + x) * 3, *right = rgb + (y * w + w - 1 - x) * 3;
			memcpy(swap, left, 3);
			memcpy(left, right, 3);
			memcpy(right, swap, 3);
		}
}

/* y0 x0 y1 x1 as fractions, in single precision. */
static int fractions(float **out, const struct augment_source *source, int w, int h, struct arena *a)
{
	float *boxes = arena_alloc(a, (size_t)source->n * 4 * sizeof *boxes + 1);
	if (boxes == NULL)
		return -1;
	for (int64_t i = 0; i < source->n * 4; i++)
		boxes[i] = (float)(source->boxes[i ^ 1] / (i % 2 == 0 ? h : w));
	*out = boxes;
	return 0;
}

/* One axis of a box on the canvas. */
static void place(float *low, float *high, float from, float to, int source, int scaled, int offset, int canvas)
{
	float scale = (float)scaled / (float)source, side = (float)source, end = (float)(canvas - 1);
	from = from * side * scale - (float)offset;
	to = to * side * scale - (float)offset;
	*low = fminf(fmaxf(from, 0), end);
	*high = fminf(fmaxf(to, 0), end);
}

static void place_boxes(float *placed, const struct augment_frame *frame, const uint8_t *iscrowd,
			const struct augment_plan *plan)
{
	memset(placed, 0, (size_t)frame->n * 4 * sizeof *placed);
	for (int64_t i = 0; i < frame->n; i++) {
		const float *box = frame->tpu_boxes + 4 * i;
		float x0 = plan->mirror ? 1 - box[3] : box[1], x1 = plan->mirror ? 1 - box[1] : box[3];
		if (iscrowd != NULL && iscrowd[i])
			continue;
		place(&placed[4 * i], &placed[4 * i + 2], x0, x1, plan->source_w, plan->scaled_w, plan->x, plan->out_w);
		place(&placed[4 * i + 1], &placed[4 * i + 3], box[0], box[2], plan->source_h, plan->scaled_h, plan->y,
		      plan->out_h);
	}
}

/* Steps on the window that was cut as always. */
static int late_steps(const struct image_region *out, struct tensor *pixels, const struct augment_source *source,
		      const struct augment_plan *plan, struct arena *a)
{
	struct augment_plan window = *plan;
	struct augment_frame frame = { .image = *out };
	window.n_steps = 0;
	affine_identity(frame.m);
	TRY(augment_fused(pixels, source, &window, a));
	for (int i = 0; i < plan->n_steps; i++)
		TRY(augment_stepwise(&frame, &plan->steps[i], AUGMENT_TPU, a));
	return 0;
}

int augment_tpu(struct tensor *pixels, float *placed, const struct augment_source *source, const uint8_t *iscrowd,
		const struct augment_plan *plan, struct arena *a)
{
	struct tensor upright;
	struct image_region out = image_region_of(pixels);
	out.w = plan->valid_w;
	out.h = plan->valid_h;
	if (plan->late)
		return late_steps(&out, pixels, source, plan, a);
	TRY(augment_upright(&upright, source, a));
	struct augment_frame frame = { .image = image_region_of(&upright), .n = source->n };
	affine_identity(frame.m);
	TRY(fractions(&frame.tpu_boxes, source, plan->source_w, plan->source_h, a));
	for (int i = 0; i < plan->n_steps; i++)
		TRY(augment_stepwise(&frame, &plan->steps[i], AUGMENT_TPU, a));
	if (plan->mirror)
		mirror(&upright);
	place_boxes(placed, &frame, iscrowd, plan);
	return image_resize_corner(&out, &upright, plan->scaled_w, plan->scaled_h, plan->x, plan->y, a);
}
