/*
 * Time of a training step (forward, backward, optimiser) on random images:
 *
 *     step MODEL BATCH WIDTHxHEIGHT f32|bf16 CLASSES REPEATS [BACKEND|tune|recompute|per-image-grad]...
 *
 * Prints the times of all repeats in seconds, one a line, then "gflop N" and "mib N": operations of a step and
 * the largest resident size.
 */
#include "base/progress.h"
#include "base/rng.h"
#include "image/image_size.h"
#include "train/trainer.h"

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

static int parse_words(struct trainer_options *o, char **words)
{
	for (; *words != NULL; words++) {
		if (strcmp(*words, "tune") == 0) {
			o->tune = true;
		} else if (strcmp(*words, "recompute") == 0) {
			o->recompute = true;
		} else if (strcmp(*words, "per-image-grad") == 0) {
			o->per_image_grad = true;
		} else {
			int backend = conv_backend_find(*words);
			if (backend < 0)
				return -1;
			o->backend = (enum conv_backend)backend;
		}
	}
	return 0;
}

static int start(struct trainer *t, char **argv)
{
	int classes = atoi(argv[5]);
	struct trainer_options o = {
		.model = argv[1], .output = "step.safetensors", .record_text = "", .preset = "torchvision", .anchor_size = 32,
		.dtype = strcmp(argv[4], "bf16") == 0 ? DTYPE_BF16 : DTYPE_F32, .batch = atoi(argv[2]), .accumulate = 1,
		.steps = 1000, .schedule = { .lr = 1e-5, .warmup_factor = 1, .decay = "constant", .gamma = 0.1 },
		.momentum = 0.9, .weight_decay = 1e-4,
	};
	struct category *categories = calloc((size_t)classes + 1, sizeof *categories);
	if (categories == NULL)
		return err_set("out of memory");
	for (int i = 0; i < classes; i++)
		categories[i] = (struct category){ .id = i, .name = "a class" };
	struct stream_header header = { .kind = "sample", .n_categories = classes, .categories = categories, .planned = -1 };
	TRY(parse_words(&o, argv + 7));
	TRY(trainer_check_options(&o));
	return trainer_init(t, &o, &header);
}

static int run_step(struct trainer *t, struct batch *b, double *sec, double *flops)
{
	struct step_report r;
	double start_sec = clock_sec();
	TRY(trainer_step(t, b, &r));
	*sec = clock_sec() - start_sec;
	*flops = r.flops;
	return r.finite ? 0 : err_set("loss or gradient is not finite");
}

static int run(char **argv)
{
	enum { MOST = 100 };
	double sec[MOST], flops = 0;
	int w, h, repeats = atoi(argv[6]);
	bool square;
	struct trainer t;
	struct batch b;
	TRY(image_size_parse(argv[3], &w, &h, &square));
	if (repeats < 1 || repeats > MOST || atoi(argv[5]) < 1)
		return err_set("bad arguments");
	TRY(start(&t, argv));
	batch_init(&b);
	TRY(make_batch(&b, t.options.dtype, atoi(argv[2]), w, h, atoi(argv[5])));
	/* The first step of a shape also makes the plans; it is not counted. */
	for (int i = -1; i < repeats; i++)
		TRY(run_step(&t, &b, &sec[i < 0 ? 0 : i], &flops));
	for (int i = 0; i < repeats; i++)
		printf("%.6f\n", sec[i]);
	struct rusage usage;
	getrusage(RUSAGE_SELF, &usage);
	printf("gflop %.3f\nmib %ld\n", flops / 1e9, usage.ru_maxrss / 1024);
	if (t.options.tune)
		conv_plan_report(&t.plan, stderr);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc < 7) {
		fprintf(stderr, "usage: step MODEL BATCH WxH f32|bf16 CLASSES REPEATS [BACKEND|tune|recompute|per-image-grad]...\n");
		return 2;
	}
	if (run(argv) == 0)
		return 0;
	fprintf(stderr, "step: %s\n", err_get());
	return 1;
}
