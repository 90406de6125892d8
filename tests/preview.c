/* What a preview draws and says. */
#include "augment/preview.h"
#include "coco/rle.h"
#include "tests/tap.h"

#include <stdlib.h>

static struct arena arena;

static struct category categories[] = { { .id = 1, .name = "a" }, { .id = 2, .name = "b" } };
static const struct stream_header header = { .kind = "sample", .n_categories = 2, .categories = categories };

static struct tensor new_image(int w, int h)
{
	struct tensor t;
	if (tensor_new(&t, &arena, DTYPE_U8, 3, (int64_t[]){ h, w, 3 }) != 0)
		abort();
	memset(t.data, 0, tensor_bytes(&t));
	return t;
}

static const uint8_t *pixel(const struct tensor *t, int x, int y)
{
	return (const uint8_t *)t->data + (y * t->dim[1] + x) * 3;
}

static bool is_black(const struct tensor *t, int x, int y)
{
	const uint8_t *p = pixel(t, x, y);
	return p[0] == 0 && p[1] == 0 && p[2] == 0;
}

static void test_text(void)
{
	char text[200], small[30];
	const struct augment_op *rotate = augment_op_find("rotate", 6), *equalize = augment_op_find("equalize", 8);
	const struct augment_step steps[] = { { .op = rotate, .value = -12.345 }, { .op = equalize } };
	struct augment_plan plan = {
		.source_w = 200, .source_h = 100, .scaled_w = 300, .scaled_h = 150, .valid_w = 300, .valid_h = 150,
	};
	preview_plan_text(text, sizeof text, &plan);
	is_text(text, "scaled to 300x150 (1.5)", "a plan that scales");
	plan.n_steps = 2;
	plan.steps = steps;
	plan.mirror = true;
	plan.valid_w = 128;
	plan.valid_h = 120;
	plan.x = 7;
	preview_plan_text(text, sizeof text, &plan);
	is_text(text, "rotate -12.3, equalize, mirrored, scaled to 300x150 (1.5), cut to 128x120 at 7,0", "and one that does more");
	plan.late = true;
	preview_plan_text(text, sizeof text, &plan);
	is_text(text, "mirrored, scaled to 300x150 (1.5), cut to 128x120 at 7,0, rotate -12.3, equalize", "late steps come last");
	plan.late = false;
	preview_plan_text(small, sizeof small, &plan);
	is_text(small, "rotate -12.3, equalize, mirro", "cut where there is no room");
}

/* One object of each kind at its own place: a mask, a polygon, keypoints; and a label map. */
static void test_objects(void)
{
	struct tensor image = new_image(200, 200);
	float points[2 * 3 * 3] = { 150, 20, 2, 190, 20, 1, 150, 60, 0 };
	double corners[6] = { 20, 120, 60, 120, 20, 190 };
	struct tensor polygon = tensor_view(DTYPE_F64, 2, (int64_t[]){ 3, 2 }, corners);
	/* Columns 20 to 59, rows 20 to 89. */
	uint32_t runs[81] = { 20 * 200 + 20 };
	for (int i = 1; i < 81; i++)
		runs[i] = i % 2 == 1 ? 70 : 130;
	runs[80] = 200 * 200 - (20 * 200 + 20) - 40 * 70 - 39 * 130;
	struct sample_mask masks[2] = { { .rle = rle_compress(runs, 81, &arena), .rle_h = 200, .rle_w = 200 },
					{ .n_polygons = 1, .polygons = &polygon } };
	const float boxes[8] = { 10, 20, 70, 100, 10, 115, 70, 195 };
	const int32_t labels[2] = { 0, 1 };
	struct sample s;
	static const int32_t twin[] = { 1, 0, 2 };
	const struct keypoint_twins twins[2] = { { 3, 3, twin }, { 3, 3, twin } };
	sample_init(&s);
	s.n = 2;
	s.boxes = boxes;
	s.labels = labels;
	s.masks = masks;
	s.keypoints = tensor_view(DTYPE_F32, 3, (int64_t[]){ 2, 3, 3 }, points);
	if (preview_draw_objects(&image, &s, &header, twins, &arena) != 0)
		abort();
	ok(!is_black(&image, 40, 60) && is_black(&image, 65, 60) && is_black(&image, 100, 60), "a mask is drawn where it is");
	ok(!is_black(&image, 25, 130) && is_black(&image, 58, 185), "so is a polygon");
	ok(!is_black(&image, 10, 60) && !is_black(&image, 69, 60) && is_black(&image, 75, 60), "and the boxes");
	const uint8_t *left = pixel(&image, 150, 20), *right = pixel(&image, 190, 20);
	ok(left[1] == 255 && left[0] < 128 && right[0] == 255 && right[1] == 128, "two keypoints of a pair in two colours");
	ok(is_black(&image, 150, 60), "one that is not labelled is not drawn");
	masks[0].rle_w = 100;
	ok(preview_draw_objects(&image, &s, &header, twins, &arena) != 0, "a mask of another size: %s", err_get());
}

static void test_label_map(void)
{
	struct tensor image = new_image(3, 1);
	uint8_t labels[3] = { 0, 255, 5 };
	struct sample s;
	sample_init(&s);
	s.semantic = tensor_view(DTYPE_U8, 2, (int64_t[]){ 1, 3 }, labels);
	if (preview_draw_objects(&image, &s, &header, NULL, &arena) != 0)
		abort();
	ok(!is_black(&image, 0, 0) && is_black(&image, 1, 0) && memcmp(pixel(&image, 0, 0), pixel(&image, 2, 0), 3) != 0,
	   "a label map: a colour for each label, none for 255");
}

int main(void)
{
	arena_init(&arena, 1 << 18);
	test_text();
	test_objects();
	test_label_map();
	arena_release(&arena);
	return tap_done();
}
