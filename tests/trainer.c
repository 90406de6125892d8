/*
 * trainer: a run's plan, and its memory: after the first step of a shape our code asks the system for nothing, with the
 * feeder too, and the process does not grow.
 */
#include "train/feeder.h"
#include "train/trainer.h"
#include "tests/tap.h"

#include <omp.h>
#include <stdlib.h>
#include <unistd.h>

enum { SIDE = 64, BATCH = 2, WARM = 3, STEPS = 20 };

#ifdef __SANITIZE_ADDRESS__
static const bool sanitized = true;
#else
static const bool sanitized = false;
#endif

static struct category categories[] = { { .id = 1, .name = "disc" }, { .id = 2, .name = "square" } };

static struct stream_header header_of(int64_t planned)
{
	return (struct stream_header){ .kind = "sample", .n_categories = 2, .categories = categories, .planned = planned };
}

static struct trainer_options options_of(void)
{
	return (struct trainer_options){
		.model = "retinanet-resnet18-fpn-gn", .init = "random", .output = "unused.safetensors", .record_text = "",
		.dtype = DTYPE_F32, .backend = CONV_AUTO, .preset = "torchvision", .anchor_size = 16, .batch = BATCH, .accumulate = 1, .seed = 1,
		.schedule = { .lr = 0.001, .warmup = 0, .warmup_factor = 0.1, .decay = "constant", .gamma = 0.1 },
		.momentum = 0.9, .clip_norm = 10,
	};
}

/* A bright box on noise; its size and place change with seq. */
static void draw(struct sample *s, uint8_t *pixels, float box[4], int32_t label[1], int64_t seq)
{
	unsigned random = (unsigned)seq + 1;
	for (int i = 0; i < SIDE * SIDE * 3; i++) {
		random = random * 1664525u + 1013904223u;
		pixels[i] = (uint8_t)(random >> 25);
	}
	int x = (int)(seq * 7 % 20), y = (int)(seq * 5 % 24), side = 16 + (int)(seq % 12);
	for (int row = y; row < y + side; row++)
		memset(pixels + ((size_t)row * SIDE + (size_t)x) * 3, 200, (size_t)side * 3);
	box[0] = (float)x;
	box[1] = (float)y;
	box[2] = (float)(x + side);
	box[3] = (float)(y + side);
	label[0] = (int32_t)(seq % 2);
	sample_init(s);
	s->pixels = tensor_view(DTYPE_U8, 3, (int64_t[]){ SIDE, SIDE, 3 }, pixels);
	s->id.number = s->seq = seq;
	s->valid_w = s->valid_h = s->orig_w = s->orig_h = SIDE;
	s->n = 1;
	s->boxes = box;
	s->labels = label;
}

static int write_data(const char *path, int64_t n)
{
	static uint8_t pixels[SIDE * SIDE * 3];
	struct stream_header header = header_of(n);
	struct stream_writer w;
	struct arena a;
	struct sample s;
	float box[4];
	int32_t label[1];
	arena_init(&a, 1 << 16);
	TRY(stream_writer_open(&w, path, &header));
	for (int64_t i = 0; i < n; i++) {
		arena_reset(&a);
		draw(&s, pixels, box, label, i);
		TRY(sample_write(&w, &s, &a));
	}
	arena_release(&a);
	return stream_writer_close(&w, NULL);
}

static uint64_t mallocs_of(const struct trainer *t)
{
	return t->tape.nodes.mallocs + t->tape.scratch.mallocs + t->tape.pool.mallocs + t->arena.mallocs + t->model.params.arena.mallocs;
}

static long resident_kib(void)
{
	long pages = 0, resident = 0;
	FILE *f = fopen("/proc/self/statm", "r");
	if (f == NULL)
		return 0;
	if (fscanf(f, "%ld %ld", &pages, &resident) != 2)
		resident = 0;
	fclose(f);
	return resident * (sysconf(_SC_PAGESIZE) / 1024);
}

struct growth {
	uint64_t mallocs[2];	/* of trainer and items, after the warm-up and at the end */
	long resident[2];
	double first_loss, last_loss;
	int steps;
};

static int train(struct growth *g, struct trainer *t, struct feeder *f, int steps)
{
	static const volatile sig_atomic_t never;
	struct feeder_item *item;
	struct step_report r;
	uint64_t items = 0;
	/* Items take turns in a few slots; each of them warms up alone. */
	uint64_t seen[STEPS] = { 0 };
	for (int i = 0; i < steps && feeder_next(f, &item, &never) == 1; i++) {
		TRY(trainer_step(t, &item->batch, &r));
		uint64_t now = item->batch.arena.mallocs + item->raw.mallocs;
		if (i >= 2 * WARM && now > seen[i % WARM])
			items += now - seen[i % WARM];
		seen[i % WARM] = now;
		if (i == 0)
			g->first_loss = r.loss.total;
		g->last_loss = r.loss.total;
		if (i == WARM) {
			g->mallocs[0] = mallocs_of(t);
			g->resident[0] = resident_kib();
		}
		g->steps++;
	}
	g->mallocs[1] = mallocs_of(t) + items;
	g->resident[1] = resident_kib();
	return 0;
}

static void test_memory(const char *path, enum dtype dtype)
{
	struct stream_reader reader;
	struct trainer t;
	struct growth g = { 0 };
	struct trainer_options options = options_of();
	int steps = sanitized ? 8 : STEPS;
	options.dtype = dtype;
	if (!ok(write_data(path, (int64_t)steps * BATCH) == 0 && stream_reader_open(&reader, path, NULL) == 0, "data %s", err_get()))
		return;
	if (!ok(trainer_init(&t, &options, stream_reader_header(&reader)) == 0, "a trainer %s", err_get()))
		return;
	is_int(t.steps, steps, "the plan is the header's");
	struct feeder *f = feeder_start(&reader, &(struct feeder_param){ .dtype = dtype, .stride = t.model.head->stride, .batch_size = BATCH });
	ok(f != NULL && train(&g, &t, f, steps) == 0, "trains %s", err_get());
	is_int(g.steps, steps, "all steps");
	ok(isfinite(g.last_loss) && g.last_loss < g.first_loss, "the loss falls from %.3f to %.3f", g.first_loss, g.last_loss);
	is_int((long long)(g.mallocs[1] - g.mallocs[0]), 0, "after the first steps our code asks for no memory");
	if (!sanitized)
		ok(g.resident[1] - g.resident[0] <= 1024, "the process grows by %ld KiB in %d steps, 1024 at most",
		   g.resident[1] - g.resident[0], steps - WARM);
	if (f != NULL)
		feeder_stop(f);
	trainer_release(&t);
	stream_reader_close(&reader);
}

static void refused(const char *message, struct trainer_options options, struct stream_header header)
{
	struct trainer t;
	int status = trainer_init(&t, &options, &header);
	if (!ok(status == -1 && strstr(err_get(), message) != NULL, "refused: %s", message))
		printf("# %s\n", status == 0 ? "it was accepted" : err_get());
	if (status == 0)
		trainer_release(&t);
}

static void test_plan(void)
{
	struct trainer_options options = options_of();
	struct stream_header header = header_of(-1);
	refused("does not say how many samples will come", options, header);
	refused("fewer samples (1) than one batch (2)", options, header_of(1));
	header = header_of(10);
	header.kind = "detection";
	refused("stream of detections; trainstep wants samples", options, header);
	header = header_of(10);
	header.n_categories = 0;
	refused("no classes", options, header);
	options.steps = 7;
	struct trainer t;
	header = header_of(-1);
	if (ok(trainer_init(&t, &options, &header) == 0, "steps without a plan in the header %s", err_get())) {
		is_int(t.steps, 7, "are taken");
		trainer_release(&t);
	}
}

int main(void)
{
	char path[64];
	omp_set_num_threads(1);
	snprintf(path, sizeof path, "/tmp/trainer-test-%ld.stream", (long)getpid());
	test_plan();
	test_memory(path, DTYPE_F32);
	unlink(path);
	return tap_done();
}
