/*
 * reconcile: one list of classes from those of several sources.
 *
 * Classes are the same when their names are, after the class map. They must then agree: an id has one name, a name one id, and
 * what is said of its supercategory and keypoints is the same wherever something is said. A class that the map renames or
 * joins takes all this from the class that had the name before, if there is one, else from the first that gets it.
 */
#ifndef COCO_RECONCILE_H
#define COCO_RECONCILE_H

#include "base/arena.h"
#include "base/error.h"
#include "coco/class_map.h"
#include "stream/stream.h"

#include <stdbool.h>

struct class_rules {
	const struct class_map *map;	/* NULL: none */
	const char *exclude;	/* "a,b", names after the map, to be left out; NULL: none */
	bool unused;	/* labels do not matter: no contradiction is an error, and ids are as with renumber */
	bool renumber;	/* ids become 1, 2, ... in the order of the list; what they were does not matter */
};

struct class_source {
	const char *path;	/* for messages */
	int n;
	const struct category *categories;
	int32_t *labels;	/* [n] its labels in the common list, -1: left out; filled by classes_reconcile() */
};

/*
 * *out [*n] in the order of their ids when there are several sources, else and with renumber in that of their appearance.
 * Error: the lists contradict each other (the message shows both); the map or the exclusion names a class that is not there;
 * no class is left of several.
 */
int classes_reconcile(struct category **out, int *n, struct class_source *sources, int n_sources,
		      const struct class_rules *rules, struct arena *a) MUST_CHECK;

#endif
