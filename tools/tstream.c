/* tstream: look into streams and packs, check them, join them, save what is left of them. */
#include "base/io.h"
#include "base/options.h"
#include "image/stats_page.h"
#include "record/dump.h"
#include "record/join.h"
#include "record/salvage_list.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static struct config {
	const char *output, *like, *lost, *plot;
	int64_t records;
	int64_t cap;
	bool full, header;
} config = { .output = "-", .records = -1, .cap = (int64_t)STREAM_DEFAULT_CAP };

static const struct option_spec options[] = {
	OPTION_TEXT('o', "output", "FILE", &config.output, 0,
		    "where head, cat and salvage write; FILE.pack becomes a pack (standard output)"),
	OPTION_INT('n', "records", "N", &config.records, 0, 9e15, OPTION_RECORDS,
		   "head, dump: stop after N records (head: 10; dump: all)"),
	OPTION_FLAG(0, "full", &config.full, 0, "dump: the values of tensors and bytes too"),
	OPTION_FLAG(0, "header", &config.header, 0, "dump: the header as the first line, the trailer as the last"),
	OPTION_TEXT(0, "plot", "FILE", &config.plot, 0, "stats: draw charts of it as SVG"),
	OPTION_TEXT(0, "lost", "FILE", &config.lost, 0, "salvage: list what is lost, a JSON object a line"),
	OPTION_TEXT(0, "like", "FILE", &config.like, 0,
		    "salvage: take the header of this stream or pack where that of the damaged one is lost"),
	OPTION_INT(0, "cap", "BYTES", &config.cap, 1, 9e15, 0, "longest record accepted (1073741824)"),
	OPTION_END
};

static const char *const commands[] = { "head", "cat", "stats", "check", "dump", "salvage", NULL };

static const struct tool_spec tool = {
	.name = "tstream",
	.summary = "look into streams and packs, check them, join them, save what is left of them",
	.synopsis = "head|cat|stats|check|dump|salvage [options] [FILE ...]",
	.options = options,
	.commands = commands,
	.extra_help = "head     the first records as a stream\n"
		      "cat      all records of all inputs as one stream or pack\n"
		      "stats    a table: records, objects, sizes, classes with bars, provenance, rejects\n"
		      "check    read everything and compare it with every hash, count and index entry\n"
		      "dump     one line of JSON for each record\n"
		      "salvage  what is whole of a damaged pack, and a list of what is not\n"
		      "\n"
		      "FILE is a stream or a pack; - or none is standard input.\n",
	.examples = "tstream stats train.pack\n"
		    "coco-pack train.json --images train | tstream cat -o train.pack\n"
		    "tstream head -n 100 train.pack | augment -s1 --size 320x240 | tstream check\n"
		    "tstream dump -n 1 --full train.pack\n"
		    "tstream salvage damaged.pack -o saved.pack --lost lost.jsonl\n",
};

static struct stream_limits limits(void)
{
	return (struct stream_limits){ .cap = (uint64_t)config.cap };
}

static int run_join(const char *const *inputs, int n, bool head)
{
	char text[64];
	struct stream_limits most = limits();
	struct provenance link = { .tool = "tstream", .version = COCOPIPE_VERSION, .options = text };
	struct join_param p = { .output = config.output, .inputs = inputs, .n_inputs = n, .records = -1, .limits = &most };
	if (head)
		p.records = config.records < 0 ? 10 : config.records;
	if (head)
		snprintf(text, sizeof text, "head records=%lld", (long long)p.records);
	else
		snprintf(text, sizeof text, "cat inputs=%d", n);
	/* One input as a whole is the same stream afterwards: packing and unpacking leave no trace. */
	if (head || n > 1)
		p.link = &link;
	return stream_join(&p);
}

static int run_stats(const char *input)
{
	struct stream_limits most = limits();
	struct stats s;
	struct arena a;
	arena_init(&a, 1 << 16);
	int status = stats_read(&s, input, &most, &a);
	if (status == 0)
		stats_print(&s, stdout);
	if (status == 0 && config.plot != NULL)
		status = stats_page_write(config.plot, &s, &a);
	arena_release(&a);
	return status;
}

static int run_check(const char *input)
{
	struct stream_limits most = limits();
	struct stream_count count;
	TRY(stats_check(&count, input, &most));
	printf("%s: ok, %lld records, %lld objects\n", strcmp(input, "-") == 0 ? "standard input" : input,
	       (long long)count.records, (long long)count.objects);
	return 0;
}

static int run_dump(const char *input)
{
	struct stream_limits most = limits();
	struct dump_param p = { .full = config.full, .header = config.header, .records = config.records };
	return dump_stream(stdout, input, &most, &p);
}

static void say_lost(const struct salvage_result *r)
{
	char text[1024];
	if (r->no_index != NULL)
		tool_say("without the index: %s", r->no_index);
	for (int64_t i = 0; config.lost == NULL && i < r->n_lost; i++)
		tool_say("lost: %s", salvage_lost_text(&r->lost[i], text));
	if (r->no_trailer)
		tool_say("the trailer is lost, and with it the account of what was rejected before");
	tool_say("kept %10" PRId64 " records %10" PRId64 " objects", r->kept.records, r->kept.objects);
	if (r->missing.records >= 0)
		tool_say("lost %10" PRId64 " records %10" PRId64 " objects", r->missing.records, r->missing.objects);
	else
		tool_say("how many records are lost is not known: neither index nor trailer is left");
}

/* 0: all of it was whole; EXIT_LOST; -1. */
static int run_salvage(const char *input)
{
	struct stream_limits most = limits();
	const struct provenance link = { .tool = "tstream", .version = COCOPIPE_VERSION, .options = "salvage" };
	const struct salvage_param p = { .input = input, .output = config.output, .like = config.like, .link = &link,
					 .limits = &most };
	struct salvage_result r;
	struct arena a;
	if (config.lost != NULL)
		TRY(io_check_writable(config.lost));
	arena_init(&a, 1 << 16);
	int status = salvage_pack(&r, &p, &a);
	if (status == 0)
		status = config.lost != NULL ? salvage_list_write(config.lost, &r) : 0;
	if (status == 0)
		say_lost(&r);
	if (status == 0 && !r.whole)
		status = EXIT_LOST;
	arena_release(&a);
	return status;
}

/* An option that the command would ignore is a mistake of the caller's. */
static void check_options(const char *command)
{
	bool head = strcmp(command, "head") == 0, cat = strcmp(command, "cat") == 0, dump = strcmp(command, "dump") == 0;
	bool salvage = strcmp(command, "salvage") == 0;
	if (strcmp(config.output, "-") != 0 && !head && !cat && !salvage)
		tool_usage("%s has no --output", command);
	if (config.records >= 0 && !head && !dump)
		tool_usage("%s has no --records", command);
	if ((config.full || config.header) && !dump)
		tool_usage("%s has no --full and no --header", command);
	if ((config.like != NULL || config.lost != NULL) && !salvage)
		tool_usage("%s has no --like and no --lost", command);
	if (config.plot != NULL && strcmp(command, "stats") != 0)
		tool_usage("%s has no --plot", command);
}

static int run(const struct arguments *args)
{
	static const char *const standard_input[] = { "-" };
	const char *command = args->operand[0];
	check_options(command);
	const char *const *inputs = args->n > 1 ? (const char *const *)args->operand + 1 : standard_input;
	int n = args->n > 1 ? args->n - 1 : 1;
	if (strcmp(command, "head") == 0 || strcmp(command, "cat") == 0)
		return run_join(inputs, n, strcmp(command, "head") == 0);
	if (strcmp(command, "salvage") == 0 && (n != 1 || strcmp(inputs[0], "-") == 0))
		tool_usage("salvage wants one file");
	if (strcmp(command, "salvage") == 0)
		return run_salvage(inputs[0]);
	if (config.plot != NULL && n > 1)
		tool_usage("--plot wants one input; join several with 'tstream cat'");
	for (int i = 0; i < n; i++) {
		if (strcmp(command, "stats") == 0)
			TRY(run_stats(inputs[i]));
		else if (strcmp(command, "check") == 0)
			TRY(run_check(inputs[i]));
		else
			TRY(run_dump(inputs[i]));
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct arguments args;
	tool_start(&tool, argc, argv, &args);
	int status = run(&args), end = tool_end(status > 0 ? 0 : status);
	return end == 0 ? status : end;
}
