#include "image/synth.h"

#include <math.h>

static const double pi = 3.14159265358979323846;

const char *const synth_kind_name[SYNTH_KINDS] = {
	"disc", "square", "triangle", "star", "ring", "cross", "heart", "moon",
};

static int loop_new(struct synth_loop *loop, int n, struct arena *a)
{
	*loop = (struct synth_loop){ .n = n, .point = arena_calloc(a, (size_t)n, 2 * sizeof *loop->point) };
	return loop->point == NULL ? -1 : 0;
}

static void set_point(struct synth_loop *loop, int i, double x, double y)
{
	loop->point[2 * i] = x;
	loop->point[2 * i + 1] = y;
}

/* n points on circles whose radii alternate between `even` and `odd`; direction is 1 or -1. */
static int polar(struct synth_loop *loop, int n, double even, double odd, double first, int direction, struct arena *a)
{
	TRY(loop_new(loop, n, a));
	for (int i = 0; i < n; i++) {
		double angle = first + direction * 2 * pi * i / n, r = i % 2 == 0 ? even : odd;
		set_point(loop, i, r * cos(angle), r * sin(angle));
	}
	return 0;
}

static int disc(struct synth_loop loops[2], int *n_loops, struct arena *a)
{
	*n_loops = 1;
	return polar(&loops[0], 64, 1, 1, 0, 1, a);
}

static int square(struct synth_loop loops[2], int *n_loops, struct arena *a)
{
	*n_loops = 1;
	return polar(&loops[0], 4, 1, 1, pi / 4, 1, a);
}

static int triangle(struct synth_loop loops[2], int *n_loops, struct arena *a)
{
	*n_loops = 1;
	return polar(&loops[0], 3, 1, 1, -pi / 2, 1, a);
}

static int star(struct synth_loop loops[2], int *n_loops, struct arena *a)
{
	*n_loops = 1;
	return polar(&loops[0], 10, 1, 0.44, -pi / 2, 1, a);
}

static int ring(struct synth_loop loops[2], int *n_loops, struct arena *a)
{
	*n_loops = 2;
	TRY(polar(&loops[0], 64, 1, 1, 0, 1, a));
	return polar(&loops[1], 48, 0.52, 0.52, 0, -1, a);
}

static int cross(struct synth_loop loops[2], int *n_loops, struct arena *a)
{
	static const double corner[12][2] = {
		{ 0.32, -0.95 }, { 0.32, -0.32 }, { 0.95, -0.32 }, { 0.95, 0.32 }, { 0.32, 0.32 }, { 0.32, 0.95 },
		{ -0.32, 0.95 }, { -0.32, 0.32 }, { -0.95, 0.32 }, { -0.95, -0.32 }, { -0.32, -0.32 }, { -0.32, -0.95 },
	};
	*n_loops = 1;
	TRY(loop_new(&loops[0], 12, a));
	for (int i = 0; i < 12; i++)
		set_point(&loops[0], i, corner[i][0], corner[i][1]);
	return 0;
}

/* Two half discs over a smooth point. */
static int heart(struct synth_loop loops[2], int *n_loops, struct arena *a)
{
	enum { POINTS = 64 };
	*n_loops = 1;
	TRY(loop_new(&loops[0], POINTS, a));
	for (int i = 0; i < POINTS; i++) {
		double t = 2 * pi * i / POINTS, s = sin(t);
		double y = 0.76 * cos(t) - 0.29 * cos(2 * t) - 0.12 * cos(3 * t) - 0.06 * cos(4 * t);
		set_point(&loops[0], i, 0.95 * s * s * s, -y);
	}
	return 0;
}

/* The unit disc without a smaller disc that is shifted out over its edge. */
static int moon(struct synth_loop loops[2], int *n_loops, struct arena *a)
{
	enum { ARC = 40 };
	const double shift = 0.5, bite = 0.78;
	double x = (1 + shift * shift - bite * bite) / (2 * shift), y = sqrt(1 - x * x);
	double outer = atan2(y, x), inner = atan2(y, x - shift);
	*n_loops = 1;
	TRY(loop_new(&loops[0], 2 * ARC, a));
	for (int i = 0; i < ARC; i++) {
		double t = outer + (2 * pi - 2 * outer) * i / ARC;
		set_point(&loops[0], i, cos(t), sin(t));
		t = 2 * pi - inner - (2 * pi - 2 * inner) * i / ARC;
		set_point(&loops[0], ARC + i, shift + bite * cos(t), bite * sin(t));
	}
	return 0;
}

int synth_shape(struct synth_loop loops[2], int *n_loops, int kind, struct arena *a)
{
	static int (*const make[SYNTH_KINDS])(struct synth_loop *, int *, struct arena *) = {
		disc, square, triangle, star, ring, cross, heart, moon,
	};
	if (kind < 0 || kind >= SYNTH_KINDS)
		return err_set("synth: there is no kind %d", kind);
	return make[kind](loops, n_loops, a);
}

double synth_loop_area(const struct synth_loop *loop)
{
	double twice = 0;
	for (int i = 0; i < loop->n; i++) {
		const double *p = &loop->point[2 * i], *q = &loop->point[2 * ((i + 1) % loop->n)];
		twice += p[0] * q[1] - q[0] * p[1];
	}
	return twice / 2;
}
