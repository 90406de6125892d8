#include "image/render.h"

#include "image/resize.h"

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
					 view->w };
	if (view->turn.flip_x)
		v.x = v.scaled_w - v.x - v.w;
	if (view->turn.flip_y)
		v.y = v.scaled_h - v.y - v.h;
	return v;
}

static int choose_reduction(const struct image_source *source, const struct image_view *stored)
{
	if (source->encoded == NULL || source->info.format != IMAGE_JPEG)
		return 1;
	for (int reduction = 8; reduction > 1; reduction /= 2)
		if (image_reduced(source->w, reduction) >= stored->scaled_w &&
		    image_reduced(source->h, reduction) >= stored->scaled_h)
			return reduction;
	return 1;
}

static int load(struct image_tile *tile, const struct image_source *source, const struct resize_axis *x,
		const struct resize_axis *y, int reduction, struct arena *a)
{
	struct image_rect want = { x->first, y->first, x->end - x->first, y->end - y->first };
	if (source->encoded != NULL)
		return image_decode(tile, &source->info, source->encoded, source->encoded_size, &want, reduction, a);
	*tile = (struct image_tile){ .rgb = source->pixels };
	return 0;
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
	TRY(load(&tile, source, &x, &y, reduction, a));
	if (!v.turn.transpose)
		return resize_window(out->data, (size_t)out->dim[1] * 3, &tile, &x, &y, a);
	uint8_t *turned = arena_alloc(a, (size_t)v.w * (size_t)v.h * 3);
	if (turned == NULL)
		return -1;
	TRY(resize_window(turned, (size_t)v.w * 3, &tile, &x, &y, a));
	transpose(out->data, (size_t)out->dim[1] * 3, turned, v.w, v.h);
	return 0;
}
