/* All passes of winograd against the definition in f64, at every instruction level this machine has. */
#include "base/isa.h"
#include "op/winograd.h"
#include "tests/tap.h"

#include <omp.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>

enum { MAX_MAPS = 5, GUARD = 64 };

struct test_case {
	const char *name;
	int ci, co, pad;
	enum dtype x_dtype, y_dtype;
	bool relu, add, bias;
	int n_maps;
	int nhw[MAX_MAPS][3];
};

static const struct test_case cases[] = {
	{ "one channel, one pixel", 1, 1, 1, DTYPE_F32, DTYPE_F32, .n_maps = 1, .nhw = { { 1, 1, 1 } } },
	{ "few channels", 3, 5, 1, DTYPE_F32, DTYPE_F32, .bias = true, .n_maps = 1, .nhw = { { 2, 4, 4 } } },
	{ "whole tiles", 32, 64, 1, DTYPE_F32, DTYPE_F32, .relu = true, .bias = true, .n_maps = 1, .nhw = { { 2, 16, 8 } } },
	{ "no padding", 48, 36, 0, DTYPE_F32, DTYPE_F32, .add = true, .n_maps = 1, .nhw = { { 1, 13, 6 } } },
	{ "padding 2", 17, 33, 2, DTYPE_F32, DTYPE_F32, .n_maps = 2, .nhw = { { 3, 5, 1 }, { 1, 2, 9 } } },
	{ "pyramid", 40, 48, 1, DTYPE_F32, DTYPE_F32, .bias = true, .relu = true, .add = true, .n_maps = 5,
	  .nhw = { { 2, 20, 16 }, { 2, 10, 8 }, { 2, 5, 4 }, { 2, 3, 2 }, { 2, 2, 1 } } },
	{ "pyramid in bf16", 64, 27, 1, DTYPE_BF16, DTYPE_BF16, .bias = true, .relu = true, .n_maps = 4,
	  .nhw = { { 2, 10, 8 }, { 2, 5, 4 }, { 2, 3, 2 }, { 2, 2, 1 } } },
	{ "bf16 to f32", 35, 80, 1, DTYPE_BF16, DTYPE_F32, .add = true, .n_maps = 1, .nhw = { { 2, 9, 11 } } },
	{ "f32 to bf16", 16, 20, 1, DTYPE_F32, DTYPE_BF16, .add = true, .n_maps = 1, .nhw = { { 1, 6, 7 } } },
	{ "many columns", 64, 720, 1, DTYPE_F32, DTYPE_F32, .n_maps = 1, .nhw = { { 1, 5, 4 } } },
	{ "deep", 512, 64, 1, DTYPE_F32, DTYPE_F32, .n_maps = 1, .nhw = { { 2, 10, 8 } } },
	{ "several blocks", 128, 32, 1, DTYPE_F32, DTYPE_F32, .n_maps = 1, .nhw = { { 3, 33, 30 } } },
	{ "several batches", 16, 16, 1, DTYPE_F32, DTYPE_F32, .n_maps = 2, .nhw = { { 1, 240, 244 }, { 1, 30, 31 } } },
};

enum { N_CASES = sizeof cases / sizeof cases[0] };

static uint32_t random_state = 1;

/* Uniform in [-1, 1). */
static float random_value(void)
{
	random_state = random_state * 1664525u + 1013904223u;
	return (float)(int32_t)random_state / 2147483648.0f;
}

/* Values of one array: as the routine sees them and as f64. */
struct values {
	enum dtype dtype;
	long count;
	void *data;
	double *exact;
};

static struct values random_values(struct arena *a, enum dtype dtype, long count)
{
	struct values v = { dtype, count, arena_calloc(a, count + GUARD, 4), arena_calloc(a, count, sizeof(double)) };
	for (long i = 0; i < count + GUARD; i++) {
		float f = i < count ? random_value() : 77.0f;
		if (dtype == DTYPE_F32)
			((float *)v.data)[i] = f;
		else
			((uint16_t *)v.data)[i] = f32_to_bf16(f);
		if (i < count)
			v.exact[i] = dtype == DTYPE_F32 ? f : bf16_to_f32(f32_to_bf16(f));
	}
	return v;
}

static double value_at(const struct values *v, long i)
{
	return v->dtype == DTYPE_F32 ? ((float *)v->data)[i] : bf16_to_f32(((uint16_t *)v->data)[i]);
}

/* Largest error in units of the largest exact value, beyond the rounding of a bf16 result; 9 when memory behind it was written. */
static double error_of(const struct values *v)
{
	double largest = 1e-30, error = 0;
	for (long i = 0; i < v->count; i++)
		largest = fmax(largest, fabs(v->exact[i]));
	for (long i = 0; i < v->count; i++) {
		double off = fabs(value_at(v, i) - v->exact[i]);
		if (v->dtype == DTYPE_BF16)
			off = fmax(0, off - fabs(v->exact[i]) / 256);
		error = isfinite(off) ? fmax(error, off) : INFINITY;
	}
	for (long i = v->count; i < v->count + GUARD; i++)
		if (value_at(v, i) != 77.0)
			return 9;
	return error / largest;
}

struct problem {
	const struct test_case *t;
	struct winograd_param p;
	struct winograd_map maps[MAX_MAPS];
	struct values x[MAX_MAPS], y[MAX_MAPS], dy[MAX_MAPS], dx[MAX_MAPS];
	struct values w, bias, dw, db;
};

static void problem_init(struct problem *q, const struct test_case *t, struct arena *a)
{
	*q = (struct problem){ .t = t };
	q->p = (struct winograd_param){ t->ci, t->co, t->pad, t->x_dtype, t->y_dtype, t->relu, t->add };
	for (int i = 0; i < t->n_maps; i++) {
		long n = t->nhw[i][0], h = t->nhw[i][1], w = t->nhw[i][2];
		long in = n * h * w * t->ci, out = n * (h + 2 * t->pad - 2) * (w + 2 * t->pad - 2) * t->co;
		q->x[i] = random_values(a, t->x_dtype, in);
		q->dx[i] = random_values(a, t->x_dtype, in);
		q->y[i] = random_values(a, t->y_dtype, out);
		q->dy[i] = random_values(a, t->y_dtype, out);
		q->maps[i] = (struct winograd_map){ n, h, w, q->x[i].data, q->y[i].data, q->dy[i].data, q->dx[i].data };
	}
	q->w = random_values(a, DTYPE_F32, (long)t->co * t->ci * 9);
	q->dw = random_values(a, DTYPE_F32, (long)t->co * t->ci * 9);
	q->bias = random_values(a, DTYPE_F32, t->co);
	q->db = random_values(a, DTYPE_F32, t->co);
}

/* One output pixel and all it touches, straight from the definition. */
static void naive_pixel(struct problem *q, const double *wt, double *dwt, int map, long n, long oh, long ow)
{
	const struct test_case *t = q->t;
	long h = t->nhw[map][1], w = t->nhw[map][2], pad = t->pad;
	long at = ((n * (h + 2 * pad - 2) + oh) * (w + 2 * pad - 2) + ow) * t->co;
	double *y = q->y[map].exact + at, *dy = q->dy[map].exact + at;
	for (int tap = 0; tap < 9; tap++) {
		long ih = oh - pad + tap / 3, iw = ow - pad + tap % 3;
		if (ih < 0 || ih >= h || iw < 0 || iw >= w)
			continue;
		double *x = q->x[map].exact + ((n * h + ih) * w + iw) * t->ci;
		double *dx = q->dx[map].exact + ((n * h + ih) * w + iw) * t->ci;
		for (long ci = 0; ci < t->ci; ci++) {
			const double *row = wt + (tap * t->ci + ci) * t->co;
			double *drow = dwt + (tap * t->ci + ci) * t->co, sum = 0;
			for (long co = 0; co < t->co; co++) {
				y[co] += x[ci] * row[co];
				drow[co] += x[ci] * dy[co];
				sum += dy[co] * row[co];
			}
			dx[ci] += sum;
		}
	}
	for (long co = 0; co < t->co; co++) {
		y[co] += t->bias ? q->bias.exact[co] : 0;
		y[co] = t->relu ? fmax(0, y[co]) : y[co];
		q->db.exact[co] += dy[co];
	}
}

static void naive(struct problem *q, struct arena *a)
{
	const struct test_case *t = q->t;
	long size = (long)t->ci * t->co * 9;
	double *wt = arena_calloc(a, size, sizeof *wt), *dwt = arena_calloc(a, size, sizeof *dwt);	/* [tap ci co] */
	for (long i = 0; i < size; i++)
		wt[(i % 9 * t->ci + i / 9 % t->ci) * t->co + i / 9 / t->ci] = q->w.exact[i];
	for (int i = 0; i < t->n_maps; i++) {
		if (!t->add) {
			memset(q->y[i].exact, 0, q->y[i].count * sizeof(double));
			memset(q->dx[i].exact, 0, q->dx[i].count * sizeof(double));
		}
		for (long n = 0; n < t->nhw[i][0]; n++)
			for (long h = 0; h < t->nhw[i][1] + 2 * t->pad - 2; h++)
				for (long w = 0; w < t->nhw[i][2] + 2 * t->pad - 2; w++)
					naive_pixel(q, wt, dwt, i, n, h, w);
	}
	for (long i = 0; i < size; i++)
		q->dw.exact[i] += dwt[(i % 9 * t->ci + i / 9 % t->ci) * t->co + i / 9 / t->ci];
}

/* All three passes; 0 or -1. */
static int run(struct problem *q, struct arena *a)
{
	const struct test_case *t = q->t;
	float *u = arena_alloc(a, winograd_weights_bytes(t->ci, t->co));
	float *turned = arena_alloc(a, winograd_weights_bytes(t->ci, t->co));
	winograd_transform_weights(u, q->w.data, t->ci, t->co);
	winograd_transform_weights_backward(turned, q->w.data, t->ci, t->co);
	TRY(winograd_forward(q->maps, t->n_maps, u, t->bias ? q->bias.data : NULL, &q->p, a));
	TRY(winograd_backward_data(q->maps, t->n_maps, turned, &q->p, a));
	return winograd_backward_weights(q->dw.data, q->db.data, q->maps, t->n_maps, &q->p, a);
}

static bool close_to(const char *what, double error, double tolerance)
{
	printf("# %-10s error %.2g\n", what, error);
	return error <= tolerance;
}

static bool correct(const struct test_case *t)
{
	struct arena a;
	struct problem q;
	bool good = true;
	arena_init(&a, 1 << 20);
	problem_init(&q, t, &a);
	naive(&q, &a);
	if (run(&q, &a) != 0) {
		printf("# %s\n", err_get());
		good = false;
	}
	for (int i = 0; i < t->n_maps; i++) {
		good &= close_to("y", error_of(&q.y[i]), 1e-5);
		good &= close_to("dx", error_of(&q.dx[i]), 1e-5);
	}
	good &= close_to("dw", error_of(&q.dw), 1e-5);
	good &= close_to("db", error_of(&q.db), 1e-5);
	arena_release(&a);
	return good;
}

/* The same problem with some number of threads; the caller releases the arena. */
static int run_threads(struct problem *q, const struct test_case *t, struct arena *a, int threads)
{
	int before = omp_get_max_threads();
	arena_init(a, 1 << 20);
	random_state = 5;
	problem_init(q, t, a);
	omp_set_num_threads(threads);
	int status = run(q, a);
	omp_set_num_threads(before);
	return status;
}

static bool same_values(const struct values *a, const struct values *b)
{
	return memcmp(a->data, b->data, a->count * dtype_size(a->dtype)) == 0;
}

static bool same_bits(const struct test_case *t, int threads_a, int threads_b)
{
	struct arena arena_a, arena_b;
	struct problem a, b;
	bool same = run_threads(&a, t, &arena_a, threads_a) == 0 && run_threads(&b, t, &arena_b, threads_b) == 0;
	for (int i = 0; i < t->n_maps; i++)
		same = same && same_values(&a.y[i], &b.y[i]) && same_values(&a.dx[i], &b.dx[i]);
	same = same && same_values(&a.dw, &b.dw) && same_values(&a.db, &b.db);
	arena_release(&arena_a);
	arena_release(&arena_b);
	return same;
}

static void test_errors(void)
{
	struct arena a;
	arena_init(&a, 1 << 16);
	struct winograd_map map = { .n = 1, .h = 2, .w = 5 };
	struct winograd_param p = { .ci = 4, .co = 4, .pad = 0, .x_dtype = DTYPE_F32, .y_dtype = DTYPE_F32 };
	ok(winograd_forward(&map, 1, NULL, NULL, &p, &a) == -1 && strstr(err_get(), "has no output") != NULL,
		"a map smaller than the kernel is an error");
	p.pad = 1;
	p.x_dtype = DTYPE_U8;
	ok(winograd_backward_data(&map, 1, NULL, &p, &a) == -1 && strstr(err_get(), "not u8") != NULL,
		"other dtypes are an error");
	p.x_dtype = DTYPE_F32;
	ok(winograd_forward(&map, 0, NULL, NULL, &p, &a) == 0, "no maps at all is no error");
	arena_release(&a);
}

/* This program again at a lower level, where it only says by its exit status whether all cases are correct. */
static bool correct_at(const char *level)
{
	extern char **environ;
	char self[] = "/proc/self/exe", *argv[] = { self, (char *)level, NULL };
	pid_t child;
	int status;
	setenv("COCOPIPE_ISA", level, 1);
	return posix_spawn(&child, self, NULL, NULL, argv, environ) == 0 && waitpid(child, &status, 0) == child &&
		WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

int main(int argc, char **argv)
{
	if (argc > 1) {
		bool all = strcmp(isa_name(isa_level()), argv[1]) == 0;
		for (int i = 0; i < N_CASES; i++)
			all &= correct(&cases[i]);
		return all ? 0 : 1;
	}
	for (int i = 0; i < N_CASES; i++)
		ok(correct(&cases[i]), "%s (%s)", cases[i].name, isa_name(isa_level()));
	for (int i = 0; i < N_CASES; i++) {
		ok(same_bits(&cases[i], 2, 2), "%s: twice the same bits", cases[i].name);
		ok(same_bits(&cases[i], 1, 3), "%s: the same bits from one thread and from three", cases[i].name);
	}
	for (int level = ISA_BASE; level < (int)isa_level(); level++)
		ok(correct_at(isa_name((enum isa)level)), "all cases at level %s", isa_name((enum isa)level));
	test_errors();
	return tap_done();
}
