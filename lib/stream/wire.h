/*
 * wire: reading msgpack that nobody vouches for.
 *
 * wire_check() walks a whole body once: every length and count is compared with the
 * bytes that are left, the depth is limited, tensors are what their shape says. What follows
 * then picks values out of the same bytes with a cursor; nothing is copied or allocated.
 *
 *     struct wire_cursor c;
 *     struct wire_item item;
 *     TRY(wire_check(body, size));
 *     c = wire_cursor(body, size);
 *     TRY(wire_next(&c, &item));              // the map; item.size pairs follow
 *     for (uint32_t i = item.size; i > 0; i--) {
 *             TRY(wire_next(&c, &key));
 *             TRY(wire_skip(&c));             // its value
 *     }
 */
#ifndef STREAM_WIRE_H
#define STREAM_WIRE_H

#include "base/arena.h"
#include "base/error.h"
#include "tensor/tensor.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* msgpack ext types: the three kinds of frame, and the tensor. Part of the format. */
enum {
	WIRE_FRAME_HEADER = 1,
	WIRE_FRAME_RECORD = 2,
	WIRE_FRAME_TRAILER = 3,
	WIRE_TENSOR = 4,
};

enum {
	WIRE_MAX_DEPTH = 16,
	WIRE_TENSOR_ALIGN = 64,	/* of a tensor's data, from the start of the body */
	WIRE_TENSOR_HEAD = 4,	/* dtype, rank, padding, zero; then rank times u32 */
};

enum wire_type {
	WIRE_NIL,
	WIRE_BOOL,
	WIRE_INT,
	WIRE_FLOAT,
	WIRE_TEXT,
	WIRE_BYTES,
	WIRE_EXT,
	WIRE_ARRAY,
	WIRE_MAP,
};

/* One msgpack value; of an array or a map only the head: the elements follow. */
struct wire_item {
	enum wire_type type;
	int64_t integer;	/* WIRE_INT; WIRE_BOOL: 0 or 1 */
	bool above;	/* the integer is larger than INT64_MAX: (uint64_t)integer is its value */
	double number;	/* WIRE_FLOAT */
	const uint8_t *data;	/* text, bytes, ext */
	uint32_t size;	/* bytes of data; elements of an array, pairs of a map */
	int ext;	/* type of the ext */
};

struct wire_cursor {
	const uint8_t *start;	/* of the body: tensors are aligned from here */
	const uint8_t *at;
	const uint8_t *end;
};

struct wire_cursor wire_cursor(const void *data, size_t size);

/* Accept exactly one map with text keys and nothing after it. Error: says what is wrong at which byte. */
int wire_check(const void *data, size_t size) MUST_CHECK;

/* The next value. Error: cut, or a count that the bytes left cannot hold. */
int wire_next(struct wire_cursor *c, struct wire_item *item) MUST_CHECK;

/* Step over one whole value. */
int wire_skip(struct wire_cursor *c) MUST_CHECK;

/* "text", "array", ...: for messages. */
const char *wire_type_name(enum wire_type type);

/* True when the item is this text. */
bool wire_is(const struct wire_item *item, const char *text);

/* Values of one type; the message names the key. text is copied to the arena, because it needs a closing NUL. */
int wire_get_int(struct wire_cursor *c, const char *key, int64_t min, int64_t max, int64_t *value) MUST_CHECK;
int wire_get_number(struct wire_cursor *c, const char *key, double *value) MUST_CHECK;
int wire_get_text(struct wire_cursor *c, const char *key, const char **value, struct arena *a) MUST_CHECK;
int wire_get_array(struct wire_cursor *c, const char *key, uint32_t *size) MUST_CHECK;
int wire_get_map(struct wire_cursor *c, const char *key, uint32_t *size) MUST_CHECK;

/*
 * A tensor of that dtype and rank. Its data is a view of the body when that is aligned in memory,
 * else a copy in the arena.
 */
int wire_get_tensor(struct wire_cursor *c, const char *key, int dtype, int rank, struct tensor *value,
		    struct arena *a) MUST_CHECK;

/* The tensor in an ext of type WIRE_TENSOR; data points into it. start: of the body. */
int wire_tensor(const struct wire_item *item, const uint8_t *start, struct tensor *t) MUST_CHECK;

#endif
