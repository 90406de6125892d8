/*
 * What is frozen costs no gradient work: operations are counted and compared with what the layers need, and what is trained gets
 * the gradient that it gets when all is trained.
 */
#include "model/model.h"
#include "tests/tap.h"
#include "train/param_groups.h"

#include <omp.h>
#include <stdlib.h>

enum { SIDE = 64, BATCH = 2, CLASSES = 3 };

/* A step's gradients and costs. */
struct outcome {
	struct model m;
	struct tape t;
	double loss, flops;
};

static void fill_batch(struct batch *b, const struct model *m)
{
	static uint8_t pixels[SIDE * SIDE * 3];
	static const float box[4] = { 8, 10, 40, 36 };
	static const int32_t label[1] = { 1 };
	unsigned random = 1;
	batch_init(b);
	if (batch_begin(b, DTYPE_F32, m->head->stride, BATCH) != 0)
		abort();
	for (int k = 0; k < BATCH; k++) {
		struct sample s;
		for (int i = 0; i < SIDE * SIDE * 3; i++) {
			random = random * 1664525u + 1013904223u;
			pixels[i] = (uint8_t)(random >> 25);
		}
		sample_init(&s);
		s.pixels = tensor_view(DTYPE_U8, 3, (int64_t[]){ SIDE, SIDE, 3 }, pixels);
		s.class_label = k;
		s.n = 1;
		s.boxes = box;
		s.labels = label;
		if (batch_add(b, &s) != 0)
			abort();
	}
	if (batch_finish(b) != 0)
		abort();
}

static void run(struct outcome *o, const char *name, const struct param_rules *rules, bool recompute)
{
	struct model_spec spec = { .name = name, .n_classes = CLASSES, .dtype = DTYPE_F32, .preset = "torchvision", .anchor_size = 16 };
	struct model_loss loss;
	struct batch b;
	tape_init(&o->t);
	if (model_create(&o->m, &spec) != 0 || param_rules_apply(rules, &o->m.params) != 0 ||
	    param_set_randomise(&o->m.params, 7) != 0 || param_set_prepare_training(&o->m.params, false) != 0)
		abort();
	fill_batch(&b, &o->m);
	o->t.recompute = recompute;
	param_set_begin_step(&o->m.params);
	tape_begin(&o->t, true, 0);
	if (o->m.head->loss(&o->m, &o->t, &b, &loss) != 0 || tape_backward(&o->t) != 0)
		abort();
	param_set_finish_gradients(&o->m.params);
	o->loss = loss.total;
	o->flops = o->t.cost.flops;
	batch_release(&b);
}

static void finish(struct outcome *o)
{
	model_release(&o->m);
	tape_release(&o->t);
}

/* Trained parameters have the same gradients in both, bit for bit; how many there are. */
static int same_gradients(const struct outcome *part, const struct outcome *all)
{
	int n = 0;
	for (const struct param *p = part->m.params.first; p != NULL; p = p->next) {
		const struct param *q = param_find(&all->m.params, p->name);
		if (!p->trainable)
			continue;
		if (memcmp(p->grad, q->grad, tensor_bytes(&p->value)) != 0)
			return -1;
		n++;
	}
	return n;
}

/* Operations of the convolutions of ResNet-18 at SIDE pixels, forward, by their shapes. */
static double conv_flops(bool stem, int first_stage)
{
	double sum = stem ? 2.0 * 64 * 3 * 49 * (SIDE / 2) * (SIDE / 2) : 0;
	for (int stage = first_stage; stage <= 4; stage++) {
		double co = 64 << (stage - 1), ci = stage == 1 ? 64 : co / 2, pixels = pow(SIDE / 2 >> stage, 2);
		sum += 2 * pixels * (co * ci * 9 + 3 * co * co * 9 + (stage > 1 ? co * ci : 0));
	}
	return BATCH * sum;
}

static void test_classifier(bool recompute)
{
	const char *name = "classify-resnet18-gn", *how = recompute ? "recomputed: " : "";
	struct option_list fc = { .n = 1, .value = { "fc" } }, front = { .n = 3, .value = { "conv1", "bn1", "layer[12]" } };
	struct param_rules none = { 0 }, probe = { .train_only = &fc }, half = { .freeze = &front };
	struct outcome all, probed, halved;
	run(&all, name, &none, false);
	run(&probed, name, &probe, recompute);
	run(&halved, name, &half, recompute);
	ok(probed.loss == all.loss && halved.loss == all.loss, "%sforward is the same", how);
	is_int(same_gradients(&probed, &all), 2, "a linear probe trains two tensors, with the same gradients");
	is_int(same_gradients(&halved, &all), 2 + 2 * 15, "half of a network has the same gradients");
	/* Norms, pooling and the rest are within a few per cent of the convolutions. */
	double forward = conv_flops(true, 1);
	ok(fabs(all.flops / (3 * forward) - 1) < 0.05, "%sall: %.3f times forward, backward twice that", how, all.flops / forward);
	ok(fabs(probed.flops / forward - 1) < 0.05, "%sa probe: forward and no more, %.3f", how, probed.flops / forward);
	double wanted = forward + 2 * conv_flops(false, 3);
	ok(fabs(halved.flops / wanted - 1) < 0.05, "%shalf: forward, and backward of two stages, %.3f of that", how, halved.flops / wanted);
	finish(&all);
	finish(&probed);
	finish(&halved);
}

static void test_detector(void)
{
	const char *name = "retinanet-resnet18-fpn-bn";
	struct option_list head = { .n = 1, .value = { "head" } };
	struct param_rules probe = { .train_only = &head }, bn = { .freeze_bn = true };
	struct outcome kept, plain, again, frozen;
	run(&kept, name, &probe, false);
	run(&again, name, &probe, true);
	ok(kept.loss == again.loss && same_gradients(&kept, &again) == 20, "only heads trained, recomputed or not: the same gradients");
	run(&plain, name, &bn, false);
	run(&frozen, "retinanet-resnet18-fpn-frozenbn", &(struct param_rules){ 0 }, false);
	ok(plain.loss == frozen.loss && same_gradients(&frozen, &plain) > 40, "frozen batch norms are the norm frozenbn");
	const struct param *mean = param_find(&plain.m.params, "backbone.body.bn1.running_mean");
	bool still = true;
	for (int64_t i = 0; i < tensor_count(&mean->value); i++)
		still &= ((const float *)mean->value.data)[i] == 0;
	ok(still, "their statistics stay");
	finish(&kept);
	finish(&again);
	finish(&plain);
	finish(&frozen);
}

int main(void)
{
	omp_set_num_threads(1);
	test_classifier(false);
	test_classifier(true);
	test_detector();
	return tap_done();
}
