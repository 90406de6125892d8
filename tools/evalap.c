/*
 * evalap: measure detections against ground truth as the COCO benchmark does.
 */
#include "base/options.h"
#include "eval/eval_arrays.h"
#include "eval/eval_custom.h"
#include "eval/eval_report.h"
#include "eval/eval_select.h"
#include "eval/eval_set.h"
#include "eval/eval_task.h"
#include "eval/eval_warn.h"

#include <stdio.h>
#include <string.h>

static struct config {
	const char *truth;
	const char *type;
	const char *rule;
	bool json;
	bool per_class;
	const char *arrays;
	const char *limits;
	const char *ranges;
	struct eval_selection selection;
} config = { .type = "bbox", .rule = "coco" };

static const struct option_spec options[] = {
	OPTION_TEXT('g', "truth", "FILE", &config.truth, OPTION_REQUIRED,
		    "ground truth: COCO JSON, or a pack or stream of samples"),
	OPTION_TEXT('t', "type", "TYPE", &config.type, 0, "what is compared: bbox, boxes by intersection over union;\n"
		    "                              miou, label maps (bbox)"),
	OPTION_TEXT(0, "rule", "RULE", &config.rule, 0, "how boxes are scored: coco, lvis, voc2007 or voc2010 (coco)"),
	OPTION_FLAG(0, "json", &config.json, 0, "print JSON with all digits and the figures of every category"),
	OPTION_FLAG(0, "per-class", &config.per_class, 0, "print a table of the categories too"),
	OPTION_TEXT(0, "arrays", "FILE", &config.arrays, 0, "write precision, recall and scores as numpy's .npz"),
	OPTION_TEXT(0, "max-dets", "LIST", &config.limits, 0, "detections of a class in an image that count (1,10,100)"),
	OPTION_TEXT(0, "areas", "LIST", &config.ranges, 0, "sizes of object as NAME:LOW:HIGH,... in pixels squared"),
	OPTION_TEXT(0, "images", "LIST", &config.selection.images, 0, "evaluate these ids only: 7,9,12 or @FILE"),
	OPTION_TEXT(0, "classes", "LIST", &config.selection.classes, 0, "evaluate these classes only: names or ids"),
	OPTION_FLAG(0, "agnostic", &config.selection.agnostic, 0, "take all classes as one"),
	OPTION_END
};

static const struct tool_spec tool = {
	.name = "evalap",
	.summary = "average precision of detections",
	.synopsis = "-g TRUTH [-t TYPE] [--rule RULE] [--json] [--per-class] [--arrays FILE] [--max-dets LIST] [--areas LIST] "
		    "[--images LIST] [--classes LIST] [--agnostic] [RESULTS]",
	.options = options,
	.examples = "evalap -g instances_val2017.json results.json\n"
		    "coco-pack val.json --images val/ | predict -m m.safetensors | evalap -g val.json\n"
		    "coco-pack VOC2007 --set test | evalap -g - --rule voc2007 results.json\n"
		    "evalap -t miou -g SegmentationClass/ --per-class found/\n"
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

/* The task that the options name; NULL: COCO's rule. What does not go together is a usage error. */
static const struct eval_task *find_task(void)
{
	const struct eval_task *task = eval_task_find(config.type);
	if (find_type(config.type) == NULL && (task == NULL || task->types != NULL))
		tool_usage("--type must be one of bbox and miou, not '%s'", config.type);
	if (strcmp(config.rule, "coco") == 0)
		return task;
	if (task != NULL)
		tool_usage("--rule says how boxes are scored; it does not go with -t %s", config.type);
	task = eval_task_find(config.rule);
	if (task == NULL || task->types == NULL)
		tool_usage("--rule must be one of coco, lvis, voc2007 and voc2010, not '%s'", config.rule);
	if (!option_is_choice(task->types, config.type))
		tool_usage("--rule %s compares %s, not %s", config.rule, task->types, config.type);
	return task;
}

/* Options that only COCO's rule has. */
static void refuse_coco_options(void)
{
	const struct { const char *name; bool given; } coco_only[] = {
		{ "arrays", config.arrays != NULL }, { "max-dets", config.limits != NULL }, { "areas", config.ranges != NULL },
		{ "images", config.selection.images != NULL }, { "classes", config.selection.classes != NULL },
		{ "agnostic", config.selection.agnostic },
	};
	for (size_t i = 0; i < sizeof coco_only / sizeof coco_only[0]; i++)
		if (coco_only[i].given)
			tool_usage("--%s goes with COCO's rule only", coco_only[i].name);
}

static int run_task(const struct eval_task *task, const struct arguments *args, const char *results, struct arena *a)
{
	struct eval_figures figures;
	const struct eval_request request = { .truth = config.truth, .results = results, .type = config.type,
		.threads = args->threads, .warn = tool_warn };
	TRY(task->run(&figures, &request, a));
	if (config.json)
		eval_figures_json(stdout, &figures);
	else
		eval_figures_print(stdout, &figures, config.per_class);
	return 0;
}

static int run(const struct arguments *args, const char *results, struct arena *a)
{
	struct eval_set set;
	struct eval_result result;
	struct eval_type type = *find_type(config.type);
	if (config.limits != NULL)
		TRY(eval_custom_limits(&type, &type, config.limits, a));
	if (config.ranges != NULL)
		TRY(eval_custom_ranges(&type, &type, config.ranges, a));
	eval_set_init(&set, a);
	TRY(eval_read_truth(&set, config.truth));
	TRY(eval_select(&set, &config.selection));
	TRY(eval_read_results(&set, results));
	eval_warn(&set, tool_warn);
	const struct eval_input input = { .type = &type, .n_images = set.n_images,
		.n_categories = set.n_categories, .gt = set.gt, .n_gt = set.n_gt, .dt = set.dt, .n_dt = set.n_dt,
		.threads = args->threads };
	TRY(eval_run(&result, &input, a));
	if (config.arrays != NULL)
		TRY(eval_arrays_write(config.arrays, &result));
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
	const struct eval_task *task = find_task();
	if (task != NULL)
		refuse_coco_options();
	if (args.n > 1)
		tool_usage("one RESULTS file is wanted, not %d", args.n);
	const char *results = args.n == 1 ? args.operand[0] : "-";
	if (strcmp(results, "-") == 0 && strcmp(config.truth, "-") == 0)
		tool_usage("ground truth and results cannot both come from standard input");
	arena_init(&arena, 1 << 20);
	int status = task != NULL ? run_task(task, &args, results, &arena) : run(&args, results, &arena);
	arena_release(&arena);
	return tool_end(status);
}
