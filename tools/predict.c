/* predict: find objects in images with a trained model. */
#include "base/options.h"
#include "base/progress.h"
#include "base/threads.h"
#include "coco/results.h"
#include "image/image_size.h"
#include "record/feature.h"
#include "train/image_file.h"
#include "train/inference.h"
#include "train/picture.h"

#include <omp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static struct config {
	const char *model, *output, *coco_json, *draw, *dtype, *conv, *size, *features;
	double score_threshold, nms_iou;
	int64_t topk, max_detections, batch;
} config = {
	.output = "-", .dtype = "f32", .conv = "auto",
	.score_threshold = 0.05, .nms_iou = 0.5, .max_detections = 100, .batch = 8,
};

static const struct option_spec options[] = {
	OPTION_TEXT('m', "model", "FILE", &config.model, OPTION_REQUIRED, "model of trainstep"),
	OPTION_TEXT('o', "output", "FILE", &config.output, 0, "where the detections go as a stream (-: stdout)"),
	OPTION_TEXT(0, "coco-json", "FILE", &config.coco_json, 0, "write COCO results JSON instead of a stream (-: stdout)"),
	OPTION_TEXT(0, "draw", "DIR", &config.draw, 0, "write each image with its detections into an existing directory"),
	OPTION_TEXT(0, "features", "LAYER", &config.features, OPTION_RECORDS,
		    "write the mean of layer1 .. layer4 over the pixels, for probe, instead of detections"),
	OPTION_NUMBER(0, "score-threshold", "X", &config.score_threshold, 0, 1, OPTION_RECORDS | OPTION_BELOW,
		      "scores must be above it (0.05)"),
	OPTION_NUMBER(0, "nms-iou", "X", &config.nms_iou, 0, 1, OPTION_RECORDS, "of two boxes of a class that overlap more, one stays (0.5)"),
	OPTION_INT(0, "topk", "N", &config.topk, 0, 1e6, OPTION_RECORDS,
		   "candidates of a level, preset tpu: of a class; 0: 1000, tpu: 5000 (0)"),
	OPTION_INT(0, "max-detections", "N", &config.max_detections, 1, 1e6, OPTION_RECORDS, "of an image (100)"),
	OPTION_TEXT(0, "size", "WxH", &config.size, OPTION_RECORDS, "bring encoded images to this size (that of the training)"),
	OPTION_CHOICE(0, "dtype", "f32|bf16", &config.dtype, OPTION_RECORDS, "of activations (f32)"),
	OPTION_CHOICE(0, "conv", "auto|onednn|openblas", &config.conv, OPTION_RECORDS, "who computes convolutions (auto)"),
	OPTION_INT('b', "batch", "N", &config.batch, 1, BATCH_MAX, 0, "images at a time (8)"),
	OPTION_END
};

static const struct tool_spec tool = {
	.name = "predict",
	.summary = "find objects in images with a trained model",
	.synopsis = "-m MODEL.safetensors [options] [STREAM | IMAGE.jpg ...]",
	.options = options,
	.examples =
		"coco-pack val.json --images val | predict -m m.safetensors --coco-json found.json\n"
		"predict -m m.safetensors --draw pictures --coco-json - photo1.jpg photo2.jpg\n"
		"predict -m m.safetensors val.pack | evalap -g val.pack -\n",
};

/* Where detections go. */
struct sinks {
	struct inference inf;
	struct stream_writer writer;
	struct results results;
	struct pictures pictures;
	struct arena arena;
	struct progress progress;
	int64_t images, objects;
};

static int on_found(void *context, const struct sample *s, const struct detection *d)
{
	struct sinks *sinks = context;
	const struct checkpoint *c = &sinks->inf.checkpoint;
	arena_reset(&sinks->arena);
	if (config.coco_json != NULL)
		TRY(results_put(&sinks->results, d, c->categories, c->n_categories));
	else
		TRY(detection_write(&sinks->writer, d, &sinks->arena));
	if (config.draw != NULL)
		TRY(pictures_write(&sinks->pictures, s, d, c->categories, &sinks->arena));
	sinks->images++;
	sinks->objects += d->n;
	progress_update(&sinks->progress, sinks->images, "");
	return 0;
}

static int on_features(void *context, const struct sample *s, const struct tensor *features)
{
	struct sinks *sinks = context;
	const struct feature f = {
		.id = s->id, .seq = s->seq, .source = s->source, .file_name = s->file_name, .class_label = s->class_label, .features = *features,
	};
	arena_reset(&sinks->arena);
	TRY(feature_write(&sinks->writer, &f, &sinks->arena));
	progress_update(&sinks->progress, ++sinks->images, "");
	return 0;
}

static int open_sinks(struct sinks *sinks, const struct stream_header *from)
{
	const struct checkpoint *c = &sinks->inf.checkpoint;
	struct stream_header header;
	struct provenance link = {
		.tool = tool.name, .version = COCOPIPE_VERSION, .options = options_record_text(&tool, &sinks->arena),
	};
	if (config.coco_json != NULL)
		return results_open(&sinks->results, config.coco_json);
	if (link.options == NULL || stream_header_extend(&header, from, &link, &sinks->arena) != 0)
		return -1;
	header.kind = config.features != NULL ? "feature" : "detection";
	/* Features say nothing of the model's classes, but keep those of the images. */
	if (config.features == NULL) {
		header.n_categories = c->n_categories;
		header.categories = c->categories;
	}
	return stream_writer_open(&sinks->writer, config.output, &header);
}

static int close_sinks(struct sinks *sinks, int status)
{
	progress_end(&sinks->progress);
	if (config.coco_json != NULL && status == 0)
		return results_close(&sinks->results);
	if (config.coco_json != NULL)
		results_abandon(&sinks->results);
	else if (status == 0)
		return stream_writer_close(&sinks->writer, NULL);
	else
		stream_writer_abandon(&sinks->writer);
	return -1;
}

static int run_files(struct sinks *sinks, const struct arguments *args)
{
	TRY(open_sinks(sinks, NULL));
	progress_start(&sinks->progress, "images", args->n, args->quiet);
	return close_sinks(sinks, inference_run_files(&sinks->inf, args->operand, args->n));
}

static int run_stream(struct sinks *sinks, struct stream_reader *r, bool quiet)
{
	const struct stream_header *header = stream_reader_header(r);
	if (strcmp(header->kind, "sample") != 0)
		return err_set("%s holds %ss; predict wants samples", stream_reader_name(r), header->kind);
	TRY(open_sinks(sinks, header));
	progress_start(&sinks->progress, "images", header->planned > 0 ? header->planned : 0, quiet);
	return close_sinks(sinks, inference_run_stream(&sinks->inf, r));
}

static int run_inference(struct sinks *sinks, const struct arguments *args)
{
	struct stream_reader reader;
	sinks->inf.found = on_found;
	sinks->inf.featured = on_features;
	sinks->inf.context = sinks;
	if (args->n > 0 && image_file_is_named(args->operand[0]))
		return run_files(sinks, args);
	TRY(stream_reader_open(&reader, args->n > 0 ? args->operand[0] : "-", NULL));
	int status = run_stream(sinks, &reader, args->quiet);
	stream_reader_close(&reader);
	return status;
}

static int run(const struct inference_options *o, const struct arguments *args)
{
	struct sinks sinks;
	memset(&sinks, 0, sizeof sinks);
	omp_set_num_threads(args->threads);
	TRY(inference_open(&sinks.inf, config.model, o));
	arena_init(&sinks.arena, 1 << 20);
	pictures_init(&sinks.pictures, config.draw);
	int status = run_inference(&sinks, args);
	if (status == 0 && config.features != NULL)
		tool_say("features of %lld image%s", (long long)sinks.images, tool_plural(sinks.images));
	else if (status == 0)
		tool_say("%lld object%s in %lld image%s", (long long)sinks.objects, tool_plural(sinks.objects),
			 (long long)sinks.images, tool_plural(sinks.images));
	pictures_release(&sinks.pictures);
	inference_close(&sinks.inf);
	arena_release(&sinks.arena);
	return status;
}

static struct inference_options parse_options(void)
{
	bool square;
	struct inference_options o = {
		.dtype = strcmp(config.dtype, "bf16") == 0 ? DTYPE_BF16 : DTYPE_F32,
		.backend = (enum conv_backend)conv_backend_find(config.conv),
		.limits = { (float)config.score_threshold, (float)config.nms_iou, (int)config.topk, (int)config.max_detections },
		.batch = (int)config.batch, .features = config.features,
	};
	if (config.size != NULL && image_size_parse(config.size, &o.w, &o.h, &square) != 0)
		tool_usage("--size: %s", err_get());
	if (o.w > AUGMENT_MAX_SIDE || o.h > AUGMENT_MAX_SIDE)
		tool_usage("--size: at most %d pixels a side", (int)AUGMENT_MAX_SIDE);
	if (config.features != NULL && (config.coco_json != NULL || config.draw != NULL))
		tool_usage("--features finds nothing to draw or to list");
	if (config.coco_json != NULL && strcmp(config.output, "-") != 0)
		tool_usage("--coco-json replaces the stream of -o; give one of them");
	return o;
}

int main(int argc, char **argv)
{
	struct arguments args;
	threads_wait_politely(argv);
	tool_start(&tool, argc, argv, &args);
	const struct inference_options o = parse_options();
	if (args.n > 1 && !image_file_is_named(args.operand[0]))
		tool_usage("one stream, or image files that end in .jpg, .jpeg or .png");
	/* On a terminal somebody reads: text instead of a stream. */
	if (config.coco_json == NULL && config.features == NULL && strcmp(config.output, "-") == 0 && isatty(STDOUT_FILENO))
		config.coco_json = "-";
	return tool_end(run(&o, &args));
}
