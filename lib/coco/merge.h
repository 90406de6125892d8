/*
 * merge: several data sets as one, with one list of classes; or one data set with other classes.
 *
 * The images of the first data set come first, then those of the second, and so on. Samples keep their source, which is the name
 * of the data set they came from, so an id needs to be unique within its source only.
 * An object whose class was left out is deselected, and so is an image of such a class; labels of a label map become
 * 255, which no evaluation and no loss counts.
 *
 *     struct dataset d, *sources = calloc(2, sizeof *sources);
 *     ... dataset_open(&sources[0], ...), dataset_open(&sources[1], ...)
 *     TRY(dataset_merge(&d, sources, 2, &(struct class_rules){ .exclude = "dog" }));
 *     ...
 *     dataset_close(&d);      // and the sources with it
 */
#ifndef COCO_MERGE_H
#define COCO_MERGE_H

#include "coco/dataset.h"
#include "coco/reconcile.h"

/* What to open, with what of each. */
struct source_list {
	int n;
	char **path;	/* [n] */
	struct dataset_options *options;	/* [n] */
	const char *class_map, *exclude;	/* a file; "a,b"; NULL: none */
	bool renumber, unused;	/* as in struct class_rules */
};

enum { MERGE_IGNORED_LABEL = 255 };

/*
 * sources is from malloc(), and is d's from here on, also when this fails. Error: that of classes_reconcile(); one of several is a
 * stream; memory.
 */
int dataset_merge(struct dataset *d, struct dataset *sources, int n, const struct class_rules *rules) MUST_CHECK;

/* Open all and merge them. Error: that of dataset_open(), class_map_read() and dataset_merge(). */
int dataset_open_list(struct dataset *d, const struct source_list *list) MUST_CHECK;

#endif
