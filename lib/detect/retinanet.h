/*
 * retinanet: the two sets of conventions a RetinaNet can be trained with.
 *
 * "torchvision": torchvision 0.14's retinanet_resnet50_fpn: rounded anchors, IoU .5/.4, all best anchors of an object,
 *   focal loss with alpha .25 and gamma 2, L1, both per image by its number of matched anchors.
 * "tpu": Google's TPU detection code: centred anchors, IoU .5, one forced anchor per object, gamma 1.5,
 *   50 times a Huber loss with delta .1, both by the batch's number of matched anchors plus 1; candidates are the best
 *   5000 of a class, boxes end at the last pixel's corner (w - 1, h - 1). Batch norm with eps 1e-4 and momentum .003 (torch's
 *   way to count), a norm of its own for every level in pyramid and towers, output layers that start near zero.
 */
#ifndef DETECT_RETINANET_H
#define DETECT_RETINANET_H

#include "base/error.h"
#include "detect/anchors.h"
#include "detect/matching.h"
#include "detect/postprocess.h"
#include "detect/retinanet_loss.h"

/* What the network itself takes from the conventions. */
struct retinanet_net_param {
	bool level_norms;	/* pyramid and towers have a norm per level; of kind bn, too */
	float bn_eps, bn_momentum;	/* of batch norms, frozen ones included */
	float out_deviation;	/* initial weights of the output layers */
};

struct retinanet_param {
	struct anchor_param anchors;
	struct match_param match;
	struct retinanet_loss_param loss;
	struct postprocess_param detect;
	struct retinanet_net_param net;
};

/* The parameters of that name; skip_covered is on in both. Error: no such preset. */
int retinanet_preset(struct retinanet_param *p, const char *name) MUST_CHECK;

#endif
