/*
 * One forward and backward pass on given weights and images, for the comparison with PyTorch:
 *
 *     parity_step MODEL WEIGHTS.safetensors BATCH.stream OUT.safetensors [--dtype bf16] [--conv BACKEND] [--classes N]
 *         [--preset NAME] [--label-smoothing X]
 *
 * OUT holds "loss", the head's figures ("loss_cls", "top1") and "grad.NAME" of every trained parameter. Without arguments it
 * does nothing, as the suite runs every test program.
 */
#include "model/model.h"
#include "nn/tape.h"
#include "train/checkpoint.h"
#include "tests/tap.h"

#include <stdlib.h>

static const char *option(int argc, char **argv, const char *name, const char *otherwise)
{
	for (int i = 5; i + 1 < argc; i += 2)
		if (strcmp(argv[i], name) == 0)
			return argv[i + 1];
	return otherwise;
}

static int read_batch(struct batch *b, const char *path, enum dtype dtype, int stride, int *n_classes)
{
	struct stream_reader r;
	struct sample s;
	struct arena a;
	int got;
	arena_init(&a, 1 << 20);
	TRY(stream_reader_open(&r, path, NULL));
	*n_classes = stream_reader_header(&r)->n_categories;
	TRY(batch_begin(b, dtype, stride, BATCH_MAX));
	while ((got = sample_read(&s, &r, &a)) == 1)
		TRY(batch_add(b, &s));
	stream_reader_close(&r);
	arena_release(&a);
	return got == 0 ? batch_finish(b) : -1;
}

static int write_result(const char *path, const struct model *m, const struct model_loss *loss)
{
	static float value[1 + MODEL_MAX_FIGURES];
	struct arena a;
	arena_init(&a, 1 << 16);
	struct safetensors_item *items = arena_calloc(&a, (size_t)m->params.n + 1 + MODEL_MAX_FIGURES, sizeof *items);
	if (items == NULL)
		return -1;
	int n = 0;
	for (; n <= loss->n; n++) {
		const char *name = n == 0 ? "loss" : loss->part[n - 1].name;
		value[n] = (float)(n == 0 ? loss->total : loss->part[n - 1].value);
		items[n] = (struct safetensors_item){ name, tensor_view(DTYPE_F32, 1, (int64_t[]){ 1 }, &value[n]), NULL };
	}
	for (const struct param *p = m->params.first; p != NULL; p = p->next) {
		if (!p->trainable)
			continue;
		char name[288];
		snprintf(name, sizeof name, "grad.%s", p->name);
		items[n].name = arena_strdup(&a, name);
		items[n].tensor = p->value;
		items[n++].tensor.data = p->grad;
	}
	int status = safetensors_write(path, items, n, NULL, 0);
	arena_release(&a);
	return status;
}

static int run(int argc, char **argv)
{
	int backend = conv_backend_find(option(argc, argv, "--conv", "auto"));
	enum dtype dtype = strcmp(option(argc, argv, "--dtype", "f32"), "bf16") == 0 ? DTYPE_BF16 : DTYPE_F32;
	struct batch b;
	struct model m;
	struct tape t;
	struct model_loss loss;
	struct safetensors weights;
	int n_classes;
	if (backend < 0)
		return -1;
	batch_init(&b);
	tape_init(&t);
	TRY(read_batch(&b, argv[3], dtype, 32, &n_classes));
	struct model_spec spec = {
		.name = argv[1], .n_classes = atoi(option(argc, argv, "--classes", "0")), .dtype = dtype,
		.backend = (enum conv_backend)backend, .preset = option(argc, argv, "--preset", "torchvision"),
		.anchor_size = 32, .label_smoothing = atof(option(argc, argv, "--label-smoothing", "0")),
	};
	if (spec.n_classes == 0)
		spec.n_classes = n_classes;
	TRY(model_create(&m, &spec));
	TRY(safetensors_open(&weights, argv[2]));
	TRY(checkpoint_load_weights(&m, &weights, ""));
	TRY(param_set_prepare_training(&m.params, false));
	param_set_begin_step(&m.params);
	tape_begin(&t, true, m.params.version);
	TRY(m.head->loss(&m, &t, &b, &loss));
	TRY(tape_backward(&t));
	param_set_finish_gradients(&m.params);
	TRY(write_result(argv[4], &m, &loss));
	safetensors_close(&weights);
	model_release(&m);
	tape_release(&t);
	batch_release(&b);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc < 5)
		return tap_skip_all("a program of make parity");
	if (run(argc, argv) == 0)
		return 0;
	fprintf(stderr, "parity_step: %s\n", err_get());
	return 1;
}
