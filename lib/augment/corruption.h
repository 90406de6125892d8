/*
 * corruption: noise and damage of five levels, to test how robust a model is. Nothing is moved.
 *
 *     struct corruptions c;
 *     TRY(corruptions_parse(&c, "gaussian:3,jpeg:2", arena));
 *     TRY(corruptions_draw(&of_sample, &c, key, arena));
 *     TRY(corrupt(&region, &of_sample, arena));
 *
 * Source: kinds and strengths of Hendrycks and Dietterich, arXiv 1903.12261 (ImageNet-C), and its code.
 */
#ifndef AUGMENT_CORRUPTION_H
#define AUGMENT_CORRUPTION_H

#include "base/arena.h"
#include "base/error.h"
#include "base/rng.h"
#include "image/point.h"

enum { CORRUPT_LEVELS = 5 };

#define CORRUPT_SEEDS ((int64_t)1 << 53)

struct corruption_kind {
	const char *name;
	double strength[CORRUPT_LEVELS];
	/* Change the pixels in place. Error: memory. */
	int (*run)(const struct image_region *image, double strength, struct rng *g, struct arena *a);
};

struct corruption {
	const struct corruption_kind *kind;
	int level;	/* 1..CORRUPT_LEVELS */
	int64_t seed;	/* of its random numbers; below CORRUPT_SEEDS, so that any reader of JSON can tell it */
};

/* Done one after the other. */
struct corruptions {
	int n;
	const struct corruption *one;	/* [n] */
};

/* KIND:LEVEL,... Error: anything else; names the kinds. */
int corruptions_parse(struct corruptions *c, const char *text, struct arena *a) MUST_CHECK;

/* The kind of that name, or NULL. */
const struct corruption_kind *corruption_kind_find(const char *name, size_t size);

/* Those of a sample, by its key: the same with seeds of their own. Error: memory. */
int corruptions_draw(struct corruptions *out, const struct corruptions *c, uint64_t key, struct arena *a) MUST_CHECK;

/* Error: memory. */
int corrupt(const struct image_region *image, const struct corruptions *c, struct arena *a) MUST_CHECK;

/* All kinds, ended by one without a name. */
extern const struct corruption_kind corruption_kinds[];

#endif
