/*
 * fields: a kind of record is a table of its keys; one encoder and one decoder read the
 * table. The tables are formats/KIND.def, included with RECORD defined as the struct's name:
 *
 *     #define RECORD sample
 *     static const struct field fields[] = {
 *     #include "formats/sample.def"
 *             FIELDS_END
 *     };
 *
 * The columns: presence (REQUIRED: the key must be there, of ROWS: whenever there are objects), then
 * INT     smallest and largest value; the member is int32_t or int64_t
 * TENSOR  dtype, rank, last dimension (0: any); the member is a struct tensor
 * ROWS    dtype, columns; the member points to n rows of that many; a tensor [n] or [n columns]
 * ID      text or integer; struct sample_id. TEXT: const char *. BYTES: pointer, and MEMBER_size.
 * NUMBERS double[]; an array of numbers. MASKS: struct sample_mask[n]; see masks.h. TEXTS: const char *[n]; each text or nil.
 * A value equal to that of the kind's empty record is not written, and is what an absent key means.
 */
#ifndef RECORD_FIELDS_H
#define RECORD_FIELDS_H

#include "base/arena.h"
#include "record/sample.h"
#include "stream/stream.h"
#include "tensor/tensor.h"

#include <stdbool.h>
#include <stddef.h>

enum field_kind {
	FIELD_KIND_ID,
	FIELD_KIND_INT,
	FIELD_KIND_TEXT,
	FIELD_KIND_BYTES,
	FIELD_KIND_TENSOR,
	FIELD_KIND_ROWS,
	FIELD_KIND_NUMBERS,
	FIELD_KIND_MASKS,
	FIELD_KIND_TEXTS,
};

struct field {
	const char *key;	/* NULL ends the table */
	enum field_kind kind;
	size_t at, size;	/* of the member in the struct */
	bool required;
	size_t size_at;	/* BYTES: of the member with the length */
	int64_t min, max;	/* INT */
	int dtype, rank, columns;	/* TENSOR, ROWS */
};

#define FIELD_AT_(member) .at = offsetof(struct RECORD, member), .size = sizeof ((struct RECORD *)0)->member
#define FIELD_PRESENCE_REQUIRED true
#define FIELD_PRESENCE_OPTIONAL false

#define FIELD_ID(member) { .key = #member, .kind = FIELD_KIND_ID, .required = true, FIELD_AT_(member) },
#define FIELD_INT(member, presence, lowest, highest) { .key = #member, .kind = FIELD_KIND_INT, \
	.required = FIELD_PRESENCE_##presence, .min = lowest, .max = highest, FIELD_AT_(member) },
#define FIELD_TEXT(member) { .key = #member, .kind = FIELD_KIND_TEXT, FIELD_AT_(member) },
#define FIELD_BYTES(member) { .key = #member, .kind = FIELD_KIND_BYTES, FIELD_AT_(member), \
	.size_at = offsetof(struct RECORD, member##_size) },
#define FIELD_TENSOR(member, type, ranks, last) { .key = #member, .kind = FIELD_KIND_TENSOR, \
	.dtype = type, .rank = ranks, .columns = last, FIELD_AT_(member) },
#define FIELD_ROWS(member, presence, type, wide) { .key = #member, .kind = FIELD_KIND_ROWS, \
	.required = FIELD_PRESENCE_##presence, .dtype = type, .columns = wide, FIELD_AT_(member) },
#define FIELD_NUMBERS(member) { .key = #member, .kind = FIELD_KIND_NUMBERS, FIELD_AT_(member) },
#define FIELD_MASKS(member) { .key = #member, .kind = FIELD_KIND_MASKS, FIELD_AT_(member) },
#define FIELD_TEXTS(member) { .key = #member, .kind = FIELD_KIND_TEXTS, FIELD_AT_(member) },
#define FIELDS_END { .key = NULL }

/*
 * Bytes that an object (its box and label) takes at least: the length of a list is compared with them before memory is taken
 * for it.
 */
enum { FIELDS_SMALLEST_OBJECT = 4 * 4 + 4 };

/* What all kinds have, for programs that count and print. */
struct record_view {
	const struct sample_id *id;
	int64_t seq;
	int64_t n;	/* objects */
	const int32_t *labels;	/* [n] */
	const float *boxes;	/* [n 4] */
	int32_t w, h;	/* of the original image; 0: not known */
	bool encoded, pixels;	/* what the record carries of it */
	int64_t class_label;	/* of the whole image; -1: none */
};

struct record_kind {
	const char *name;	/* as in the header */
	const struct field *fields;	/* at most 64 */
	const void *empty;	/* the record with nothing in it */
	size_t size;	/* of the struct */
	size_t n_at;	/* of its int64_t n, the number of objects */
	size_t extra_at;	/* of its const void *extra, the unknown keys */
	/* Decode, and check what the header must bear out. */
	int (*decode)(void *record, const struct stream_body *body, const struct stream_header *header,
		      struct arena *a);
	void (*view)(struct record_view *v, const void *record);
};

/* The kind of that name, or NULL: its records can be passed on and printed, but not counted. */
const struct record_kind *record_kind_find(const char *name);

/*
 * The view of a record of that kind, decoded and checked against its header. kind NULL: an empty view.
 * Error: as decode says.
 */
int record_view_decode(struct record_view *v, const struct record_kind *kind, const struct stream_body *body,
		       const struct stream_header *header, struct arena *a) MUST_CHECK;

/* Error: a key is missing, twice there, or of a wrong type; lists of objects of different length. */
int fields_decode(void *record, const struct record_kind *kind, const struct stream_body *body, struct arena *a)
	MUST_CHECK;

/* Known keys in the order of the table, then the unknown ones as they came. Error: memory, size. */
int fields_encode(uint8_t **body, size_t *size, const void *record, const struct record_kind *kind,
		  struct arena *a) MUST_CHECK;

#endif
