/*
 * teacher: who a model is, and how good, before it is let loose on images that nobody checks.
 */
#ifndef TRAIN_TEACHER_H
#define TRAIN_TEACHER_H

#include "train/inference.h"

/* XXH3-64 of the file. Error: cannot be read. */
int teacher_hash(uint64_t *hash, const char *path) MUST_CHECK;

/*
 * How good a model is on labelled samples, a stream or pack in a file: COCO's AP of boxes (IoU .50 to .95), and of a classifier
 * the share of images whose class it knows. o: how it is run; of its limits nms_iou and topk.
 * Error: the classes are not the model's, by name and order; nothing is labelled.
 */
int teacher_figure(double *figure, const char *model, const struct inference_options *o, const char *truth) MUST_CHECK;

#endif
