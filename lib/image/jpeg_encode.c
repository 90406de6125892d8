#include "image/codec.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>

struct jpeg_writer {
	struct jpeg_compress_struct jpeg;
	struct jpeg_error_mgr errors;
	unsigned char *data;	/* the library's malloc */
	unsigned long size;
	jmp_buf failed;
};

static void fail(j_common_ptr jpeg)
{
	struct jpeg_writer *w = jpeg->client_data;
	char text[JMSG_LENGTH_MAX];
	jpeg->err->format_message(jpeg, text);
	err_set("jpeg: %s", text);
	longjmp(w->failed, 1);
}

static void write_image(struct jpeg_writer *w, const struct tensor *image, int quality)
{
	struct jpeg_compress_struct *jpeg = &w->jpeg;
	jpeg_create_compress(jpeg);
	jpeg_mem_dest(jpeg, &w->data, &w->size);
	jpeg->image_height = (JDIMENSION)image->dim[0];
	jpeg->image_width = (JDIMENSION)image->dim[1];
	jpeg->input_components = 3;
	jpeg->in_color_space = JCS_RGB;
	jpeg_set_defaults(jpeg);
	jpeg_set_quality(jpeg, quality, TRUE);
	jpeg->comp_info[0].h_samp_factor = 1;
	jpeg->comp_info[0].v_samp_factor = 1;
	jpeg_start_compress(jpeg, TRUE);
	while (jpeg->next_scanline < jpeg->image_height) {
		JSAMPROW row = (uint8_t *)image->data + (size_t)jpeg->next_scanline * jpeg->image_width * 3;
		jpeg_write_scanlines(jpeg, &row, 1);
	}
	jpeg_finish_compress(jpeg);
}

int jpeg_encode(uint8_t **bytes, size_t *size, const struct tensor *image, int quality, struct arena *a)
{
	struct jpeg_writer w = { .jpeg.client_data = &w };
	int status = -1;
	if (image->dtype != DTYPE_U8 || image->rank != 3 || image->dim[2] != 3 || image->dim[0] < 1 ||
	    image->dim[1] < 1 || image->dim[0] > IMAGE_MAX_SIDE || image->dim[1] > IMAGE_MAX_SIDE) {
		char text[96];
		return err_set("jpeg: cannot encode a tensor %s", tensor_shape_text(image, text));
	}
	w.jpeg.err = jpeg_std_error(&w.errors);
	w.errors.error_exit = fail;
	if (setjmp(w.failed) == 0) {
		write_image(&w, image, quality);
		status = 0;
	} else {
		status = -1;
	}
	if (status == 0 && (*bytes = arena_alloc(a, w.size)) != NULL)
		memcpy(*bytes, w.data, *size = w.size);
	else
		status = -1;
	jpeg_destroy_compress(&w.jpeg);
	free(w.data);
	return status;
}
