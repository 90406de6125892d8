#include "image/codec.h"

#include <setjmp.h>
#include <stdbool.h>
#include <stdio.h>

#include <jpeglib.h>
#include <jerror.h>

/* A progressive file of few bytes can ask for any number of passes over a large image. */
enum { MAX_SCANS = 500 };

struct jpeg_reader {
	struct jpeg_decompress_struct jpeg;
	struct jpeg_error_mgr errors;
	struct jpeg_progress_mgr progress;
	jmp_buf failed;
};

static void fail(j_common_ptr jpeg)
{
	struct jpeg_reader *r = jpeg->client_data;
	char text[JMSG_LENGTH_MAX];
	jpeg->err->format_message(jpeg, text);
	err_set("jpeg: %s", text);
	longjmp(r->failed, 1);
}

static void ignore_output(j_common_ptr jpeg)
{
	(void)jpeg;
}

/* Level -1 is a warning; the library goes on with grey or repeated pixels, which nobody wants to train on. */
static void on_message(j_common_ptr jpeg, int level)
{
	int code = jpeg->err->msg_code;
	if (level < 0 && code != JWRN_EXTRANEOUS_DATA && code != JWRN_JFIF_MAJOR && code != JWRN_ADOBE_XFORM)
		fail(jpeg);
}

static void on_progress(j_common_ptr jpeg)
{
	struct jpeg_reader *r = jpeg->client_data;
	if (r->jpeg.input_scan_number <= MAX_SCANS)
		return;
	err_set("jpeg: more than %d scans", MAX_SCANS);
	longjmp(r->failed, 1);
}

/*
 * Decoding stops at the last row that is wanted, so a file that was cut below it would go
 * unnoticed, and whether it is an error would depend on the crop. The end marker cannot occur inside of
 * the compressed data.
 */
static int check_end(const struct image_info *info, const uint8_t *p, size_t size)
{
	for (size_t at = size; at >= info->scan + 2; at--)
		if (p[at - 2] == 0xff && p[at - 1] == 0xd9)
			return 0;
	return err_set("jpeg: the file is cut short: it has no end marker");
}

static void start(struct jpeg_reader *r, const void *bytes, size_t size, int reduction)
{
	struct jpeg_decompress_struct *jpeg = &r->jpeg;
	jpeg_create_decompress(jpeg);
	r->progress.progress_monitor = on_progress;
	jpeg->progress = &r->progress;
	jpeg_mem_src(jpeg, bytes, size);
	jpeg_read_header(jpeg, TRUE);
	jpeg->scale_num = 1;
	jpeg->scale_denom = (unsigned)reduction;
	jpeg->dct_method = JDCT_ISLOW;
	bool inks = jpeg->jpeg_color_space == JCS_CMYK || jpeg->jpeg_color_space == JCS_YCCK;
	jpeg->out_color_space = inks ? JCS_CMYK : JCS_RGB;
	jpeg_start_decompress(jpeg);
}

/*
 * Leave out columns and rows. Chroma is interpolated over the border of an MCU from the next one, and at
 * the border of the part there is no next one: one MCU more on each side makes the part exact.
 */
static void seek(struct jpeg_reader *r, struct image_tile *tile, const struct image_rect *want)
{
	struct jpeg_decompress_struct *jpeg = &r->jpeg;
	int mcu_w = jpeg->max_h_samp_factor * jpeg->min_DCT_scaled_size;
	int mcu_h = jpeg->max_v_samp_factor * jpeg->min_DCT_scaled_size;
	int left = want->x - mcu_w, right = want->x + want->w + mcu_w;
	int top = (want->y / mcu_h - 1) * mcu_h;
	if (left < 0)
		left = 0;
	if (right > (int)jpeg->output_width)
		right = (int)jpeg->output_width;
	if (left > 0 || right < (int)jpeg->output_width) {
		JDIMENSION x = (JDIMENSION)left, w = (JDIMENSION)(right - left);
		jpeg_crop_scanline(jpeg, &x, &w);
		tile->x = (int)x;
	}
	if (top > 0) {
		tile->y = top;
		jpeg_skip_scanlines(jpeg, (JDIMENSION)top);
	}
}

static void inks_to_rgb(uint8_t *rgb, const uint8_t *cmyk, int n, bool inverted)
{
	int flip = inverted ? 0 : 255;
	for (int i = 0; i < n; i++) {
		int white = cmyk[4 * i + 3] ^ flip;
		for (int c = 0; c < 3; c++)
			rgb[3 * i + c] = (uint8_t)(((cmyk[4 * i + c] ^ flip) * white + 127) / 255);
	}
}

static int read_rows(struct jpeg_reader *r, struct image_tile *tile, int rows, struct arena *a)
{
	struct jpeg_decompress_struct *jpeg = &r->jpeg;
	int w = (int)jpeg->output_width;
	bool inks = jpeg->out_color_space == JCS_CMYK;
	uint8_t *ink_row = NULL;
	TRY(tensor_new(&tile->rgb, a, DTYPE_U8, 3, (int64_t[]){ rows, w, 3 }));
	if (inks && (ink_row = arena_alloc(a, (size_t)w * 4)) == NULL)
		return -1;
	for (int y = 0; y < rows;) {
		uint8_t *at = (uint8_t *)tile->rgb.data + (size_t)y * (size_t)w * 3;
		JSAMPROW row[4] = { inks ? ink_row : at };
		int n = inks ? 1 : rows - y < 4 ? rows - y : 4;
		for (int i = 1; i < n; i++)
			row[i] = row[i - 1] + w * 3;
		n = (int)jpeg_read_scanlines(jpeg, row, (JDIMENSION)n);
		if (n < 1)
			return err_set("jpeg: no more rows after %d", y);
		if (inks)
			inks_to_rgb(at, ink_row, w, jpeg->saw_Adobe_marker);
		y += n;
	}
	return 0;
}

int jpeg_decode(struct image_tile *tile, const struct image_info *info, const void *bytes, size_t size,
		const struct image_rect *want, int reduction, struct arena *a)
{
	struct jpeg_reader r = { .jpeg.client_data = &r };
	int status = -1;
	TRY(check_end(info, bytes, size));
	*tile = (struct image_tile){ 0 };
	r.jpeg.err = jpeg_std_error(&r.errors);
	r.errors.error_exit = fail;
	r.errors.emit_message = on_message;
	r.errors.output_message = ignore_output;
	if (setjmp(r.failed) == 0) {
		start(&r, bytes, size, reduction);
		int end = (int)r.jpeg.output_height;
		if (want != NULL) {
			seek(&r, tile, want);
			end = want->y + want->h;
		}
		status = read_rows(&r, tile, end - tile->y, a);
	} else {
		status = -1;
	}
	jpeg_destroy_decompress(&r.jpeg);
	return status;
}
