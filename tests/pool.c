/* pool: pieces that fit best, neighbours that join, places that repeat, alignment, and bytes that stay whole. */
#include "base/pool.h"
#include "tests/tap.h"

#include <stdlib.h>

enum { CHUNK = 1 << 16, LIVE = 40 };

static void test_places(void)
{
	struct pool p;
	pool_init(&p, CHUNK);
	is_int((long long)p.mallocs, 0, "an empty pool has asked for nothing");
	char *a = pool_get(&p, 1000), *b = pool_get(&p, 300), *c = pool_get(&p, 2000), *d = pool_get(&p, 64);
	ok(a != NULL && b != NULL && c != NULL && d != NULL, "buffers");
	ok(((uintptr_t)a | (uintptr_t)b | (uintptr_t)c | (uintptr_t)d) % 64 == 0, "aligned to 64 bytes");
	is_int((long long)p.used, 1024 + 320 + 2048 + 64, "used counts whole lines of 64 bytes");
	pool_put(&p, a);
	pool_put(&p, c);
	ok(pool_get(&p, 900) == a, "the smallest hole that fits is taken, not the first or the largest");
	ok(pool_get(&p, 1500) == c, "what does not fit there goes to the larger hole");
	pool_reset(&p);
	is_int((long long)p.used, 0, "a reset gives everything back");
	ok(pool_get(&p, CHUNK) == a, "freed pieces are one piece again");
	is_int((long long)p.mallocs, 1, "all of that out of one chunk");
	pool_release(&p);
}

static void test_joining(void)
{
	struct pool p;
	pool_init(&p, CHUNK);
	/* Every order of giving back three neighbours leaves one hole of their size and their heads'. */
	static const int order[6][3] = { { 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 }, { 1, 2, 0 }, { 2, 0, 1 }, { 2, 1, 0 } };
	bool joined = true;
	for (int i = 0; i < 6; i++) {
		char *piece[3], *end;
		for (int k = 0; k < 3; k++)
			piece[k] = pool_get(&p, 512);
		end = pool_get(&p, 64);
		for (int k = 0; k < 3; k++)
			pool_put(&p, piece[order[i][k]]);
		joined &= pool_get(&p, 3 * 512) == piece[0];
		pool_put(&p, end);
		pool_reset(&p);
	}
	ok(joined, "neighbours join in any order of giving back");
	pool_put(&p, NULL);
	ok(pool_get(&p, 0) != NULL, "nothing asked for is a buffer, nothing given back is nothing");
	ok(pool_get(&p, SIZE_MAX - 10) == NULL && strstr(err_get(), "more than memory can hold") != NULL,
	   "a size that wraps around is an error");
	pool_release(&p);
}

/* Chunks are neighbours in the list, not in memory. */
static void test_chunks(void)
{
	struct pool p;
	pool_init(&p, CHUNK);
	char *a = pool_get(&p, CHUNK), *b = pool_get(&p, CHUNK), *big = pool_get(&p, 5 * CHUNK);
	is_int((long long)p.mallocs, 3, "three chunks");
	pool_put(&p, a);
	pool_put(&p, b);
	pool_put(&p, big);
	char *again = pool_get(&p, 2 * CHUNK);
	ok(again == big, "two free chunks are not one");
	pool_reset(&p);
	ok(pool_get(&p, 5 * CHUNK) == big && pool_get(&p, CHUNK) != NULL && pool_get(&p, CHUNK) != NULL,
	   "after a reset each is whole");
	is_int((long long)p.mallocs, 3, "and no more is asked for");
	is_int((long long)p.peak, 7 * CHUNK, "the peak is what was handed out at once");
	pool_release(&p);
}

struct live {
	unsigned char *at;
	size_t size;
	unsigned char mark;
};

static bool is_whole(const struct live *l)
{
	for (size_t i = 0; i < l->size; i++)
		if (l->at[i] != l->mark)
			return false;
	return true;
}

/* The same random comings and goings give the same places once all chunks are there; no buffer overwrites another. */
static void test_repetition(void)
{
	struct pool p;
	pool_init(&p, CHUNK);
	unsigned char *first[400] = { NULL };
	bool whole = true, same = true;
	uint64_t mallocs = 0;
	for (int round = 0; round < 4; round++) {
		struct live live[LIVE] = { { NULL, 0, 0 } };
		unsigned random = 12345;
		pool_reset(&p);
		for (int i = 0; i < 400; i++) {
			random = random * 1103515245u + 12345u;
			struct live *l = &live[(random >> 16) % LIVE];
			whole &= is_whole(l);
			pool_put(&p, l->at);
			*l = (struct live){ NULL, (random >> 8) % 9000, (unsigned char)i };
			l->at = pool_get(&p, l->size);
			if (l->at == NULL)
				continue;
			memset(l->at, l->mark, l->size);
			if (round == 1)
				first[i] = l->at;
			same &= round == 0 || first[i] == l->at;
		}
		if (round == 0)
			mallocs = p.mallocs;
	}
	ok(whole, "no buffer is touched by another");
	ok(same, "the same calls after a reset get the same places");
	is_int((long long)p.mallocs, (long long)mallocs, "and ask the system for nothing");
	pool_release(&p);
}

int main(void)
{
	test_places();
	test_joining();
	test_chunks();
	test_repetition();
	return tap_done();
}
