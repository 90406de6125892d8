/* What happens to keypoints when the pixels move. */
#include "augment/objects.h"

#include "image/affine.h"

/* The odd keypoints 1, 3, .. are a left part and the next one is its right: COCO's 17 of a person. */
enum { PERSON_KEYPOINTS = 17 };

static void move_keypoint(float *to, const float *from, const double m[6], const struct sample *frame)
{
	double x = (double)from[0] + 0.5, y = (double)from[1] + 0.5;
	affine_point(m, &x, &y);
	bool seen = from[2] > 0 && x >= 0 && y >= 0 && x < frame->valid_w && y < frame->valid_h;
	to[0] = seen ? (float)(x - 0.5) : 0;
	to[1] = seen ? (float)(y - 0.5) : 0;
	to[2] = seen ? from[2] : 0;
}

/* In a mirrored image a left hand is a right hand, whatever mirrored it: a flip, or the EXIF turn of a stored image. */
int objects_move_keypoints(struct sample *out, const struct sample *in, const double m[6], const int64_t *kept,
			   struct augment_loss *loss, struct arena *a)
{
	int64_t k = in->keypoints.dim[1];
	bool mirror = m[0] * m[4] - m[1] * m[3] < 0;
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
