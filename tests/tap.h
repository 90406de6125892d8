/*
 * tap: what a C test needs to speak TAP to prove.
 *
 *     int main(void)
 *     {
 *             ok(1 + 1 == 2, "adding works");
 *             is_int(f(3), 9, "f squares");
 *             return tap_done();
 *     }
 *
 * tests/X.c becomes a program; tests/X.t is a shell test with tests/tap.sh.
 */
#ifndef TESTS_TAP_H
#define TESTS_TAP_H

#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static int tap_count, tap_failures;

/* One test; the format is its name. Returns the condition. */
__attribute__((format(printf, 2, 3))) static inline bool ok(bool condition, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	printf("%sok %d - ", condition ? "" : "not ", ++tap_count);
	vprintf(format, args);
	printf("\n");
	va_end(args);
	fflush(stdout);
	if (!condition)
		tap_failures++;
	return condition;
}

static inline bool is_int(long long got, long long want, const char *name)
{
	bool same = ok(got == want, "%s", name);
	if (!same)
		printf("# got %lld, want %lld\n", got, want);
	return same;
}

static inline bool is_text(const char *got, const char *want, const char *name)
{
	bool same = ok(got != NULL && strcmp(got, want) == 0, "%s", name);
	if (!same)
		printf("# got '%s', want '%s'\n", got == NULL ? "(null)" : got, want);
	return same;
}

/* |got - want| <= tolerance; a NaN fails. */
static inline bool is_near(double got, double want, double tolerance, const char *name)
{
	bool same = ok(fabs(got - want) <= tolerance, "%s", name);
	if (!same)
		printf("# got %.17g, want %.17g within %g\n", got, want, tolerance);
	return same;
}

/* Prints the plan; the exit status of main. */
static inline int tap_done(void)
{
	printf("1..%d\n", tap_count);
	return tap_failures == 0 ? 0 : 1;
}

/* The whole file is skipped; the exit status of main. */
static inline int tap_skip_all(const char *reason)
{
	printf("1..0 # SKIP %s\n", reason);
	return 0;
}

#endif
