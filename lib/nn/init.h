/*
 * init: random starts of parameters.
 *
 * A parameter's values depend on the seed and its name alone, so adding or removing a layer
 * leaves the others as they were. For a weight [O I Kh Kw]: fan_in = I*Kh*Kw, fan_out = O*Kh*Kw;
 * for a matrix [O I] they are I and O.
 */
#ifndef NN_INIT_H
#define NN_INIT_H

#include "base/error.h"
#include "tensor/tensor.h"

enum init_kind {
	INIT_CONSTANT,	/* value */
	INIT_NORMAL,	/* mean 0, deviation value */
	INIT_KAIMING_NORMAL_FAN_OUT,	/* deviation sqrt(2 / fan_out); He et al. 2015 */
	INIT_KAIMING_UNIFORM,	/* limit sqrt(6 / ((1 + value^2) fan_in)); value: slope of the leaky rectifier */
	INIT_XAVIER_FAN_IN,	/* limit sqrt(3 / fan_in): Caffe2's XavierFill */
};

struct init_spec {
	enum init_kind kind;
	double value;
};

/* Fill w (f32). Error: a fan of a tensor that is neither [O I Kh Kw] nor [O I]. */
int init_fill(struct tensor *w, struct init_spec spec, const char *name, uint64_t seed) MUST_CHECK;

#endif
