/* What Pillow cannot write: interlaced PNG, and CMYK and YCCK JPEGs with and without Adobe's marker. */
#include "base/rng.h"
#include "image/codec.h"
#include "tests/tap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>
#include <png.h>

enum { W = 37, H = 21 };

static struct arena arena;

struct memory {
	uint8_t data[1 << 16];
	size_t size;
};

static void append(png_structp png, png_bytep bytes, size_t size)
{
	struct memory *m = png_get_io_ptr(png);
	if (m->size + size > sizeof m->data)
		abort();
	memcpy(m->data + m->size, bytes, size);
	m->size += size;
}

static void write_png(struct memory *m, uint8_t *pixels, int color, int bits, int channels)
{
	png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
	png_infop info = png_create_info_struct(png);
	png_bytep rows[H];
	m->size = 0;
	for (int y = 0; y < H; y++)
		rows[y] = pixels + (size_t)y * W * (size_t)channels * (size_t)bits / 8;
	png_set_write_fn(png, m, append, NULL);
	png_set_IHDR(png, info, W, H, bits, color, PNG_INTERLACE_ADAM7, PNG_COMPRESSION_TYPE_DEFAULT,
		     PNG_FILTER_TYPE_DEFAULT);
	png_set_rows(png, info, rows);
	png_write_png(png, info, PNG_TRANSFORM_IDENTITY, NULL);
	png_destroy_write_struct(&png, &info);
}

static void test_interlaced(const char *name, int color, int bits, int channels)
{
	static struct memory m;
	static uint8_t pixels[H * W * 4 * 2];
	struct rng g = rng_make(1);
	struct image_info info;
	struct image_tile tile;
	int step = bits / 8, wrong = 0;
	for (size_t i = 0; i < sizeof pixels; i++)
		pixels[i] = (uint8_t)rng_u64(&g);
	write_png(&m, pixels, color, bits, channels);
	if (image_probe(&info, m.data, m.size) != 0 ||
	    image_decode(&tile, &info, m.data, m.size, NULL, 1, &arena) != 0) {
		ok(false, "%s: %s", name, err_get());
		return;
	}
	for (int i = 0; i < W * H; i++)
		for (int c = 0; c < 3; c++)
			wrong += ((uint8_t *)tile.rgb.data)[3 * i + c] != pixels[(i * channels + (channels < 3 ? 0 : c)) * step];
	ok(wrong == 0, "interlaced PNG, %s", name);
}

/* One flat colour of inks, encoded in the given space. */
static size_t write_inks(uint8_t **bytes, const uint8_t inks[4], J_COLOR_SPACE space, bool adobe)
{
	struct jpeg_compress_struct jpeg = { 0 };
	struct jpeg_error_mgr errors;
	uint8_t row[W * 4];
	JSAMPROW rows = row;
	unsigned long size = 0;
	jpeg.err = jpeg_std_error(&errors);
	jpeg_create_compress(&jpeg);
	jpeg_mem_dest(&jpeg, bytes, &size);
	jpeg.image_width = W;
	jpeg.image_height = H;
	jpeg.input_components = 4;
	jpeg.in_color_space = JCS_CMYK;
	jpeg_set_defaults(&jpeg);
	jpeg_set_colorspace(&jpeg, space);
	jpeg_set_quality(&jpeg, 100, TRUE);
	jpeg.write_Adobe_marker = adobe;
	for (int i = 0; i < W * 4; i++)
		row[i] = inks[i % 4];
	jpeg_start_compress(&jpeg, TRUE);
	while (jpeg.next_scanline < jpeg.image_height)
		jpeg_write_scanlines(&jpeg, &rows, 1);
	jpeg_finish_compress(&jpeg);
	jpeg_destroy_compress(&jpeg);
	return size;
}

static void test_inks(const char *name, J_COLOR_SPACE space, bool adobe)
{
	/* As stored; Adobe's 255 is no ink. */
	const uint8_t inks[4] = { 200, 90, 30, 180 };
	struct image_info info;
	struct image_tile tile;
	uint8_t *bytes = NULL;
	size_t size = write_inks(&bytes, inks, space, adobe);
	double worst = 0;
	if (image_probe(&info, bytes, size) != 0 || image_decode(&tile, &info, bytes, size, NULL, 1, &arena) != 0) {
		ok(false, "%s: %s", name, err_get());
		free(bytes);
		return;
	}
	for (int i = 0; i < W * H; i++)
		for (int c = 0; c < 3; c++) {
			double ink = adobe ? inks[c] : 255 - inks[c], white = adobe ? inks[3] : 255 - inks[3];
			worst = fmax(worst, fabs(((uint8_t *)tile.rgb.data)[3 * i + c] - ink * white / 255));
		}
	ok(worst < 2.5, "%s: within %.1f", name, worst);
	free(bytes);
}

int main(void)
{
	arena_init(&arena, 1 << 16);
	test_interlaced("RGB", PNG_COLOR_TYPE_RGB, 8, 3);
	test_interlaced("RGBA", PNG_COLOR_TYPE_RGB_ALPHA, 8, 4);
	test_interlaced("grey with alpha", PNG_COLOR_TYPE_GRAY_ALPHA, 8, 2);
	test_interlaced("16-bit RGB", PNG_COLOR_TYPE_RGB, 16, 3);
	test_interlaced("16-bit grey", PNG_COLOR_TYPE_GRAY, 16, 1);
	test_inks("CMYK with Adobe's marker is inverted", JCS_CMYK, true);
	test_inks("CMYK without it is not", JCS_CMYK, false);
	test_inks("YCCK", JCS_YCCK, true);
	arena_release(&arena);
	return tap_done();
}
