/*
 * Time of a training step (forward, backward, optimiser) on random images:
 *
 *     step MODEL BATCH WIDTHxHEIGHT f32|bf16 CLASSES REPEATS [BACKEND]
 *
 * Prints the times of all repeats in seconds, one a line, then "gflop N" and "mib N": operations of a step and
 * the largest resident size.
 */
#include "base/progress.h"
#include "base/rng.h"
#include "image/image_size.h"
#include "model/model.h"
#include "nn/optimizer.h"

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
		s.class_label = labels[0];
		s.boxes = boxes;
		s.labels = labels;
		TRY(batch_add(b, &s));
	}
	arena_release(&a);
	return batch_finish(b);
}

static int run_step(struct model *m, struct tape *t, struct optimizer *o, const struct batch *b, double *sec)
{
	struct model_loss loss;
	double start = clock_sec(), norm;
	param_set_begin_step(&m->params);
	tape_begin(t, true, m->params.version);
	TRY(m->head->loss(m, t, b, &loss));
	TRY(tape_backward(t));
	param_set_finish_gradients(&m->params);
	if (!optimizer_step(o, 1e-5, &norm))
		return err_set("the gradient is not finite");
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
	TRY(image_size_parse(argv[3], &w, &h, &square));
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
	struct optimizer o;
	TRY(optimizer_init(&o, &(struct optimizer_param){ .momentum = 0.9, .weight_decay = 1e-4 }, &m.params));
	/* The first step of a shape also makes the plans; it is not counted. */
	for (int i = -1; i < repeats; i++)
		TRY(run_step(&m, &t, &o, &b, &sec[i < 0 ? 0 : i]));
	for (int i = 0; i < repeats; i++)
		printf("%.6f\n", sec[i]);
	struct rusage usage;
	getrusage(RUSAGE_SELF, &usage);
	printf("gflop %.3f\nmib %ld\n", t.cost.flops / 1e9, usage.ru_maxrss / 1024);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc < 7) {
		fprintf(stderr, "usage: step MODEL BATCH WxH f32|bf16 CLASSES REPEATS [BACKEND]\n");
		return 2;
	}
	if (run(argv) == 0)
		return 0;
	fprintf(stderr, "step: %s\n", err_get());
	return 1;
}
