#include "record/salvage_name.h"

#include "stream/pack.h"
#include "stream/wire.h"

#include <stdlib.h>

/* What of id and seq can be found before the bytes end or make no sense. */
struct beginning {
	bool has_id, has_seq;
	struct wire_item id;
	int64_t seq;
};

static struct beginning read_beginning(const uint8_t *body, size_t size)
{
	struct beginning b = { .has_id = false };
	struct wire_cursor c = wire_cursor(body, size);
	struct wire_item map, key, value;
	if (wire_next(&c, &map) != 0 || map.type != WIRE_MAP)
		return b;
	for (uint32_t i = 0; i < map.size && !(b.has_id && b.has_seq); i++) {
		struct wire_cursor skipped;
		if (wire_next(&c, &key) != 0 || key.type != WIRE_TEXT)
			break;
		skipped = c;
		if (wire_next(&c, &value) != 0)
			break;
		if (wire_is(&key, "id") && (value.type == WIRE_TEXT || value.type == WIRE_INT)) {
			b.has_id = true;
			b.id = value;
		} else if (wire_is(&key, "seq") && value.type == WIRE_INT && value.integer >= 0) {
			b.has_seq = true;
			b.seq = value.integer;
		}
		c = skipped;
		if (wire_skip(&c) != 0)
			break;
	}
	return b;
}

int salvage_name_read(struct salvage_lost *lost, const uint8_t *body, size_t size, struct arena *a)
{
	struct beginning b = read_beginning(body, size);
	if (!b.has_id)
		return 0;
	uint64_t hash = b.id.type == WIRE_INT ? pack_id_hash_number(b.id.integer) :
		pack_id_hash_text((const char *)b.id.data, b.id.size);
	if (lost->number >= 0 && lost->id_hash != hash)
		return 0;
	lost->has_id = true;
	lost->id = (struct sample_id){ .number = b.id.integer };
	if (b.id.type == WIRE_TEXT) {
		lost->id.text = arena_strndup(a, (const char *)b.id.data, b.id.size);
		if (lost->id.text == NULL)
			return -1;
	}
	lost->has_seq = b.has_seq;
	lost->seq = b.seq;
	return 0;
}

/* Numbers and positions advance together, as a rule; where they do on both sides of a gap, they do inside. */
static void settle(struct salvage_lost *lost, const struct salvage_names *before, bool no_shift, int64_t shift)
{
	bool fits_before = !before->no_shift && lost->seq - lost->number == before->shift;
	bool fits_after = !no_shift && lost->seq - lost->number == shift;
	if (lost->number < 0)
		return;
	lost->has_seq &= fits_before || fits_after;
	if (!no_shift && !before->no_shift && shift == before->shift) {
		lost->has_seq = true;
		lost->seq = lost->number + shift;
	}
}

void salvage_names_kept(struct salvage_names *names, struct salvage_lost *lost, int64_t n_lost, int64_t number,
			const uint8_t *body, size_t size)
{
	struct beginning b = { .has_seq = false };
	if (body != NULL)
		b = read_beginning(body, size);
	for (; names->first < n_lost; names->first++)
		settle(&lost[names->first], names, !b.has_seq, b.seq - number);
	names->no_shift = !b.has_seq;
	names->shift = b.seq - number;
}

struct wanted {
	uint64_t hash;
	int64_t lost;
};

static int compare_wanted(const void *a, const void *b)
{
	const struct wanted *x = a, *y = b;
	return (x->hash > y->hash) - (x->hash < y->hash);
}

/* All losses whose id is this number. */
static void name_all(struct salvage_lost *lost, const struct wanted *wanted, int64_t n, int64_t number)
{
	const struct wanted key = { .hash = pack_id_hash_number(number) };
	const struct wanted *hit = bsearch(&key, wanted, (size_t)n, sizeof *wanted, compare_wanted);
	if (hit == NULL)
		return;
	while (hit > wanted && hit[-1].hash == key.hash)
		hit--;
	for (; hit < wanted + n && hit->hash == key.hash; hit++) {
		lost[hit->lost].has_id = true;
		lost[hit->lost].id = (struct sample_id){ .number = number };
	}
}

int salvage_names_find(struct salvage_lost *lost, int64_t n_lost)
{
	/* Which values the lowest 16 bits of the wanted hashes have: most numbers need no search. */
	uint8_t *seen = calloc(1 << 13, 1);
	struct wanted *wanted = malloc((size_t)(n_lost + 1) * sizeof *wanted);
	int64_t n = 0;
	for (int64_t i = 0; seen != NULL && wanted != NULL && i < n_lost; i++) {
		if (lost[i].has_id || lost[i].id_hash == 0)
			continue;
		wanted[n++] = (struct wanted){ lost[i].id_hash, i };
		seen[(lost[i].id_hash & 0xffff) >> 3] |= (uint8_t)(1 << (lost[i].id_hash & 7));
	}
	if (n > 0)
		qsort(wanted, (size_t)n, sizeof *wanted, compare_wanted);
	for (int64_t number = 0; n > 0 && number < SALVAGE_NUMBERS; number++) {
		uint64_t hash = pack_id_hash_number(number);
		if (seen[(hash & 0xffff) >> 3] >> (hash & 7) & 1)
			name_all(lost, wanted, n, number);
	}
	int status = seen != NULL && wanted != NULL ? 0 : err_set("out of memory: %lld lost records", (long long)n_lost);
	free(seen);
	free(wanted);
	return status;
}
