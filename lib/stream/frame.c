#include "stream/frame.h"

#include "base/isa.h"
#include "stream/wire.h"

#include <string.h>

enum { FIXEXT16 = 0xd8 };

ISA_DECLARE(uint64_t, frame_hash, (const void *bytes, size_t size))

uint64_t frame_hash(const void *bytes, size_t size)
{
	return ISA_PICK(frame_hash)(bytes, size);
}

void frame_make(uint8_t bytes[FRAME_SIZE], int role, const void *body, size_t size)
{
	uint64_t length = size, hash = frame_hash(body, size);
	bytes[0] = FIXEXT16;
	bytes[1] = (uint8_t)role;
	memcpy(bytes + 2, &length, 8);
	memcpy(bytes + 10, &hash, 8);
}

int frame_parse(struct frame *f, const uint8_t bytes[FRAME_SIZE], uint64_t cap)
{
	f->role = bytes[1];
	memcpy(&f->size, bytes + 2, 8);
	memcpy(&f->hash, bytes + 10, 8);
	if (bytes[0] != FIXEXT16 || f->role < WIRE_FRAME_HEADER || f->role > WIRE_FRAME_TRAILER)
		return err_set("damaged: the bytes %02x %02x begin no frame", bytes[0], bytes[1]);
	if (f->size > cap)
		return err_set("a body of %llu bytes is longer than the limit of %llu", (unsigned long long)f->size,
			       (unsigned long long)cap);
	return 0;
}

int frame_check(const struct frame *f, const void *body)
{
	if (frame_hash(body, f->size) != f->hash)
		return err_set("damaged: the hash does not match the body");
	return wire_check(body, f->size);
}
