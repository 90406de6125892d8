/* What happens to boxes, masks and keypoints when the pixels move. */
#include "augment/augment.h"

#include "image/affine.h"

#include <string.h>

/* The odd keypoints 1, 3, .. are a left part and the next one is its right: COCO's 17 of a person. */
enum { PERSON_KEYPOINTS = 17 };

static double clamp(double value, double high)
{
	return value < 0 ? 0 : value > high ? high : value;
}

static bool has_area(const float box[4])
{
	return box[2] > box[0] && box[3] > box[1];
}

/* The box in out's frame, cut to its valid area; false when nothing is left. */
static bool move_box(float out[4], const float in[4], const double m[6], const struct sample *frame)
{
	double box[4] = { in[0], in[1], in[2], in[3] };
	affine_box(box, m, box);
	for (int i = 0; i < 4; i++)
		out[i] = (float)clamp(box[i], i % 2 == 0 ? frame->valid_w : frame->valid_h);
	return has_area(out);
}

/* Elements kept[0..n-1] of an array, in arena memory; NULL when there is no array. */
static int gather(const void **out, const void *in, size_t size, const int64_t *kept, int64_t n, struct arena *a)
{
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

/*
 * Polygons move with the image and are not cut: what lies outside of the valid area is outside of the image.
 * Run-length masks stay only when the image did not change.
 */
static int move_mask(struct sample_mask *mask, const double m[6], bool same_frame, struct augment_loss *loss,
		     struct arena *a)
{
	if (mask->n_polygons == 0) {
		if (mask->rle != NULL && !same_frame) {
			loss->rle_masks++;
			*mask = (struct sample_mask){ 0 };
		}
		return 0;
	}
	struct tensor *moved = arena_alloc(a, (size_t)mask->n_polygons * sizeof *moved);
	if (moved == NULL)
		return -1;
	for (int i = 0; i < mask->n_polygons; i++) {
		const struct tensor *from = &mask->polygons[i];
		TRY(tensor_new(&moved[i], a, DTYPE_F64, 2, from->dim));
		double *points = moved[i].data;
		memcpy(points, from->data, tensor_bytes(from));
		for (int64_t p = 0; p < from->dim[0]; p++)
			affine_point(m, &points[2 * p], &points[2 * p + 1]);
	}
	mask->polygons = moved;
	return 0;
}

static int move_masks(struct sample *out, const struct sample *in, const double m[6], const int64_t *kept,
		      struct augment_loss *loss, struct arena *a)
{
	const void *copy = NULL;
	if (in->masks == NULL)
		return 0;
	bool same_frame = affine_is_identity(m) && out->valid_w == in->valid_w && out->valid_h == in->valid_h &&
			  out->pixels.dim[1] == out->valid_w && out->pixels.dim[0] == out->valid_h;
	TRY(gather(&copy, in->masks, sizeof *in->masks, kept, out->n, a));
	struct sample_mask *masks = (struct sample_mask *)copy;
	for (int64_t i = 0; i < out->n; i++)
		TRY(move_mask(&masks[i], m, same_frame, loss, a));
	out->masks = masks;
	return 0;
}

static void move_keypoint(float *to, const float *from, const double m[6], const struct sample *frame)
{
	double x = from[0], y = from[1];
	affine_point(m, &x, &y);
	bool seen = from[2] > 0 && x >= 0 && y >= 0 && x < frame->valid_w && y < frame->valid_h;
	to[0] = seen ? (float)x : 0;
	to[1] = seen ? (float)y : 0;
	to[2] = seen ? from[2] : 0;
}

/*
 * A keypoint that leaves the valid area becomes "not labelled" (0 0 0). In a mirrored image a left hand is a
 * right hand; which points exchange their names is known for COCO's person alone.
 */
static int move_keypoints(struct sample *out, const struct sample *in, const double m[6], bool mirror,
			  const int64_t *kept, struct augment_loss *loss, struct arena *a)
{
	int64_t k = in->keypoints.dim[1];
	if (in->keypoints.data == NULL)
		return 0;
	if (mirror && k != PERSON_KEYPOINTS) {
		loss->keypoints += out->n;
		out->keypoints = (struct tensor){ 0 };
		return 0;
	}
	TRY(tensor_new(&out->keypoints, a, DTYPE_F32, 3, (int64_t[]){ out->n, k, 3 }));
	float *to = out->keypoints.data;
	const float *from = in->keypoints.data;
	for (int64_t i = 0; i < out->n; i++)
		for (int64_t j = 0; j < k; j++) {
			int64_t twin = !mirror || j == 0 ? j : j % 2 == 1 ? j + 1 : j - 1;
			move_keypoint(to + (i * k + twin) * 3, from + (kept[i] * k + j) * 3, m, out);
		}
	return 0;
}

static int gather_columns(struct sample *out, const struct sample *in, const int64_t *kept, struct arena *a)
{
	int64_t n = out->n;
	TRY(gather((const void **)&out->labels, in->labels, sizeof *in->labels, kept, n, a));
	TRY(gather((const void **)&out->area, in->area, sizeof *in->area, kept, n, a));
	TRY(gather((const void **)&out->iscrowd, in->iscrowd, sizeof *in->iscrowd, kept, n, a));
	TRY(gather((const void **)&out->ignore, in->ignore, sizeof *in->ignore, kept, n, a));
	TRY(gather((const void **)&out->score, in->score, sizeof *in->score, kept, n, a));
	TRY(gather((const void **)&out->weight, in->weight, sizeof *in->weight, kept, n, a));
	return gather((const void **)&out->object_id, in->object_id, sizeof *in->object_id, kept, n, a);
}

int augment_objects(struct sample *out, const struct sample *in, const double m[6], bool mirror,
		    struct augment_loss *loss, struct arena *a)
{
	int64_t *kept = arena_alloc(a, (size_t)in->n * sizeof *kept + 1);
	float *boxes = arena_alloc(a, (size_t)in->n * 4 * sizeof *boxes + 1);
	if (kept == NULL || boxes == NULL)
		return -1;
	out->n = 0;
	for (int64_t i = 0; i < in->n; i++) {
		if (move_box(boxes + 4 * out->n, in->boxes + 4 * i, m, out))
			kept[out->n++] = i;
		else if (has_area(in->boxes + 4 * i))
			loss->outside++;
		else
			loss->empty++;
	}
	out->boxes = boxes;
	TRY(gather_columns(out, in, kept, a));
	TRY(move_masks(out, in, m, kept, loss, a));
	return move_keypoints(out, in, m, mirror, kept, loss, a);
}
