#include "train/model_file.h"

#include "augment/augment.h"
#include "image/image_size.h"
#include "nn/layers.h"
#include "train/class_list.h"
#include "train/start_weights.h"
#include "weights/weight_file.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define STATE_VALUE "value."
#define STATE_AVERAGE "ema."

static int read_classes(struct class_list *list, const char *names, const char *path, struct arena *a)
{
	if (names != NULL)
		return class_list_parse(list, names, a);
	return class_list_read(list, path, a);
}

static struct model_spec spec_of(const struct model_file_plan *plan, int n_classes)
{
	return (struct model_spec){
		.name = plan->model, .n_classes = n_classes, .dtype = DTYPE_F32, .preset = plan->preset, .anchor_size = plan->anchor_size,
	};
}

/* How many rows for a class the file has; -1 with a message where it has no such layer. */
static int64_t count_rows(const struct model_file_plan *plan, const struct safetensors *file)
{
	struct model m;
	struct model_spec spec = spec_of(plan, 1);
	TRY(model_create(&m, &spec));
	int64_t rows = weight_import_rows(&m, file, &plan->rules);
	if (rows < 1 || rows > INT32_MAX)
		rows = err_set("'%s' has no last layer that would tell the number of classes; give --classes or --classes-from", file->path);
	model_release(&m);
	return rows;
}

static int find_classes(struct class_list *list, const struct model_file_plan *plan, const struct safetensors *file, struct arena *a)
{
	if (plan->classes != NULL || plan->classes_from != NULL)
		return read_classes(list, plan->classes, plan->classes_from, a);
	int64_t rows = count_rows(plan, file);
	return rows < 0 ? -1 : class_list_number(list, (int)rows, a);
}

/* The rows by the classes' ids. */
static int plan_rows(struct weight_rules *rules, const struct model_file_plan *plan, const struct safetensors *file,
		     const struct class_list *list, struct arena *a)
{
	int64_t *rows = arena_calloc(a, (size_t)list->n, sizeof *rows);
	rules->n_rows = count_rows(plan, file);
	if (rows == NULL || rules->n_rows < 0)
		return -1;
	for (int i = 0; i < list->n; i++) {
		rows[i] = list->categories[i].id;
		if (rows[i] < 0 || rows[i] >= rules->n_rows)
			return err_set("class '%s' has the id %" PRId64 ", but '%s' has the classes 0 to %" PRId64, list->categories[i].name,
				       rows[i], file->path, rules->n_rows - 1);
	}
	rules->rows = rows;
	return 0;
}

/* "size=WxH scheme=NAME" as trainstep keeps it. */
static int preprocess_text(char text[128], const struct model_file_plan *plan)
{
	int w, h;
	bool square;
	text[0] = '\0';
	if (plan->scheme != NULL && augment_scheme_find(plan->scheme) == NULL)
		return err_context("--scheme");
	if (plan->scheme != NULL && plan->size == NULL)
		return err_set("--scheme says how images are brought to a size; give --size, too");
	if (plan->size == NULL)
		return 0;
	if (image_size_parse(plan->size, &w, &h, &square) != 0)
		return err_context("--size");
	snprintf(text, 128, "size=%.40s%s%.60s", plan->size, plan->scheme != NULL ? " scheme=" : "", plan->scheme != NULL ? plan->scheme : "");
	return 0;
}

static int write_imported(const char *to, struct model *m, const struct safetensors *file, const struct model_file_plan *plan,
			  const struct weight_rules *rules, const struct class_list *list, struct weight_report *report)
{
	char preprocess[128];
	TRY(preprocess_text(preprocess, plan));
	TRY(param_set_randomise(&m->params, plan->seed));
	TRY(weight_import(m, file, rules, report));
	struct checkpoint_about about = { list->categories, list->n, preprocess };
	if (report->n_refused > 0 || checkpoint_write_model(to, m, &about) == 0)
		return 0;
	weight_report_release(report);
	return -1;
}

static int import_open(const char *to, struct safetensors *file, const struct model_file_plan *plan, struct weight_report *report)
{
	struct class_list list;
	struct weight_rules rules = plan->rules;
	struct model m;
	if (plan->norm_eps >= 0 && strcmp(plan->preset, "torchvision") != 0)
		return err_set("--norm-eps is for the preset torchvision; norms of '%s' have another eps", plan->preset);
	if (plan->norm_eps >= 0)
		rules.add_to_var = plan->norm_eps - NORM_LAYER_EPS;
	if (plan->rules.backbone && strstr(plan->model, "-fpn") == NULL)
		return err_set("--backbone is for detectors; '%s' is a classifier", plan->model);
	TRY(find_classes(&list, plan, file, &file->arena));
	if (plan->rows_by_id)
		TRY(plan_rows(&rules, plan, file, &list, &file->arena));
	struct model_spec spec = spec_of(plan, list.n);
	TRY(model_create(&m, &spec));
	int status = write_imported(to, &m, file, plan, &rules, &list, report);
	model_release(&m);
	return status;
}

int model_file_import(const char *to, const char *from, const struct model_file_plan *plan, struct weight_report *report)
{
	struct safetensors file;
	TRY(model_check_name(plan->model));
	TRY(weight_file_open(&file, from));
	int status = import_open(to, &file, plan, report);
	safetensors_close(&file);
	return status;
}

int model_file_select(struct safetensors_item *items, const struct safetensors *s, bool ema)
{
	bool is_state = safetensors_find_meta(s, "step") != NULL && safetensors_find_meta(s, "model") != NULL;
	int n = 0, averages = 0;
	for (int i = 0; i < s->n_items; i++) {
		struct safetensors_item item = s->items[i];
		char average[288];
		if (is_state && strncmp(item.name, STATE_VALUE, strlen(STATE_VALUE)) != 0)
			continue;
		item.name += is_state ? strlen(STATE_VALUE) : 0;
		snprintf(average, sizeof average, STATE_AVERAGE "%s", item.name);
		const struct tensor *t = is_state && ema ? safetensors_find(s, average) : NULL;
		if (t != NULL)
			item.tensor = *t;
		averages += t != NULL;
		items[n++] = item;
	}
	if (ema && averages == 0)
		return err_set("'%s' has no averages; only the state of a run with --ema has them", s->path);
	return n;
}

int model_file_check_alike(const struct safetensors *a, const struct safetensors *b)
{
	static const char *const keys[] = { "model", "classes", "preset", "anchor-size" };
	for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
		const char *x = safetensors_find_meta(a, keys[i]), *y = safetensors_find_meta(b, keys[i]);
		if (x != NULL && y != NULL && strcmp(x, y) != 0)
			return err_set("'%s' and '%s' differ in %s: %.100s and %.100s", a->path, b->path, keys[i], x, y);
	}
	return 0;
}

static int change_classes(const char *to, const char *from, const struct checkpoint *c, const struct class_list *list, uint64_t seed,
			  const char **report, struct arena *a)
{
	struct model m;
	struct start_weights start;
	struct checkpoint_about about = { list->categories, list->n, c->preprocess };
	struct model_spec spec = {
		.name = c->model, .n_classes = list->n, .dtype = DTYPE_F32, .preset = c->preset, .anchor_size = c->anchor_size,
	};
	TRY(model_create(&m, &spec));
	int status = param_set_randomise(&m.params, seed);
	if (status == 0)
		status = start_weights_take(&start, &m, from, list->categories, list->n, a);
	if (status == 0)
		status = checkpoint_write_model(to, &m, &about);
	*report = start.report;
	model_release(&m);
	return status;
}

int model_file_set_classes(const char *to, const char *from, const char *classes, const char *classes_from, uint64_t seed,
			   const char **report, struct arena *a)
{
	struct checkpoint c;
	struct class_list list;
	TRY(checkpoint_open(&c, from));
	int status = read_classes(&list, classes, classes_from, &c.file.arena);
	if (status == 0)
		status = change_classes(to, from, &c, &list, seed, report, a);
	checkpoint_close(&c);
	return status;
}
