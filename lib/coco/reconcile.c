#include "coco/reconcile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A class of the common list under construction. */
struct joined {
	struct category category;
	int source;	/* that the category is from */
	bool renamed;	/* by the map, there */
	int place;	/* when it appeared; after sorting the way back */
};

struct joiner {
	struct class_source *sources;
	int n_sources;
	const struct class_rules *rules;
	struct id_map by_name;
	struct joined *joined;
	int n, room;
	struct arena *arena;
};

static bool is_excluded(const char *list, const char *name)
{
	size_t size = strlen(name);
	for (const char *at = list; at != NULL; at += strcspn(at, ",") + 1) {
		if (strcspn(at, ",") == size && memcmp(at, name, size) == 0)
			return true;
		if (at[strcspn(at, ",")] == '\0')
			break;
	}
	return false;
}

/* "'a.json': 1 cat, 2 dog"; what does not fit is only counted. */
static void list_text(char *text, size_t size, const struct class_source *s)
{
	size_t used = (size_t)snprintf(text, size, "'%s':", s->path);
	for (int i = 0; i < s->n && used < size; i++) {
		char item[256];
		int n = snprintf(item, sizeof item, "%s %lld %s", i > 0 ? "," : "", (long long)s->categories[i].id,
				 s->categories[i].name);
		if (n >= (int)sizeof item || used + (size_t)n + 32 > size) {
			snprintf(text + used, size - used, " and %d more", s->n - i);
			return;
		}
		memcpy(text + used, item, (size_t)n + 1);
		used += (size_t)n;
	}
}

static int conflict(const struct joiner *j, int a, int b, const char *what, bool renumber_helps)
{
	char first[700], second[700];
	const char *hint = renumber_helps ? "; --renumber goes by the names alone" : "";
	list_text(first, sizeof first, &j->sources[a]);
	list_text(second, sizeof second, &j->sources[b]);
	if (a == b)
		return err_set("%s (%s)%s", what, first, hint);
	return err_set("%s (%s; %s)%s", what, first, second, hint);
}

static bool same_or_unknown(const char *a, const char *b)
{
	return a == NULL || b == NULL || strcmp(a, b) == 0;
}

/* Two classes of one name that both have had it in their sources. */
static int check_same(const struct joiner *j, const struct joined *old, const struct category *c, int source)
{
	char what[600];
	const struct category *o = &old->category;
	if (j->rules->unused)
		return 0;
	if (o->id != c->id && !j->rules->renumber) {
		snprintf(what, sizeof what, "class '%.200s' has id %lld and id %lld", c->name, (long long)o->id, (long long)c->id);
		return conflict(j, old->source, source, what, true);
	}
	if (!same_or_unknown(o->supercategory, c->supercategory)) {
		snprintf(what, sizeof what, "class '%.200s' has the supercategory '%.100s' and the supercategory '%.100s'", c->name,
			 o->supercategory, c->supercategory);
		return conflict(j, old->source, source, what, false);
	}
	if (o->n_keypoints > 0 && c->n_keypoints > 0 && !stream_same_keypoints(o, c)) {
		snprintf(what, sizeof what, "class '%.200s' has other keypoints in one list than in the other", c->name);
		return conflict(j, old->source, source, what, false);
	}
	return 0;
}

/* What one list leaves open the other may say. */
static void complete(struct category *to, const struct category *from)
{
	if (to->supercategory == NULL)
		to->supercategory = from->supercategory;
	if (to->n_keypoints == 0) {
		to->keypoints = from->keypoints;
		to->n_keypoints = from->n_keypoints;
	}
	if (to->n_skeleton == 0) {
		to->skeleton = from->skeleton;
		to->n_skeleton = from->n_skeleton;
	}
	if (to->members == NULL)
		to->members = from->members;
}

static int append(struct joiner *j, const struct joined *class)
{
	if (j->n == j->room) {
		int room = j->room > 0 ? 2 * j->room : 64;
		struct joined *larger = realloc(j->joined, (size_t)room * sizeof *larger);
		if (larger == NULL)
			return err_set("out of memory for %d classes", room);
		j->joined = larger;
		j->room = room;
	}
	if (id_map_add(&j->by_name, (struct sample_id){ .text = class->category.name }, j->n) < 0)
		return -1;
	j->joined[j->n] = *class;
	j->joined[j->n].place = j->n;
	j->n++;
	return 0;
}

static int add_class(struct joiner *j, int source, int i)
{
	struct class_source *s = &j->sources[source];
	struct joined class = { .category = s->categories[i], .source = source };
	const struct class_map_line *line = class_map_find(j->rules->map, class.category.name);
	s->labels[i] = -1;
	if (line != NULL && line->to == NULL)
		return 0;
	class.renamed = line != NULL && strcmp(line->to, class.category.name) != 0;
	if (line != NULL)
		class.category.name = arena_strdup(j->arena, line->to);
	if (class.category.name == NULL)
		return -1;
	if (is_excluded(j->rules->exclude, class.category.name))
		return 0;
	int64_t known = id_map_find(&j->by_name, (struct sample_id){ .text = class.category.name });
	if (known < 0) {
		s->labels[i] = j->n;
		return append(j, &class);
	}
	struct joined *old = &j->joined[known];
	s->labels[i] = (int32_t)known;
	if (class.renamed)
		return 0;
	if (old->renamed) {
		class.place = old->place;
		*old = class;
		return 0;
	}
	TRY(check_same(j, old, &class.category, source));
	complete(&old->category, &class.category);
	return 0;
}

static int compare_ids(const void *a, const void *b)
{
	const struct joined *x = a, *y = b;
	if (x->category.id != y->category.id)
		return x->category.id < y->category.id ? -1 : 1;
	return (x->place > y->place) - (x->place < y->place);
}

static int check_ids(const struct joiner *j)
{
	for (int i = 1; i < j->n; i++) {
		const struct joined *x = &j->joined[i - 1], *y = &j->joined[i];
		char what[600];
		if (x->category.id != y->category.id)
			continue;
		snprintf(what, sizeof what, "id %lld is class '%.200s' and class '%.200s'", (long long)x->category.id,
			 x->category.name, y->category.name);
		return conflict(j, x->source, y->source, what, true);
	}
	return 0;
}

static int compare_places(const void *a, const void *b)
{
	const struct joined *x = a, *y = b;
	return (x->place > y->place) - (x->place < y->place);
}

/* The final order, and labels in it. */
static int settle(struct joiner *j, struct category *out)
{
	int32_t *label_of = arena_calloc(j->arena, (size_t)j->n + 1, sizeof *label_of);
	if (label_of == NULL)
		return -1;
	if (!j->rules->renumber && !j->rules->unused && j->n > 1) {
		qsort(j->joined, (size_t)j->n, sizeof *j->joined, compare_ids);
		TRY(check_ids(j));
		if (j->n_sources == 1)
			qsort(j->joined, (size_t)j->n, sizeof *j->joined, compare_places);
	}
	for (int i = 0; i < j->n; i++) {
		label_of[j->joined[i].place] = i;
		out[i] = j->joined[i].category;
		if (j->rules->renumber || j->rules->unused)
			out[i].id = i + 1;
	}
	for (int s = 0; s < j->n_sources; s++)
		for (int i = 0; i < j->sources[s].n; i++)
			if (j->sources[s].labels[i] >= 0)
				j->sources[s].labels[i] = label_of[j->sources[s].labels[i]];
	return 0;
}

/* Whether a name is that of a class before the map, or after it. */
static bool is_known(const struct joiner *j, const char *name, size_t size, bool mapped)
{
	for (int s = 0; s < j->n_sources; s++)
		for (int i = 0; i < j->sources[s].n; i++) {
			const char *class = j->sources[s].categories[i].name;
			const struct class_map_line *line = mapped ? class_map_find(j->rules->map, class) : NULL;
			class = line != NULL ? line->to : class;
			if (class != NULL && strlen(class) == size && memcmp(class, name, size) == 0)
				return true;
		}
	return false;
}

static int unknown(const struct joiner *j, const char *where, const char *name, size_t size)
{
	char list[700];
	list_text(list, sizeof list, &j->sources[0]);
	return err_set("%s: there is no class '%.*s' (%s%s)", where, (int)size, name, list,
		       j->n_sources > 1 ? "; nor in the other sources" : "");
}

static int check_rules(const struct joiner *j)
{
	const struct class_map *m = j->rules->map;
	char where[300];
	for (int i = 0; m != NULL && i < m->n; i++) {
		snprintf(where, sizeof where, "%.250s:%d", m->path, m->lines[i].line);
		if (!is_known(j, m->lines[i].from, strlen(m->lines[i].from), false))
			return unknown(j, where, m->lines[i].from, strlen(m->lines[i].from));
	}
	for (const char *at = j->rules->exclude; at != NULL; at += strcspn(at, ",") + 1) {
		size_t size = strcspn(at, ",");
		if (!is_known(j, at, size, true))
			return unknown(j, "--exclude-classes", at, size);
		if (at[size] == '\0')
			break;
	}
	return 0;
}

static int join(struct joiner *j, struct category **out, int *n)
{
	int total = 0;
	TRY(check_rules(j));
	for (int s = 0; s < j->n_sources; s++) {
		struct class_source *source = &j->sources[s];
		total += source->n;
		source->labels = arena_calloc(j->arena, (size_t)source->n + 1, sizeof *source->labels);
		if (source->labels == NULL)
			return -1;
		for (int i = 0; i < source->n; i++)
			TRY(add_class(j, s, i));
	}
	if (total > 0 && j->n == 0)
		return err_set("--class-map and --exclude-classes leave no class of %d", total);
	*n = j->n;
	*out = arena_calloc(j->arena, (size_t)j->n + 1, sizeof **out);
	return *out != NULL ? settle(j, *out) : -1;
}

int classes_reconcile(struct category **out, int *n, struct class_source *sources, int n_sources,
		      const struct class_rules *rules, struct arena *a)
{
	struct joiner j = { .sources = sources, .n_sources = n_sources, .rules = rules, .arena = a };
	id_map_init(&j.by_name);
	int status = join(&j, out, n);
	id_map_release(&j.by_name);
	free(j.joined);
	return status;
}
