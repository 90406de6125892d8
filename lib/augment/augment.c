#include "augment/augment.h"

#include "augment/fused.h"
#include "image/render.h"

#include <math.h>
#include <string.h>

int augment_round(double pixels)
{
	double rounded = floor(pixels + 0.5);
	return rounded < 1 ? 1 : rounded > INT32_MAX ? INT32_MAX : (int)rounded;
}

/* How often this image was seen in this epoch before, and which of several views of it: always the first. */
enum { OCCURRENCE = 0, VIEW = 0 };

static uint64_t sample_key(const struct sample *s, uint64_t seed)
{
	uint64_t key = rng_mix(seed, (uint64_t)s->epoch);
	key = rng_mix_text(key, s->source);
	key = rng_mix(key, s->id.text != NULL);
	key = s->id.text != NULL ? rng_mix_text(key, s->id.text) : rng_mix(key, (uint64_t)s->id.number);
	return rng_mix(rng_mix(key, OCCURRENCE), VIEW);
}

int augment_plan(struct augment_plan *plan, const struct augment_param *param, const struct sample *sample, int w,
		 int h, struct arena *a)
{
	uint64_t key = sample_key(sample, param->seed);
	*plan = (struct augment_plan){
		.source_w = w, .source_h = h, .scaled_w = w, .scaled_h = h,
		.valid_w = w, .valid_h = h, .out_w = w, .out_h = h,
	};
	if (param->rules != NULL) {
		struct rng g = rng_make(rng_mix(key, AUGMENT_MAX_STAGES));
		TRY(augment_rules_draw(&plan->steps, &plan->n_steps, param->rules, sample, &g, a));
	}
	for (int slot = 0; slot < AUGMENT_MAX_STAGES && param->policy->stage[slot] != NULL; slot++) {
		struct rng g = rng_make(rng_mix(key, (uint64_t)slot));
		param->policy->stage[slot]->plan(plan, param, &g);
	}
	if (plan->out_w > AUGMENT_MAX_SIDE || plan->out_h > AUGMENT_MAX_SIDE)
		return err_set("augment: %d x %d pixels would become %d x %d, more than %d", w, h, plan->out_w,
			       plan->out_h, (int)AUGMENT_MAX_SIDE);
	return 0;
}

void augment_window_affine(double m[6], const struct augment_plan *plan)
{
	double scale_x = (double)plan->scaled_w / plan->source_w, scale_y = (double)plan->scaled_h / plan->source_h;
	memcpy(m, (const double[6]){ scale_x, 0, -plan->x, 0, scale_y, -plan->y }, 6 * sizeof *m);
	if (plan->mirror) {
		m[0] = -scale_x;
		m[2] = plan->scaled_w - plan->x;
	}
}

void augment_plan_affine(double m[6], const struct augment_plan *plan)
{
	affine_identity(m);
	for (int i = 0; i < plan->n_steps; i++) {
		double step[6];
		if (plan->steps[i].op->sort != AUGMENT_GEOMETRY)
			continue;
		plan->steps[i].op->matrix(step, plan->steps[i].value, plan->source_w, plan->source_h);
		affine_compose(m, step, m);
	}
	double window[6];
	augment_window_affine(window, plan);
	affine_compose(m, window, m);
}

static int open_source(struct image_source *source, const struct sample *in)
{
	if (in->encoded != NULL)
		return image_source_encoded(source, in->encoded, in->encoded_size);
	if (in->pixels.data == NULL)
		return err_set("augment: the sample has no image");
	bool padded = in->valid_w > 0 && in->valid_h > 0;
	return image_source_pixels(source, &in->pixels, padded ? in->valid_w : (int)in->pixels.dim[1],
				   padded ? in->valid_h : (int)in->pixels.dim[0]);
}

/*
 * An image that is not of the size its boxes were drawn on would give wrong boxes. Only known
 * while nothing was transformed yet.
 */
static int check_frame(const struct sample *in, int w, int h)
{
	if (in->orig_w <= 0 || !affine_is_identity(in->transform) || (in->orig_w == w && in->orig_h == h))
		return 0;
	return err_set("augment: the image is %dx%d where the annotations say %dx%d", w, h, in->orig_w, in->orig_h);
}

static int render(struct sample *out, const struct image_source *source, const struct augment_plan *plan,
		  struct image_turn turn, struct arena *a)
{
	TRY(tensor_new(&out->pixels, a, DTYPE_U8, 3, (int64_t[]){ plan->out_h, plan->out_w, 3 }));
	uint8_t *pixels = out->pixels.data;
	size_t stride = (size_t)plan->out_w * 3, used = (size_t)plan->valid_w * 3;
	for (int y = 0; y < plan->valid_h && used < stride; y++)
		memset(pixels + (size_t)y * stride + used, 0, stride - used);
	memset(pixels + (size_t)plan->valid_h * stride, 0, (size_t)(plan->out_h - plan->valid_h) * stride);
	return augment_fused(&out->pixels, source, turn, plan, a);
}

int augment_sample(struct sample *out, const struct sample *in, const struct augment_param *param,
		   struct augment_loss *loss, struct arena *a)
{
	struct image_source source;
	struct augment_plan plan;
	struct image_turn turn = image_turn_of_exif(in->encoded != NULL ? in->exif : 1);
	struct image_turn box_turn = image_turn_of_exif(in->encoded != NULL ? in->exif_boxes : 1);
	double m[6], boxes_to_upright[6];
	TRY(open_source(&source, in));
	int upright_w = turn.transpose ? source.h : source.w, upright_h = turn.transpose ? source.w : source.h;
	int frame_w = box_turn.transpose ? upright_h : upright_w, frame_h = box_turn.transpose ? upright_w : upright_h;
	if (in->encoded != NULL)
		TRY(check_frame(in, frame_w, frame_h));
	TRY(augment_plan(&plan, param, in, upright_w, upright_h, a));
	*out = *in;
	out->encoded = NULL;
	out->encoded_size = 0;
	out->exif = out->exif_boxes = 1;
	out->valid_w = plan.valid_w;
	out->valid_h = plan.valid_h;
	TRY(render(out, &source, &plan, turn, a));
	image_turn_affine(boxes_to_upright, box_turn, frame_w, frame_h);
	augment_plan_affine(m, &plan);
	affine_compose(m, m, boxes_to_upright);
	affine_compose(out->transform, m, in->transform);
	TRY(augment_objects(out, in, m, &param->objects, loss, a));
	return augment_semantic(out, in, m, a);
}
