#include "augment/rules_select.h"

#include "base/io.h"

#include <stdio.h>
#include <string.h>

static int take_auto(struct augment_rules *rules, const struct augment_scheme *scheme, const char *name, struct arena *a)
{
	const struct augment_published *list = scheme->late ? augment_auto_classification : augment_auto_detection;
	char names[64] = "";
	for (int i = 0; list[i].name != NULL; i++) {
		size_t used = strlen(names);
		if (strcmp(list[i].name, name) == 0)
			return augment_rules_parse(rules, list[i].text,
						   scheme->late ? &augment_scale_classification :
								  &augment_scale_detection, a);
		snprintf(names + used, sizeof names - used, "%s%s", i == 0 ? "" : ", ", list[i].name);
	}
	return err_set("AutoAugment has %s with -s%s, not '%s'", names, scheme->name, name);
}

static int take_random(struct augment_rules *rules, const struct augment_scheme *scheme, const char *text,
		       struct arena *a)
{
	int n, end = 0;
	double level;
	if (sscanf(text, "%d,%lf%n", &n, &level, &end) != 2 || text[end] != '\0' || n < 1 || n > AUGMENT_MAX_DRAWS ||
	    !(level >= 0 && level <= AUGMENT_HIGHEST_LEVEL))
		return err_set("RandAugment takes N,M with 1 <= N <= %d operations of magnitude 0 <= M <= %d, not '%s'",
			       (int)AUGMENT_MAX_DRAWS, (int)AUGMENT_HIGHEST_LEVEL, text);
	if (scheme->late)
		return augment_rules_random(rules, augment_random_classification, n, level, &augment_scale_random, a);
	return augment_rules_random(rules, augment_random_detection, n, level, &augment_scale_detection, a);
}

/* *text becomes the usual form. */
static int take_text(struct augment_rules *rules, const struct augment_scheme *scheme, const char **text, struct arena *a)
{
	const struct augment_scale *scale = scheme->late ? &augment_scale_classification : &augment_scale_detection;
	const char *path = (*text)[0] == '@' ? *text + 1 : NULL;
	const char *given = *text;
	uint8_t *file;
	size_t size;
	if (path != NULL) {
		TRY(io_read_file(path, &file, &size, a));
		if (strlen((char *)file) != size)
			return err_set("'%s' is not text", path);
		given = (char *)file;
	}
	if (augment_rules_parse(rules, given, scale, a) != 0)
		return path != NULL ? err_context("'%s'", path) : -1;
	const struct augment_op *op = scheme->late ? augment_rules_in_boxes(rules) : NULL;
	if (op != NULL)
		return err_set("'%s' works in boxes, which is not for -s%s", op->name, scheme->name);
	*text = augment_rules_text(rules, a);
	return *text == NULL ? -1 : 0;
}

int augment_rules_select(const struct augment_rules **rules, const struct augment_scheme *scheme,
			 struct augment_selection *want, struct arena *a)
{
	int asked = (want->autoaugment != NULL) + (want->randaugment != NULL) + (want->policy != NULL);
	*rules = NULL;
	if (asked > 1)
		return err_set("operations are drawn from one of AutoAugment, RandAugment and a policy");
	if (asked == 1 && !scheme->random)
		return err_set("nothing is random with %s%s", strcmp(scheme->name, "eval") == 0 ? "--" : "-s", scheme->name);
	if (asked == 0 && scheme->rules == AUGMENT_RULES_NONE)
		return 0;
	if (asked == 0 && scheme->rules == AUGMENT_RULES_AUTO)
		want->autoaugment = "v0";
	if (asked == 0 && scheme->rules == AUGMENT_RULES_RANDOM)
		want->randaugment = "1,10";
	struct augment_rules *taken = arena_alloc(a, sizeof *taken);
	if (taken == NULL)
		return -1;
	*rules = taken;
	if (want->autoaugment != NULL)
		return take_auto(taken, scheme, want->autoaugment, a);
	if (want->randaugment != NULL)
		return take_random(taken, scheme, want->randaugment, a);
	return take_text(taken, scheme, &want->policy, a);
}
