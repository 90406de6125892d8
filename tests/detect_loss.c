/* The RetinaNet loss against double-precision definitions and finite differences. */
#include "detect/box_code.h"
#include "detect/focal_kernel.h"
#include "detect/retinanet.h"

#include "base/rng.h"
#include "tests/tap.h"

#include <omp.h>
#include <stdlib.h>

enum { IMAGES = 3, LEVELS = 2, CLASSES = 5 };
static const struct detect_size grid[LEVELS] = { { 12, 16 }, { 6, 8 } };

/* Focal loss and its derivative from the definition; d loss / dx by the product rule on p and log p. */
static double focal(double x, bool one, double alpha, double gamma, double *slope)
{
	double z = one ? x : -x;	/* the logit of being right */
	double right = 1 / (1 + exp(-z)), wrong = 1 / (1 + exp(z));
	double log_right = z > 0 ? -log1p(exp(-z)) : z - log1p(exp(z)), a = one ? alpha : 1 - alpha;
	*slope = a * pow(wrong, gamma) * (gamma * right * log_right - wrong) * (one ? 1 : -1);
	return -a * pow(wrong, gamma) * log_right;
}

static void test_kernel(float gamma)
{
	enum { N = 4001 };
	static float x[N], dx[N];
	double worst_loss = 0, worst_gradient = 0, sum = 0;
	for (int i = 0; i < N; i++)
		x[i] = (float)(i - N / 2) / 50.0f;
	double got = ISA_PICK(focal_background_f32)(dx, x, N, gamma, 2.0f);
	for (int i = 0; i < N; i++) {
		double slope, want = focal((double)x[i], false, 0, (double)gamma, &slope);
		float one;
		double loss = ISA_PICK(focal_background_f32)(&one, &x[i], 1, gamma, 2.0f);
		double limit = gamma == 2.0f ? 1 : 1 + fabs((double)x[i]);
		sum += want;
		worst_loss = fmax(worst_loss, fabs(loss - want) / (fabs(want) + 1e-36) / limit);
		worst_gradient = fmax(worst_gradient, fabs((double)dx[i] - 2 * slope) / (fabs(2 * slope) + 1e-36) / limit);
	}
	ok(worst_loss < 1e-6 && worst_gradient < 1e-6, "gamma %g: relative error %.1e of the loss, %.1e of the gradient",
	   (double)gamma, worst_loss, worst_gradient);
	is_near(got / sum, 1, 1e-7, "and of the sum");
}

static void test_kernel_edges(void)
{
	float dx[4], x[4] = { NAN, INFINITY, -INFINITY, -200.0f };
	ok(isnan(ISA_PICK(focal_background_f32)(dx, x, 1, 2.0f, 1.0f)) && isnan(dx[0]), "a NaN stays one");
	ok(isinf(ISA_PICK(focal_background_f32)(dx, x + 1, 1, 2.0f, 1.0f)), "an infinite logit has an infinite loss");
	ok(ISA_PICK(focal_background_f32)(dx, x + 2, 2, 2.0f, 1.0f) == 0.0, "a very negative one has none");
	ok(ISA_PICK(focal_background_f32)(dx, x, 0, 2.0f, 1.0f) == 0.0, "no logits, no loss");
#if defined(__x86_64__)
	static float many[3000], a[3000], b[3000];
	struct rng g = rng_make(3);
	for (int i = 0; i < 3000; i++)
		many[i] = (float)rng_normal(&g) * 4.0f;
	double base = focal_background_f32_base(a, many, 3000, 1.5f, 0.3f);
	double other = ISA_PICK(focal_background_f32)(b, many, 3000, 1.5f, 0.3f);
	ok(base == other && memcmp(a, b, sizeof a) == 0, "%s and base have the same bits", isa_name(isa_level()));
#endif
}

/* A batch with random maps, objects, weights, a crowd and an image without objects. */
struct batch {
	struct arena arena;
	struct anchors anchors;
	struct detect_objects objects[IMAGES];
	struct detect_targets targets;
	struct retinanet_level level[LEVELS];
	struct retinanet_param param;
	float boxes[2][4][4];
	int32_t labels[2][4];
	uint8_t iscrowd[2][4];
	float weight[4];
};

static void map_random(struct tensor *t, struct tensor *gradient, enum dtype dtype, const int64_t dim[4], struct arena *a,
		       struct rng *g, double mean)
{
	ok(tensor_new(t, a, dtype, 4, dim) == 0 && tensor_new(gradient, a, dtype, 4, dim) == 0, "a map");
	memset(gradient->data, 0xff, tensor_bytes(gradient));
	for (int64_t i = 0; i < tensor_count(t); i++) {
		float v = (float)(mean + rng_normal(g));
		if (dtype == DTYPE_BF16)
			((uint16_t *)t->data)[i] = f32_to_bf16(v);
		else
			((float *)t->data)[i] = v;
	}
}

static void batch_init(struct batch *b, const char *preset, enum dtype dtype, bool plain)
{
	struct rng g = rng_make(11);
	memset(b, 0, sizeof *b);
	arena_init(&b->arena, 1 << 20);
	ok(retinanet_preset(&b->param, preset) == 0, "preset %s", preset);
	ok(anchors_generate(&b->anchors, &b->param.anchors, LEVELS, grid, (struct detect_size){ 96, 128 }, &b->arena) == 0, "anchors");
	for (int i = 0; i < 2; i++)
		for (int k = 0; k < 4; k++) {
			float x = (float)rng_below(&g, 70), y = (float)rng_below(&g, 40);
			float box[4] = { x, y, x + 20 + (float)rng_below(&g, 38), y + 20 + (float)rng_below(&g, 36) };
			memcpy(b->boxes[i][k], box, sizeof box);
			b->labels[i][k] = (int32_t)rng_below(&g, CLASSES);
			b->iscrowd[i][k] = i == 1 && k == 2;
			b->weight[k] = 0.5f + 0.25f * (float)k;
		}
	/* One object sits exactly on an anchor, so that codes of 0 occur. */
	anchors_get(b->boxes[0][0], &b->anchors, (6 * 16 + 7) * 9 + 3);
	b->labels[0][1] = 0;
	b->labels[0][2] = CLASSES - 1;
	for (int i = 0; i < 2; i++)
		b->objects[i] = (struct detect_objects){ .n = 4, .boxes = b->boxes[i][0], .labels = b->labels[i],
			.iscrowd = b->iscrowd[i], .weight = plain ? NULL : b->weight };
	ok(detect_targets_match(&b->targets, &b->anchors, b->objects, IMAGES, &b->param.match, &b->arena) == 0, "targets");
	for (int l = 0; l < LEVELS; l++) {
		int64_t h = grid[l].h, w = grid[l].w;
		map_random(&b->level[l].cls, &b->level[l].dcls, dtype, (int64_t[]){ IMAGES, h, w, 9 * CLASSES }, &b->arena, &g, -2);
		map_random(&b->level[l].box, &b->level[l].dbox, dtype, (int64_t[]){ IMAGES, h, w, 36 }, &b->arena, &g, 0);
	}
}

static double at(const struct tensor *t, int64_t i)
{
	return (double)(t->dtype == DTYPE_BF16 ? bf16_to_f32(((uint16_t *)t->data)[i]) : ((float *)t->data)[i]);
}

/* Loss of one anchor by the definition; gradients into dcls [K] and dbox [4] (for a sum, not normalised). */
static void naive_anchor(const struct batch *b, int image, int level, int64_t i, double loss[2], double *dcls, double *dbox)
{
	const struct retinanet_level *v = &b->level[level];
	const struct retinanet_loss_param *p = &b->param.loss;
	const struct detect_objects *o = &b->objects[image];
	int64_t row = image * (b->anchors.first[level + 1] - b->anchors.first[level]) + i;
	int32_t match = b->targets.match[image * b->anchors.n + b->anchors.first[level] + i];
	double weight = match >= 0 && o->weight ? (double)o->weight[match] : 1;
	memset(dcls, 0, CLASSES * sizeof *dcls);
	memset(dbox, 0, 4 * sizeof *dbox);
	loss[0] = loss[1] = 0;
	for (int k = 0; k < CLASSES && match != MATCH_IGNORED; k++) {
		loss[0] += weight * focal(at(&v->cls, row * CLASSES + k), match >= 0 && o->labels[match] == k, (double)p->alpha,
					  (double)p->gamma, &dcls[k]);
		dcls[k] *= weight;
	}
	if (match < 0)
		return;
	float anchor[4], code[4];
	anchors_get(anchor, &b->anchors, b->anchors.first[level] + i);
	box_encode(code, o->boxes + 4 * match, anchor, 0);
	for (int k = 0; k < 4; k++) {
		double e = at(&v->box, row * 4 + k) - (double)code[k], d = (double)p->huber_delta;
		if (p->normaliser == NORMALISE_BATCH && code[k] == 0)
			continue;
		if (d == 0) {
			loss[1] += weight * fabs(e);
			dbox[k] = weight * (e > 0 ? 1 : -1);
		} else {
			loss[1] += weight * (fabs(e) <= d ? e * e / 2 : d * (fabs(e) - d / 2));
			dbox[k] = weight * fmax(-d, fmin(d, e));
		}
	}
}

/* The whole loss by the definition; also compares the gradients: returns the worst relative to the largest. */
static double naive_loss(const struct batch *b, struct retinanet_loss *loss, double grad_scale, double *biggest)
{
	double worst = 0, n_all = 0;
	*loss = (struct retinanet_loss){ 0 };
	*biggest = 0;
	for (int n = 0; n < IMAGES; n++)
		n_all += (double)b->targets.n_foreground[n];
	for (int n = 0; n < IMAGES; n++) {
		bool batch = b->param.loss.normaliser == NORMALISE_BATCH;
		double norm = batch ? n_all + 1 : IMAGES * fmax(1, (double)b->targets.n_foreground[n]);
		double box_norm = batch ? 4 * norm : norm;
		for (int l = 0; l < LEVELS; l++) {
			int64_t count = b->anchors.first[l + 1] - b->anchors.first[l];
			for (int64_t i = 0; i < count; i++) {
				double part[2], dcls[CLASSES], dbox[4];
				naive_anchor(b, n, l, i, part, dcls, dbox);
				loss->cls += part[0] / norm;
				loss->box += part[1] / box_norm;
				for (int k = 0; k < CLASSES + 4; k++) {
					bool cls = k < CLASSES;
					double want = cls ? dcls[k] / norm : dbox[k - CLASSES] / box_norm * (double)b->param.loss.box_weight;
					double got = cls ? at(&b->level[l].dcls, (n * count + i) * CLASSES + k) :
						at(&b->level[l].dbox, (n * count + i) * 4 + k - CLASSES);
					double off = fabs(got - grad_scale * want);
					worst = off <= worst ? worst : off;
					*biggest = fmax(*biggest, fabs(grad_scale * want));
				}
			}
		}
	}
	loss->total = loss->cls + (double)b->param.loss.box_weight * loss->box;
	return worst;
}

static void test_loss(const char *preset, enum dtype dtype, bool plain)
{
	struct batch b;
	struct retinanet_loss got = { 0 }, want;
	double biggest;
	batch_init(&b, preset, dtype, plain);
	ok(retinanet_loss(&got, b.level, &b.anchors, &b.targets, CLASSES, &b.param.loss, 0.25, &b.arena) == 0, "loss of %s, %s",
	   preset, dtype_name(dtype));
	double worst = naive_loss(&b, &want, 0.25, &biggest);
	is_near(got.cls / want.cls, 1, 1e-6, "class loss");
	is_near(got.box / want.box, 1, 1e-6, "box loss");
	is_near(got.total / want.total, 1, 1e-6, "total");
	ok(worst <= biggest * (dtype == DTYPE_BF16 ? 0.004 : 1e-6), "gradients: %.1e of the largest", worst / biggest);
	arena_release(&b.arena);
}

/* The total with one number of a map changed; NaN after an error. */
static double total_at(struct batch *b, float *x, float value)
{
	struct retinanet_loss loss;
	float old = *x;
	*x = value;
	if (retinanet_loss(&loss, b->level, &b->anchors, &b->targets, CLASSES, &b->param.loss, 1, &b->arena) != 0)
		loss.total = (double)NAN;
	*x = old;
	return loss.total;
}

/* Central differences of the total; the codes at random are no corner of |x|. */
static void test_differences(const char *preset)
{
	struct batch b;
	struct retinanet_loss loss;
	double worst = 0, biggest = 0;
	int tried = 0;
	batch_init(&b, preset, DTYPE_F32, false);
	ok(retinanet_loss(&loss, b.level, &b.anchors, &b.targets, CLASSES, &b.param.loss, 1, &b.arena) == 0, "loss");
	struct rng g = rng_make(5);
	struct tensor dcls = b.level[0].dcls, dbox = b.level[0].dbox;
	ok(tensor_new(&b.level[0].dcls, &b.arena, DTYPE_F32, 4, dcls.dim) == 0 &&
	   tensor_new(&b.level[0].dbox, &b.arena, DTYPE_F32, 4, dbox.dim) == 0, "room for other gradients");
	while (tried < 200) {
		bool cls = tried % 2 == 0;
		struct tensor *x = cls ? &b.level[0].cls : &b.level[0].box, *dx = cls ? &dcls : &dbox;
		int64_t i = (int64_t)rng_below(&g, (uint64_t)tensor_count(x));
		float *v = (float *)x->data + i, high = *v + 2e-3f, low = *v - 2e-3f;
		if (!cls && at(dx, i) == 0)
			continue;
		double slope = (total_at(&b, v, high) - total_at(&b, v, low)) / ((double)high - (double)low);
		double off = fabs(slope - at(dx, i));
		worst = off <= worst ? worst : off;
		biggest = fmax(biggest, fabs(slope));
		tried++;
	}
	ok(worst < 2e-3 * biggest, "%s: gradients equal finite differences within %.1e of the largest", preset, worst / biggest);
	arena_release(&b.arena);
}

static void test_threads(void)
{
	struct batch b;
	struct retinanet_loss one, many;
	batch_init(&b, "torchvision", DTYPE_BF16, false);
	int before = omp_get_max_threads();
	size_t size = tensor_bytes(&b.level[0].dcls);
	void *kept = malloc(size);
	omp_set_num_threads(1);
	ok(retinanet_loss(&one, b.level, &b.anchors, &b.targets, CLASSES, &b.param.loss, 1, &b.arena) == 0, "one thread");
	memcpy(kept, b.level[0].dcls.data, size);
	omp_set_num_threads(4);
	ok(retinanet_loss(&many, b.level, &b.anchors, &b.targets, CLASSES, &b.param.loss, 1, &b.arena) == 0, "four threads");
	omp_set_num_threads(before);
	ok(memcmp(&one, &many, sizeof one) == 0 && memcmp(kept, b.level[0].dcls.data, size) == 0, "the same bits");
	free(kept);
	arena_release(&b.arena);
}

/* Targets and loss of the next step take no new memory. */
static void test_memory(void)
{
	struct batch b;
	struct arena step;
	struct detect_targets targets;
	struct retinanet_loss loss;
	uint64_t first = 0;
	int failed = 0;
	batch_init(&b, "torchvision", DTYPE_F32, false);
	arena_init(&step, 1 << 16);
	for (int i = 0; i < 3; i++) {
		failed += detect_targets_match(&targets, &b.anchors, b.objects, IMAGES, &b.param.match, &step) != 0;
		failed += retinanet_loss(&loss, b.level, &b.anchors, &targets, CLASSES, &b.param.loss, 1, &step) != 0;
		arena_reset(&step);
		first = i == 0 ? step.mallocs : first;
	}
	ok(failed == 0 && first > 0 && step.mallocs == first, "the second step asks the system for no memory");
	arena_release(&step);
	arena_release(&b.arena);
}

static void test_errors(void)
{
	struct batch b;
	struct retinanet_loss loss;
	batch_init(&b, "torchvision", DTYPE_F32, true);
	b.labels[1][1] = CLASSES;
	ok(retinanet_loss(&loss, b.level, &b.anchors, &b.targets, CLASSES, &b.param.loss, 1, &b.arena) == -1 &&
	   strstr(err_get(), "label 5 of image 1") != NULL, "a label out of range: %s", err_get());
	b.labels[1][1] = 0;
	b.level[1].box.dim[3] = 20;
	ok(retinanet_loss(&loss, b.level, &b.anchors, &b.targets, CLASSES, &b.param.loss, 1, &b.arena) == -1, "%s", err_get());
	b.level[1].box.dim[3] = 36;
	b.level[1].dcls.dtype = DTYPE_BF16;
	ok(retinanet_loss(&loss, b.level, &b.anchors, &b.targets, CLASSES, &b.param.loss, 1, &b.arena) == -1, "%s", err_get());
	arena_release(&b.arena);
}

int main(void)
{
	test_kernel(2.0f);
	test_kernel(1.5f);
	test_kernel(0.0f);
	test_kernel_edges();
	for (int plain = 0; plain < 2; plain++) {
		test_loss("torchvision", DTYPE_F32, plain);
		test_loss("torchvision", DTYPE_BF16, plain);
		test_loss("tpu", DTYPE_F32, plain);
		test_loss("tpu", DTYPE_BF16, plain);
	}
	test_differences("torchvision");
	test_differences("tpu");
	test_threads();
	test_memory();
	test_errors();
	return tap_done();
}
