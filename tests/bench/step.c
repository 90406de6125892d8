/*
 * Time of a training step on random images:
 *
 *     bench_step MODEL BATCH WIDTHxHEIGHT f32|bf16 CLASSES REPEATS [BACKEND]
 *
 * Prints "name<TAB>median ms<TAB>min ms<TAB>GFLOP/s<TAB>peak MiB".
 */
#include "base/options.h"
#include "base/progress.h"
#include "base/rng.h"
#include "model/model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

static int make_batch(struct batch *b, enum dtype dtype, int n, int w, int h, int classes)
{
	struct arena a;
	arena_init(&a, 1 << 20);
	TRY(batch_begin(b, dtype, 32, n));
	struct rng g = rng_make(1);
	for (int i = 0; i < n; i++) {
		struct sample s;
		sample_init(&s);
		TRY(tensor_new(&s.pixels, &a, DTYPE_U8, 3, (int64_t[]){ h, w, 3 }));
		uint8_t *pixels = s.pixels.data;
		for (int k = 0; k < h * w * 3; k++)
			pixels[k] = (uint8_t)rng_u64(&g);
		enum { OBJECTS = 8 };
		float boxes[OBJECTS * 4];
		int32_t labels[OBJECTS];
		for (int k = 0; k < OBJECTS; k++) {
			float x = (float)(rng_uniform(&g) * w * 0.7), y = (float)(rng_uniform(&g) * h * 0.7);
			memcpy(boxes + 4 * k, (float[]){ x, y, x + (float)w * 0.25f, y + (float)h * 0.25f }, 4 * sizeof *boxes);
			labels[k] = (int32_t)rng_below(&g, (uint64_t)classes);
		}
		s.n = OBJECTS;
		s.boxes = boxes;
		s.labels = labels;
		TRY(batch_add(b, &s));
	}
	arena_release(&a);
	return batch_finish(b);
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static int run_step(struct model *m, struct tape *t, const struct batch *b, double *sec)
{
	struct model_loss loss;
	double start = clock_sec();
	m->params.version++;
	param_set_begin_step(&m->params);
	tape_begin(t, true, m->params.version);
	TRY(m->head->loss(m, t, b, &loss));
	TRY(tape_backward(t));
	param_set_finish_gradients(&m->params);
	*sec = clock_sec() - start;
	return 0;
}

static int run(char **argv)
{
	enum { MOST = 100 };
	double sec[MOST];
	int w, h, classes = atoi(argv[5]), repeats = atoi(argv[6]);
	bool square;
	enum dtype dtype = strcmp(argv[4], "bf16") == 0 ? DTYPE_BF16 : DTYPE_F32;
	int backend = conv_backend_find(argv[7] == NULL ? "auto" : argv[7]);
	TRY(option_parse_size(argv[3], &w, &h, &square));
	if (backend < 0 || repeats < 1 || repeats > MOST)
		return err_set("bad arguments");
	struct model_spec spec = {
		.name = argv[1], .n_classes = classes, .dtype = dtype, .backend = (enum conv_backend)backend,
		.preset = "torchvision", .anchor_size = 32,
	};
	struct model m;
	struct tape t;
	struct batch b;
	tape_init(&t);
	batch_init(&b);
	TRY(model_create(&m, &spec));
	TRY(param_set_randomise(&m.params, 0));
	TRY(param_set_prepare_training(&m.params, false));
	TRY(make_batch(&b, dtype, atoi(argv[2]), w, h, classes));
	TRY(run_step(&m, &t, &b, &sec[0]));
	for (int i = 0; i < repeats; i++)
		TRY(run_step(&m, &t, &b, &sec[i]));
	qsort(sec, (size_t)repeats, sizeof *sec, compare);
	struct rusage usage;
	getrusage(RUSAGE_SELF, &usage);
	double median = sec[repeats / 2];
	printf("%s %s %s %s\t%.1f\t%.1f\t%.1f\t%ld\n", argv[1], argv[2], argv[3], argv[4], 1e3 * median, 1e3 * sec[0],
	       t.cost.flops / median / 1e9, usage.ru_maxrss / 1024);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc < 7) {
		fprintf(stderr, "usage: bench_step MODEL BATCH WxH f32|bf16 CLASSES REPEATS [BACKEND]\n");
		return 2;
	}
	if (run(argv) == 0)
		return 0;
	fprintf(stderr, "bench_step: %s\n", err_get());
	return 1;
}
