#include "augment/augment.h"

#include <string.h>

const struct augment_policy *augment_policy_find(const char *name)
{
	for (int i = 0; augment_policies[i] != NULL; i++)
		if (strcmp(augment_policies[i]->name, name) == 0)
			return augment_policies[i];
	return NULL;
}
