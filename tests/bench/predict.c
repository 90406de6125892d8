/*
 * Time of inference on random images, from pixels in a batch to boxes after non-maximum suppression:
 *
 *     predict MODEL BATCH WIDTHxHEIGHT f32|bf16 CLASSES REPEATS WEIGHTS
 *
 * Writes its weights to the file WEIGHTS for the peer. They are random; only the score of one anchor and class is raised,
 * so that some 5,000 of a 512x512 image's boxes pass the threshold. Prints the times of all repeats in seconds, one a
 * line, then "found N", boxes of the last batch, and "mib N", the largest resident size.
 */
#include "base/progress.h"
#include "base/rng.h"
#include "image/image_size.h"
#include "train/checkpoint.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

static int make_batch(struct batch *b, enum dtype dtype, int n, int w, int h)
{
	struct arena a;
	struct rng g = rng_make(1);
	arena_init(&a, 1 << 20);
	TRY(batch_begin(b, dtype, 32, n));
	for (int i = 0; i < n; i++) {
		struct sample s;
		sample_init(&s);
		TRY(tensor_new(&s.pixels, &a, DTYPE_U8, 3, (int64_t[]){ h, w, 3 }));
		for (int k = 0; k < h * w * 3; k++)
			((uint8_t *)s.pixels.data)[k] = (uint8_t)rng_u64(&g);
		TRY(batch_add(b, &s));
	}
	arena_release(&a);
	return batch_finish(b);
}

static int make_weights(struct model *m, const char *path)
{
	TRY(param_set_randomise(&m->params, 0));
	struct param *bias = param_find(&m->params, "head.classification_head.cls_logits.bias");
	if (bias == NULL)
		return err_set("'%s' is no RetinaNet", m->spec.name);
	((float *)bias->value.data)[0] = -2;
	struct category *categories = calloc((size_t)m->spec.n_classes, sizeof *categories);
	if (categories == NULL)
		return err_set("out of memory");
	for (int i = 0; i < m->spec.n_classes; i++)
		categories[i] = (struct category){ .id = i, .name = "a class" };
	struct checkpoint_about about = { categories, m->spec.n_classes, "" };
	int status = checkpoint_write_model(path, m, &about);
	free(categories);
	return status;
}

static int detect(struct model *m, struct tape *t, const struct batch *b, double *sec, int *found_n)
{
	const struct detect_limits limits = { .score_threshold = 0.05f, .nms_iou = 0.5f, .max_detections = 300 };
	struct detection found[BATCH_MAX];
	struct arena results;
	arena_init(&results, 1 << 20);
	double start = clock_sec();
	tape_begin(t, false, m->params.version);
	TRY(m->head->detect(m, t, b, &limits, found, &results));
	*sec = clock_sec() - start;
	*found_n = 0;
	for (int i = 0; i < b->n; i++)
		*found_n += found[i].n;
	arena_release(&results);
	return 0;
}

static int run(char **argv)
{
	enum { MOST = 100 };
	double sec[MOST];
	int w, h, found = 0, repeats = atoi(argv[6]);
	bool square;
	TRY(image_size_parse(argv[3], &w, &h, &square));
	if (repeats < 1 || repeats > MOST || atoi(argv[5]) < 1)
		return err_set("bad arguments");
	struct model_spec spec = {
		.name = argv[1], .n_classes = atoi(argv[5]), .dtype = strcmp(argv[4], "bf16") == 0 ? DTYPE_BF16 : DTYPE_F32,
		.preset = "torchvision", .anchor_size = 32,
	};
	struct model m;
	struct tape t;
	struct batch b;
	tape_init(&t);
	batch_init(&b);
	TRY(model_create(&m, &spec));
	TRY(make_weights(&m, argv[7]));
	TRY(m.head->fold_norms(&m));
	TRY(make_batch(&b, spec.dtype, atoi(argv[2]), w, h));
	for (int i = -1; i < repeats; i++)
		TRY(detect(&m, &t, &b, &sec[i < 0 ? 0 : i], &found));
	for (int i = 0; i < repeats; i++)
		printf("%.6f\n", sec[i]);
	struct rusage usage;
	getrusage(RUSAGE_SELF, &usage);
	printf("found %d\nmib %ld\n", found, usage.ru_maxrss / 1024);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc != 8) {
		fprintf(stderr, "usage: predict MODEL BATCH WxH f32|bf16 CLASSES REPEATS WEIGHTS\n");
		return 2;
	}
	if (run(argv) == 0)
		return 0;
	fprintf(stderr, "predict: %s\n", err_get());
	return 1;
}
