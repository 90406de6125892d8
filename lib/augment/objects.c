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

/* Those of out are its own copies of in's. */
static int move_masks(struct sample *out, const struct sample *in, const double m[6], struct augment_loss *loss,
		      struct arena *a)
{
	struct sample_mask *masks = (struct sample_mask *)(uintptr_t)out->masks;
	if (masks == NULL)
		return 0;
	bool same_frame = affine_is_identity(m) && out->valid_w == in->valid_w && out->valid_h == in->valid_h &&
			  out->pixels.dim[1] == out->valid_w && out->pixels.dim[0] == out->valid_h;
	for (int64_t i = 0; i < out->n; i++)
		TRY(move_mask(&masks[i], m, same_frame, loss, a));
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

int augment_objects(struct sample *out, const struct sample *in, const double m[6], bool mirror,
		    struct augment_loss *loss, struct arena *a)
{
	int64_t *kept = arena_alloc(a, (size_t)in->n * sizeof *kept + 1);
	float *boxes = arena_alloc(a, (size_t)in->n * 4 * sizeof *boxes + 1);
	if (kept == NULL || boxes == NULL)
		return -1;
	int64_t n = 0;
	for (int64_t i = 0; i < in->n; i++) {
		if (move_box(boxes + 4 * n, in->boxes + 4 * i, m, out))
			kept[n++] = i;
		else if (has_area(in->boxes + 4 * i))
			loss->outside++;
		else
			loss->empty++;
	}
	TRY(sample_take(out, in, kept, n, a));
	out->boxes = boxes;
	TRY(move_masks(out, in, m, loss, a));
	return move_keypoints(out, in, m, mirror, kept, loss, a);
}
