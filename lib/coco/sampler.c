#include "coco/sampler.h"

#include "base/rng.h"

#include <math.h>
#include <stdlib.h>

struct ranked {
	uint64_t key, hash;
	int64_t index;
};

static int compare_ranked(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;
	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	if (x->hash != y->hash)
		return x->hash < y->hash ? -1 : 1;
	return (x->index > y->index) - (x->index < y->index);
}

static int compare_index(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;
	return (*x > *y) - (*x < *y);
}

static int select_images(struct sampler *s, const struct dataset *d)
{
	const struct sampler_options *o = &s->options;
	int64_t chosen = llround(o->fraction * (double)d->n);
	int64_t first = o->rest ? chosen : 0;
	s->n = o->rest ? d->n - chosen : chosen;
	if (s->n == 0)
		return err_set("a fraction of %g of %lld images is %lld: none %s", o->fraction, (long long)d->n,
			       (long long)chosen, o->rest ? "is the rest" : "is left");
	if (s->n == d->n) {
		for (int64_t i = 0; i < s->n; i++)
			s->selected[i] = i;
		return 0;
	}
	struct ranked *ranked = malloc((size_t)d->n * sizeof *ranked);
	if (ranked == NULL)
		return err_set("out of memory for %lld images", (long long)d->n);
	uint64_t key = rng_mix_text(o->subset_seed, "subset");
	for (int64_t i = 0; i < d->n; i++)
		ranked[i] = (struct ranked){ rng_mix(key, d->id_hash[i]), d->id_hash[i], i };
	qsort(ranked, (size_t)d->n, sizeof *ranked, compare_ranked);
	for (int64_t i = 0; i < s->n; i++)
		s->selected[i] = ranked[first + i].index;
	free(ranked);
	qsort(s->selected, (size_t)s->n, sizeof *s->selected, compare_index);
	return 0;
}

int sampler_check_options(const struct sampler_options *o)
{
	if (o->epochs == 0 && o->count < 0)
		return err_set("--epochs 0 is without end; say how many records with --count");
	if (o->rest ? o->fraction == 1 : o->fraction == 0)
		return err_set("%s--fraction %g of any number of images is none", o->rest ? "the --rest of " : "", o->fraction);
	return 0;
}

int sampler_init(struct sampler *s, struct dataset *d, const struct sampler_options *options)
{
	*s = (struct sampler){ .options = *options, .order_epoch = -1 };
	TRY(sampler_check_options(options));
	s->selected = arena_calloc(&d->arena, (size_t)d->n, sizeof *s->selected);
	if (options->shuffle)
		s->order = arena_calloc(&d->arena, (size_t)d->n, sizeof *s->order);
	if (s->selected == NULL || (options->shuffle && s->order == NULL))
		return -1;
	TRY(select_images(s, d));
	if (options->epochs > INT64_MAX / s->n)
		return err_set("%lld epochs of %lld images are too many", (long long)options->epochs, (long long)s->n);
	s->length = options->epochs * s->n;
	if (options->count >= 0 && (options->epochs == 0 || options->count < s->length))
		s->length = options->count;
	s->epochs = (s->length + s->n - 1) / s->n;
	return 0;
}

static void make_order(struct sampler *s, int64_t epoch)
{
	struct rng g = rng_make(rng_mix(rng_mix_text(s->options.seed, "shuffle"), (uint64_t)epoch));
	rng_order(s->order, s->n, &g);
	s->order_epoch = epoch;
}

int64_t sampler_image(struct sampler *s, int64_t seq)
{
	int64_t epoch = seq / s->n, place = seq % s->n;
	if (!s->options.shuffle)
		return s->selected[place];
	if (epoch != s->order_epoch)
		make_order(s, epoch);
	return s->selected[s->order[place]];
}

bool sampler_has(const struct sampler_options *o, int64_t seq)
{
	return seq % o->parts == o->part;
}

int64_t sampler_planned(const struct sampler_options *o, int64_t length)
{
	return length / o->parts + (length % o->parts > o->part);
}
