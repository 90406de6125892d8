#include "image/codec.h"

#include <setjmp.h>
#include <string.h>

#include <png.h>

struct png_reader {
	const uint8_t *at;
	size_t left;
	jmp_buf failed;
};

static void fail(png_structp png, const char *text)
{
	struct png_reader *r = png_get_error_ptr(png);
	err_set("png: %s", text);
	longjmp(r->failed, 1);
}

/* The library warns of chunks that do not touch pixels: profiles, texts, times. */
static void ignore_warning(png_structp png, const char *text)
{
	(void)png;
	(void)text;
}

static void read_bytes(png_structp png, png_bytep out, size_t size)
{
	struct png_reader *r = png_get_io_ptr(png);
	if (size > r->left)
		png_error(png, "the file is cut short");
	memcpy(out, r->at, size);
	r->at += size;
	r->left -= size;
}

/* Whatever it is, 8-bit RGB comes out. */
static void ask_for_rgb(png_structp png, png_infop info)
{
	png_set_expand(png);
	png_set_strip_16(png);
	png_set_gray_to_rgb(png);
	png_set_strip_alpha(png);
	png_set_interlace_handling(png);
	png_read_update_info(png, info);
}

/* What is wanted of a file, and where it goes. */
struct png_job {
	const struct image_info *expected;
	struct tensor *out;
	void (*ask)(png_structp png, png_infop info);	/* sets up the conversion, or fails */
	int rank, channels;	/* of out: [h w] or [h w channels] */
	struct arena *arena;
};

/* One byte a pixel as the file has it: a number of the palette, or a grey value that is not scaled up. */
static void ask_for_labels(png_structp png, png_infop info)
{
	int colour = png_get_color_type(png, info);
	if (colour != PNG_COLOR_TYPE_PALETTE && colour != PNG_COLOR_TYPE_GRAY)
		png_error(png, "it is in colours or has transparency; a label map has a palette or is grey");
	if (png_get_bit_depth(png, info) > 8)
		png_error(png, "it has 16 bits a pixel; a label map has up to 8");
	png_set_packing(png);
	png_set_interlace_handling(png);
	png_read_update_info(png, info);
}

static int read_image(png_structp png, png_infop info, const struct png_job *job)
{
	png_set_user_limits(png, IMAGE_MAX_SIDE, IMAGE_MAX_SIDE);
	png_read_info(png, info);
	job->ask(png, info);
	size_t row_size = png_get_rowbytes(png, info);
	int w = job->expected->w, h = (int)png_get_image_height(png, info);
	if ((int)png_get_image_width(png, info) != w || h != job->expected->h || row_size != (size_t)w * (size_t)job->channels)
		return err_set("png: %zu bytes a row where %d a pixel were asked for", row_size, job->channels);
	TRY(tensor_new(job->out, job->arena, DTYPE_U8, job->rank, (int64_t[]){ h, w, job->channels }));
	png_bytep *rows = arena_alloc(job->arena, (size_t)h * sizeof *rows);
	if (rows == NULL)
		return -1;
	for (int y = 0; y < h; y++)
		rows[y] = (uint8_t *)job->out->data + (size_t)y * row_size;
	png_read_image(png, rows);
	png_read_end(png, NULL);
	return 0;
}

static int decode(const struct png_job *job, const void *bytes, size_t size)
{
	struct png_reader r = { .at = bytes, .left = size };
	png_infop header = NULL;
	int status = -1;
	png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &r, fail, ignore_warning);
	if (png == NULL)
		return err_set("png: out of memory");
	header = png_create_info_struct(png);
	if (header == NULL) {
		png_destroy_read_struct(&png, NULL, NULL);
		return err_set("png: out of memory");
	}
	png_set_read_fn(png, &r, read_bytes);
	if (setjmp(r.failed) == 0)
		status = read_image(png, header, job);
	else
		status = -1;
	png_destroy_read_struct(&png, &header, NULL);
	return status;
}

int png_decode(struct image_tile *tile, const struct image_info *info, const void *bytes, size_t size, struct arena *a)
{
	*tile = (struct image_tile){ 0 };
	return decode(&(struct png_job){ info, &tile->rgb, ask_for_rgb, 3, 3, a }, bytes, size);
}

int png_decode_labels(struct tensor *labels, const struct image_info *info, const void *bytes, size_t size, struct arena *a)
{
	*labels = (struct tensor){ 0 };
	return decode(&(struct png_job){ info, labels, ask_for_labels, 2, 1, a }, bytes, size);
}
