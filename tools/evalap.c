/*
 * evalap: measure detections against ground truth as the COCO benchmark does.
 */
#include "base/options.h"
#include "eval/eval_analysis.h"
#include "eval/eval_arrays.h"
#include "eval/eval_custom.h"
#include "eval/eval_gate.h"
#include "eval/eval_part.h"
#include "eval/eval_report.h"
#include "eval/eval_select.h"
#include "eval/eval_set.h"
#include "eval/eval_task.h"
#include "eval/eval_warn.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Exit status when a figure breaks its limit. */
enum { EXIT_GATE = 3 };
/* What the order of additions can do to a figure. */
static const double ROUNDING = 1e-12;

static struct config {
	const char *truth;
	const char *type;
	const char *rule;
	const char *sigmas;
	bool json, csv;
	bool per_class;
	bool logits;
	const char *arrays;
	const char *partial;
	const char *limits;
	const char *ranges;
	bool strict, canonical;
	struct eval_selection selection;
	struct eval_analysis_options analysis;
	struct eval_gate_options gates;
} config = {
	.type = "bbox", .rule = "coco", .analysis = { .iou = 0.5, .score = NAN, .bootstrap = { .rounds = 1000, .level = 0.95 } },
};

static const struct option_spec options[] = {
	OPTION_TEXT('g', "truth", "FILE", &config.truth, 0,
		    "ground truth (needed, except by merge): COCO JSON, or a pack or stream of samples"),
	OPTION_TEXT('t', "type", "TYPE", &config.type, 0,
		    "what is compared: bbox, segm (masks), boundary (of masks), keypoints, miou (label maps),\n"
		    "                              classify (classes of images) or ood (out of distribution) (bbox)"),
	OPTION_TEXT(0, "sigmas", "LIST", &config.sigmas, 0,
		    "keypoints: how far each may be off, with commas between (COCO's 17 of persons)"),
	OPTION_TEXT(0, "rule", "RULE", &config.rule, 0, "how boxes are scored: coco, lvis, voc2007 or voc2010 (coco)"),
	OPTION_FLAG(0, "json", &config.json, 0, "print JSON with all digits and the figures of every category"),
	OPTION_FLAG(0, "csv", &config.csv, 0, "print the figures of every category as comma-separated values"),
	OPTION_FLAG(0, "per-class", &config.per_class, 0, "print a table of the categories too"),
	OPTION_FLAG(0, "logits", &config.logits, 0, "scores of classes are logits: take their softmax"),
	OPTION_TEXT(0, "arrays", "FILE", &config.arrays, 0, "write precision, recall and scores as numpy's .npz"),
	OPTION_TEXT(0, "partial", "FILE", &config.partial, 0, "write what 'evalap merge' makes one evaluation of"),
	OPTION_TEXT(0, "max-dets", "LIST", &config.limits, 0, "detections of a class in an image that count (1,10,100)"),
	OPTION_TEXT(0, "areas", "LIST", &config.ranges, 0, "sizes of object as NAME:LOW:HIGH,... in pixels squared"),
	OPTION_TEXT(0, "images", "LIST", &config.selection.images, 0, "evaluate these ids only: 7,9,12 or @FILE"),
	OPTION_TEXT(0, "classes", "LIST", &config.selection.classes, 0, "evaluate these classes only: names or ids"),
	OPTION_FLAG(0, "agnostic", &config.selection.agnostic, 0, "take all classes as one"),
	OPTION_FLAG(0, "strict", &config.strict, 0, "take equal scores in the results' order, as pycocotools (default)"),
	OPTION_FLAG(0, "canonical", &config.canonical, 0, "take equal scores in an order that does not depend on the results'"),
	OPTION_FLAG(0, "counts", &config.analysis.counts, 0, "count true, false and missed ones of every category; precision, recall, F1"),
	OPTION_FLAG(0, "errors", &config.analysis.errors, 0, "tell kinds of errors apart, and what AP each costs"),
	OPTION_NUMBER(0, "iou", "X", &config.analysis.iou, 0.01, 1, 0, "IoU from which a detection counts as true in counts and files (0.5)"),
	OPTION_NUMBER(0, "score", "X", &config.analysis.score, -1e300, 1e300, 0,
		      "score from which it counts there (the best threshold of its category)"),
	OPTION_TEXT(0, "thresholds", "FILE", &config.analysis.thresholds, 0, "write the best threshold of every category"),
	OPTION_TEXT(0, "confusion", "FILE", &config.analysis.confusion, 0, "write which category is taken for which"),
	OPTION_TEXT(0, "per-image", "FILE", &config.analysis.per_image, 0, "write the figures of every image, the worst first"),
	OPTION_TEXT(0, "plot", "FILE", &config.analysis.plot, 0, "draw curves, scores and categories (SVG)"),
	OPTION_FLAG(0, "ci", &config.analysis.intervals, 0, "intervals of the figures, by drawing images again and again"),
	OPTION_TEXT(0, "compare", "FILE", &config.analysis.compare, 0, "other results: differences with intervals and p"),
	OPTION_INT(0, "rounds", "N", &config.analysis.bootstrap.rounds, 1, 1000000, 0, "draws for --ci and --compare (1000)"),
	OPTION_NUMBER(0, "level", "X", &config.analysis.bootstrap.level, 0.01, 0.9999, 0, "probability of the intervals (0.95)"),
	OPTION_TEXT(0, "fail-under", "LIST", &config.gates.fail_under, 0, "least values, such as AP=0.40,AP50.person=0.55; exit 3 below"),
	OPTION_TEXT(0, "baseline", "FILE", &config.gates.baseline, 0, "figures of an earlier run (--json) to hold against"),
	OPTION_TEXT(0, "max-drop", "LIST", &config.gates.max_drop, 0, "most that AP, or figures as in AP=0.002,AP50=0.01, may fall; exit 3 below"),
	OPTION_END
};

static const struct tool_spec tool = {
	.name = "evalap",
	.summary = "average precision of detections",
	.synopsis = "-g TRUTH [-t TYPE] [--rule RULE] [--json | --csv] [options] [RESULTS]",
	.options = options,
	.examples = "evalap -g instances_val2017.json results.json\n"
		    "coco-pack val.json --images val/ | predict -m m.safetensors | evalap -g val.json\n"
		    "coco-pack VOC2007 --set test | evalap -g - --rule voc2007 results.json\n"
		    "evalap -t miou -g SegmentationClass/ --per-class found/\n"
		    "evalap -g val.pack --json detections.stream > figures.json\n"
		    "evalap -g val.json --partial 0.part shard0.json && evalap -g val.json --partial 1.part shard1.json &&\n"
		    "    evalap merge 0.part 1.part\n"
		    "evalap -t classify -g labels.csv scores.csv\n"
		    "evalap -g instances.json --ci --errors --plot page.svg results.json\n"
		    "evalap -g instances.json --compare b.json a.json\n"
		    "evalap -g instances.json --baseline old.json --max-drop 0.002 results.json\n",
};

static const struct eval_type *const types[] = { &eval_bbox, &eval_segm, &eval_boundary, &eval_keypoints };

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
		tool_usage("--type must be one of bbox, segm, boundary, keypoints, classify, miou and ood, not '%s'", config.type);
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

/* Options that only one run by COCO's rule has. */
static void refuse_coco_options(const char *why, bool merging)
{
	const struct { const char *name; bool given; } coco_only[] = {
		{ "arrays", config.arrays != NULL && !merging }, { "max-dets", config.limits != NULL }, { "areas", config.ranges != NULL },
		{ "images", config.selection.images != NULL }, { "classes", config.selection.classes != NULL },
		{ "agnostic", config.selection.agnostic }, { "counts", config.analysis.counts },
		{ "errors", config.analysis.errors }, { "ci", config.analysis.intervals },
		{ "compare", config.analysis.compare != NULL }, { "plot", config.analysis.plot != NULL },
		{ "thresholds", config.analysis.thresholds != NULL }, { "confusion", config.analysis.confusion != NULL },
		{ "per-image", config.analysis.per_image != NULL }, { "sigmas", config.sigmas != NULL },
		{ "strict", config.strict && !merging }, { "canonical", config.canonical && !merging },
		{ "partial", config.partial != NULL }, { "truth", merging && config.truth != NULL },
		{ "rule", merging && strcmp(config.rule, "coco") != 0 }, { "type", merging && strcmp(config.type, "bbox") != 0 },
	};
	for (size_t i = 0; i < sizeof coco_only / sizeof coco_only[0]; i++)
		if (coco_only[i].given)
			tool_usage("--%s %s", coco_only[i].name, why);
}

static void tell_broken(const char *format, ...)
{
	va_list args;
	fputs("evalap: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
}

/* What evaluations of every kind end with: figures for programs, then the limits. */
static int finish(const struct eval_figures *figures, const struct eval_analysis *analysis, struct arena *a)
{
	int broken;
	if (config.csv)
		eval_figures_csv(stdout, figures);
	else if (config.json)
		eval_report_json(stdout, figures, analysis);
	int status = eval_gates_hold(&broken, &config.gates, figures, tell_broken, a);
	if (status == EVAL_GATE_WRONG)
		tool_usage("%s", err_get());
	return status == 0 && broken > 0 ? EXIT_GATE : status;
}

/* Options that the task, or COCO's rule (NULL), does not have. */
static void refuse_task_options(const struct eval_task *task)
{
	const char *own = task == NULL || task->options == NULL ? "" : task->options;
	if (config.logits && !option_is_choice(own, "logits"))
		tool_usage("--logits goes with -t classify and -t ood");
	if (config.per_class && task != NULL && task->no_classes)
		tool_usage("--per-class: -t %s has no figures of classes", task->name);
}

static int run_task(const struct eval_task *task, const struct arguments *args, const char *results, struct arena *a)
{
	struct eval_figures figures;
	const struct eval_request request = { .truth = config.truth, .results = results, .type = config.type,
		.logits = config.logits, .threads = args->threads, .warn = tool_warn };
	TRY(task->run(&figures, &request, a));
	if (!config.json && !config.csv)
		eval_figures_print(stdout, &figures, config.per_class);
	return finish(&figures, NULL, a);
}

static void warn_ties(const struct eval_type *type, const struct eval_result *result)
{
	if (result->tie_effect > ROUNDING)
		tool_warn("the order of equal scores matters: in %s order %s would differ by %.3g, and no figure by more",
			  config.canonical ? "the results'" : "canonical", type->rows[result->tie_row].name, result->tie_effect);
}

static int run(const struct arguments *args, const char *results, struct arena *a)
{
	struct eval_set set;
	struct eval_result result;
	struct eval_figures figures;
	struct eval_analysis analysis;
	struct eval_sigmas sigmas;
	struct eval_type type = *find_type(config.type);
	TRY(eval_sigmas_parse(&sigmas, config.sigmas));
	if (config.limits != NULL)
		TRY(eval_custom_limits(&type, &type, config.limits, a));
	if (config.ranges != NULL)
		TRY(eval_custom_ranges(&type, &type, config.ranges, a));
	eval_set_init(&set, a);
	set.shape = type.shape;
	set.outlines = type.outlines;
	set.sigmas = &sigmas;
	set.threads = args->threads;
	TRY(eval_read_truth(&set, config.truth));
	TRY(eval_select(&set, &config.selection));
	TRY(eval_read_results(&set, results));
	TRY(eval_warn(&set, tool_warn));
	const struct eval_input input = { .type = &type, .n_images = set.n_images,
		.n_categories = set.n_categories, .gt = set.gt, .n_gt = set.n_gt, .dt = set.dt, .n_dt = set.n_dt,
		.threads = args->threads, .canonical = config.canonical };
	TRY(eval_part_run(&result, &input, &set, config.partial, a));
	warn_ties(&type, &result);
	if (config.arrays != NULL)
		TRY(eval_arrays_write(config.arrays, &result));
	TRY(eval_analysis_run(&analysis, &config.analysis, &set, &input, &result, a));
	TRY(eval_report_figures(&figures, input.type, &set, &result, a));
	TRY(eval_analysis_columns(&figures, &analysis, a));
	if (!config.json && !config.csv) {
		eval_report_summary(stdout, input.type, &result);
		if (config.per_class)
			eval_report_classes(stdout, &set, &result);
		eval_analysis_print(stdout, &analysis);
	}
	return finish(&figures, &analysis, a);
}

static int finish_merge(struct eval_flow *flow, const struct eval_set *set, const struct arguments *args, struct arena *a)
{
	struct eval_result result;
	struct eval_figures figures;
	TRY(eval_flow_finish(&result, flow, config.canonical, args->threads, a));
	warn_ties(&flow->type, &result);
	if (config.arrays != NULL)
		TRY(eval_arrays_write(config.arrays, &result));
	TRY(eval_report_figures(&figures, &flow->type, set, &result, a));
	if (!config.json && !config.csv) {
		eval_report_summary(stdout, &flow->type, &result);
		if (config.per_class)
			eval_report_classes(stdout, set, &result);
	}
	return finish(&figures, NULL, a);
}

/* evalap merge PART...: what several runs with --partial have left. */
static int merge(const struct arguments *args, struct arena *a)
{
	struct eval_flow flow;
	struct eval_set set;
	int status = eval_part_merge(&flow, &set, args->operand + 1, args->n - 1, a);
	if (status == 0)
		status = finish_merge(&flow, &set, args, a);
	eval_flow_release(&flow);
	return status;
}

static void check_report(void)
{
	if (config.csv && config.json)
		tool_usage("--csv and --json do not go together");
	if (config.strict && config.canonical)
		tool_usage("--strict and --canonical do not go together");
	if (eval_gates_check(&config.gates) != 0)
		tool_usage("%s", err_get());
}

static void check_merge(const struct arguments *args)
{
	refuse_coco_options("does not go with merge: the parts know", true);
	if (args->n < 2)
		tool_usage("merge wants files that evalap --partial has written");
}

static void check_options(const struct arguments *args, const char *results)
{
	const struct eval_analysis_options *o = &config.analysis;
	if (config.truth == NULL)
		tool_usage("the ground truth is wanted (-g, --truth)");
	int from_stdin = (strcmp(config.truth, "-") == 0) + (strcmp(results, "-") == 0) +
		(o->compare != NULL && strcmp(o->compare, "-") == 0);
	if (args->n > 1)
		tool_usage("one RESULTS file is wanted, not %d", args->n);
	if (from_stdin > 1)
		tool_usage("ground truth and results cannot both come from standard input");
}

int main(int argc, char **argv)
{
	struct arguments args;
	struct arena arena;
	tool_start(&tool, argc, argv, &args);
	const struct eval_task *task = find_task();
	const char *results = args.n >= 1 ? args.operand[0] : "-";
	if (config.sigmas != NULL && strcmp(config.type, "keypoints") != 0)
		tool_usage("--sigmas goes with -t keypoints only");
	refuse_task_options(task);
	if (task != NULL)
		refuse_coco_options("goes with COCO's rule only", false);
	bool merging = args.n > 0 && strcmp(args.operand[0], "merge") == 0;
	check_report();
	if (merging)
		check_merge(&args);
	else
		check_options(&args, results);
	config.analysis.bootstrap.threads = args.threads;
	config.analysis.bootstrap.seed = (uint64_t)args.seed;
	arena_init(&arena, 1 << 20);
	int status = merging ? merge(&args, &arena) : task != NULL ? run_task(task, &args, results, &arena) : run(&args, results, &arena);
	arena_release(&arena);
	int end = tool_end(status > 0 ? 0 : status);
	return end == EXIT_OK ? status : end;
}
