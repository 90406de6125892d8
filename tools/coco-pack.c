/* coco-pack: images with their annotations, from any data set, to a stream of samples. */
#include "base/io.h"
#include "base/options.h"
#include "base/progress.h"
#include "coco/duplicates.h"
#include "coco/file_sinks.h"
#include "coco/merge.h"
#include "coco/pack_run.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct config {
	struct option_list format, images, labels, results, set, classes, source;
	const char *class_map, *exclude, *exif, *split, *output, *unpack, *tar, *rejects;
	bool renumber, duplicates, new_ids, shuffle, rest, unlabelled, strict;
	int64_t epochs, start, count, subset_seed, jpeg_quality, subset, images_per_class, objects_per_class, corrupt_seed, distance;
	double fraction, imbalance, corrupt;
} config = { .exif = "raw", .output = "-", .epochs = 1, .count = -1, .fraction = 1, .distance = 4 };

#define FORMATS "coco|panoptic|voc|labels|yolo|folders|cifar|list|tar|dir|stream"

static const struct option_spec options[] = {
	OPTION_LIST(0, "images", "DIR", &config.images, 0, "directory of the images of the COCO JSON file or list before it"),
	OPTION_LIST(0, "labels", "DIR", &config.labels, 0, "directory of label maps, or of a panoptic data set's PNG files"),
	OPTION_LIST(0, "results", "FILE", &config.results, 0, "COCO results that take the place of the annotations before it"),
	OPTION_LIST(0, "set", "NAME", &config.set, OPTION_RECORDS, "VOC: list in ImageSets/Main; YOLO, CIFAR: part, as train"),
	OPTION_LIST(0, "source", "NAME", &config.source, OPTION_RECORDS, "name of the data set before it (the file's or directory's)"),
	OPTION_LIST(0, "classes", "A,B,...", &config.classes, OPTION_RECORDS,
		    "the classes in the order of their labels (what the source says, or all there are, sorted)"),
	OPTION_LIST(0, "format", FORMATS, &config.format, 0, "what the operand before it is (found out)"),
	OPTION_TEXT(0, "class-map", "FILE", &config.class_map, 0, "lines 'old = new' rename or join classes, 'old =' drops one"),
	OPTION_TEXT(0, "exclude-classes", "A,B,...", &config.exclude, OPTION_RECORDS, "leave out these classes and their objects"),
	OPTION_FLAG(0, "renumber", &config.renumber, OPTION_RECORDS,
		    "classes of several sources are joined by name alone, and get new ids 1, 2, ..."),
	OPTION_FLAG(0, "shuffle", &config.shuffle, OPTION_RECORDS, "every epoch in an order of its own"),
	OPTION_INT(0, "epochs", "N", &config.epochs, 0, 1000000, OPTION_RECORDS,
		   "passes over the images; 0: as many as --count needs (1)"),
	OPTION_INT(0, "count", "N", &config.count, 1, 9e15, OPTION_RECORDS, "records of the run at most (all)"),
	OPTION_INT(0, "start", "SEQ", &config.start, 0, 9e15, 0, "first position of the run to write (0)"),
	OPTION_NUMBER(0, "fraction", "F", &config.fraction, 0, 1, OPTION_RECORDS, "use this part of the images (1)"),
	OPTION_INT(0, "subset", "N", &config.subset, 1, 9e15, OPTION_RECORDS, "use N of the images"),
	OPTION_INT(0, "images-per-class", "N", &config.images_per_class, 1, 9e15, OPTION_RECORDS, "use N images of each class"),
	OPTION_INT(0, "objects-per-class", "N", &config.objects_per_class, 1, 9e15, OPTION_RECORDS,
		   "use images with N objects of each class"),
	OPTION_NUMBER(0, "imbalance", "R", &config.imbalance, 1, 1e9, OPTION_RECORDS,
		      "long tail: R times as many images of the first class as of the last"),
	OPTION_INT(0, "subset-seed", "N", &config.subset_seed, 0, 9007199254740992.0, OPTION_RECORDS,
		   "seed of these selections (0)"),
	OPTION_FLAG(0, "rest", &config.rest, OPTION_RECORDS, "use the images that the selection leaves"),
	OPTION_NUMBER(0, "corrupt-labels", "P", &config.corrupt, 0, 1, OPTION_RECORDS, "make this part of the labels wrong (0)"),
	OPTION_INT(0, "corrupt-seed", "N", &config.corrupt_seed, 0, 9007199254740992.0, OPTION_RECORDS, "seed of --corrupt-labels (0)"),
	OPTION_FLAG(0, "unlabelled", &config.unlabelled, OPTION_RECORDS, "without annotations"),
	OPTION_TEXT(0, "split", "I/N", &config.split, OPTION_RECORDS, "only the positions that are I modulo N"),
	OPTION_CHOICE(0, "exif", "raw|turned", &config.exif, OPTION_RECORDS,
		      "frame of the annotations where the size cannot tell (raw)"),
	OPTION_TEXT('o', "output", "FILE", &config.output, 0, "file to write; a pack when it ends in .pack (stdout)"),
	OPTION_TEXT(0, "unpack", "DIR", &config.unpack, 0, "write COCO JSON and images instead: DIR/SOURCE.json, DIR/SOURCE/"),
	OPTION_TEXT(0, "tar", "FILE", &config.tar, 0, "write a WebDataset tar file instead; - is stdout"),
	OPTION_FLAG(0, "new-ids", &config.new_ids, 0, "--unpack: annotations are numbered anew, as where segments have ids of their image"),
	OPTION_INT(0, "jpeg-quality", "Q", &config.jpeg_quality, 1, 100, 0, "--unpack, --tar: pixels become JPEG of this quality (PNG)"),
	OPTION_FLAG(0, "duplicates", &config.duplicates, 0,
		    "list images that are there twice instead, a JSON object a line; exit status 3 when there are any"),
	OPTION_INT(0, "distance", "N", &config.distance, 0, DUPLICATES_MAX_DISTANCE, 0,
		   "--duplicates: bits of 64 in which hashes of like images may differ (4)"),
	OPTION_TEXT(0, "rejects", "FILE", &config.rejects, 0, "list every reject, a JSON object a line"),
	OPTION_FLAG(0, "strict", &config.strict, 0, "the first reject is an error"),
	OPTION_END
};

static const struct tool_spec tool = {
	.name = "coco-pack",
	.summary = "turn images and their annotations, from data sets of many kinds, into samples",
	.synopsis = "[options] {ann.json --images DIR | DIR [--set NAME] | FILE | FILE.pack | -} ...",
	.options = options,
	.examples =
		"coco-pack train.json --images train/ --shuffle --epochs 12 | augment -s0 --size 320x240 |\n"
		"    trainstep -m retinanet-resnet18-fpn-gn -o m.safetensors\n"
		"coco-pack VOC2012 --set trainval -o trainval.pack\n"
		"coco-pack imagenet/train --shuffle --epochs 90 |\n"
		"    augment -scrop --size 224 | trainstep -m classify-resnet50-bn -o c.safetensors\n"
		"coco-pack trainval.pack --fraction 0.1 --subset-seed 3 -o tenth.pack\n"
		"coco-pack train.json --images train/ val.json --images val/ --exclude-classes disc -o both.pack\n"
		"coco-pack train.pack --fraction 0.5 --unpack half\n",
};

static void parse_split(struct sampler_options *s)
{
	char end;
	s->part = 0;
	s->parts = 1;
	if (config.split == NULL)
		return;
	if (sscanf(config.split, "%" SCNd64 "/%" SCNd64 "%c", &s->part, &s->parts, &end) != 2)
		tool_usage("--split wants I/N, not '%s'", config.split);
	if (s->parts < 1 || s->part < 0 || s->part >= s->parts)
		tool_usage("--split %s: I counts from 0 and must be below N", config.split);
}

static void show_progress(void *context, int64_t done, int64_t total)
{
	struct progress *p = context;
	if (p->total == 0)
		p->total = total;
	progress_update(p, done, "");
}

static void say_count(const char *what, const struct stream_count *count)
{
	tool_say("%-10s %10" PRId64 " records %10" PRId64 " objects", what, count->records, count->objects);
}

static void say_result(const struct dataset *d, const struct pack_options *o, const struct pack_result *result)
{
	const struct stream_trailer *t = &result->trailer;
	say_count("in", &t->in);
	say_count("out", &t->out);
	say_count("deselected", &t->deselected);
	struct stream_count rejected = { 0, 0 };
	for (int i = 0; i < t->n_rejects; i++) {
		rejected.records += t->rejects[i].count.records;
		rejected.objects += t->rejects[i].count.objects;
	}
	say_count("rejected", &rejected);
	for (int i = 0; i < t->n_rejects; i++)
		tool_say("  %8" PRId64 " records %10" PRId64 " objects: %s", t->rejects[i].count.records,
			 t->rejects[i].count.objects, t->rejects[i].reason);
	if (result->clipped > 0)
		tool_say("%" PRId64 " box%s cut at the edge of the image", result->clipped,
			 result->clipped == 1 ? "" : "es");
	if (result->corrupted > 0)
		tool_say("%" PRId64 " label%s made wrong", result->corrupted, tool_plural(result->corrupted));
	if (o->ready != NULL && o->ready->n_short > 0)
		tool_say("%d class%s with fewer than were asked for", o->ready->n_short, o->ready->n_short == 1 ? "" : "es");
	if (d->n_too_long > 0)
		tool_say("%d member%s of the file not carried: there is room for 1 MiB of what it says of itself", d->n_too_long,
			 tool_plural(d->n_too_long));
	if (d->n_passed_over > 0)
		tool_say("%" PRId64 " file%s passed over: not named as an image or what belongs to it", d->n_passed_over,
			 tool_plural(d->n_passed_over));
}

static int open_sink(struct pack_sink *sink, struct stream_writer *w, struct dataset *d, const struct pack_options *o,
		     const struct arguments *args)
{
	struct stream_header header;
	const struct file_sink_param files = { config.unpack != NULL ? config.unpack : config.tar, d->n_categories, d->categories,
		d->n_about, d->about, (int)config.jpeg_quality, config.new_ids };
	if (config.unpack != NULL)
		return unpack_sink_open(sink, &files);
	if (config.tar != NULL)
		return tar_sink_open(sink, &files);
	const struct provenance link = { tool.name, COCOPIPE_VERSION, options_record_text(&tool, &d->arena), (uint64_t)args->seed };
	if (link.options == NULL)
		return -1;
	TRY(pack_run_header(&header, d, o, &link));
	TRY(stream_writer_open(w, config.output, &header));
	*sink = stream_sink(w);
	return 0;
}

static int say_duplicates(const struct pack_result *result, const struct duplicates_result *found)
{
	tool_say("%" PRId64 " image%s compared: %" PRId64 " exact and %" PRId64 " near duplicates", result->trailer.out.records,
		 tool_plural(result->trailer.out.records), found->exact, found->near);
	return found->exact + found->near > 0 ? EXIT_GATE : EXIT_OK;
}

/* EXIT_GATE: there are some. */
static int list_duplicates(struct dataset *d, struct pack_options *o)
{
	struct atomic_file file = { .fd = -1 };
	struct duplicates_result found;
	struct pack_result result;
	struct pack_sink sink;
	bool named = strcmp(config.output, "-") != 0;
	if (named)
		TRY(atomic_fopen(&file, config.output));
	const struct duplicates_param param = { named ? file.file : stdout, d->n_sources > 1, (int)config.distance };
	int status = duplicates_sink_open(&sink, &found, &param);
	if (status == 0)
		status = pack_run(&result, d, o, &sink);
	if (named && status == 0)
		status = atomic_commit(&file);
	else if (named)
		atomic_abandon(&file);
	if (status != 0)
		return -1;
	say_result(d, o, &result);
	return say_duplicates(&result, &found);
}

static int pack(struct dataset *d, struct pack_options *o, const struct arguments *args)
{
	struct stream_writer w = { 0 };
	struct pack_sink sink;
	struct pack_result result;
	struct progress progress;
	if (config.duplicates)
		return list_duplicates(d, o);
	TRY(open_sink(&sink, &w, d, o, args));
	progress_start(&progress, "images", 0, args->quiet);
	o->progress = show_progress;
	o->progress_context = &progress;
	int status = pack_run(&result, d, o, &sink);
	progress_end(&progress);
	if (status == 0)
		say_result(d, o, &result);
	return status;
}

/* What is chosen, before anything is written. */
static int choose(struct sampler *s, struct dataset *d, struct pack_options *o)
{
	if (o->corrupt.rate > 0 && d->n_categories < 2)
		return err_set("--corrupt-labels needs two classes; '%s' has %d", d->path, d->n_categories);
	if (d->n < 0)
		return 0;
	o->ready = s;
	return sampler_init(s, d, &o->sampler);
}

static int pack_with_rejects(struct dataset *d, struct pack_options *o, const struct arguments *args)
{
	struct atomic_file rejects;
	if (config.rejects == NULL)
		return pack(d, o, args);
	TRY(atomic_fopen(&rejects, config.rejects));
	o->rejects = rejects.file;
	int status = pack(d, o, args);
	if (status >= 0)
		return atomic_commit(&rejects) == 0 ? status : -1;
	atomic_abandon(&rejects);
	return -1;
}

static struct dataset_options options_of(int operand)
{
	return (struct dataset_options){
		.format = option_of_operand(&config.format, operand), .images = option_of_operand(&config.images, operand),
		.labels = option_of_operand(&config.labels, operand), .results = option_of_operand(&config.results, operand),
		.set = option_of_operand(&config.set, operand), .source = option_of_operand(&config.source, operand),
		.classes = option_of_operand(&config.classes, operand),
		.exif_turned = strcmp(config.exif, "turned") == 0, .unlabelled = config.unlabelled || config.duplicates,
	};
}

/* One data set as it is, or what becomes of several, or of its classes. */
static int open_data(struct dataset *d, const struct arguments *args)
{
	const struct dataset_options first = options_of(0);
	struct source_list list = { .n = args->n, .path = args->operand, .class_map = config.class_map,
		.exclude = config.exclude, .renumber = config.renumber, .unused = config.duplicates };
	if (args->n == 1 && config.class_map == NULL && config.exclude == NULL && !config.renumber)
		return dataset_open(d, args->operand[0], &first);
	list.options = calloc((size_t)args->n, sizeof *list.options);
	if (list.options == NULL)
		return err_set("out of memory for %d sources", args->n);
	for (int i = 0; i < args->n; i++)
		list.options[i] = options_of(i);
	int status = dataset_open_list(d, &list);
	free(list.options);
	return status;
}

static void check_usage(const struct arguments *args, const struct sampler_options *sampler)
{
	if (args->n == 0)
		tool_usage("what to read is missing: a JSON file, a directory, a pack or -");
	for (int i = 0; i < config.format.n; i++)
		if (!option_is_choice(FORMATS, config.format.value[i]))
			tool_usage("--format must be one of %s, not '%s'", FORMATS, config.format.value[i]);
	for (int i = 0; i < args->n; i++) {
		const struct dataset_options own = options_of(i);
		if (dataset_check_options(&own) != 0)
			tool_usage("%s", err_get());
	}
	if ((config.unpack != NULL) + (config.tar != NULL) + option_given("output") > 1)
		tool_usage("-o, --unpack and --tar each say where to write; give one of them");
	if (config.duplicates && (config.unpack != NULL || config.tar != NULL || config.epochs != 1))
		tool_usage("--duplicates writes a list, of one epoch; without --unpack, --tar and --epochs");
	if (option_given("distance") && !config.duplicates)
		tool_usage("--distance is for --duplicates");
	if (config.new_ids && config.unpack == NULL)
		tool_usage("--new-ids is for --unpack");
	if (config.jpeg_quality > 0 && config.unpack == NULL && config.tar == NULL)
		tool_usage("--jpeg-quality is for --unpack and --tar; samples are carried as they are");
	if (sampler_check_options(sampler) != 0)
		tool_usage("%s", err_get());
}

static int run(const struct arguments *args)
{
	struct dataset d;
	struct sampler sampler;
	struct pack_options o = {
		.sampler = {
			.shuffle = config.shuffle, .seed = (uint64_t)args->seed, .epochs = config.epochs,
			.count = config.count,
			.selection = {
				.fraction = config.fraction, .subset = config.subset, .images_per_class = config.images_per_class,
				.objects_per_class = config.objects_per_class, .imbalance = config.imbalance, .rest = config.rest,
				.seed = (uint64_t)config.subset_seed,
			},
		},
		.corrupt = { config.corrupt, (uint64_t)config.corrupt_seed },
		.start = config.start, .strict = config.strict, .threads = args->threads,
	};
	parse_split(&o.sampler);
	check_usage(args, &o.sampler);
	TRY(open_data(&d, args));
	int status = choose(&sampler, &d, &o);
	if (status == 0)
		status = pack_with_rejects(&d, &o, args);
	dataset_close(&d);
	return status;
}

int main(int argc, char **argv)
{
	struct arguments args;
	tool_start(&tool, argc, argv, &args);
	int status = run(&args), code = tool_end(status < 0 ? status : 0);
	return code == EXIT_OK ? status : code;
}
