#include "coco/mask_draw.h"

#include "coco/rle.h"

#include <string.h>

static int rle_of_polygons(struct rle *m, const struct sample_mask *mask, int32_t h, int32_t w, struct arena *a)
{
	struct rle *part = arena_alloc(a, (size_t)mask->n_polygons * sizeof *part);
	if (part == NULL)
		return -1;
	for (int i = 0; i < mask->n_polygons; i++) {
		const struct tensor *p = &mask->polygons[i];
		TRY(rle_from_polygon(&part[i], p->data, p->dim[0], h, w, a));
	}
	return rle_union(m, part, mask->n_polygons, a);
}

static int rle_of_text(struct rle *m, const struct sample_mask *mask, int32_t h, int32_t w, struct arena *a)
{
	if (mask->rle_h != h || mask->rle_w != w)
		return err_set("the mask has %d x %d pixels, its image %d x %d", mask->rle_w, mask->rle_h, w, h);
	*m = (struct rle){ .h = h, .w = w, .runs = arena_alloc(a, strlen(mask->rle) * sizeof *m->runs + 1) };
	return m->runs != NULL ? rle_expand(m, mask->rle) : -1;
}

int mask_draw(struct tensor *image, const struct sample_mask *mask, struct color c, int alpha, struct arena *a)
{
	int32_t h = (int32_t)image->dim[0], w = (int32_t)image->dim[1];
	struct rle m = { .n = 0 };
	if (mask->n_polygons > 0)
		TRY(rle_of_polygons(&m, mask, h, w, a));
	else if (mask->rle != NULL)
		TRY(rle_of_text(&m, mask, h, w, a));
	int64_t at = 0;
	for (int64_t i = 0; i < m.n; i++) {
		for (int64_t left = i % 2 == 1 ? m.runs[i] : 0, from = at; left > 0;) {
			int64_t y = from % h, n = left < h - y ? left : h - y;
			draw_blend(image, (int)(from / h), (int)y, 1, (int)n, c, alpha);
			from += n;
			left -= n;
		}
		at += m.runs[i];
	}
	return 0;
}
