#include "op/peak.h"

#include "base/arena.h"
#include "base/isa.h"
#include "base/progress.h"
#include "op/add.h"
#include "op/conv_onednn_desc.h"

#include <dnnl.h>
#include <omp.h>
#include <string.h>

enum { SIDE = 1536, ROUNDS = 5, FLOATS = 16 << 20 };

/* *best becomes the time of the best of some runs, if that is less, of a product of matrices in the library's own layouts; they hold zeros. */
static int time_product(double *best, dnnl_primitive_t product, const dnnl_exec_arg_t *args)
{
	for (int i = 0; i <= ROUNDS; i++) {
		double start = clock_sec();
		TRY(onednn_execute(product, 3, args));
		double sec = clock_sec() - start;
		/* The first run also makes the code. */
		if (i > 0 && sec < *best)
			*best = sec;
	}
	return 0;
}

static int run_product(double *best, dnnl_primitive_t product, const dnnl_memory_desc_t md[3], struct arena *a)
{
	static const int index[3] = { DNNL_ARG_SRC, DNNL_ARG_WEIGHTS, DNNL_ARG_DST };
	dnnl_exec_arg_t args[3];
	int made = 0, status = 0;
	for (; made < 3 && status == 0; made++) {
		void *data = arena_calloc(a, 1, dnnl_memory_desc_get_size(&md[made]));
		args[made] = (dnnl_exec_arg_t){ index[made], NULL };
		status = data == NULL ? -1 : onednn_memory(&args[made].memory, &md[made], data);
	}
	if (status == 0)
		status = time_product(best, product, args);
	for (int i = 0; i < made; i++)
		dnnl_memory_destroy(args[i].memory);
	return status;
}

static int measure_product(double *gflops, dnnl_data_type_t type, struct arena *a)
{
	dnnl_memory_desc_t md[3];
	dnnl_primitive_desc_t pd = NULL;
	dnnl_primitive_t product = NULL;
	double best = 1e30;
	TRY(onednn_check(onednn_product(&pd, type, SIDE), "matrix product"));
	md[0] = *dnnl_primitive_desc_query_md(pd, dnnl_query_src_md, 0);
	md[1] = *dnnl_primitive_desc_query_md(pd, dnnl_query_weights_md, 0);
	md[2] = *dnnl_primitive_desc_query_md(pd, dnnl_query_dst_md, 0);
	int status = onednn_check(dnnl_primitive_create(&product, pd), "matrix product");
	dnnl_primitive_desc_destroy(pd);
	if (status == 0)
		status = run_product(&best, product, md, a);
	if (product != NULL)
		dnnl_primitive_destroy(product);
	*gflops = 2.0 * SIDE * SIDE * SIDE / best / 1e9;
	return status;
}

static int measure_memory(double *gb_per_sec, struct arena *a)
{
	float *x[3];
	double best = 1e30;
	for (int i = 0; i < 3; i++) {
		x[i] = arena_alloc(a, FLOATS * sizeof(float));
		if (x[i] == NULL)
			return -1;
	}
	for (int round = 0; round <= ROUNDS; round++) {
		double start = clock_sec();
#pragma omp parallel
		{
			int64_t lo, hi;
			map_share(FLOATS, &lo, &hi);
			if (round == 0)
				for (int i = 0; i < 3; i++)
					memset(x[i] + lo, 0, (size_t)(hi - lo) * sizeof(float));
			else
				ISA_PICK(add_rows)(x[2] + lo, x[0] + lo, x[1] + lo, hi - lo, false);
		}
		double sec = clock_sec() - start;
		if (round > 0 && sec < best)
			best = sec;
	}
	*gb_per_sec = 3.0 * FLOATS * sizeof(float) / best / 1e9;
	return 0;
}

int peak_measure(struct peak *p, int threads)
{
	struct arena a;
	int before = omp_get_max_threads();
	*p = (struct peak){ .threads = threads };
	arena_init(&a, 1 << 20);
	omp_set_num_threads(threads);
	int status = onednn_start();
	if (status == 0)
		status = measure_product(&p->f32_gflops, dnnl_f32, &a);
	if (status == 0 && isa_has_bf16())
		status = measure_product(&p->bf16_gflops, dnnl_bf16, &a);
	if (status == 0)
		status = measure_memory(&p->gb_per_sec, &a);
	omp_set_num_threads(before);
	arena_release(&a);
	return status;
}
