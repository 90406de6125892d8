#include "eval/eval_custom.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int compare_limits(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

static int parse_limits(struct eval_type *custom, const char *text)
{
	const char *p = text;
	custom->n_limits = 0;
	for (;;) {
		char *end;
		long value = strtol(p, &end, 10);
		if (end == p || (*end != ',' && *end != '\0') || value < 1 || value > EVAL_LARGEST_LIMIT)
			return err_set("limits of detections are numbers from 1 to %d with commas between them, not '%s'",
				       EVAL_LARGEST_LIMIT, text);
		if (custom->n_limits == EVAL_MAX_LIMITS)
			return err_set("at most %d limits of detections, not '%s'", EVAL_MAX_LIMITS, text);
		custom->limits[custom->n_limits++] = (int)value;
		if (*end == '\0')
			break;
		p = end + 1;
	}
	qsort(custom->limits, (size_t)custom->n_limits, sizeof custom->limits[0], compare_limits);
	for (int i = 1; i < custom->n_limits; i++)
		if (custom->limits[i] == custom->limits[i - 1])
			return err_set("the limit of %d detections is given twice in '%s'", custom->limits[i], text);
	return 0;
}

static const char *name_of(struct arena *a, const char *kind, const char *detail)
{
	char name[64];
	snprintf(name, sizeof name, "%s%s", kind, detail);
	return arena_strdup(a, name);
}

static int add_row(struct eval_type *custom, const struct eval_row *row)
{
	if (row->name == NULL)
		return -1;
	custom->rows[custom->n_rows++] = *row;
	return 0;
}

/* The rows of mean recall over all sizes, one for each limit. Where there was only one they are told apart only when they must be. */
static int add_recalls(struct eval_type *custom, const struct eval_row *pattern, bool numbered, struct arena *a)
{
	for (int l = 0; l < custom->n_limits; l++) {
		struct eval_row row = *pattern;
		char number[16];
		snprintf(number, sizeof number, "%d", custom->limits[l]);
		row.limit = l;
		row.name = name_of(a, "AR", numbered || custom->n_limits > 1 ? number : "");
		TRY(add_row(custom, &row));
	}
	return 0;
}

int eval_custom_limits(struct eval_type *custom, const struct eval_type *type, const char *limits, struct arena *a)
{
	const struct eval_type base = *type;
	bool done = false;
	*custom = base;
	custom->n_rows = 0;
	TRY(parse_limits(custom, limits));
	for (int i = 0; i < base.n_rows; i++) {
		struct eval_row row = base.rows[i];
		row.limit = custom->n_limits - 1;
		bool mean_recall = row.recall && row.threshold < 0 && row.range == 0;
		if (!mean_recall)
			TRY(add_row(custom, &row));
		else if (!done)
			TRY(add_recalls(custom, &row, base.n_limits > 1, a));
		done |= mean_recall;
	}
	return 0;
}

/* Sizes as given, with their names. */
struct sizes {
	int n;
	struct eval_range range[EVAL_MAX_RANGES];
	char name[EVAL_MAX_RANGES][8];
};

/* One "name:low:high" of n characters. */
static int parse_range(struct eval_range *range, char name[8], const char *text, size_t n)
{
	char copy[128], *end;
	snprintf(copy, sizeof copy, "%.*s", (int)(n < sizeof copy ? n : sizeof copy), text);
	char *low = strchr(copy, ':'), *high = low == NULL ? NULL : strchr(low + 1, ':');
	if (high == NULL || low == copy || low - copy > 6)
		return err_set("a range of areas is NAME:LOW:HIGH, with a name of at most 6 characters, not '%s'", copy);
	range->low = strtod(low + 1, &end);
	bool good = end == high && end > low + 1;
	range->high = strtod(high + 1, &end);
	good &= *end == '\0' && end > high + 1;
	if (!good || isnan(range->low) || !(range->low <= range->high))
		return err_set("the limits of the range of areas '%s' are not two numbers, the lower one first", copy);
	*low = '\0';
	strcpy(name, copy);
	return 0;
}

static int parse_ranges(struct sizes *sizes, const char *text)
{
	sizes->n = 0;
	for (const char *p = text;; p++) {
		size_t n = strcspn(p, ",");
		if (sizes->n == EVAL_MAX_RANGES)
			return err_set("at most %d ranges of areas, not '%s'", EVAL_MAX_RANGES, text);
		char *name = sizes->name[sizes->n];
		TRY(parse_range(&sizes->range[sizes->n], name, p, n));
		for (int i = 0; i < sizes->n; i++)
			if (strcmp(sizes->name[i], name) == 0)
				return err_set("two ranges of areas are called '%s'", name);
		sizes->n++;
		p += n;
		if (*p == '\0')
			return 0;
	}
}

int eval_custom_check(const char *limits, const char *ranges)
{
	struct eval_type type;
	struct sizes sizes;
	if (limits != NULL)
		TRY(parse_limits(&type, limits));
	return ranges == NULL ? 0 : parse_ranges(&sizes, ranges);
}

/* Rows of one kind for the ranges behind the first. */
static int add_sizes(struct eval_type *custom, bool recall, struct arena *a)
{
	for (int r = 1; r < custom->n_ranges; r++)
		TRY(add_row(custom, &(struct eval_row){ name_of(a, recall ? "AR-" : "AP-", custom->ranges[r].name), recall, -1, r,
			    custom->n_limits - 1 }));
	return 0;
}

int eval_custom_ranges(struct eval_type *custom, const struct eval_type *type, const char *ranges, struct arena *a)
{
	const struct eval_type base = *type;
	struct sizes sizes;
	*custom = base;
	custom->n_rows = 0;
	TRY(parse_ranges(&sizes, ranges));
	custom->n_ranges = sizes.n;
	for (int r = 0; r < sizes.n; r++) {
		custom->ranges[r] = sizes.range[r];
		custom->ranges[r].name = arena_strdup(a, sizes.name[r]);
		if (custom->ranges[r].name == NULL)
			return -1;
	}
	for (int kind = 0; kind < 2; kind++) {
		for (int i = 0; i < base.n_rows; i++)
			if (base.rows[i].range == 0 && base.rows[i].recall == (kind == 1))
				TRY(add_row(custom, &base.rows[i]));
		TRY(add_sizes(custom, kind == 1, a));
	}
	return 0;
}
