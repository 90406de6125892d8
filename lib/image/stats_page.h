/*
 * stats_page: what is in a stream, as an SVG page: objects in an image, sizes of images and objects, classes.
 */
#ifndef IMAGE_STATS_PAGE_H
#define IMAGE_STATS_PAGE_H

#include "record/stats.h"

/* The same stats give the same bytes. Error: memory; cannot write. */
int stats_page_write(const char *path, const struct stats *s, struct arena *a) MUST_CHECK;

#endif
