/*
 * focal_kernel: the focal loss of many logits that all have the same target, compiled for each instruction level.
 *
 * With p = sigmoid(x) and softplus(x) = log(1 + exp(x)), a logit whose target is 0 has
 *
 *     loss    = p^gamma softplus(x)
 *     dloss/dx = p^gamma (gamma (1-p) softplus(x) + p)
 *
 * and one whose target is 1 the loss of -x; alpha and the sign are the caller's. exp and log are our
 * polynomials. Relative error of loss and gradient below 1e-6 for gamma 2, otherwise below 1e-6 (1 + |x|);
 * x below -87 counts as -87 in exp(). A NaN gives a NaN, an infinite x an infinite loss.
 * Source: Lin et al., Focal Loss for Dense Object Detection, section 3.
 */
#ifndef DETECT_FOCAL_KERNEL_H
#define DETECT_FOCAL_KERNEL_H

#include "base/isa.h"

#include <stdint.h>

/*
 * dx = grad_scale dloss/dx (dx may be x); returns the sum of the losses. The sum's bits depend on x, n and gamma alone.
 *   x, dx  [n]
 */
ISA_DECLARE(double, focal_background_f32, (float *dx, const float *x, int64_t n, float gamma, float grad_scale))
ISA_DECLARE(double, focal_background_bf16, (uint16_t *dx, const uint16_t *x, int64_t n, float gamma, float grad_scale))

#endif
