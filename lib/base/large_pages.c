#include "base/large_pages.h"

#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum { LARGE_PAGE = 2 << 20 };

void large_pages_use(void *bytes, size_t size)
{
	const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	uintptr_t begin = (uintptr_t)bytes, first = (begin + page - 1) / page * page, end = (begin + size) / page * page;
	if (end > first)
		madvise((char *)bytes + (first - begin), end - first, MADV_HUGEPAGE);
}

void *large_pages_malloc(size_t size)
{
	if (size < LARGE_PAGES_FROM || size > SIZE_MAX - LARGE_PAGE)
		return malloc(size);
	/* Up to the end of its last page, for a page of 2 MiB must lie within. */
	size_t whole = (size + LARGE_PAGE - 1) / LARGE_PAGE * LARGE_PAGE;
	void *bytes = aligned_alloc(LARGE_PAGE, whole);
	if (bytes != NULL)
		large_pages_use(bytes, whole);
	return bytes;
}
