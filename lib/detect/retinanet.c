#include "detect/retinanet.h"

#include <string.h>

static const struct {
	const char *name;
	struct retinanet_param param;
} presets[] = {
	{ "torchvision", {
		.anchors = { .kind = ANCHOR_ROUNDED, .base_size = 32 },
		.match = { .foreground = 0.5f, .background = 0.4f, .rescue = MATCH_BEST, .skip_covered = true },
		.loss = { .alpha = 0.25f, .gamma = 2.0f, .box_weight = 1.0f, .normaliser = NORMALISE_IMAGE },
		.detect = { .score_threshold = 0.05f, .nms_iou = 0.5f, .topk = 1000, .max_detections = 100 },
		.net = { .bn_eps = 1e-5f, .bn_momentum = 0.1f, .out_deviation = 0.01f },
	} },
	{ "tpu", {
		.anchors = { .kind = ANCHOR_CENTRED, .base_size = 32 },
		.match = { .foreground = 0.5f, .background = 0.5f, .rescue = MATCH_FORCE, .skip_covered = true },
		.loss = { .alpha = 0.25f, .gamma = 1.5f, .huber_delta = 0.1f, .box_weight = 50.0f, .box_eps = 1e-8f,
			  .normaliser = NORMALISE_BATCH },
		.detect = { .score_threshold = 0.05f, .nms_iou = 0.5f, .topk = 5000, .topk_of = TOPK_OF_CLASS,
			    .max_detections = 100, .clip_margin = 1.0f },
		.net = { .level_norms = true, .bn_eps = 1e-4f, .bn_momentum = 0.003f, .out_deviation = 1e-5f },
	} },
};

int retinanet_preset(struct retinanet_param *p, const char *name)
{
	for (size_t i = 0; i < sizeof presets / sizeof *presets; i++)
		if (strcmp(presets[i].name, name) == 0) {
			*p = presets[i].param;
			return 0;
		}
	return err_set("no preset '%s': torchvision or tpu", name);
}
