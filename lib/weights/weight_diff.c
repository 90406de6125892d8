#include "weights/weight_diff.h"

#include "tensor/element.h"

#include <math.h>
#include <string.h>

struct distance {
	double max_abs, rel;
	int64_t n_differ;
};

static struct distance measure(const struct tensor *a, const struct tensor *b)
{
	struct distance d = { 0 };
	double norm = 0, off = 0;
	for (int64_t i = 0; i < tensor_count(a); i++) {
		double x = element_get(a, i), y = element_get(b, i);
		if (x == y || (isnan(x) && isnan(y))) {
			norm += isfinite(x) ? x * x : 0;
			continue;
		}
		double gap = isnan(x) || isnan(y) ? INFINITY : fabs(x - y);
		d.n_differ++;
		d.max_abs = fmax(d.max_abs, gap);
		norm += isfinite(x) ? x * x : 0;
		off += gap * gap;
	}
	d.rel = off == 0 ? 0 : norm == 0 ? INFINITY : sqrt(off / norm);
	return d;
}

static void compare(struct weight_diff *d, const struct safetensors_item *item, const struct tensor *other, int width, FILE *file)
{
	char one[96], two[96];
	const struct tensor *t = &item->tensor;
	if (t->rank != other->rank || memcmp(t->dim, other->dim, (size_t)t->rank * sizeof t->dim[0]) != 0) {
		fprintf(file, "%-*s  %s against %s\n", width, item->name, tensor_shape_text(t, one), tensor_shape_text(other, two));
		d->n_unlike++;
		return;
	}
	struct distance x = measure(t, other);
	d->max_abs = fmax(d->max_abs, x.max_abs);
	d->max_rel = fmax(d->max_rel, x.rel);
	d->n_equal += x.n_differ == 0;
	d->n_differ += x.n_differ > 0;
	if (x.n_differ > 0)
		fprintf(file, "%-*s  max abs %-10.4g rel %-10.4g %lld of %lld elements\n", width, item->name, x.max_abs, x.rel,
			(long long)x.n_differ, (long long)tensor_count(t));
}

void weight_diff_print(struct weight_diff *d, const struct safetensors *a, const struct safetensors *b, FILE *file)
{
	int width = 0;
	*d = (struct weight_diff){ 0 };
	for (int i = 0; i < a->n_items; i++)
		width = (int)strlen(a->items[i].name) > width ? (int)strlen(a->items[i].name) : width;
	for (int i = 0; i < a->n_items; i++) {
		const struct tensor *other = safetensors_find(b, a->items[i].name);
		if (other != NULL)
			compare(d, &a->items[i], other, width, file);
		else
			fprintf(file, "%-*s  only in '%s'\n", width, a->items[i].name, a->path);
		d->n_unlike += other == NULL;
	}
	for (int i = 0; i < b->n_items; i++)
		if (safetensors_find(a, b->items[i].name) == NULL) {
			fprintf(file, "%-*s  only in '%s'\n", width, b->items[i].name, b->path);
			d->n_unlike++;
		}
	fprintf(file, "%d tensors equal, %d differ, %d without a partner; max abs %.4g, max rel %.4g\n", d->n_equal, d->n_differ,
		d->n_unlike, d->max_abs, d->max_rel);
}
