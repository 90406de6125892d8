#include "train/teacher.h"

#include "eval/eval_set.h"
#include "train/label_report.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>

#include "base/io.h"

int teacher_hash(uint64_t *hash, const char *path)
{
	enum { PIECE = 1 << 20 };
	ssize_t got = 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return err_errno("cannot open '%s'", path);
	XXH3_state_t *state = XXH3_createState();
	void *piece = malloc(PIECE);
	if (state == NULL || piece == NULL)
		got = err_set("out of memory");
	else
		XXH3_64bits_reset(state);
	while (got >= 0 && (got = io_read(fd, path, piece, PIECE)) > 0)
		XXH3_64bits_update(state, piece, (size_t)got);
	if (got == 0)
		*hash = XXH3_64bits_digest(state);
	XXH3_freeState(state);
	free(piece);
	close(fd);
	return got == 0 ? 0 : -1;
}

struct gate {
	struct inference inf;
	struct eval_set set;
	const struct stream_header *header;
	struct arena arena;
	int64_t room;
	int64_t images, right;	/* of a classifier */
};

static int add_objects(struct gate *g, const struct detection *d)
{
	int32_t image = eval_find_image(&g->set, &d->id);
	for (int64_t i = 0; i < d->n; i++) {
		const float *b = d->boxes + 4 * i;
		double w = (double)b[2] - (double)b[0], h = (double)b[3] - (double)b[1];
		TRY(arena_grow(&g->set.dt, g->set.n_dt, &g->room, sizeof *g->set.dt, &g->arena));
		g->set.dt[g->set.n_dt++] = (struct eval_object){
			.image = image, .category = eval_find_category(&g->set, g->header->categories[d->labels[i]].id),
			.box = { (double)b[0], (double)b[1], w, h }, .area = w * h, .score = (double)d->scores[i],
		};
	}
	return 0;
}

static int on_found(void *context, const struct sample *s, const struct detection *d)
{
	struct gate *g = context;
	const float *p = d->class_scores.data;
	int64_t best = 0;
	if (p == NULL)
		return add_objects(g, d);
	for (int64_t k = 1; k < d->class_scores.dim[0]; k++)
		if (p[k] > p[best])
			best = k;
	g->images += s->class_label >= 0;
	g->right += s->class_label == best;
	return 0;
}

static int finish(double *figure, struct gate *g, const char *truth)
{
	struct eval_result result;
	if (g->inf.model.head->classifies) {
		*figure = g->images > 0 ? (double)g->right / (double)g->images : 0;
		return g->images > 0 ? 0 : err_set("no image of '%s' has a class", truth);
	}
	struct eval_input in = {
		.type = &eval_type_bbox, .n_images = g->set.n_images, .n_categories = g->set.n_categories, .gt = g->set.gt,
		.n_gt = g->set.n_gt, .dt = g->set.dt, .n_dt = g->set.n_dt, .threads = 1,
	};
	TRY(eval_run(&result, &in, &g->arena));
	*figure = result.stats[0];
	return *figure >= 0 ? 0 : err_set("no image of '%s' has an object", truth);
}

static int run(double *figure, struct gate *g, const char *truth)
{
	struct stream_reader r;
	const struct checkpoint *c = &g->inf.checkpoint;
	eval_set_init(&g->set, &g->arena);
	if (!g->inf.model.head->classifies)
		TRY(eval_read_truth(&g->set, truth));
	TRY(stream_reader_open(&r, truth, NULL));
	g->header = stream_reader_header(&r);
	int status = label_classes_agree("the teacher", c->categories, c->n_categories, truth, g->header->categories, g->header->n_categories);
	if (status == 0)
		status = inference_run_stream(&g->inf, &r);
	if (status == 0)
		status = finish(figure, g, truth);
	stream_reader_close(&r);
	return status;
}

int teacher_figure(double *figure, const char *model, const struct inference_options *o, const char *truth)
{
	struct gate g = { .room = 0 };
	struct inference_options options = *o;
	options.limits.score_threshold = 0.05f;
	options.limits.max_detections = 100;
	TRY(inference_open(&g.inf, model, &options));
	arena_init(&g.arena, 1 << 20);
	g.inf.found = on_found;
	g.inf.context = &g;
	int status = run(figure, &g, truth);
	inference_close(&g.inf);
	arena_release(&g.arena);
	return status == 0 ? 0 : err_context("the gate '%s'", truth);
}
