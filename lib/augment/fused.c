#include "augment/fused.h"

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
	double m[6];	/* from the upright image to the canvas */
	int n_paints;
	struct paint *paint;
};

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

static void add_cutout(struct fused *f, int i, double w, double h)
{
	const struct augment_step *step = &f->plan->steps[i];
	double x = floor(step->spot->x * w), y = floor(step->spot->y * h);
	add_paint(f, i, false, (const double[4]){ fmax(x - step->value, 0), fmax(y - step->value, 0),
						  fmin(x + step->value, w), fmin(y + step->value, h) });
}

/* The matrix, and what is to be painted; colours come later. */
static int trace(struct fused *f, const struct augment_plan *plan, struct arena *a)
{
	double w = plan->source_w, h = plan->source_h, m[6];
	*f = (struct fused){ .plan = plan };
	affine_identity(f->m);
	f->paint = arena_calloc(a, (size_t)plan->n_steps + 1, sizeof *f->paint);
	if (f->paint == NULL)
		return -1;
	for (int i = 0; i < plan->n_steps; i++) {
		const struct augment_step *step = &plan->steps[i];
		if (step->op->sort == AUGMENT_CUTOUT)
			add_cutout(f, i, w, h);
		if (step->op->sort != AUGMENT_GEOMETRY || step->value == 0)
			continue;
		step->op->matrix(m, step->value, w, h);
		add_paint(f, i, true, (const double[4]){ 0, 0, w, h });
		move_all(f, m);
	}
	augment_window_affine(m, plan);
	move_all(f, m);
	return 0;
}

/* One change on the image and on the colours that were there before it. */
static int change_all(struct fused *f, int step, const struct image_change *change, const struct image_region *image,
		      struct arena *a)
{
	TRY(image_change_apply(change, image, a));
	for (int i = 0; i < f->n_paints; i++)
		if (f->paint[i].after < step) {
			struct image_region spot = { .rgb = f->paint[i].rgb, .stride = 3, .w = 1, .h = 1 };
			TRY(image_change_apply(change, &spot, a));
		}
	return 0;
}

static int change_colours(void *context, const struct image_region *image, struct arena *a)
{
	struct fused *f = context;
	for (int i = 0; i < f->plan->n_steps; i++) {
		const struct augment_step *step = &f->plan->steps[i];
		struct image_change change;
		if (step->op->sort != AUGMENT_POINT)
			continue;
		TRY(step->op->change(&change, step->value, image));
		TRY(change_all(f, i, &change, image, a));
	}
	return 0;
}

/* What the steps on colours need; false when there are none. */
static bool colour_filter(struct image_filter *filter, struct fused *f)
{
	bool any = false;
	*filter = (struct image_filter){ .run = change_colours, .context = f };
	for (int i = 0; i < f->plan->n_steps; i++) {
		any |= f->plan->steps[i].op->sort == AUGMENT_POINT;
		filter->whole |= f->plan->steps[i].op->sees_all;
	}
	return any;
}

static bool moves_pixels(const struct augment_plan *plan)
{
	for (int i = 0; i < plan->n_steps; i++)
		if (plan->steps[i].op->sort == AUGMENT_GEOMETRY && plan->steps[i].value != 0)
			return true;
	return false;
}

int augment_fused(struct tensor *pixels, const struct image_source *source, struct image_turn turn,
		  const struct augment_plan *plan, struct arena *a)
{
	struct fused f;
	struct image_filter filter;
	struct image_region out = image_region_of(pixels);
	TRY(trace(&f, plan, a));
	bool filtered = colour_filter(&filter, &f);
	struct image_view view = {
		.turn = plan->mirror ? image_turn_mirror(turn) : turn,
		.scaled_w = plan->scaled_w, .scaled_h = plan->scaled_h,
		.x = plan->x, .y = plan->y, .w = plan->valid_w, .h = plan->valid_h,
		.filter = filtered ? &filter : NULL,
	};
	out.w = plan->valid_w;
	out.h = plan->valid_h;
	if (moves_pixels(plan))
		TRY(image_warp(&out, source, turn, f.m, view.filter, a));
	else
		TRY(image_render(pixels, source, &view, a));
	for (int i = 0; i < f.n_paints; i++)
		if (f.paint[i].outside)
			image_paint_outside(&out, f.paint[i].m, f.paint[i].rect, f.paint[i].rgb);
		else
			image_paint_inside(&out, f.paint[i].m, f.paint[i].rect, f.paint[i].rgb);
	return 0;
}
