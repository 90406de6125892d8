/* Boxes, masks, keypoints and label maps go where the pixels go. */
#include "augment/augment.h"
#include "base/rng.h"
#include "coco/rle.h"
#include "image/affine.h"
#include "image/codec.h"
#include "tests/tap.h"

#include <stdlib.h>
#include <string.h>

static struct arena arena;
static const struct objects_param tight = { .boxes = OBJECTS_TIGHT };

static struct tensor new_image(int w, int h)
{
	struct tensor t;
	if (tensor_new(&t, &arena, DTYPE_U8, 3, (int64_t[]){ h, w, 3 }) != 0)
		abort();
	memset(t.data, 20, tensor_bytes(&t));
	return t;
}

static void paint(struct tensor *t, const float box[4])
{
	for (int64_t y = (int64_t)box[1]; y < (int64_t)box[3]; y++)
		memset((uint8_t *)t->data + (y * t->dim[1] + (int64_t)box[0]) * 3, 235, (size_t)(box[2] - box[0]) * 3);
}

/* The box around what is bright; false when there is nothing. */
static bool find_bright(float box[4], const struct tensor *t)
{
	box[0] = box[1] = 1e9f;
	box[2] = box[3] = -1;
	for (int64_t y = 0; y < t->dim[0]; y++)
		for (int64_t x = 0; x < t->dim[1]; x++)
			if (((uint8_t *)t->data)[(y * t->dim[1] + x) * 3] > 127) {
				box[0] = fminf(box[0], (float)x);
				box[1] = fminf(box[1], (float)y);
				box[2] = fmaxf(box[2], (float)x + 1);
				box[3] = fmaxf(box[3], (float)y + 1);
			}
	return box[2] > 0;
}

/* A bright rectangle in a dark w x h JPEG, and its box as it is in the stored frame. */
static void make_sample(struct sample *s, float box[4], int w, int h, struct rng *g)
{
	static const int32_t label = 0;
	struct tensor image = new_image(w, h);
	uint8_t *bytes;
	box[0] = (float)rng_below(g, (uint64_t)w - 30);
	box[1] = (float)rng_below(g, (uint64_t)h - 30);
	box[2] = box[0] + 12 + (float)rng_below(g, (uint64_t)((float)w - box[0] - 12));
	box[3] = box[1] + 12 + (float)rng_below(g, (uint64_t)((float)h - box[1] - 12));
	paint(&image, box);
	sample_init(s);
	if (jpeg_encode(&bytes, &s->encoded_size, &image, 98, &arena) != 0)
		abort();
	s->encoded = bytes;
	s->id.number = (int64_t)rng_below(g, 1u << 30);
	s->orig_w = w;
	s->orig_h = h;
	s->n = 1;
	s->boxes = box;
	s->labels = &label;
}

static double largest_difference(const float a[4], const float b[4])
{
	double worst = 0;
	for (int i = 0; i < 4; i++)
		worst = fmax(worst, fabs((double)a[i] - b[i]));
	return worst;
}

/* Both ways annotations can treat an orientation: drawn on the stored image, or on the upright one. */
static void test_boxes(const char *scheme, bool upright_boxes)
{
	struct rng g = rng_make(rng_mix_text(11, scheme));
	struct augment_param param = { .scheme = augment_scheme_find(scheme), .w = 150, .h = 170, .jitter_low = 0.6,
				       .jitter_high = 1.6, .seed = 3 };
	struct augment_loss loss = { 0 };
	double worst = 0, worst_transform = 0;
	int failed = 0, lost = 0, seen = 0;
	for (int i = 0; i < 160; i++) {
		struct sample in, out;
		float box[4], bright[4], stored[4];
		arena_reset(&arena);
		make_sample(&in, box, 180, 130, &g);
		in.exif = 1 + i % 8;
		in.exif_boxes = upright_boxes ? 1 : in.exif;
		if (upright_boxes) {
			double m[6], b[4] = { box[0], box[1], box[2], box[3] };
			image_turn_affine(m, image_turn_of_exif(in.exif), 180, 130);
			affine_box(b, m, b);
			for (int k = 0; k < 4; k++)
				box[k] = (float)b[k];
			in.orig_w = in.exif > 4 ? 130 : 180;
			in.orig_h = in.exif > 4 ? 180 : 130;
		}
		memcpy(stored, box, sizeof stored);
		if (augment_sample(&out, &in, &param, &loss, &arena) != 0) {
			printf("# %s\n", err_get());
			failed++;
			continue;
		}
		if (!find_bright(bright, &out.pixels)) {
			lost++;
			continue;
		}
		if (out.n != 1) {	/* at most a faint edge of it was left */
			failed += bright[2] - bright[0] > 1 && bright[3] - bright[1] > 1;
			continue;
		}
		seen++;
		worst = fmax(worst, largest_difference(bright, out.boxes));
		double b[4] = { stored[0], stored[1], stored[2], stored[3] };
		affine_box(b, out.transform, b);
		float clipped[4] = { (float)fmax(b[0], 0), (float)fmax(b[1], 0), (float)fmin(b[2], out.valid_w),
				     (float)fmin(b[3], out.valid_h) };
		worst_transform = fmax(worst_transform, largest_difference(clipped, out.boxes));
		failed += out.exif != 1 || out.exif_boxes != 1 || out.encoded != NULL;
	}
	ok(failed == 0 && seen > 120, "scheme %s, boxes %s: %d seen, %d cut away", scheme,
	   upright_boxes ? "upright" : "as stored", seen, lost);
	ok(worst < 1.3, "boxes are where the pixels are: within %.2f px", worst);
	ok(worst_transform < 1e-4, "transform takes the annotation there: within %.1e px", worst_transform);
}

static void test_columns(void)
{
	enum { N = 5 };
	const float boxes[N * 4] = { 30, 10, 40, 20, 100, 100, 120, 130, 5, 5, 5, 9, 30, 2, 60, 40, NAN, 1, 2, 3 };
	const int32_t labels[N] = { 4, 5, 6, 7, 8 };
	const double area[N] = { 1.5, 2.5, 3.5, 4.5, 5.5 };
	const uint8_t crowd[N] = { 0, 0, 0, 1, 0 };
	const float weight[N] = { .1f, .2f, .3f, .4f, .5f };
	const int64_t ids[N] = { 11, 12, 13, 14, 15 };
	struct augment_loss loss = { 0 };
	struct sample in, out;
	sample_init(&in);
	in.n = N;
	in.boxes = boxes;
	in.labels = labels;
	in.area = area;
	in.iscrowd = crowd;
	in.weight = weight;
	in.object_id = ids;
	out = in;
	out.valid_w = 50;
	out.valid_h = 60;
	const double m[6] = { -1, 0, 70, 0, 1, -5 };
	if (augment_objects(&out, &in, m, &tight, &loss, &arena) != 0)
		abort();
	is_int(out.n, 2, "two of five objects stay");
	is_int(loss.outside * 10 + loss.empty, 12, "one was outside, two had no area");
	const float want[8] = { 30, 5, 40, 15, 10, 0, 40, 35 };
	ok(memcmp(out.boxes, want, sizeof want) == 0, "moved, mirrored, cut");
	ok(out.labels[1] == 7 && out.area[1] == 4.5 && out.iscrowd[1] == 1 && out.weight[1] == .4f &&
	   out.object_id[1] == 14, "every column goes with its object, crowds too");
	ok(out.score == NULL && out.ignore == NULL && out.masks == NULL, "absent columns stay absent");
}

/* A mask of 4 rows and 6 columns; rows 1 and 2 of column 4, row 0 of column 5. */
static const uint32_t runs[] = { 17, 2, 1, 1, 3 };

static void test_masks(void)
{
	double points[6] = { 0, 0, 10, 0, 10, 3 }, line[6] = { 0, 0, 4, 4, 2, 2 };
	struct tensor polygon = tensor_view(DTYPE_F64, 2, (int64_t[]){ 3, 2 }, points);
	struct tensor degenerate = tensor_view(DTYPE_F64, 2, (int64_t[]){ 2, 2 }, line);
	const struct sample_mask masks[4] = { { .n_polygons = 1, .polygons = &polygon }, { 0 },
					      { .rle = rle_compress(runs, 5, &arena), .rle_h = 4, .rle_w = 6 },
					      { .n_polygons = 1, .polygons = &degenerate } };
	const float boxes[16] = { 0, 0, 10, 3, 100, 0, 110, 10, 3, 0, 6, 3, 0, 0, 5, 4 };
	const int32_t labels[4] = { 0 };
	struct augment_loss loss = { 0 };
	struct objects_param corners = { .boxes = OBJECTS_CORNERS };
	struct sample in, out;
	sample_init(&in);
	in.n = 4;
	in.boxes = boxes;
	in.labels = labels;
	in.masks = masks;
	in.orig_w = 6;
	in.orig_h = 4;
	out = in;
	out.pixels = new_image(50, 50);
	out.valid_w = 15;
	out.valid_h = 40;
	if (augment_objects(&out, &in, (double[6]){ 2, 0, 1, 0, 3, 2 }, &tight, &loss, &arena) != 0)
		abort();
	const double *moved = out.masks[0].polygons[0].data;
	ok(out.n == 3 && out.masks[0].n_polygons == 1 && moved[0] == 1 && moved[1] == 2 && moved[4] == 21 &&
	   moved[5] == 11 && points[4] == 10, "polygons are moved, not cut, and the input stays");
	/* The triangle (1 2) (21 2) (21 11) is 6.3 high where the valid area ends. */
	ok(out.boxes[0] == 1 && out.boxes[1] == 2 && out.boxes[2] == 15 && fabsf(out.boxes[3] - 8.3f) < 1e-6f,
	   "the box of a cut object is that of the part that is seen");
	ok(out.boxes[4] == 7 && out.boxes[6] == 13 && out.boxes[5] == 2 && out.boxes[7] == 11, "that of a whole one is moved");
	ok(out.boxes[8] == 1 && out.boxes[10] == 11, "so is that of a mask that is a line");
	/* Columns 9 and 10 are column 4 of the mask, 11 and 12 column 5; rows 5 to 10 are its rows 1 and 2. */
	const uint32_t want[] = { 9 * 50 + 5, 6, 44, 6, 41, 3, 47, 3 };
	struct rle m = { .h = 50, .w = 50, .runs = arena_alloc(&arena, strlen(out.masks[1].rle) * sizeof *m.runs) };
	ok(out.masks[1].rle_h == 50 && out.masks[1].rle_w == 50 && rle_expand(&m, out.masks[1].rle) == 0 &&
	   m.n == 9 && memcmp(m.runs, want, sizeof want) == 0,
	   "a run-length mask grows with its pixels, and is on the canvas");
	out = in;
	out.pixels = new_image(50, 50);
	out.valid_w = 15;
	out.valid_h = 40;
	if (augment_objects(&out, &in, (double[6]){ 2, 0, 1, 0, 3, 2 }, &corners, &loss, &arena) != 0)
		abort();
	ok(out.boxes[2] == 15 && out.boxes[3] == 11, "corners: cut, nothing else");
	out = in;
	out.pixels = new_image(6, 4);
	out.valid_w = 6;
	out.valid_h = 4;
	if (augment_objects(&out, &in, (double[6]){ 1, 0, 0, 0, 1, 0 }, &tight, &loss, &arena) != 0)
		abort();
	ok(out.masks[1].rle == masks[2].rle, "runs are as they were when nothing moved");
}

/* The bright pixels of an image as a run-length text. */
static const char *bright_runs(const struct tensor *t)
{
	uint32_t *all = arena_calloc(&arena, (size_t)(t->dim[0] * t->dim[1] + 1), sizeof *all);
	int64_t n = 1;
	bool inside = false;
	if (all == NULL)
		abort();
	for (int64_t x = 0; x < t->dim[1]; x++)
		for (int64_t y = 0; y < t->dim[0]; y++) {
			bool now = ((uint8_t *)t->data)[(y * t->dim[1] + x) * 3] > 127;
			n += now != inside;
			all[n - 1]++;
			inside = now;
		}
	return rle_compress(all, n, &arena);
}

/* An image of 120 x 90 pixels as stored; its mask is what is bright, its left eye the mask's first pixel. */
static void test_turned(bool upright_frame)
{
	struct rng g = rng_make(4);
	struct augment_param param = { .scheme = augment_scheme_find("eval"), .w = 120, .h = 90 };
	struct augment_loss loss = { 0 };
	int masks = 0, eyes = 0;
	for (int exif = 1; exif <= 8; exif++) {
		struct sample in, out;
		float box[4], points[17 * 3] = { 0 };
		struct sample_mask mask = { .rle_h = 90, .rle_w = 120 };
		struct image_tile tile;
		struct image_info info;
		arena_reset(&arena);
		make_sample(&in, box, 120, 90, &g);
		in.exif = in.exif_boxes = exif;
		points[3] = box[0];
		points[4] = box[1];
		points[5] = 2;
		param.w = exif > 4 ? 90 : 120;
		param.h = exif > 4 ? 120 : 90;
		if (image_probe(&info, in.encoded, in.encoded_size) != 0 ||
		    image_decode(&tile, &info, in.encoded, in.encoded_size, NULL, 1, &arena) != 0)
			abort();
		mask.rle = bright_runs(&tile.rgb);
		in.masks = &mask;
		in.keypoints = tensor_view(DTYPE_F32, 3, (int64_t[]){ 1, 17, 3 }, points);
		if (upright_frame) {	/* as someone would have annotated it who saw it turned */
			in.exif_boxes = 1;
			in.orig_w = param.w;
			in.orig_h = param.h;
			mask = (struct sample_mask){ .rle_h = param.h, .rle_w = param.w, .rle = mask.rle };
			in.masks = NULL;
			if (augment_sample(&out, &in, &param, &loss, &arena) != 0)
				abort();
			mask.rle = bright_runs(&out.pixels);
			in.masks = &mask;
			find_bright(box, &out.pixels);
			points[3] = box[0];
			points[4] = box[1];
		}
		if (augment_sample(&out, &in, &param, &loss, &arena) != 0) {
			printf("# %s\n", err_get());
			abort();
		}
		masks += out.n != 1 || strcmp(out.masks[0].rle, bright_runs(&out.pixels)) != 0;
		/* Who annotated a mirrored image as stored saw a mirrored person. */
		bool mirrored = !upright_frame && (exif == 2 || exif == 4 || exif == 5 || exif == 7);
		const float *eye = (const float *)out.keypoints.data + (mirrored ? 2 : 1) * 3;
		float at[4];
		find_bright(at, &out.pixels);
		struct image_turn turn = image_turn_of_exif(upright_frame ? 1 : exif);
		bool right = turn.transpose ? turn.flip_y : turn.flip_x, low = turn.transpose ? turn.flip_x : turn.flip_y;
		eyes += eye[2] != 2 || eye[0] != (right ? at[2] - 1 : at[0]) || eye[1] != (low ? at[3] - 1 : at[1]);
	}
	is_int(masks, 0, upright_frame ? "masks of turned images annotated upright are where the pixels are" :
	       "masks of turned images annotated as stored are where the pixels are");
	is_int(eyes, 0, "and keypoints, to the pixel, left and right exchanged where the image was stored mirrored");
}

static void test_bad_masks(void)
{
	struct sample_mask mask = { .rle = "abc", .rle_h = 4, .rle_w = 6 };
	const float box[4] = { 0, 0, 6, 4 };
	const int32_t label = 0;
	struct augment_loss loss = { 0 };
	struct sample in, out;
	sample_init(&in);
	in.n = 1;
	in.boxes = box;
	in.labels = &label;
	in.masks = &mask;
	in.orig_w = 6;
	in.orig_h = 4;
	out = in;
	out.pixels = new_image(12, 8);
	out.valid_w = 12;
	out.valid_h = 8;
	ok(augment_objects(&out, &in, (double[6]){ 2, 0, 0, 0, 2, 0 }, &tight, &loss, &arena) != 0 &&
	   strstr(err_get(), "object 0") != NULL, "a malformed mask: %s", err_get());
	mask.rle = rle_compress(runs, 5, &arena);
	in.orig_w = 7;
	ok(augment_objects(&out, &in, (double[6]){ 2, 0, 0, 0, 2, 0 }, &tight, &loss, &arena) != 0,
	   "a mask of another size than its image: %s", err_get());
}

static void test_keypoints(void)
{
	float points[2 * 17 * 3] = { 0 };
	const float boxes[8] = { 0, 0, 50, 50, 0, 0, 50, 50 };
	const int32_t labels[2] = { 0 };
	struct augment_loss loss = { 0 };
	struct sample in, out;
	/* Of the second person: the left eye (1) in view, the right ear (4) outside, the left hip (11) unlabelled. */
	memcpy(points + 17 * 3 + 1 * 3, (float[3]){ 10, 20, 2 }, 3 * sizeof(float));
	memcpy(points + 17 * 3 + 4 * 3, (float[3]){ 45, 20, 1 }, 3 * sizeof(float));
	memcpy(points + 17 * 3 + 11 * 3, (float[3]){ 10, 20, 0 }, 3 * sizeof(float));
	sample_init(&in);
	in.n = 2;
	in.boxes = boxes;
	in.labels = labels;
	in.keypoints = tensor_view(DTYPE_F32, 3, (int64_t[]){ 2, 17, 3 }, points);
	out = in;
	out.valid_w = out.valid_h = 40;
	const double mirror[6] = { -1, 0, 40, 0, 1, 0 };
	if (augment_objects(&out, &in, mirror, &tight, &loss, &arena) != 0)
		abort();
	const float *p = (const float *)out.keypoints.data + 17 * 3;
	ok(p[2 * 3] == 29 && p[2 * 3 + 1] == 20 && p[2 * 3 + 2] == 2 && p[1 * 3 + 2] == 0,
	   "the left eye of a mirrored person is the right one, pixel 29 of 40 where it was 10");
	ok(p[3 * 3] == 0 && p[3 * 3 + 2] == 0, "a keypoint outside becomes unlabelled");
	ok(p[12 * 3] == 0 && p[12 * 3 + 2] == 0, "an unlabelled one stays so");
	points[2] = 1;
	in.keypoints = tensor_view(DTYPE_F32, 3, (int64_t[]){ 2, 5, 3 }, points);
	out = in;
	out.valid_w = out.valid_h = 40;
	if (augment_objects(&out, &in, mirror, &tight, &loss, &arena) != 0)
		abort();
	ok(out.keypoints.data == NULL && loss.keypoints == 1, "five keypoints have no known mirror image: dropped, counted");
	out = in;
	out.valid_w = out.valid_h = 40;
	if (augment_objects(&out, &in, (double[6]){ 1, 0, 0, 0, 1, 0 }, &tight, &loss, &arena) != 0)
		abort();
	ok(out.keypoints.data != NULL && loss.keypoints == 1, "they stay without a mirror");
}

static void test_semantic(void)
{
	uint8_t labels[4 * 6];
	struct sample in, out;
	for (int i = 0; i < 24; i++)
		labels[i] = (uint8_t)i;
	sample_init(&in);
	in.semantic = tensor_view(DTYPE_U8, 2, (int64_t[]){ 4, 6 }, labels);
	in.orig_w = 6;
	in.orig_h = 4;
	out = in;
	out.pixels = new_image(16, 10);
	out.valid_w = 12;
	out.valid_h = 8;
	/* Twice as large and mirrored. */
	if (augment_semantic(&out, &in, (double[6]){ -2, 0, 12, 0, 2, 0 }, NULL, &arena) != 0)
		abort();
	int wrong = 0;
	for (int y = 0; y < 10; y++)
		for (int x = 0; x < 16; x++) {
			int want = x < 12 && y < 8 ? labels[y / 2 * 6 + 5 - x / 2] : 255;
			wrong += ((uint8_t *)out.semantic.data)[y * 16 + x] != want;
		}
	is_int(wrong, 0, "a label map, mirrored and doubled, 255 in the padding");
	in.orig_w = 7;
	ok(augment_semantic(&out, &in, (double[6]){ -2, 0, 12, 0, 2, 0 }, NULL, &arena) != 0, "one of another size: %s", err_get());
}

static void test_frames(void)
{
	struct rng g = rng_make(2);
	struct augment_param param = { .scheme = augment_scheme_find("eval"), .w = 90, .h = 90 };
	struct augment_loss loss = { 0 };
	struct sample in, out, again;
	float box[4];
	make_sample(&in, box, 180, 130, &g);
	in.orig_w = 181;
	ok(augment_sample(&out, &in, &param, &loss, &arena) != 0, "wrong size in the annotations: %s", err_get());
	in.orig_w = 180;
	in.encoded_size -= 5;
	ok(augment_sample(&out, &in, &param, &loss, &arena) != 0, "a damaged image: %s", err_get());
	in.encoded = NULL;
	ok(augment_sample(&out, &in, &param, &loss, &arena) != 0, "no image: %s", err_get());
	make_sample(&in, box, 180, 130, &g);
	param.h = 120;
	param.w = 120;
	if (augment_sample(&out, &in, &param, &loss, &arena) != 0)
		abort();
	is_int(out.valid_h, 87, "120 wide, 86.7 high");
	param.w = param.h = 60;
	ok(augment_sample(&again, &out, &param, &loss, &arena) == 0 && again.valid_w == 60 && again.valid_h == 44,
	   "pixels can be augmented again, their padding left out");
	double b[4] = { box[0], box[1], box[2], box[3] };
	affine_box(b, again.transform, b);
	ok(fabs(b[0] - (double)again.boxes[0]) < 1e-4 && fabs(b[3] - (double)again.boxes[3]) < 1e-4,
	   "transform still starts from the original");
}

int main(void)
{
	arena_init(&arena, 1 << 18);
	test_boxes("eval", false);
	test_boxes("0", false);
	test_boxes("1", false);
	test_boxes("1", true);
	test_columns();
	test_masks();
	test_turned(false);
	test_turned(true);
	test_bad_masks();
	test_keypoints();
	test_semantic();
	test_frames();
	arena_release(&arena);
	return tap_done();
}
