/*
 * pseudo_label: what a teacher found in an image, made into the labels of a sample.
 *
 * A detection whose score reaches its class's threshold becomes an object; one below it, but not below ignore_from, becomes an
 * object to ignore, which is neither learned nor background: the teacher is not sure. Source: Zoph et al., arXiv 2006.06882
 * (hard labels from 0.5 on); Xie et al., arXiv 1911.04252 (whole images: probabilities, images below 0.3 left out).
 */
#ifndef TRAIN_PSEUDO_LABEL_H
#define TRAIN_PSEUDO_LABEL_H

#include "record/detection.h"

struct pseudo_rules {
	int n_classes;
	const double *threshold;	/* [n_classes] scores from here on are labels */
	double ignore_from;	/* scores from here to the threshold are objects to ignore; 0: none are */
	double min_size;	/* pixels of the original image: the shorter side at least */
	int64_t max_per_image;	/* labels, the best first; what is beyond is left out */
	bool weigh;	/* an object's weight is its score */
	bool hard;	/* classes of whole images: the best one alone, without probabilities */
};

/* What became of detections. Whole images count as one each. */
struct pseudo_counts {
	int64_t labels, ignored, below, small, surplus;
};

/* What the teacher must give at all: the lowest score with a use. */
double pseudo_rules_lowest(const struct pseudo_rules *r);

/*
 * Thresholds by class, as evalap --thresholds writes them: {"person": 0.42, ...}; classes that are not there keep what stands in
 * threshold [n]. Error: not of that form; a class the teacher does not know; a number outside 0..1.
 */
int pseudo_thresholds_read(double *threshold, const char *path, const struct category *classes, int n) MUST_CHECK;

/*
 * Give s the labels that d makes, in place of all it had; boxes go to the pixels that s carries. 1: s is labelled (a detector's
 * image perhaps with nothing); 0: a classifier is not sure enough of it; -1.
 */
int pseudo_label(struct sample *s, const struct detection *d, const struct pseudo_rules *r, struct pseudo_counts *counts,
		 struct arena *a) MUST_CHECK;

#endif
