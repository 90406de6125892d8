#include "coco/dataset.h"

#include "base/rng.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const struct dataset_kind *find_kind(const char *path, const struct dataset_options *options)
{
	const struct dataset_kind *best = NULL;
	const char *format = options->format;
	int best_score = 0;
	struct stat st;
	for (int i = 0; dataset_kinds[i] != NULL; i++) {
		const struct dataset_kind *kind = dataset_kinds[i];
		if (format != NULL && strcmp(kind->name, format) == 0)
			return kind;
		int score = format == NULL ? kind->detect(path, options) : 0;
		if (score > best_score) {
			best = kind;
			best_score = score;
		}
	}
	if (best != NULL)
		return best;
	if (format != NULL)
		return err_null("unknown format '%s'", format);
	if (strcmp(path, "-") != 0 && stat(path, &st) != 0) {
		err_errno("cannot open '%s'", path);
		return NULL;
	}
	return err_null("'%s' is nothing that can be read: coco-pack(1) lists what can, and --format says which of these it is",
			path);
}

int dataset_check_options(const struct dataset_options *options)
{
	const char *list = options->classes;
	for (const char *name = list; list != NULL; name += strcspn(name, ",") + 1) {
		size_t size = strcspn(name, ",");
		if (size == 0)
			return err_set("--classes has an empty name");
		for (const char *other = list; other < name; other += strcspn(other, ",") + 1)
			if (strcspn(other, ",") == size && memcmp(other, name, size) == 0)
				return err_set("--classes names '%.*s' twice", (int)size, name);
		if (name[size] == '\0')
			break;
	}
	return 0;
}

static int check_kind(const struct dataset *d)
{
	const struct dataset_options *o = &d->options;
	const struct { unsigned bit; const char *name, *value; } given[] = {
		{ DATASET_TAKES_IMAGES, "images", o->images }, { DATASET_TAKES_LABELS, "labels", o->labels },
		{ DATASET_TAKES_RESULTS, "results", o->results }, { DATASET_TAKES_SET, "set", o->set },
		{ DATASET_TAKES_CLASSES, "classes", o->classes },
	};
	for (size_t i = 0; i < sizeof given / sizeof *given; i++)
		if (given[i].value != NULL && (d->kind->takes & given[i].bit) == 0)
			return err_set("'%s' is read as '%s', which does not take --%s", d->path, d->kind->name, given[i].name);
	return 0;
}

/* All samples are of this data set now; of what others said, the first stays. */
static void rename_source(struct dataset *d, const char *name)
{
	d->name = name;
	if (d->n_about == 0)
		return;
	d->n_about = 1;
	d->about[0].source = name;
}

int dataset_open(struct dataset *d, const char *path, const struct dataset_options *options)
{
	*d = (struct dataset){ .options = *options, .path = path, .n = -1 };
	TRY(dataset_check_options(options));
	arena_init(&d->arena, 1 << 20);
	d->kind = find_kind(path, options);
	if (d->kind == NULL)
		return -1;
	if (check_kind(d) != 0 || d->kind->open(d, path) != 0) {
		dataset_close(d);
		return -1;
	}
	if (options->source != NULL)
		rename_source(d, options->source);
	if (d->n != 0)
		return 0;
	dataset_close(d);
	return err_set("'%s' holds no images", path);
}

void dataset_close(struct dataset *d)
{
	if (d->kind != NULL && d->kind->close != NULL)
		d->kind->close(d);
	arena_release(&d->arena);
	*d = (struct dataset){ 0 };
}

void dataset_record_init(struct dataset_record *r)
{
	*r = (struct dataset_record){ 0 };
	arena_init(&r->arena, 1 << 16);
	sample_init(&r->sample);
}

void dataset_record_release(struct dataset_record *r)
{
	arena_release(&r->arena);
}

int dataset_fetch(struct dataset *d, struct dataset_record *r)
{
	arena_reset(&r->arena);
	sample_init(&r->sample);
	r->n_objects = 0;
	r->reject = r->detail = NULL;
	r->n_rejects = r->n_clipped = r->n_deselected = 0;
	r->source = 0;
	r->deselected = false;
	r->rejects = NULL;
	return d->kind->fetch != NULL ? d->kind->fetch(d, r) : 1;
}

int dataset_load(const struct dataset *d, struct dataset_record *r)
{
	return d->kind->load(d, r);
}

int dataset_classes(const struct dataset *d, struct dataset_record *r)
{
	return d->kind->classes != NULL ? d->kind->classes(d, r) : d->kind->load(d, r);
}

uint64_t dataset_fingerprint(const struct dataset *d)
{
	if (d->n < 0)
		return 0;
	uint64_t key = rng_mix(d->key, (uint64_t)d->n);
	for (int64_t i = 0; i < d->n; i++)
		key = rng_mix(rng_mix(key, d->id_hash[i]), (uint64_t)d->n_objects[i]);
	return key;
}
