/* What of the canvas shows the image. */
#include "augment/augment.h"

#include "image/affine.h"

static bool is_move(const struct augment_step *step)
{
	return step->op->sort == AUGMENT_GEOMETRY && step->op->where == AUGMENT_IMAGE && step->value != 0;
}

/*
 * Every step keeps the frame's size: what it moves out of the frame is gone, whatever the next step does. So before each step
 * the image was the frame; from the last step to the first `rest` is how the frame came from there to the canvas.
 */
int augment_view(const struct convex **view, const struct augment_plan *plan, struct arena *a)
{
	double rest[6], m[6], w = plan->late ? plan->valid_w : plan->source_w, h = plan->late ? plan->valid_h : plan->source_h;
	struct convex *c = NULL;
	*view = NULL;
	affine_identity(rest);
	if (!plan->late)
		augment_window_affine(rest, plan);
	for (int i = plan->n_steps - 1; i >= 0; i--) {
		const struct augment_step *step = &plan->steps[i];
		if (!is_move(step))
			continue;
		if (c == NULL) {
			c = arena_alloc(a, sizeof *c);
			if (c == NULL)
				return -1;
			TRY(convex_rectangle(c, plan->valid_w, plan->valid_h, a));
		}
		step->op->matrix(m, step->value, w, h);
		affine_compose(rest, rest, m);
		TRY(convex_cut(c, rest, w, h, a));
	}
	*view = c;
	return 0;
}
