/*
 * class_map: a text file that gives classes other names, joins them, or drops them.
 *
 *     # vehicles
 *     car = vehicle
 *     "traffic light" = "light = signal"
 *     kite =
 *
 * A line `old = new` gives class old the name new; several may get the same name, and then are one class. `old =` drops it. A
 * name with '=', blanks at its ends, or a quote at its beginning stands in double quotes, in which \" is a quote and
 * \\ a backslash. Blank lines, and lines that begin with '#', mean nothing. All lines hold at once: `a = b` and `b = a` exchange.
 */
#ifndef COCO_CLASS_MAP_H
#define COCO_CLASS_MAP_H

#include "base/arena.h"
#include "base/error.h"
#include "coco/id_map.h"

#include <stddef.h>

struct class_map_line {
	const char *from;
	const char *to;	/* NULL: dropped */
	int line;	/* in the file, from 1 */
};

struct class_map {
	const char *path;	/* for messages */
	int n;
	struct class_map_line *lines;
	struct id_map by_name;	/* from -> index of the line */
};

/*
 * The lines of a text, or of a file; names live in the arena. Error: names file and line: no '='; no class before it; a class
 * that is there twice; quotes; bytes that are not UTF-8. class_map_release() is also right then.
 */
int class_map_parse(struct class_map *m, const char *path, const char *text, size_t size, struct arena *a) MUST_CHECK;
int class_map_read(struct class_map *m, const char *path, struct arena *a) MUST_CHECK;
void class_map_release(struct class_map *m);

/* The line about a class, or NULL. m may be NULL. */
const struct class_map_line *class_map_find(const struct class_map *m, const char *name);

#endif
