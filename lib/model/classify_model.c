/*
 * The head "classify": ResNet, the mean over all pixels, a linear layer. Parameter names are those of torchvision's
 * resnet18 and so on ("conv1.weight" ... "fc.bias"). Source: He et al., arXiv 1512.03385.
 */
#include "model/model.h"
#include "model/resnet.h"
#include "op/cross_entropy.h"
#include "op/global_pool.h"

#include <math.h>
#include <string.h>

struct classify {
	struct resnet body;
	struct linear_layer fc;
};

static int build(struct model *m, int depth, bool fpn, enum norm_kind norm)
{
	struct classify *net = arena_calloc(&m->params.arena, 1, sizeof *net);
	if (net == NULL)
		return -1;
	m->net = net;
	if (fpn)
		return err_set("'%s': a classifier has no neck: classify-BACKBONE-NORM", m->spec.name);
	if (strcmp(m->spec.preset, "torchvision") != 0)
		return err_set("'%s': the preset '%s' is for detectors", m->spec.name, m->spec.preset);
	TRY(resnet_build(&net->body, &m->params, "", depth, norm, m->spec.backend));
	TRY(linear_layer_add(&net->fc, &m->params, "fc", net->body.channels[RESNET_STAGES - 1], m->spec.n_classes));
	param_set_classes(net->fc.w, 1, 1);
	param_set_classes(net->fc.b, 1, 1);
	return 0;
}

static int fold_norms(struct model *m)
{
	struct classify *net = m->net;
	return resnet_fold_norms(&net->body, &m->params, m->spec.dtype);
}

static int apply(struct classify *net, struct tape *t, const struct batch *b, struct var **logits)
{
	struct var *images = tape_input(t, &b->images), *c[RESNET_STAGES], *mean;
	if (images == NULL)
		return -1;
	TRY(resnet_apply(&net->body, t, images, c));
	TRY(tape_apply(t, &op_global_pool, NULL, 0, NULL, 1, (struct tape_in[]){ { .var = c[RESNET_STAGES - 1] } }, &mean));
	for (int i = 0; i < RESNET_STAGES; i++)
		tape_drop(t, c[i]);
	TRY(linear_layer_apply(&net->fc, t, mean, logits));
	tape_drop(t, mean);
	return 0;
}

static int labels_of(struct tensor *labels, const struct batch *b, int n_classes, struct arena *a)
{
	char id[128];
	TRY(tensor_new(labels, a, DTYPE_I32, 1, (int64_t[]){ b->n }));
	for (int i = 0; i < b->n; i++) {
		const struct sample *s = &b->samples[i];
		if (s->class_label < 0 || s->class_label >= n_classes)
			return err_set("image %s has no class; a classifier learns from class folders (see coco-pack)",
				       sample_id_text(&s->id, id));
		((int32_t *)labels->data)[i] = (int32_t)s->class_label;
	}
	return 0;
}

/* How many classes come before class `label` of a row; of equal logits the lower class comes first. */
static int rank_of(const struct tensor *logits, int64_t row, int64_t label)
{
	bool bf16 = logits->dtype == DTYPE_BF16;
	int64_t k = logits->dim[3];
	float own = map_load(logits->data, row * k + label, bf16);
	int rank = 0;
	for (int64_t j = 0; j < k; j++) {
		float v = map_load(logits->data, row * k + j, bf16);
		rank += v > own || (v == own && j < label);
	}
	return rank;
}

static void count_hits(struct model_loss *report, const struct tensor *logits, const struct tensor *labels, int step_images)
{
	int64_t rows = labels->dim[0];
	int hits[2] = { 0, 0 };
	for (int64_t row = 0; row < rows; row++) {
		int rank = rank_of(logits, row, ((const int32_t *)labels->data)[row]);
		hits[0] += rank < 1;
		hits[1] += rank < 5;
	}
	report->n = 2;
	report->part[0] = (struct model_figure){ "top1", hits[0] / (double)step_images };
	report->part[1] = (struct model_figure){ "top5", hits[1] / (double)step_images };
}

static int loss(struct model *m, struct tape *t, const struct batch *b, struct model_loss *report)
{
	struct cross_entropy_param p = { .smoothing = m->spec.label_smoothing };
	struct var *logits, *value;
	struct tensor labels;
	TRY(labels_of(&labels, b, m->spec.n_classes, &t->nodes));
	TRY(apply(m->net, t, b, &logits));
	struct tape_in in[] = { { .var = logits }, { .var = tape_input(t, &labels) } };
	if (in[1].var == NULL)
		return -1;
	TRY(tape_apply(t, &op_cross_entropy, &p, sizeof p, NULL, 2, in, &value));
	struct tensor *gradient = tape_gradient(t, value);
	if (gradient == NULL)
		return -1;
	float share = (float)b->n / (float)batch_step(b)->n;
	*(float *)gradient->data = share;
	*report = (struct model_loss){ .total = share * *(const float *)value->value.data };
	count_hits(report, &logits->value, &labels, batch_step(b)->n);
	return 0;
}

/* p [k] = softmax of a row of logits. */
static int softmax(float *p, const struct tensor *logits, int64_t row)
{
	bool bf16 = logits->dtype == DTYPE_BF16;
	int64_t k = logits->dim[3];
	double top = -INFINITY, sum = 0;
	for (int64_t j = 0; j < k; j++)
		top = fmax(top, (double)map_load(logits->data, row * k + j, bf16));
	for (int64_t j = 0; j < k; j++)
		sum += exp((double)map_load(logits->data, row * k + j, bf16) - top);
	for (int64_t j = 0; j < k; j++)
		p[j] = (float)(exp((double)map_load(logits->data, row * k + j, bf16) - top) / sum);
	return isfinite(sum) ? 0 : err_set("the model's outputs are not finite");
}

static int detect(struct model *m, struct tape *t, const struct batch *b, const struct detect_limits *limits,
		  struct detection *found, struct arena *a)
{
	struct var *logits;
	(void)limits;
	TRY(apply(m->net, t, b, &logits));
	for (int i = 0; i < b->n; i++) {
		found[i] = (struct detection){ .n = 0 };
		TRY(tensor_new(&found[i].class_scores, a, DTYPE_F32, 1, (int64_t[]){ m->spec.n_classes }));
		TRY(softmax(found[i].class_scores.data, &logits->value, i));
	}
	return 0;
}

const struct model_head model_head_classify = {
	.name = "classify",
	.stride = 1,
	.classifies = true,
	.build = build,
	.fold_norms = fold_norms,
	.loss = loss,
	.detect = detect,
};
