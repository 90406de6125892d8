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

static void put_one(struct json_writer *w, const struct detection *d, int64_t i, int64_t category)
{
	const float *box = d->boxes + 4 * i;
	json_put_object(w);
	json_put_key(w, "image_id");
	if (d->id.text != NULL)
		json_put_string(w, d->id.text);
	else
		json_put_integer(w, d->id.number);
	json_put_key(w, "category_id");
	json_put_integer(w, category);
	json_put_key(w, "bbox");
	json_put_array(w);
	json_put_double(w, box[0]);
	json_put_double(w, box[1]);
	json_put_double(w, (double)box[2] - box[0]);
	json_put_double(w, (double)box[3] - box[1]);
	json_put_end(w, ']');
	json_put_key(w, "score");
	json_put_double(w, d->scores[i]);
	json_put_end(w, '}');
	fputc('\n', w->file);
}

int results_put(struct results *r, const struct detection *d, const struct category *categories, int n_categories)
{
	for (int64_t i = 0; i < d->n; i++) {
		if (d->labels[i] < 0 || d->labels[i] >= n_categories)
			return err_set("label %d of a detection is not below the %d classes", d->labels[i], n_categories);
		put_one(&r->json, d, i, categories[d->labels[i]].id);
	}
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
