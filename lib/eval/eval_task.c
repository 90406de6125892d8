#include "eval/eval_task.h"

#include <string.h>

const struct eval_task *eval_task_find(const char *name)
{
	for (int i = 0; eval_tasks[i] != NULL; i++)
		if (strcmp(eval_tasks[i]->name, name) == 0)
			return eval_tasks[i];
	return NULL;
}
