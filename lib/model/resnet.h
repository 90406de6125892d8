/*
 * resnet: ResNet-18/34/50/101 in torchvision's v1.5 geometry (stride on the 3x3 of a
 * bottleneck), without the classifier; and ResNet-20/32/44/56/110 for small images: three stages of 16, 32 and 64
 * channels behind a 3x3 stem without stride or pooling, shortcuts without parameters (section 4.2 of the source).
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
	bool has_shortcut;	/* a convolution */
	struct conv_layer shortcut;
	struct norm_layer shortcut_norm;
	int64_t pad_channels;	/* of a shortcut without parameters (op/subsample_pad.h); 0: none */
};

struct resnet_spec {
	int depth;
	bool cifar;	/* for small images */
	enum norm_kind norm;
	enum conv_backend backend;
};

struct resnet {
	bool cifar;
	int n_stages;	/* 4, for small images 3 */
	struct conv_layer stem;
	struct norm_layer stem_norm;
	int n_blocks[RESNET_STAGES];
	struct resnet_block *blocks[RESNET_STAGES];
	int64_t channels[RESNET_STAGES];	/* of C2..C5, at strides 4, 8, 16, 32; for small images of three, at 1, 2, 4 */
};

/* Add the parameters to set. Error: a depth that there is not. */
int resnet_build(struct resnet *r, struct param_set *set, const char *prefix, const struct resnet_spec *spec) MUST_CHECK;

/* Constants other than torch's for all norms; see struct norm_layer. */
void resnet_set_norms(struct resnet *r, float eps, float momentum);

/*
 * For inference: fold the norms that end in a ReLU and nothing else into their convolutions. Not those of the sums, and in
 * bf16 not the stem's, whose f32 results the next reader wants. Error: memory.
 */
int resnet_fold_norms(struct resnet *r, struct param_set *set, enum dtype dtype) MUST_CHECK;

/* c receives C2..C5, for small images the n_stages of them. */
int resnet_apply(struct resnet *r, struct tape *t, struct var *images, struct var *c[RESNET_STAGES]) MUST_CHECK;

/* The map of "layer1", ..., the last. Error: no such layer. */
int resnet_features(struct resnet *r, struct tape *t, struct var *images, const char *layer, struct var **map) MUST_CHECK;

#endif
