/*
 * What lib/detect makes of a case written by tests/parity/detect.py, for comparison with torchvision.
 * Usage: detect_pieces PRESET CASE RESULT. Both files are plain numbers in the order of read_case() and write_result().
 */
#include "detect/postprocess.h"
#include "detect/retinanet.h"

#include "tests/tap.h"

#include <stdlib.h>

enum { MAX_IMAGES = 16 };

struct parity_case {
	struct arena arena;
	int64_t n_images, n_classes, base_size, n_levels;
	struct detect_size image, grid[DETECT_MAX_LEVELS], valid[MAX_IMAGES];
	struct detect_objects objects[MAX_IMAGES];
	struct retinanet_level level[DETECT_MAX_LEVELS];
	struct tensor cls[DETECT_MAX_LEVELS], box[DETECT_MAX_LEVELS];
};

static int get(void *to, size_t size, size_t n, FILE *f)
{
	return fread(to, size, n, f) == n ? 0 : err_set("the case is too short");
}

static int get_objects(struct detect_objects *o, struct arena *a, FILE *f)
{
	TRY(get(&o->n, sizeof o->n, 1, f));
	float *boxes = arena_alloc(a, (size_t)o->n * 4 * sizeof *boxes);
	int32_t *labels = arena_alloc(a, (size_t)o->n * sizeof *labels);
	if (boxes == NULL || labels == NULL)
		return -1;
	o->boxes = boxes;
	o->labels = labels;
	TRY(get(boxes, sizeof *boxes, (size_t)o->n * 4, f));
	return get(labels, sizeof *labels, (size_t)o->n, f);
}

static int get_map(struct tensor *x, struct tensor *dx, int64_t channels, const struct parity_case *c, int level,
		   struct arena *a, FILE *f)
{
	int64_t dim[4] = { c->n_images, c->grid[level].h, c->grid[level].w, channels };
	TRY(tensor_new(x, a, DTYPE_F32, 4, dim));
	TRY(tensor_new(dx, a, DTYPE_F32, 4, dim));
	return get(x->data, sizeof(float), (size_t)tensor_count(x), f);
}

static int read_case(struct parity_case *c, FILE *f)
{
	TRY(get(&c->n_images, sizeof(int64_t), 4, f));
	if (c->n_images > MAX_IMAGES || c->n_levels > DETECT_MAX_LEVELS)
		return err_set("the case is too big");
	TRY(get(&c->image, sizeof c->image, 1, f));
	TRY(get(c->grid, sizeof *c->grid, (size_t)c->n_levels, f));
	TRY(get(c->valid, sizeof *c->valid, (size_t)c->n_images, f));
	for (int64_t i = 0; i < c->n_images; i++)
		TRY(get_objects(&c->objects[i], &c->arena, f));
	for (int l = 0; l < (int)c->n_levels; l++) {
		struct retinanet_level *v = &c->level[l];
		TRY(get_map(&v->cls, &v->dcls, ANCHORS_PER_CELL * c->n_classes, c, l, &c->arena, f));
		TRY(get_map(&v->box, &v->dbox, ANCHORS_PER_CELL * 4, c, l, &c->arena, f));
		c->cls[l] = v->cls;
		c->box[l] = v->box;
	}
	return 0;
}

static void put(FILE *f, const void *from, size_t size, int64_t n)
{
	fwrite(from, size, (size_t)n, f);
}

static void write_result(FILE *f, const struct parity_case *c, const struct anchors *a, const struct detect_targets *t,
			 const struct retinanet_loss *loss, const struct detect_result *result)
{
	put(f, &a->n, sizeof a->n, 1);
	const float *corner[4] = { a->x0, a->y0, a->x1, a->y1 };
	for (int k = 0; k < 4; k++)
		put(f, corner[k], sizeof(float), a->n);
	put(f, t->match, sizeof *t->match, c->n_images * a->n);
	put(f, loss, sizeof *loss, 1);
	for (int l = 0; l < (int)c->n_levels; l++) {
		put(f, c->level[l].dcls.data, sizeof(float), tensor_count(&c->level[l].dcls));
		put(f, c->level[l].dbox.data, sizeof(float), tensor_count(&c->level[l].dbox));
	}
	for (int64_t i = 0; i < c->n_images; i++) {
		put(f, &result[i].n, sizeof result[i].n, 1);
		put(f, result[i].boxes, 4 * sizeof(float), result[i].n);
		put(f, result[i].labels, sizeof(int32_t), result[i].n);
		put(f, result[i].scores, sizeof(float), result[i].n);
	}
}

static int run(const char *preset, FILE *in, FILE *out)
{
	static struct parity_case c;
	struct retinanet_param p;
	struct postprocess_param post = postprocess_default();
	struct anchors anchors;
	struct detect_targets targets;
	struct retinanet_loss loss;
	struct detect_result result[MAX_IMAGES];
	arena_init(&c.arena, 1 << 20);
	TRY(retinanet_preset(&p, preset));
	TRY(read_case(&c, in));
	p.anchors.base_size = (int)c.base_size;
	p.match.skip_covered = false;
	TRY(anchors_generate(&anchors, &p.anchors, (int)c.n_levels, c.grid, c.image, &c.arena));
	TRY(detect_targets_match(&targets, &anchors, c.objects, (int)c.n_images, &p.match, &c.arena));
	TRY(retinanet_loss(&loss, c.level, &anchors, &targets, (int)c.n_classes, &p.loss, 1, &c.arena));
	TRY(retinanet_postprocess(result, c.cls, c.box, &anchors, (int)c.n_classes, c.valid, &post, &c.arena));
	write_result(out, &c, &anchors, &targets, &loss, result);
	arena_release(&c.arena);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc != 4)
		return tap_skip_all("run by tests/parity/detect.py");
	FILE *in = fopen(argv[2], "rb"), *out = fopen(argv[3], "wb");
	if (in == NULL || out == NULL || run(argv[1], in, out) != 0 || fclose(out) != 0) {
		fprintf(stderr, "detect_pieces: %s\n", err_get());
		return 1;
	}
	fclose(in);
	return 0;
}
