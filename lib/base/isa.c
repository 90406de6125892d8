#include "base/isa.h"

#include <stdlib.h>
#include <string.h>

static enum isa best_level(void)
{
#if defined(__x86_64__)
	__builtin_cpu_init();
	if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
	    __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq"))
		return __builtin_cpu_supports("avx512bf16") ? ISA_AVX512_BF16 : ISA_AVX512;
	if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
		return ISA_AVX2;
#endif
	return ISA_BASE;
}

static enum isa chosen_level(void)
{
	enum isa level = best_level();
	const char *wish = getenv("COCOPIPE_ISA");
	for (int i = ISA_BASE; wish != NULL && i < (int)level; i++)
		if (strcmp(wish, isa_name((enum isa)i)) == 0)
			return (enum isa)i;
	return level;
}

enum isa isa_level(void)
{
	/* Racing threads compute the same value. */
	static int level = -1;
	int seen = __atomic_load_n(&level, __ATOMIC_RELAXED);
	if (seen < 0) {
		seen = (int)chosen_level();
		__atomic_store_n(&level, seen, __ATOMIC_RELAXED);
	}
	return (enum isa)seen;
}

bool isa_has_bf16(void)
{
#if defined(__x86_64__)
	return isa_level() >= ISA_AVX512 && __builtin_cpu_supports("avx512bf16");
#else
	return false;
#endif
}

enum isa isa_bits_level(void)
{
	enum isa level = isa_level();
	return level == ISA_AVX512_BF16 ? ISA_AVX512 : level;
}

const char *isa_name(enum isa level)
{
	static const char *const names[] = { "base", "avx2", "avx512", "avx512_bf16" };
	return names[level];
}
