#include "eval/eval_type.h"

#include <string.h>

const struct eval_type *eval_type_find(const char *name)
{
	for (int i = 0; eval_types[i] != NULL; i++)
		if (strcmp(eval_types[i]->name, name) == 0)
			return eval_types[i];
	return NULL;
}
