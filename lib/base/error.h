/*
 * error: the one way to report a failure.
 *
 * A library function returns 0 or -1 (a pointer or NULL). The reason is a
 * message of the calling thread, set by err_set() where the failure was seen
 * and extended by err_context() on the way up. The library never prints and
 * never exits; only main() does.
 *
 *     if (n < 0)
 *             return err_set("arena: negative size %d", n);
 *     TRY(thing_init(&thing));
 *     if (thing_read(&thing) != 0)
 *             return err_context("while reading record %d of '%s'", i, path);
 *
 * The message lives until the thread's next err_set().
 */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include <stdarg.h>

#define MUST_CHECK __attribute__((warn_unused_result))
#define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args)))

/* Leave the function with -1 when a call that returns 0 or -1 failed. */
#define TRY(call) do { if ((call) != 0) return -1; } while (0)

/* Set the message. Always returns -1, so that `return err_set(...)` reads well. */
int err_set(const char *format, ...) PRINTF_LIKE(1, 2);

/* The same for functions that return a pointer. Always returns NULL. */
void *err_null(const char *format, ...) PRINTF_LIKE(1, 2);

/* Set the message to "<what>: strerror(errno)". Always returns -1. */
int err_errno(const char *format, ...) PRINTF_LIKE(1, 2);

/* Append " (<context>)" to the message already set. Always returns -1. */
int err_context(const char *format, ...) PRINTF_LIKE(1, 2);

/* The message of this thread; "" when none was set. Never NULL. */
const char *err_get(void);

#endif
