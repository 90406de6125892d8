#include "eval/eval_outline.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

enum { ENOUGH = 1 << 14 };	/* boundaries made at a time */

static int boundary_width(int32_t h, int32_t w)
{
	int d = (int)rint(0.02 * sqrt((double)h * h + (double)w * w));
	return d < 1 ? 1 : d;
}

/* Working memory of one thread. */
struct maker {
	struct arena scratch;	/* of one mask */
	struct arena kept;	/* until all are counted */
};

static int make(struct eval_outline *o, struct maker *maker)
{
	struct rle drawn;
	arena_reset(&maker->scratch);
	TRY(rle_boundary(&drawn, &o->mask, boundary_width(o->mask.h, o->mask.w), &maker->scratch));
	uint32_t *runs = arena_alloc(&maker->kept, (size_t)drawn.n * sizeof *runs);
	if (runs == NULL)
		return -1;
	memcpy(runs, drawn.runs, (size_t)drawn.n * sizeof *runs);
	drawn.runs = runs;
	rle_edges_make(&o->boundary, &drawn);
	return 0;
}

/* The boundaries of some outlines; their runs move to the arena. */
static int make_some(struct eval_outline *o, int64_t n, struct maker *makers, int threads, struct arena *a)
{
	bool failed = false;
#pragma omp parallel for schedule(dynamic, 64) num_threads(threads) reduction(|| : failed)
	for (int64_t i = 0; i < n; i++)
		failed = make(&o[i], &makers[omp_get_thread_num()]) != 0 || failed;
	if (failed)
		return err_set("out of memory for the boundaries of masks");
	for (int64_t i = 0; i < n; i++) {
		uint32_t *end = arena_alloc(a, (size_t)o[i].boundary.n * sizeof *end);
		if (end == NULL)
			return -1;
		memcpy(end, o[i].boundary.end, (size_t)o[i].boundary.n * sizeof *end);
		o[i].boundary.end = end;
	}
	return 0;
}

int eval_outlines_make(struct eval_object *x, int64_t n, int threads, struct arena *a)
{
	int n_makers = threads < 1 ? 1 : threads, status = 0;
	struct eval_outline *o = arena_calloc(a, (size_t)n, sizeof *o);
	struct maker *makers = calloc((size_t)n_makers, sizeof *makers);
	if (o == NULL || makers == NULL) {
		free(makers);
		return err_set("out of memory for the boundaries of masks");
	}
	for (int64_t i = 0; i < n; i++) {
		o[i].mask = *x[i].mask;
		x[i].mask = &o[i].mask;
	}
	for (int t = 0; t < n_makers; t++) {
		arena_init(&makers[t].scratch, 1 << 16);
		arena_init(&makers[t].kept, 1 << 20);
	}
	for (int64_t first = 0; first < n && status == 0; first += ENOUGH) {
		status = make_some(o + first, n - first < ENOUGH ? n - first : ENOUGH, makers, n_makers, a);
		for (int t = 0; t < n_makers; t++)
			arena_reset(&makers[t].kept);
	}
	for (int t = 0; t < n_makers; t++) {
		arena_release(&makers[t].scratch);
		arena_release(&makers[t].kept);
	}
	free(makers);
	return status;
}
