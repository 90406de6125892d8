#include "augment/fused.h"

#include "augment/stepwise.h"
#include "image/warp.h"

#include <math.h>
#include <string.h>

/* A rectangle to be painted in the end, or everything outside of it. */
struct paint {
	int after;	/* the step that it comes from */
	bool outside;
	double rect[4];	/* in the frame of that step */
	double m[6];	/* from that frame to the canvas */
	uint8_t rgb[3];
};

struct fused {
	const struct augment_plan *plan;
	int first;	/* steps before this one are done already */
	double w, h;	/* the frame that the steps are in */
	double m[6];	/* from the image that is resampled to the canvas */
	bool moves;	/* some step moves pixels */
	int n_paints;
	struct paint *paint;
};

int augment_upright(struct tensor *upright, const struct augment_source *source, struct arena *a)
{
	int w = source->turn.transpose ? source->image.h : source->image.w;
	int h = source->turn.transpose ? source->image.w : source->image.h;
	struct image_view view = { .turn = source->turn, .scaled_w = w, .scaled_h = h, .w = w, .h = h };
	TRY(tensor_new(upright, a, DTYPE_U8, 3, (int64_t[]){ h, w, 3 }));
	return image_render(upright, &source->image, &view, a);
}

static void add_paint(struct fused *f, int after, bool outside, const double rect[4])
{
	struct paint *p = &f->paint[f->n_paints++];
	*p = (struct paint){ .after = after, .outside = outside };
	memset(p->rgb, AUGMENT_FILL, sizeof p->rgb);
	memcpy(p->rect, rect, sizeof p->rect);
	affine_identity(p->m);
}

static void move_all(struct fused *f, const double m[6])
{
	affine_compose(f->m, m, f->m);
	for (int i = 0; i < f->n_paints; i++)
		affine_compose(f->paint[i].m, m, f->paint[i].m);
}

/* moved: from the upright image, where the boxes are, to the frame of the step. */
static void add_cutouts(struct fused *f, int i, const struct augment_source *source, const double moved[6])
{
	const struct augment_step *step = &f->plan->steps[i];
	for (int k = 0; k < step->n_spots; k++) {
		double box[4], rect[4];
		if (step->spot[k].object >= 0)
			augment_box_now(box, source->boxes, step->spot[k].object, moved, f->w, f->h);
		augment_cutout_rect(rect, step, &step->spot[k], box, f->w, f->h, AUGMENT_SANE);
		add_paint(f, i, false, rect);
	}
}

static bool is_move(const struct augment_step *step)
{
	return step->op->sort == AUGMENT_GEOMETRY && step->op->where == AUGMENT_IMAGE && step->value != 0;
}

static int count_paints(const struct augment_plan *plan)
{
	int n = 0;
	for (int i = 0; i < plan->n_steps; i++)
		n += is_move(&plan->steps[i]) ? 1 : plan->steps[i].n_spots;
	return n;
}

/* The matrix, and what is to be painted; colours come later. moved: what the steps before f->first have done. */
static int trace(struct fused *f, const struct augment_source *source, const double moved[6], struct arena *a)
{
	const struct augment_plan *plan = f->plan;
	double window[6], now[6], m[6];
	augment_window_affine(window, plan);
	f->w = plan->late ? plan->valid_w : plan->source_w;
	f->h = plan->late ? plan->valid_h : plan->source_h;
	affine_identity(f->m);
	memcpy(now, moved, sizeof now);
	if (plan->late)
		move_all(f, window);
	f->paint = arena_calloc(a, (size_t)count_paints(plan) + 1, sizeof *f->paint);
	if (f->paint == NULL)
		return -1;
	for (int i = f->first; i < plan->n_steps; i++) {
		const struct augment_step *step = &plan->steps[i];
		if (step->op->sort == AUGMENT_CUTOUT)
			add_cutouts(f, i, source, now);
		if (!is_move(step))
			continue;
		step->op->matrix(m, step->value, f->w, f->h);
		add_paint(f, i, true, (const double[4]){ 0, 0, f->w, f->h });
		move_all(f, m);
		affine_compose(now, m, now);
		f->moves = true;
	}
	if (!plan->late)
		move_all(f, window);
	return 0;
}

/* One change on the image and on the colours to be painted that were there before step `end`. */
static int change_all(struct fused *f, int end, const struct image_change *change, const struct image_region *image,
		      struct arena *a)
{
	TRY(image_change_apply(change, image, a));
	for (int i = 0; i < f->n_paints; i++)
		if (f->paint[i].after < end) {
			struct image_region spot = { .rgb = f->paint[i].rgb, .stride = 3, .w = 1, .h = 1 };
			TRY(image_change_apply(change, &spot, a));
		}
	return 0;
}

/* Whether anything is to be painted whose colour is older than one step and younger than the other. */
static bool paint_between(const struct fused *f, int older, int younger)
{
	for (int i = 0; i < f->n_paints; i++)
		if (f->paint[i].after > older && f->paint[i].after < younger)
			return true;
	return false;
}

/* All steps on colours, in order; tables that follow one another become one. */
static int change_colours(void *context, const struct image_region *image, struct arena *a)
{
	struct fused *f = context;
	struct image_change pending, change;
	int pending_step = -1;
	for (int i = f->first; i < f->plan->n_steps; i++) {
		const struct augment_step *step = &f->plan->steps[i];
		if (step->op->sort != AUGMENT_POINT)
			continue;
		augment_op_change(&change, step, AUGMENT_SANE, image, pending_step >= 0 ? &pending : NULL);
		if (pending_step >= 0 && change.kind == IMAGE_TABLE && !paint_between(f, pending_step, i)) {
			image_change_join(&pending, &pending, &change);
			pending_step = i;
			continue;
		}
		if (pending_step >= 0)
			TRY(change_all(f, pending_step, &pending, image, a));
		pending_step = change.kind == IMAGE_TABLE ? i : -1;
		pending = change;
		if (change.kind != IMAGE_TABLE)
			TRY(change_all(f, i, &change, image, a));
	}
	return pending_step >= 0 ? change_all(f, pending_step, &pending, image, a) : 0;
}

/* What the steps on colours need; false when there are none. */
static bool colour_filter(struct image_filter *filter, struct fused *f)
{
	bool any = false;
	*filter = (struct image_filter){ .run = change_colours, .context = f };
	for (int i = f->first; i < f->plan->n_steps; i++) {
		const struct augment_op *op = f->plan->steps[i].op;
		any |= op->sort == AUGMENT_POINT;
		filter->whole |= op->needs != AUGMENT_NEEDS_NOTHING;
		filter->full_scale |= op->looks_around;
		filter->margin += op->looks_around;
	}
	return any;
}

static int resample(struct tensor *pixels, const struct fused *f, const struct image_source *image,
		    struct image_turn turn, const struct image_filter *filter, struct arena *a)
{
	const struct augment_plan *plan = f->plan;
	struct image_view view = {
		.turn = plan->mirror ? image_turn_mirror(turn) : turn,
		.scaled_w = plan->scaled_w, .scaled_h = plan->scaled_h,
		.x = plan->x, .y = plan->y, .w = plan->valid_w, .h = plan->valid_h,
		.filter = filter,
	};
	struct image_region out = image_region_of(pixels);
	out.w = plan->valid_w;
	out.h = plan->valid_h;
	if (!f->moves)
		return image_render(pixels, image, &view, a);
	return image_warp(&out, image, turn, f->m, filter, a);
}

/* Operations in boxes, and all steps before the last of them: one by one. */
static int prepare(struct fused *f, struct image_source *image, struct image_turn *turn, double moved[6],
		   const struct augment_source *source, struct arena *a)
{
	const struct augment_plan *plan = f->plan;
	struct tensor upright;
	*image = source->image;
	*turn = source->turn;
	affine_identity(moved);
	for (int i = 0; i < plan->n_steps; i++)
		if (plan->steps[i].op->where == AUGMENT_EACH_BOX && plan->steps[i].op->sort != AUGMENT_CUTOUT)
			f->first = i + 1;
	if (f->first == 0)
		return 0;
	TRY(augment_upright(&upright, source, a));
	struct augment_frame frame = { .image = image_region_of(&upright), .n = source->n, .boxes = source->boxes };
	affine_identity(frame.m);
	for (int i = 0; i < f->first; i++)
		TRY(augment_stepwise(&frame, &plan->steps[i], AUGMENT_SANE, a));
	memcpy(moved, frame.m, sizeof frame.m);
	*turn = (struct image_turn){ 0 };
	return image_source_pixels(image, &upright, (int)upright.dim[1], (int)upright.dim[0]);
}

static void paint_all(const struct fused *f, const struct image_region *out)
{
	for (int i = 0; i < f->n_paints; i++)
		if (f->paint[i].outside)
			image_paint_outside(out, f->paint[i].m, f->paint[i].rect, f->paint[i].rgb);
		else
			image_paint_inside(out, f->paint[i].m, f->paint[i].rect, f->paint[i].rgb);
}

int augment_fused(struct tensor *pixels, const struct augment_source *source, const struct augment_plan *plan,
		  struct arena *a)
{
	struct fused f = { .plan = plan };
	struct image_filter filter;
	struct image_source image;
	struct image_turn turn;
	double moved[6];
	struct image_region out = image_region_of(pixels);
	out.w = plan->valid_w;
	out.h = plan->valid_h;
	TRY(prepare(&f, &image, &turn, moved, source, a));
	TRY(trace(&f, source, moved, a));
	bool filtered = colour_filter(&filter, &f);
	TRY(resample(pixels, &f, &image, turn, filtered && !plan->late ? &filter : NULL, a));
	if (filtered && plan->late) {
		/* The colours are counted on the canvas, where nothing undrawn may be seen. */
		paint_all(&f, &out);
		TRY(change_colours(&f, &out, a));
	}
	paint_all(&f, &out);
	return 0;
}
