#include "eval/eval_table.h"

#include "record/detection.h"
#include "stream/header.h"

#include <string.h>

static int next_sample(struct eval_table *t, struct eval_table_entry *entry)
{
	struct eval_table_row *row = &entry->row;
	const struct stream_header *header = stream_reader_header(&t->reader);
	struct sample s;
	arena_reset(&t->record);
	int got = sample_read(&s, &t->reader, &t->record);
	if (got != 1)
		return got;
	t->line++;
	row->id = s.id;
	row->has_label = true;
	row->label = s.class_label;
	if (s.id.text != NULL && (row->id.text = arena_strdup(t->arena, s.id.text)) == NULL)
		return -1;
	if (s.class_label >= header->n_categories)
		return eval_table_fail(t, "class_label %lld is not one of the %d categories", (long long)s.class_label,
				       header->n_categories);
	const char *name = s.class_label < 0 ? NULL : header->categories[s.class_label].name;
	if (name == NULL || name[0] == '\0')
		return 1;
	row->name = arena_strdup(t->arena, name);
	return row->name == NULL ? -1 : 1;
}

static int next_detection(struct eval_table *t, struct eval_table_entry *entry)
{
	struct eval_table_row *row = &entry->row;
	struct detection d;
	char text[128];
	arena_reset(&t->record);
	int got = detection_read(&d, &t->reader, &t->record);
	if (got != 1)
		return got;
	t->line++;
	row->id = d.id;
	if (d.id.text != NULL && (row->id.text = arena_strdup(t->arena, d.id.text)) == NULL)
		return -1;
	if (d.class_scores.data == NULL)
		return eval_table_fail(t, "image %s has no scores of classes ('class_scores')", sample_id_text(&d.id, text));
	const float *scores = d.class_scores.data;
	for (int64_t i = 0; i < d.class_scores.dim[0]; i++)
		TRY(eval_table_add_score(t, row, scores[i]));
	return 1;
}

static const struct eval_table_format samples = { .next = next_sample }, detections = { .next = next_detection };

static int copy_categories(struct eval_table *t)
{
	struct stream_header header;
	TRY(header_copy(&header, stream_reader_header(&t->reader), t->arena));
	t->n_categories = header.n_categories;
	t->categories = header.categories;
	return 0;
}

/* Names, when all classes have one. */
static int copy_names(struct eval_table *t)
{
	struct stream_header header;
	TRY(header_copy(&header, stream_reader_header(&t->reader), t->arena));
	const char **names = arena_calloc(t->arena, (size_t)header.n_categories, sizeof *names);
	if (names == NULL)
		return -1;
	for (int i = 0; i < header.n_categories; i++) {
		names[i] = header.categories[i].name;
		if (names[i] == NULL || names[i][0] == '\0')
			return 0;
	}
	t->names = header.n_categories > 0 ? names : NULL;
	t->n_names = header.n_categories;
	return 0;
}

int eval_table_stream_open(struct eval_table *t)
{
	const char *kind = stream_reader_header(&t->reader)->kind;
	t->line = -1;
	t->path = arena_strdup(t->arena, stream_reader_name(&t->reader));
	if (t->path == NULL)
		return -1;
	t->format = strcmp(kind, "sample") == 0 ? &samples : strcmp(kind, "detection") == 0 ? &detections : NULL;
	if (t->format == NULL)
		return err_set("'%s' is a stream of kind '%s'; labels come in samples, scores in detections", t->path, kind);
	return t->format == &detections ? copy_names(t) : copy_categories(t);
}
