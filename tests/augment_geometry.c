/* Laws of geometry for the objects of a sample, thousands of random cases. */
#include "augment/objects.h"
#include "tests/geometry.h"

/* A sample of one object with both kinds of box, its mask, and 17 keypoints. */
struct scene {
	struct sample sample;
	struct picture picture;
	float box[4];
	float keypoints[17 * 3];
	struct sample_mask mask;
	struct tensor polygon;
	double xy[4 * 2];
};

static const int32_t one_label;

static void scene_init(struct scene *s, bool polygon, struct rng *g)
{
	do
		s->picture = random_picture(g);
	while (to_edges(&s->picture).area == 0);
	struct rle runs = to_rle(&s->picture);
	double box[4];
	rle_box(box, &runs);
	for (int i = 0; i < 2; i++) {
		s->box[i] = (float)box[i];
		s->box[2 + i] = (float)(box[i] + box[2 + i]);
	}
	s->mask = (struct sample_mask){ .rle = rle_compress(runs.runs, runs.n, &arena), .rle_h = runs.h, .rle_w = runs.w };
	if (polygon) {	/* the middles of the box's sides */
		const double mx = box[0] + box[2] / 2, my = box[1] + box[3] / 2;
		memcpy(s->xy, (double[]){ mx, box[1], box[0] + box[2], my, mx, box[1] + box[3], box[0], my }, sizeof s->xy);
		s->polygon = tensor_view(DTYPE_F64, 2, (int64_t[]){ 4, 2 }, s->xy);
		s->mask = (struct sample_mask){ .n_polygons = 1, .polygons = &s->polygon };
	}
	for (int i = 0; i < 17; i++) {
		s->keypoints[3 * i] = (float)below(g, s->picture.w);
		s->keypoints[3 * i + 1] = (float)below(g, s->picture.h);
		s->keypoints[3 * i + 2] = (float)below(g, 3);
	}
	sample_init(&s->sample);
	s->sample.n = 1;
	s->sample.boxes = s->box;
	s->sample.labels = &one_label;
	s->sample.masks = &s->mask;
	s->sample.keypoints = tensor_view(DTYPE_F32, 3, (int64_t[]){ 1, 17, 3 }, s->keypoints);
	s->sample.orig_w = s->picture.w;
	s->sample.orig_h = s->picture.h;
}

/* The sample moved to a canvas of w x h; its pixels are not looked at. */
static struct sample move(const struct sample *in, const double m[6], enum objects_boxes boxes, int w, int h)
{
	struct augment_loss loss = { 0 };
	struct sample out = *in;
	out.pixels = tensor_view(DTYPE_U8, 3, (int64_t[]){ h, w, 3 }, &arena);
	out.valid_w = w;
	out.valid_h = h;
	if (augment_objects(&out, in, m, &(struct objects_param){ .boxes = boxes }, &loss, &arena) != 0) {
		printf("# %s\n", err_get());
		abort();
	}
	return out;
}

static bool box_within(const float b[4], double x0, double y0, double x1, double y1)
{
	return (double)b[0] >= x0 && (double)b[1] >= y0 && (double)b[2] <= x1 && (double)b[3] <= y1 && b[0] < b[2] && b[1] < b[3];
}

/* Centres of the output's mask pixels that its box does not hold. */
static int pixels_beyond(const struct sample *out)
{
	const struct sample_mask *mask = out->masks;
	struct rle runs = { .h = mask->rle_h, .w = mask->rle_w };
	if (mask->rle == NULL)
		return 0;
	runs.runs = arena_alloc(&arena, strlen(mask->rle) * sizeof *runs.runs + 1);
	if (runs.runs == NULL || rle_expand(&runs, mask->rle) != 0)
		abort();
	struct picture p = from_rle(&runs);
	int beyond = 0;
	const float *b = out->boxes, slack = 1e-4f;
	for (int at = 0; at < p.h * p.w; at++) {
		float x = (float)(at % p.w) + .5f, y = (float)(at / p.w) + .5f;
		beyond += p.inside[at] && (x < b[0] - slack || y < b[1] - slack || x > b[2] + slack || y > b[3] + slack);
	}
	return beyond;
}

static void test_boxes(void)
{
	struct rng g = rng_make(5);
	int outside = 0, loose = 0, beyond = 0, points = 0, seen = 0, lost = 0;
	for (int i = 0; i < CASES; i++) {
		struct scene s;
		double m[6];
		arena_reset(&arena);
		scene_init(&s, i % 2, &g);
		random_map(m, s.picture.w, s.picture.h, &g);
		int w = 1 + below(&g, 30), h = 1 + below(&g, 30);
		struct sample tight = move(&s.sample, m, OBJECTS_TIGHT, w, h), corners = move(&s.sample, m, OBJECTS_CORNERS, w, h);
		lost += tight.n > corners.n;
		if (corners.n == 1)
			outside += !box_within(corners.boxes, 0, 0, w, h);
		if (tight.n == 0)
			continue;
		seen++;
		const float *c = corners.boxes;
		outside += !box_within(tight.boxes, 0, 0, w, h);
		loose += !box_within(tight.boxes, (double)c[0] - 1e-4, (double)c[1] - 1e-4, (double)c[2] + 1e-4, (double)c[3] + 1e-4);
		beyond += pixels_beyond(&tight) + pixels_beyond(&corners);
		const float *k = tight.keypoints.data;
		for (int j = 0; j < 17; j++)
			points += k[3 * j + 2] > 0 ? k[3 * j] < -.5f || k[3 * j + 1] < -.5f || k[3 * j] > (float)w - .5f ||
				k[3 * j + 1] > (float)h - .5f : k[3 * j] != 0 || k[3 * j + 1] != 0;
	}
	ok(outside == 0 && seen > CASES / 2, "boxes never leave the image: %d of %d seen", seen, (int)CASES);
	ok(loose == 0 && lost == 0, "a tight box lies within that of the corners");
	is_int(beyond, 0, "a box holds the centres of its mask's pixels");
	is_int(points, 0, "keypoints lie in the image or are not labelled");
}

static double polygon_area(const double *xy)
{
	double sum = 0;
	for (int i = 0, k = 3; i < 4; k = i++)
		sum += xy[2 * k] * xy[2 * i + 1] - xy[2 * i] * xy[2 * k + 1];
	return fabs(sum) / 2;
}

/* To a large canvas, where nothing is cut. */
static void test_maps(void)
{
	struct rng g = rng_make(6);
	double back = 0, composed = 0, area = 0;
	int differ = 0, points = 0;
	for (int i = 0; i < CASES / 2; i++) {
		struct scene s;
		double m[6], second[6], both[6], inverse[6];
		arena_reset(&arena);
		scene_init(&s, true, &g);
		random_map(m, s.picture.w, s.picture.h, &g);
		random_map(second, 400, 400, &g);
		m[2] += 200;
		m[5] += 200;
		second[2] += 2000;
		second[5] += 2000;
		affine_compose(both, second, m);
		affine_invert(inverse, m);
		struct sample first = move(&s.sample, m, OBJECTS_TIGHT, 5000, 5000);
		struct sample two = move(&first, second, OBJECTS_TIGHT, 5000, 5000), one = move(&s.sample, both, OBJECTS_TIGHT, 5000, 5000);
		struct sample again = move(&first, inverse, OBJECTS_CORNERS, 5000, 5000);
		const double *p = one.masks[0].polygons[0].data, *q = two.masks[0].polygons[0].data;
		const double *r = again.n == 1 ? again.masks[0].polygons[0].data : s.xy;
		for (int k = 0; k < 8; k++) {
			composed = fmax(composed, fabs(p[k] - q[k]));
			back = fmax(back, fabs(r[k] - s.xy[k]));
		}
		for (int k = 0; k < 4; k++)
			differ += fabsf(one.boxes[k] - two.boxes[k]) > 1e-3f;
		const float *a = one.keypoints.data, *b = two.keypoints.data;
		for (int k = 0; k < 17 * 3; k++)
			points += fabsf(a[k] - b[k]) > 1e-3f;
		double factor = fabs(m[0] * m[4] - m[1] * m[3]);
		area = fmax(area, fabs(polygon_area(first.masks[0].polygons[0].data) / polygon_area(s.xy) / factor - 1));
	}
	ok(composed < 1e-9, "polygons moved twice are moved once by the product: within %.1e", composed);
	ok(back < 1e-9, "and come back by the inverse: within %.1e", back);
	is_int(differ, 0, "tight boxes of turned objects do not depend on the steps");
	is_int(points, 0, "neither do keypoints, with their names exchanged in mirrors");
	ok(area < 1e-9, "areas change by the determinant: within %.1e", area);
}

/* A hundred mirror images: what a float cannot hold is lost in the first. */
static void test_drift(void)
{
	struct rng g = rng_make(7);
	const double same[6] = { 1, 0, 0, 0, 1, 0 };
	int drift = 0, identity = 0;
	for (int i = 0; i < 200; i++) {
		struct scene s;
		arena_reset(&arena);
		scene_init(&s, i % 2, &g);
		for (int k = 0; k < 4; k++)
			s.box[k] += k < 2 ? .123f : -.123f;
		int w = s.picture.w, h = s.picture.h;
		const double mirror[6] = { -1, 0, w, 0, 1, 0 };
		struct sample at = move(&s.sample, same, OBJECTS_TIGHT, w, h), two = at;
		identity += memcmp(at.boxes, s.box, sizeof s.box) != 0 || at.masks[0].rle != s.mask.rle;
		for (int k = 0; k < 100; k++) {
			at = move(&at, mirror, OBJECTS_TIGHT, w, h);
			two = k == 1 ? at : two;
		}
		drift += memcmp(at.boxes, two.boxes, sizeof s.box) != 0;
		drift += memcmp(at.keypoints.data, two.keypoints.data, sizeof s.keypoints) != 0;
		for (int k = 0; k < 17; k++)	/* keypoints are whole numbers here, and come back as they were */
			drift += s.keypoints[3 * k + 2] > 0 &&
				memcmp((float *)at.keypoints.data + 3 * k, s.keypoints + 3 * k, 3 * sizeof(float)) != 0;
		if (s.mask.rle != NULL)
			drift += strcmp(at.masks[0].rle, s.mask.rle) != 0;
		else
			drift += memcmp(at.masks[0].polygons[0].data, two.masks[0].polygons[0].data, sizeof s.xy) != 0;
	}
	is_int(identity, 0, "the identity changes nothing");
	is_int(drift, 0, "a hundred mirror images move nothing away");
}

int main(void)
{
	arena_init(&arena, 1 << 18);
	test_boxes();
	test_maps();
	test_drift();
	arena_release(&arena);
	return tap_done();
}
