/* ckpt: look into files of weights, bring them in and out, change them. */
#include "base/options.h"
#include "train/model_file.h"
#include "weights/torch_file.h"
#include "weights/weight_average.h"
#include "weights/weight_diff.h"
#include "weights/weight_file.h"
#include "weights/weight_list.h"

#include <stdlib.h>
#include <string.h>

static struct config {
	const char *output, *model, *prefix, *classes, *classes_from, *preset, *size, *scheme;
	struct option_list missing, extra, mismatch;
	bool backbone, rows_by_id, json, ema;
	int64_t anchor_size;
	double norm_eps, decay, max_abs, max_rel;
} config = { .preset = "torchvision", .anchor_size = 32, .norm_eps = -1, .max_abs = -1, .max_rel = -1 };

static const struct option_spec options[] = {
	OPTION_TEXT('o', "output", "FILE", &config.output, 0, "import, export, average, set-classes: file to write"),
	OPTION_TEXT('m', "model", "NAME", &config.model, 0, "import: the model the weights are for, as of trainstep"),
	OPTION_TEXT(0, "classes", "NAME,...", &config.classes, 0, "import, set-classes: names of the classes in order"),
	OPTION_TEXT(0, "classes-from", "FILE", &config.classes_from, 0,
		    "the same from a model, stream, pack, COCO JSON, or text with a name a line"),
	OPTION_FLAG(0, "rows-by-id", &config.rows_by_id, 0, "import: the file's classes are in order of ids from 0 (torchvision's detectors)"),
	OPTION_TEXT(0, "prefix", "TEXT", &config.prefix, 0, "import: what the names in the file begin with (found out)"),
	OPTION_FLAG(0, "backbone", &config.backbone, 0, "import: FILE is a classifier, the model a detector that takes its backbone"),
	OPTION_LIST(0, "allow-missing", "PATTERN", &config.missing, 0, "import: tensors that FILE need not have; they start at random"),
	OPTION_LIST(0, "allow-extra", "PATTERN", &config.extra, 0, "import: tensors of FILE that are left out"),
	OPTION_LIST(0, "allow-mismatch", "PATTERN", &config.mismatch, 0, "import: tensors that may have another shape; they start at random"),
	OPTION_CHOICE(0, "preset", "torchvision|tpu", &config.preset, 0, "import: conventions of a detector, as of trainstep (torchvision)"),
	OPTION_INT(0, "anchor-size", "N", &config.anchor_size, 1, CHECKPOINT_MAX_ANCHOR, 0, "import: of a detector, as of trainstep (32)"),
	OPTION_NUMBER(0, "norm-eps", "X", &config.norm_eps, 0, 1, 0,
		      "import: the batch norms of FILE were made for this eps; 0 for torchvision's detectors of COCO (1e-5)"),
	OPTION_TEXT(0, "size", "WxH", &config.size, 0, "import: the size that predict brings images to"),
	OPTION_TEXT(0, "scheme", "NAME", &config.scheme, 0, "import: the training's augmentation; predict shows its evaluation (eval)"),
	OPTION_FLAG(0, "ema", &config.ema, 0, "export: of a training state the averages"),
	OPTION_NUMBER(0, "decay", "X", &config.decay, 0, 1, OPTION_BELOW, "average: a moving average in the files' order; 0: the mean (0)"),
	OPTION_NUMBER(0, "max-abs", "X", &config.max_abs, 0, 1e300, 0, "diff: exit 3 when an element differs by more"),
	OPTION_NUMBER(0, "max-rel", "X", &config.max_rel, 0, 1e300, 0, "diff: exit 3 when a tensor differs by more, relative to its norm"),
	OPTION_FLAG(0, "json", &config.json, 0, "ls: JSON instead of a table"),
	OPTION_END
};

static const struct command {
	const char *name;
	const char *takes;	/* the long options it has, between blanks */
	int (*run)(const struct arguments *args);
	int least, most;	/* files */
} *find_command(const char *name);

static const char *const command_names[] = { "ls", "import", "export", "average", "diff", "set-classes", NULL };

static const struct tool_spec tool = {
	.name = "ckpt",
	.summary = "look into files of weights, bring them in and out, change them",
	.synopsis = "ls|import|export|average|diff|set-classes [options] FILE ...",
	.options = options,
	.commands = command_names,
	.extra_help = "ls           names, types and shapes of the tensors, and the metadata\n"
		      "import       a model file from weights of PyTorch (.pth, .pt, .th) or safetensors\n"
		      "export       weights for other programs: -o FILE.pth or FILE.safetensors\n"
		      "average      the mean of several files\n"
		      "diff         how far the tensors of two files are from each other\n"
		      "set-classes  the same model for other classes; those of the same name are kept\n",
	.examples = "ckpt ls resnet18.pth\n"
		    "ckpt import -m classify-resnet18-bn --size 224 --scheme crop -o resnet18.safetensors resnet18.pth\n"
		    "ckpt import -m retinanet-resnet18-fpn-frozenbn --backbone --classes-from train.json -o start.safetensors resnet18.pth\n"
		    "ckpt export -o m.pth m.safetensors\n"
		    "ckpt average -o mean.safetensors m1.safetensors m2.safetensors m3.safetensors\n"
		    "ckpt diff m1.safetensors m2.safetensors\n"
		    "ckpt set-classes --classes disc,star -o two.safetensors m.safetensors\n",
};

static int run_ls(const struct arguments *args)
{
	for (int i = 1; i < args->n; i++) {
		struct safetensors s;
		TRY(weight_file_open(&s, args->operand[i]));
		if (args->n > 2 && !config.json)
			printf("%s%s:\n", i > 1 ? "\n" : "", args->operand[i]);
		(config.json ? weight_list_json : weight_list_print)(&s, stdout);
		safetensors_close(&s);
	}
	return 0;
}

static int run_import(const struct arguments *args)
{
	struct model_file_plan plan = {
		.model = config.model, .preset = config.preset, .anchor_size = (int)config.anchor_size, .classes = config.classes,
		.classes_from = config.classes_from, .rows_by_id = config.rows_by_id, .size = config.size, .scheme = config.scheme,
		.norm_eps = config.norm_eps, .seed = (uint64_t)args->seed,
		.rules = { .prefix = config.prefix, .backbone = config.backbone, .missing = &config.missing, .extra = &config.extra,
			   .mismatch = &config.mismatch },
	};
	struct weight_report report;
	if (config.model == NULL)
		tool_usage("import needs -m MODEL");
	TRY(model_file_import(config.output, args->operand[1], &plan, &report));
	for (int i = 0; i < report.n_lines; i++)
		if (!report.lines[i].allowed)
			tool_warn("%s", report.lines[i].text);
		else
			tool_say("allowed: %s", report.lines[i].text);
	int refused = report.n_refused;
	tool_say("%d tensors%s%s taken, %d start at random%s", report.n_copied, report.prefix[0] != '\0' ? " under " : "", report.prefix,
		 report.n_kept, report.n_outside > 0 ? "; others of the file passed over" : "");
	weight_report_release(&report);
	return refused == 0 ? 0 : err_set("'%s' does not fit '%s': %d tensors, see above; --backbone, --allow-missing, --allow-extra and "
					  "--allow-mismatch say what may be", args->operand[1], config.model, refused);
}

static bool ends_with(const char *text, const char *end)
{
	size_t size = strlen(text), n = strlen(end);
	return size >= n && strcmp(text + size - n, end) == 0;
}

static int run_export(const struct arguments *args)
{
	struct safetensors s;
	const struct safetensors_meta format = { "format", "pt" };
	TRY(weight_file_open(&s, args->operand[1]));
	struct safetensors_item *items = arena_calloc(&s.arena, (size_t)s.n_items, sizeof *items);
	int n = items == NULL ? -1 : model_file_select(items, &s, config.ema), status = -1;
	if (n > 0 && ends_with(config.output, ".safetensors"))
		status = safetensors_write(config.output, items, n, &format, 1);
	else if (n > 0)
		status = torch_file_write(config.output, items, n);
	safetensors_close(&s);
	return status;
}

static int write_average(struct safetensors *files, int n)
{
	struct safetensors *first = &files[0];
	struct safetensors_item *items = arena_calloc(&first->arena, (size_t)first->n_items, sizeof *items);
	struct safetensors_meta *meta = arena_calloc(&first->arena, (size_t)first->n_meta + 1, sizeof *meta);
	if (items == NULL || meta == NULL)
		return -1;
	for (int i = 1; i < n; i++)
		TRY(model_file_check_alike(first, &files[i]));
	TRY(weight_average(items, files, n, config.decay, &first->arena));
	int n_meta = 0;
	for (int i = 0; i < first->n_meta; i++)
		if (strcmp(first->meta[i].key, "xxh3") != 0)
			meta[n_meta++] = first->meta[i];
	return safetensors_write(config.output, items, first->n_items, meta, n_meta);
}

static int run_average(const struct arguments *args)
{
	int n = args->n - 1, opened = 0, status = 0;
	struct safetensors *files = calloc((size_t)n, sizeof *files);
	if (files == NULL)
		return err_set("out of memory");
	while (status == 0 && opened < n) {
		status = weight_file_open(&files[opened], args->operand[opened + 1]);
		opened += status == 0;
	}
	if (status == 0)
		status = write_average(files, n);
	for (int i = 0; i < opened; i++)
		safetensors_close(&files[i]);
	free(files);
	return status;
}

static bool breaks(double value, double limit)
{
	return limit >= 0 && value > limit;
}

static int run_diff(const struct arguments *args)
{
	struct safetensors a, b;
	struct weight_diff d;
	TRY(weight_file_open(&a, args->operand[1]));
	if (weight_file_open(&b, args->operand[2]) != 0) {
		safetensors_close(&a);
		return -1;
	}
	weight_diff_print(&d, &a, &b, stdout);
	safetensors_close(&a);
	safetensors_close(&b);
	bool limited = config.max_abs >= 0 || config.max_rel >= 0;
	if (breaks(d.max_abs, config.max_abs) || breaks(d.max_rel, config.max_rel) || (limited && d.n_unlike > 0))
		exit(tool_end(0) == EXIT_OK ? EXIT_GATE : EXIT_FAILED);
	return 0;
}

static int run_set_classes(const struct arguments *args)
{
	struct arena a;
	const char *report = "";
	if (config.classes == NULL && config.classes_from == NULL)
		tool_usage("set-classes needs --classes or --classes-from");
	arena_init(&a, 1 << 16);
	int status = model_file_set_classes(config.output, args->operand[1], config.classes, config.classes_from, (uint64_t)args->seed,
					    &report, &a);
	if (status == 0 && !args->quiet)
		fputs(report, stderr);
	arena_release(&a);
	return status;
}

static const struct command commands[] = {
	{ "ls", " json ", run_ls, 1, 4096 },
	{ "import", " output model classes classes-from rows-by-id prefix backbone norm-eps allow-missing allow-extra allow-mismatch preset "
		    "anchor-size size scheme ", run_import, 1, 1 },
	{ "export", " output ema ", run_export, 1, 1 },
	{ "average", " output decay ", run_average, 1, 4096 },
	{ "diff", " max-abs max-rel ", run_diff, 2, 2 },
	{ "set-classes", " output classes classes-from ", run_set_classes, 1, 1 },
};

static const struct command *find_command(const char *name)
{
	const struct command *c = commands;
	while (strcmp(c->name, name) != 0)
		c++;
	return c;
}

/* An option that the command would ignore is a mistake of the caller's. */
static void check_options(const struct command *c, int files)
{
	char word[40];
	for (const struct option_spec *o = options; o->name != NULL; o++) {
		snprintf(word, sizeof word, " %s ", o->name);
		if (option_given(o->name) && strstr(c->takes, word) == NULL)
			tool_usage("%s has no --%s", c->name, o->name);
	}
	if (strstr(c->takes, " output ") != NULL && config.output == NULL)
		tool_usage("%s needs -o FILE", c->name);
	if (config.classes != NULL && config.classes_from != NULL)
		tool_usage("--classes and --classes-from are two answers to one question");
	if (strcmp(c->name, "export") == 0 && !ends_with(config.output, ".pth") && !ends_with(config.output, ".pt") &&
	    !ends_with(config.output, ".safetensors"))
		tool_usage("-o: export writes files named .pth, .pt or .safetensors");
	if (files < c->least || files > c->most)
		tool_usage("%s takes %s", c->name, c->most == 1 ? "one file" : c->most == 2 ? "two files" : "files");
}

int main(int argc, char **argv)
{
	struct arguments args;
	tool_start(&tool, argc, argv, &args);
	const struct command *c = find_command(args.operand[0]);
	check_options(c, args.n - 1);
	return tool_end(c->run(&args));
}
