#include "train/weight_import.h"

#include "tensor/element.h"

#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

#define BODY "backbone.body."
#define COUNTER "num_batches_tracked"
#define VARIANCE ".running_var"

enum { MAX_PREFIXES = 32, MAX_NAME = 300 };

static bool starts_with(const char *text, const char *start)
{
	return strncmp(text, start, strlen(start)) == 0;
}

static bool ends_with(const char *text, const char *end)
{
	size_t size = strlen(text), n = strlen(end);
	return size >= n && strcmp(text + size - n, end) == 0;
}

static bool matches(const struct option_list *patterns, const char *name)
{
	for (int i = 0; patterns != NULL && i < patterns->n; i++)
		if (fnmatch(patterns->value[i], name, 0) == 0)
			return true;
	return false;
}

/* The parameter's name in the file but for the prefix; NULL when a backbone has no such thing. */
static const char *file_name(const struct param *p, const struct weight_rules *rules)
{
	if (!rules->backbone)
		return p->name;
	return starts_with(p->name, BODY) ? p->name + strlen(BODY) : NULL;
}

static const struct safetensors_item *find(const struct safetensors *file, const char *prefix, const char *name)
{
	char whole[MAX_NAME];
	int n = snprintf(whole, sizeof whole, "%s%s", prefix, name);
	const struct tensor *t = n < 0 || (size_t)n >= sizeof whole ? NULL : safetensors_find(file, whole);
	return t == NULL ? NULL : (const struct safetensors_item *)((const char *)t - offsetof(struct safetensors_item, tensor));
}

static int count_fits(const struct model *m, const struct safetensors *file, const struct weight_rules *rules, const char *prefix)
{
	int count = 0;
	for (const struct param *p = m->params.first; p != NULL; p = p->next) {
		const char *name = file_name(p, rules);
		count += name != NULL && find(file, prefix, name) != NULL;
	}
	return count;
}

/* The prefixes with which the first convolution is there: "", "module.", "state_dict.module.", ...; how many. */
static int list_prefixes(char prefix[MAX_PREFIXES][MAX_NAME], const struct model *m, const struct safetensors *file,
			 const struct weight_rules *rules)
{
	int n = 0;
	const char *first = NULL;
	for (const struct param *p = m->params.first; p != NULL && first == NULL; p = p->next)
		first = file_name(p, rules);
	for (int i = 0; first != NULL && i < file->n_items && n < MAX_PREFIXES; i++) {
		const char *name = file->items[i].name;
		if (!ends_with(name, first) || strlen(name) >= MAX_NAME)
			continue;
		size_t size = strlen(name) - strlen(first);
		if (size > 0 && name[size - 1] != '.')
			continue;
		memcpy(prefix[n], name, size);
		prefix[n++][size] = '\0';
	}
	return n;
}

/* The best prefix into best; -1 with a message when two are alike. */
static int find_prefix(char best[MAX_NAME], const struct model *m, const struct safetensors *file, const struct weight_rules *rules)
{
	char prefix[MAX_PREFIXES][MAX_NAME];
	int n = list_prefixes(prefix, m, file, rules), most = 0, second = -1;
	best[0] = '\0';
	for (int i = 0; i < n; i++) {
		int fits = count_fits(m, file, rules, prefix[i]);
		if (fits == most)
			second = i;
		if (fits <= most)
			continue;
		most = fits;
		second = -1;
		strcpy(best, prefix[i]);
	}
	if (second >= 0)
		return err_set("'%s': tensors fit under '%s' and under '%s'; choose with --prefix", file->path, best, prefix[second]);
	return 0;
}

static int choose_prefix(char best[MAX_NAME], const struct model *m, const struct safetensors *file, const struct weight_rules *rules)
{
	if (rules->prefix == NULL)
		return find_prefix(best, m, file, rules);
	snprintf(best, MAX_NAME, "%s", rules->prefix);
	return 0;
}

/* The first parameter that has rows for each class. */
static const struct param *class_param(const struct model *m)
{
	const struct param *p = m->params.first;
	while (p != NULL && p->class_outer == 0)
		p = p->next;
	return p;
}

int64_t weight_import_rows(const struct model *m, const struct safetensors *file, const struct weight_rules *rules)
{
	char prefix[MAX_NAME];
	const struct param *p = class_param(m);
	if (p == NULL || choose_prefix(prefix, m, file, rules) != 0)
		return -1;
	const struct safetensors_item *item = find(file, prefix, p->name);
	int64_t of_class = (int64_t)p->class_outer * p->class_inner;
	if (item == NULL || item->tensor.rank < 1 || item->tensor.dim[0] % of_class != 0)
		return -1;
	return item->tensor.dim[0] / of_class;
}

static int add_line(struct weight_report *r, bool allowed, const char *kind, const char *name, const char *detail)
{
	char text[MAX_NAME + 300];
	TRY(arena_grow(&r->lines, r->n_lines, &r->room, sizeof *r->lines, &r->arena));
	snprintf(text, sizeof text, "%s: %s %s", kind, name, detail);
	const char *kept = arena_strdup(&r->arena, text);
	if (kept == NULL)
		return -1;
	r->lines[r->n_lines++] = (struct weight_line){ kept, allowed };
	r->n_refused += !allowed;
	return 0;
}

static bool is_float(enum dtype dtype)
{
	return dtype == DTYPE_F32 || dtype == DTYPE_F64 || dtype == DTYPE_BF16;
}

/* The same shape, and numbers of the same sort. */
static bool fits(const struct tensor *to, const struct tensor *from)
{
	bool same_sort = is_float(to->dtype) == is_float(from->dtype);
	return same_sort && to->rank == from->rank && memcmp(to->dim, from->dim, (size_t)to->rank * sizeof to->dim[0]) == 0;
}

static void copy(const struct tensor *to, const struct tensor *from)
{
	if (to->dtype == from->dtype)
		memcpy(to->data, from->data, tensor_bytes(to));
	for (int64_t i = 0; to->dtype != from->dtype && i < tensor_count(to); i++)
		element_set(to, i, element_get(from, i));
}

/* Whether p has rows of classes, and the file's tensor the rows that are asked for. */
static bool takes_rows(const struct param *p, const struct tensor *from, const struct weight_rules *rules)
{
	struct tensor shape = *from;
	if (rules->rows == NULL || p->class_outer == 0 || from->rank != p->value.rank || from->rank < 1 ||
	    from->dim[0] != (int64_t)p->class_outer * p->class_inner * rules->n_rows)
		return false;
	shape.dim[0] = p->value.dim[0];
	return fits(&p->value, &shape);
}

/* Class i takes the file's class rows[i]. */
static void copy_rows(const struct param *p, const struct tensor *from, const struct weight_rules *rules)
{
	int64_t size = tensor_count(from) / from->dim[0] * p->class_inner;
	int64_t n = p->value.dim[0] / ((int64_t)p->class_outer * p->class_inner);
	for (int64_t o = 0; o < p->class_outer; o++)
		for (int64_t i = 0; i < n; i++)
			for (int64_t k = 0; k < size; k++)
				element_set(&p->value, (o * n + i) * size + k, element_get(from, (o * rules->n_rows + rules->rows[i]) * size + k));
}

static int import_param(struct param *p, const struct safetensors *file, const struct weight_rules *rules,
			struct weight_report *r)
{
	char want[96], have[96], detail[256];
	const char *name = file_name(p, rules);
	const struct safetensors_item *item = name == NULL ? NULL : find(file, r->prefix, name);
	r->n_kept += item == NULL;
	if (name == NULL || (item == NULL && ends_with(p->name, COUNTER)))
		return 0;
	if (item == NULL)
		return add_line(r, matches(rules->missing, p->name), "missing", p->name, tensor_shape_text(&p->value, want));
	if (takes_rows(p, &item->tensor, rules)) {
		copy_rows(p, &item->tensor, rules);
	} else if (fits(&p->value, &item->tensor)) {
		copy(&p->value, &item->tensor);
	} else {
		r->n_kept++;
		snprintf(detail, sizeof detail, "is %s %s in the file, the model has %s %s", item->stored->name,
			 tensor_shape_text(&item->tensor, have), dtype_name((int)p->value.dtype), tensor_shape_text(&p->value, want));
		return add_line(r, matches(rules->mismatch, p->name), "mismatch", p->name, detail);
	}
	for (int64_t i = 0; rules->add_to_var != 0 && ends_with(p->name, VARIANCE) && i < tensor_count(&p->value); i++)
		element_set(&p->value, i, element_get(&p->value, i) + rules->add_to_var);
	r->n_copied++;
	return 0;
}

/* The model's parameter that a tensor of the file is for; NULL: none. */
static const struct param *find_target(const struct model *m, const char *name, const struct weight_rules *rules)
{
	char whole[MAX_NAME];
	int n = snprintf(whole, sizeof whole, "%s%s", rules->backbone ? BODY : "", name);
	return n < 0 || (size_t)n >= sizeof whole ? NULL : param_find(&m->params, whole);
}

static int check_extra(const struct model *m, const struct safetensors *file, const struct weight_rules *rules, struct weight_report *r)
{
	char shape[96];
	for (int i = 0; i < file->n_items; i++) {
		const char *name = file->items[i].name;
		if (!starts_with(name, r->prefix)) {
			r->n_outside++;
			continue;
		}
		name += strlen(r->prefix);
		bool dropped = rules->backbone && starts_with(name, "fc.");
		if (ends_with(name, COUNTER) || dropped || find_target(m, name, rules) != NULL)
			continue;
		TRY(add_line(r, matches(rules->extra, name), "extra", name, tensor_shape_text(&file->items[i].tensor, shape)));
	}
	return 0;
}

static int import(struct model *m, const struct safetensors *file, const struct weight_rules *rules, struct weight_report *r)
{
	char prefix[MAX_NAME];
	TRY(choose_prefix(prefix, m, file, rules));
	r->prefix = arena_strdup(&r->arena, prefix);
	if (r->prefix == NULL)
		return -1;
	for (struct param *p = m->params.first; p != NULL; p = p->next)
		TRY(import_param(p, file, rules, r));
	m->params.version++;
	return check_extra(m, file, rules, r);
}

int weight_import(struct model *m, const struct safetensors *file, const struct weight_rules *rules, struct weight_report *report)
{
	*report = (struct weight_report){ 0 };
	arena_init(&report->arena, 1 << 14);
	if (import(m, file, rules, report) == 0)
		return 0;
	weight_report_release(report);
	return -1;
}

void weight_report_release(struct weight_report *report)
{
	arena_release(&report->arena);
}
