/*
 * eval_image: average precision of every image by itself, to find the worst.
 */
#ifndef EVAL_EVAL_IMAGE_H
#define EVAL_EVAL_IMAGE_H

#include "base/arena.h"
#include "base/error.h"
#include "eval/eval_kept.h"

/*
 * AP and AP50 of each image as if it were the whole data set: the mean over the classes it has objects of.
 *   ap, ap50 [n_images]; -1: nothing has to be found in it
 * Error: memory.
 */
int eval_image_ap(double *ap, double *ap50, const struct eval_kept *kept, struct arena *a) MUST_CHECK;

#endif
