#include "stream/header.h"

#include <string.h>

static void emit_count(struct emitter *e, const struct stream_count *c)
{
	emit_array(e, 2);
	emit_int(e, c->records);
	emit_int(e, c->objects);
}

int trailer_encode(struct emitter *e, const struct stream_trailer *t, uint64_t frames_hash, struct arena *a)
{
	emit_begin(e, a, 1024);
	emit_map(e, 5);
	emit_text(e, "in");
	emit_count(e, &t->in);
	emit_text(e, "out");
	emit_count(e, &t->out);
	emit_text(e, "deselected");
	emit_count(e, &t->deselected);
	emit_text(e, "rejects");
	emit_map(e, (uint32_t)t->n_rejects);
	for (int i = 0; i < t->n_rejects; i++) {
		emit_text(e, t->rejects[i].reason);
		emit_count(e, &t->rejects[i].count);
	}
	emit_text(e, "hash");
	emit_unsigned(e, frames_hash);
	return emit_end(e);
}

static int get_count(struct wire_cursor *c, const char *key, struct stream_count *count)
{
	uint32_t n;
	TRY(wire_get_array(c, key, &n));
	if (n != 2)
		return err_set("key '%s': wanted two counts, got %u", key, n);
	TRY(wire_get_int(c, key, 0, INT64_MAX, &count->records));
	return wire_get_int(c, key, 0, INT64_MAX, &count->objects);
}

/* Reasons are few fixed phrases; the limit keeps the search through them short. */
enum { MAX_REASONS = 1000 };

static int get_rejects(struct wire_cursor *c, struct stream_trailer *t, struct arena *a)
{
	uint32_t n;
	TRY(wire_get_map(c, "rejects", &n));
	if (n > MAX_REASONS)
		return err_set("key 'rejects': %u reasons, more than %d", n, MAX_REASONS);
	for (uint32_t i = 0; i < n; i++) {
		const char *reason;
		struct stream_count count;
		TRY(wire_get_text(c, "rejects", &reason, a));
		TRY(get_count(c, "rejects", &count));
		TRY(stream_trailer_reject(t, reason, count.records, count.objects, a));
	}
	return 0;
}

static int get_hash(struct wire_cursor *c, uint64_t *hash)
{
	struct wire_item item;
	TRY(wire_next(c, &item));
	if (item.type != WIRE_INT)
		return err_set("key 'hash': wanted an integer, got %s", wire_type_name(item.type));
	*hash = (uint64_t)item.integer;
	return 0;
}

int trailer_decode(struct stream_trailer *t, uint64_t *frames_hash, const void *body, size_t size, struct arena *a)
{
	struct wire_cursor c = wire_cursor(body, size);
	struct wire_item key;
	uint32_t pairs;
	unsigned seen = 0;
	*t = (struct stream_trailer){ 0 };
	TRY(wire_get_map(&c, "trailer", &pairs));
	for (; pairs > 0; pairs--) {
		TRY(wire_next(&c, &key));
		if (wire_is(&key, "in")) {
			seen |= 1;
			TRY(get_count(&c, "in", &t->in));
		} else if (wire_is(&key, "out")) {
			seen |= 2;
			TRY(get_count(&c, "out", &t->out));
		} else if (wire_is(&key, "deselected")) {
			seen |= 4;
			TRY(get_count(&c, "deselected", &t->deselected));
		} else if (wire_is(&key, "rejects")) {
			seen |= 8;
			TRY(get_rejects(&c, t, a));
		} else if (wire_is(&key, "hash")) {
			seen |= 16;
			TRY(get_hash(&c, frames_hash));
		} else {
			TRY(wire_skip(&c));
		}
	}
	return seen == 31 ? 0 : err_set("not a trailer: in, out, deselected, rejects or hash is missing");
}

static int count_add(struct stream_count *sum, const struct stream_count *next)
{
	if (__builtin_add_overflow(sum->records, next->records, &sum->records) ||
	    __builtin_add_overflow(sum->objects, next->objects, &sum->objects))
		return err_set("the counts of the trailers are too large to add");
	return 0;
}

int stream_trailer_reject(struct stream_trailer *t, const char *reason, int64_t records, int64_t objects,
			  struct arena *a)
{
	struct stream_count count = { records, objects };
	for (int i = 0; i < t->n_rejects; i++)
		if (strcmp(t->rejects[i].reason, reason) == 0)
			return count_add(&t->rejects[i].count, &count);
	/* The list is full whenever its length is a power of two (or 0): then it doubles. */
	int n = t->n_rejects;
	if ((n & (n - 1)) == 0) {
		struct stream_reject *larger = arena_calloc(a, n == 0 ? 1 : 2 * (size_t)n, sizeof *larger);
		if (larger == NULL)
			return -1;
		for (int i = 0; i < n; i++)
			larger[i] = t->rejects[i];
		t->rejects = larger;
	}
	t->rejects[t->n_rejects++] = (struct stream_reject){ reason, count };
	return 0;
}

int stream_trailer_add(struct stream_trailer *sum, const struct stream_trailer *next, struct arena *a)
{
	TRY(count_add(&sum->in, &next->in));
	TRY(count_add(&sum->out, &next->out));
	TRY(count_add(&sum->deselected, &next->deselected));
	for (int i = 0; i < next->n_rejects; i++) {
		const struct stream_reject *r = &next->rejects[i];
		const char *reason = arena_strdup(a, r->reason);
		if (reason == NULL)
			return -1;
		TRY(stream_trailer_reject(sum, reason, r->count.records, r->count.objects, a));
	}
	return 0;
}
