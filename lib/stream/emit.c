#include "stream/emit.h"

#include <msgpack.h>
#include <string.h>

void emit_begin(struct emitter *e, struct arena *a, size_t expected)
{
	*e = (struct emitter){ .arena = a, .room = expected < 256 ? 256 : expected };
	e->data = arena_alloc(a, e->room);
	e->failed = e->data == NULL;
}

/* Room for size more bytes, or failed. */
static bool reserve(struct emitter *e, size_t size)
{
	if (e->failed)
		return false;
	if (size <= e->room - e->size)
		return true;
	size_t room = 2 * e->room + size;
	uint8_t *larger = arena_alloc(e->arena, room);
	if (larger == NULL) {
		e->failed = true;
		return false;
	}
	memcpy(larger, e->data, e->size);
	e->data = larger;
	e->room = room;
	return true;
}

static void append(struct emitter *e, const void *data, size_t size)
{
	if (size > 0 && reserve(e, size)) {
		memcpy(e->data + e->size, data, size);
		e->size += size;
	}
}

static int append_packed(void *e, const char *data, size_t size)
{
	append(e, data, size);
	return 0;
}

static msgpack_packer packer(struct emitter *e)
{
	msgpack_packer p;
	msgpack_packer_init(&p, e, append_packed);
	return p;
}

void emit_map(struct emitter *e, uint32_t pairs)
{
	msgpack_packer p = packer(e);
	msgpack_pack_map(&p, pairs);
}

void emit_array(struct emitter *e, uint32_t elements)
{
	msgpack_packer p = packer(e);
	msgpack_pack_array(&p, elements);
}

void emit_nil(struct emitter *e)
{
	msgpack_packer p = packer(e);
	msgpack_pack_nil(&p);
}

void emit_int(struct emitter *e, int64_t value)
{
	msgpack_packer p = packer(e);
	msgpack_pack_int64(&p, value);
}

void emit_unsigned(struct emitter *e, uint64_t value)
{
	msgpack_packer p = packer(e);
	msgpack_pack_uint64(&p, value);
}

void emit_number(struct emitter *e, double value)
{
	msgpack_packer p = packer(e);
	msgpack_pack_double(&p, value);
}

/* msgpack's lengths are 32 bits. */
static bool fits(struct emitter *e, size_t size)
{
	if (size <= UINT32_MAX)
		return true;
	if (!e->failed)
		err_set("msgpack: %zu bytes are too many for one value", size);
	e->failed = true;
	return false;
}

void emit_text(struct emitter *e, const char *text)
{
	size_t length = strlen(text);
	msgpack_packer p = packer(e);
	if (fits(e, length))
		msgpack_pack_str_with_body(&p, text, length);
}

void emit_bytes(struct emitter *e, const void *data, size_t size)
{
	msgpack_packer p = packer(e);
	if (fits(e, size))
		msgpack_pack_bin_with_body(&p, data, size);
}

void emit_tensor(struct emitter *e, const struct tensor *t)
{
	for (int i = 0; i < t->rank; i++)
		if (!fits(e, (size_t)t->dim[i]))
			return;
	size_t bytes = tensor_bytes(t), head_size = WIRE_TENSOR_HEAD + 4 * (size_t)t->rank;
	/* Always ext 32 (6 bytes), whatever the size: then the padding does not depend on its own length. */
	size_t data_at = e->size + 6 + head_size;
	size_t pad = (WIRE_TENSOR_ALIGN - data_at % WIRE_TENSOR_ALIGN) % WIRE_TENSOR_ALIGN;
	if (!fits(e, head_size + pad + bytes) || !reserve(e, 6 + head_size + pad + bytes))
		return;
	uint32_t length = (uint32_t)(head_size + pad + bytes);
	uint8_t head[WIRE_TENSOR_HEAD] = { (uint8_t)t->dtype, (uint8_t)t->rank, (uint8_t)pad, 0 };
	static const uint8_t zero[WIRE_TENSOR_ALIGN];
	append(e, (uint8_t[]){ 0xc9, (uint8_t)(length >> 24), (uint8_t)(length >> 16), (uint8_t)(length >> 8),
			       (uint8_t)length, WIRE_TENSOR }, 6);
	append(e, head, sizeof head);
	for (int i = 0; i < t->rank; i++) {
		uint32_t dim = (uint32_t)t->dim[i];
		append(e, &dim, 4);
	}
	append(e, zero, pad);
	append(e, t->data, bytes);
}

void emit_copy(struct emitter *e, struct wire_cursor *c)
{
	const uint8_t *from = c->at;
	struct wire_item item;
	struct tensor t;
	if (e->failed)
		return;
	if (wire_next(c, &item) != 0) {
		e->failed = true;
		return;
	}
	if (item.type == WIRE_EXT && item.ext == WIRE_TENSOR) {
		if (wire_tensor(&item, c->start, &t) == 0)
			emit_tensor(e, &t);
		else
			e->failed = true;
		return;
	}
	append(e, from, (size_t)(c->at - from));
	uint64_t values = item.type == WIRE_ARRAY ? item.size : item.type == WIRE_MAP ? 2 * (uint64_t)item.size : 0;
	for (; values > 0; values--)
		emit_copy(e, c);
}

int emit_end(struct emitter *e)
{
	return e->failed ? -1 : 0;
}
