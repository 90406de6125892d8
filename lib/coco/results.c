#include "coco/results.h"

#include <string.h>

int results_open(struct results *r, const char *path)
{
	*r = (struct results){ .atomic = { .fd = -1 }, .file = stdout };
	if (strcmp(path, "-") != 0) {
		TRY(atomic_fopen(&r->atomic, path));
		r->file = r->atomic.file;
	}
	json_writer_init(&r->json, r->file);
	json_put_array(&r->json);
	return 0;
}

/* box NULL: none. */
static void put_one(struct json_writer *w, const struct detection *d, const float *box, int64_t category, float score)
{
	json_put_object(w);
	json_put_key(w, "image_id");
	if (d->id.text != NULL)
		json_put_string(w, d->id.text);
	else
		json_put_integer(w, d->id.number);
	json_put_key(w, "category_id");
	json_put_integer(w, category);
	if (box != NULL) {
		json_put_key(w, "bbox");
		json_put_array(w);
		json_put_double(w, box[0]);
		json_put_double(w, box[1]);
		json_put_double(w, (double)box[2] - box[0]);
		json_put_double(w, (double)box[3] - box[1]);
		json_put_end(w, ']');
	}
	json_put_key(w, "score");
	json_put_double(w, score);
	json_put_end(w, '}');
	fputc('\n', w->file);
}

/* The highest class scores; of equal ones the lower label comes first. */
static int put_classes(struct results *r, const struct detection *d, const struct category *categories, int n_categories)
{
	const float *score = d->class_scores.data;
	int64_t best[RESULTS_CLASSES + 1];
	int n = 0;
	if (d->class_scores.dim[0] != n_categories)
		return err_set("%lld class scores for %d classes", (long long)d->class_scores.dim[0], n_categories);
	for (int64_t label = 0; label < n_categories; label++) {
		int at = n;
		for (; at > 0 && score[label] > score[best[at - 1]]; at--)
			best[at] = best[at - 1];
		best[at] = label;
		n += n < RESULTS_CLASSES;
	}
	for (int i = 0; i < n; i++)
		put_one(&r->json, d, NULL, categories[best[i]].id, score[best[i]]);
	return 0;
}

int results_put(struct results *r, const struct detection *d, const struct category *categories, int n_categories)
{
	for (int64_t i = 0; i < d->n; i++) {
		if (d->labels[i] < 0 || d->labels[i] >= n_categories)
			return err_set("label %d of a detection is not below the %d classes", d->labels[i], n_categories);
		put_one(&r->json, d, d->boxes + 4 * i, categories[d->labels[i]].id, d->scores[i]);
	}
	if (d->class_scores.data != NULL)
		TRY(put_classes(r, d, categories, n_categories));
	return ferror(r->file) ? err_errno("cannot write the results") : 0;
}

int results_close(struct results *r)
{
	json_put_end(&r->json, ']');
	fputc('\n', r->file);
	if (r->atomic.fd >= 0)
		return atomic_commit(&r->atomic);
	return fflush(r->file) == 0 ? 0 : err_errno("cannot write standard output");
}

void results_abandon(struct results *r)
{
	if (r->atomic.fd >= 0)
		atomic_abandon(&r->atomic);
}
