/* What happens to the objects of an image when its pixels move. */
#include "augment/objects.h"

#include "image/affine.h"

#include <string.h>

/* What is written while the objects are gone through. */
struct columns {
	int64_t *kept;	/* [n] */
	float *boxes;	/* [n 4] */
	struct sample_mask *masks;	/* [n] */
};

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

/* A box whose sides stay upright and that is not cut is where it was, moved. Any other is drawn anew where a mask tells how. */
static bool is_exact(const float in[4], const float out[4], const double m[6])
{
	double box[4] = { in[0], in[1], in[2], in[3] };
	bool upright = (m[1] == 0 && m[3] == 0) || (m[0] == 0 && m[4] == 0);
	affine_box(box, m, box);
	return upright && (float)box[0] == out[0] && (float)box[1] == out[1] && (float)box[2] == out[2] &&
		(float)box[3] == out[3];
}

/* Object i of `in` becomes the next of out, unless nothing of it is left. */
static int move_object(struct sample *out, struct columns *c, const struct sample *in, int64_t i, const double m[6],
		       const struct objects_param *how, struct augment_loss *loss, struct arena *a)
{
	float *box = c->boxes + 4 * out->n;
	const float *from = in->boxes + 4 * i;
	bool visible, seen = how->placed != NULL ? has_area(how->placed + 4 * i) : move_box(box, from, m, out);
	if (how->placed != NULL)
		memcpy(box, how->placed + 4 * i, 4 * sizeof *box);
	if (seen && in->masks != NULL) {
		struct sample_mask *mask = &c->masks[out->n];
		bool tight = how->placed == NULL && how->boxes == OBJECTS_TIGHT && !is_exact(from, box, m);
		*mask = in->masks[i];
		if (object_mask_move(mask, box, &visible, tight, out, in, m, a) != 0)
			return err_context("object %lld", (long long)i);
		seen = visible || how->placed != NULL;
	}
	if (seen)
		c->kept[out->n++] = i;
	else if (how->placed != NULL && in->iscrowd != NULL && in->iscrowd[i])
		loss->crowd++;
	else if (has_area(from))
		loss->outside++;
	else
		loss->empty++;
	return 0;
}

int augment_objects(struct sample *out, const struct sample *in, const double m[6], const struct objects_param *how,
		    struct augment_loss *loss, struct arena *a)
{
	struct columns c = {
		.kept = arena_alloc(a, (size_t)in->n * sizeof *c.kept + 1),
		.boxes = arena_alloc(a, (size_t)in->n * 4 * sizeof *c.boxes + 1),
		.masks = arena_alloc(a, (size_t)in->n * sizeof *c.masks + 1),
	};
	if (c.kept == NULL || c.boxes == NULL || c.masks == NULL)
		return -1;
	out->n = 0;
	for (int64_t i = 0; i < in->n; i++)
		TRY(move_object(out, &c, in, i, m, how, loss, a));
	TRY(sample_take(out, in, c.kept, out->n, a));
	out->boxes = c.boxes;
	out->masks = in->masks != NULL ? c.masks : NULL;
	return objects_move_keypoints(out, in, m, c.kept, how, loss, a);
}
