/* mixup: samples of a classifier's stream mixed in pairs, images and classes (mixup, CutMix). */
#include "augment/mixup_run.h"
#include "base/options.h"

#include <string.h>

static struct config {
	struct mixup_param param;
	const char *output;
	int64_t readers;
} config = { .param = { .probability = 1, .swap = 0.5 }, .output = "-", .readers = 1 };

static const struct option_spec options[] = {
	OPTION_NUMBER(0, "mixup", "ALPHA", &config.param.mixup, 0, 1000, OPTION_RECORDS,
		      "mix all pixels; shares are drawn from Beta(ALPHA, ALPHA) (0: never)"),
	OPTION_NUMBER(0, "cutmix", "ALPHA", &config.param.cutmix, 0, 1000, OPTION_RECORDS, "put a rectangle of one image into the other (0: never)"),
	OPTION_NUMBER(0, "prob", "P", &config.param.probability, 0, 1, OPTION_RECORDS, "probability that a pair is mixed (1)"),
	OPTION_NUMBER(0, "switch", "P", &config.param.swap, 0, 1, OPTION_RECORDS, "with both: probability of --cutmix (0.5)"),
	OPTION_NUMBER(0, "smoothing", "S", &config.param.smoothing, 0, 1, OPTION_RECORDS, "spread that part of each image over all classes (0)"),
	OPTION_INT(0, "readers", "N", &config.readers, 1, 1 << 20, OPTION_RECORDS,
		   "the input is the part of one of N readers (coco-pack --split I/N) (1)"),
	OPTION_TEXT('o', "output", "FILE", &config.output, 0, "where the samples go; *.pack makes a pack (-: stdout)"),
	OPTION_END
};

static const struct tool_spec tool = {
	.name = "mixup",
	.summary = "mix the images and classes of samples in pairs",
	.synopsis = "--mixup ALPHA|--cutmix ALPHA [options] [FILE]",
	.options = options,
	.examples =
		"coco-pack imagenet/train --shuffle | augment -scrop --size 224 | mixup --mixup 0.2 > train.stream\n"
		"coco-pack imagenet/train --shuffle | augment -scrop --size 224 --randaugment 2,9 |\n"
		"    mixup --mixup 0.8 --cutmix 1 --smoothing 0.1 > train.stream\n",
};

static int run_stream(struct mixup_run *run, const struct arguments *args, struct arena *a)
{
	struct stream_header header;
	struct progress progress;
	struct provenance link = {
		.tool = tool.name, .version = COCOPIPE_VERSION, .options = options_record_text(&tool, a), .seed = run->param.seed,
	};
	const struct stream_header *from = stream_reader_header(run->reader);
	if (strcmp(from->kind, "sample") != 0)
		return err_set("%s holds records of kind '%s', not samples", stream_reader_name(run->reader), from->kind);
	TRY(stream_header_extend(&header, from, &link, a));
	TRY(stream_writer_open(run->writer, config.output, &header));
	progress_start(&progress, "samples", from->planned > 0 ? from->planned : 0, args->quiet);
	run->progress = &progress;
	int status = mixup_run(run);
	progress_end(&progress);
	if (status == 0)
		return stream_writer_close(run->writer, NULL);
	stream_writer_abandon(run->writer);
	return -1;
}

static int run_tool(const struct arguments *args)
{
	struct stream_reader reader;
	struct stream_writer writer;
	struct arena a;
	struct mixup_run run = { .reader = &reader, .writer = &writer, .readers = config.readers, .param = config.param };
	run.param.seed = (uint64_t)args->seed;
	if (args->n > 1)
		tool_usage("one input at most, not '%s' and '%s'", args->operand[0], args->operand[1]);
	if (run.param.mixup == 0 && run.param.cutmix == 0)
		tool_usage("give --mixup, --cutmix or both");
	TRY(stream_reader_open(&reader, args->n > 0 ? args->operand[0] : "-", NULL));
	arena_init(&a, 1 << 16);
	int status = run_stream(&run, args, &a);
	if (status == 0)
		tool_say("%lld of %lld samples mixed", (long long)run.mixed, (long long)run.records);
	stream_reader_close(&reader);
	arena_release(&a);
	return status;
}

int main(int argc, char **argv)
{
	struct arguments args;
	tool_start(&tool, argc, argv, &args);
	return tool_end(run_tool(&args));
}
