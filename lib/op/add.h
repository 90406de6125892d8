/*
 * add: y = a + b.
 *   in  a, b [N H W C] f32 or bf16, of one shape
 *   out y, as a
 * No param (NULL).
 */
#ifndef OP_ADD_H
#define OP_ADD_H

#include "base/isa.h"
#include "op/map.h"

extern const struct op op_add;

/* y = a + b for n elements; y may be a or b. */
ISA_DECLARE(void, add_rows, (void *y, const void *a, const void *b, int64_t n, bool bf16))

/* The same with all threads. */
void add_elements(void *y, const void *a, const void *b, int64_t n, bool bf16);

#endif
