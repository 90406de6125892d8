/*
 * isa: which instructions this machine has, and how a kernel is compiled for
 * several of them.
 *
 * A file named X.simd.c is compiled once for each level (see the Makefile) with
 * plain C loops that the compiler vectorises; ISA_NAME(f) gives f the level's
 * suffix. Elsewhere ISA_DECLARE declares all of them and ISA_PICK(f) is the one
 * that this machine can run:
 *
 *     add.simd.c:  void ISA_NAME(add_rows)(float *y, const float *x, long n) { ... }
 *     add.c:       ISA_DECLARE(void, add_rows, (float *y, const float *x, long n))
 *                  ISA_PICK(add_rows)(y, x, n);
 *
 * The environment variable COCOPIPE_ISA=base|avx2|avx512 chooses a lower level.
 */
#ifndef BASE_ISA_H
#define BASE_ISA_H

#include <stdbool.h>

enum isa { ISA_BASE, ISA_AVX2, ISA_AVX512 };

/* The level in use: the machine's best, or what COCOPIPE_ISA asks for if lower. */
enum isa isa_level(void);

/* Whether bf16 products are instructions of this machine, at the level in use. */
bool isa_has_bf16(void);

/* "base", "avx2" or "avx512". */
const char *isa_name(enum isa level);

#define ISA_JOIN_(a, b) a##b
#define ISA_JOIN(a, b) ISA_JOIN_(a, b)
#ifdef ISA_SUFFIX
#define ISA_NAME(f) ISA_JOIN(f, ISA_SUFFIX)
#endif

#if defined(__x86_64__)
#define ISA_DECLARE(type, f, args) type f##_base args; type f##_avx2 args; type f##_avx512 args;
#define ISA_PICK(f) (isa_level() == ISA_AVX512 ? f##_avx512 : isa_level() == ISA_AVX2 ? f##_avx2 : f##_base)
#else
#define ISA_DECLARE(type, f, args) type f##_base args;
#define ISA_PICK(f) f##_base
#endif

#endif
