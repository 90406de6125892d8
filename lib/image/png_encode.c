#include "image/codec.h"

#include <png.h>

int png_encode(uint8_t **bytes, size_t *size, const struct tensor *image, struct arena *a)
{
	png_image png = { .version = PNG_IMAGE_VERSION, .width = (png_uint_32)image->dim[1], .height = (png_uint_32)image->dim[0],
		.format = image->rank == 2 ? PNG_FORMAT_GRAY : PNG_FORMAT_RGB };
	png_alloc_size_t room = PNG_IMAGE_PNG_SIZE_MAX(png);
	*bytes = arena_alloc(a, room);
	if (*bytes == NULL)
		return -1;
	if (!png_image_write_to_memory(&png, *bytes, &room, 0, image->data, 0, NULL))
		return err_set("png: %s", png.message);
	*size = room;
	return 0;
}
