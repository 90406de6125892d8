#include "train/param_groups.h"

#include <ctype.h>
#include <fnmatch.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_SIZE = 256 };

/* The number N of the first word "layerN" of a name, and where that word begins; 0 when there is none. */
static int find_stage(const char *name, size_t *at, size_t *end)
{
	for (const char *word = name; *word != '\0'; word += strcspn(word, "."), word += *word == '.') {
		size_t digits = strncmp(word, "layer", 5) == 0 ? strspn(word + 5, "0123456789") : 0;
		if (digits == 0 || digits > 4 || word[5 + digits] != '.')
			continue;
		*at = (size_t)(word - name);
		*end = *at + 5 + digits;
		return atoi(word + 5);
	}
	return 0;
}

size_t param_part_size(const char *name)
{
	size_t at, end, last = 0;
	if (find_stage(name, &at, &end) > 0)
		return end;
	int words = 0;
	for (size_t i = 0; name[i] != '\0' && words < 3; i++)
		if (name[i] == '.') {
			last = i;
			words++;
		}
	return last > 0 ? last : strlen(name);
}

/* pattern (its first size bytes) matches the name, whole or up to a dot. */
static bool matches(const char *pattern, size_t size, const char *name)
{
	char text[NAME_SIZE], head[NAME_SIZE];
	snprintf(text, sizeof text, "%.*s", (int)size, pattern);
	for (size_t i = 0;; i++) {
		if (name[i] != '.' && name[i] != '\0')
			continue;
		snprintf(head, sizeof head, "%.*s", (int)i, name);
		if (fnmatch(text, head, 0) == 0)
			return true;
		if (name[i] == '\0')
			return false;
	}
}

/* "a, b, c": all parts of a model, as far as there is room. */
static void list_parts(char *text, size_t room, const struct param_set *set)
{
	size_t used = 0;
	text[0] = '\0';
	for (const struct param *p = set->first, *before = NULL; p != NULL && used < room; before = p, p = p->next) {
		size_t size = param_part_size(p->name);
		if (before != NULL && param_part_size(before->name) == size && strncmp(before->name, p->name, size) == 0)
			continue;
		used += (size_t)snprintf(text + used, room - used, "%s%.*s", used > 0 ? ", " : "", (int)size, p->name);
	}
}

/* Whether a pattern matches anything. */
static int check_pattern(const char *option, const char *pattern, size_t size, const struct param_set *set)
{
	char parts[1024];
	if (size >= NAME_SIZE)
		return err_set("--%s: the pattern '%.40s...' is too long", option, pattern);
	for (const struct param *p = set->first; p != NULL; p = p->next)
		if (matches(pattern, size, p->name))
			return 0;
	list_parts(parts, sizeof parts, set);
	return err_set("--%s '%.*s' matches no parameter; there are %s", option, (int)size, pattern, parts);
}

static int check_patterns(const char *option, const struct option_list *list, const struct param_set *set)
{
	for (int i = 0; list != NULL && i < list->n; i++)
		TRY(check_pattern(option, list->value[i], strlen(list->value[i]), set));
	return 0;
}

static bool any_matches(const struct option_list *list, const char *name)
{
	for (int i = 0; list != NULL && i < list->n; i++)
		if (matches(list->value[i], strlen(list->value[i]), name))
			return true;
	return false;
}

/* A batch norm has learned scale and shift, and statistics beside them. */
static bool is_batch_norm(const struct param_set *set, const struct param *p)
{
	char name[NAME_SIZE];
	const char *dot = strrchr(p->name, '.');
	if (p->role != PARAM_NORM || dot == NULL)
		return false;
	snprintf(name, sizeof name, "%.*s.running_mean", (int)(dot - p->name), p->name);
	return param_find(set, name) != NULL;
}

static int freeze(const struct param_rules *rules, struct param_set *set)
{
	bool left = false, has_bn = false;
	for (struct param *p = set->first; p != NULL; p = p->next) {
		bool bn = rules->freeze_bn && is_batch_norm(set, p);
		has_bn |= bn;
		if (bn || any_matches(rules->freeze, p->name) ||
		    (rules->train_only != NULL && rules->train_only->n > 0 && !any_matches(rules->train_only, p->name)))
			p->trainable = false;
		left |= p->trainable;
	}
	if (rules->freeze_bn && !has_bn)
		return err_set("--freeze-bn: the model has no batch norms");
	return left ? 0 : err_set("nothing is left to train: all parameters are frozen");
}

static int apply_layer_decay(double decay, struct param_set *set)
{
	const char *prefix = NULL;
	size_t size = 0, at, end;
	int stages = 0;
	for (const struct param *p = set->first; p != NULL; p = p->next) {
		int stage = find_stage(p->name, &at, &end);
		if (stage > 0 && prefix == NULL) {
			prefix = p->name;
			size = at;
		}
		stages = stage > stages ? stage : stages;
	}
	if (prefix == NULL)
		return err_set("--layer-decay: the model has no stages (layer1 and so on)");
	for (struct param *p = set->first; p != NULL; p = p->next) {
		bool inside = strncmp(p->name, prefix, size) == 0;
		bool stem = inside && (strncmp(p->name + size, "conv1.", 6) == 0 || strncmp(p->name + size, "bn1.", 4) == 0);
		int stage = find_stage(p->name, &at, &end);
		if (stem || stage > 0)
			p->lr_mult *= (float)pow(decay, stages + 1 - stage);
	}
	return 0;
}

/* "PATTERN=10": the length of the pattern, and the factor. */
static int parse_mult(const char *text, size_t *size, double *factor)
{
	const char *equals = strrchr(text, '=');
	char *end = NULL;
	*size = equals == NULL ? 0 : (size_t)(equals - text);
	bool digit = equals != NULL && (isdigit((unsigned char)equals[1]) || equals[1] == '.');
	*factor = digit ? strtod(equals + 1, &end) : 0;
	if (*size == 0 || !digit || *end != '\0' || !(*factor > 0) || *factor > 1e6)
		return err_set("--lr-mult '%s': must be PATTERN=NUMBER with a number above 0 and up to a million; --freeze stops parameters", text);
	return 0;
}

static int apply_lr_mult(const struct option_list *list, struct param_set *set)
{
	size_t size[sizeof list->value / sizeof *list->value];
	double factor[sizeof list->value / sizeof *list->value];
	for (int i = 0; i < list->n; i++) {
		TRY(parse_mult(list->value[i], &size[i], &factor[i]));
		TRY(check_pattern("lr-mult", list->value[i], size[i], set));
	}
	for (struct param *p = set->first; p != NULL; p = p->next)
		for (int i = list->n - 1; i >= 0; i--)
			if (matches(list->value[i], size[i], p->name)) {
				p->lr_mult *= (float)factor[i];
				break;
			}
	return 0;
}

static bool has_any(const struct option_list *list)
{
	return list != NULL && list->n > 0;
}

bool param_rules_any(const struct param_rules *rules)
{
	return has_any(rules->freeze) || has_any(rules->train_only) || has_any(rules->lr_mult) || rules->layer_decay > 0 ||
	       rules->freeze_bn;
}

int param_rules_apply(const struct param_rules *rules, struct param_set *set)
{
	TRY(check_patterns("freeze", rules->freeze, set));
	TRY(check_patterns("train-only", rules->train_only, set));
	TRY(freeze(rules, set));
	if (rules->layer_decay > 0)
		TRY(apply_layer_decay(rules->layer_decay, set));
	return has_any(rules->lr_mult) ? apply_lr_mult(rules->lr_mult, set) : 0;
}

/* Parameters of one part that are trained alike. */
struct group {
	const char *part;
	size_t size;
	float lr_mult, decay_mult;	/* both 0: frozen */
	int tensors;
	int64_t weights;
};

static void add_to_groups(struct group *groups, int *n, const struct param *p, float lr_mult, float decay_mult)
{
	struct group *g = groups;
	size_t size = param_part_size(p->name);
	while (g < groups + *n && !(g->size == size && strncmp(g->part, p->name, size) == 0 && g->lr_mult == lr_mult &&
				    g->decay_mult == decay_mult))
		g++;
	if (g == groups + *n) {
		*g = (struct group){ .part = p->name, .size = size, .lr_mult = lr_mult, .decay_mult = decay_mult };
		++*n;
	}
	g->tensors++;
	g->weights += tensor_count(&p->value);
}

static void write_groups(FILE *file, const struct group *groups, int n, const struct optimizer *o, double lr)
{
	fprintf(file, "%-36s %8s %11s %10s %8s\n", "part", "tensors", "weights", "rate", "decay");
	for (int i = 0; i < n; i++) {
		const struct group *g = &groups[i];
		fprintf(file, "%-36.*s %8d %11lld ", (int)g->size, g->part, g->tensors, (long long)g->weights);
		if (g->lr_mult == 0)
			fprintf(file, "%10s %8s\n", "frozen", "-");
		else
			fprintf(file, "%10.3g %8.3g\n", lr * (double)g->lr_mult, o->param.weight_decay * (double)g->decay_mult);
	}
}

void param_groups_write(FILE *file, const struct param_set *set, const struct optimizer *o, double lr)
{
	struct group *groups = calloc((size_t)set->n, sizeof *groups);
	int n = 0, entry = 0;
	for (const struct param *p = set->first; p != NULL && groups != NULL; p = p->next) {
		const struct optimizer_entry *e = p->trainable ? &o->entries[entry++] : NULL;
		if (e != NULL || p->role != PARAM_BUFFER)
			add_to_groups(groups, &n, p, e != NULL ? e->lr_mult : 0, e != NULL ? e->decay_mult : 0);
	}
	if (groups != NULL)
		write_groups(file, groups, n, o, lr);
	free(groups);
}
