#include "base/rng.h"

#include <math.h>
#include <string.h>
#include <xxhash.h>

uint64_t rng_mix_bytes(uint64_t key, const void *part, size_t size)
{
	return XXH3_64bits_withSeed(part, size, key);
}

uint64_t rng_mix(uint64_t key, uint64_t part)
{
	unsigned char bytes[8];
	for (int i = 0; i < 8; i++)
		bytes[i] = (unsigned char)(part >> (8 * i));
	return rng_mix_bytes(key, bytes, sizeof bytes);
}

uint64_t rng_mix_text(uint64_t key, const char *part)
{
	/* With the closing NUL, so that the empty text changes the key too. */
	return rng_mix_bytes(key, part, strlen(part) + 1);
}

struct rng rng_make(uint64_t key)
{
	return (struct rng){ .state = key };
}

uint64_t rng_u64(struct rng *g)
{
	/* splitmix64: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", 2014. */
	g->state += 0x9e3779b97f4a7c15u;
	uint64_t z = g->state;
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

double rng_uniform(struct rng *g)
{
	return (double)(rng_u64(g) >> 11) * 0x1p-53;
}

uint64_t rng_below(struct rng *g, uint64_t n)
{
	/* Numbers in the incomplete last run of n are drawn again. */
	uint64_t reject_below = -n % n;
	uint64_t u;
	do
		u = rng_u64(g);
	while (u < reject_below);
	return u % n;
}

void rng_order(int64_t *order, int64_t n, struct rng *g)
{
	for (int64_t i = 0; i < n; i++)
		order[i] = i;
	for (int64_t i = n - 1; i > 0; i--) {
		int64_t k = (int64_t)rng_below(g, (uint64_t)i + 1);
		int64_t other = order[k];
		order[k] = order[i];
		order[i] = other;
	}
}

double rng_normal(struct rng *g)
{
	double radius = sqrt(-2.0 * log(1.0 - rng_uniform(g)));
	return radius * cos(6.283185307179586 * rng_uniform(g));
}
