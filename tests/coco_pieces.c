/* The pieces under coco-pack: run-length text, the map and the set of ids, the sampler. */
#include "base/rng.h"
#include "coco/id_map.h"
#include "coco/id_set.h"
#include "coco/rle.h"
#include "coco/sampler.h"
#include "tests/tap.h"

#include <stdlib.h>

/* Another way to the text of one number: the shortest two's complement in groups of five bits. */
static size_t naive_number(char *out, int64_t x)
{
	size_t groups = 1;
	while (x < -((int64_t)1 << (5 * groups - 1)) || x >= (int64_t)1 << (5 * groups - 1))
		groups++;
	for (size_t i = 0; i < groups; i++)
		out[i] = (char)('0' + (int)(((uint64_t)x >> (5 * i)) & 31) + (i + 1 < groups ? 32 : 0));
	return groups;
}

static void test_rle(void)
{
	struct arena a;
	struct rng g = rng_make(3);
	int wrong = 0, not_covered = 0, accepted = 0;
	arena_init(&a, 1 << 16);
	for (int round = 0; round < 2000; round++) {
		uint32_t runs[40];
		char want[400];
		int64_t n = 1 + (int64_t)rng_below(&g, 40), sum = 0;
		size_t size = 0;
		for (int64_t i = 0; i < n; i++) {
			runs[i] = (uint32_t)rng_below(&g, (uint64_t)1 << rng_below(&g, 33));
			sum += runs[i];
			size += naive_number(want + size, (int64_t)runs[i] - (i > 2 ? (int64_t)runs[i - 2] : 0));
		}
		want[size] = '\0';
		char *text = rle_compress(runs, n, &a);
		wrong += text == NULL || strcmp(text, want) != 0;
		not_covered += !rle_covers(want, 1, sum);
		accepted += rle_covers(want, 1, sum + 1) + (sum > 0 && rle_covers(want, 1, sum - 1));
		/* Every cut either ends inside a number or covers less, unless what is cut off were empty runs. */
		want[size - 1] = '\0';
		accepted += runs[n - 1] > 0 && rle_covers(want, 1, sum);
		arena_reset(&a);
	}
	is_int(wrong, 0, "rle: the text is the naive one's");
	is_int(not_covered, 0, "rle: its runs cover the mask");
	is_int(accepted, 0, "rle: no other size is covered, nor by a cut text");
	ok(!rle_covers("\x7f", 1, 1) && !rle_covers("/", 1, 1), "rle: other characters are refused");
	ok(!rle_covers("oooooooooooo0", 1, 1), "rle: so are numbers without end");
	ok(rle_covers("", 0, 5), "rle: nothing covers nothing");
	arena_release(&a);
}

static void test_id_map(void)
{
	struct id_map m;
	char text[5000][24];
	int wrong = 0;
	id_map_init(&m);
	is_int(id_map_find(&m, (struct sample_id){ .number = 1 }), -1, "id_map: an empty map has nothing");
	for (int64_t i = 0; i < 5000; i++) {
		snprintf(text[i], sizeof text[i], "%lld", (long long)i);
		wrong += id_map_add(&m, (struct sample_id){ .number = i * 1000003 - 7 }, 2 * i) != 1;
		wrong += id_map_add(&m, (struct sample_id){ .text = text[i] }, 2 * i + 1) != 1;
	}
	for (int64_t i = 0; i < 5000; i++) {
		char other[24];
		snprintf(other, sizeof other, "%lld", (long long)i);
		wrong += id_map_find(&m, (struct sample_id){ .number = i * 1000003 - 7 }) != 2 * i;
		wrong += id_map_find(&m, (struct sample_id){ .text = other }) != 2 * i + 1;
		wrong += id_map_add(&m, (struct sample_id){ .text = other }, 0) != 0;
	}
	is_int(wrong, 0, "id_map: numbers and texts are found, and nothing is added twice");
	is_int(id_map_find(&m, (struct sample_id){ .number = 5 }), -1, "id_map: the number 5 is not the text '5'");
	is_int(id_map_find(&m, (struct sample_id){ .text = "x" }), -1, "id_map: a text that is not there");
	id_map_release(&m);
}

/* Ids that are close together and far apart, at both ends of the range, each of them twice. */
static void test_id_set(void)
{
	static const int64_t base[] = { INT64_MIN, INT64_MAX - 300, -100, 1000000, 900100000000 };
	struct id_set s;
	int wrong = 0;
	id_set_init(&s);
	for (int round = 0; round < 2; round++)
		for (int b = 0; b < 5; b++)
			for (int64_t i = 0; i < 300; i++)
				wrong += id_set_add(&s, base[b] + i) != (round == 0);
	for (int round = 0; round < 2; round++)
		for (int64_t i = 0; i < 5000; i++)
			wrong += id_set_add(&s, (i + 7) * 1000003) != (round == 0);
	is_int(wrong, 0, "id_set: every number is new once");
	id_set_release(&s);
}

enum { IMAGES = 101 };

static void make_dataset(struct dataset *d, bool reversed)
{
	*d = (struct dataset){ .n = IMAGES };
	arena_init(&d->arena, 1 << 16);
	d->id_hash = arena_calloc(&d->arena, IMAGES, sizeof *d->id_hash);
	d->n_objects = arena_calloc(&d->arena, IMAGES, sizeof *d->n_objects);
	for (int i = 0; i < IMAGES; i++)
		d->id_hash[reversed ? IMAGES - 1 - i : i] = rng_mix(1, (uint64_t)i);
}

/* Positions in any order, by one sampler and by a new one each, are the same images. */
static void test_positions(void)
{
	struct dataset d;
	struct sampler all;
	struct rng g = rng_make(1);
	const struct sampler_options o = { .shuffle = true, .seed = 8, .epochs = 4, .count = -1, .selection.fraction = 0.6, .parts = 1 };
	int wrong = 0, seen[4][IMAGES] = { { 0 } };
	make_dataset(&d, false);
	ok(sampler_init(&all, &d, &o) == 0 && all.n == 61 && all.length == 244, "sampler: 0.6 of 101 images is 61");
	int64_t *order = malloc((size_t)all.length * sizeof *order);
	for (int64_t seq = 0; seq < all.length; seq++) {
		order[seq] = sampler_image(&all, seq);
		seen[seq / all.n][order[seq]]++;
	}
	for (int i = 0; i < IMAGES; i++)
		wrong += seen[0][i] > 1 || seen[0][i] != seen[1][i] || seen[0][i] != seen[2][i] || seen[0][i] != seen[3][i];
	is_int(wrong, 0, "sampler: each epoch has the same images, each once");
	for (int i = 0; i < 200; i++) {
		struct sampler other;
		int64_t seq = (int64_t)rng_below(&g, (uint64_t)all.length);
		wrong += sampler_image(&all, seq) != order[seq];
		wrong += sampler_init(&other, &d, &o) != 0 || sampler_image(&other, seq) != order[seq];
	}
	is_int(wrong, 0, "sampler: a position does not depend on those asked for before");
	free(order);
	arena_release(&d.arena);
}

/* Over many epochs each image comes to each place about equally often. */
static void test_uniform(void)
{
	enum { N = 7, EPOCHS = 7000 };
	struct dataset d;
	struct sampler s;
	const struct sampler_options o = { .shuffle = true, .epochs = EPOCHS, .count = -1, .selection.fraction = 1, .parts = 1 };
	int seen[N][N] = { { 0 } };
	make_dataset(&d, false);
	d.n = N;
	ok(sampler_init(&s, &d, &o) == 0, "sampler: seven images");
	for (int64_t seq = 0; seq < s.length; seq++)
		seen[seq % N][sampler_image(&s, seq)]++;
	double chi = 0;
	for (int i = 0; i < N; i++)
		for (int k = 0; k < N; k++)
			chi += (seen[i][k] - 1000.0) * (seen[i][k] - 1000.0) / 1000;
	/* 36 degrees of freedom: 68 is exceeded once in a thousand. */
	ok(chi < 68, "sampler: every image at every place equally often (chi squared %.1f)", chi);
	arena_release(&d.arena);
}

/* A subset is a matter of ids, not of their order. */
static void test_subset(void)
{
	struct dataset d[2];
	struct sampler s[2];
	const struct sampler_options o = { .epochs = 1, .count = -1, .selection = { .fraction = 0.37, .seed = 5 }, .parts = 1 };
	int chosen[IMAGES] = { 0 }, wrong = 0;
	for (int k = 0; k < 2; k++) {
		make_dataset(&d[k], k == 1);
		wrong += sampler_init(&s[k], &d[k], &o) != 0;
		for (int64_t i = 0; i < s[k].n; i++) {
			int64_t index = sampler_image(&s[k], i);
			chosen[k == 1 ? IMAGES - 1 - index : index]++;
		}
		wrong += s[k].n != 37;
	}
	for (int i = 0; i < IMAGES; i++)
		wrong += chosen[i] == 1;
	is_int(wrong, 0, "sampler: the same ids are chosen whatever their order");
	arena_release(&d[0].arena);
	arena_release(&d[1].arena);
}

static void test_planned(void)
{
	int wrong = 0;
	for (int64_t parts = 1; parts < 7; parts++)
		for (int64_t part = 0; part < parts; part++)
			for (int64_t length = 0; length < 30; length++) {
				const struct sampler_options o = { .part = part, .parts = parts };
				int64_t n = 0;
				for (int64_t seq = 0; seq < length; seq++)
					n += sampler_has(&o, seq);
				wrong += n != sampler_planned(&o, length);
			}
	is_int(wrong, 0, "sampler: the planned records of a part are counted right");
}

int main(void)
{
	test_rle();
	test_id_map();
	test_id_set();
	test_positions();
	test_uniform();
	test_subset();
	test_planned();
	return tap_done();
}
