#include "base/options.h"

#include "base/threads.h"

#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What main() needs after tool_start(): the name for messages and whether to talk. One tool per process. */
static const struct tool_spec *the_tool;
static bool quiet;
static int64_t threads_wanted;
static int64_t seed;
static int n_operands;	/* so far */
enum { MAX_OPTIONS = 128 };
static bool given[MAX_OPTIONS];	/* by the places in the tool's table */

static const struct option_spec common_options[] = {
	{ 'j', NULL, "N", OPTION_KIND_INT, &threads_wanted, 0, 1024, NULL, 0,
	  "threads of the data path; 0: all there are (0)" },
	{ 0, "seed", "N", OPTION_KIND_INT, &seed, 0, 9007199254740992.0, NULL, 0, "seed of everything random (0)" },
	{ 'q', NULL, NULL, OPTION_KIND_FLAG, &quiet, 0, 0, NULL, 0, "no progress and no summary" },
	{ 'h', NULL, NULL, OPTION_KIND_FLAG, NULL, 0, 0, NULL, 0, "this help" },
	{ 'V', NULL, NULL, OPTION_KIND_FLAG, NULL, 0, 0, NULL, 0, "version" },
	OPTION_END
};

static bool is_end(const struct option_spec *o)
{
	return o->name == NULL && o->letter == 0;
}

void tool_usage(const char *format, ...)
{
	va_list args;
	fprintf(stderr, "%s: ", the_tool->name);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fprintf(stderr, "\n%s: try '%s -h'\n", the_tool->name, the_tool->name);
	exit(EXIT_USAGE);
}

void tool_say(const char *format, ...)
{
	if (quiet)
		return;
	va_list args;
	fprintf(stderr, "%s: ", the_tool->name);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
}

void tool_warn(const char *format, ...)
{
	va_list args;
	fprintf(stderr, "%s: warning: ", the_tool->name);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
}

const char *tool_plural(int64_t n)
{
	return n == 1 ? "" : "s";
}

static void print_option(const struct option_spec *o)
{
	char left[256];
	snprintf(left, sizeof left, "%s%.1s%s%s%s%s%s", o->letter != 0 ? "-" : "    ",
		 o->letter != 0 ? (char[]){ o->letter, 0 } : "", o->letter != 0 && o->name != NULL ? ", " : "",
		 o->name != NULL ? "--" : "", o->name != NULL ? o->name : "",
		 o->argument != NULL ? " " : "", o->argument != NULL ? o->argument : "");
	printf(strlen(left) < 28 ? "  %-28s%s\n" : "  %s\n                              %s\n", left, o->help);
}

static _Noreturn void print_help(const struct tool_spec *tool)
{
	printf("usage: %s %s\n%s\n\n", tool->name, tool->synopsis, tool->summary);
	if (tool->extra_help != NULL)
		printf("%s\n", tool->extra_help);
	printf("options:\n");
	for (const struct option_spec *o = tool->options; !is_end(o); o++)
		print_option(o);
	for (const struct option_spec *o = common_options; !is_end(o); o++)
		print_option(o);
	printf("\nexamples:\n");
	for (const char *line = tool->examples; *line != '\0';) {
		int length = (int)strcspn(line, "\n");
		printf("  %.*s\n", length, line);
		line += length + (line[length] == '\n');
	}
	exit(tool_end(0));
}

static const char *shown_name(const struct option_spec *o, char text[64])
{
	if (o->name != NULL)
		snprintf(text, 64, "--%s", o->name);
	else
		snprintf(text, 64, "-%c", o->letter);
	return text;
}

static void set_number(const struct option_spec *o, const char *name, const char *text)
{
	char *end;
	errno = 0;
	double number = strtod(text, &end);
	if (end == text || *end != '\0' || !isfinite(number))
		tool_usage("%s wants a number, not '%s'", name, text);
	bool above = o->flags & OPTION_ABOVE, below = o->flags & OPTION_BELOW;
	if (above && number <= o->min)
		tool_usage("%s must be above %g, not %s", name, o->min, text);
	if (below && number >= o->max)
		tool_usage("%s must be below %g, not %s", name, o->max, text);
	if (number < o->min || number > o->max)
		tool_usage("%s must be between %g and %g, not %s", name, o->min, o->max, text);
	if (o->kind == OPTION_KIND_NUMBER) {
		*(double *)o->value = number;
		return;
	}
	errno = 0;
	long long whole = strtoll(text, &end, 10);
	if (*end != '\0' || errno != 0)
		tool_usage("%s wants a whole number, not '%s'", name, text);
	*(int64_t *)o->value = whole;
}

bool option_is_choice(const char *choices, const char *text)
{
	size_t size = strlen(text);
	for (const char *c = choices; size > 0; c += strcspn(c, "|") + 1) {
		if (strcspn(c, "|") == size && memcmp(c, text, size) == 0)
			return true;
		if (c[strcspn(c, "|")] == '\0')
			break;
	}
	return false;
}

const char *option_of_operand(const struct option_list *list, int i)
{
	const char *own = NULL, *common = NULL;
	for (int k = 0; k < list->n; k++) {
		if (list->operand[k] == i + 1)
			own = list->value[k];
		else if (list->operand[k] == 0)
			common = list->value[k];
	}
	return own != NULL ? own : common;
}

/* The common options are another table: an address says nothing about which one `o` is in. */
static void mark_given(const struct option_spec *o)
{
	for (int i = 0; i < MAX_OPTIONS && !is_end(&the_tool->options[i]); i++)
		given[i] |= &the_tool->options[i] == o;
}

bool option_given(const char *name)
{
	for (int i = 0; i < MAX_OPTIONS && !is_end(&the_tool->options[i]); i++)
		if (the_tool->options[i].name != NULL && strcmp(the_tool->options[i].name, name) == 0)
			return given[i];
	return false;
}

static void set_option(const struct option_spec *o, const char *text)
{
	char name[64];
	shown_name(o, name);
	mark_given(o);
	switch (o->kind) {
	case OPTION_KIND_FLAG:
		*(bool *)o->value = true;
		break;
	case OPTION_KIND_INT:
	case OPTION_KIND_NUMBER:
		set_number(o, name, text);
		break;
	case OPTION_KIND_CHOICE:
		if (!option_is_choice(o->choices, text))
			tool_usage("%s must be one of %s, not '%s'", name, o->choices, text);
		/* fall through */
	case OPTION_KIND_TEXT:
		*(const char **)o->value = text;
		break;
	case OPTION_KIND_LIST: {
		struct option_list *list = o->value;
		if (list->n == (int)(sizeof list->value / sizeof list->value[0]))
			tool_usage("%s was given more than %d times", name, list->n);
		list->operand[list->n] = n_operands;
		list->value[list->n++] = text;
		break;
	}
	}
}

static const struct option_spec *find_in(const struct option_spec *o, char letter, const char *name, size_t size)
{
	for (; !is_end(o); o++) {
		if (letter != 0 && o->letter == letter)
			return o;
		if (letter == 0 && o->name != NULL && strlen(o->name) == size && memcmp(o->name, name, size) == 0)
			return o;
	}
	return NULL;
}

static const struct option_spec *find_option(char letter, const char *name, size_t size)
{
	const struct option_spec *o = find_in(the_tool->options, letter, name, size);
	return o != NULL ? o : find_in(common_options, letter, name, size);
}

static void act_on_help(const struct option_spec *o)
{
	if (o->letter == 'h')
		print_help(the_tool);
	if (o->letter == 'V') {
		printf("%s (cocopipe) %s\n", the_tool->name, COCOPIPE_VERSION);
		exit(tool_end(0));
	}
}

/* argv[i] is "--name", "--name=value"; the index of the last word used. */
static int parse_long(int argc, char **argv, int i)
{
	const char *name = argv[i] + 2;
	size_t size = strcspn(name, "=");
	const struct option_spec *o = find_option(0, name, size);
	if (o == NULL && strcmp(name, "help") == 0)
		print_help(the_tool);
	if (o == NULL)
		tool_usage("unknown option '%s'", argv[i]);
	if (o->kind == OPTION_KIND_FLAG) {
		if (name[size] == '=')
			tool_usage("--%s takes no value", o->name);
		set_option(o, NULL);
		return i;
	}
	if (name[size] == '=') {
		set_option(o, name + size + 1);
		return i;
	}
	if (i + 1 >= argc)
		tool_usage("--%s wants a value (%s)", o->name, o->argument);
	set_option(o, argv[i + 1]);
	return i + 1;
}

/* argv[i] is "-abc", "-n5" or "-n" "5"; the index of the last word used. */
static int parse_letters(int argc, char **argv, int i)
{
	for (const char *c = argv[i] + 1; *c != '\0'; c++) {
		const struct option_spec *o = find_option(*c, NULL, 0);
		if (o == NULL)
			tool_usage("unknown option '-%c' in '%s'", *c, argv[i]);
		act_on_help(o);
		if (o->kind == OPTION_KIND_FLAG) {
			set_option(o, NULL);
			continue;
		}
		if (c[1] != '\0') {
			set_option(o, c + 1);
			return i;
		}
		if (i + 1 >= argc)
			tool_usage("-%c wants a value (%s)", o->letter, o->argument);
		set_option(o, argv[i + 1]);
		return i + 1;
	}
	return i;
}

static void check_required(const struct tool_spec *tool)
{
	char name[64];
	for (int i = 0; !is_end(&tool->options[i]); i++)
		if ((tool->options[i].flags & OPTION_REQUIRED) && !given[i])
			tool_usage("%s %s is missing", shown_name(&tool->options[i], name), tool->options[i].argument);
}

static void check_command(const struct tool_spec *tool, const struct arguments *args)
{
	if (tool->commands == NULL)
		return;
	for (int i = 0; tool->commands[i] != NULL; i++)
		if (args->n > 0 && strcmp(args->operand[0], tool->commands[i]) == 0)
			return;
	if (args->n == 0)
		tool_usage("a command is missing");
	tool_usage("unknown command '%s'", args->operand[0]);
}

void tool_start(const struct tool_spec *tool, int argc, char **argv, struct arguments *args)
{
	the_tool = tool;
	*args = (struct arguments){ .operand = argv, .tool = tool };
	bool options_end = false;
	for (int i = 1; i < argc; i++) {
		if (options_end || argv[i][0] != '-' || argv[i][1] == '\0') {
			n_operands++;
			argv[args->n++] = argv[i];	/* operands move to the front; n is always below i */
		} else if (strcmp(argv[i], "--") == 0) {
			options_end = true;
		} else if (argv[i][1] == '-') {
			i = parse_long(argc, argv, i);
		} else {
			i = parse_letters(argc, argv, i);
		}
	}
	check_required(tool);
	check_command(tool, args);
	args->quiet = quiet;
	args->threads = threads_wanted > 0 ? (int)threads_wanted : threads_available();
	args->seed = seed;
	signal(SIGPIPE, SIG_DFL);
}

int tool_end(int status)
{
	if (status == 0 && fflush(stdout) != 0)
		status = err_errno("cannot write standard output");
	if (status == 0 && ferror(stdout))
		status = err_set("cannot write standard output");
	if (status == 0)
		return EXIT_OK;
	fprintf(stderr, "%s: %s\n", the_tool->name, err_get());
	return EXIT_FAILED;
}
