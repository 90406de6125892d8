/*
 * options: one table per tool feeds the parser, -h, the provenance entry and the
 * check of the man page.
 *
 *     static struct config { int batch; const char *out; bool flip; } config = { .batch = 8 };
 *
 *     static const struct option_spec options[] = {
 *             OPTION_INT('b', "batch", "N", &config.batch, 1, 4096, OPTION_RECORDS, "images per step (8)"),
 *             OPTION_TEXT('o', "output", "FILE", &config.out, 0, "model file to write"),
 *             OPTION_FLAG(0, "flip", &config.flip, OPTION_RECORDS, "flip half of the images"),
 *             OPTION_END
 *     };
 *     static const struct tool_spec tool = {
 *             .name = "trainstep",
 *             .summary = "train a model on a stream of samples",
 *             .synopsis = "-m MODEL -o FILE [options]",
 *             .options = options,
 *             .examples = "coco-pack x.json | augment -s0 | trainstep -m ... -o m.safetensors\n",
 *     };
 *
 *     int main(int argc, char **argv)
 *     {
 *             struct arguments args;
 *             tool_start(&tool, argc, argv, &args);    // prints -h, -V; exits 2 on a usage error
 *             return tool_end(run(&args));
 *     }
 *
 * Every tool also has -h, -V, -q (quiet), -j N (threads of the data path; 0: all that the
 * machine or cgroup gives; OMP_NUM_THREADS is honoured) and --seed N. Long options take
 * "--name value" or "--name=value"; a unique prefix is not accepted. Options and operands may mix;
 * "--" ends options. Unknown names and values out of range are usage errors (exit 2).
 */
#ifndef BASE_OPTIONS_H
#define BASE_OPTIONS_H

#include "base/arena.h"
#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

enum option_kind {
	OPTION_KIND_FLAG,	/* bool */
	OPTION_KIND_INT,	/* int64_t, min..max */
	OPTION_KIND_NUMBER,	/* double, min..max */
	OPTION_KIND_TEXT,	/* const char * */
	OPTION_KIND_CHOICE,	/* const char *, one of choices "a|b|c" */
	OPTION_KIND_LIST,	/* struct option_list: may be given again and again */
};

enum {
	OPTION_RECORDS = 1,	/* changes the records: goes into the provenance */
	OPTION_REQUIRED = 2,
	OPTION_ABOVE = 4,	/* a number: min itself is out of range */
	OPTION_BELOW = 8,	/* a number: max itself is out of range */
};

struct option_list {
	int n;
	const char *value[64];
	int operand[64];	/* how many operands stand before it */
};

struct option_spec {
	char letter;	/* 0: long name only */
	const char *name;	/* NULL: letter only, or the end when letter is 0 too */
	const char *argument;	/* "N", "FILE", "WxH"; NULL for a flag */
	enum option_kind kind;
	void *value;	/* where it goes; holds the default before parsing */
	double min, max;
	const char *choices;
	unsigned flags;
	const char *help;	/* one line; the default in brackets at the end */
};

#define OPTION_FLAG(letter, name, value, flags, help) \
	{ letter, name, 0, OPTION_KIND_FLAG, value, 0, 0, 0, flags, help }
#define OPTION_INT(letter, name, argument, value, min, max, flags, help) \
	{ letter, name, argument, OPTION_KIND_INT, value, min, max, 0, flags, help }
#define OPTION_NUMBER(letter, name, argument, value, min, max, flags, help) \
	{ letter, name, argument, OPTION_KIND_NUMBER, value, min, max, 0, flags, help }
#define OPTION_TEXT(letter, name, argument, value, flags, help) \
	{ letter, name, argument, OPTION_KIND_TEXT, value, 0, 0, 0, flags, help }
#define OPTION_CHOICE(letter, name, choices, value, flags, help) \
	{ letter, name, choices, OPTION_KIND_CHOICE, value, 0, 0, choices, flags, help }
#define OPTION_LIST(letter, name, argument, value, flags, help) \
	{ letter, name, argument, OPTION_KIND_LIST, value, 0, 0, 0, flags, help }
#define OPTION_END { 0, 0, 0, OPTION_KIND_FLAG, 0, 0, 0, 0, 0, 0 }

struct tool_spec {
	const char *name;
	const char *summary;	/* the man page's NAME line after the dash */
	const char *synopsis;	/* operands and the usual options; the man page's SYNOPSIS says the same */
	const struct option_spec *options;	/* ends with OPTION_END */
	const char *examples;	/* a command a line */
	const char *extra_help;	/* further text for -h, or NULL */
	const char *const *commands;	/* NULL, or names of subcommands: the first operand must be one; NULL-terminated */
};

struct arguments {
	int n;	/* operands */
	char **operand;
	bool quiet;
	int threads;	/* -j, resolved to at least 1 */
	int64_t seed;	/* --seed (0) */
	const struct tool_spec *tool;
};

enum {
	EXIT_OK = 0,
	EXIT_FAILED = 1,
	EXIT_USAGE = 2,
	EXIT_GATE = 3,	/* a figure breaks the limit set for it */
	EXIT_LOST = 4,	/* there is a result, but a part of the input is lost */
	EXIT_BUSY = 75,
};

/* Parse; -h, -V and usage errors end the process. SIGPIPE becomes a quiet exit by signal. */
void tool_start(const struct tool_spec *tool, int argc, char **argv, struct arguments *args);

/* Whether the command line has the tool's option of this long name, if only with its default; after tool_start(). */
bool option_given(const char *name);

/* Print err_get() in git's grammar when status is not 0, check that stdout closes; the exit status. */
int tool_end(int status) MUST_CHECK;

/* End with a usage error: "tool: message" and a hint to -h; exit status 2. */
_Noreturn void tool_usage(const char *format, ...) PRINTF_LIKE(1, 2);

/* "tool: message" on stderr, unless -q was given. */
void tool_say(const char *format, ...) PRINTF_LIKE(1, 2);

/* The same with "warning: ", also with -q. */
void tool_warn(const char *format, ...) PRINTF_LIKE(1, 2);

/* "s" unless n is 1: tool_say("%lld image%s", n, tool_plural(n)). */
const char *tool_plural(int64_t n);

/* "name=value ..." of all options with OPTION_RECORDS, defaults too, in table order; for the provenance. */
const char *options_record_text(const struct tool_spec *tool, struct arena *a);

/*
 * Of an option that belongs to the operand before it: its value for operand i; NULL when it was not given. What stands before all
 * operands is for those that have none of their own; given twice for the same, the last one counts.
 */
const char *option_of_operand(const struct option_list *list, int i);

/* True when text is one of "a|b|c". */
bool option_is_choice(const char *choices, const char *text);

#endif
