#include "image/synth.h"

#include <math.h>
#include <string.h>

static const double pi = 3.14159265358979323846;

/* Width of a shape as parts of the picture's shorter side: 24..120 pixels of 256. */
static const double smallest = 24.0 / 256, largest = 120.0 / 256;

/* What must remain visible: of the whole outline, and of the bounds in pixels. */
static const double least_visible = 0.2;
enum { LEAST_SIDE = 8 };

/* How close shapes are put where there is room; see closeness(). */
static const double most_close = 0.5;

static double between(struct rng *rng, double low, double high)
{
	return low + (high - low) * rng_uniform(rng);
}

static int check_param(const struct synth_param *p)
{
	if (p->w < SYNTH_MIN_SIDE || p->h < SYNTH_MIN_SIDE || p->w > SYNTH_MAX_SIDE || p->h > SYNTH_MAX_SIDE)
		return err_set("synth: a picture of %dx%d; sides must be %d to %d", p->w, p->h, SYNTH_MIN_SIDE, SYNTH_MAX_SIDE);
	if (p->n_kinds < 1 || p->n_kinds > SYNTH_KINDS)
		return err_set("synth: %d kinds of shapes; there are 1 to %d", p->n_kinds, SYNTH_KINDS);
	if (p->most < 1 || p->most > SYNTH_MAX_OBJECTS)
		return err_set("synth: up to %d shapes; 1 to %d can be asked for", p->most, SYNTH_MAX_OBJECTS);
	return 0;
}

/* How much of the smaller of two circles' widths they share, about: negative when they are apart. */
static double closeness(const struct synth_object *a, const struct synth_object *b)
{
	double dx = a->x - b->x, dy = a->y - b->y;
	return (a->radius + b->radius - sqrt(dx * dx + dy * dy)) / (2 * fmin(a->radius, b->radius));
}

/* A centre that leaves most of the shape inside and, after a few tries, not too much of it on others. */
static void place(struct synth_scene *scene, int i)
{
	enum { TRIES = 12 };
	struct synth_object *o = &scene->object[i];
	double margin = 0.75 * o->radius;
	for (int t = 0; t < TRIES; t++) {
		bool clear = true;
		o->x = between(&scene->rng, margin, scene->param.w - margin);
		o->y = between(&scene->rng, margin, scene->param.h - margin);
		for (int j = 0; j < i; j++)
			clear &= closeness(o, &scene->object[j]) < most_close;
		if (clear)
			return;
	}
}

static void draw_object(struct synth_scene *scene, int i)
{
	struct synth_object *o = &scene->object[i];
	struct rng *rng = &scene->rng;
	int side = scene->param.w < scene->param.h ? scene->param.w : scene->param.h;
	o->kind = (int)rng_below(rng, (uint64_t)scene->param.n_kinds);
	o->radius = side * smallest * pow(largest / smallest, rng_uniform(rng)) / 2;
	o->squeeze = between(rng, 0.75, 1);
	o->turn = between(rng, 0, 2 * pi);
	o->surface = synth_surface_make(rng, o->radius * between(rng, 0.22, 0.6) + 3, false);
	place(scene, i);
}

/* From the unit circle to the picture. */
static int cover_object(struct synth_object *o, const struct synth_param *param, struct arena *a)
{
	struct synth_loop loops[2];
	int n_loops;
	double c = cos(o->turn) * o->radius, s = sin(o->turn) * o->radius;
	TRY(synth_shape(loops, &n_loops, o->kind, a));
	o->full_area = 0;
	for (int l = 0; l < n_loops; l++) {
		for (int i = 0; i < loops[l].n; i++) {
			double *p = &loops[l].point[2 * i], x = p[0], y = p[1] * o->squeeze;
			p[0] = o->x + c * x - s * y;
			p[1] = o->y + s * x + c * y;
		}
		o->full_area += synth_loop_area(&loops[l]);
	}
	o->full_area = fabs(o->full_area);
	return synth_cover(&o->cover, loops, n_loops, param->w, param->h, a);
}

/* Fill owner, and area and box of every object. */
static void find_visible(struct synth_scene *scene)
{
	int w = scene->param.w, h = scene->param.h;
	memset(scene->owner, 0, (size_t)w * (size_t)h);
	for (int i = 0; i < scene->n; i++) {
		struct synth_cover *c = &scene->object[i].cover;
		scene->object[i].area = 0;
		for (int y = 0; y < c->h; y++)
			for (int x = 0; x < c->w; x++)
				if (c->part[(int64_t)y * c->w + x] >= 0.5F)
					scene->owner[(int64_t)(c->y + y) * w + c->x + x] = (uint8_t)(i + 1);
	}
	for (int y = 0; y < h; y++) {
		for (int x = 0; x < w; x++) {
			int i = scene->owner[(int64_t)y * w + x] - 1;
			if (i < 0)
				continue;
			struct synth_object *o = &scene->object[i];
			if (o->area++ == 0)
				memcpy(o->box, (int[4]){ x, y, x + 1, y + 1 }, sizeof o->box);
			o->box[0] = x < o->box[0] ? x : o->box[0];
			o->box[2] = x >= o->box[2] ? x + 1 : o->box[2];
			o->box[3] = y + 1;
		}
	}
}

/* Take out what is covered too much; true when something was, which may uncover others. */
static bool drop_hidden(struct synth_scene *scene)
{
	int kept = 0, before = scene->n;
	for (int i = 0; i < before; i++) {
		struct synth_object *o = &scene->object[i];
		bool seen = (double)o->area >= least_visible * o->full_area && o->area > 0 &&
			o->box[2] - o->box[0] >= LEAST_SIDE && o->box[3] - o->box[1] >= LEAST_SIDE;
		if (seen)
			scene->object[kept++] = *o;
	}
	scene->n = kept;
	return kept < before;
}

static void light(struct synth_scene *scene)
{
	double angle = between(&scene->rng, 0, 2 * pi);
	scene->light[0] = cos(angle);
	scene->light[1] = sin(angle);
	scene->light_slope = between(&scene->rng, 0.1, 0.55);
	scene->brightness = between(&scene->rng, 0.9, 1.5);
}

int synth_scene_make(struct synth_scene *scene, const struct synth_param *param, uint64_t seed, uint64_t number,
		     struct arena *a)
{
	TRY(check_param(param));
	*scene = (struct synth_scene){ .param = *param, .rng = rng_make(rng_mix(rng_mix_text(seed, "synth"), number)) };
	int side = param->w < param->h ? param->w : param->h;
	scene->n = 1 + (int)rng_below(&scene->rng, (uint64_t)param->most);
	scene->object = arena_calloc(a, (size_t)scene->n, sizeof *scene->object);
	scene->owner = arena_calloc(a, (size_t)param->w * (size_t)param->h, 1);
	if (scene->object == NULL || scene->owner == NULL)
		return -1;
	light(scene);
	scene->ground = synth_surface_make(&scene->rng, side * between(&scene->rng, 0.04, 0.25), true);
	for (int i = 0; i < scene->n; i++) {
		draw_object(scene, i);
		TRY(cover_object(&scene->object[i], param, a));
	}
	do {
		find_visible(scene);
	} while (drop_hidden(scene));
	return 0;
}
