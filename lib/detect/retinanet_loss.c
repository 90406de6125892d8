#include "detect/retinanet_loss.h"

#include "detect/box_code.h"
#include "detect/focal_kernel.h"

#include <string.h>

/* Anchors of one task. Fixed, because the order of the sums follows from it. */
enum { TASK_ANCHORS = 1024 };

/* A run of anchors of one level of one image, and its part of the sums (not normalised). */
struct task {
	int level, image;
	int64_t first;	/* within the level */
	int64_t n;
	double cls, box;
};

struct batch {
	struct retinanet_level *levels;
	const struct anchors *anchors;
	const struct detect_targets *targets;
	const struct retinanet_loss_param *p;
	int n_classes;
	double grad_scale;
	double *cls_norm, *box_norm;	/* [N] factors of an image's sums */
	double *weight;	/* [N] of an image in the total */
};

static float map_get(const struct tensor *t, int64_t i)
{
	return t->dtype == DTYPE_BF16 ? bf16_to_f32(((const uint16_t *)t->data)[i]) : ((const float *)t->data)[i];
}

static void map_put(struct tensor *t, int64_t i, float value)
{
	if (t->dtype == DTYPE_BF16)
		((uint16_t *)t->data)[i] = f32_to_bf16(value);
	else
		((float *)t->data)[i] = value;
}

static void map_zero(struct tensor *t, int64_t first, int64_t n)
{
	size_t size = dtype_size(t->dtype);
	memset((char *)t->data + (size_t)first * size, 0, (size_t)n * size);
}

/* Focal loss, without alpha, of n logits from `first` on whose targets are 0. */
static double background(struct retinanet_level *level, int64_t first, int64_t n, float gamma, double grad_scale)
{
	if (level->cls.dtype == DTYPE_BF16)
		return ISA_PICK(focal_background_bf16)((uint16_t *)level->dcls.data + first,
			(const uint16_t *)level->cls.data + first, n, gamma, (float)grad_scale);
	return ISA_PICK(focal_background_f32)((float *)level->dcls.data + first,
		(const float *)level->cls.data + first, n, gamma, (float)grad_scale);
}

/* Class loss, with alpha, of an anchor whose K logits start at `first` and whose label is known. */
static double matched_cls(const struct batch *b, struct retinanet_level *level, int64_t first, int label, double grad_scale)
{
	double alpha = b->p->alpha;
	float gamma = b->p->gamma, gradient;
	int rest = b->n_classes - label - 1;
	double loss = (1.0 - alpha) * background(level, first, label, gamma, (1.0 - alpha) * grad_scale);
	loss += (1.0 - alpha) * background(level, first + label + 1, rest, gamma, (1.0 - alpha) * grad_scale);
	float x = -map_get(&level->cls, first + label);
	loss += alpha * ISA_PICK(focal_background_f32)(&gradient, &x, 1, gamma, (float)(-alpha * grad_scale));
	map_put(&level->dcls, first + label, gradient);
	return loss;
}

/* Box loss of an anchor whose four codes start at `first`. */
static double matched_box(const struct batch *b, struct retinanet_level *level, int64_t first, const float box[4],
			  const float anchor[4], double grad_scale)
{
	double delta = b->p->huber_delta, loss = 0.0;
	float target[4];
	box_encode(target, box, anchor, b->p->box_eps);
	for (int i = 0; i < 4; i++) {
		if (b->p->normaliser == NORMALISE_BATCH && target[i] == 0.0f)
			continue;
		float error = map_get(&level->box, first + i) - target[i];
		double size = fabs((double)error), sign = error > 0.0f ? 1.0 : error < 0.0f ? -1.0 : 0.0;
		double slope = sign;
		if (delta <= 0.0) {
			loss += size;
		} else if (size <= delta) {
			loss += 0.5 * size * size;
			slope = (double)error;
		} else {
			loss += delta * (size - 0.5 * delta);
			slope = delta * sign;
		}
		map_put(&level->dbox, first + i, (float)(grad_scale * slope));
	}
	return loss;
}

static void matched_anchor(const struct batch *b, struct task *t, int64_t anchor, int64_t row, int64_t object)
{
	const struct detect_objects *o = &b->targets->objects[t->image];
	struct retinanet_level *level = &b->levels[t->level];
	double weight = o->weight == NULL ? 1.0 : (double)o->weight[object];
	double scale = b->grad_scale * b->weight[t->image] * weight;
	double cls_scale = scale * b->cls_norm[t->image];
	double box_scale = scale * b->box_norm[t->image] * (double)b->p->box_weight;
	float reference[4];
	anchors_get(reference, b->anchors, anchor);
	t->cls += weight * matched_cls(b, level, row * b->n_classes, o->labels[object], cls_scale);
	t->box += weight * matched_box(b, level, row * 4, o->boxes + 4 * object, reference, box_scale);
}

static void run_task(const struct batch *b, struct task *t)
{
	struct retinanet_level *level = &b->levels[t->level];
	int64_t in_level = b->anchors->first[t->level + 1] - b->anchors->first[t->level];
	int64_t anchor = b->anchors->first[t->level] + t->first;	/* of all levels */
	int64_t row = t->image * in_level + t->first;	/* in the maps, as [N*H*W*A][K or 4] */
	const int32_t *match = b->targets->match + t->image * b->targets->n_anchors + anchor;
	double other = 1.0 - (double)b->p->alpha, scale = other * b->grad_scale * b->weight[t->image] * b->cls_norm[t->image];
	int64_t k = b->n_classes, i = 0;
	map_zero(&level->dbox, row * 4, t->n * 4);
	while (i < t->n) {
		int64_t start = i;
		while (i < t->n && match[i] == MATCH_BACKGROUND)
			i++;
		t->cls += other * background(level, (row + start) * k, (i - start) * k, b->p->gamma, scale);
		if (i == t->n)
			break;
		if (match[i] == MATCH_IGNORED)
			map_zero(&level->dcls, (row + i) * k, k);
		else
			matched_anchor(b, t, anchor + i, row + i, match[i]);
		i++;
	}
}

static int check_map(const struct tensor *t, const char *name, const struct batch *b, int level, int64_t channels)
{
	const struct anchors *a = b->anchors;
	struct tensor want = tensor_shape(b->levels[0].cls.dtype, 4, (int64_t[]){ b->targets->n_images,
		a->grid[level].h, a->grid[level].w, channels });
	char got_text[96], want_text[96];
	if (t->data == NULL || !tensor_same_shape(t, &want))
		return err_set("retinanet_loss: %s of level %d is %s %s, not %s %s", name, level, dtype_name(t->dtype),
			       tensor_shape_text(t, got_text), dtype_name(want.dtype), tensor_shape_text(&want, want_text));
	return 0;
}

static int check(const struct batch *b)
{
	enum dtype dtype = b->levels[0].cls.dtype;
	if (dtype != DTYPE_F32 && dtype != DTYPE_BF16)
		return err_set("retinanet_loss: maps must be f32 or bf16, not %s", dtype_name(dtype));
	if (b->n_classes < 1)
		return err_set("retinanet_loss: there must be a class at least");
	if (b->targets->n_anchors != b->anchors->n)
		return err_set("retinanet_loss: targets of other anchors");
	for (int l = 0; l < b->anchors->n_levels; l++) {
		TRY(check_map(&b->levels[l].cls, "cls", b, l, (int64_t)ANCHORS_PER_CELL * b->n_classes));
		TRY(check_map(&b->levels[l].dcls, "dcls", b, l, (int64_t)ANCHORS_PER_CELL * b->n_classes));
		TRY(check_map(&b->levels[l].box, "box", b, l, (int64_t)ANCHORS_PER_CELL * 4));
		TRY(check_map(&b->levels[l].dbox, "dbox", b, l, (int64_t)ANCHORS_PER_CELL * 4));
	}
	for (int i = 0; i < b->targets->n_images; i++) {
		const struct detect_objects *o = &b->targets->objects[i];
		for (int64_t k = 0; k < o->n; k++)
			if (o->labels[k] < 0 || o->labels[k] >= b->n_classes)
				return err_set("retinanet_loss: label %d of image %d of the batch is not one of %d classes",
					       o->labels[k], i, b->n_classes);
	}
	return 0;
}

static int normalisers(struct batch *b, struct arena *scratch)
{
	int n = b->targets->n_images;
	double n_batch = 0.0;
	b->cls_norm = arena_alloc(scratch, (size_t)n * sizeof *b->cls_norm);
	b->box_norm = arena_alloc(scratch, (size_t)n * sizeof *b->box_norm);
	b->weight = arena_alloc(scratch, (size_t)n * sizeof *b->weight);
	if (b->cls_norm == NULL || b->box_norm == NULL || b->weight == NULL)
		return -1;
	for (int i = 0; i < n; i++)
		n_batch += (double)b->targets->n_foreground[i];
	double n_images = n;
	if (b->p->step_images > 0) {
		n_images = (double)b->p->step_images;
		n_batch = (double)b->p->step_foreground;
	}
	for (int i = 0; i < n; i++) {
		double n_image = (double)b->targets->n_foreground[i];
		const struct retinanet_share *share = b->p->shares != NULL ? &b->p->shares[i] : NULL;
		b->weight[i] = share != NULL ? share->weight : 1.0;
		n_images = share != NULL ? (double)share->images : n_images;
		n_batch = share != NULL ? (double)share->foreground : n_batch;
		bool whole = b->p->normaliser == NORMALISE_BATCH;
		b->cls_norm[i] = whole ? 1.0 / (n_batch + 1.0) : 1.0 / (n_images * (n_image > 1.0 ? n_image : 1.0));
		b->box_norm[i] = whole ? b->cls_norm[i] / 4.0 : b->cls_norm[i];
	}
	return 0;
}

static struct task *list_tasks(int64_t *n_tasks, const struct batch *b, struct arena *scratch)
{
	const struct anchors *a = b->anchors;
	int n_images = b->targets->n_images;
	int64_t n = 0;
	for (int l = 0; l < a->n_levels; l++)
		n += (a->first[l + 1] - a->first[l] + TASK_ANCHORS - 1) / TASK_ANCHORS * n_images;
	struct task *tasks = arena_calloc(scratch, (size_t)n, sizeof *tasks);
	if (tasks == NULL)
		return NULL;
	*n_tasks = n;
	n = 0;
	for (int l = 0; l < a->n_levels; l++)
		for (int i = 0; i < n_images; i++) {
			int64_t in_level = a->first[l + 1] - a->first[l];
			for (int64_t first = 0; first < in_level; first += TASK_ANCHORS)
				tasks[n++] = (struct task){ .level = l, .image = i, .first = first,
					.n = in_level - first < TASK_ANCHORS ? in_level - first : TASK_ANCHORS };
		}
	return tasks;
}

int retinanet_loss(struct retinanet_loss *loss, struct retinanet_level *levels, const struct anchors *anchors,
		   const struct detect_targets *targets, int n_classes, const struct retinanet_loss_param *p,
		   double grad_scale, struct arena *scratch)
{
	struct batch b = { .levels = levels, .anchors = anchors, .targets = targets, .p = p, .n_classes = n_classes,
			   .grad_scale = grad_scale };
	int64_t n_tasks;
	TRY(check(&b));
	TRY(normalisers(&b, scratch));
	struct task *tasks = list_tasks(&n_tasks, &b, scratch);
	if (tasks == NULL)
		return -1;
#pragma omp parallel for schedule(dynamic)
	for (int64_t i = 0; i < n_tasks; i++)
		run_task(&b, &tasks[i]);
	*loss = (struct retinanet_loss){ 0 };
	for (int i = 0; p->image_loss != NULL && i < targets->n_images; i++)
		p->image_loss[i] = 0;
	for (int64_t i = 0; i < n_tasks; i++) {
		int image = tasks[i].image;
		double cls = tasks[i].cls * b.cls_norm[image], box = tasks[i].box * b.box_norm[image];
		loss->cls += cls * b.weight[image];
		loss->box += box * b.weight[image];
		if (p->image_loss != NULL)
			p->image_loss[image] += cls + (double)p->box_weight * box;
	}
	loss->total = loss->cls + (double)p->box_weight * loss->box;
	return 0;
}
