/*
 * The head "classify": ResNet, the mean over all pixels, a linear layer. Parameter names are those of torchvision's
 * resnet18 and so on ("conv1.weight" ... "fc.bias"); the networks for small images call their last layer "linear", as the
 * weights that are in use do. Source: He et al., arXiv 1512.03385.
 */
#include "model/model.h"
#include "model/resnet.h"
#include "op/cross_entropy.h"
#include "op/global_pool.h"
#include "op/soft_cross_entropy.h"

#include <math.h>
#include <string.h>

struct classify {
	struct resnet body;
	struct linear_layer fc;
};

static int build(struct model *m, const struct model_parts *parts)
{
	struct classify *net = arena_calloc(&m->params.arena, 1, sizeof *net);
	if (net == NULL)
		return -1;
	m->net = net;
	if (parts->fpn)
		return err_set("'%s': a classifier has no neck: classify-BACKBONE-NORM", m->spec.name);
	if (strcmp(m->spec.preset, "torchvision") != 0)
		return err_set("'%s': the preset '%s' is for detectors", m->spec.name, m->spec.preset);
	struct resnet_spec spec = { parts->depth, parts->cifar, parts->norm, m->spec.backend };
	TRY(resnet_build(&net->body, &m->params, "", &spec));
	TRY(linear_layer_add(&net->fc, &m->params, parts->cifar ? "linear" : "fc", net->body.channels[net->body.n_stages - 1],
			     m->spec.n_classes));
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
	int last = net->body.n_stages - 1;
	if (images == NULL)
		return -1;
	TRY(resnet_apply(&net->body, t, images, c));
	TRY(tape_apply(t, &op_global_pool, NULL, 0, NULL, 1, (struct tape_in[]){ { .var = c[last] } }, &mean));
	for (int i = 0; i <= last; i++)
		tape_drop(t, c[i]);
	TRY(linear_layer_apply(&net->fc, t, mean, logits));
	tape_drop(t, mean);
	return 0;
}

static const float *soft_target(const struct sample *s)
{
	return s->class_scores.data;
}

/* The class an image counts as; of probabilities the highest. */
static int64_t label_of(const struct sample *s, int n_classes)
{
	const float *p = soft_target(s);
	int64_t best = 0;
	if (p == NULL)
		return s->class_label;
	for (int64_t k = 1; k < n_classes; k++)
		if (p[k] > p[best])
			best = k;
	return best;
}

static int labels_of(struct tensor *labels, const struct batch *b, int n_classes, struct arena *a)
{
	char id[128];
	TRY(tensor_new(labels, a, DTYPE_I32, 1, (int64_t[]){ b->n }));
	for (int i = 0; i < b->n; i++) {
		int64_t label = label_of(&b->samples[i], n_classes);
		if (label < 0 || label >= n_classes)
			return err_set("image %s has no class; a classifier learns from class folders (see coco-pack)",
				       sample_id_text(&b->samples[i].id, id));
		((int32_t *)labels->data)[i] = (int32_t)label;
	}
	return 0;
}

/* q [n K]: an image's probabilities as they are, or its class, smoothed. */
static int targets_of(struct tensor *targets, const struct batch *b, const struct tensor *labels, int64_t k, double smoothing,
		      struct arena *a)
{
	char id[128];
	TRY(tensor_new(targets, a, DTYPE_F32, 2, (int64_t[]){ b->n, k }));
	for (int i = 0; i < b->n; i++) {
		const float *soft = soft_target(&b->samples[i]);
		float *q = (float *)targets->data + i * k;
		double sum = 0;
		for (int64_t j = 0; j < k; j++) {
			bool own = j == ((const int32_t *)labels->data)[i];
			q[j] = soft != NULL ? soft[j] : (float)((own ? 1 - smoothing : 0) + smoothing / (double)k);
			sum += q[j] >= 0 ? (double)q[j] : NAN;
		}
		if (!(fabs(sum - 1) < 1e-3))
			return err_set("image %s: its class_scores are no probabilities, their sum is %g", sample_id_text(&b->samples[i].id, id), sum);
	}
	return 0;
}

/* w [n]: every source's images share its weight, and without sources all images share 1. */
static int weights_of(struct tensor *weights, const struct batch *b, struct arena *a)
{
	const struct batch *step = batch_step(b);
	int64_t images[BATCH_MAX_SOURCES] = { 0 };
	TRY(tensor_new(weights, a, DTYPE_F32, 1, (int64_t[]){ b->n }));
	if (b->sources != NULL)
		batch_count_sources(step, images);
	for (int i = 0; i < b->n; i++) {
		int source = b->samples[i].input;
		((float *)weights->data)[i] = b->sources == NULL ? 1 / (float)step->n :
			(float)(b->sources->weight[source] / (double)images[source]);
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

static bool has_soft_targets(const struct batch *b)
{
	for (int i = 0; i < b->n; i++)
		if (soft_target(&b->samples[i]) != NULL)
			return true;
	return false;
}

/* All images count alike and have a class. */
static int plain_loss(struct model_loss *report, const struct model *m, struct tape *t, const struct batch *b, struct var *logits,
		      const struct tensor *labels)
{
	struct cross_entropy_param p = { .smoothing = m->spec.label_smoothing };
	struct var *value;
	struct tape_in in[] = { { .var = logits }, { .var = tape_input(t, labels) } };
	if (in[1].var == NULL)
		return -1;
	TRY(tape_apply(t, &op_cross_entropy, &p, sizeof p, NULL, 2, in, &value));
	struct tensor *gradient = tape_gradient(t, value);
	if (gradient == NULL)
		return -1;
	float share = (float)b->n / (float)batch_step(b)->n;
	*(float *)gradient->data = share;
	report->total = share * *(const float *)value->value.data;
	return 0;
}

static int weighted_loss(struct model_loss *report, const struct model *m, struct tape *t, const struct batch *b, struct var *logits,
			 const struct tensor *labels)
{
	struct tensor targets, weights;
	struct var *out[2];
	TRY(targets_of(&targets, b, labels, m->spec.n_classes, m->spec.label_smoothing, &t->nodes));
	TRY(weights_of(&weights, b, &t->nodes));
	struct tape_in in[] = { { .var = logits }, { .var = tape_input(t, &targets) }, { .var = tape_input(t, &weights) } };
	if (in[1].var == NULL || in[2].var == NULL)
		return -1;
	TRY(tape_apply(t, &op_soft_cross_entropy, NULL, 0, NULL, 3, in, out));
	struct tensor *gradient = tape_gradient(t, out[0]);
	if (gradient == NULL)
		return -1;
	*(float *)gradient->data = 1;
	report->total = (double)*(const float *)out[0]->value.data;
	if (b->sources == NULL)
		return 0;
	int64_t images[BATCH_MAX_SOURCES];
	batch_count_sources(batch_step(b), images);
	for (int i = 0; i < b->n; i++) {
		int source = b->samples[i].input;
		report->source[source] += (double)((const float *)out[1]->value.data)[i] / (double)images[source];
	}
	return 0;
}

static int loss(struct model *m, struct tape *t, const struct batch *b, struct model_loss *report)
{
	struct var *logits;
	struct tensor labels;
	*report = (struct model_loss){ 0 };
	TRY(labels_of(&labels, b, m->spec.n_classes, &t->nodes));
	TRY(apply(m->net, t, b, &logits));
	if (b->sources != NULL || has_soft_targets(b))
		TRY(weighted_loss(report, m, t, b, logits, &labels));
	else
		TRY(plain_loss(report, m, t, b, logits, &labels));
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

static int features(struct model *m, struct tape *t, const struct batch *b, const char *layer, struct var **map)
{
	struct classify *net = m->net;
	struct var *images = tape_input(t, &b->images);
	return images == NULL ? -1 : resnet_features(&net->body, t, images, layer, map);
}

const struct model_head model_head_classify = {
	.name = "classify",
	.stride = 1,
	.classifies = true,
	.build = build,
	.fold_norms = fold_norms,
	.features = features,
	.loss = loss,
	.detect = detect,
};
