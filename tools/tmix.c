/* tmix: several streams of samples as one, in fixed proportions. */
#include "base/options.h"
#include "base/progress.h"
#include "record/mix.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct config {
	const char *ratio, *output, *names, *until;
	bool loop, shuffle;
	int64_t epochs, count, start, positions;
} config = { .output = "-", .epochs = 1, .count = -1, .positions = -1 };

static const struct option_spec options[] = {
	OPTION_TEXT('r', "ratio", "A:B:...", &config.ratio, OPTION_RECORDS, "samples of each input in turn, 1 to 4096 (1:1:...)"),
	OPTION_TEXT('o', "output", "FILE", &config.output, 0, "file to write; a pack when it ends in .pack (stdout)"),
	OPTION_TEXT(0, "names", "A,B,...", &config.names, 0, "of the inputs, for the records (those of the files)"),
	OPTION_TEXT(0, "until", "NAME", &config.until, OPTION_RECORDS, "end with this input (with the first that ends)"),
	OPTION_FLAG(0, "loop", &config.loop, OPTION_RECORDS, "packs begin again, but that of --until"),
	OPTION_INT(0, "epochs", "N", &config.epochs, 1, 1000000, OPTION_RECORDS, "passes over packs that do not loop (1)"),
	OPTION_FLAG(0, "shuffle", &config.shuffle, OPTION_RECORDS, "packs, in an order of its own for every pass"),
	OPTION_INT(0, "count", "N", &config.count, 1, 9e15, OPTION_RECORDS, "positions of the mixture at most (all)"),
	OPTION_INT(0, "start", "SEQ", &config.start, 0, 9e15, 0, "first position to write (0)"),
	OPTION_INT(0, "positions", "SEQ", &config.positions, 0, 9e15, 0,
		   "print where each input stands at this position, and exit; inputs are counted by -r"),
	OPTION_END
};

static const struct tool_spec tool = {
	.name = "tmix",
	.summary = "mix streams of samples in fixed proportions",
	.synopsis = "[options] FILE.pack|STREAM|- ...",
	.options = options,
	.examples =
		"tmix -r 1:1 human.pack pseudo.pack | augment -s4 --size 160x120 |\n"
		"    trainstep -m retinanet-resnet18-fpn-gn -o student.safetensors\n"
		"tmix -r 1:3 --shuffle --loop --until human --epochs 30 human.pack pseudo.pack -o mixed.pack\n",
};

/* Ratios "1:3" into ratio; how many there are. */
static int parse_ratio(int ratio[MIX_MAX_INPUTS], int n_inputs)
{
	int n = 0;
	if (config.ratio == NULL) {
		for (; n < n_inputs && n < MIX_MAX_INPUTS; n++)
			ratio[n] = 1;
		return n_inputs;
	}
	for (const char *at = config.ratio;; at++) {
		char *end;
		long value = strtol(at, &end, 10);
		if (*at < '0' || *at > '9' || (*end != ':' && *end != '\0') || value < 1 || value > MIX_MAX_RATIO)
			tool_usage("--ratio '%s': must be whole numbers from 1 to %d like 1:3", config.ratio, (int)MIX_MAX_RATIO);
		if (n == MIX_MAX_INPUTS)
			tool_usage("--ratio: more than %d inputs", (int)MIX_MAX_INPUTS);
		ratio[n++] = (int)value;
		if (*end == '\0')
			return n;
		at = end;
	}
}

/* "dir/human.pack" is called human; what would break a list of names is not taken over. */
static const char *file_name(const char *path, struct arena *a)
{
	const char *base = strrchr(path, '/') != NULL ? strrchr(path, '/') + 1 : path;
	if (strcmp(path, "-") == 0)
		return "stdin";
	char *name = arena_strndup(a, base, strcspn(base, "."));
	for (char *at = name; name != NULL && *at != '\0'; at++)
		if (strchr(" ,=\t\n", *at) != NULL)
			*at = '_';
	return name;
}

static void parse_names(const char *names[MIX_MAX_INPUTS], const struct arguments *args, struct arena *a)
{
	char *rest = config.names == NULL ? NULL : arena_strdup(a, config.names);
	for (int k = 0; k < args->n; k++) {
		char *name = strsep(&rest, ",");
		names[k] = config.names == NULL ? file_name(args->operand[k], a) : name;
		if (config.names != NULL && (name == NULL || *name == '\0' || strpbrk(name, " =\t\n") != NULL))
			tool_usage("--names '%s': must be %d words, without spaces and =", config.names, args->n);
		for (int i = 0; i < k; i++)
			if (strcmp(names[i], names[k]) == 0)
				tool_usage("two inputs are called '%s'; give them --names", names[k]);
	}
	if (rest != NULL)
		tool_usage("--names '%s': must be %d words, without spaces and =", config.names, args->n);
}

static int find_until(const char *const *names, int n)
{
	for (int k = 0; config.until != NULL && k < n; k++)
		if (strcmp(names[k], config.until) == 0)
			return k;
	if (config.until != NULL)
		tool_usage("--until '%s' is no input's name; see --names", config.until);
	return -1;
}

static void show_progress(void *context, int64_t position, int64_t planned)
{
	struct progress *p = context;
	if (p->total == 0 && planned > 0)
		p->total = planned;
	progress_update(p, position, "");
}

static int print_positions(const int *ratio, int n, struct arena *a)
{
	struct mix_pattern pattern;
	TRY(mix_pattern_make(&pattern, ratio, n, a));
	for (int k = 0; k < n; k++)
		printf("%" PRId64 "\n", mix_pattern_count(&pattern, config.positions, k));
	return 0;
}

static int run(const struct arguments *args, const int *ratio, struct arena *a)
{
	const char *names[MIX_MAX_INPUTS];
	struct mix_result result;
	struct progress progress;
	parse_names(names, args, a);
	struct mix_param p = {
		.n = args->n, .paths = (const char *const *)args->operand, .names = names, .ratio = ratio,
		.until = find_until(names, args->n), .loop = config.loop, .shuffle = config.shuffle, .epochs = config.epochs,
		.count = config.count, .start = config.start, .seed = (uint64_t)args->seed, .output = config.output,
		.tool = tool.name, .version = COCOPIPE_VERSION, .options = options_record_text(&tool, a),
		.progress = show_progress, .progress_context = &progress,
	};
	if (p.options == NULL)
		return -1;
	progress_start(&progress, "samples", 0, args->quiet);
	int status = mix_run(&result, &p);
	progress_end(&progress);
	for (int k = 0; status == 0 && k < args->n; k++)
		tool_say("%10" PRId64 " samples of %s%s", result.input_records[k], names[k], result.ended == k ? ", which ended" : "");
	return status;
}

int main(int argc, char **argv)
{
	struct arguments args;
	struct arena a;
	int ratio[MIX_MAX_INPUTS];
	tool_start(&tool, argc, argv, &args);
	int n = parse_ratio(ratio, args.n);
	arena_init(&a, 1 << 12);
	int status = 0;
	if (config.positions >= 0) {
		if (args.n > 0 && args.n != n)
			tool_usage("--ratio has %d parts for %d inputs", n, args.n);
		status = print_positions(ratio, n, &a);
	} else {
		if (args.n == 0 || args.n > MIX_MAX_INPUTS)
			tool_usage("one to %d packs or streams", (int)MIX_MAX_INPUTS);
		if (n != args.n)
			tool_usage("--ratio has %d parts for %d inputs", n, args.n);
		status = run(&args, ratio, &a);
	}
	arena_release(&a);
	return tool_end(status);
}
