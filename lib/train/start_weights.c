#include "train/start_weights.h"

#include "train/checkpoint.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BODY "backbone.body."

/* What became of a parameter. */
enum fate { FATE_MISSING, FATE_TAKEN, FATE_CLASSES, FATE_NEW_NORM, FATE_NO_COUNTER };

struct taking {
	struct model *m;
	struct checkpoint c;	/* only c.file, unless the file is one of ours */
	const char *prefix;	/* of names in the file */
	const int *row_of;	/* [n_categories] the file's number of a class, -1: none; NULL: in order */
	int n_classes, n_file_classes;	/* of the file: 0: it does not say */
	int n_kept;	/* classes that both have */
	bool *used;	/* [items] of the file */
	enum fate *fate;	/* [params] */
};

static const struct tensor *find_exactly(struct taking *k, const char *name)
{
	char key[352];
	snprintf(key, sizeof key, "%s%s", k->prefix, name);
	return safetensors_find(&k->c.file, key);
}

static const struct tensor *find(struct taking *k, const char *name)
{
	char other[320];
	const struct tensor *t = find_exactly(k, name);
	if (t != NULL)
		return t;
	bool inside = strncmp(name, BODY, strlen(BODY)) == 0;
	snprintf(other, sizeof other, "%s%s", inside ? "" : BODY, inside ? name + strlen(BODY) : name);
	return find_exactly(k, other);
}

static void mark_used(struct taking *k, const struct tensor *t)
{
	for (int i = 0; i < k->c.file.n_items; i++)
		if (&k->c.file.items[i].tensor == t)
			k->used[i] = true;
}

/* The statistics beside a norm's parameter. */
static void statistics_name(char name[300], const char *of)
{
	const char *dot = strrchr(of, '.');
	snprintf(name, 300, "%.*s.running_mean", (int)(dot == NULL ? 0 : dot - of), of);
}

/* A norm with statistics where the file's has none, or the other way round. */
static bool is_other_norm(struct taking *k, const struct param *p)
{
	char name[300];
	if (p->role != PARAM_NORM && p->role != PARAM_BUFFER)
		return false;
	statistics_name(name, p->name);
	return (param_find(&k->m->params, name) != NULL) != (find(k, name) != NULL);
}

static int wrong_shape(struct taking *k, const struct param *p, const struct tensor *t)
{
	char have[96], want[96];
	return err_set("'%s': '%s' is %s %s, but the model has %s %s", k->c.file.path, p->name, dtype_name((int)t->dtype),
		       tensor_shape_text(t, have), dtype_name((int)p->value.dtype), tensor_shape_text(&p->value, want));
}

/* Rows of classes by name. Error: not the shape of rows. */
static int take_rows(struct taking *k, struct param *p, const struct tensor *t)
{
	int64_t inner = p->class_inner, of_class = (int64_t)p->class_outer * inner, classes = k->n_file_classes;
	struct tensor like = *t;
	if (t->rank < 1 || t->dim[0] % of_class != 0)
		return wrong_shape(k, p, t);
	like.dim[0] = p->value.dim[0];
	if (!tensor_same_shape(&like, &p->value) || (classes > 0 && t->dim[0] != of_class * classes))
		return wrong_shape(k, p, t);
	if (k->row_of == NULL && t->dim[0] == p->value.dim[0]) {
		memcpy(p->value.data, t->data, tensor_bytes(t));
		k->n_kept = k->n_classes;
	}
	if (k->row_of == NULL)
		return 0;
	size_t row = tensor_bytes(t) / (size_t)t->dim[0] * (size_t)inner;
	for (int64_t o = 0; o < p->class_outer; o++)
		for (int64_t i = 0; i < k->n_classes; i++)
			if (k->row_of[i] >= 0)
				memcpy((char *)p->value.data + (size_t)(o * k->n_classes + i) * row,
				       (const char *)t->data + (size_t)(o * classes + k->row_of[i]) * row, row);
	return 0;
}

static int take(struct taking *k, struct param *p, enum fate *fate)
{
	const struct tensor *t = find(k, p->name);
	bool counter = p->value.dtype == DTYPE_I64;
	*fate = FATE_TAKEN;
	/* Files of others, and frozen norms, may have no counters. */
	if (counter && t == NULL) {
		*fate = FATE_NO_COUNTER;
		return 0;
	}
	if (is_other_norm(k, p) || (t == NULL && p->role == PARAM_NORM)) {
		*fate = FATE_NEW_NORM;
		return 0;
	}
	if (t == NULL) {
		*fate = FATE_MISSING;
		return 0;
	}
	mark_used(k, t);
	if (p->class_outer > 0) {
		*fate = FATE_CLASSES;
		return take_rows(k, p, t);
	}
	if (!tensor_same_shape(t, &p->value))
		return wrong_shape(k, p, t);
	memcpy(p->value.data, t->data, tensor_bytes(t));
	return 0;
}

/* Bytes of the part's name: "backbone.body", "backbone.fpn", "head.regression_head", "fc"; a bare backbone's is "". */
static size_t part_size(const char *name)
{
	if (strncmp(name, "layer", 5) == 0 || strncmp(name, "conv1.", 6) == 0 || strncmp(name, "bn1.", 4) == 0)
		return 0;
	size_t first = strcspn(name, "."), second = first + (name[first] == '.') + strcspn(name + first + (name[first] == '.'), ".");
	return name[second] == '.' ? second : first;
}

struct part {
	const char *name;
	size_t size;
	int count[FATE_NO_COUNTER + 1];	/* of parameters, by fate */
	const char *missing;	/* the first that is */
};

static struct part *part_of(struct part *parts, int *n, const char *name)
{
	size_t size = part_size(name);
	for (int i = 0; i < *n; i++)
		if (parts[i].size == size && strncmp(parts[i].name, name, size) == 0)
			return &parts[i];
	parts[*n] = (struct part){ .name = name, .size = size };
	return &parts[(*n)++];
}

static int list_parts(struct part *parts, const struct taking *k)
{
	int n = 0, i = 0;
	for (const struct param *p = k->m->params.first; p != NULL; p = p->next, i++) {
		struct part *part = part_of(parts, &n, p->name);
		part->count[k->fate[i]]++;
		if (k->fate[i] == FATE_MISSING && part->missing == NULL)
			part->missing = p->name;
	}
	return n;
}

static int check_parts(const struct taking *k, const struct part *parts, int n)
{
	bool any = false;
	for (int i = 0; i < n; i++) {
		const struct part *p = &parts[i];
		int here = p->count[FATE_TAKEN] + p->count[FATE_CLASSES];
		any |= here > 0;
		if (here > 0 && p->count[FATE_MISSING] > 0)
			return err_set("'%s' has no tensor '%s' (%d of %.*s are missing; a part is taken whole or not at all)",
				       k->c.file.path, p->missing, p->count[FATE_MISSING],
				       p->size > 0 ? (int)p->size : 12, p->size > 0 ? p->name : "the backbone");
	}
	return any ? 0 : err_set("'%s' has no tensor of this model; its first is '%s', the model's '%s'", k->c.file.path,
				 k->c.file.n_items > 0 ? k->c.file.items[0].name : "", k->m->params.first->name);
}

static void write_classes(FILE *file, const struct taking *k, const struct category *categories)
{
	int shown = 0;
	fprintf(file, "; %d of %d classes", k->n_kept, k->n_classes);
	for (int i = 0; k->row_of != NULL && i < k->n_classes && shown < 5; i++)
		if (k->row_of[i] >= 0)
			fprintf(file, "%s%s", shown++ == 0 ? ": " : ", ", categories[i].name);
	if (k->row_of != NULL)
		fprintf(file, "%s", shown < k->n_kept ? ", ..." : "");
	else
		fprintf(file, "; the file does not name its classes");
}

static void write_parts(FILE *file, const struct taking *k, const struct part *parts, int n, const struct category *categories)
{
	for (int i = 0; i < n; i++) {
		const struct part *p = &parts[i];
		int total = 0;
		for (int f = 0; f <= FATE_NO_COUNTER; f++)
			total += p->count[f];
		fprintf(file, "%-28.*s ", p->size > 0 ? (int)p->size : 8, p->size > 0 ? p->name : "backbone");
		if (p->count[FATE_MISSING] + p->count[FATE_NO_COUNTER] == total) {
			fprintf(file, "new\n");
			continue;
		}
		fprintf(file, "%d of %d tensors taken", p->count[FATE_TAKEN] + p->count[FATE_CLASSES], total);
		if (p->count[FATE_NEW_NORM] > 0)
			fprintf(file, "; %d of norms of another kind are new", p->count[FATE_NEW_NORM]);
		if (p->count[FATE_CLASSES] > 0)
			write_classes(file, k, categories);
		fputc('\n', file);
	}
}

static void write_unused(FILE *file, const struct taking *k)
{
	int n = 0;
	const char *first = NULL;
	for (int i = 0; i < k->c.file.n_items; i++) {
		const char *name = k->c.file.items[i].name;
		if (k->used[i] || strncmp(name, k->prefix, strlen(k->prefix)) != 0)
			continue;
		n++;
		if (first == NULL)
			first = name;
	}
	if (n > 0)
		fprintf(file, "%-28s %d tensors of the file, from '%s' on\n", "not used", n, first);
}

static const char *report(const struct taking *k, const struct part *parts, int n, const struct category *categories,
			  struct arena *a)
{
	char *text = NULL;
	size_t size;
	FILE *file = open_memstream(&text, &size);
	if (file == NULL)
		return err_null("out of memory");
	write_parts(file, k, parts, n, categories);
	write_unused(file, k);
	const char *copy = fclose(file) == 0 ? arena_strdup(a, text) : err_null("out of memory");
	free(text);
	return copy;
}

/* Where the file has each class. */
static int match_classes(struct taking *k, const struct category *categories, int n_categories, struct arena *a)
{
	int *row_of = arena_alloc(a, (size_t)n_categories * sizeof *row_of);
	if (row_of == NULL)
		return -1;
	for (int i = 0; i < n_categories; i++) {
		row_of[i] = -1;
		for (int j = 0; j < k->c.n_categories && row_of[i] < 0; j++)
			if (strcmp(categories[i].name, k->c.categories[j].name) == 0)
				row_of[i] = j;
		k->n_kept += row_of[i] >= 0;
	}
	k->row_of = row_of;
	k->n_file_classes = k->c.n_categories;
	return 0;
}

static int run(struct taking *k, struct start_weights *s, const struct category *categories, struct arena *a)
{
	int i = 0;
	k->used = arena_calloc(a, (size_t)k->c.file.n_items + 1, sizeof *k->used);
	k->fate = arena_calloc(a, (size_t)k->m->params.n, sizeof *k->fate);
	struct part *parts = arena_calloc(a, (size_t)k->m->params.n, sizeof *parts);
	if (k->used == NULL || k->fate == NULL || parts == NULL)
		return -1;
	for (struct param *p = k->m->params.first; p != NULL; p = p->next)
		TRY(take(k, p, &k->fate[i++]));
	int n = list_parts(parts, k);
	TRY(check_parts(k, parts, n));
	k->m->params.version++;
	s->report = report(k, parts, n, categories, a);
	return s->report == NULL ? -1 : 0;
}

static int open_file(struct taking *k, const char *path)
{
	TRY(safetensors_open(&k->c.file, path));
	if (safetensors_find_meta(&k->c.file, "model") == NULL)
		return 0;
	safetensors_close(&k->c.file);
	return checkpoint_open(&k->c, path);
}

int start_weights_take(struct start_weights *s, struct model *m, const char *path, const struct category *categories,
		       int n_categories, struct arena *a)
{
	struct taking k = { .m = m, .n_classes = n_categories };
	TRY(open_file(&k, path));
	k.prefix = k.c.is_state ? "value." : "";
	int status = k.c.n_categories > 0 ? match_classes(&k, categories, n_categories, a) : 0;
	if (status == 0)
		status = run(&k, s, categories, a);
	checkpoint_close(&k.c);
	return status;
}
