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
 *
 * avx512_bf16 only converts faster than avx512: its bits are the same, because all levels round as these
 * instructions do (f32_to_bf16() in tensor/tensor.h).
 */
#ifndef BASE_ISA_H
#define BASE_ISA_H

#include <stdbool.h>

enum isa { ISA_BASE, ISA_AVX2, ISA_AVX512, ISA_AVX512_BF16 };

/* The level in use: the machine's best, or what COCOPIPE_ISA asks for if lower. */
enum isa isa_level(void);

/* Whether bf16 products are instructions of this machine, at the level in use. */
bool isa_has_bf16(void);

/* The lowest level with the bits of the one in use: what a training run depends on. */
enum isa isa_bits_level(void);

/* "base", "avx2", "avx512" or "avx512_bf16". */
const char *isa_name(enum isa level);

#define ISA_JOIN_(a, b) a##b
#define ISA_JOIN(a, b) ISA_JOIN_(a, b)
#ifdef ISA_SUFFIX
#define ISA_NAME(f) ISA_JOIN(f, ISA_SUFFIX)
#endif

#if defined(__x86_64__)
#define ISA_DECLARE(type, f, args) \
	type f##_base args; type f##_avx2 args; type f##_avx512 args; type f##_avx512_bf16 args;
#define ISA_AT(f, level) \
	((level) == ISA_AVX512_BF16 ? f##_avx512_bf16 : (level) == ISA_AVX512 ? f##_avx512 : (level) == ISA_AVX2 ? f##_avx2 : f##_base)
#else
#define ISA_DECLARE(type, f, args) type f##_base args;
#define ISA_AT(f, level) f##_base
#endif
#define ISA_PICK(f) ISA_AT(f, isa_level())

#endif
