/* pseudolabel: label images with a teacher, in a pipe or as a job that comes again and again. */
#include "base/io.h"
#include "base/options.h"
#include "base/progress.h"
#include "base/threads.h"
#include "image/image_size.h"
#include "train/label_store.h"
#include "train/label_stream.h"
#include "train/teacher.h"

#include <inttypes.h>
#include <omp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <xxhash.h>

static struct config {
	const char *teacher, *output, *watch_dir, *store, *thresholds, *reference, *gate, *weight, *dtype, *conv, *size;
	struct label_report_paths report;
	double score_threshold, ignore_from, min_size, nms_iou, gate_ap;
	int64_t max_per_image, topk, batch, chunk;
	bool hard, drop_empty, flip, any_classes;
} config = {
	.output = "-", .weight = "one", .dtype = "f32", .conv = "auto", .score_threshold = 0.5, .nms_iou = 0.5,
	.max_per_image = 100, .batch = 8, .chunk = 256,
};

static const struct option_spec options[] = {
	OPTION_TEXT('t', "teacher", "FILE", &config.teacher, OPTION_REQUIRED, "model of trainstep that labels"),
	OPTION_TEXT('o', "output", "FILE", &config.output, 0, "where the samples go; a pack when it ends in .pack (stdout)"),
	OPTION_TEXT(0, "watch-dir", "DIR", &config.watch_dir, 0, "label the images in DIR that --store does not have yet"),
	OPTION_TEXT(0, "store", "DIR", &config.store, 0, "directory of the labels of --watch-dir"),
	OPTION_INT(0, "chunk", "N", &config.chunk, 1, 1e9, 0, "images of a pack in --store (256)"),
	OPTION_NUMBER(0, "score-threshold", "X", &config.score_threshold, 0, 1, OPTION_RECORDS, "scores from here on are labels (0.5)"),
	OPTION_TEXT(0, "thresholds", "FILE", &config.thresholds, 0, "thresholds of single classes, as evalap --thresholds writes them"),
	OPTION_NUMBER(0, "ignore-from", "X", &config.ignore_from, 0, 1, OPTION_RECORDS,
		      "scores from here to the threshold are objects to ignore; 0: none are (0)"),
	OPTION_NUMBER(0, "min-size", "PX", &config.min_size, 0, 1e6, OPTION_RECORDS, "shorter side of an object at least, original pixels (0)"),
	OPTION_INT(0, "max-per-image", "N", &config.max_per_image, 1, 100000, OPTION_RECORDS, "labels of an image, the best first (100)"),
	OPTION_CHOICE(0, "weight", "one|score", &config.weight, OPTION_RECORDS, "what an object counts in the loss (one)"),
	OPTION_FLAG(0, "hard", &config.hard, OPTION_RECORDS, "classes of whole images without their probabilities"),
	OPTION_FLAG(0, "drop-empty", &config.drop_empty, OPTION_RECORDS, "leave out images without a label"),
	OPTION_FLAG(0, "flip", &config.flip, OPTION_RECORDS, "look at every image and its mirror image"),
	OPTION_FLAG(0, "any-classes", &config.any_classes, OPTION_RECORDS, "the input's classes may differ from the teacher's"),
	OPTION_NUMBER(0, "nms-iou", "X", &config.nms_iou, 0, 1, OPTION_RECORDS, "of two boxes of a class that overlap more, one stays (0.5)"),
	OPTION_INT(0, "topk", "N", &config.topk, 0, 1e6, OPTION_RECORDS, "candidates before that, see predict; 0: the preset's (0)"),
	OPTION_TEXT(0, "size", "WxH", &config.size, OPTION_RECORDS, "bring encoded images to this size (that of the training)"),
	OPTION_CHOICE(0, "dtype", "f32|bf16", &config.dtype, OPTION_RECORDS, "of activations (f32)"),
	OPTION_CHOICE(0, "conv", "auto|onednn|openblas", &config.conv, OPTION_RECORDS, "who computes convolutions (auto)"),
	OPTION_INT('b', "batch", "N", &config.batch, 1, BATCH_MAX / 2, 0, "images at a time (8)"),
	OPTION_TEXT(0, "gate", "FILE", &config.gate, 0, "labelled samples, a pack, on which the teacher must show --gate-ap"),
	OPTION_NUMBER(0, "gate-ap", "X", &config.gate_ap, 0, 1, 0, "AP of boxes, of a classifier top-1, at least; else exit 3 (0)"),
	OPTION_TEXT(0, "reference", "FILE", &config.reference, 0, "labelled samples with which the report compares"),
	OPTION_TEXT(0, "report", "FILE", &config.report.text, 0, "write the report as text"),
	OPTION_TEXT(0, "report-json", "FILE", &config.report.json, 0, "as JSON"),
	OPTION_TEXT(0, "report-svg", "FILE", &config.report.svg, 0, "as a page of charts"),
	OPTION_END
};

static const struct tool_spec tool = {
	.name = "pseudolabel",
	.summary = "label images with a teacher",
	.synopsis = "-t TEACHER.safetensors [options] [STREAM | --watch-dir DIR --store DIR]",
	.options = options,
	.examples =
		"coco-pack photos | pseudolabel -t m.safetensors --score-threshold 0.01 --flip -o pseudo.pack\n"
		"pseudolabel -t m.safetensors --watch-dir photos --store labels --ignore-from 0.3 --min-size 8\n",
};

static volatile sig_atomic_t stop_signal;

static void on_signal(int number)
{
	stop_signal = number;
}

/* What decides the labels: options, teacher, thresholds. */
static const char *record_text(struct arena *a)
{
	uint64_t teacher, thresholds = 0;
	const char *text = options_record_text(&tool, a);
	if (text == NULL || teacher_hash(&teacher, config.teacher) != 0)
		return NULL;
	if (config.thresholds != NULL && teacher_hash(&thresholds, config.thresholds) != 0)
		return NULL;
	size_t room = strlen(text) + 80;
	char *whole = arena_alloc(a, room);
	if (whole != NULL)
		snprintf(whole, room, "%s teacher=%016" PRIx64 " thresholds=%016" PRIx64, text, teacher, thresholds);
	return whole;
}

static int check_gate(const struct labeller_options *o)
{
	double figure;
	if (config.gate == NULL)
		return 0;
	TRY(teacher_figure(&figure, config.teacher, &o->inference, config.gate));
	if (figure >= config.gate_ap) {
		tool_say("the teacher passes the gate with %.4f", figure);
		return 0;
	}
	tool_warn("the teacher '%s' has %.4f on '%s', below the gate of %.4f; nothing is labelled", config.teacher, figure, config.gate,
		  config.gate_ap);
	return EXIT_GATE;
}

static int open_labeller(struct labeller *l, const struct labeller_options *o)
{
	TRY(labeller_open(l, config.teacher, o));
	if (config.reference == NULL || label_stats_read(&l->report.reference, config.reference) == 0)
		return 0;
	labeller_close(l);
	return -1;
}

static int show_progress(void *context, int64_t done, int64_t total)
{
	struct progress *p = context;
	if (p->total == 0 && total > 0)
		p->total = total;
	progress_update(p, done, "");
	return stop_signal != 0;
}

static int write_reports(const struct labeller *l, const struct arguments *args)
{
	if (!args->quiet)
		label_report_text(stderr, &l->report);
	return label_report_write(&config.report, &l->report);
}

static int run_stream(const struct labeller_options *o, const char *text, const struct arguments *args)
{
	struct labeller l;
	struct progress progress;
	struct label_stream_param p = {
		.input = args->n > 0 ? args->operand[0] : "-", .output = config.output, .any_classes = config.any_classes,
		.link = { .tool = tool.name, .version = COCOPIPE_VERSION, .options = text, .seed = (uint64_t)args->seed },
		.progress = show_progress, .progress_context = &progress,
	};
	TRY(open_labeller(&l, o));
	progress_start(&progress, "images", 0, args->quiet);
	int status = label_stream(&l, &p);
	progress_end(&progress);
	if (status == 0)
		status = write_reports(&l, args);
	labeller_close(&l);
	return status;
}

/* Packs of a store have this tool's link alone: what came before are files. */
static int label_new(struct label_store *s, const struct labeller_options *o, const char *text, const struct arguments *args)
{
	struct labeller l;
	struct progress progress;
	struct stream_header header;
	struct provenance link = { .tool = tool.name, .version = COCOPIPE_VERSION, .options = text, .seed = (uint64_t)args->seed };
	TRY(open_labeller(&l, o));
	progress_start(&progress, "images", s->n_new, args->quiet);
	s->progress = show_progress;
	s->progress_context = &progress;
	int status = stream_header_extend(&header, NULL, &link, &s->arena);
	header.n_categories = l.inf.checkpoint.n_categories;
	header.categories = l.inf.checkpoint.categories;
	if (status == 0)
		status = label_store_run(s, &l, &header);
	progress_end(&progress);
	if (status == 0)
		status = label_store_finish(s, &l.report);
	if (status == 0)
		status = write_reports(&l, args);
	if (status == 0 && l.report.rejected > 0)
		tool_warn("%" PRId64 " image%s cannot be used, see '%s/left-out.jsonl'", l.report.rejected, tool_plural(l.report.rejected),
			  s->directory);
	labeller_close(&l);
	return status;
}

static int run_locked(struct label_store *s, const struct labeller_options *o, const char *text, const struct arguments *args)
{
	char key[17];
	snprintf(key, sizeof key, "%016" PRIx64, (uint64_t)XXH3_64bits(text, strlen(text)));
	s->chunk = (int)config.chunk;
	TRY(label_store_open(s, key));
	TRY(label_store_find(s, config.watch_dir));
	if (s->n_new == 0) {
		tool_say("nothing new: %" PRId64 " image%s in '%s', %" PRId64 " labelled and %" PRId64 " left out in '%s'", s->n_files,
			 tool_plural(s->n_files), config.watch_dir, s->n_labelled, s->n_left_out, s->directory);
		return 0;
	}
	int status = check_gate(o);
	return status != 0 ? status : label_new(s, o, text, args);
}

static int run_store(const struct labeller_options *o, struct arena *a, const struct arguments *args)
{
	struct label_store s;
	int locked = label_store_lock(&s, config.store), status = locked == 1 ? 0 : locked < 0 ? -1 : EXIT_BUSY;
	if (locked == 0)
		tool_say("another job works on '%s'", config.store);
	const char *text = locked == 1 ? record_text(a) : NULL;
	if (locked == 1)
		status = text == NULL ? -1 : run_locked(&s, o, text, args);
	label_store_close(&s);
	return status;
}

static int run(const struct labeller_options *o, const struct arguments *args)
{
	struct arena a;
	arena_init(&a, 1 << 12);
	omp_set_num_threads(args->threads);
	int status;
	if (config.store != NULL) {
		status = run_store(o, &a, args);
	} else {
		const char *text = record_text(&a);
		status = text == NULL ? -1 : check_gate(o);
		if (status == 0)
			status = run_stream(o, text, args);
	}
	arena_release(&a);
	return status;
}

static struct labeller_options parse_options(void)
{
	bool square;
	struct labeller_options o = {
		.inference = {
			.dtype = strcmp(config.dtype, "bf16") == 0 ? DTYPE_BF16 : DTYPE_F32, .backend = (enum conv_backend)conv_backend_find(config.conv),
			.limits = { .nms_iou = (float)config.nms_iou, .topk = (int)config.topk }, .batch = (int)config.batch, .flip = config.flip,
		},
		.threshold = config.score_threshold, .thresholds = config.thresholds, .drop_empty = config.drop_empty,
		.rules = { .ignore_from = config.ignore_from, .min_size = config.min_size, .max_per_image = config.max_per_image,
			   .weigh = strcmp(config.weight, "score") == 0, .hard = config.hard },
	};
	if (config.size != NULL && image_size_parse(config.size, &o.inference.w, &o.inference.h, &square) != 0)
		tool_usage("--size: %s", err_get());
	if (o.inference.w > AUGMENT_MAX_SIDE || o.inference.h > AUGMENT_MAX_SIDE)
		tool_usage("--size: at most %d pixels a side", (int)AUGMENT_MAX_SIDE);
	if (config.ignore_from > config.score_threshold && config.thresholds == NULL)
		tool_usage("--ignore-from %g is above --score-threshold %g", config.ignore_from, config.score_threshold);
	return o;
}

static void check_usage(const struct arguments *args)
{
	if ((config.watch_dir == NULL) != (config.store == NULL))
		tool_usage("--watch-dir and --store go together");
	if (config.store == NULL && option_given("chunk"))
		tool_usage("--chunk is for --store");
	if (config.store != NULL && (args->n > 0 || option_given("output")))
		tool_usage("--store takes the place of a stream and of --output");
	if (args->n > 1)
		tool_usage("one stream at most; 'tstream cat' joins several");
	if ((config.gate == NULL) != !option_given("gate-ap"))
		tool_usage("--gate and --gate-ap go together");
}

int main(int argc, char **argv)
{
	struct sigaction action = { .sa_handler = on_signal };
	struct arguments args;
	threads_wait_politely(argv);
	tool_start(&tool, argc, argv, &args);
	check_usage(&args);
	const struct labeller_options o = parse_options();
	if (config.store != NULL) {
		sigaction(SIGTERM, &action, NULL);
		sigaction(SIGINT, &action, NULL);
	}
	int status = run(&o, &args);
	if (status > 0)
		return tool_end(0) == EXIT_OK ? status : EXIT_FAILED;
	status = tool_end(status);
	return status == EXIT_OK && stop_signal != 0 ? EXIT_BUSY : status;
}
