/* What happens to keypoints when the pixels move. */
#include "augment/objects.h"

#include "image/affine.h"

static void move_keypoint(float *to, const float *from, const double m[6], const struct sample *frame,
			  const struct convex *view)
{
	double x = (double)from[0] + 0.5, y = (double)from[1] + 0.5;
	affine_point(m, &x, &y);
	bool seen = from[2] > 0 && x >= 0 && y >= 0 && x < frame->valid_w && y < frame->valid_h &&
		(view == NULL || convex_holds(view, x, y));
	to[0] = seen ? (float)(x - 0.5) : 0;
	to[1] = seen ? (float)(y - 0.5) : 0;
	to[2] = seen ? from[2] : 0;
}

static bool is_labelled(const float *points, int64_t k)
{
	for (int64_t j = 0; j < k; j++)
		if (points[3 * j + 2] > 0)
			return true;
	return false;
}

/* The table for an object of that label; NULL: what its k keypoints are in a mirror is not known. */
static const struct keypoint_twins *find_twins(const struct objects_param *how, int32_t label, int64_t k)
{
	const struct keypoint_twins *t = how->twins != NULL ? &how->twins[label] : &keypoint_person;
	return k >= t->least && k <= t->most ? t : NULL;
}

/* In a mirrored image a left hand is a right hand, whatever mirrored it: a flip, or the EXIF turn of a stored image. */
int objects_move_keypoints(struct sample *out, const struct sample *in, const double m[6], const int64_t *kept,
			   const struct objects_param *how, struct augment_loss *loss, struct arena *a)
{
	int64_t k = in->keypoints.dim[1];
	bool mirror = m[0] * m[4] - m[1] * m[3] < 0, any = false;
	out->points = (struct tensor){ 0 };	/* these are of the image as it was annotated */
	if (in->keypoints.data == NULL)
		return 0;
	TRY(tensor_new(&out->keypoints, a, DTYPE_F32, 3, (int64_t[]){ out->n, k, 3 }));
	for (int64_t i = 0; i < out->n; i++) {
		float *to = (float *)out->keypoints.data + i * k * 3;
		const float *from = (const float *)in->keypoints.data + kept[i] * k * 3;
		const struct keypoint_twins *t = mirror ? find_twins(how, in->labels[kept[i]], k) : NULL;
		bool lost = mirror && t == NULL;
		any |= !lost;
		loss->keypoints += lost && is_labelled(from, k);
		for (int64_t j = 0; j < k; j++) {
			int64_t twin = t != NULL && j < t->least ? t->twin[j] : j;
			if (lost)
				to[3 * j] = to[3 * j + 1] = to[3 * j + 2] = 0;
			else
				move_keypoint(to + 3 * twin, from + 3 * j, m, out, how->view);
		}
	}
	if (!any)
		out->keypoints = (struct tensor){ 0 };
	return 0;
}
