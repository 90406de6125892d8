/*
 * large_pages: memory that is filled at once comes in thousands of page faults, or in a few.
 */
#ifndef BASE_LARGE_PAGES_H
#define BASE_LARGE_PAGES_H

#include <stddef.h>

/* Blocks smaller than this have no use for large pages, which are 2 MiB where they are known. */
enum { LARGE_PAGES_FROM = 4 << 20 };

/* Ask for large pages for memory that has not been touched yet. Where they are not allowed the pages stay as they are. */
void large_pages_use(void *bytes, size_t size);

/* As malloc(), in large pages from LARGE_PAGES_FROM on. For free(). */
void *large_pages_malloc(size_t size);

#endif
