/*
 * text_file: a whole text file in memory.
 */
#ifndef COCO_TEXT_FILE_H
#define COCO_TEXT_FILE_H

#include "base/arena.h"
#include "base/error.h"

/* In arena memory, NUL-terminated. Error: cannot read; a byte that is 0. */
int text_file_read(char **text, const char *path, struct arena *a) MUST_CHECK;

#endif
