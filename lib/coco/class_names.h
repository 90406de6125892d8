/*
 * class_names: the names of classes in text files that come with data sets.
 */
#ifndef COCO_CLASS_NAMES_H
#define COCO_CLASS_NAMES_H

#include "base/arena.h"
#include "base/error.h"

struct class_names {
	int n;
	const char **name;
};

/*
 * A name a line; blank lines at the end aside. The text is written to; path is for messages. Error: an empty name, one
 * that is there twice; none.
 */
int class_names_parse(struct class_names *out, const char *path, char *text, struct arena *a) MUST_CHECK;

/*
 * The list of 'names' in a YAML file: [a, 'b'], {0: a, 1: b}, or lines of "- a" or "0: a". Error: as above; numbers
 * that are not 0, 1, ...; no 'names'; other forms of YAML there.
 */
int class_names_parse_yaml(struct class_names *out, const char *path, char *text, struct arena *a) MUST_CHECK;

#endif
