#include "image/codec.h"

int image_reduced(int side, int reduction)
{
	return (side + reduction - 1) / reduction;
}

int image_decode(struct image_tile *tile, const struct image_info *info, const void *bytes, size_t size,
		 const struct image_rect *want, int reduction, struct arena *a)
{
	int w = image_reduced(info->w, reduction), h = image_reduced(info->h, reduction);
	if (want != NULL && (want->x < 0 || want->y < 0 || want->w < 1 || want->h < 1 || want->w > w - want->x ||
			     want->h > h - want->y))
		return err_set("image: the part %d,%d %dx%d is not inside %dx%d", want->x, want->y, want->w, want->h,
			       w, h);
	if (info->format == IMAGE_JPEG)
		return jpeg_decode(tile, info, bytes, size, want, reduction, a);
	if (reduction != 1)
		return err_set("png: cannot be decoded at 1/%d of its size", reduction);
	return png_decode(tile, info, bytes, size, a);
}
