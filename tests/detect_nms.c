/* NMS and postprocessing against definitions written out naively. */
#include "detect/box_code.h"
#include "detect/nms.h"
#include "detect/postprocess.h"
#include "detect/retinanet.h"

#include "base/rng.h"
#include "tests/tap.h"

#include <stdlib.h>

enum { IMAGES = 2, LEVELS = 3, CLASSES = 4, MAX_CANDIDATES = 100000 };
static const struct detect_size grid[LEVELS] = { { 16, 20 }, { 8, 10 }, { 4, 5 } };

static double iou(const float *a, const float *b)
{
	double w = fmin((double)a[2], (double)b[2]) - fmax((double)a[0], (double)b[0]);
	double h = fmin((double)a[3], (double)b[3]) - fmax((double)a[1], (double)b[1]);
	double area_a = (double)(a[2] - a[0]) * (double)(a[3] - a[1]), area_b = (double)(b[2] - b[0]) * (double)(b[3] - b[1]);
	return w <= 0 || h <= 0 ? 0 : w * h / (area_a + area_b - w * h);
}

static void test_nms(void)
{
	/* 1 overlaps 0 by .5 exactly, 2 by more; 3 is of another class; 4 overlaps only the suppressed 2. */
	const float boxes[6][4] = { { 0, 0, 10, 10 }, { 0, 0, 10, 5 }, { 0, 2, 10, 12 }, { 0, 0, 10, 10 }, { 0, 6, 10, 16 }, { 3, 3, 3, 9 } };
	const int32_t labels[6] = { 1, 1, 1, 2, 1, 1 };
	int64_t keep[6];
	is_int(nms(keep, boxes[0], labels, 6, 0.5f, 6), 5, "five of six are kept");
	ok(keep[0] == 0 && keep[1] == 1 && keep[2] == 3 && keep[3] == 4 && keep[4] == 5,
	   "an IoU equal to the limit, another class, a victim's neighbour and an empty box stay");
	is_int(nms(keep, boxes[0], labels, 6, 0.5f, 2), 2, "at most two");
	is_int(nms(keep, boxes[0], labels, 6, 0.2f, 6), 3, "a lower limit suppresses more");
	is_int(nms(keep, boxes[0], labels, 0, 0.5f, 6), 0, "of none, none");
}

struct head {
	struct arena arena;
	struct anchors anchors;
	struct tensor cls[LEVELS], box[LEVELS];
	struct detect_size valid[IMAGES];
};

static void put(struct tensor *t, int64_t i, float v)
{
	if (t->dtype == DTYPE_BF16)
		((uint16_t *)t->data)[i] = f32_to_bf16(v);
	else
		((float *)t->data)[i] = v;
}

static float at(const struct tensor *t, int64_t i)
{
	return t->dtype == DTYPE_BF16 ? bf16_to_f32(((uint16_t *)t->data)[i]) : ((float *)t->data)[i];
}

static void head_init(struct head *h, enum dtype dtype, double mean)
{
	struct rng g = rng_make(21);
	struct anchor_param p = { .kind = ANCHOR_ROUNDED, .base_size = 32 };
	bool good = true;
	arena_init(&h->arena, 1 << 20);
	good = anchors_generate(&h->anchors, &p, LEVELS, grid, (struct detect_size){ 128, 160 }, &h->arena) == 0;
	for (int l = 0; l < LEVELS && good; l++) {
		int64_t dim[4] = { IMAGES, grid[l].h, grid[l].w, 9 * CLASSES };
		good = good && tensor_new(&h->cls[l], &h->arena, dtype, 4, dim) == 0;
		dim[3] = 36;
		good = good && tensor_new(&h->box[l], &h->arena, dtype, 4, dim) == 0;
		for (int64_t i = 0; i < tensor_count(&h->cls[l]); i++)
			put(&h->cls[l], i, (float)(mean + 1.5 * rng_normal(&g)));
		for (int64_t i = 0; i < tensor_count(&h->box[l]); i++)
			put(&h->box[l], i, (float)(0.3 * rng_normal(&g)));
	}
	ok(good, "a head in %s", dtype_name(dtype));
	h->valid[0] = (struct detect_size){ 120, 160 };
	h->valid[1] = (struct detect_size){ 128, 101 };
}

struct found {
	float score, box[4];
	int32_t label;
	int64_t order;	/* level, then index: decides between equal scores */
};

static int by_score(const void *a, const void *b)
{
	const struct found *x = a, *y = b;
	if (x->score != y->score)
		return x->score > y->score ? -1 : 1;
	return x->order < y->order ? -1 : x->order > y->order;
}

/* Keep the first topk of each class of n sorted ones; returns how many remain. */
static int64_t cut_classes(struct found *all, int64_t n, int64_t topk)
{
	int64_t count[CLASSES] = { 0 }, kept = 0;
	for (int64_t i = 0; i < n; i++)
		if (count[all[i].label]++ < topk)
			all[kept++] = all[i];
	return kept;
}

/* Sort everything, cut, decode, suppress with no early end; returns how many remain at the front of `all`. */
static int64_t naive(struct found *all, const struct head *h, int64_t image, const struct postprocess_param *p)
{
	int64_t n = 0, kept = 0;
	for (int l = 0; l < LEVELS; l++) {
		int64_t start = n, count = grid[l].h * grid[l].w * 9;
		for (int64_t i = 0; i < count * CLASSES; i++) {
			float anchor[4], code[4];
			struct found *f = &all[n];
			*f = (struct found){ .score = 1.0f / (1.0f + expf(-at(&h->cls[l], image * count * CLASSES + i))),
				.label = (int32_t)(i % CLASSES), .order = l * 10000000 + i };
			if (!(f->score > p->score_threshold))
				continue;
			anchors_get(anchor, &h->anchors, h->anchors.first[l] + i / CLASSES);
			for (int k = 0; k < 4; k++)
				code[k] = at(&h->box[l], (image * count + i / CLASSES) * 4 + k);
			box_decode(f->box, code, anchor);
			for (int k = 0; k < 4; k++)
				f->box[k] = fminf(fmaxf(f->box[k], 0),
						  (float)(k % 2 ? h->valid[image].h : h->valid[image].w) - p->clip_margin);
			n++;
		}
		qsort(all + start, (size_t)(n - start), sizeof *all, by_score);
		if (p->topk_of == TOPK_OF_LEVEL)
			n = n - start > p->topk ? start + p->topk : n;
	}
	qsort(all, (size_t)n, sizeof *all, by_score);
	if (p->topk_of == TOPK_OF_CLASS)
		n = cut_classes(all, n, p->topk);
	for (int64_t i = 0; i < n; i++) {
		bool good = true;
		for (int64_t j = 0; j < kept; j++)
			good = good && !(all[j].label == all[i].label && iou(all[j].box, all[i].box) > (double)p->nms_iou);
		if (good)
			all[kept++] = all[i];
	}
	return kept < p->max_detections ? kept : p->max_detections;
}

static void test_postprocess(enum dtype dtype, double mean, struct postprocess_param p, const char *name)
{
	struct head h;
	struct detect_result result[IMAGES];
	struct found *all = malloc(MAX_CANDIDATES * sizeof *all);
	int64_t different = 0, total = 0;
	head_init(&h, dtype, mean);
	ok(retinanet_postprocess(result, h.cls, h.box, &h.anchors, CLASSES, h.valid, &p, &h.arena) == 0, "%s", name);
	for (int i = 0; i < IMAGES; i++) {
		int64_t n = naive(all, &h, i, &p);
		is_int(result[i].n, n, "the number of detections");
		for (int64_t k = 0; k < n && k < result[i].n; k++)
			different += result[i].scores[k] != all[k].score || result[i].labels[k] != all[k].label ||
				memcmp(result[i].boxes + 4 * k, all[k].box, sizeof all[k].box) != 0;
		total += n;
	}
	is_int(different, 0, "each one equal");
	ok(total > 0 || mean < -50, "%lld detections", (long long)total);
	free(all);
	arena_release(&h.arena);
}

static void test_errors(void)
{
	struct head h;
	struct detect_result result[IMAGES];
	struct postprocess_param p = postprocess_default();
	head_init(&h, DTYPE_F32, 0);
	p.topk = 0;
	ok(retinanet_postprocess(result, h.cls, h.box, &h.anchors, CLASSES, h.valid, &p, &h.arena) == -1, "%s", err_get());
	p = postprocess_default();
	p.score_threshold = 1.0f;
	ok(retinanet_postprocess(result, h.cls, h.box, &h.anchors, CLASSES, h.valid, &p, &h.arena) == -1, "%s", err_get());
	p = postprocess_default();
	ok(retinanet_postprocess(result, h.cls, h.box, &h.anchors, CLASSES + 1, h.valid, &p, &h.arena) == -1, "%s", err_get());
	for (int l = 0; l < LEVELS; l++)
		for (int64_t i = 0; i < tensor_count(&h.cls[l]); i++)
			put(&h.cls[l], i, NAN);
	ok(retinanet_postprocess(result, h.cls, h.box, &h.anchors, CLASSES, h.valid, &p, &h.arena) == 0 &&
	   result[0].n == 0 && result[1].n == 0, "NaNs are no detections");
	arena_release(&h.arena);
}

int main(void)
{
	struct postprocess_param p = postprocess_default();
	test_nms();
	test_postprocess(DTYPE_F32, -4, p, "f32, defaults");
	test_postprocess(DTYPE_BF16, -4, p, "bf16, where scores are often equal");
	test_postprocess(DTYPE_F32, 1, p, "most scores high");
	test_postprocess(DTYPE_F32, -60, p, "none above the threshold");
	p = (struct postprocess_param){ .score_threshold = 0.0f, .nms_iou = 0.3f, .topk = 50, .max_detections = 1000 };
	test_postprocess(DTYPE_F32, -4, p, "no threshold, 50 a level, everything that NMS leaves");
	struct retinanet_param tpu;
	ok(retinanet_preset(&tpu, "tpu") == 0 && tpu.detect.topk == 5000 && tpu.detect.topk_of == TOPK_OF_CLASS &&
	   tpu.detect.clip_margin == 1.0f, "the preset tpu");
	test_postprocess(DTYPE_F32, -4, tpu.detect, "f32, tpu");
	test_postprocess(DTYPE_BF16, 1, tpu.detect, "bf16, tpu, most scores high");
	tpu.detect.topk = 20;
	tpu.detect.nms_iou = 0.9f;
	test_postprocess(DTYPE_F32, 1, tpu.detect, "f32, tpu, 20 of a class");
	test_errors();
	return tap_done();
}
