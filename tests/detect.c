/* Anchors, box codes and matching against definitions written out naively. */
#include "detect/anchors.h"
#include "detect/box_code.h"
#include "detect/matching.h"
#include "detect/matching_kernel.h"
#include "detect/retinanet.h"

#include "base/rng.h"
#include "tests/tap.h"

#include <stdlib.h>

static const struct detect_size grid[5] = { { 32, 40 }, { 16, 20 }, { 8, 10 }, { 4, 5 }, { 2, 3 } };
enum { IMAGE_H = 256, IMAGE_W = 320, MAX_OBJECTS = 24 };
static const struct detect_size image_size = { IMAGE_H, IMAGE_W };

static bool box_is(const struct anchors *a, int64_t i, double x0, double y0, double x1, double y1, double tolerance)
{
	return fabs((double)a->x0[i] - x0) <= tolerance && fabs((double)a->y0[i] - y0) <= tolerance &&
		fabs((double)a->x1[i] - x1) <= tolerance && fabs((double)a->y1[i] - y1) <= tolerance;
}

static void test_anchors(struct arena *arena)
{
	struct anchors a;
	struct anchor_param p = { .kind = ANCHOR_ROUNDED, .base_size = 32 };
	ok(anchors_generate(&a, &p, 5, grid, image_size, arena) == 0, "rounded anchors of five levels");
	is_int(a.n, 9 * (32 * 40 + 16 * 20 + 8 * 10 + 4 * 5 + 2 * 3), "their number");
	is_int(a.first[1], 9 * 32 * 40, "the second level starts after the first");
	/* Half sides of size 32: 22.63 x 11.31; 40: 28.28 x 14.14; 50: 35.36 x 17.68. */
	ok(box_is(&a, 0, -23, -11, 23, 11, 0) && box_is(&a, 1, -28, -14, 28, 14, 0) && box_is(&a, 2, -35, -18, 35, 18, 0),
	   "wide anchors come first, by size");
	ok(box_is(&a, 3, -16, -16, 16, 16, 0) && box_is(&a, 5, -25, -25, 25, 25, 0) && box_is(&a, 6, -11, -23, 11, 23, 0),
	   "then square and tall ones");
	ok(box_is(&a, (3 * 40 + 7) * 9 + 3, 7 * 8 - 16, 3 * 8 - 16, 7 * 8 + 16, 3 * 8 + 16, 0), "cells are row-major, 8 px apart");
	ok(box_is(&a, a.first[4] + (1 * 3 + 2) * 9 + 3, 2 * 106 - 256, 128 - 256, 2 * 106 + 256, 128 + 256, 0),
	   "the stride is the image divided by the grid, rounded down");
	p.base_size = 16;
	ok(anchors_generate(&a, &p, 1, grid, image_size, arena) == 0 && box_is(&a, 3, -8, -8, 8, 8, 0) &&
	   box_is(&a, 5, -12, -12, 12, 12, 0), "base size 16: halves round to even (25/2 = 12)");
	p = (struct anchor_param){ .kind = ANCHOR_CENTRED, .base_size = 32 };
	ok(anchors_generate(&a, &p, 5, grid, image_size, arena) == 0, "centred anchors");
	ok(box_is(&a, 0, 4 - 16, 4 - 16, 4 + 16, 4 + 16, 1e-4), "the first one is square, at the centre of its cell");
	double w = 16 * sqrt(2.0), h = 16 / sqrt(2.0), o = pow(2.0, 2.0 / 3.0);
	ok(box_is(&a, 1, 4 - w, 4 - h, 4 + w, 4 + h, 1e-4) && box_is(&a, 2, 4 - h, 4 - w, 4 + h, 4 + w, 1e-4), "then wide and tall");
	ok(box_is(&a, 8, 4 - h * o, 4 - w * o, 4 + h * o, 4 + w * o, 1e-4), "octaves are the slow index");
	ok(box_is(&a, a.first[2] + (1 * 10 + 2) * 9, 80 - 64, 48 - 64, 80 + 64, 48 + 64, 1e-3), "stride 32 at the third level");
	ok(anchors_generate(&a, &p, 9, grid, image_size, arena) == -1, "nine levels are an error");
	ok(anchors_generate(&a, &p, 1, grid, (struct detect_size){ 16, IMAGE_W }, arena) == -1, "a grid finer than the image is an error");
	p.base_size = 0;
	ok(anchors_generate(&a, &p, 1, grid, image_size, arena) == -1, "base size 0 is an error");
}

static void test_box_code(void)
{
	const float anchor[4] = { 10, 20, 30, 60 }, box[4] = { 15, 20, 55, 40 };
	float code[4], back[4];
	box_encode(code, box, anchor, 0.0f);
	ok(fabs((double)code[0] - 0.75) < 1e-6 && fabs((double)code[1] + 0.25) < 1e-6 && fabs((double)code[2] - log(2.0)) < 1e-6 &&
	   fabs((double)code[3] - log(0.5)) < 1e-6, "a code worked out by hand");
	box_decode(back, code, anchor);
	double worst = 0;
	for (int i = 0; i < 4; i++)
		worst = fmax(worst, fabs((double)(back[i] - box[i])));
	is_near(worst, 0, 1e-4, "decoding gives the box back");
	const float huge[4] = { 0, 0, 50, -200 };
	box_decode(back, huge, anchor);
	is_near((double)(back[2] - back[0]), 20 * 62.5, 1e-2, "growth is limited to 62.5 times");
	ok(back[3] - back[1] >= 0.0f && back[3] - back[1] < 1e-3f, "shrinking is not limited");
	const float empty[4] = { 5, 5, 5, 5 };
	box_encode(code, empty, anchor, 1e-8f);
	ok(isfinite(code[2]), "with eps an empty box has a code");
}

/* IoU in the definition's f32 steps: equality with it is what ties are about. */
static float naive_iou(const float *g, const float *a)
{
	float w = fminf(g[2], a[2]) - fmaxf(g[0], a[0]), h = fminf(g[3], a[3]) - fmaxf(g[1], a[1]);
	float common = fmaxf(w, 0) * fmaxf(h, 0);
	return common / ((g[2] - g[0]) * (g[3] - g[1]) + (a[2] - a[0]) * (a[3] - a[1]) - common);
}

static bool target(const struct detect_objects *o, int64_t k)
{
	return !(o->iscrowd && o->iscrowd[k]) && !(o->ignore && o->ignore[k]);
}

static void naive_match(int32_t *match, const struct anchors *a, const struct detect_objects *o, const struct match_param *p)
{
	float *iou = malloc((size_t)(o->n * a->n + 1) * sizeof *iou);
	for (int64_t i = 0; i < a->n; i++) {
		float box[4], best = 0;
		int32_t which = 0;
		anchors_get(box, a, i);
		for (int64_t k = 0; k < o->n; k++) {
			iou[k * a->n + i] = target(o, k) ? naive_iou(o->boxes + 4 * k, box) : 0;
			if (iou[k * a->n + i] > best) {
				best = iou[k * a->n + i];
				which = (int32_t)k;
			}
		}
		match[i] = best >= p->foreground ? which : best < p->background ? -1 : -2;
	}
	for (int64_t k = o->n - 1; k >= 0; k--) {
		float highest = 0;
		for (int64_t i = 0; i < a->n; i++)
			highest = fmaxf(highest, iou[k * a->n + i]);
		for (int64_t i = 0; i < a->n && highest > 0; i++) {
			if (iou[k * a->n + i] != highest)
				continue;
			int32_t which = (int32_t)k;
			for (int64_t j = 0; p->rescue == MATCH_BEST && j < o->n; j++)
				if (iou[j * a->n + i] > iou[which * a->n + i] || (iou[j * a->n + i] == iou[which * a->n + i] && j < which))
					which = (int32_t)j;
			match[i] = which;
			if (p->rescue == MATCH_FORCE)
				break;
		}
	}
	for (int64_t i = 0; i < a->n && p->skip_covered; i++)
		for (int64_t k = 0; k < o->n; k++) {
			float b[4];
			const float *g = o->boxes + 4 * k;
			anchors_get(b, a, i);
			float w = fminf(g[2], b[2]) - fmaxf(g[0], b[0]), h = fminf(g[3], b[3]) - fmaxf(g[1], b[1]);
			if (!target(o, k) && match[i] == -1 && fmaxf(w, 0) * fmaxf(h, 0) >= 0.5f * ((b[2] - b[0]) * (b[3] - b[1])))
				match[i] = -2;
		}
	free(iou);
}

struct image {
	float boxes[MAX_OBJECTS][4];
	int32_t labels[MAX_OBJECTS];
	uint8_t iscrowd[MAX_OBJECTS], ignore[MAX_OBJECTS];
};

/* Whole and half pixels make equal IoUs likely; now and then a box comes twice. */
static void random_image(struct image *m, struct detect_objects *o, int64_t n, struct rng *g)
{
	memset(m, 0, sizeof *m);
	for (int64_t k = 0; k < n; k++) {
		double w = 2 + (double)rng_below(g, 300) / 2, h = 2 + (double)rng_below(g, 240) / 2;
		m->boxes[k][0] = (float)rng_below(g, (uint64_t)(IMAGE_W - (int)w));
		m->boxes[k][1] = (float)rng_below(g, (uint64_t)(IMAGE_H - (int)h));
		m->boxes[k][2] = m->boxes[k][0] + (float)w;
		m->boxes[k][3] = m->boxes[k][1] + (float)h;
		if (k > 0 && rng_below(g, 5) == 0)
			memcpy(m->boxes[k], m->boxes[k - 1], sizeof m->boxes[k]);
		m->iscrowd[k] = rng_below(g, 8) == 0;
		m->ignore[k] = rng_below(g, 8) == 0;
	}
	*o = (struct detect_objects){ .n = n, .boxes = m->boxes[0], .labels = m->labels, .iscrowd = m->iscrowd, .ignore = m->ignore };
}

static void compare_matching(const struct anchors *a, const char *preset, bool skip, struct arena *arena)
{
	enum { IMAGES = 12 };
	struct retinanet_param p;
	struct image images[IMAGES];
	struct detect_objects objects[IMAGES];
	struct detect_targets t;
	struct rng g = rng_make(rng_mix_text(7, preset));
	int64_t different = 0, foreground = 0, ignored = 0, wrong_count = 0;
	int32_t *want = malloc((size_t)a->n * sizeof *want);
	ok(retinanet_preset(&p, preset) == 0, "preset %s", preset);
	p.match.skip_covered = skip;
	for (int i = 0; i < IMAGES; i++)
		random_image(&images[i], &objects[i], i * 2, &g);
	ok(detect_targets_match(&t, a, objects, IMAGES, &p.match, arena) == 0, "matching %d images", IMAGES);
	for (int i = 0; i < IMAGES; i++) {
		int64_t count = 0;
		naive_match(want, a, &objects[i], &p.match);
		for (int64_t k = 0; k < a->n; k++) {
			different += t.match[i * a->n + k] != want[k];
			count += want[k] >= 0;
			ignored += want[k] == MATCH_IGNORED;
		}
		foreground += count;
		wrong_count += count != t.n_foreground[i];
	}
	ok(foreground > 100, "the cases have matches (%lld, %lld ignored)", (long long)foreground, (long long)ignored);
	is_int(different, 0, skip ? "equal to the definition, covered anchors skipped" : "equal to the definition");
	is_int(wrong_count, 0, "foreground counts");
	free(want);
}

static void test_matching_edges(const struct anchors *a, struct arena *arena)
{
	struct retinanet_param p;
	const float tiny[2][4] = { { 100.25f, 100.25f, 101, 101 }, { 50, 50, 50, 50 } };
	const int32_t labels[2] = { 0, 0 };
	struct detect_objects o = { .n = 1, .boxes = tiny[0], .labels = labels };
	struct detect_targets t;
	ok(retinanet_preset(&p, "no such") == -1, "an unknown preset is an error");
	ok(retinanet_preset(&p, "torchvision") == 0 && detect_targets_match(&t, a, &o, 1, &p.match, arena) == 0, "a tiny object");
	ok(t.n_foreground[0] > 1, "all anchors that hold it equally well are its (%lld)", (long long)t.n_foreground[0]);
	o.n = 2;
	int64_t alone = t.n_foreground[0];
	ok(detect_targets_match(&t, a, &o, 1, &p.match, arena) == 0, "and an object without area");
	is_int(t.n_foreground[0], alone, "which claims nothing");
	ok(retinanet_preset(&p, "tpu") == 0 && detect_targets_match(&t, a, &o, 1, &p.match, arena) == 0, "the same, forced");
	is_int(t.n_foreground[0], 1, "one anchor is forced");
	o.n = 0;
	ok(detect_targets_match(&t, a, &o, 1, &p.match, arena) == 0 && t.n_foreground[0] == 0 && t.match[17] == MATCH_BACKGROUND,
	   "without objects all is background");
}

/* The kernels of the levels this machine has give the same bits. */
static void test_levels(const struct anchors *a)
{
#if defined(__x86_64__)
	const float box[4] = { 30.5f, 40.25f, 120.75f, 130.125f };
	float *best = calloc(2 * (size_t)a->n, sizeof *best);
	int32_t *which = calloc(2 * (size_t)a->n, sizeof *which);
	float base = match_best_base(best, which, a, box, 3);
	float other = ISA_PICK(match_best)(best + a->n, which + a->n, a, box, 3);
	ok(base == other && memcmp(best, best + a->n, (size_t)a->n * sizeof *best) == 0 &&
	   memcmp(which, which + a->n, (size_t)a->n * sizeof *which) == 0, "%s and base have the same bits", isa_name(isa_level()));
	free(best);
	free(which);
#else
	(void)a;
#endif
}

int main(void)
{
	struct arena arena;
	struct anchors rounded, centred;
	struct anchor_param p = { .kind = ANCHOR_ROUNDED, .base_size = 32 };
	arena_init(&arena, 1 << 20);
	test_anchors(&arena);
	test_box_code();
	ok(anchors_generate(&rounded, &p, 5, grid, image_size, &arena) == 0, "rounded anchors");
	p.kind = ANCHOR_CENTRED;
	ok(anchors_generate(&centred, &p, 5, grid, image_size, &arena) == 0, "centred anchors");
	for (int skip = 0; skip < 2; skip++) {
		compare_matching(&rounded, "torchvision", skip, &arena);
		compare_matching(&centred, "tpu", skip, &arena);
		compare_matching(&rounded, "tpu", skip, &arena);
	}
	test_matching_edges(&rounded, &arena);
	test_levels(&rounded);
	arena_release(&arena);
	return tap_done();
}
