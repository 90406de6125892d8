#include "op/op.h"

#include <string.h>

const struct op *op_find(const char *name)
{
	for (int i = 0; op_registry[i] != NULL; i++)
		if (strcmp(op_registry[i]->name, name) == 0)
			return op_registry[i];
	return NULL;
}
