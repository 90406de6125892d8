/* Drawing of shapes: cover against counted sample points, and what a scene promises. */
#include "image/synth.h"
#include "tests/tap.h"

#include <stdlib.h>

static struct arena arena;

/* Inside by counting the edges that a ray to the left crosses. */
static bool inside(const struct synth_loop *loops, int n_loops, double x, double y)
{
	bool in = false;
	for (int l = 0; l < n_loops; l++) {
		for (int i = 0; i < loops[l].n; i++) {
			const double *p = &loops[l].point[2 * i], *q = &loops[l].point[2 * ((i + 1) % loops[l].n)];
			if ((p[1] > y) != (q[1] > y) && x > p[0] + (q[0] - p[0]) * (y - p[1]) / (q[1] - p[1]))
				in = !in;
		}
	}
	return in;
}

/* Part of a pixel inside, from 32 x 32 points. */
static double sampled(const struct synth_loop *loops, int n_loops, int x, int y)
{
	enum { POINTS = 32 };
	int hits = 0;
	for (int i = 0; i < POINTS; i++)
		for (int j = 0; j < POINTS; j++)
			hits += inside(loops, n_loops, x + (j + 0.5) / POINTS, y + (i + 0.5) / POINTS);
	return (double)hits / (POINTS * POINTS);
}

/* The shape of this kind at x, y, on a picture of 48 x 40. */
static void check_cover(int kind, double x, double y, double radius, double turn)
{
	struct synth_loop loops[2];
	struct synth_cover cover;
	int n_loops;
	double worst = 0, c = radius * cos(turn), s = radius * sin(turn);
	if (synth_shape(loops, &n_loops, kind, &arena) != 0) {
		ok(false, "%s", err_get());
		return;
	}
	for (int l = 0; l < n_loops; l++) {
		for (int i = 0; i < loops[l].n; i++) {
			double u = loops[l].point[2 * i], v = loops[l].point[2 * i + 1];
			loops[l].point[2 * i] = x + c * u - s * v;
			loops[l].point[2 * i + 1] = y + s * u + c * v;
		}
	}
	if (synth_cover(&cover, loops, n_loops, 48, 40, &arena) != 0) {
		ok(false, "%s", err_get());
		return;
	}
	for (int py = 0; py < 40; py++) {
		for (int px = 0; px < 48; px++) {
			int cx = px - cover.x, cy = py - cover.y;
			bool within = cx >= 0 && cy >= 0 && cx < cover.w && cy < cover.h;
			double got = within ? cover.part[cy * cover.w + cx] : 0;
			worst = fmax(worst, fabs(got - sampled(loops, n_loops, px, py)));
		}
	}
	ok(worst < 0.05, "%s at %g %g, radius %g, turned %g: cover within %.4f of counted points", synth_kind_name[kind],
	   x, y, radius, turn, worst);
}

static void check_scene(uint64_t number)
{
	struct synth_scene scene;
	const struct synth_param param = { .w = 200, .h = 120, .n_kinds = SYNTH_KINDS, .most = 12 };
	struct tensor image;
	int64_t owned = 0, area = 0;
	bool tight = true;
	if (synth_scene_make(&scene, &param, 7, number, &arena) != 0 || synth_render(&image, &scene, &arena) != 0) {
		ok(false, "%s", err_get());
		return;
	}
	for (int i = 0; i < scene.n; i++) {
		int box[4] = { 200, 120, 0, 0 };
		int64_t count = 0;
		for (int y = 0; y < 120; y++) {
			for (int x = 0; x < 200; x++) {
				if (scene.owner[y * 200 + x] != i + 1)
					continue;
				count++;
				box[0] = x < box[0] ? x : box[0];
				box[1] = y < box[1] ? y : box[1];
				box[2] = x + 1 > box[2] ? x + 1 : box[2];
				box[3] = y + 1 > box[3] ? y + 1 : box[3];
			}
		}
		tight &= memcmp(box, scene.object[i].box, sizeof box) == 0 && count == scene.object[i].area;
		tight &= (double)count >= 0.2 * scene.object[i].full_area;
		area += count;
	}
	for (int i = 0; i < 200 * 120; i++)
		owned += scene.owner[i] != 0;
	ok(tight && owned == area && scene.n > 0, "scene %d: %d shapes, boxes are tight, enough is visible", (int)number, scene.n);
	ok(image.dim[0] == 120 && image.dim[1] == 200 && image.dim[2] == 3, "scene %d: shape of the picture", (int)number);
}

int main(void)
{
	struct synth_scene scene;
	struct synth_loop loops[2];
	int n_loops;
	arena_init(&arena, 1 << 20);
	for (int kind = 0; kind < SYNTH_KINDS; kind++)
		check_cover(kind, 23.3, 19.8, 15.1, 0.4 + kind);
	check_cover(0, 0, 0, 14, 0);
	check_cover(1, 47, 5.5, 20, 0.2);
	check_cover(4, 24, 39.5, 18, 1.1);
	check_cover(3, -3, 20, 30, 2);
	check_cover(2, 24, 20, 90, 0.3);
	check_cover(0, 100, 20, 10, 0);
	is_near(fabs(synth_shape(loops, &n_loops, 1, &arena) == 0 ? synth_loop_area(&loops[0]) : 0), 2, 1e-12,
		"the square in the unit circle has area 2");
	for (uint64_t number = 0; number < 20; number++)
		check_scene(number);
	ok(synth_scene_make(&scene, &(struct synth_param){ .w = 64, .h = 20, .n_kinds = 1, .most = 1 }, 0, 0, &arena) != 0,
	   "too low: %s", err_get());
	ok(synth_scene_make(&scene, &(struct synth_param){ .w = 64, .h = 64, .n_kinds = 9, .most = 1 }, 0, 0, &arena) != 0,
	   "too many kinds: %s", err_get());
	arena_release(&arena);
	return tap_done();
}
