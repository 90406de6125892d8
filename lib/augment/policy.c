/* The policies. To add one: its line here, and one file for each operation it has of its own. */
#include "augment/augment.h"

#include <string.h>

static const struct augment_policy policies[] = {
	{ .name = "0", .op = { &augment_flip, &augment_fit } },
	{ .name = "1", .op = { &augment_flip, &augment_jitter }, .canvas_only = true },
	{ .name = "eval", .op = { &augment_fit } },
};

const struct augment_policy *augment_policy_find(const char *name)
{
	for (size_t i = 0; i < sizeof policies / sizeof *policies; i++)
		if (strcmp(policies[i].name, name) == 0)
			return &policies[i];
	return NULL;
}
