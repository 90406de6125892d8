/*
 * label_report: what labels look like as a whole, for somebody who decides whether to train on them: objects per image, the mix of
 * classes, scores, and how far that is from a set of labels that people made.
 *
 * Drift is the total variation distance between the two mixes of classes: 0 when they are alike, 1 when they share none; half the
 * sum of the absolute differences of the shares.
 */
#ifndef TRAIN_LABEL_REPORT_H
#define TRAIN_LABEL_REPORT_H

#include "record/sample.h"
#include "train/pseudo_label.h"

#include <stdio.h>

enum { LABEL_REPORT_SCORES = 20, LABEL_REPORT_OBJECTS = 21 };

struct label_stats {
	int n_classes;
	const struct category *classes;
	int64_t images, labels, ignored;
	int64_t per_image[LABEL_REPORT_OBJECTS];	/* images with so many labels; the last: that many or more */
	int64_t *per_class;	/* [n_classes] labels */
	int64_t score[LABEL_REPORT_SCORES];	/* labels by score, in steps of 1/LABEL_REPORT_SCORES */
};

struct label_report {
	struct label_stats found;
	struct label_stats reference;	/* images 0: none */
	struct pseudo_counts counts;
	int64_t rejected;	/* images that cannot be used */
};

/* All zero; per_class is the arena's. */
int label_stats_init(struct label_stats *s, const struct category *classes, int n_classes, struct arena *a) MUST_CHECK;

/* Count a sample: its objects, or its class as one label. */
void label_stats_add(struct label_stats *s, const struct sample *sample);

/* Count all of a stream or pack whose classes must be those of s, by name. */
int label_stats_read(struct label_stats *s, const char *path) MUST_CHECK;

/* Whether the lists are the same, by name and order. Error: shows both. */
int label_classes_agree(const char *a_name, const struct category *a, int n_a, const char *b_name, const struct category *b, int n_b)
	MUST_CHECK;

/* -1: one of them has no labels. */
double label_drift(const struct label_stats *a, const struct label_stats *b);

void label_report_text(FILE *file, const struct label_report *r);
int label_report_json(const char *path, const struct label_report *r) MUST_CHECK;
int label_report_svg(const char *path, const struct label_report *r) MUST_CHECK;

/* Files for the report in each form; NULL: not wanted. */
struct label_report_paths {
	const char *text, *json, *svg;
};

int label_report_write(const struct label_report_paths *paths, const struct label_report *r) MUST_CHECK;

#endif
