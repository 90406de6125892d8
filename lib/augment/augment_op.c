#include "augment/augment_op.h"

#include <string.h>

const struct augment_op *augment_op_find(const char *name, size_t length)
{
	for (int i = 0; augment_ops[i] != NULL; i++)
		if (strlen(augment_ops[i]->name) == length && memcmp(augment_ops[i]->name, name, length) == 0)
			return augment_ops[i];
	return NULL;
}

double augment_no_value(double level, const struct augment_scale *scale)
{
	(void)level;
	(void)scale;
	return 0;
}
