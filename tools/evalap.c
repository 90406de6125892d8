/*
 * evalap: measure detections against ground truth as the COCO benchmark does.
 */
#include "base/options.h"
#include "eval/eval_report.h"
#include "eval/eval_set.h"

#include <stdio.h>
#include <string.h>

static struct config {
	const char *truth;
	const char *type;
	bool json;
	bool per_class;
} config = { .type = "bbox" };

static const struct option_spec options[] = {
	OPTION_TEXT('g', "truth", "FILE", &config.truth, OPTION_REQUIRED,
		    "ground truth: COCO JSON, or a pack or stream of samples"),
	OPTION_CHOICE('t', "type", "bbox", &config.type, 0, "what is compared: bbox, boxes by intersection over union (bbox)"),
	OPTION_FLAG(0, "json", &config.json, 0, "print JSON with all digits and the figures of every category"),
	OPTION_FLAG(0, "per-class", &config.per_class, 0, "print a table of the categories too"),
	OPTION_END
};

static const struct tool_spec tool = {
	.name = "evalap",
	.summary = "average precision of detections",
	.synopsis = "-g TRUTH [-t bbox] [--json] [--per-class] [RESULTS]",
	.options = options,
	.examples = "evalap -g instances_val2017.json results.json\n"
		    "coco-pack val.json --images val/ | predict -m m.safetensors | evalap -g val.json\n"
		    "evalap -g val.pack --json detections.stream > figures.json\n",
};

static const struct eval_type *const types[] = { &eval_bbox };

static const struct eval_type *find_type(const char *name)
{
	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
		if (strcmp(types[i]->name, name) == 0)
			return types[i];
	return NULL;
}

static void warn_left_out(const struct eval_left_out *left_out, const char *what, const char *lacking)
{
	if (left_out->n > 0)
		tool_warn("left out %lld %s of %s that the ground truth does not list: %s%s", (long long)left_out->n, what,
			  lacking, left_out->first, left_out->n > 1 ? " ..." : "");
}

static void warn_about(const struct eval_set *set)
{
	warn_left_out(&set->gt_image, "annotation(s)", "images");
	warn_left_out(&set->gt_category, "annotation(s)", "categories");
	warn_left_out(&set->dt_category, "detection(s)", "categories");
	if (set->has_id_zero)
		tool_warn("an annotation has the id 0: as in pycocotools, what matches it counts as a miss; number from 1");
	if (set->n_gt == 0)
		tool_warn("the ground truth has no annotations: nothing can be found, all figures are -1");
	else if (set->n_dt == 0)
		tool_warn("there are no detections: what can be found is not");
}

static int run(const struct arguments *args, const char *results, struct arena *a)
{
	struct eval_set set;
	struct eval_result result;
	eval_set_init(&set, a);
	TRY(eval_read_truth(&set, config.truth));
	TRY(eval_read_results(&set, results));
	warn_about(&set);
	const struct eval_input input = { .type = find_type(config.type), .n_images = set.n_images,
		.n_categories = set.n_categories, .gt = set.gt, .n_gt = set.n_gt, .dt = set.dt, .n_dt = set.n_dt,
		.threads = args->threads };
	TRY(eval_run(&result, &input, a));
	if (config.json) {
		eval_report_json(stdout, input.type, &set, &result);
		return 0;
	}
	eval_report_summary(stdout, input.type, &result);
	if (config.per_class)
		eval_report_classes(stdout, &set, &result);
	return 0;
}

int main(int argc, char **argv)
{
	struct arguments args;
	struct arena arena;
	tool_start(&tool, argc, argv, &args);
	if (args.n > 1)
		tool_usage("one RESULTS file is wanted, not %d", args.n);
	const char *results = args.n == 1 ? args.operand[0] : "-";
	if (strcmp(results, "-") == 0 && strcmp(config.truth, "-") == 0)
		tool_usage("ground truth and results cannot both come from standard input");
	arena_init(&arena, 1 << 20);
	int status = run(&args, results, &arena);
	arena_release(&arena);
	return tool_end(status);
}
