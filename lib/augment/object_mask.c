/* What happens to a mask, and to the box around it, when the pixels move. */
#include "augment/objects.h"

#include "coco/mask_extent.h"
#include "coco/rle_warp.h"
#include "image/affine.h"

#include <string.h>

/* The box around what can be seen of the mask, into box; *seen is false when that is nothing. */
static void tighten(float box[4], bool *seen, const struct mask_extent *visible)
{
	double tight[4];
	*seen = mask_extent_box(tight, visible);
	if (!*seen)
		return;
	float rounded[4] = { (float)tight[0], (float)tight[1], (float)tight[2], (float)tight[3] };
	*seen = rounded[2] > rounded[0] && rounded[3] > rounded[1];
	if (*seen)
		memcpy(box, rounded, sizeof rounded);
}

static int move_polygons(struct sample_mask *mask, const double m[6], struct arena *a)
{
	struct tensor *moved = arena_alloc(a, (size_t)mask->n_polygons * sizeof *moved);
	if (moved == NULL)
		return -1;
	for (int i = 0; i < mask->n_polygons; i++) {
		const struct tensor *from = &mask->polygons[i];
		TRY(tensor_new(&moved[i], a, DTYPE_F64, 2, from->dim));
		double *points = moved[i].data;
		memcpy(points, from->data, tensor_bytes(from));
		for (int64_t p = 0; p < from->dim[0]; p++)
			affine_point(m, &points[2 * p], &points[2 * p + 1]);
	}
	mask->polygons = moved;
	return 0;
}

/* Points on a line say nothing about where their object is. */
static bool has_extent(const struct tensor *polygon)
{
	const double *xy = polygon->data;
	bool wide = false, high = false;
	for (int64_t i = 1; i < polygon->dim[0]; i++) {
		wide |= xy[2 * i] != xy[0];
		high |= xy[2 * i + 1] != xy[1];
	}
	return wide && high && polygon->dim[0] > 2;
}

static void tighten_to_polygons(float box[4], bool *seen, const struct sample_mask *moved, const struct convex *view)
{
	struct mask_extent visible = mask_extent_begin(view);
	bool any = false;
	for (int i = 0; i < moved->n_polygons; i++) {
		const struct tensor *p = &moved->polygons[i];
		if (!has_extent(p))
			continue;
		any = true;
		mask_extent_polygon(&visible, p->data, p->dim[0]);
	}
	if (any)
		tighten(box, seen, &visible);
}

/* What of moved polygons is in the view; polygons of which nothing is are left out. */
static int cut_polygons(struct sample_mask *mask, const struct convex *view, struct arena *a)
{
	int kept = 0;
	for (int i = 0; i < mask->n_polygons; i++) {
		double *points;
		int64_t n;
		TRY(convex_clip(&points, &n, view, mask->polygons[i].data, mask->polygons[i].dim[0], a));
		if (n > 0)
			mask->polygons[kept++] = tensor_view(DTYPE_F64, 2, (int64_t[]){ n, 2 }, points);
	}
	mask->n_polygons = kept;
	return 0;
}

int objects_check_frame(const struct sample *in, const char *what, int64_t w, int64_t h)
{
	int64_t image_w = in->pixels.data != NULL ? in->pixels.dim[1] : in->orig_w;
	int64_t image_h = in->pixels.data != NULL ? in->pixels.dim[0] : in->orig_h;
	if (w == image_w && h == image_h)
		return 0;
	return err_set("the %s has %lld x %lld pixels, its image %lld x %lld", what, (long long)w, (long long)h,
		       (long long)image_w, (long long)image_h);
}

static bool is_same_frame(const struct sample *out, const struct sample_mask *mask, const double m[6])
{
	return affine_is_identity(m) && mask->rle_w == out->pixels.dim[1] && mask->rle_h == out->pixels.dim[0] &&
		out->valid_w == mask->rle_w && out->valid_h == mask->rle_h;
}

static int move_runs(struct sample_mask *mask, float box[4], bool *seen, const struct mask_move *move, struct arena *a)
{
	const struct sample *out = move->out;
	struct rle runs = { .h = mask->rle_h, .w = mask->rle_w };
	struct rle_edges edges;
	struct rle_frame frame = {
		.h = (int32_t)out->pixels.dim[0], .w = (int32_t)out->pixels.dim[1],
		.valid_h = out->valid_h, .valid_w = out->valid_w, .view = move->cut ? move->view : NULL,
	};
	if (!move->cut && is_same_frame(out, mask, move->m))
		return 0;
	runs.runs = arena_alloc(a, strlen(mask->rle) * sizeof *runs.runs + 1);
	if (runs.runs == NULL)
		return -1;
	TRY(rle_expand(&runs, mask->rle));
	rle_edges_make(&edges, &runs);
	if (move->tight && edges.area > 0) {
		struct mask_extent visible = mask_extent_begin(move->view);
		mask_extent_rle(&visible, &edges, move->m);
		tighten(box, seen, &visible);
	}
	TRY(rle_warp(&runs, &edges, move->m, &frame, a));
	*mask = (struct sample_mask){ .rle_h = runs.h, .rle_w = runs.w, .rle = rle_compress(runs.runs, runs.n, a) };
	return mask->rle != NULL ? 0 : -1;
}

int object_mask_move(struct sample_mask *mask, float box[4], bool *seen, const struct mask_move *move, struct arena *a)
{
	*seen = true;
	if (mask->n_polygons > 0) {
		TRY(move_polygons(mask, move->m, a));
		if (move->tight)
			tighten_to_polygons(box, seen, mask, move->view);
		return move->cut ? cut_polygons(mask, move->view, a) : 0;
	}
	if (mask->rle == NULL)
		return 0;
	TRY(objects_check_frame(move->in, "mask", mask->rle_w, mask->rle_h));
	return move_runs(mask, box, seen, move, a);
}
