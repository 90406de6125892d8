#include "op/conv_gather.h"

#include <string.h>

int conv_lattice_forward(struct conv_lattice *l, const struct conv_geometry *g, struct arena *scratch)
{
	int64_t taps = g->kh * g->kw;
	int64_t *dh = arena_alloc(scratch, 3 * (size_t)taps * sizeof *dh);
	if (dh == NULL)
		return -1;
	int64_t *dw = dh + taps, *order = dw + taps;
	for (int64_t t = 0; t < taps; t++) {
		dh[t] = t / g->kw * g->dilation - g->pad;
		dw[t] = t % g->kw * g->dilation - g->pad;
		order[t] = t;
	}
	*l = (struct conv_lattice){ .rows = g->ho, .cols = g->wo, .out_step = 1, .in_step = g->stride, .n_taps = taps,
		.dh = dh, .dw = dw, .order = order };
	return 0;
}

/*
 * Input row h = ph + i*stride lies under kernel row kh of output row (h + pad - kh*dilation)/stride, when that divides:
 * for i = 0 the quotient is the tap's offset.
 */
static bool tap_offset(int64_t *offset, const struct conv_geometry *g, int64_t phase, int64_t k)
{
	int64_t at = phase + g->pad - k * g->dilation;
	*offset = at / g->stride;
	return at % g->stride == 0;
}

int conv_lattices_backward(struct conv_lattice *l, const struct conv_geometry *g, struct arena *scratch)
{
	int64_t taps = g->kh * g->kw, s = g->stride, used = 0;
	int64_t *dh = arena_alloc(scratch, 3 * (size_t)taps * sizeof *dh);
	if (dh == NULL)
		return -1;
	int64_t *dw = dh + taps, *order = dw + taps;
	for (int64_t phase = 0; phase < s * s; phase++) {
		int64_t ph = phase / s, pw = phase % s, first = used;
		for (int64_t t = 0, h, w; t < taps; t++)
			if (tap_offset(&h, g, ph, t / g->kw) && tap_offset(&w, g, pw, t % g->kw)) {
				dh[used] = h;
				dw[used] = w;
				order[used++] = t;
			}
		l[phase] = (struct conv_lattice){ .rows = (g->h - ph + s - 1) / s, .cols = (g->w - pw + s - 1) / s, .out_h = ph,
			.out_w = pw, .out_step = s, .in_step = 1, .n_taps = used - first, .first_tap = first,
			.dh = dh + first, .dw = dw + first, .order = order };
	}
	return 0;
}

static void copy_channels(float *to, const struct tensor *s, int64_t at, int64_t count)
{
	if (s->dtype == DTYPE_F32) {
		memcpy(to, (const float *)s->data + at, (size_t)count * sizeof *to);
		return;
	}
	const uint16_t *from = (const uint16_t *)s->data + at;
	for (int64_t c = 0; c < count; c++)
		to[c] = bf16_to_f32(from[c]);
}

void conv_gather(float *to, int64_t stride_to, const struct tensor *s, const struct conv_lattice *l, int64_t tap,
	int64_t image, int64_t channel, int64_t count, int64_t row, int64_t rows)
{
	int64_t height = s->dim[1], width = s->dim[2], channels = s->dim[3];
	int64_t i = row / l->cols, j = row % l->cols;
	for (int64_t r = 0; r < rows; r++, to += stride_to) {
		int64_t h = i * l->in_step + l->dh[tap], w = j * l->in_step + l->dw[tap];
		if (h >= 0 && h < height && w >= 0 && w < width)
			copy_channels(to, s, ((image * height + h) * width + w) * channels + channel, count);
		else
			memset(to, 0, (size_t)count * sizeof *to);
		if (++j == l->cols) {
			j = 0;
			i++;
		}
	}
}

static void store_channels(struct tensor *to, int64_t at, const float *sums, int64_t channel, int64_t count,
	const struct conv_finish *f)
{
	float *y = (float *)to->data + at;
	uint16_t *y16 = (uint16_t *)to->data + at;
	bool bf16 = to->dtype == DTYPE_BF16;
	for (int64_t c = 0; c < count; c++) {
		float v = sums[c];
		if (f->bias != NULL)
			v += f->bias[channel + c];
		if (f->add)
			v += bf16 ? bf16_to_f32(y16[c]) : y[c];
		if (f->relu && v < 0)
			v = 0;
		if (bf16)
			y16[c] = f32_to_bf16(v);
		else
			y[c] = v;
	}
}

void conv_scatter(struct tensor *to, const struct conv_lattice *l, int64_t image, int64_t channel, int64_t count, int64_t row,
	int64_t rows, const float *sums, const struct conv_finish *finish)
{
	int64_t i = row / l->cols, j = row % l->cols;
	for (int64_t r = 0; r < rows; r++, sums += count) {
		int64_t h = l->out_h + i * l->out_step, w = l->out_w + j * l->out_step;
		store_channels(to, ((image * to->dim[1] + h) * to->dim[2] + w) * to->dim[3] + channel, sums, channel, count, finish);
		if (++j == l->cols) {
			j = 0;
			i++;
		}
	}
}

const float *conv_as_f32(const struct tensor *t, struct arena *scratch)
{
	if (t->dtype == DTYPE_F32)
		return t->data;
	int64_t count = tensor_count(t);
	const uint16_t *from = t->data;
	float *to = arena_alloc(scratch, (size_t)count * sizeof *to);
	for (int64_t i = 0; to != NULL && i < count; i++)
		to[i] = bf16_to_f32(from[i]);
	return to;
}
