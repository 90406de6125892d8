#include "augment/mixup.h"

#include "augment/augment.h"

#include <math.h>
#include <string.h>

/* The logarithm of a Gamma variate. Source: Marsaglia and Tsang, ACM TOMS 26 (2000); below 1 by a power of a uniform. */
static double log_gamma_variate(double shape, struct rng *g)
{
	double boost = 0;
	if (shape < 1) {
		boost = log(1 - rng_uniform(g)) / shape;
		shape += 1;
	}
	double d = shape - 1.0 / 3, c = 1 / sqrt(9 * d);
	for (;;) {
		double x = rng_normal(g), v = 1 + c * x, u = 1 - rng_uniform(g);
		if (v <= 0)
			continue;
		v = v * v * v;
		if (log(u) < 0.5 * x * x + d - d * v + d * log(v))
			return log(d * v) + boost;
	}
}

/* By logarithms: for small alpha both variates are below what a double holds. */
double mixup_beta(double alpha, struct rng *g)
{
	double x = log_gamma_variate(alpha, g), y = log_gamma_variate(alpha, g);
	return 1 / (1 + exp(y - x));
}

static int limit(double value, int most)
{
	return value < 0 ? 0 : value > most ? most : (int)value;
}

struct mixup_draw mixup_draw(const struct mixup_param *param, const struct sample *first, int w, int h)
{
	struct rng g = rng_make(rng_mix_text(augment_sample_key(first, param->seed), "mixup"));
	struct mixup_draw d = { .share = 1, .mixed = rng_uniform(&g) < param->probability };
	bool either = param->mixup > 0 && param->cutmix > 0;
	double which = rng_uniform(&g);
	d.cut = either ? which < param->swap : param->cutmix > 0;
	if (!d.mixed)
		return d;
	d.share = mixup_beta(d.cut ? param->cutmix : param->mixup, &g);
	if (!d.cut)
		return d;
	/* The rectangle has the image's shape and the other's share of its area, and is cut to the image. */
	double side = sqrt(1 - d.share), x = rng_uniform(&g) * w, y = rng_uniform(&g) * h;
	d.x0 = limit(floor(x - side * w / 2 + 0.5), w);
	d.x1 = limit(floor(x + side * w / 2 + 0.5), w);
	d.y0 = limit(floor(y - side * h / 2 + 0.5), h);
	d.y1 = limit(floor(y + side * h / 2 + 0.5), h);
	d.share = 1 - (double)(d.x1 - d.x0) * (d.y1 - d.y0) / ((double)w * h);
	return d;
}

static int check(const struct sample *s, int n_categories)
{
	if (s->pixels.data == NULL)
		return err_set("the image is not decoded; send the samples through augment first");
	if (s->n > 0 || s->semantic.data != NULL)
		return err_set("the image has objects or a label map: only whole images of one class can be mixed");
	if ((s->valid_w > 0 && s->valid_w != s->pixels.dim[1]) || (s->valid_h > 0 && s->valid_h != s->pixels.dim[0]))
		return err_set("the image does not fill its canvas; augment -scrop and its like do not pad");
	if (s->class_scores.data == NULL && (s->class_label < 0 || s->class_label >= n_categories))
		return err_set("the image has no class");
	return 0;
}

/* Add share times the sample's classes to scores. */
static void add_classes(float *scores, const struct sample *s, double share, int n_categories)
{
	const float *own = s->class_scores.data;
	for (int k = 0; k < n_categories; k++)
		scores[k] += (float)(share * (own != NULL ? (double)own[k] : k == s->class_label));
}

static int set_classes(struct sample *out, const struct sample *own, const struct sample *other, double share, double smoothing,
		       int n_categories, struct arena *a)
{
	TRY(tensor_new(&out->class_scores, a, DTYPE_F32, 1, (int64_t[]){ n_categories }));
	float *scores = out->class_scores.data;
	for (int k = 0; k < n_categories; k++)
		scores[k] = (float)(smoothing / n_categories);
	add_classes(scores, own, (1 - smoothing) * share, n_categories);
	if (other != NULL)
		add_classes(scores, other, (1 - smoothing) * (1 - share), n_categories);
	out->class_label = -1;
	return 0;
}

static int mix_pixels(struct sample *out, const struct sample *own, const struct sample *other, const struct mixup_draw *d,
		      struct arena *a)
{
	const uint8_t *x = own->pixels.data, *y = other->pixels.data;
	TRY(tensor_new(&out->pixels, a, DTYPE_U8, 3, own->pixels.dim));
	uint8_t *to = out->pixels.data;
	size_t size = tensor_bytes(&out->pixels), row = (size_t)out->pixels.dim[1] * 3;
	if (!d->cut) {
		/* In 65536ths: one rounding, the same on every machine. */
		uint32_t share = (uint32_t)floor(d->share * 65536 + 0.5);
		for (size_t i = 0; i < size; i++)
			to[i] = (uint8_t)((x[i] * share + y[i] * (65536 - share) + 32768) >> 16);
		return 0;
	}
	memcpy(to, x, size);
	for (int line = d->y0; line < d->y1; line++) {
		size_t at = (size_t)line * row + (size_t)d->x0 * 3;
		memcpy(to + at, y + at, (size_t)(d->x1 - d->x0) * 3);
	}
	return 0;
}

int mixup_single(struct sample *out, const struct sample *in, int n_categories, const struct mixup_param *param,
		 struct arena *a)
{
	TRY(check(in, n_categories));
	*out = *in;
	return param->smoothing > 0 ? set_classes(out, in, NULL, 1, param->smoothing, n_categories, a) : 0;
}

int mixup_pair(struct sample out[2], const struct sample in[2], int n_categories, const struct mixup_param *param,
	       struct arena *a)
{
	for (int i = 0; i < 2; i++)
		TRY(mixup_single(&out[i], &in[i], n_categories, param, a));
	const int64_t *size = in[0].pixels.dim, *other = in[1].pixels.dim;
	if (size[0] != other[0] || size[1] != other[1])
		return err_set("two images to mix have %lldx%lld and %lldx%lld pixels", (long long)size[1], (long long)size[0],
			       (long long)other[1], (long long)other[0]);
	struct mixup_draw d = mixup_draw(param, &in[0], (int)size[1], (int)size[0]);
	for (int i = 0; i < 2 && d.mixed; i++) {
		TRY(mix_pixels(&out[i], &in[i], &in[1 - i], &d, a));
		TRY(set_classes(&out[i], &in[i], &in[1 - i], d.share, param->smoothing, n_categories, a));
	}
	return 0;
}
