/* What happens to the objects of an image when its pixels move. */
#include "augment/objects.h"

#include "coco/mask_extent.h"
#include "image/affine.h"

#include <string.h>

/* What is written while the objects are gone through. */
struct columns {
	int64_t *kept;	/* [n] */
	float *boxes;	/* [n 4] */
	struct sample_mask *masks;	/* [n] */
};

static bool has_area(const float box[4])
{
	return box[2] > box[0] && box[3] > box[1];
}

/* What the view shows of the box around the moved corners; false when that is nothing. */
static bool move_box(float out[4], const float in[4], const double m[6], const struct convex *view)
{
	double box[4] = { in[0], in[1], in[2], in[3] };
	struct mask_extent visible = mask_extent_begin(view);
	if (!has_area(in))
		return false;
	affine_box(box, m, box);
	mask_extent_polygon(&visible, (const double[8]){ box[0], box[1], box[2], box[1], box[2], box[3], box[0], box[3] }, 4);
	if (!mask_extent_box(box, &visible))
		return false;
	for (int i = 0; i < 4; i++)
		out[i] = (float)box[i];
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
static int move_object(struct sample *out, struct columns *c, int64_t i, const struct objects_param *how,
		       struct mask_move *move, struct augment_loss *loss, struct arena *a)
{
	const struct sample *in = move->in;
	float *box = c->boxes + 4 * out->n;
	const float *from = in->boxes + 4 * i;
	bool visible, seen = how->placed != NULL ? has_area(how->placed + 4 * i) : move_box(box, from, move->m, move->view);
	if (how->placed != NULL)
		memcpy(box, how->placed + 4 * i, 4 * sizeof *box);
	if (seen && in->masks != NULL) {
		struct sample_mask *mask = &c->masks[out->n];
		*mask = in->masks[i];
		move->tight = how->placed == NULL && how->boxes == OBJECTS_TIGHT && !is_exact(from, box, move->m);
		if (object_mask_move(mask, box, &visible, move, a) != 0)
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
	struct convex valid;
	struct mask_move move = { .out = out, .in = in, .m = m, .view = how->view, .cut = how->view != NULL };
	if (c.kept == NULL || c.boxes == NULL || c.masks == NULL)
		return -1;
	if (how->view == NULL) {
		TRY(convex_rectangle(&valid, out->valid_w, out->valid_h, a));
		move.view = &valid;
	}
	out->n = 0;
	for (int64_t i = 0; i < in->n; i++)
		TRY(move_object(out, &c, i, how, &move, loss, a));
	TRY(sample_take(out, in, c.kept, out->n, a));
	out->boxes = c.boxes;
	out->masks = in->masks != NULL ? c.masks : NULL;
	return objects_move_keypoints(out, in, m, c.kept, how, loss, a);
}
