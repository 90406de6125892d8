#include "stream/wire.h"

#include <string.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "tensors are views of little-endian bytes");

struct wire_cursor wire_cursor(const void *data, size_t size)
{
	/* Nothing may be NULL, to which nothing can be added. */
	return (struct wire_cursor){ .start = data, .at = data, .end = size > 0 ? (const uint8_t *)data + size : data };
}

static size_t left(const struct wire_cursor *c)
{
	return (size_t)(c->end - c->at);
}

static int cut(const struct wire_cursor *c, uint64_t want)
{
	return err_set("msgpack: byte %zu wants %llu more bytes, %zu are left", (size_t)(c->at - c->start),
		       (unsigned long long)want, left(c));
}

/* A big-endian number of `size` bytes. */
static int get_be(struct wire_cursor *c, int size, uint64_t *value)
{
	if (left(c) < (size_t)size)
		return cut(c, (uint64_t)size);
	*value = 0;
	for (int i = 0; i < size; i++)
		*value = *value << 8 | *c->at++;
	return 0;
}

static int get_data(struct wire_cursor *c, struct wire_item *item, enum wire_type type, uint64_t size)
{
	if (left(c) < size)
		return cut(c, size);
	item->type = type;
	item->data = c->at;
	item->size = (uint32_t)size;
	c->at += size;
	return 0;
}

/* Each element takes one byte at least, each pair two. */
static int get_container(struct wire_cursor *c, struct wire_item *item, enum wire_type type, uint64_t count)
{
	uint64_t least = type == WIRE_MAP ? 2 * count : count;
	if (left(c) < least)
		return cut(c, least);
	item->type = type;
	item->size = (uint32_t)count;
	return 0;
}

static int get_ext(struct wire_cursor *c, struct wire_item *item, uint64_t size)
{
	uint64_t type = 0;
	TRY(get_be(c, 1, &type));
	item->ext = (int8_t)type;
	return get_data(c, item, WIRE_EXT, size);
}

static int get_float(struct wire_cursor *c, struct wire_item *item, int size)
{
	uint64_t bits = 0;
	TRY(get_be(c, size, &bits));
	item->type = WIRE_FLOAT;
	if (size == 8) {
		memcpy(&item->number, &bits, 8);
	} else {
		uint32_t half = (uint32_t)bits;
		float number;
		memcpy(&number, &half, 4);
		item->number = (double)number;
	}
	return 0;
}

static int get_integer(struct wire_cursor *c, struct wire_item *item, int size, bool is_signed)
{
	uint64_t bits = 0;
	TRY(get_be(c, size, &bits));
	int shift = 64 - 8 * size;
	item->type = WIRE_INT;
	item->integer = is_signed ? (int64_t)(bits << shift) >> shift : (int64_t)bits;
	item->above = !is_signed && item->integer < 0;
	return 0;
}

/* Heads 0xc0 to 0xdf: those that are not packed into one byte. */
static int get_headed(struct wire_cursor *c, struct wire_item *item, int head)
{
	static const uint8_t length_bytes[32] = {
		[0x04] = 1, [0x05] = 2, [0x06] = 4,	/* bin */
		[0x07] = 1, [0x08] = 2, [0x09] = 4,	/* ext */
		[0x19] = 1, [0x1a] = 2, [0x1b] = 4,	/* str */
		[0x1c] = 2, [0x1d] = 4, [0x1e] = 2, [0x1f] = 4,	/* array, map */
	};
	uint64_t size = 0;
	TRY(get_be(c, length_bytes[head - 0xc0], &size));
	switch (head) {
	case 0xc0:
		item->type = WIRE_NIL;
		return 0;
	case 0xc2: case 0xc3:
		item->type = WIRE_BOOL;
		item->integer = head - 0xc2;
		return 0;
	case 0xc4: case 0xc5: case 0xc6:
		return get_data(c, item, WIRE_BYTES, size);
	case 0xc7: case 0xc8: case 0xc9:
		return get_ext(c, item, size);
	case 0xca: case 0xcb:
		return get_float(c, item, head == 0xca ? 4 : 8);
	case 0xcc: case 0xcd: case 0xce: case 0xcf:
		return get_integer(c, item, 1 << (head - 0xcc), false);
	case 0xd0: case 0xd1: case 0xd2: case 0xd3:
		return get_integer(c, item, 1 << (head - 0xd0), true);
	case 0xd4: case 0xd5: case 0xd6: case 0xd7: case 0xd8:
		return get_ext(c, item, (uint64_t)1 << (head - 0xd4));
	case 0xd9: case 0xda: case 0xdb:
		return get_data(c, item, WIRE_TEXT, size);
	case 0xdc: case 0xdd:
		return get_container(c, item, WIRE_ARRAY, size);
	case 0xde: case 0xdf:
		return get_container(c, item, WIRE_MAP, size);
	default:
		return err_set("msgpack: byte %zu is 0xc1, which means nothing", (size_t)(c->at - c->start - 1));
	}
}

int wire_next(struct wire_cursor *c, struct wire_item *item)
{
	if (left(c) == 0)
		return cut(c, 1);
	int head = *c->at++;
	*item = (struct wire_item){ .type = WIRE_INT, .integer = (int8_t)head };
	if (head < 0x80 || head >= 0xe0)
		return 0;
	if (head < 0x90)
		return get_container(c, item, WIRE_MAP, (uint64_t)head & 15);
	if (head < 0xa0)
		return get_container(c, item, WIRE_ARRAY, (uint64_t)head & 15);
	if (head < 0xc0)
		return get_data(c, item, WIRE_TEXT, (uint64_t)head & 31);
	return get_headed(c, item, head);
}

int wire_tensor(const struct wire_item *item, const uint8_t *start, struct tensor *t)
{
	const uint8_t *head = item->data;
	if (item->size < WIRE_TENSOR_HEAD)
		return err_set("tensor: %u bytes are no tensor", item->size);
	int rank = head[1];
	size_t pad = head[2], bytes = dtype_size(head[0]);
	if (bytes == 0 || rank > TENSOR_MAX_RANK || pad >= WIRE_TENSOR_ALIGN || head[3] != 0)
		return err_set("tensor: dtype %d, rank %d, padding %zu, reserved byte %d: not a tensor of this version",
			       head[0], rank, pad, head[3]);
	size_t data_at = WIRE_TENSOR_HEAD + 4 * (size_t)rank + pad;
	if (item->size < data_at)
		return err_set("tensor: %u bytes are too few for rank %d", item->size, rank);
	*t = (struct tensor){ .dtype = (enum dtype)head[0], .rank = rank };
	for (int i = 0; i < rank; i++) {
		uint32_t dim;
		memcpy(&dim, head + WIRE_TENSOR_HEAD + 4 * i, 4);
		t->dim[i] = dim;
		/* A later dimension of 0 must not excuse a product that overflowed before it. */
		if (__builtin_mul_overflow(bytes, (size_t)dim, &bytes))
			return err_set("tensor: its dimensions are too large");
	}
	if (bytes != item->size - data_at)
		return err_set("tensor: its shape wants %zu bytes, it has %zu", bytes, item->size - data_at);
	for (size_t i = data_at - pad; i < data_at; i++)
		if (head[i] != 0)
			return err_set("tensor: its padding is not zero");
	if ((size_t)(head + data_at - start) % WIRE_TENSOR_ALIGN != 0)
		return err_set("tensor: its data is not aligned to %d bytes", WIRE_TENSOR_ALIGN);
	t->data = (void *)(head + data_at);
	return 0;
}

static int check_value(struct wire_cursor *c, int depth);

static int check_container(struct wire_cursor *c, const struct wire_item *item, int depth)
{
	if (depth >= WIRE_MAX_DEPTH)
		return err_set("msgpack: nested deeper than %d", WIRE_MAX_DEPTH);
	for (uint32_t i = 0; i < item->size; i++) {
		struct wire_item key;
		if (item->type == WIRE_MAP) {
			TRY(wire_next(c, &key));
			if (key.type != WIRE_TEXT)
				return err_set("msgpack: a key is not text but %s", wire_type_name(key.type));
		}
		TRY(check_value(c, depth + 1));
	}
	return 0;
}

static int check_value(struct wire_cursor *c, int depth)
{
	struct wire_item item;
	struct tensor t;
	TRY(wire_next(c, &item));
	if (item.type == WIRE_ARRAY || item.type == WIRE_MAP)
		return check_container(c, &item, depth);
	if (item.type == WIRE_EXT && item.ext == WIRE_TENSOR)
		return wire_tensor(&item, c->start, &t);
	return 0;
}

int wire_check(const void *data, size_t size)
{
	struct wire_cursor c = wire_cursor(data, size), first = c;
	struct wire_item item;
	TRY(wire_next(&first, &item));
	if (item.type != WIRE_MAP)
		return err_set("msgpack: the body is not a map but %s", wire_type_name(item.type));
	TRY(check_value(&c, 0));
	if (left(&c) != 0)
		return err_set("msgpack: %zu bytes after the end of the map", left(&c));
	return 0;
}

static int skip_value(struct wire_cursor *c, int depth)
{
	struct wire_item item;
	TRY(wire_next(c, &item));
	if (item.type != WIRE_ARRAY && item.type != WIRE_MAP)
		return 0;
	if (depth >= WIRE_MAX_DEPTH)
		return err_set("msgpack: nested deeper than %d", WIRE_MAX_DEPTH);
	uint64_t values = item.type == WIRE_MAP ? 2 * (uint64_t)item.size : item.size;
	for (; values > 0; values--)
		TRY(skip_value(c, depth + 1));
	return 0;
}

int wire_skip(struct wire_cursor *c)
{
	return skip_value(c, 0);
}

const char *wire_type_name(enum wire_type type)
{
	static const char *const name[] = {
		"nil", "a boolean", "an integer", "a number", "text", "bytes", "an ext", "an array", "a map",
	};
	return name[type];
}

bool wire_is(const struct wire_item *item, const char *text)
{
	size_t length = strlen(text);
	return item->type == WIRE_TEXT && item->size == length && memcmp(item->data, text, length) == 0;
}
