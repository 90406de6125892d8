#include "coco/sampler.h"

#include "base/rng.h"

int sampler_check_options(const struct sampler_options *o)
{
	if (o->epochs == 0 && o->count < 0)
		return err_set("--epochs 0 is without end; say how many records with --count");
	return selection_check_options(&o->selection);
}

int sampler_init(struct sampler *s, struct dataset *d, const struct sampler_options *options)
{
	struct selection chosen;
	*s = (struct sampler){ .options = *options, .order_epoch = -1 };
	TRY(sampler_check_options(options));
	TRY(selection_make(&chosen, d, &options->selection));
	s->n = chosen.n;
	s->selected = chosen.image;
	s->n_short = chosen.n_short;
	if (options->shuffle) {
		s->order = arena_calloc(&d->arena, (size_t)s->n, sizeof *s->order);
		if (s->order == NULL)
			return -1;
	}
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
	/* At once, and not one by one, each with its way to memory. */
	for (int64_t i = 0; i < s->n; i++)
		s->order[i] = s->selected[s->order[i]];
	s->order_epoch = epoch;
}

int64_t sampler_image(struct sampler *s, int64_t seq)
{
	int64_t epoch = seq / s->n, place = seq % s->n;
	if (!s->options.shuffle)
		return s->selected[place];
	if (epoch != s->order_epoch)
		make_order(s, epoch);
	return s->order[place];
}

bool sampler_has(const struct sampler_options *o, int64_t seq)
{
	return seq % o->parts == o->part;
}

int64_t sampler_planned(const struct sampler_options *o, int64_t length)
{
	return length / o->parts + (length % o->parts > o->part);
}
