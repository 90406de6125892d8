/*
 * Makes the n-th request for memory fail: linked into a tool with the linker's --wrap, so that only what the tool's own
 * code asks for is counted. n is in the environment as FAIL_ALLOCATION; "allocation failed" on stderr says that it came to that.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static atomic_long requests;

static bool fails(void)
{
	const char *wanted = getenv("FAIL_ALLOCATION");
	if (wanted == NULL || atomic_fetch_add(&requests, 1) + 1 != strtol(wanted, NULL, 10))
		return false;
	static const char note[] = "allocation failed\n";
	if (write(STDERR_FILENO, note, sizeof note - 1) < 0)
		abort();
	errno = ENOMEM;
	return true;
}

#define WRAP(type, name, parameters, arguments) \
	type __real_##name parameters; \
	type __wrap_##name parameters; \
	type __wrap_##name parameters { return fails() ? NULL : __real_##name arguments; }

WRAP(void *, malloc, (size_t size), (size))
WRAP(void *, calloc, (size_t count, size_t size), (count, size))
WRAP(void *, realloc, (void *old, size_t size), (old, size))
WRAP(void *, aligned_alloc, (size_t align, size_t size), (align, size))
WRAP(char *, strdup, (const char *text), (text))
WRAP(char *, strndup, (const char *text, size_t size), (text, size))
WRAP(FILE *, fopen, (const char *path, const char *mode), (path, mode))
WRAP(FILE *, fdopen, (int fd, const char *mode), (fd, mode))
WRAP(FILE *, open_memstream, (char **text, size_t *size), (text, size))

int __wrap_asprintf(char **text, const char *format, ...) __attribute__((format(printf, 2, 3)));
int __wrap_asprintf(char **text, const char *format, ...)
{
	if (fails())
		return -1;
	va_list args;
	va_start(args, format);
	int size = vasprintf(text, format, args);
	va_end(args);
	return size;
}
