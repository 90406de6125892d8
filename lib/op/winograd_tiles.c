#include "op/winograd_tiles.h"

static int level_init(struct winograd_level *l, const struct winograd_map *m, int pad, enum winograd_pass pass)
{
	int64_t h = m->h + 2 * pad - 2, w = m->w + 2 * pad - 2;
	if (m->n < 1 || m->h < 1 || m->w < 1 || h < 1 || w < 1)
		return err_set("winograd: a map of %lld x %lld x %lld pixels with padding %d has no output",
			(long long)m->n, (long long)m->h, (long long)m->w, pad);
	*l = (struct winograd_level){ .n = m->n, .in_h = m->h, .in_w = m->w, .out_h = h, .out_w = w };
	switch (pass) {
	case WINOGRAD_FORWARD:
		l->in = m->x;
		l->out = m->y;
		break;
	case WINOGRAD_BACKWARD_DATA:
		*l = (struct winograd_level){ .n = m->n, .in_h = h, .in_w = w, .out_h = m->h, .out_w = m->w };
		l->in = m->dy;
		l->out = m->dx;
		break;
	case WINOGRAD_BACKWARD_WEIGHTS:
		l->in = m->x;
		l->out = (char *)m->dy;
		break;
	}
	l->tiles_h = (l->out_h + WINOGRAD_OUT - 1) / WINOGRAD_OUT;
	l->tiles_w = (l->out_w + WINOGRAD_OUT - 1) / WINOGRAD_OUT;
	return 0;
}

int winograd_tiles_init(struct winograd_tiles *t, const struct winograd_map *maps, int n_maps,
	const struct winograd_param *p, enum winograd_pass pass, struct arena *scratch)
{
	bool turned = pass == WINOGRAD_BACKWARD_DATA;
	*t = (struct winograd_tiles){
		.n_levels = n_maps,
		.in_channels = turned ? p->co : p->ci, .out_channels = turned ? p->ci : p->co,
		.in_dtype = turned ? p->y_dtype : p->x_dtype, .out_dtype = turned ? p->x_dtype : p->y_dtype,
		.pad = turned ? 2 - p->pad : p->pad,
	};
	if ((p->x_dtype != DTYPE_F32 && p->x_dtype != DTYPE_BF16) || (p->y_dtype != DTYPE_F32 && p->y_dtype != DTYPE_BF16))
		return err_set("winograd: maps are f32 or bf16, not %s and %s", dtype_name(p->x_dtype), dtype_name(p->y_dtype));
	if (p->ci < 1 || p->co < 1 || p->pad < 0 || p->pad > 2)
		return err_set("winograd: %lld to %lld channels with padding %d", (long long)p->ci, (long long)p->co, p->pad);
	t->levels = arena_alloc(scratch, (n_maps + 1) * sizeof *t->levels);
	t->zeros = arena_calloc(scratch, p->ci > p->co ? p->ci : p->co, sizeof(float));
	if (t->levels == NULL || t->zeros == NULL)
		return -1;
	for (int i = 0; i < n_maps; i++) {
		struct winograd_level *l = &t->levels[i];
		TRY(level_init(l, &maps[i], p->pad, pass));
		l->first = t->total;
		t->total += l->n * l->tiles_h * l->tiles_w;
	}
	return 0;
}

struct tile_position {
	const struct winograd_level *level;
	int64_t image, row, column;	/* of the tile's first output pixel */
};

static struct tile_position locate(const struct winograd_tiles *t, int64_t tile)
{
	int i = t->n_levels - 1;
	while (tile < t->levels[i].first)
		i--;
	const struct winograd_level *l = &t->levels[i];
	int64_t at = tile - l->first;
	return (struct tile_position){
		.level = l,
		.image = at / (l->tiles_h * l->tiles_w),
		.row = at / l->tiles_w % l->tiles_h * WINOGRAD_OUT,
		.column = at % l->tiles_w * WINOGRAD_OUT,
	};
}

void winograd_tile_input(const struct winograd_tiles *t, int64_t tile, const void *pixel[WINOGRAD_IN * WINOGRAD_IN])
{
	struct tile_position at = locate(t, tile);
	const struct winograd_level *l = at.level;
	int64_t bytes = t->in_channels * (int64_t)dtype_size(t->in_dtype);
	for (int i = 0; i < WINOGRAD_IN; i++)
		for (int j = 0; j < WINOGRAD_IN; j++) {
			int64_t h = at.row - t->pad + i, w = at.column - t->pad + j;
			bool inside = h >= 0 && h < l->in_h && w >= 0 && w < l->in_w;
			pixel[i * WINOGRAD_IN + j] = inside ? l->in + ((at.image * l->in_h + h) * l->in_w + w) * bytes : t->zeros;
		}
}

void winograd_tile_output(const struct winograd_tiles *t, int64_t tile, void *pixel[WINOGRAD_OUT * WINOGRAD_OUT])
{
	struct tile_position at = locate(t, tile);
	const struct winograd_level *l = at.level;
	int64_t bytes = t->out_channels * (int64_t)dtype_size(t->out_dtype);
	for (int i = 0; i < WINOGRAD_OUT; i++)
		for (int j = 0; j < WINOGRAD_OUT; j++) {
			int64_t h = at.row + i, w = at.column + j;
			bool inside = h < l->out_h && w < l->out_w;
			pixel[i * WINOGRAD_OUT + j] = inside ? l->out + ((at.image * l->out_h + h) * l->out_w + w) * bytes : NULL;
		}
}
