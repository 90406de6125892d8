/* Drawing stays inside the image whatever the coordinates are, and draws where it says. */
#include "base/rng.h"
#include "image/draw.h"
#include "image/font.h"
#include "tests/tap.h"

#include <stdlib.h>
#include <string.h>

enum { W = 40, H = 30, GUARD = 64 };

static uint8_t memory[GUARD + W * H * 3 + GUARD];
static struct tensor image;

static void clear(void)
{
	memset(memory, 0, sizeof memory);
	memset(memory, 0xa5, GUARD);
	memset(memory + sizeof memory - GUARD, 0xa5, GUARD);
	image = tensor_view(DTYPE_U8, 3, (int64_t[]){ H, W, 3 }, memory + GUARD);
}

static bool guards_stand(void)
{
	for (int i = 0; i < GUARD; i++)
		if (memory[i] != 0xa5 || memory[sizeof memory - 1 - (size_t)i] != 0xa5)
			return false;
	return true;
}

static int painted(void)
{
	int n = 0;
	for (int i = 0; i < W * H; i++)
		n += memory[GUARD + 3 * i] != 0;
	return n;
}

static void test_inside(void)
{
	struct rng g = rng_make(1);
	const struct color white = { 255, 255, 255 };
	clear();
	for (int i = 0; i < 2000; i++) {
		int x = (int)rng_below(&g, 200) - 100, y = (int)rng_below(&g, 200) - 100;
		float box[4] = { (float)x, (float)y, (float)(x + (int)rng_below(&g, 99)), (float)(y + (int)rng_below(&g, 99)) };
		draw_box(&image, box, 1 + (int)rng_below(&g, 5), white);
		draw_label(&image, x, y, "label 0.5", 1 + (int)rng_below(&g, 3), white);
		draw_text(&image, x, y, "text\xc3\xa4", 2, white);
		draw_fill(&image, x, y, (int)rng_below(&g, 300) - 100, (int)rng_below(&g, 300) - 100, white);
	}
	const float wild[3][4] = { { -1e30f, -1e30f, 1e30f, 1e30f }, { NAN, 0, 5, 5 }, { 0, 0, INFINITY, NAN } };
	for (int i = 0; i < 3; i++)
		draw_box(&image, wild[i], 3, white);
	static uint8_t other[W * H * 3];
	struct tensor from = tensor_view(DTYPE_U8, 3, (int64_t[]){ H, W, 3 }, other);
	draw_image(&image, -7, -9, &from);
	draw_image(&image, 35, 25, &from);
	draw_image(&image, 1000, -1000, &from);
	ok(guards_stand(), "nothing is written outside");
}

static void test_shapes(void)
{
	const struct color red = { 200, 0, 0 };
	clear();
	draw_fill(&image, 3, 4, 5, 6, red);
	is_int(painted(), 30, "a filled rectangle");
	clear();
	draw_box(&image, (const float[4]){ 2, 3, 12, 9 }, 1, red);
	is_int(painted(), 2 * 10 + 2 * 4, "the outline of a box");
	clear();
	draw_blend(&image, 0, 0, 1, 1, red, 128);
	is_int(memory[GUARD], 100, "half of a colour");
	is_int(draw_text_width("abc\xc3\xa9", 2), 4 * DRAW_FONT_W * 2, "width counts characters, not bytes");
	ok(draw_contrast((struct color){ 255, 255, 0 }).r == 0 && draw_contrast((struct color){ 0, 0, 90 }).r == 255,
	   "black on light, white on dark");
}

/* Letters that look alike cannot be read. */
static void test_font(void)
{
	int same = 0, empty = 0;
	for (int a = FONT_FIRST + 1; a <= FONT_LAST; a++) {
		static const uint8_t nothing[FONT_ROWS];
		empty += memcmp(font_glyph((unsigned char)a), nothing, FONT_ROWS) == 0;
		for (int b = FONT_FIRST; b < a; b++)
			same += memcmp(font_glyph((unsigned char)a), font_glyph((unsigned char)b), FONT_ROWS) == 0;
	}
	is_int(same + empty, 0, "95 glyphs, all different");
	int close = 0;
	for (int a = 0; a < 12; a++)
		for (int b = 0; b < a; b++) {
			struct color p = draw_color(a), q = draw_color(b);
			close += abs(p.r - q.r) + abs(p.g - q.g) + abs(p.b - q.b) < 40;
		}
	is_int(close, 0, "the first twelve classes have different colours");
}

int main(void)
{
	test_inside();
	test_shapes();
	test_font();
	return tap_done();
}
