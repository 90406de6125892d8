/*
 * class_list: the classes of a model or data set, from wherever they are written.
 *
 * All memory is the arena's.
 */
#ifndef TRAIN_CLASS_LIST_H
#define TRAIN_CLASS_LIST_H

#include "base/arena.h"
#include "base/json.h"
#include "stream/stream.h"

struct class_list {
	int n;
	int64_t room;
	struct category *categories;
};

/* "disc,square": ids from 1. Error: an empty name, one that comes twice. */
int class_list_parse(struct class_list *c, const char *names, struct arena *a) MUST_CHECK;

/*
 * The classes of a file: a model of trainstep or its state, a stream or a pack, the "categories" of COCO JSON, or text with a
 * name in each line (ids from 1). Error: cannot read; no classes in it; one name twice.
 */
int class_list_read(struct class_list *c, const char *path, struct arena *a) MUST_CHECK;

/* The list [{"id", "name"}, ...] that comes next; other keys are skipped. */
int class_list_json(struct class_list *c, struct json_reader *j, struct arena *a) MUST_CHECK;

/* n classes without names: "0", "1", ..., ids as well. */
int class_list_number(struct class_list *c, int n, struct arena *a) MUST_CHECK;

/* Place of the class of that name, or -1. */
int class_list_find(const struct class_list *c, const char *name);

#endif
