/*
 * XXH3 for each instruction level. Every byte of every stream goes through this hash, several times: compiled in here it is
 * half as fast again as in the library, and wider vectors give the same hash sooner.
 */
#include "base/isa.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

uint64_t ISA_NAME(frame_hash)(const void *bytes, size_t size);

uint64_t ISA_NAME(frame_hash)(const void *bytes, size_t size)
{
	return XXH3_64bits(bytes, size);
}
