/*
 * coco-synth: draw a data set.
 */
#include "base/options.h"
#include "base/progress.h"
#include "image/image_size.h"
#include "image/synth_set.h"

static struct config {
	const char *directory;
	const char *size;
	int64_t images;
	int64_t classes;
	int64_t objects;
	int64_t quality;
} config = { .size = "256x256", .classes = 5, .objects = 6, .quality = 90 };

static const struct option_spec options[] = {
	OPTION_TEXT('o', "output", "DIR", &config.directory, OPTION_REQUIRED, "directory to write"),
	OPTION_INT('n', "images", "N", &config.images, 1, 999999, OPTION_REQUIRED | OPTION_RECORDS, "pictures to draw"),
	OPTION_TEXT(0, "size", "WxH", &config.size, OPTION_RECORDS, "size of the pictures in pixels (256x256)"),
	OPTION_INT(0, "classes", "K", &config.classes, 1, SYNTH_KINDS, OPTION_RECORDS,
		   "kinds: the first K of disc square triangle star ring cross heart moon (5)"),
	OPTION_INT(0, "objects", "N", &config.objects, 1, SYNTH_MAX_OBJECTS, OPTION_RECORDS,
		   "most shapes in a picture (6)"),
	OPTION_INT(0, "quality", "Q", &config.quality, 1, 100, OPTION_RECORDS, "quality of the JPEGs (90)"),
	OPTION_END
};

static const struct tool_spec tool = {
	.name = "coco-synth",
	.summary = "draw a data set of textured shapes with COCO annotations",
	.synopsis = "-o DIR -n N [--size WxH] [--classes K] [--objects N] [--quality Q]",
	.options = options,
	.examples = "coco-synth -o shapes -n 100\n"
		    "coco-synth -o shapes-val -n 20 --seed 1\n"
		    "coco-pack shapes/instances.json --images shapes/images -o shapes.pack\n",
};

static void show_progress(void *context, int64_t done)
{
	progress_update(context, done, NULL);
}

static int run(const struct arguments *args)
{
	bool square;
	struct progress progress;
	struct synth_set set = { .directory = config.directory, .n_images = config.images, .seed = (uint64_t)args->seed,
		.quality = (int)config.quality, .threads = args->threads,
		.param = { .n_kinds = (int)config.classes, .most = (int)config.objects },
		.progress = show_progress, .progress_context = &progress };
	if (image_size_parse(config.size, &set.param.w, &set.param.h, &square) != 0)
		tool_usage("--size: %s", err_get());
	int w = set.param.w, h = set.param.h;
	if (w < SYNTH_MIN_SIDE || h < SYNTH_MIN_SIDE || w > SYNTH_MAX_SIDE || h > SYNTH_MAX_SIDE)
		tool_usage("--size: sides are %d to %d pixels, not %s", SYNTH_MIN_SIDE, SYNTH_MAX_SIDE, config.size);
	progress_start(&progress, "pictures", set.n_images, args->quiet);
	int status = synth_set_write(&set);
	progress_end(&progress);
	TRY(status);
	tool_say("%lld picture%s with %lld shape%s in '%s'", (long long)set.n_images, tool_plural(set.n_images),
		 (long long)set.n_objects, tool_plural(set.n_objects), set.directory);
	return 0;
}

int main(int argc, char **argv)
{
	struct arguments args;
	tool_start(&tool, argc, argv, &args);
	if (args.n > 0)
		tool_usage("there is nothing to read: '%s' is too much", args.operand[0]);
	return tool_end(run(&args));
}
