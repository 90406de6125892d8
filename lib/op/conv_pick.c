/*
 * The static rule of the automatic choice: shapes, dtype and the kind of CPU, never time, so that
 * a run can be repeated bit by bit. The figures behind it come from tests/bench/conv_layout.c.
 *
 *   3x3, stride 1, enough tiles    Winograd: a quarter of the multiplications, two to three times the
 *                                  speed of any direct way in f32 and in bf16
 *   f32                            oneDNN; the own product is some 10 % behind on 1x1
 *   bf16                           oneDNN where its dot products are fast, else the own product,
 *                                  which computes in f32
 */
#include "op/conv_backend.h"

#include <dnnl.h>

/*
 * How well the library does bf16 here. AMX and AMD's AVX-512 multiply bf16 at twice the speed of f32 or more;
 * Intel's AVX-512 without AMX was measured at half of it; below AVX-512 there is none.
 */
enum bf16_speed { BF16_NONE, BF16_SLOW, BF16_FAST };

static enum bf16_speed library_bf16(void)
{
#if defined(__x86_64__)
	unsigned isa = (unsigned)dnnl_get_effective_cpu_isa();
	if ((isa & dnnl_cpu_isa_avx512_core_amx) == dnnl_cpu_isa_avx512_core_amx)
		return BF16_FAST;
	if ((isa & dnnl_cpu_isa_avx512_core_bf16) == dnnl_cpu_isa_avx512_core_bf16)
		return __builtin_cpu_is("amd") ? BF16_FAST : BF16_SLOW;
	return (isa & dnnl_cpu_isa_avx512_core) == dnnl_cpu_isa_avx512_core ? BF16_SLOW : BF16_NONE;
#else
	return BF16_NONE;
#endif
}

bool conv_onednn_has_bf16(void)
{
	return library_bf16() != BF16_NONE;
}

enum conv_backend conv_pick(const struct conv_geometry *g, int n_maps)
{
	if (conv_winograd_pays(g, n_maps))
		return CONV_WINOGRAD;
	if (g->dtype == DTYPE_F32)
		return CONV_ONEDNN;
	enum bf16_speed speed = library_bf16();
	if (speed == BF16_NONE)
		return g->groups == 1 ? CONV_GEMM : CONV_OPENBLAS;
	/* The own product fills channels up to 16. */
	return speed == BF16_SLOW && g->groups == 1 && g->ci >= 16 && g->co >= 16 ? CONV_GEMM : CONV_ONEDNN;
}
