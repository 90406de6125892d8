#include "image/synth.h"

#include <math.h>
#include <string.h>

/* A canvas of linear light, f32 [h w 3]. */
struct canvas {
	int w, h;
	float *pixel;
	const struct synth_noise *noise;
	const struct synth_scene *scene;
};

/* A piece of the plane with a margin around a shape's cover, for what spreads beyond its edge. */
struct field {
	int x, y, w, h;	/* may lie outside the picture */
	float *value;	/* [h w] */
	float *spare;
};

static float light_at(const struct synth_scene *s, int x, int y)
{
	double u = (x - s->param.w / 2.0) / s->param.w, v = (y - s->param.h / 2.0) / s->param.h;
	return (float)(s->brightness * (1 + s->light_slope * (u * s->light[0] + v * s->light[1])));
}

static void paint_ground(struct canvas *c)
{
	const struct synth_scene *s = c->scene;
	double cell = s->ground.period_px * 1.5 + 6;
	for (int y = 0; y < c->h; y++) {
		for (int x = 0; x < c->w; x++) {
			struct synth_color color = synth_surface_at(&s->ground, c->noise, x, y);
			float n = synth_noise_at(c->noise, x / cell + s->ground.offset[1], y / cell + s->ground.offset[0], 4);
			float shade = light_at(s, x, y) * (0.7F + 0.6F * n);
			float *p = &c->pixel[3 * ((int64_t)y * c->w + x)];
			for (int i = 0; i < 3; i++)
				p[i] = color.c[i] * shade;
		}
	}
}

static int field_make(struct field *f, const struct synth_cover *cover, int margin, struct arena *a)
{
	*f = (struct field){ .x = cover->x - margin, .y = cover->y - margin, .w = cover->w + 2 * margin,
		.h = cover->h + 2 * margin };
	f->value = arena_calloc(a, (size_t)f->w * (size_t)f->h, sizeof *f->value);
	f->spare = arena_calloc(a, (size_t)f->w * (size_t)f->h, sizeof *f->spare);
	if (f->value == NULL || f->spare == NULL)
		return -1;
	for (int y = 0; y < cover->h; y++)
		memcpy(&f->value[(int64_t)(y + margin) * f->w + margin], &cover->part[(int64_t)y * cover->w],
		       (size_t)cover->w * sizeof *cover->part);
	return 0;
}

/* Running mean of 2 * radius + 1 values, zeros outside; in and out have the given stride. */
static void blur_line(float *out, const float *in, int n, int64_t stride, int radius)
{
	float sum = 0, scale = 1.0F / (float)(2 * radius + 1);
	for (int i = 0; i < radius && i < n; i++)
		sum += in[i * stride];
	for (int i = 0; i < n; i++) {
		if (i + radius < n)
			sum += in[(i + radius) * stride];
		if (i - radius - 1 >= 0)
			sum -= in[(i - radius - 1) * stride];
		out[i * stride] = sum * scale;
	}
}

static void blur(struct field *f, int radius)
{
	for (int y = 0; y < f->h; y++)
		blur_line(&f->spare[(int64_t)y * f->w], &f->value[(int64_t)y * f->w], f->w, 1, radius);
	for (int x = 0; x < f->w; x++)
		blur_line(&f->value[x], &f->spare[x], f->h, f->w, radius);
}

/* Darken what lies behind the shape, away from the light. */
static int paint_shadow(struct canvas *c, const struct synth_object *o, struct arena *a)
{
	int radius = 2 + (int)(o->radius / 14);
	double far = 2 + o->radius / 7;
	int dx = (int)lround(-c->scene->light[0] * far), dy = (int)lround(-c->scene->light[1] * far);
	struct field f;
	TRY(field_make(&f, &o->cover, 2 * radius + 1, a));
	blur(&f, radius);
	blur(&f, radius);
	for (int y = 0; y < f.h; y++) {
		int py = f.y + y + dy;
		for (int x = 0; x < f.w && py >= 0 && py < c->h; x++) {
			int px = f.x + x + dx;
			if (px < 0 || px >= c->w)
				continue;
			float *p = &c->pixel[3 * ((int64_t)py * c->w + px)], shade = 1 - 0.55F * f.value[(int64_t)y * f.w + x];
			for (int i = 0; i < 3; i++)
				p[i] *= shade;
		}
	}
	return 0;
}

/* Paint the shape; its blurred cover is taken as its height, whose slope catches the light. */
static int paint_object(struct canvas *c, const struct synth_object *o, struct arena *a)
{
	const struct synth_scene *s = c->scene;
	const struct synth_cover *cover = &o->cover;
	int radius = 1 + (int)(o->radius / 16), margin = 2 * radius + 2;
	struct field f;
	TRY(field_make(&f, cover, margin, a));
	blur(&f, radius);
	blur(&f, radius);
	for (int y = 0; y < cover->h; y++) {
		for (int x = 0; x < cover->w; x++) {
			float part = cover->part[(int64_t)y * cover->w + x];
			if (part == 0)
				continue;
			const float *height = &f.value[(int64_t)(y + margin) * f.w + x + margin];
			double slope = (height[1] - height[-1]) * s->light[0] + (height[f.w] - height[-f.w]) * s->light[1];
			int px = cover->x + x, py = cover->y + y;
			struct synth_color color = synth_surface_at(&o->surface, c->noise, px - o->x, py - o->y);
			float n = synth_noise_at(c->noise, px * 0.11 + o->surface.offset[0], py * 0.11 + o->surface.offset[1], 2);
			float shade = light_at(s, px, py) * (0.9F + 0.2F * n) * (float)(1 - 0.9 * radius * slope);
			float *p = &c->pixel[3 * ((int64_t)py * c->w + px)];
			for (int i = 0; i < 3; i++)
				p[i] += part * (color.c[i] * shade - p[i]);
		}
	}
	return 0;
}

/* Linear light to 8 bits: a soft shoulder, a gamma of 2 and the grain of a camera. */
static void develop(uint8_t *out, const struct canvas *c, struct rng *rng)
{
	int64_t n = (int64_t)c->w * c->h;
	for (int64_t i = 0; i < n; i++) {
		float grain = (float)(rng_u64(rng) >> 40) * (6.0F / (1 << 24)) - 3;
		for (int k = 0; k < 3; k++) {
			float v = c->pixel[3 * i + k];
			v = v < 0 ? 0 : v;
			float code = 255 * sqrtf(v * (1 + v / 4) / (1 + v)) + grain + 0.5F;
			out[3 * i + k] = (uint8_t)(code < 0 ? 0 : code > 255 ? 255 : code);
		}
	}
}

int synth_render(struct tensor *image, const struct synth_scene *scene, struct arena *a)
{
	struct canvas c = { .w = scene->param.w, .h = scene->param.h, .scene = scene };
	struct rng rng = scene->rng;
	struct synth_noise *noise = arena_alloc(a, sizeof *noise);
	c.pixel = arena_calloc(a, 3 * (size_t)c.w * (size_t)c.h, sizeof *c.pixel);
	if (noise == NULL || c.pixel == NULL)
		return -1;
	TRY(tensor_new(image, a, DTYPE_U8, 3, (int64_t[]){ c.h, c.w, 3 }));
	synth_noise_init(noise, &rng);
	c.noise = noise;
	paint_ground(&c);
	for (int i = 0; i < scene->n; i++) {
		TRY(paint_shadow(&c, &scene->object[i], a));
		TRY(paint_object(&c, &scene->object[i], a));
	}
	develop(image->data, &c, &rng);
	return 0;
}
