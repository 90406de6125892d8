/*
 * synth: drawn pictures of textured shapes, with their exact boxes and outlines.
 *
 * A scene is made from a seed and a number alone, so picture 17 is the same whatever was drawn before it. Shapes
 * have random size, turn, squeeze, colours, pattern and light, cast shadows and cover each other; a shape of which
 * less than a fifth remains visible is taken out, so everything that is in the picture is annotated. The class is
 * the shape's outline: colour and pattern tell nothing about it.
 *
 *     struct synth_scene scene;
 *     struct tensor image;        // u8 [H W 3]
 *     TRY(synth_scene_make(&scene, &(struct synth_param){ .w = 256, .h = 256, .n_kinds = 5, .most = 6 }, seed, 17, &arena));
 *     TRY(synth_render(&image, &scene, &arena));
 *
 * Everything lives in the arena.
 */
#ifndef IMAGE_SYNTH_H
#define IMAGE_SYNTH_H

#include "base/arena.h"
#include "base/error.h"
#include "base/rng.h"
#include "tensor/tensor.h"

#include <stdbool.h>
#include <stdint.h>

enum {
	SYNTH_KINDS = 8,
	SYNTH_MIN_SIDE = 64,	/* pixels */
	SYNTH_MAX_SIDE = 2048,
	SYNTH_MAX_OBJECTS = 64,
};

/* "disc", "square", ...; the class of a shape is its index here. */
extern const char *const synth_kind_name[SYNTH_KINDS];

struct synth_param {
	int w, h;	/* pixels */
	int n_kinds;	/* the first of synth_kind_name, 1..SYNTH_KINDS */
	int most;	/* shapes in a picture are 1..most, before covered ones are taken out */
};

/* A closed line: the last point joins the first. */
struct synth_loop {
	int n;
	double *point;	/* [n 2] x y, pixels */
};

/* The part of the picture's plane that a shape covers, with soft edges. */
struct synth_cover {
	int x, y, w, h;	/* pixels of the picture, clipped to it; w or h may be 0 */
	float *part;	/* [h w] how much of the pixel is covered, 0..1 */
};

struct synth_color {
	float c[3];	/* linear light, r g b, around 0..1 */
};

enum synth_pattern { SYNTH_PLAIN, SYNTH_STRIPES, SYNTH_CHECKS, SYNTH_DOTS, SYNTH_NOISE, SYNTH_RAMP, SYNTH_PATTERNS };

/* What a surface looks like. */
struct synth_surface {
	enum synth_pattern pattern;
	struct synth_color first, second;
	double period_px;
	double cos_turn, sin_turn;	/* of the pattern */
	double offset[2];
};

struct synth_object {
	int kind;
	double x, y;	/* centre, pixels */
	double radius;	/* of the circle around the shape before it is squeezed */
	double squeeze;	/* 0.7..1 across the shape's own axis */
	double turn;	/* radians */
	struct synth_surface surface;
	struct synth_cover cover;
	double full_area;	/* of the whole outline, also outside the picture */
	/* What is visible. */
	int64_t area;	/* pixels */
	int box[4];	/* x0 y0 x1 y1, the tight bounds of these pixels; x1, y1 exclusive */
};

struct synth_scene {
	struct synth_param param;
	int n;
	struct synth_object *object;	/* later ones cover earlier ones */
	uint8_t *owner;	/* [h w] 1 + index of the object that is seen, 0: ground */
	struct synth_surface ground;
	double light[2];	/* unit vector towards the light */
	double light_slope;	/* change of brightness across the picture */
	double brightness;
	struct rng rng;	/* for what the rendering draws: noise and grain */
};

/* Place the shapes of picture `number`. Error: sizes or counts out of range; memory. */
int synth_scene_make(struct synth_scene *scene, const struct synth_param *param, uint64_t seed, uint64_t number,
		     struct arena *a) MUST_CHECK;

/* Paint it: image becomes u8 [h w 3]. */
int synth_render(struct tensor *image, const struct synth_scene *scene, struct arena *a) MUST_CHECK;

/*
 * The outline of what is visible of object i as polygons: one loop a connected part; a hole is joined to its
 * part by a cut of no width, as COCO's polygons know no holes. Within a pixel of the visible area's edge.
 */
int synth_outline(struct synth_loop **loops, int *n_loops, const struct synth_scene *scene, int i,
		  struct arena *a) MUST_CHECK;

/* What the files of this module share. */

/* The outline of a kind in the unit circle: up to two loops, the second one a hole, turning the other way. */
int synth_shape(struct synth_loop loops[2], int *n_loops, int kind, struct arena *a) MUST_CHECK;

/* Cover of loops in pixel coordinates, exact up to single precision, clipped to w x h. */
int synth_cover(struct synth_cover *cover, const struct synth_loop *loops, int n_loops, int w, int h,
		struct arena *a) MUST_CHECK;

/* Signed area of a loop. */
double synth_loop_area(const struct synth_loop *loop);

/* Smooth noise that repeats every SYNTH_TILE units. */
enum { SYNTH_TILE = 64 };
struct synth_noise {
	float value[SYNTH_TILE][SYNTH_TILE];	/* 0..1 */
};
void synth_noise_init(struct synth_noise *noise, struct rng *rng);

/* Sum of `octaves` of noise, each twice as fine and half as strong, in 0..1; one unit of x and y is one lattice cell. */
float synth_noise_at(const struct synth_noise *noise, double x, double y, int octaves);

/* A surface with random colours and pattern; period in pixels. */
struct synth_surface synth_surface_make(struct rng *rng, double period_px, bool is_ground);

/* The colour of a surface at x, y relative to its origin. */
struct synth_color synth_surface_at(const struct synth_surface *surface, const struct synth_noise *noise, double x, double y);

#endif
