/*
 * param_groups: which parameters a run trains, and at which multiple of its learning rate.
 *
 * A pattern is a shell pattern (fnmatch) that a parameter's name must match, whole or up to one of its dots:
 * "fc", "backbone.body.layer[12]", "*.bias".
 *
 *     struct param_rules rules = { .freeze = &freeze, .lr_mult = &lr_mult };
 *     TRY(param_rules_apply(&rules, &model.params));      // before param_set_prepare_training()
 *     ...
 *     param_groups_write(stderr, &model.params, &optimizer, lr);
 */
#ifndef TRAIN_PARAM_GROUPS_H
#define TRAIN_PARAM_GROUPS_H

#include "base/options.h"
#include "nn/optimizer.h"
#include "nn/param.h"

#include <stdio.h>

/* NULL lists are empty. */
struct param_rules {
	const struct option_list *freeze;	/* patterns: not trained */
	const struct option_list *train_only;	/* patterns: all others are not trained */
	const struct option_list *lr_mult;	/* "PATTERN=10"; the last that matches counts */
	/*
	 * Stages learn the slower the nearer they are to the image: with n stages "layerN", those have the factor
	 * layer_decay^(n + 1 - N), what is before layer1 layer_decay^(n + 1), and all the rest 1. 0: all 1.
	 */
	double layer_decay;
	bool freeze_bn;	/* batch norms: scale, shift and statistics stay */
};

/* Whether there is anything to apply. */
bool param_rules_any(const struct param_rules *rules);

/*
 * Set `trainable` and `lr_mult` of all parameters. Error: a pattern that matches no name, saying which there are; a
 * factor that is no number above 0; nothing left to train; layer_decay or freeze_bn for a model without stages or batch norms.
 */
int param_rules_apply(const struct param_rules *rules, struct param_set *set) MUST_CHECK;

/*
 * Bytes of the name of the part that a parameter belongs to: "backbone.body.layer1", "backbone.fpn.inner_blocks", "fc" - up to and
 * with a stage, else three words at most, and never the last of several.
 */
size_t param_part_size(const char *name);

/* A line for each part and rate: tensors, weights, rate and decay; then what is frozen. lr is that behind the warm-up. */
void param_groups_write(FILE *file, const struct param_set *set, const struct optimizer *o, double lr);

#endif
