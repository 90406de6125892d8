/*
 * The head "retinanet": ResNet, pyramid P3..P7 and two towers of four 3x3 convolutions shared by
 * all levels. Norms gn sit in backbone, pyramid and towers; bn and frozenbn in the backbone only, as in
 * torchvision's retinanet_resnet50_fpn, whose parameter names these are. With level norms (preset tpu) bn sits in
 * pyramid and towers, too, and every level has norms of its own there: "conv.0.1.LEVEL" beside "conv.0.0".
 * Source: Lin et al., arXiv 1708.02002.
 */
#include "detect/postprocess.h"
#include "detect/retinanet.h"
#include "model/fpn.h"
#include "model/model.h"
#include "model/resnet.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { TOWER_CONVS = 4, STRIDE = 32 };

struct tower {
	struct conv_layer conv[TOWER_CONVS];
	enum norm_kind kind;
	bool level_norms;
	struct norm_layer norm[TOWER_CONVS][FPN_LEVELS];	/* only [0] when levels share them */
	struct conv_layer out;
};

struct retinanet {
	struct resnet body;
	struct fpn fpn;
	enum norm_kind head_norm;
	struct tower cls, box;
	struct retinanet_param conventions;
};

static void set_norm(struct norm_layer *l, const struct retinanet_net_param *p)
{
	if (l->kind != NORM_BN && l->kind != NORM_FROZENBN)
		return;
	l->eps = p->bn_eps;
	l->momentum = p->bn_momentum;
}

/* Of convolution i. */
static int add_tower_norms(struct tower *tower, struct model *m, const char *name, int i)
{
	const struct retinanet *net = m->net;
	char layer[128];
	snprintf(layer, sizeof layer, "head.%s.conv.%d.1", name, i);
	if (net->head_norm == NORM_NONE)
		return 0;
	if (!net->conventions.net.level_norms)
		return norm_layer_add(&tower->norm[i][0], &m->params, layer, net->head_norm, FPN_CHANNELS);
	for (int l = 0; l < FPN_LEVELS; l++) {
		snprintf(layer, sizeof layer, "head.%s.conv.%d.1.%d", name, i, l);
		TRY(norm_layer_add(&tower->norm[i][l], &m->params, layer, net->head_norm, FPN_CHANNELS));
		set_norm(&tower->norm[i][l], &net->conventions.net);
	}
	return 0;
}

static int build_tower(struct tower *tower, struct model *m, const char *name, const char *out_name, int64_t outputs,
		       double out_bias)
{
	const struct retinanet *net = m->net;
	bool plain = net->head_norm == NORM_NONE;
	char layer[128];
	struct conv_spec spec = {
		.ci = FPN_CHANNELS, .co = FPN_CHANNELS, .kernel = 3, .pad = -1, .bias = plain, .relu = plain,
		.init = { INIT_NORMAL, 0.01 }, .backend = m->spec.backend,
	};
	tower->kind = net->head_norm;
	tower->level_norms = net->conventions.net.level_norms;
	for (int i = 0; i < TOWER_CONVS; i++) {
		snprintf(layer, sizeof layer, "head.%s.conv.%d.0", name, i);
		TRY(conv_layer_add(&tower->conv[i], &m->params, layer, &spec));
		TRY(add_tower_norms(tower, m, name, i));
	}
	spec.co = outputs;
	spec.bias = true;
	spec.relu = false;
	spec.bias_init = out_bias;
	spec.init.value = net->conventions.net.out_deviation;
	snprintf(layer, sizeof layer, "head.%s.%s", name, out_name);
	return conv_layer_add(&tower->out, &m->params, layer, &spec);
}

static int build_fpn(struct retinanet *net, struct model *m)
{
	bool level_norms = net->conventions.net.level_norms && net->head_norm != NORM_NONE;
	TRY(fpn_build(&net->fpn, &m->params, "backbone.fpn.", net->body.channels + 1,
		      level_norms ? NORM_NONE : net->head_norm, m->spec.backend));
	if (!level_norms)
		return 0;
	TRY(fpn_add_level_norms(&net->fpn, &m->params, "backbone.fpn.", net->head_norm));
	for (int l = 0; l < FPN_LEVELS; l++)
		set_norm(&net->fpn.level_norm[l], &net->conventions.net);
	return 0;
}

static int build(struct model *m, const struct model_parts *parts)
{
	struct retinanet *net = arena_calloc(&m->params.arena, 1, sizeof *net);
	if (net == NULL)
		return -1;
	enum norm_kind norm = parts->norm;
	m->net = net;
	if (!parts->fpn)
		return err_set("'%s': a retinanet needs the neck fpn: retinanet-BACKBONE-fpn-NORM", m->spec.name);
	TRY(retinanet_preset(&net->conventions, m->spec.preset));
	net->conventions.anchors.base_size = m->spec.anchor_size;
	bool level_norms = net->conventions.net.level_norms;
	net->head_norm = norm == NORM_GN || (norm == NORM_BN && level_norms) ? norm : NORM_NONE;
	struct resnet_spec spec = { parts->depth, parts->cifar, norm, m->spec.backend };
	TRY(resnet_build(&net->body, &m->params, "backbone.body.", &spec));
	if (norm != NORM_GN)
		resnet_set_norms(&net->body, net->conventions.net.bn_eps, net->conventions.net.bn_momentum);
	TRY(build_fpn(net, m));
	/* The foreground is rare: every class starts at probability .01. */
	TRY(build_tower(&net->cls, m, "classification_head", "cls_logits", (int64_t)ANCHORS_PER_CELL * m->spec.n_classes,
			-log((1 - 0.01) / 0.01)));
	param_set_classes(net->cls.out.w, ANCHORS_PER_CELL, 1);
	param_set_classes(net->cls.out.b, ANCHORS_PER_CELL, 1);
	return build_tower(&net->box, m, "regression_head", "bbox_reg", ANCHORS_PER_CELL * 4, 0);
}

static int fold_norms(struct model *m)
{
	struct retinanet *net = m->net;
	return resnet_fold_norms(&net->body, &m->params, m->spec.dtype);
}

/* A segment of the tape over all levels: a tower without its output. */
static int apply_trunk(void *context, struct tape *t, struct var *const *p, struct var **x)
{
	struct tower *tower = context;
	struct var *y[FPN_LEVELS];
	memcpy(x, p, sizeof y);
	for (int i = 0; i < TOWER_CONVS; i++) {
		TRY(conv_layer_apply_maps(&tower->conv[i], t, FPN_LEVELS, x, y));
		for (int l = 0; l < FPN_LEVELS; l++) {
			if (i > 0)
				tape_drop(t, x[l]);
			x[l] = y[l];
			if (tower->kind == NORM_NONE)
				continue;
			TRY(norm_layer_apply(&tower->norm[i][tower->level_norms ? l : 0], t, y[l], NULL, true, false, &x[l]));
			tape_drop(t, y[l]);
		}
	}
	return 0;
}

static int apply_tower(struct tower *tower, struct tape *t, struct var *const p[FPN_LEVELS], struct var *out[FPN_LEVELS])
{
	struct var *x[FPN_LEVELS];
	TRY(tape_apply_segment(t, apply_trunk, tower, FPN_LEVELS, p, FPN_LEVELS, x));
	return conv_layer_apply_maps(&tower->out, t, FPN_LEVELS, x, out);
}

static int apply(struct retinanet *net, struct tape *t, const struct batch *b, struct var *cls[FPN_LEVELS],
		 struct var *box[FPN_LEVELS])
{
	struct var *images = tape_input(t, &b->images), *c[RESNET_STAGES], *p[FPN_LEVELS];
	if (images == NULL)
		return -1;
	TRY(resnet_apply(&net->body, t, images, c));
	TRY(fpn_apply(&net->fpn, t, c + 1, p));
	TRY(apply_tower(&net->cls, t, p, cls));
	return apply_tower(&net->box, t, p, box);
}

static int make_anchors(struct anchors *anchors, const struct retinanet *net, const struct batch *b,
			struct var *const cls[FPN_LEVELS], struct arena *a)
{
	struct detect_size grid[FPN_LEVELS];
	for (int l = 0; l < FPN_LEVELS; l++)
		grid[l] = (struct detect_size){ .h = cls[l]->value.dim[1], .w = cls[l]->value.dim[2] };
	return anchors_generate(anchors, &net->conventions.anchors, FPN_LEVELS, grid,
				(struct detect_size){ .h = b->h, .w = b->w }, a);
}

static int match(struct detect_targets *targets, const struct retinanet *net, const struct anchors *anchors,
		 const struct batch *b, struct arena *a)
{
	struct detect_objects *objects = arena_calloc(a, (size_t)b->n, sizeof *objects);
	if (objects == NULL)
		return -1;
	for (int i = 0; i < b->n; i++) {
		const struct sample *s = &b->samples[i];
		objects[i] = (struct detect_objects){
			.n = s->n, .boxes = s->boxes, .labels = s->labels, .iscrowd = s->iscrowd,
			.ignore = s->ignore, .weight = s->weight,
		};
	}
	return detect_targets_match(targets, anchors, objects, b->n, &net->conventions.match, a);
}

/* What the losses are divided by belongs to the step, of which b may be a part. */
static int count_step(struct retinanet_loss_param *p, const struct retinanet *net, const struct anchors *anchors,
		      const struct batch *b, struct arena *a)
{
	const struct batch *step = batch_step(b);
	struct detect_targets targets;
	int64_t images[BATCH_MAX_SOURCES], foreground[BATCH_MAX_SOURCES] = { 0 };
	bool whole = p->normaliser == NORMALISE_BATCH;
	p->step_images = step->n;
	p->step_foreground = 0;
	if (whole)
		TRY(match(&targets, net, anchors, step, a));
	for (int i = 0; i < step->n && whole; i++) {
		p->step_foreground += targets.n_foreground[i];
		if (b->sources != NULL)
			foreground[step->samples[i].input] += targets.n_foreground[i];
	}
	if (b->sources == NULL)
		return 0;
	batch_count_sources(step, images);
	struct retinanet_share *shares = arena_alloc(a, (size_t)b->n * sizeof *shares);
	p->image_loss = arena_alloc(a, (size_t)b->n * sizeof *p->image_loss);
	if (shares == NULL || p->image_loss == NULL)
		return -1;
	for (int i = 0; i < b->n; i++) {
		int source = b->samples[i].input;
		shares[i] = (struct retinanet_share){ b->sources->weight[source], images[source], foreground[source] };
	}
	p->shares = shares;
	return 0;
}

static int loss(struct model *m, struct tape *t, const struct batch *b, struct model_loss *report)
{
	struct retinanet *net = m->net;
	struct var *cls[FPN_LEVELS], *box[FPN_LEVELS];
	TRY(apply(net, t, b, cls, box));
	struct anchors anchors;
	struct detect_targets targets;
	TRY(make_anchors(&anchors, net, b, cls, &t->scratch));
	TRY(match(&targets, net, &anchors, b, &t->scratch));
	struct retinanet_level level[FPN_LEVELS];
	for (int l = 0; l < FPN_LEVELS; l++) {
		struct tensor *dcls = tape_gradient(t, cls[l]), *dbox = tape_gradient(t, box[l]);
		if (dcls == NULL || dbox == NULL)
			return -1;
		level[l] = (struct retinanet_level){ cls[l]->value, box[l]->value, *dcls, *dbox };
	}
	struct retinanet_loss_param p = net->conventions.loss;
	TRY(count_step(&p, net, &anchors, b, &t->scratch));
	struct retinanet_loss value;
	TRY(retinanet_loss(&value, level, &anchors, &targets, m->spec.n_classes, &p, 1, &t->scratch));
	*report = (struct model_loss){ .total = value.total, .n = 2, .part = { { "loss_cls", value.cls }, { "loss_box", value.box } } };
	for (int i = 0; i < b->n && b->sources != NULL; i++)
		report->source[b->samples[i].input] += p.image_loss[i];
	arena_reset(&t->scratch);
	return 0;
}

static int detect(struct model *m, struct tape *t, const struct batch *b, const struct detect_limits *limits,
		  struct detection *found, struct arena *a)
{
	struct retinanet *net = m->net;
	struct var *cls[FPN_LEVELS], *box[FPN_LEVELS];
	TRY(apply(net, t, b, cls, box));
	struct anchors anchors;
	TRY(make_anchors(&anchors, net, b, cls, a));
	struct tensor cls_map[FPN_LEVELS], box_map[FPN_LEVELS];
	for (int l = 0; l < FPN_LEVELS; l++) {
		cls_map[l] = cls[l]->value;
		box_map[l] = box[l]->value;
	}
	struct detect_size *valid = arena_alloc(a, (size_t)b->n * sizeof *valid);
	struct detect_result *result = arena_calloc(a, (size_t)b->n, sizeof *result);
	if (valid == NULL || result == NULL)
		return -1;
	for (int i = 0; i < b->n; i++)
		valid[i] = (struct detect_size){ .h = b->samples[i].valid_h, .w = b->samples[i].valid_w };
	struct postprocess_param p = net->conventions.detect;
	p.score_threshold = limits->score_threshold;
	p.nms_iou = limits->nms_iou;
	p.max_detections = limits->max_detections;
	if (limits->topk > 0)
		p.topk = limits->topk;
	TRY(retinanet_postprocess(result, cls_map, box_map, &anchors, m->spec.n_classes, valid, &p, a));
	for (int i = 0; i < b->n; i++)
		found[i] = (struct detection){
			.n = result[i].n, .boxes = result[i].boxes, .labels = result[i].labels, .scores = result[i].scores,
		};
	return 0;
}

static int features(struct model *m, struct tape *t, const struct batch *b, const char *layer, struct var **map)
{
	struct retinanet *net = m->net;
	struct var *images = tape_input(t, &b->images);
	return images == NULL ? -1 : resnet_features(&net->body, t, images, layer, map);
}

const struct model_head model_head_retinanet = {
	.name = "retinanet",
	.stride = STRIDE,
	.build = build,
	.fold_norms = fold_norms,
	.features = features,
	.loss = loss,
	.detect = detect,
};
