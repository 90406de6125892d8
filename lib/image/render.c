#include "image/render.h"

#include "image/resize.h"

#include <string.h>

int image_source_encoded(struct image_source *source, const void *encoded, size_t size)
{
	*source = (struct image_source){ .encoded = encoded, .encoded_size = size };
	TRY(image_probe(&source->info, encoded, size));
	source->w = source->info.w;
	source->h = source->info.h;
	return 0;
}

int image_source_pixels(struct image_source *source, const struct tensor *pixels, int w, int h)
{
	char text[96];
	*source = (struct image_source){ .pixels = *pixels, .w = w, .h = h };
	if (pixels->dtype != DTYPE_U8 || pixels->rank != 3 || pixels->dim[2] != 3 ||
	    pixels->dim[0] > IMAGE_MAX_SIDE || pixels->dim[1] > IMAGE_MAX_SIDE)
		return err_set("image: a tensor %s %s is not u8 [H W 3]", dtype_name((int)pixels->dtype),
			       tensor_shape_text(pixels, text));
	if (w < 1 || h < 1 || w > pixels->dim[1] || h > pixels->dim[0])
		return err_set("image: valid size %dx%d in a tensor %s", w, h, tensor_shape_text(pixels, text));
	return 0;
}

/* The window as it lies in the stored frame, and the scaled size there. */
static struct image_view stored_view(const struct image_view *view)
{
	struct image_view v = *view;
	if (view->turn.transpose)
		v = (struct image_view){ view->turn, view->scaled_h, view->scaled_w, view->y, view->x, view->h,
					 view->w, view->filter };
	if (view->turn.flip_x)
		v.x = v.scaled_w - v.x - v.w;
	if (view->turn.flip_y)
		v.y = v.scaled_h - v.y - v.h;
	return v;
}

static int choose_reduction(const struct image_source *source, const struct image_view *stored)
{
	if (source->encoded == NULL || source->info.format != IMAGE_JPEG ||
	    (stored->filter != NULL && stored->filter->full_scale))
		return 1;
	for (int reduction = 8; reduction > 1; reduction /= 2)
		if (image_reduced(source->w, reduction) >= stored->scaled_w &&
		    image_reduced(source->h, reduction) >= stored->scaled_h)
			return reduction;
	return 1;
}

/* What has to be loaded for what is wanted. */
static struct image_rect widen(const struct image_rect *wanted, const struct image_filter *filter, int w, int h)
{
	if (filter->whole)
		return (struct image_rect){ 0, 0, w, h };
	int x0 = wanted->x - filter->margin, x1 = wanted->x + wanted->w + filter->margin;
	int y0 = wanted->y - filter->margin, y1 = wanted->y + wanted->h + filter->margin;
	x0 = x0 < 0 ? 0 : x0;
	y0 = y0 < 0 ? 0 : y0;
	return (struct image_rect){ x0, y0, (x1 > w ? w : x1) - x0, (y1 > h ? h : y1) - y0 };
}

/* That part of a tile, in memory of its own. */
static int copy_part(struct image_tile *part, const struct image_tile *tile, const struct image_rect *rect,
		     struct arena *a)
{
	struct image_tile copy = { .x = rect->x, .y = rect->y };
	TRY(tensor_new(&copy.rgb, a, DTYPE_U8, 3, (int64_t[]){ rect->h, rect->w, 3 }));
	size_t stride = (size_t)tile->rgb.dim[1] * 3, row = (size_t)rect->w * 3;
	const uint8_t *from = (const uint8_t *)tile->rgb.data + (size_t)(rect->y - tile->y) * stride +
			      (size_t)(rect->x - tile->x) * 3;
	for (int y = 0; y < rect->h; y++)
		memcpy((uint8_t *)copy.rgb.data + (size_t)y * row, from + (size_t)y * stride, row);
	*part = copy;
	return 0;
}

int image_load(struct image_tile *tile, const struct image_source *source, const struct image_rect *wanted,
	       int reduction, const struct image_filter *filter, struct arena *a)
{
	int w = image_reduced(source->w, reduction), h = image_reduced(source->h, reduction);
	struct image_rect want = filter != NULL ? widen(wanted, filter, w, h) : *wanted;
	if (source->encoded != NULL)
		TRY(image_decode(tile, &source->info, source->encoded, source->encoded_size, &want, reduction, a));
	else
		*tile = (struct image_tile){ .rgb = source->pixels };
	if (filter == NULL)
		return 0;
	if (source->encoded == NULL)
		TRY(copy_part(tile, tile, &want, a));
	/* Outside of what was wanted a tile may be anything; a filter that counts pixels must not see that. */
	struct image_region region = image_region_of(&tile->rgb);
	region.rgb += (size_t)(want.y - tile->y) * region.stride + (size_t)(want.x - tile->x) * 3;
	region.w = want.w;
	region.h = want.h;
	return filter->run(filter->context, &region, a);
}

/* In squares that stay in the cache: walking one of the two images down its columns is slow. */
static void transpose(uint8_t *out, size_t stride, const uint8_t *in, int w, int h)
{
	enum { SQUARE = 16 };
	for (int y0 = 0; y0 < h; y0 += SQUARE)
		for (int x = 0; x < w; x++)
			for (int y = y0; y < h && y < y0 + SQUARE; y++)
				for (int c = 0; c < 3; c++)
					out[(size_t)x * stride + (size_t)y * 3 + (size_t)c] =
						in[((size_t)y * (size_t)w + (size_t)x) * 3 + (size_t)c];
}

static int check_view(const struct tensor *out, const struct image_view *v)
{
	if (v->w < 1 || v->h < 1 || v->x < 0 || v->y < 0 || v->w > v->scaled_w - v->x || v->h > v->scaled_h - v->y)
		return err_set("image: the window %d,%d %dx%d is not inside %dx%d", v->x, v->y, v->w, v->h,
			       v->scaled_w, v->scaled_h);
	if (out->dim[1] < v->w || out->dim[0] < v->h)
		return err_set("image: no room for a window of %dx%d", v->w, v->h);
	return 0;
}

int image_render(struct tensor *out, const struct image_source *source, const struct image_view *view, struct arena *a)
{
	TRY(check_view(out, view));
	struct image_view v = stored_view(view);
	int reduction = choose_reduction(source, &v);
	struct resize_axis x, y;
	struct image_tile tile;
	TRY(resize_axis_init(&x, image_reduced(source->w, reduction), (double)source->w / reduction, v.scaled_w, v.x,
			     v.w, v.turn.flip_x, a));
	TRY(resize_axis_init(&y, image_reduced(source->h, reduction), (double)source->h / reduction, v.scaled_h, v.y,
			     v.h, v.turn.flip_y, a));
	struct image_rect want = { x.first, y.first, x.end - x.first, y.end - y.first };
	TRY(image_load(&tile, source, &want, reduction, view->filter, a));
	if (!v.turn.transpose)
		return resize_window(out->data, (size_t)out->dim[1] * 3, &tile, &x, &y, a);
	uint8_t *turned = arena_alloc(a, (size_t)v.w * (size_t)v.h * 3);
	if (turned == NULL)
		return -1;
	TRY(resize_window(turned, (size_t)v.w * 3, &tile, &x, &y, a));
	transpose(out->data, (size_t)out->dim[1] * 3, turned, v.w, v.h);
	return 0;
}
