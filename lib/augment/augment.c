#include "augment/augment.h"

#include "augment/explain.h"
#include "augment/tpu.h"
#include "image/render.h"

#include <math.h>
#include <string.h>

int augment_round(double pixels)
{
	double rounded = floor(pixels + 0.5);
	return rounded < 1 ? 1 : rounded > INT32_MAX ? INT32_MAX : (int)rounded;
}

/* How often this image was seen in this epoch before: always the first time. */
enum { OCCURRENCE = 0 };

uint64_t augment_sample_key(const struct sample *s, uint64_t seed)
{
	uint64_t key = rng_mix(seed, (uint64_t)s->epoch);
	key = rng_mix_text(key, s->source);
	key = rng_mix(key, s->id.text != NULL);
	key = s->id.text != NULL ? rng_mix_text(key, s->id.text) : rng_mix(key, (uint64_t)s->id.number);
	return rng_mix(rng_mix(key, OCCURRENCE), (uint64_t)s->view);
}

int augment_plan(struct augment_plan *plan, const struct augment_param *param, const struct sample *sample, int w,
		 int h, struct arena *a)
{
	uint64_t key = augment_sample_key(sample, param->seed);
	if (param->replay != NULL)
		return augment_replay_find(plan, param->replay, sample, param->quirks, w, h);
	*plan = (struct augment_plan){
		.source_w = w, .source_h = h, .scaled_w = w, .scaled_h = h,
		.valid_w = w, .valid_h = h, .out_w = w, .out_h = h, .late = param->scheme->late,
	};
	TRY(corruptions_draw(&plan->corruptions, &param->corruptions, key, a));
	struct rng of_rules = rng_make(rng_mix(key, AUGMENT_MAX_STAGES));
	if (param->rules != NULL)
		TRY(augment_rules_draw(&plan->steps, &plan->n_steps, param->rules, sample, &of_rules, a));
	else if (param->scheme->draw != NULL)
		TRY(param->scheme->draw(&plan->steps, &plan->n_steps, param, &of_rules, a));
	for (int slot = 0; slot < AUGMENT_MAX_STAGES && param->scheme->stage[slot] != NULL; slot++) {
		struct rng g = rng_make(rng_mix(key, (uint64_t)slot));
		param->scheme->stage[slot]->plan(plan, param, &g);
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
	double step[6], window[6];
	double w = plan->late ? plan->valid_w : plan->source_w, h = plan->late ? plan->valid_h : plan->source_h;
	affine_identity(m);
	augment_window_affine(window, plan);
	if (plan->late)
		affine_compose(m, window, m);
	for (int i = 0; i < plan->n_steps; i++) {
		const struct augment_op *op = plan->steps[i].op;
		if (op->sort != AUGMENT_GEOMETRY || op->where != AUGMENT_IMAGE)
			continue;
		op->matrix(step, plan->steps[i].value, w, h);
		affine_compose(m, step, m);
	}
	if (!plan->late)
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

/* Black, but for the part where the image will be. */
static int new_canvas(struct tensor *canvas, const struct augment_plan *plan, struct arena *a)
{
	TRY(tensor_new(canvas, a, DTYPE_U8, 3, (int64_t[]){ plan->out_h, plan->out_w, 3 }));
	uint8_t *pixels = canvas->data;
	size_t stride = (size_t)plan->out_w * 3, used = (size_t)plan->valid_w * 3;
	for (int y = 0; y < plan->valid_h && used < stride; y++)
		memset(pixels + (size_t)y * stride + used, 0, stride - used);
	memset(pixels + (size_t)plan->valid_h * stride, 0, (size_t)(plan->out_h - plan->valid_h) * stride);
	return 0;
}

/* The boxes of s in the upright image; operations in boxes need them. */
static int upright_boxes(struct augment_source *source, const struct sample *s, const double to_upright[6],
			 struct arena *a)
{
	double *boxes = arena_alloc(a, (size_t)s->n * 4 * sizeof *boxes + 1);
	if (boxes == NULL)
		return -1;
	for (int64_t i = 0; i < s->n; i++) {
		const float *box = s->boxes + 4 * i;
		affine_box(boxes + 4 * i, to_upright, (const double[4]){ box[0], box[1], box[2], box[3] });
	}
	source->n = s->n;
	source->boxes = boxes;
	return 0;
}

/* The pixels, and in *placed where the boxes are where that does not follow from the matrix (otherwise NULL). */
static int draw(struct sample *out, float **placed, const struct sample *in, const struct augment_source *source,
		const struct augment_plan *plan, enum augment_quirks quirks, struct arena *a)
{
	*placed = NULL;
	TRY(new_canvas(&out->pixels, plan, a));
	if (quirks == AUGMENT_SANE)
		return augment_fused(&out->pixels, source, plan, a);
	if (!plan->late && (*placed = arena_alloc(a, (size_t)in->n * 4 * sizeof **placed + 1)) == NULL)
		return -1;
	return augment_tpu(&out->pixels, *placed, source, in->iscrowd, plan, a);
}

int augment_sample_plan(struct sample *out, struct augment_plan *plan, const struct sample *in,
			const struct augment_param *param, struct augment_loss *loss, struct arena *a)
{
	struct augment_source source = { .turn = image_turn_of_exif(in->encoded != NULL ? in->exif : 1) };
	struct image_turn box_turn = image_turn_of_exif(in->encoded != NULL ? in->exif_boxes : 1);
	struct objects_param objects = param->objects;
	struct sample framed = *in;
	double m[6], to_upright[6];
	float *placed;
	TRY(open_source(&source.image, in));
	int w = source.turn.transpose ? source.image.h : source.image.w;
	int h = source.turn.transpose ? source.image.w : source.image.h;
	int frame_w = box_turn.transpose ? h : w, frame_h = box_turn.transpose ? w : h;
	if (in->encoded != NULL)
		TRY(check_frame(in, frame_w, frame_h));
	/* Masks and label maps must have the size of the image that is really there. */
	framed.orig_w = frame_w;
	framed.orig_h = frame_h;
	TRY(augment_plan(plan, param, in, w, h, a));
	image_turn_affine(to_upright, box_turn, frame_w, frame_h);
	TRY(upright_boxes(&source, in, to_upright, a));
	*out = *in;
	out->encoded = NULL;
	out->encoded_size = 0;
	out->exif = out->exif_boxes = 1;
	out->valid_w = plan->valid_w;
	out->valid_h = plan->valid_h;
	TRY(draw(out, &placed, in, &source, plan, param->quirks, a));
	struct image_region valid = image_region_of(&out->pixels);
	valid.w = plan->valid_w;
	valid.h = plan->valid_h;
	TRY(corrupt(&valid, &plan->corruptions, a));
	augment_plan_affine(m, plan);
	affine_compose(m, m, to_upright);
	affine_compose(out->transform, m, in->transform);
	objects.placed = placed;
	TRY(augment_view(&objects.view, plan, a));
	TRY(augment_objects(out, &framed, m, &objects, loss, a));
	return augment_semantic(out, &framed, m, objects.view, a);
}

int augment_sample(struct sample *out, const struct sample *in, const struct augment_param *param,
		   struct augment_loss *loss, struct arena *a)
{
	struct augment_plan plan;
	return augment_sample_plan(out, &plan, in, param, loss, a);
}
