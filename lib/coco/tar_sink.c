#include "coco/file_sinks.h"

#include "base/io.h"
#include "base/json_members.h"
#include "coco/coco_put.h"
#include "coco/sample_image.h"
#include "coco/tar_file.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct tar_writer {
	struct file_sink_param param;
	struct atomic_file atomic;	/* not of stdout */
	FILE *file;
	size_t written;
};

/* The files of one sample. */
struct ready {
	struct sample_image image;
	uint8_t *labels;	/* a PNG file, or NULL */
	size_t labels_size;
	char *json;
	size_t json_size;
};

static int put_annotations(struct json_writer *j, const struct sample *s, const struct category *categories, struct arena *a)
{
	json_put_key(j, "annotations");
	json_put_array(j);
	for (int64_t i = 0; i < s->n; i++)
		TRY(coco_put_annotation(j, s, i, s->object_id != NULL ? s->object_id[i] : i + 1, categories, a));
	json_put_end(j, ']');
	return 0;
}

/* {"source": ..., "image": {...}, "annotations": [...]} */
static int make_json(struct ready *ready, struct dataset_record *r, const struct category *categories)
{
	const struct sample *s = &r->sample;
	struct json_writer j;
	char *text;
	size_t size;
	FILE *memory = open_memstream(&text, &size);
	if (memory == NULL)
		return err_errno("out of memory");
	json_writer_init(&j, memory);
	json_put_object(&j);
	json_put_string_of(&j, "source", s->source);
	json_put_key(&j, "image");
	int status = coco_put_image(&j, s, ready->image.name, categories);
	if (status == 0)
		status = put_annotations(&j, s, categories, &r->arena);
	json_put_end(&j, '}');
	if (fclose(memory) != 0)
		return err_errno("out of memory");
	ready->json = status == 0 ? arena_strndup(&r->arena, text, size) : NULL;
	ready->json_size = size;
	free(text);
	return ready->json != NULL ? 0 : -1;
}

static int prepare(void *context, struct dataset_record *r, void **prepared)
{
	struct tar_writer *t = context;
	const struct stream_header header = { .n_categories = t->param.n_categories };
	struct ready *ready = arena_calloc(&r->arena, 1, sizeof *ready);
	if (ready == NULL)
		return -1;
	TRY(sample_check(&r->sample, &header));
	TRY(sample_image_make(&ready->image, r, t->param.jpeg_quality));
	if (r->reject != NULL)
		return 0;
	TRY(sample_labels_make(&ready->labels, &ready->labels_size, r));
	*prepared = ready;
	return make_json(ready, r, t->param.categories);
}

static int put_file(struct tar_writer *t, const char *name, const void *bytes, size_t size)
{
	TRY(tar_file_put(t->file, name, bytes, size));
	t->written += tar_file_size(size);
	if (!ferror(t->file))
		return 0;
	return t->file == stdout ? err_errno("cannot write standard output") : err_errno("cannot write '%s'", t->param.path);
}

static int put(void *context, struct dataset_record *r, void *prepared)
{
	struct tar_writer *t = context;
	const struct ready *ready = prepared;
	char name[64], class_text[24];
	snprintf(name, sizeof name, "%09lld.%s", (long long)r->sample.seq, ready->image.suffix);
	TRY(put_file(t, name, ready->image.bytes, ready->image.size));
	snprintf(name, sizeof name, "%09lld.json", (long long)r->sample.seq);
	TRY(put_file(t, name, ready->json, ready->json_size));
	if (r->sample.class_label >= 0) {
		int n = snprintf(class_text, sizeof class_text, "%lld", (long long)r->sample.class_label);
		snprintf(name, sizeof name, "%09lld.cls", (long long)r->sample.seq);
		TRY(put_file(t, name, class_text, (size_t)n));
	}
	snprintf(name, sizeof name, "%09lld.txt", (long long)r->sample.seq);
	if (r->sample.caption[0] != '\0')
		TRY(put_file(t, name, r->sample.caption, strlen(r->sample.caption)));
	snprintf(name, sizeof name, "%09lld.semantic.png", (long long)r->sample.seq);
	return ready->labels != NULL ? put_file(t, name, ready->labels, ready->labels_size) : 0;
}

static int put_about(struct json_writer *j, const struct file_sink_param *param)
{
	static const char *const none[] = { NULL };
	if (param->n_about == 0)
		return 0;
	json_put_key(j, "about");
	json_put_array(j);
	for (int i = 0; i < param->n_about; i++) {
		json_put_object(j);
		json_put_string_of(j, "source", param->about[i].source);
		json_put_key(j, "members");
		json_put_object(j);
		TRY(json_members_put(j, param->about[i].members, none, "what a data set says of itself"));
		json_put_end(j, '}');
		json_put_end(j, '}');
	}
	json_put_end(j, ']');
	return 0;
}

static int put_categories(struct tar_writer *t)
{
	struct json_writer j;
	char *text;
	size_t size;
	FILE *memory = open_memstream(&text, &size);
	if (memory == NULL)
		return err_errno("out of memory");
	json_writer_init(&j, memory);
	json_put_object(&j);
	json_put_key(&j, "categories");
	json_put_array(&j);
	int status = 0;
	for (int i = 0; i < t->param.n_categories && status == 0; i++)
		status = coco_put_category(&j, &t->param.categories[i]);
	json_put_end(&j, ']');
	if (status == 0)
		status = put_about(&j, &t->param);
	json_put_end(&j, '}');
	if (fclose(memory) != 0)
		return err_errno("out of memory");
	if (status == 0)
		status = put_file(t, "__cocopipe__/categories.json", text, size);
	free(text);
	return status;
}

static void abandon(void *context)
{
	struct tar_writer *t = context;
	if (t->file != stdout)
		atomic_abandon(&t->atomic);
	free(t);
}

static int close_tar(void *context, const struct stream_trailer *trailer)
{
	struct tar_writer *t = context;
	(void)trailer;
	tar_file_end(t->file, t->written);
	int status = 0;
	if (t->file != stdout)
		status = atomic_commit(&t->atomic);
	else if (fflush(stdout) != 0)
		status = err_errno("cannot write standard output");
	free(t);
	return status;
}

static int open_output(struct tar_writer *t)
{
	if (strcmp(t->param.path, "-") != 0) {
		TRY(atomic_fopen(&t->atomic, t->param.path));
		t->file = t->atomic.file;
		return 0;
	}
	if (isatty(STDOUT_FILENO))
		return err_set("refusing to write a tar file to a terminal; send it to a file or a program");
	t->file = stdout;
	return 0;
}

int tar_sink_open(struct pack_sink *sink, const struct file_sink_param *param)
{
	struct tar_writer *t = calloc(1, sizeof *t);
	if (t == NULL)
		return err_set("out of memory");
	t->param = *param;
	if (open_output(t) != 0) {
		free(t);
		return -1;
	}
	*sink = (struct pack_sink){ t, prepare, put, close_tar, abandon, false };
	if (put_categories(t) == 0)
		return 0;
	abandon(t);
	return -1;
}
