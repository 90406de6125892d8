#include "weights/weight_average.h"

#include "tensor/element.h"

#include <string.h>

static bool is_whole(enum dtype dtype)
{
	return dtype == DTYPE_U8 || dtype == DTYPE_I32 || dtype == DTYPE_I64;
}

static int check_same(const struct safetensors *first, const struct safetensors *other)
{
	char want[96], have[96];
	for (int i = 0; i < first->n_items; i++) {
		const struct tensor *t = &first->items[i].tensor, *o = safetensors_find(other, first->items[i].name);
		if (o == NULL)
			return err_set("'%s' has no tensor '%s', which '%s' has", other->path, first->items[i].name, first->path);
		if (!tensor_same_shape(t, o))
			return err_set("'%s' is %s %s in '%s' and %s %s in '%s'", first->items[i].name, dtype_name((int)t->dtype),
				       tensor_shape_text(t, want), first->path, dtype_name((int)o->dtype), tensor_shape_text(o, have), other->path);
	}
	for (int i = 0; i < other->n_items; i++)
		if (safetensors_find(first, other->items[i].name) == NULL)
			return err_set("'%s' has a tensor '%s', which '%s' has not", other->path, other->items[i].name, first->path);
	return 0;
}

static double average(const struct tensor *const *t, int n, int64_t at, double decay)
{
	double sum = element_get(t[0], at);
	for (int k = 1; k < n; k++) {
		double x = element_get(t[k], at);
		sum = decay > 0 ? decay * sum + (1 - decay) * x : sum + x;
	}
	return decay > 0 ? sum : sum / n;
}

int weight_average(struct safetensors_item *items, const struct safetensors *files, int n_files, double decay, struct arena *a)
{
	const struct tensor **t = arena_calloc(a, (size_t)n_files, sizeof *t);
	if (t == NULL)
		return -1;
	for (int k = 1; k < n_files; k++)
		TRY(check_same(&files[0], &files[k]));
	for (int i = 0; i < files[0].n_items; i++) {
		const struct safetensors_item *item = &files[0].items[i];
		items[i] = *item;
		for (int k = 0; k < n_files; k++)
			t[k] = safetensors_find(&files[k], item->name);
		if (is_whole(item->tensor.dtype)) {
			items[i].tensor = *t[n_files - 1];
			continue;
		}
		TRY(tensor_new(&items[i].tensor, a, item->tensor.dtype, item->tensor.rank, item->tensor.dim));
		for (int64_t at = 0; at < tensor_count(&item->tensor); at++)
			element_set(&items[i].tensor, at, average(t, n_files, at, decay));
	}
	return 0;
}
