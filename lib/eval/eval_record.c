#include "eval/eval_record.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* The digits of five bits, each 0 or 1, to the base 3. */
static unsigned to_base_3(unsigned bits)
{
	static const uint8_t number[32] = {
		0, 1, 3, 4, 9, 10, 12, 13, 27, 28, 30, 31, 36, 37, 39, 40,
		81, 82, 84, 85, 90, 91, 93, 94, 108, 109, 111, 112, 117, 118, 120, 121,
	};
	return number[bits & 31];
}

void eval_record_put(struct eval_record *record, int range, unsigned is_right, unsigned is_wrong)
{
	for (int i = 0; i < EVAL_BYTES; i++, is_right >>= EVAL_PER_BYTE, is_wrong >>= EVAL_PER_BYTE)
		record->outcome[range * EVAL_BYTES + i] =
			(uint8_t)(EVAL_RIGHT * to_base_3(is_right) + EVAL_WRONG * to_base_3(is_wrong));
}

void eval_record_get(const struct eval_record *record, int range, unsigned *is_right, unsigned *is_wrong)
{
	*is_right = *is_wrong = 0;
	for (int t = 0, byte = 0; t < EVAL_THRESHOLDS; t++, byte /= 3) {
		if (t % EVAL_PER_BYTE == 0)
			byte = record->outcome[range * EVAL_BYTES + t / EVAL_PER_BYTE];
		*is_right |= (unsigned)(byte % 3 == EVAL_RIGHT) << t;
		*is_wrong |= (unsigned)(byte % 3 == EVAL_WRONG) << t;
	}
}

void *eval_reserve(void *at, int64_t *room, int64_t n, size_t size)
{
	int64_t more = *room == 0 ? 256 : *room;
	if (n <= *room)
		return at;
	while (more < n)
		more *= 2;
	/* Large blocks are remapped, not copied, and what is not yet used takes no memory. */
	at = realloc(at, (size_t)more * size);
	if (at == NULL)
		return err_null("out of memory for %lld detections", (long long)more);
	*room = more;
	return at;
}

static int make_room(struct eval_records *records, int64_t n)
{
	struct eval_record *at = eval_reserve(records->at, &records->room, n, sizeof *at);
	if (at == NULL)
		return -1;
	records->at = at;
	return 0;
}

struct eval_record *eval_records_add(struct eval_records *records)
{
	return make_room(records, records->n + 1) == 0 ? &records->at[records->n++] : NULL;
}

int eval_records_move(struct eval_records *records, struct eval_records *more)
{
	if (more->n == 0)
		return 0;
	TRY(make_room(records, records->n + more->n));
	memcpy(records->at + records->n, more->at, (size_t)more->n * sizeof *more->at);
	records->n += more->n;
	more->n = 0;
	return 0;
}

void eval_records_release(struct eval_records *records)
{
	free(records->at);
	*records = (struct eval_records){ 0 };
}

/* Within a category records are ordered by 16 bytes, the most significant first. */
static inline uint64_t second_key(const struct eval_record *r)
{
	return (uint64_t)(uint32_t)r->image << 32 | r->place;
}

static inline unsigned key_byte(const struct eval_record *r, int level)
{
	uint64_t key = level < 8 ? eval_descending(r->score) : second_key(r);
	return (unsigned)(key >> (56 - 8 * (level & 7))) & 255;
}

static inline bool before(const struct eval_record *a, const struct eval_record *b)
{
	uint64_t x = eval_descending(a->score), y = eval_descending(b->score);
	return x != y ? x < y : second_key(a) < second_key(b);
}

static void insertion_sort(struct eval_record *r, int64_t n)
{
	for (int64_t i = 1; i < n; i++) {
		struct eval_record one = r[i];
		int64_t j = i;
		for (; j > 0 && before(&one, &r[j - 1]); j--)
			r[j] = r[j - 1];
		r[j] = one;
	}
}

enum { KEY_BYTES = 16, FEW = 32 };

/* Put every record into its bucket, following the chains of who is in whose place. */
static void permute(struct eval_record *r, const int64_t end[256], int64_t next[256], int level)
{
	for (unsigned b = 0; b < 256; b++)
		while (next[b] < end[b]) {
			struct eval_record one = r[next[b]];
			for (unsigned home; (home = key_byte(&one, level)) != b;) {
				struct eval_record other = r[next[home]];
				r[next[home]++] = one;
				one = other;
			}
			r[next[b]++] = one;
		}
}

/* McIlroy, Bostic and McIlroy, "Engineering radix sort", 1993: the American flag sort. */
static void sort_from(struct eval_record *r, int64_t n, int level)
{
	int64_t end[256], next[256];
	for (; n > FEW && level < KEY_BYTES; level++) {
		memset(end, 0, sizeof end);
		for (int64_t i = 0; i < n; i++)
			end[key_byte(&r[i], level)]++;
		if (end[key_byte(&r[0], level)] == n)
			continue;
		int64_t sum = 0;
		for (int b = 0; b < 256; b++) {
			next[b] = sum;
			end[b] = sum += end[b];
		}
		permute(r, end, next, level);
		for (int b = 0; b < 256; b++) {
			int64_t first = b == 0 ? 0 : end[b - 1];
			sort_from(r + first, end[b] - first, level + 1);
		}
		return;
	}
	if (n <= FEW)
		insertion_sort(r, n);
}

/* Likewise with a bucket for each category; next is scratch [n_categories]. */
static void part_categories(struct eval_records *records, int64_t *start, int64_t *next, int32_t n_categories)
{
	struct eval_record *r = records->at;
	memset(start, 0, ((size_t)n_categories + 1) * sizeof *start);
	for (int64_t i = 0; i < records->n; i++)
		start[eval_record_category(&r[i]) + 1]++;
	for (int32_t k = 0; k < n_categories; k++) {
		start[k + 1] += start[k];
		next[k] = start[k];
	}
	for (int32_t k = 0; k < n_categories; k++)
		while (next[k] < start[k + 1]) {
			struct eval_record one = r[next[k]];
			for (int32_t home; (home = eval_record_category(&one)) != k;) {
				struct eval_record other = r[next[home]];
				r[next[home]++] = one;
				one = other;
			}
			r[next[k]++] = one;
		}
}

int eval_records_sort(struct eval_records *records, int64_t *start, int32_t n_categories, int threads, struct arena *a)
{
	int64_t *next = arena_calloc(a, (size_t)n_categories, sizeof *next);
	if (next == NULL)
		return -1;
	part_categories(records, start, next, n_categories);
	if (records->n == 0)
		return 0;
#pragma omp parallel for schedule(dynamic) num_threads(threads < 1 ? 1 : threads)
	for (int32_t k = 0; k < n_categories; k++)
		sort_from(records->at + start[k], start[k + 1] - start[k], 0);
	return 0;
}

static bool sorted_before(const struct eval_record *a, const struct eval_record *b)
{
	int32_t x = eval_record_category(a), y = eval_record_category(b);
	return x != y ? x < y : before(a, b);
}

void eval_records_exchange(struct eval_records *records, struct eval_records *other)
{
	int64_t i = 0;
	for (int64_t j = 0; j < other->n; j++) {
		uint8_t outcome[sizeof other->at->outcome];
		while (i < records->n && sorted_before(&records->at[i], &other->at[j]))
			i++;
		if (i == records->n)
			return;
		memcpy(outcome, other->at[j].outcome, sizeof outcome);
		memcpy(other->at[j].outcome, records->at[i].outcome, sizeof outcome);
		memcpy(records->at[i].outcome, outcome, sizeof outcome);
	}
}
