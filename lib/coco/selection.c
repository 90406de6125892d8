#include "coco/selection.h"

#include "base/rng.h"
#include "coco/image_classes.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct ranked {
	uint64_t key, hash;
	int64_t index;
	enum { OUT, KEPT, CHOSEN } state;
};

/* What choosing by classes needs to know. */
struct chooser {
	struct dataset *d;
	const struct selection_options *options;
	struct ranked *ranked;	/* [d->n] */
	struct image_classes classes;
	int64_t *count;	/* [n_categories] so far */
	int64_t kept;
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

int selection_check_options(const struct selection_options *o)
{
	int ways = (o->fraction != 1) + (o->subset > 0) + (o->images_per_class > 0) + (o->objects_per_class > 0);
	if (ways > 1)
		return err_set("--fraction, --subset, --images-per-class and --objects-per-class each choose images; give one of them");
	if (ways == 0 && o->rest)
		return err_set("the --rest of --fraction 1 of any number of images is none");
	if (!o->rest && o->fraction == 0)
		return err_set("--fraction 0 of any number of images is none");
	return 0;
}

/* Adds an image to the counts of its classes: once each, or object by object. */
static void count_image(struct chooser *c, int64_t image, bool objects)
{
	const int32_t *label = c->classes.labels;
	for (int64_t i = c->classes.first[image]; i < c->classes.first[image + 1]; i++) {
		bool again = false;
		for (int64_t k = c->classes.first[image]; k < i && !objects; k++)
			again |= label[k] == label[i];
		c->count[label[i]] += !again;
	}
}

static int64_t quota(const struct chooser *c, int32_t label, int64_t most)
{
	int last = c->d->n_categories - 1;
	double share = last > 0 ? pow(c->options->imbalance, -(double)label / last) : 1;
	/* A product that should be whole may be a little less. */
	int64_t n = (int64_t)floor((double)most * share + 1e-9);
	return n < 1 ? 1 : n;
}

static int unbalance(struct chooser *c)
{
	const struct dataset *d = c->d;
	int64_t most = 0;
	for (int64_t i = 0; i < d->n; i++)
		count_image(c, i, false);
	for (int i = 0; i < d->n_categories; i++)
		most = c->count[i] > most ? c->count[i] : most;
	if (most == 0)
		return err_set("--imbalance: no image of '%s' has a class", d->path);
	memset(c->count, 0, (size_t)d->n_categories * sizeof *c->count);
	c->kept = 0;
	for (int64_t r = 0; r < d->n; r++) {
		int64_t image = c->ranked[r].index;
		bool room = true;
		for (int64_t i = c->classes.first[image]; i < c->classes.first[image + 1]; i++)
			room &= c->count[c->classes.labels[i]] < quota(c, c->classes.labels[i], most);
		c->ranked[r].state = room ? KEPT : OUT;
		c->kept += room;
		if (room)
			count_image(c, image, false);
	}
	return 0;
}

/* The first images that have so many images or objects of each class. Which others they show does not matter. */
static int choose_by_class(struct chooser *c, struct selection *s)
{
	const struct dataset *d = c->d;
	bool objects = c->options->objects_per_class > 0;
	int64_t want = objects ? c->options->objects_per_class : c->options->images_per_class;
	memset(c->count, 0, (size_t)d->n_categories * sizeof *c->count);
	for (int64_t r = 0; r < d->n; r++) {
		int64_t image = c->ranked[r].index;
		bool lacks = false;
		for (int64_t i = c->classes.first[image]; i < c->classes.first[image + 1] && c->ranked[r].state == KEPT; i++)
			lacks |= c->count[c->classes.labels[i]] < want;
		if (!lacks)
			continue;
		c->ranked[r].state = CHOSEN;
		count_image(c, image, objects);
	}
	for (int i = 0; i < d->n_categories; i++)
		s->n_short += c->count[i] < want;
	return 0;
}

static int choose_by_rank(struct chooser *c)
{
	const struct selection_options *o = c->options;
	int64_t want = o->subset > 0 ? o->subset : llround(o->fraction * (double)c->kept);
	if (want > c->kept)
		return err_set("--subset %lld: there are %lld images", (long long)want, (long long)c->kept);
	for (int64_t r = 0; want > 0; r++)
		if (c->ranked[r].state == KEPT) {
			c->ranked[r].state = CHOSEN;
			want--;
		}
	return 0;
}

static int choose(struct chooser *c, struct selection *s)
{
	const struct selection_options *o = c->options;
	bool per_class = o->images_per_class > 0 || o->objects_per_class > 0;
	uint64_t key = rng_mix_text(o->seed, "subset");
	for (int64_t i = 0; i < c->d->n; i++)
		c->ranked[i] = (struct ranked){ rng_mix(key, c->d->id_hash[i]), c->d->id_hash[i], i, KEPT };
	qsort(c->ranked, (size_t)c->d->n, sizeof *c->ranked, compare_ranked);
	c->kept = c->d->n;
	if (per_class || o->imbalance > 0) {
		if (c->d->n_categories == 0)
			return err_set("'%s' has no classes to choose by", c->d->path);
		TRY(image_classes_read(&c->classes, c->d));
		c->count = calloc((size_t)c->d->n_categories, sizeof *c->count);
		if (c->count == NULL)
			return err_set("out of memory for %d classes", c->d->n_categories);
	}
	if (o->imbalance > 0)
		TRY(unbalance(c));
	return per_class ? choose_by_class(c, s) : choose_by_rank(c);
}

static bool chooses_all(const struct selection_options *o)
{
	return o->fraction == 1 && o->subset == 0 && o->images_per_class == 0 && o->objects_per_class == 0 && o->imbalance == 0;
}

static int take_all(struct selection *s, struct dataset *d)
{
	*s = (struct selection){ .n = d->n, .image = arena_calloc(&d->arena, (size_t)d->n + 1, sizeof *s->image) };
	if (s->image == NULL)
		return -1;
	for (int64_t i = 0; i < d->n; i++)
		s->image[i] = i;
	return 0;
}

static int collect(struct selection *s, const struct chooser *c)
{
	int wanted = c->options->rest ? KEPT : CHOSEN;
	s->image = arena_calloc(&c->d->arena, (size_t)c->d->n + 1, sizeof *s->image);
	if (s->image == NULL)
		return -1;
	for (int64_t r = 0; r < c->d->n; r++)
		if ((int)c->ranked[r].state == wanted)
			s->image[s->n++] = c->ranked[r].index;
	if (s->n == 0 && c->options->fraction != 1)
		return err_set("a fraction of %g of %lld images is %lld: none %s", c->options->fraction, (long long)c->kept,
			       (long long)llround(c->options->fraction * (double)c->kept), c->options->rest ? "is the rest" : "is left");
	if (s->n == 0)
		return err_set("the selection leaves none of %lld images", (long long)c->d->n);
	qsort(s->image, (size_t)s->n, sizeof *s->image, compare_index);
	return 0;
}

int selection_make(struct selection *s, struct dataset *d, const struct selection_options *o)
{
	if (chooses_all(o))
		return take_all(s, d);
	struct chooser c = { .d = d, .options = o, .ranked = malloc(((size_t)d->n + 1) * sizeof *c.ranked) };
	*s = (struct selection){ 0 };
	if (c.ranked == NULL)
		return err_set("out of memory for %lld images", (long long)d->n);
	int status = choose(&c, s);
	if (status == 0)
		status = collect(s, &c);
	free(c.ranked);
	free(c.count);
	image_classes_release(&c.classes);
	return status;
}
