/*
 * rng: random numbers that depend on a key alone, never on what was drawn before.
 *
 * A key is a hash of what the draw is for; a generator made from it gives the same
 * numbers on every machine, thread and run.
 *
 *     struct rng g = rng_make(rng_key(seed, "flip", epoch, id));
 *     bool flip = rng_uniform(&g) < 0.5;
 */
#ifndef BASE_RNG_H
#define BASE_RNG_H

#include <stddef.h>
#include <stdint.h>

struct rng {
	uint64_t state;
};

/* Mix another part into a key; order matters. Start with the seed. */
uint64_t rng_mix(uint64_t key, uint64_t part);
uint64_t rng_mix_bytes(uint64_t key, const void *part, size_t size);
uint64_t rng_mix_text(uint64_t key, const char *part);

/* A generator (splitmix64) that starts from the key. */
struct rng rng_make(uint64_t key);

uint64_t rng_u64(struct rng *g);

/* Uniform in [0, 1), 53 bits. */
double rng_uniform(struct rng *g);

/* Uniform integer in [0, n), without bias; n > 0. */
uint64_t rng_below(struct rng *g, uint64_t n);

/* A random permutation of 0..n-1. */
void rng_order(int64_t *order, int64_t n, struct rng *g);

/* Normal with mean 0 and deviation 1 (Box-Muller, one of the pair). */
double rng_normal(struct rng *g);

#endif
