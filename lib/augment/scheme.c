#include "augment/augment.h"

#include <string.h>

const struct augment_scheme *augment_scheme_find(const char *name)
{
	for (int i = 0; augment_schemes[i] != NULL; i++)
		if (strcmp(augment_schemes[i]->name, name) == 0)
			return augment_schemes[i];
	return NULL;
}
