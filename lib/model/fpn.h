/*
 * fpn: feature pyramid P3..P7 on C3..C5, as torchvision's RetinaNet has it: 1x1 laterals,
 * nearest up-sampling to the lateral's size, 3x3 outputs; P6 = 3x3/2 of P5, P7 = 3x3/2 of relu(P6).
 *
 * With a norm, laterals and outputs have it and no bias (P6 and P7 keep theirs). Level norms are the TPU
 * detection code's instead: each of P3..P7 is normalised at the very end, so P6 and P7 come from maps before it.
 * Source: Lin et al., arXiv 1612.03144 and 1708.02002.
 */
#ifndef MODEL_FPN_H
#define MODEL_FPN_H

#include "nn/layers.h"

enum { FPN_INPUTS = 3, FPN_LEVELS = 5, FPN_CHANNELS = 256 };

struct fpn {
	struct conv_layer lateral[FPN_INPUTS], output[FPN_INPUTS], p6, p7;
	enum norm_kind norm;	/* NORM_NONE: bias instead */
	struct norm_layer lateral_norm[FPN_INPUTS], output_norm[FPN_INPUTS];
	bool has_level_norms;
	struct norm_layer level_norm[FPN_LEVELS];
};

/* channels: of C3, C4, C5. */
int fpn_build(struct fpn *f, struct param_set *set, const char *prefix, const int64_t channels[FPN_INPUTS],
	      enum norm_kind norm, enum conv_backend backend) MUST_CHECK;

/* Add norms "<prefix>norms.0" to .4 to a pyramid that was built with NORM_NONE. */
int fpn_add_level_norms(struct fpn *f, struct param_set *set, const char *prefix, enum norm_kind norm) MUST_CHECK;

/* c: C3..C5; p receives P3..P7. The inputs are dropped when the tape does not record. */
int fpn_apply(struct fpn *f, struct tape *t, struct var *const c[FPN_INPUTS], struct var *p[FPN_LEVELS]) MUST_CHECK;

#endif
