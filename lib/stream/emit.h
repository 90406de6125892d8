/*
 * emit: writing the msgpack of bodies into arena memory.
 *
 * Sticky: after memory ran out the calls do nothing and emit_end() reports it, so a
 * caller checks once. Bytes depend on the values alone.
 *
 *     struct emitter e;
 *     emit_begin(&e, arena, 1000);    // bytes expected; it grows
 *     emit_map(&e, 2);
 *     emit_text(&e, "seq"); emit_int(&e, 17);
 *     emit_text(&e, "boxes"); emit_tensor(&e, &boxes);
 *     TRY(emit_end(&e));              // e.data, e.size
 */
#ifndef STREAM_EMIT_H
#define STREAM_EMIT_H

#include "base/arena.h"
#include "stream/wire.h"
#include "tensor/tensor.h"

struct emitter {
	uint8_t *data;	/* the body so far, 64-byte aligned */
	size_t size, room;
	struct arena *arena;
	bool failed;
};

void emit_begin(struct emitter *e, struct arena *a, size_t expected);

void emit_map(struct emitter *e, uint32_t pairs);
void emit_array(struct emitter *e, uint32_t elements);
void emit_nil(struct emitter *e);
void emit_int(struct emitter *e, int64_t value);
void emit_unsigned(struct emitter *e, uint64_t value);
void emit_number(struct emitter *e, double value);
void emit_text(struct emitter *e, const char *text);
void emit_bytes(struct emitter *e, const void *data, size_t size);

/* A tensor, padded so that its data is aligned to WIRE_TENSOR_ALIGN from the start of the body. */
void emit_tensor(struct emitter *e, const struct tensor *t);

/* Copy one value as it stands at the cursor; tensors in it are padded anew. */
void emit_copy(struct emitter *e, struct wire_cursor *c);

/* Error: memory, or a value too large for msgpack (4 GiB). */
int emit_end(struct emitter *e) MUST_CHECK;

#endif
