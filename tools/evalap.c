/*
 * evalap: measure detections against ground truth as the COCO benchmark does.
 */
#include "base/options.h"
#include "eval/eval_coco.h"
#include "eval/eval_gate.h"
#include "eval/eval_grid.h"
#include "eval/eval_task.h"
#include "eval/eval_type.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static struct config {
	const char *truth;
	const char *rule;
	bool json, csv;
	bool per_class;
	bool logits;
	bool strict;
	const char *plot_gains;
	struct eval_coco_options coco;
	struct eval_gate_options gates;
} config = {
	.rule = "coco",
	.coco = { .type = "bbox", .warn = tool_warn,
		  .analysis = { .iou = 0.5, .score = NAN, .bootstrap = { .rounds = 1000, .level = 0.95 } } },
};

static const struct option_spec options[] = {
	OPTION_TEXT('g', "truth", "FILE", &config.truth, 0,
		    "ground truth (needed, except by merge and grid): COCO JSON, or a pack or stream of samples"),
	OPTION_TEXT('t', "type", "TYPE", &config.coco.type, 0,
		    "what is compared: bbox, segm (masks), boundary (of masks), keypoints, miou (label maps),\n"
		    "                              classify (classes of images) or ood (out of distribution) (bbox)"),
	OPTION_TEXT(0, "sigmas", "LIST", &config.coco.sigmas, 0,
		    "keypoints: how far each may be off, with commas between (COCO's 17 of persons)"),
	OPTION_TEXT(0, "rule", "RULE", &config.rule, 0, "how boxes are scored: coco, lvis, voc2007 or voc2010 (coco)"),
	OPTION_FLAG(0, "json", &config.json, 0, "print JSON with all digits and the figures of every category"),
	OPTION_FLAG(0, "csv", &config.csv, 0, "print the figures of every category as comma-separated values"),
	OPTION_FLAG(0, "per-class", &config.per_class, 0, "print a table of the categories too"),
	OPTION_FLAG(0, "logits", &config.logits, 0, "scores of classes are logits: take their softmax"),
	OPTION_TEXT(0, "arrays", "FILE", &config.coco.arrays, 0, "write precision, recall and scores as numpy's .npz"),
	OPTION_TEXT(0, "partial", "FILE", &config.coco.partial, 0, "write what 'evalap merge' makes one evaluation of"),
	OPTION_TEXT(0, "max-dets", "LIST", &config.coco.limits, 0, "detections of a class in an image that count (1,10,100)"),
	OPTION_TEXT(0, "areas", "LIST", &config.coco.ranges, 0, "sizes of object as NAME:LOW:HIGH,... in pixels squared"),
	OPTION_TEXT(0, "images", "LIST", &config.coco.selection.images, 0, "evaluate these ids only: 7,9,12 or @FILE"),
	OPTION_TEXT(0, "classes", "LIST", &config.coco.selection.classes, 0, "evaluate these classes only: names or ids"),
	OPTION_FLAG(0, "agnostic", &config.coco.selection.agnostic, 0, "take all classes as one"),
	OPTION_FLAG(0, "strict", &config.strict, 0, "take equal scores in the results' order, as pycocotools (default)"),
	OPTION_FLAG(0, "canonical", &config.coco.canonical, 0, "take equal scores in an order that does not depend on the results'"),
	OPTION_FLAG(0, "counts", &config.coco.analysis.counts, 0, "count true, false and missed ones of every category; precision, recall, F1"),
	OPTION_FLAG(0, "errors", &config.coco.analysis.errors, 0, "tell kinds of errors apart, and what AP each costs"),
	OPTION_NUMBER(0, "iou", "X", &config.coco.analysis.iou, 0.01, 1, 0, "IoU from which a detection counts as true in counts and files (0.5)"),
	OPTION_NUMBER(0, "score", "X", &config.coco.analysis.score, -1e300, 1e300, 0,
		      "score from which it counts there (the best threshold of its category)"),
	OPTION_TEXT(0, "thresholds", "FILE", &config.coco.analysis.thresholds, 0, "write the best threshold of every category"),
	OPTION_TEXT(0, "confusion", "FILE", &config.coco.analysis.confusion, 0, "write which category is taken for which"),
	OPTION_TEXT(0, "per-image", "FILE", &config.coco.analysis.per_image, 0, "write the figures of every image, the worst first"),
	OPTION_TEXT(0, "plot", "FILE", &config.coco.analysis.plot, 0, "draw curves, scores and categories (SVG); of a grid AP against steps"),
	OPTION_TEXT(0, "plot-gains", "FILE", &config.plot_gains, 0, "of a grid draw gains against schemes and fractions (SVG)"),
	OPTION_FLAG(0, "ci", &config.coco.analysis.intervals, 0, "intervals of the figures, by drawing images again and again"),
	OPTION_TEXT(0, "compare", "FILE", &config.coco.analysis.compare, 0, "other results: differences with intervals and p"),
	OPTION_INT(0, "rounds", "N", &config.coco.analysis.bootstrap.rounds, 1, 1000000, 0, "draws for --ci and --compare (1000)"),
	OPTION_NUMBER(0, "level", "X", &config.coco.analysis.bootstrap.level, 0.01, 0.9999, 0, "probability of the intervals (0.95)"),
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
		    "evalap grid duel/figures.csv --plot curves.svg --plot-gains gains.svg\n"
		    "evalap -g instances.json --ci --errors --plot page.svg results.json\n"
		    "evalap -g instances.json --compare b.json a.json\n"
		    "evalap -g instances.json --baseline old.json --max-drop 0.002 results.json\n",
};

/* Refuse what was given and is in neither list of names. */
static void refuse_others(const char *list, const char *more, const char *why)
{
	for (const struct option_spec *o = options; o->name != NULL; o++)
		if (option_given(o->name) && !option_is_choice(list, o->name) && !option_is_choice(more, o->name))
			tool_usage("--%s %s", o->name, why);
}

/* Refuse what without one of other options would do nothing. */
static void refuse_alone(void)
{
	static const struct { const char *option, *with, *why; } needs[] = {
		{ "iou", "counts|thresholds|confusion|per-image|plot",
		  "goes with --counts, --thresholds, --confusion, --per-image and --plot only" },
		{ "score", "counts|confusion|per-image", "goes with --counts, --confusion and --per-image only" },
		{ "rounds", "ci|compare", "goes with --ci and --compare only" },
		{ "level", "ci|compare", "goes with --ci and --compare only" },
	};
	for (size_t i = 0; i < sizeof needs / sizeof needs[0]; i++) {
		bool any = false;
		for (const struct option_spec *o = options; o->name != NULL; o++)
			any |= option_given(o->name) && option_is_choice(needs[i].with, o->name);
		if (option_given(needs[i].option) && !any)
			tool_usage("--%s %s", needs[i].option, needs[i].why);
	}
}

/* The task that the options name; NULL: COCO's rule. What does not go together is a usage error. */
static const struct eval_task *find_task(void)
{
	const char *type = config.coco.type;
	const struct eval_task *task = eval_task_find(type);
	if (eval_type_find(type) == NULL && (task == NULL || task->types != NULL))
		tool_usage("--type must be one of bbox, segm, boundary, keypoints, classify, miou and ood, not '%s'", type);
	if (strcmp(config.rule, "coco") == 0)
		return task;
	if (task != NULL)
		tool_usage("--rule says how boxes are scored; it does not go with -t %s", type);
	task = eval_task_find(config.rule);
	if (task == NULL || task->types == NULL)
		tool_usage("--rule must be one of coco, lvis, voc2007 and voc2010, not '%s'", config.rule);
	if (!option_is_choice(task->types, type))
		tool_usage("--rule %s compares %s, not %s", config.rule, task->types, type);
	return task;
}

static void check_task_options(const struct eval_task *task)
{
	const char *own = task == NULL || task->options == NULL ? "" : task->options;
	if (config.logits && !option_is_choice(own, "logits"))
		tool_usage("--logits goes with -t classify and -t ood only");
	if (config.coco.sigmas != NULL && strcmp(config.coco.type, "keypoints") != 0)
		tool_usage("--sigmas goes with -t keypoints only");
	if (task != NULL && task->no_classes && (config.per_class || config.csv))
		tool_usage("--%s: -t %s has no figures of classes", config.csv ? "csv" : "per-class", task->name);
	if (task != NULL)
		refuse_others("truth|type|rule|json|csv|per-class|fail-under|baseline|max-drop", own, "goes with COCO's rule only");
}

static void check_inputs(const struct arguments *args, const char *results)
{
	const char *compare = config.coco.analysis.compare;
	if (config.truth == NULL)
		tool_usage("the ground truth is wanted (-g, --truth)");
	int from_stdin = (strcmp(config.truth, "-") == 0) + (strcmp(results, "-") == 0) +
		(compare != NULL && strcmp(compare, "-") == 0);
	if (args->n > 1)
		tool_usage("one RESULTS file is wanted, not %d", args->n);
	if (from_stdin > 1)
		tool_usage("ground truth and results cannot both come from standard input");
}

static void check_values(void)
{
	if (config.csv && config.json)
		tool_usage("--csv and --json do not go together");
	if (config.strict && config.coco.canonical)
		tool_usage("--strict and --canonical do not go together");
	if (eval_gates_check(&config.gates) != 0 || eval_coco_check(&config.coco) != 0)
		tool_usage("%s", err_get());
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

static int run_task(const struct eval_task *task, const char *results, int threads, struct arena *a)
{
	struct eval_figures figures;
	const struct eval_request request = { .truth = config.truth, .results = results, .type = config.coco.type,
		.logits = config.logits, .threads = threads, .warn = tool_warn };
	TRY(task->run(&figures, &request, a));
	if (!config.json && !config.csv)
		eval_figures_print(stdout, &figures, config.per_class);
	return finish(&figures, NULL, a);
}

static int finish_coco(const struct eval_coco *coco, struct arena *a)
{
	if (!config.json && !config.csv)
		eval_coco_print(stdout, coco, config.per_class);
	return finish(&coco->figures, &coco->analysis, a);
}

static int run(const struct arguments *args, struct arena *a)
{
	const char *results = args->n >= 1 ? args->operand[0] : "-";
	const struct eval_task *task = find_task();
	struct eval_coco coco;
	check_task_options(task);
	refuse_alone();
	if (config.plot_gains != NULL)
		tool_usage("--plot-gains goes with grid only");
	check_inputs(args, results);
	if (task != NULL)
		return run_task(task, results, args->threads, a);
	TRY(eval_coco_run(&coco, &config.coco, config.truth, results, a));
	return finish_coco(&coco, a);
}

/* evalap merge PART...: what several runs with --partial have left. */
static int merge(const struct arguments *args, struct arena *a)
{
	struct eval_coco coco;
	refuse_others("json|csv|per-class|arrays|strict|canonical", "fail-under|baseline|max-drop",
		      "does not go with merge: the parts know, or do not hold it");
	if (args->n < 2)
		tool_usage("merge wants files that evalap --partial has written");
	TRY(eval_coco_merge(&coco, &config.coco, args->operand + 1, args->n - 1, a));
	return finish_coco(&coco, a);
}

/* evalap grid TABLE...: many trainings side by side. */
static int grid(const struct arguments *args, struct arena *a)
{
	struct eval_grid g;
	refuse_others("csv|level|plot|plot-gains", "", "does not go with grid, which compares figures");
	if (args->n < 2)
		tool_usage("grid wants a table of evaluations");
	TRY(eval_grid_read(&g, args->operand + 1, args->n - 1, config.coco.analysis.bootstrap.level, a));
	if (config.coco.analysis.plot != NULL)
		TRY(eval_grid_plot_curves(config.coco.analysis.plot, &g));
	if (config.plot_gains != NULL)
		TRY(eval_grid_plot_gains(config.plot_gains, &g));
	return config.csv ? eval_grid_csv(stdout, &g) : eval_grid_print(stdout, &g);
}

int main(int argc, char **argv)
{
	struct arguments args;
	struct arena arena;
	tool_start(&tool, argc, argv, &args);
	check_values();
	config.coco.threads = config.coco.analysis.bootstrap.threads = args.threads;
	config.coco.analysis.bootstrap.seed = (uint64_t)args.seed;
	arena_init(&arena, 1 << 20);
	const char *first = args.n > 0 ? args.operand[0] : "";
	int status = strcmp(first, "merge") == 0 ? merge(&args, &arena) : strcmp(first, "grid") == 0 ? grid(&args, &arena) : run(&args, &arena);
	arena_release(&arena);
	int end = tool_end(status > 0 ? 0 : status);
	return end == EXIT_OK ? status : end;
}
