/* augment: decode, flip, scale, cut and pad the images of a stream of samples, and their boxes with them. */
#include "augment/augment_run.h"
#include "augment/explain.h"
#include "augment/preview.h"
#include "augment/rules_select.h"
#include "base/io.h"
#include "base/options.h"
#include "image/image_size.h"

#include <stdio.h>
#include <string.h>

static struct config {
	const char *scheme;
	bool eval;
	const char *size;
	int64_t max_size;
	const char *sides;
	const char *jitter;
	const char *area;
	const char *strength, *blur;
	int64_t views;
	const char *corrupt;
	struct augment_selection rules;
	const char *quirks;
	const char *explain;
	const char *replay;
	const char *boxes;
	const char *swap;
	bool skip_bad;
	const char *output;
	const char *preview;
	int64_t preview_count;
} config = { .quirks = "sane", .boxes = "tight", .output = "-", .preview_count = 12 };

static const struct option_spec options[] = {
	OPTION_TEXT('s', "scheme", "SCHEME", &config.scheme, OPTION_RECORDS,
		    "0: mirror half and fit; 1: mirror half, scale jitter; 2, 3: AutoAugment, then as 1; 4: RandAugment, then as 1; "
		    "crop, mae, simclr: mirror half, a random part; centre: the middle"),
	OPTION_FLAG(0, "eval", &config.eval, OPTION_RECORDS, "fit only, nothing random"),
	OPTION_TEXT(0, "size", "WxH", &config.size, OPTION_RECORDS,
		    "canvas in pixels; one number N is NxN, or the short side with --max-size"),
	OPTION_TEXT(0, "short", "LIST", &config.sides, OPTION_RECORDS,
		    "instead of --size, with --max-size: draw the short side from N,LO..HI,LO..HI:STEP"),
	OPTION_INT(0, "max-size", "LONG", &config.max_size, 0, AUGMENT_MAX_SIDE, OPTION_RECORDS,
		   "longest side when --size or --short is the short side; no padding (0: off)"),
	OPTION_TEXT(0, "jitter", "LO,HI", &config.jitter, OPTION_RECORDS, "range of the scale factor (-s1, -s2: 0.8,1.2; -s3, -s4: 0.5,2.0)"),
	OPTION_TEXT(0, "area", "LO,HI", &config.area, OPTION_RECORDS,
		    "range of the part of the image that is shown (-scrop: 0.08,1.0; -smae: 0.2,1.0)"),
	OPTION_TEXT(0, "strength", "S", &config.strength, OPTION_RECORDS,
		    "how strongly -ssimclr distorts colours (1.0; for small images 0.5)"),
	OPTION_TEXT(0, "blur", "P", &config.blur, OPTION_RECORDS, "with which probability -ssimclr blurs (0.5)"),
	OPTION_INT(0, "views", "N", &config.views, 0, AUGMENT_MAX_VIEWS, OPTION_RECORDS,
		   "records made of each sample, one after the other (1; -ssimclr: 2)"),
	OPTION_TEXT(0, "autoaugment", "NAME", &config.rules.autoaugment, OPTION_RECORDS,
		    "draw from AutoAugment's v0, v1, v2 or v3; for -scrop from v0 (-s2, -s3: v0)"),
	OPTION_TEXT(0, "randaugment", "N,M", &config.rules.randaugment, OPTION_RECORDS,
		    "draw N operations of magnitude M for each image (-s4: 1,10)"),
	OPTION_TEXT(0, "policy", "RULES", &config.rules.policy, OPTION_RECORDS,
		    "draw from rules OP:PROBABILITY:MAGNITUDE,...|...; @FILE reads them"),
	OPTION_CHOICE(0, "quirks", "sane|tpu", &config.quirks, OPTION_RECORDS,
		      "how operations are done: one resampling, or as published (sane)"),
	OPTION_TEXT(0, "corrupt", "KIND:LEVEL,...", &config.corrupt, OPTION_RECORDS,
		    "in the end, to test robustness: gaussian, shot, impulse, speckle, blur, brightness, contrast, jpeg; 1 to 5"),
	OPTION_CHOICE(0, "boxes", "tight|corners", &config.boxes, OPTION_RECORDS,
		      "of turned or cut objects: around what is seen of the mask, or the moved corners (tight)"),
	OPTION_TEXT(0, "swap", "A=B,...", &config.swap, OPTION_RECORDS,
		    "keypoints that exchange names in a mirror, or none; else those named left and right, and COCO's person"),
	OPTION_FLAG(0, "skip-bad", &config.skip_bad, OPTION_RECORDS,
		    "leave out and count samples with damaged images instead of stopping"),
	OPTION_TEXT('o', "output", "FILE", &config.output, 0, "where the samples go; *.pack makes a pack (-: stdout)"),
	OPTION_TEXT(0, "explain", "FILE", &config.explain, 0, "write what was done to each sample, a JSON object a line"),
	OPTION_TEXT(0, "replay", "FILE", &config.replay, 0, "do what --explain wrote, draw nothing"),
	OPTION_TEXT(0, "preview", "FILE", &config.preview, 0, "draw the first samples, before and after, on a sheet (JPEG)"),
	OPTION_INT(0, "preview-count", "N", &config.preview_count, 1, 400, 0, "pairs on the sheet (12)"),
	OPTION_END
};

static const struct tool_spec tool = {
	.name = "augment",
	.summary = "turn a stream of encoded samples into pixels to train on",
	.synopsis = "-s SCHEME|--eval --size WxH|--short LIST [options] [FILE]",
	.options = options,
	.examples =
		"coco-pack train.json --images train/ --shuffle | augment -s0 --size 640x480 > train.stream\n"
		"augment -s0 --size 800 --max-size 1333 train.pack > train.stream\n"
		"augment -s0 --short 640..800:32 --max-size 1333 train.pack > train.stream\n"
		"augment -s1 --size 320x240 train.pack | trainstep -m retinanet-resnet18-fpn-gn -o m.safetensors\n"
		"augment -s1 --size 640 --jitter 0.5,2.0 train.pack > train.stream\n"
		"augment -s4 --size 640 --randaugment 2,8 train.pack > train.stream\n"
		"augment -s2 --size 640 --policy 'rotate:0.6:10,color:1:6|cutout:0.8:8' train.pack > train.stream\n"
		"coco-pack val.json --images val/ | augment --eval --size 640 | predict -m m.safetensors > found.stream\n"
		"coco-pack imagenet/train --shuffle | augment -scrop --size 224 > train.stream\n"
		"coco-pack imagenet/train --shuffle | augment -ssimclr --size 224 > pairs.stream\n"
		"augment --eval --size 640 --corrupt gaussian:3 val.pack > noisy.stream\n"
		"augment -s1 --size 640 --preview sheet.jpg train.pack > /dev/null\n",
};

static void say(const char *text)
{
	tool_warn("left out: %s", text);
}

static const char *scheme_name(void)
{
	return config.eval ? "--eval" : config.scheme;
}

/*
 * The range LO,HI of an option, within least and most, or the scheme's own (0 0: it has none). What was not given is recorded with the
 * value that it has in the scheme.
 */
static int parse_range(double range[2], const char **text, const char *option, const double usual[2], double least,
		       double most, struct arena *a)
{
	int end = 0;
	if (usual[0] == 0 && *text != NULL)
		tool_usage("--%s does not go with %s%s", option, config.eval ? "" : "-s", scheme_name());
	if (usual[0] == 0)
		return 0;
	if (*text == NULL) {
		char shown[64];
		snprintf(shown, sizeof shown, usual[0] < 0.1 ? "%.2f,%.1f" : "%.1f,%.1f", usual[0], usual[1]);
		*text = arena_strdup(a, shown);
	}
	if (*text == NULL)
		return -1;
	if (sscanf(*text, "%lf,%lf%n", &range[0], &range[1], &end) != 2 || (*text)[end] != '\0' ||
	    !(range[0] >= least && range[1] <= most) || range[0] > range[1])
		tool_usage("--%s takes two numbers LO,HI with %g <= LO <= HI <= %g, not '%s'", option, least, most, *text);
	return 0;
}

static int parse_ranges(struct augment_param *param, struct arena *a)
{
	double jitter[2] = { 0 }, area[2] = { 0 };
	TRY(parse_range(jitter, &config.jitter, "jitter", param->scheme->jitter, 0.01, 100, a));
	TRY(parse_range(area, &config.area, "area", param->scheme->area, 0.0001, 1, a));
	param->jitter_low = jitter[0];
	param->jitter_high = jitter[1];
	param->area_low = area[0];
	param->area_high = area[1];
	return 0;
}

/* A number of -ssimclr; what was not given is recorded. */
static void parse_number(double *number, const char **text, const char *option, const char *usual, double most)
{
	int end = 0;
	if (strcmp(scheme_name(), "simclr") != 0) {
		if (*text != NULL)
			tool_usage("--%s goes with -ssimclr", option);
		return;
	}
	if (*text == NULL)
		*text = usual;
	if (sscanf(*text, "%lf%n", number, &end) != 1 || (*text)[end] != '\0' || !(*number >= 0 && *number <= most))
		tool_usage("--%s takes a number of 0 to %g, not '%s'", option, most, *text);
}

static int parse_sides(struct augment_param *param, struct arena *a)
{
	if (!param->scheme->random || param->scheme->canvas_only)
		tool_usage("--short draws the short side: it does not go with %s%s", config.eval ? "" : "-s", scheme_name());
	if (side_list_parse(&param->sides, config.sides, AUGMENT_MAX_SIDE, a) != 0)
		tool_usage("--short: %s", err_get());
	param->w = param->h = side_list_largest(&param->sides);
	if (param->max_size < param->w)
		tool_usage("--short goes with --max-size, the longest side, which is not smaller than any short side");
	return 0;
}

static int parse_size(struct augment_param *param, struct arena *a)
{
	bool one_number;
	if ((config.size == NULL) == (config.sides == NULL))
		tool_usage(config.size == NULL ? "--size is missing" : "give either --size or --short");
	if (config.sides != NULL)
		return parse_sides(param, a);
	if (image_size_parse(config.size, &param->w, &param->h, &one_number) != 0)
		tool_usage("--size: %s", err_get());
	if (param->w > AUGMENT_MAX_SIDE || param->h > AUGMENT_MAX_SIDE)
		tool_usage("--size: at most %d pixels a side", (int)AUGMENT_MAX_SIDE);
	if (param->max_size > 0 && (!one_number || param->max_size < param->w))
		tool_usage("--max-size goes with one number for --size, the short side, and is not smaller");
	if (param->max_size > 0 && param->scheme->canvas_only)
		tool_usage("-s%s fills a canvas of a fixed size: --max-size does not go with it", config.scheme);
	return 0;
}

static int parse_param(struct augment_param *param, const struct arguments *args, struct arena *a)
{
	if ((config.scheme != NULL) == config.eval)
		tool_usage("give either -s0, -s1, -s2, -s3, -s4, -scrop, -smae, -ssimclr, -scentre or --eval");
	if (args->n > 1)
		tool_usage("one input at most, not '%s' and '%s'", args->operand[0], args->operand[1]);
	const struct augment_scheme *scheme = augment_scheme_find(config.eval ? "eval" : config.scheme);
	if (scheme == NULL)
		tool_usage("-s%s: there are -s0, -s1, -s2, -s3, -s4, -scrop, -smae, -ssimclr and -scentre", config.scheme);
	*param = (struct augment_param){
		.scheme = scheme,
		.quirks = strcmp(config.quirks, "tpu") == 0 ? AUGMENT_TPU : AUGMENT_SANE,
		.max_size = (int)config.max_size,
		.seed = (uint64_t)args->seed,
	};
	param->objects.boxes = config.boxes[0] == 't' ? OBJECTS_TIGHT : OBJECTS_CORNERS;
	if (config.corrupt != NULL && corruptions_parse(&param->corruptions, config.corrupt, a) != 0)
		tool_usage("--corrupt: %s", err_get());
	TRY(parse_size(param, a));
	TRY(parse_ranges(param, a));
	parse_number(&param->strength, &config.strength, "strength", "1.0", 2);
	parse_number(&param->blur, &config.blur, "blur", "0.5", 1);
	if (config.views == 0)
		config.views = scheme->draw != NULL ? 2 : 1;
	if (augment_rules_select(&param->rules, scheme, &config.rules, a) != 0) {
		/* A file is an operand, what was typed is usage. */
		if (config.rules.policy != NULL && config.rules.policy[0] == '@')
			return -1;
		tool_usage("%s", err_get());
	}
	if (scheme->draw != NULL && param->rules != NULL)
		tool_usage("-s%s draws its own operations: no others go with it", scheme->name);
	return 0;
}

static int open_replay(struct augment_param *param, struct arena *a)
{
	struct augment_replay *replay = arena_alloc(a, sizeof *replay);
	if (config.replay == NULL)
		return 0;
	if (replay == NULL)
		return -1;
	param->replay = replay;
	return augment_replay_open(replay, config.replay, a);
}

static void report(const struct augment_run *run)
{
	const struct stream_trailer *t = &run->trailer;
	int64_t records = 0, objects = 0;
	char reasons[512] = "";
	for (int i = 0; i < t->n_rejects; i++) {
		size_t used = strlen(reasons);
		const struct stream_reject *r = &t->rejects[i];
		records += r->count.records;
		objects += r->count.objects;
		snprintf(reasons + used, sizeof reasons - used, "%s%lld %s", i == 0 ? ": " : ", ",
			 (long long)(r->count.records > 0 ? r->count.records : r->count.objects), r->reason);
	}
	tool_say("%lld image%s in, %lld out; %lld image%s and %lld object%s removed%s", (long long)t->in.records,
		 tool_plural(t->in.records), (long long)(t->in.records - records), (long long)records, tool_plural(records),
		 (long long)objects, tool_plural(objects), reasons);
	if (run->loss.keypoints > 0)
		tool_say("keypoints of %lld object%s dropped: which of them exchange left and right in a mirror is not known; "
			 "say it with --swap", (long long)run->loss.keypoints, tool_plural(run->loss.keypoints));
}

/* The tables of the stream's categories. */
static int make_twins(struct augment_run *run, struct arena *a)
{
	struct keypoint_swap swap;
	if (config.swap != NULL && keypoint_swap_parse(&swap, config.swap, a) != 0)
		tool_usage("--swap: %s", err_get());
	if (keypoint_twins_make(&run->param.objects.twins, stream_reader_header(run->reader), config.swap != NULL ? &swap : NULL,
				a) == 0)
		return 0;
	return err_context("--swap, %s", stream_reader_name(run->reader));
}

static int run_stream(struct augment_run *run, const struct arguments *args, struct arena *a)
{
	struct stream_header header;
	struct provenance link = {
		.tool = tool.name, .version = COCOPIPE_VERSION, .options = options_record_text(&tool, a),
		.seed = run->param.seed,
	};
	const struct stream_header *from = stream_reader_header(run->reader);
	if (strcmp(from->kind, "sample") != 0)
		return err_set("%s holds records of kind '%s', not samples", stream_reader_name(run->reader), from->kind);
	TRY(stream_header_extend(&header, from, &link, a));
	if (header.planned > 0)
		header.planned = header.planned > INT64_MAX / config.views ? -1 : header.planned * config.views;
	TRY(stream_writer_open(run->writer, config.output, &header));
	struct progress progress;
	progress_start(&progress, "images", from->planned > 0 ? from->planned : 0, args->quiet);
	run->progress = &progress;
	int status = augment_run(run, a);
	progress_end(&progress);
	if (status == 0 && run->explain != NULL && (fflush(run->explain) != 0 || ferror(run->explain)))
		status = err_errno("cannot write '%s'", config.explain);
	if (status == 0 && run->preview != NULL)
		status = preview_write(run->preview, config.preview);
	if (status == 0)
		return stream_writer_close(run->writer, &run->trailer);
	stream_writer_abandon(run->writer);
	return -1;
}

static int run_tool(const struct arguments *args)
{
	struct stream_reader reader;
	struct stream_writer writer;
	struct preview preview;
	struct arena a;
	struct augment_run run = {
		.reader = &reader, .writer = &writer, .threads = args->threads, .skip_bad = config.skip_bad, .say = say,
	};
	arena_init(&a, 1 << 16);
	int status = parse_param(&run.param, args, &a);
	if (status != 0 || open_replay(&run.param, &a) != 0 || stream_reader_open(&reader, args->n > 0 ? args->operand[0] : "-", NULL) != 0) {
		arena_release(&a);
		return -1;
	}
	run.views = (int)config.views;
	status = make_twins(&run, &a);
	if (status == 0 && config.preview != NULL) {
		run.preview = &preview;
		status = preview_init(&preview, (int)config.preview_count, stream_reader_header(&reader), run.param.objects.twins);
	}
	struct atomic_file explain = { .fd = -1 };
	if (status == 0 && config.explain != NULL)
		status = atomic_fopen(&explain, config.explain);
	run.explain = explain.file;
	if (status == 0)
		status = run_stream(&run, args, &a);
	if (status == 0 && config.explain != NULL)
		status = atomic_commit(&explain);
	atomic_abandon(&explain);
	if (status == 0)
		report(&run);
	if (run.preview != NULL)
		preview_release(&preview);
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
