#include "record/fields.h"

#include "record/masks.h"
#include "stream/emit.h"
#include "stream/wire.h"

#include <string.h>

/* The body a record was decoded from, when it has keys that the table does not: n of them. */
struct extra {
	uint32_t n;
	const uint8_t *body;
	size_t size;
};

struct decode {
	uint8_t *record;
	const struct record_kind *kind;
	struct arena *arena;
	int64_t n;	/* objects; -1: not yet known */
	const char *n_from;	/* the key that told */
	uint64_t seen;	/* bit i: key i of the table */
};

static int64_t get_int(const void *record, const struct field *f)
{
	const void *at = (const uint8_t *)record + f->at;
	return f->size == sizeof(int32_t) ? *(const int32_t *)at : *(const int64_t *)at;
}

static int take_count(struct decode *d, const struct field *f, int64_t n)
{
	if (d->n >= 0 && d->n != n)
		return err_set("key '%s': %lld objects, but key '%s' has %lld", f->key, (long long)n, d->n_from,
			       (long long)d->n);
	d->n = n;
	d->n_from = f->key;
	return 0;
}

static int decode_id(struct decode *d, const struct field *f, struct wire_cursor *c)
{
	struct sample_id *id = (void *)(d->record + f->at);
	struct wire_cursor peek = *c;
	struct wire_item item;
	TRY(wire_next(&peek, &item));
	if (item.type == WIRE_TEXT)
		return wire_get_text(c, f->key, &id->text, d->arena);
	return wire_get_int(c, f->key, INT64_MIN, INT64_MAX, &id->number);
}

static int decode_int(struct decode *d, const struct field *f, struct wire_cursor *c)
{
	int64_t value;
	TRY(wire_get_int(c, f->key, f->min, f->max, &value));
	if (f->size == sizeof(int32_t))
		*(int32_t *)(void *)(d->record + f->at) = (int32_t)value;
	else
		*(int64_t *)(void *)(d->record + f->at) = value;
	return 0;
}

static int decode_bytes(struct decode *d, const struct field *f, struct wire_cursor *c)
{
	struct wire_item item;
	TRY(wire_next(c, &item));
	if (item.type != WIRE_BYTES)
		return err_set("key '%s': wanted bytes, got %s", f->key, wire_type_name(item.type));
	*(const uint8_t **)(void *)(d->record + f->at) = item.data;
	*(size_t *)(void *)(d->record + f->size_at) = item.size;
	return 0;
}

static int decode_tensor(struct decode *d, const struct field *f, struct wire_cursor *c)
{
	struct tensor *t = (void *)(d->record + f->at);
	TRY(wire_get_tensor(c, f->key, f->dtype, f->rank, t, d->arena));
	if (f->columns != 0 && t->dim[f->rank - 1] != f->columns)
		return err_set("key '%s': the last dimension is %lld, not %d", f->key,
			       (long long)t->dim[f->rank - 1], f->columns);
	return 0;
}

static int decode_rows(struct decode *d, const struct field *f, struct wire_cursor *c)
{
	struct tensor t;
	TRY(wire_get_tensor(c, f->key, f->dtype, f->columns > 1 ? 2 : 1, &t, d->arena));
	if (f->columns > 1 && t.dim[1] != f->columns)
		return err_set("key '%s': rows of %lld, not of %d", f->key, (long long)t.dim[1], f->columns);
	*(void **)(void *)(d->record + f->at) = t.data;
	return take_count(d, f, t.dim[0]);
}

static int decode_numbers(struct decode *d, const struct field *f, struct wire_cursor *c)
{
	double *value = (void *)(d->record + f->at);
	uint32_t n, want = (uint32_t)(f->size / sizeof *value);
	TRY(wire_get_array(c, f->key, &n));
	if (n != want)
		return err_set("key '%s': wanted %u numbers, got %u", f->key, want, n);
	for (uint32_t i = 0; i < n; i++)
		TRY(wire_get_number(c, f->key, &value[i]));
	return 0;
}

static int decode_masks(struct decode *d, const struct field *f, struct wire_cursor *c)
{
	struct sample_mask **masks = (void *)(d->record + f->at);
	int64_t n;
	TRY(masks_decode(masks, &n, c, d->arena));
	return take_count(d, f, n);
}

static int decode_texts(struct decode *d, const struct field *f, struct wire_cursor *c)
{
	uint32_t n;
	TRY(wire_get_array(c, f->key, &n));
	if (n > (size_t)(c->end - c->start) / FIELDS_SMALLEST_OBJECT)
		return err_set("key '%s': %u texts, more than the record can have objects", f->key, n);
	const char **texts = arena_calloc(d->arena, n, sizeof *texts);
	if (texts == NULL)
		return -1;
	for (uint32_t i = 0; i < n; i++) {
		struct wire_cursor peek = *c;
		struct wire_item item;
		TRY(wire_next(&peek, &item));
		if (item.type == WIRE_NIL)
			*c = peek;
		else
			TRY(wire_get_text(c, f->key, &texts[i], d->arena));
	}
	*(const char *const **)(void *)(d->record + f->at) = texts;
	return take_count(d, f, n);
}

static int decode_field(struct decode *d, const struct field *f, struct wire_cursor *c)
{
	switch (f->kind) {
	case FIELD_KIND_ID:
		return decode_id(d, f, c);
	case FIELD_KIND_INT:
		return decode_int(d, f, c);
	case FIELD_KIND_TEXT:
		return wire_get_text(c, f->key, (const char **)(void *)(d->record + f->at), d->arena);
	case FIELD_KIND_BYTES:
		return decode_bytes(d, f, c);
	case FIELD_KIND_TENSOR:
		return decode_tensor(d, f, c);
	case FIELD_KIND_ROWS:
		return decode_rows(d, f, c);
	case FIELD_KIND_NUMBERS:
		return decode_numbers(d, f, c);
	case FIELD_KIND_MASKS:
		return decode_masks(d, f, c);
	case FIELD_KIND_TEXTS:
		return decode_texts(d, f, c);
	}
	return err_set("key '%s': its kind is not known", f->key);
}

/* The index of the key in the table, or -1. */
static int find_field(const struct record_kind *kind, const struct wire_item *key)
{
	for (int i = 0; kind->fields[i].key != NULL; i++)
		if (wire_is(key, kind->fields[i].key))
			return i;
	return -1;
}

static int check_required(const struct decode *d)
{
	for (int i = 0; d->kind->fields[i].key != NULL; i++) {
		const struct field *f = &d->kind->fields[i];
		bool wanted = f->required && (f->kind != FIELD_KIND_ROWS || d->n > 0);
		if (wanted && !(d->seen >> i & 1))
			return err_set("key '%s' is missing", f->key);
	}
	return 0;
}

static int decode_pairs(struct decode *d, struct extra *x, struct wire_cursor *c)
{
	uint32_t pairs;
	TRY(wire_get_map(c, "record", &pairs));
	for (; pairs > 0; pairs--) {
		struct wire_item key;
		TRY(wire_next(c, &key));
		int i = find_field(d->kind, &key);
		if (i < 0) {
			x->n++;
			TRY(wire_skip(c));
			continue;
		}
		if (d->seen >> i & 1)
			return err_set("key '%s' is there twice", d->kind->fields[i].key);
		d->seen |= (uint64_t)1 << i;
		TRY(decode_field(d, &d->kind->fields[i], c));
	}
	return 0;
}

int fields_decode(void *record, const struct record_kind *kind, const struct stream_body *body, struct arena *a)
{
	struct decode d = { .record = record, .kind = kind, .arena = a, .n = -1 };
	struct wire_cursor c = wire_cursor(body->data, body->size);
	struct extra x = { .body = body->data, .size = body->size };
	memcpy(record, kind->empty, kind->size);
	TRY(decode_pairs(&d, &x, &c));
	TRY(check_required(&d));
	*(int64_t *)(void *)(d.record + kind->n_at) = d.n < 0 ? 0 : d.n;
	if (x.n > 0) {
		struct extra *kept = arena_alloc(a, sizeof *kept);
		if (kept == NULL)
			return -1;
		*kept = x;
		*(const void **)(void *)(d.record + kind->extra_at) = kept;
	}
	return 0;
}

static bool is_there(const struct field *f, const uint8_t *record, const struct record_kind *kind, int64_t n)
{
	const uint8_t *at = record + f->at, *empty = (const uint8_t *)kind->empty + f->at;
	if (f->required && f->kind != FIELD_KIND_ROWS)
		return true;
	switch (f->kind) {
	case FIELD_KIND_TEXT:
		return *(const char *const *)(const void *)at != NULL && **(const char *const *)(const void *)at != '\0';
	case FIELD_KIND_TENSOR:
		return ((const struct tensor *)(const void *)at)->data != NULL;
	case FIELD_KIND_BYTES:
		return *(const void *const *)(const void *)at != NULL;
	case FIELD_KIND_ROWS: case FIELD_KIND_MASKS: case FIELD_KIND_TEXTS:
		return n > 0 && *(const void *const *)(const void *)at != NULL;
	default:
		return memcmp(at, empty, f->size) != 0;
	}
}

/* About how many bytes the record will take, so that the buffer seldom grows. */
static size_t expect_size(const struct record_kind *kind, const uint8_t *record, int64_t n)
{
	size_t size = 1024;
	for (const struct field *f = kind->fields; f->key != NULL; f++) {
		size += 160;
		if (!is_there(f, record, kind, n))
			continue;
		if (f->kind == FIELD_KIND_BYTES)
			size += *(const size_t *)(const void *)(record + f->size_at);
		else if (f->kind == FIELD_KIND_TENSOR)
			size += tensor_bytes((const void *)(record + f->at));
		else if (f->kind == FIELD_KIND_ROWS)
			size += (size_t)n * (size_t)f->columns * dtype_size(f->dtype);
	}
	return size;
}

static void encode_id(struct emitter *e, const struct sample_id *id)
{
	if (id->text != NULL)
		emit_text(e, id->text);
	else
		emit_int(e, id->number);
}

static void encode_texts(struct emitter *e, const char *const *text, int64_t n)
{
	emit_array(e, (uint32_t)n);
	for (int64_t i = 0; i < n; i++)
		if (text[i] != NULL)
			emit_text(e, text[i]);
		else
			emit_nil(e);
}

static void encode_field(struct emitter *e, const struct field *f, const uint8_t *record, int64_t n)
{
	const void *at = record + f->at;
	emit_text(e, f->key);
	switch (f->kind) {
	case FIELD_KIND_ID:
		encode_id(e, at);
		break;
	case FIELD_KIND_INT:
		emit_int(e, get_int(record, f));
		break;
	case FIELD_KIND_TEXT:
		emit_text(e, *(const char *const *)at);
		break;
	case FIELD_KIND_BYTES:
		emit_bytes(e, *(const void *const *)at, *(const size_t *)(const void *)(record + f->size_at));
		break;
	case FIELD_KIND_TENSOR:
		emit_tensor(e, at);
		break;
	case FIELD_KIND_ROWS: {
		struct tensor t = tensor_view((enum dtype)f->dtype, f->columns > 1 ? 2 : 1,
					      (int64_t[]){ n, f->columns }, *(void *const *)at);
		emit_tensor(e, &t);
		break;
	}
	case FIELD_KIND_NUMBERS:
		emit_array(e, (uint32_t)(f->size / sizeof(double)));
		for (size_t i = 0; i < f->size / sizeof(double); i++)
			emit_number(e, ((const double *)at)[i]);
		break;
	case FIELD_KIND_MASKS:
		masks_encode(e, *(const struct sample_mask *const *)at, n);
		break;
	case FIELD_KIND_TEXTS:
		encode_texts(e, *(const char *const *const *)at, n);
		break;
	}
}

static int encode_extra(struct emitter *e, const struct extra *x, const struct record_kind *kind)
{
	struct wire_cursor c = wire_cursor(x->body, x->size);
	uint32_t pairs;
	TRY(wire_get_map(&c, "record", &pairs));
	for (; pairs > 0; pairs--) {
		struct wire_cursor pair = c;
		struct wire_item key;
		TRY(wire_next(&c, &key));
		TRY(wire_skip(&c));
		if (find_field(kind, &key) >= 0)
			continue;
		emit_copy(e, &pair);
		emit_copy(e, &pair);
	}
	return 0;
}

int fields_encode(uint8_t **body, size_t *size, const void *record, const struct record_kind *kind, struct arena *a)
{
	const uint8_t *bytes = record;
	int64_t n = *(const int64_t *)(const void *)(bytes + kind->n_at);
	const struct extra *x = *(const struct extra *const *)(const void *)(bytes + kind->extra_at);
	struct emitter e;
	uint32_t pairs = x != NULL ? x->n : 0;
	for (const struct field *f = kind->fields; f->key != NULL; f++) {
		if (f->required && f->kind == FIELD_KIND_ROWS && n > 0 && !is_there(f, bytes, kind, n))
			return err_set("key '%s' is missing in a record with %lld objects", f->key, (long long)n);
		pairs += is_there(f, bytes, kind, n);
	}
	emit_begin(&e, a, expect_size(kind, bytes, n));
	emit_map(&e, pairs);
	for (const struct field *f = kind->fields; f->key != NULL; f++)
		if (is_there(f, bytes, kind, n))
			encode_field(&e, f, bytes, n);
	if (x != NULL)
		TRY(encode_extra(&e, x, kind));
	TRY(emit_end(&e));
	*body = e.data;
	*size = e.size;
	return 0;
}
