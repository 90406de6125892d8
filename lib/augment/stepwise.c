#include "augment/stepwise.h"

#include "image/affine.h"
#include "image/warp.h"

#include <math.h>
#include <string.h>

static const uint8_t FILL[3] = { AUGMENT_FILL, AUGMENT_FILL, AUGMENT_FILL };

static void cut(double box[4], const double frame[4])
{
	for (int i = 0; i < 4; i++)
		box[i] = fmin(fmax(box[i], frame[i % 2]), frame[i % 2 + 2]);
}

void augment_box_now(double box[4], const double *boxes, int64_t object, const double m[6], double w, double h)
{
	affine_box(box, m, boxes + 4 * object);
	cut(box, (const double[4]){ 0, 0, w, h });
}

void augment_cutout_rect(double rect[4], const struct augment_step *step, const struct augment_spot *spot,
			 const double box[4], double w, double h, enum augment_quirks quirks)
{
	const double whole[4] = { 0, 0, w, h };
	const double *frame = spot->object < 0 ? whole : box;
	if (quirks == AUGMENT_TPU)
		step->op->tpu_rect(rect, step->value, frame, spot->at);
	else
		step->op->rect(rect, step->value, frame, spot->at);
	cut(rect, step->op->may_leave ? whole : frame);
	cut(rect, whole);
}

/* Pixels x0 y0 x1 y1, x1 and y1 not included, that a box touches; as published a box of 10..20 has 11 pixels. */
static void box_pixels(int pixels[4], const struct augment_frame *frame, int64_t object, enum augment_quirks quirks)
{
	const int size[2] = { frame->image.w, frame->image.h };
	double box[4];
	if (quirks == AUGMENT_SANE)
		augment_box_now(box, frame->boxes, object, frame->m, size[0], size[1]);
	for (int i = 0; i < 2; i++) {
		pixels[i] = quirks == AUGMENT_TPU ? (int)((float)size[i] * frame->tpu_boxes[4 * object + 1 - i]) :
						    (int)floor(box[i]);
		pixels[i + 2] = quirks == AUGMENT_TPU ? (int)((float)size[i] * frame->tpu_boxes[4 * object + 3 - i]) + 1 :
							(int)ceil(box[i + 2]);
	}
}

static struct image_region part(const struct image_region *image, const int pixels[4])
{
	return (struct image_region){
		.rgb = image->rgb + (size_t)pixels[1] * image->stride + (size_t)pixels[0] * 3,
		.stride = image->stride, .w = pixels[2] - pixels[0], .h = pixels[3] - pixels[1],
	};
}

/* A copy that has rows without gaps. */
static int copy_region(struct tensor *copy, const struct image_region *image, struct arena *a)
{
	size_t row = (size_t)image->w * 3;
	TRY(tensor_new(copy, a, DTYPE_U8, 3, (int64_t[]){ image->h, image->w, 3 }));
	for (int y = 0; y < image->h; y++)
		memcpy((uint8_t *)copy->data + (size_t)y * row, image->rgb + (size_t)y * image->stride, row);
	return 0;
}

static int move_pixels(const struct image_region *image, const struct augment_step *step, enum augment_quirks quirks,
		       struct arena *a)
{
	struct image_source source;
	struct tensor copy;
	double m[6];
	float t[6];
	TRY(copy_region(&copy, image, a));
	if (quirks == AUGMENT_TPU) {
		step->op->tpu_reads(t, (float)step->value, image->w, image->h);
		image_warp_nearest(image, &copy, t, FILL);
		return 0;
	}
	step->op->matrix(m, step->value, image->w, image->h);
	TRY(image_source_pixels(&source, &copy, image->w, image->h));
	TRY(image_warp(image, &source, (struct image_turn){ 0 }, m, NULL, a));
	image_paint_outside(image, m, (const double[4]){ 0, 0, image->w, image->h }, FILL);
	return 0;
}

static int change_pixels(const struct image_region *image, const struct augment_step *step, enum augment_quirks quirks,
			 struct arena *a)
{
	struct image_change change;
	augment_op_change(&change, step, quirks, image, NULL);
	return image_change_apply(&change, image, a);
}

void augment_tpu_trim(float box[4])
{
	for (int i = 0; i < 4; i++)
		box[i] = box[i] < 0 ? 0 : box[i] > 1 ? 1 : box[i];
	for (int i = 0; i < 2; i++)
		if (box[i + 2] - box[i] == 0) {
			box[i] = fminf(box[i], 1 - 0.05f);
			box[i + 2] = fmaxf(box[i + 2], 0.05f);
		}
}

static void move_boxes(struct augment_frame *frame, const struct augment_step *step, enum augment_quirks quirks)
{
	double m[6];
	step->op->matrix(m, step->value, frame->image.w, frame->image.h);
	affine_compose(frame->m, m, frame->m);
	for (int64_t i = 0; i < frame->n && quirks == AUGMENT_TPU; i++) {
		step->op->tpu_box(frame->tpu_boxes + 4 * i, (float)step->value, frame->image.w, frame->image.h);
		augment_tpu_trim(frame->tpu_boxes + 4 * i);
	}
}

static void paint(const struct augment_frame *frame, const struct augment_step *step, const struct augment_spot *spot,
		  enum augment_quirks quirks)
{
	double rect[4], box[4], identity[6];
	int pixels[4];
	affine_identity(identity);
	if (spot->object >= 0 && quirks == AUGMENT_SANE)
		augment_box_now(box, frame->boxes, spot->object, frame->m, frame->image.w, frame->image.h);
	if (spot->object >= 0 && quirks == AUGMENT_TPU) {
		box_pixels(pixels, frame, spot->object, quirks);
		if (!step->op->may_leave) {
			pixels[2] = pixels[2] > frame->image.w ? frame->image.w : pixels[2];
			pixels[3] = pixels[3] > frame->image.h ? frame->image.h : pixels[3];
		}
		for (int i = 0; i < 4; i++)
			box[i] = pixels[i];
	}
	augment_cutout_rect(rect, step, spot, box, frame->image.w, frame->image.h, quirks);
	image_paint_inside(&frame->image, identity, rect, FILL);
}

static int in_box(const struct augment_frame *frame, const struct augment_step *step, int64_t object,
		  enum augment_quirks quirks, struct arena *a)
{
	int pixels[4];
	box_pixels(pixels, frame, object, quirks);
	pixels[2] = pixels[2] > frame->image.w ? frame->image.w : pixels[2];
	pixels[3] = pixels[3] > frame->image.h ? frame->image.h : pixels[3];
	struct image_region region = part(&frame->image, pixels);
	if (region.w < 1 || region.h < 1)
		return 0;
	if (step->op->sort == AUGMENT_POINT)
		return change_pixels(&region, step, quirks, a);
	return move_pixels(&region, step, quirks, a);
}

int augment_stepwise(struct augment_frame *frame, const struct augment_step *step, enum augment_quirks quirks,
		     struct arena *a)
{
	if (step->op->sort == AUGMENT_CUTOUT || step->op->where == AUGMENT_EACH_BOX) {
		for (int i = 0; i < step->n_spots; i++)
			if (step->op->sort == AUGMENT_CUTOUT)
				paint(frame, step, &step->spot[i], quirks);
			else
				TRY(in_box(frame, step, step->spot[i].object, quirks, a));
		return 0;
	}
	if (step->op->sort == AUGMENT_POINT)
		return change_pixels(&frame->image, step, quirks, a);
	TRY(move_pixels(&frame->image, step, quirks, a));
	move_boxes(frame, step, quirks);
	return 0;
}
