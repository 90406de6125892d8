/*
 * resnet: ResNet-18/34/50/101 in torchvision's v1.5 geometry (stride on the 3x3 of a
 * bottleneck), without the classifier.
 *
 * Parameters are "<prefix>conv1.weight", "<prefix>layer1.0.bn1.weight", ... for every norm,
 * as torchvision's norm_layer argument leaves them. Source: He et al., arXiv 1512.03385.
 */
#ifndef MODEL_RESNET_H
#define MODEL_RESNET_H

#include "nn/layers.h"

enum { RESNET_STAGES = 4 };

struct resnet_block {
	int n_convs;	/* 2: basic, 3: bottleneck */
	struct conv_layer conv[3];
	struct norm_layer norm[3];
	bool is_wide;	/* the next block adds this one's output to its own */
	bool has_shortcut;
	struct conv_layer shortcut;
	struct norm_layer shortcut_norm;
};

struct resnet {
	struct conv_layer stem;
	struct norm_layer stem_norm;
	int n_blocks[RESNET_STAGES];
	struct resnet_block *blocks[RESNET_STAGES];
	int64_t channels[RESNET_STAGES];	/* of C2..C5, at strides 4, 8, 16, 32 */
};

/* Add the parameters to set. Error: a depth that is none of 18, 34, 50, 101. */
int resnet_build(struct resnet *r, struct param_set *set, const char *prefix, int depth, enum norm_kind norm,
		 enum conv_backend backend) MUST_CHECK;

/* Constants other than torch's for all norms; see struct norm_layer. */
void resnet_set_norms(struct resnet *r, float eps, float momentum);

/*
 * For inference: fold the norms that end in a ReLU and nothing else into their convolutions. Not those of the sums, and in
 * bf16 not the stem's, whose f32 results the next reader wants. Error: memory.
 */
int resnet_fold_norms(struct resnet *r, struct param_set *set, enum dtype dtype) MUST_CHECK;

/* c receives C2..C5. */
int resnet_apply(struct resnet *r, struct tape *t, struct var *images, struct var *c[RESNET_STAGES]) MUST_CHECK;

#endif
