#include "record/stats.h"

#include "record/fields.h"
#include "stream/header.h"

#include <inttypes.h>
#include <string.h>

static void range_add(struct stats_range *r, int32_t value, bool first)
{
	if (first || value < r->min)
		r->min = value;
	if (first || value > r->max)
		r->max = value;
	r->sum += value;
}

/* last[label]: 1 + the record that counted the category last, so that each record counts it once. */
static void add_labels(struct stats *s, const struct record_view *v, int64_t *last)
{
	for (int64_t i = 0; i < v->n; i++) {
		int32_t label = v->labels[i];
		s->category[label].objects++;
		if (last[label] != s->records) {
			last[label] = s->records;
			s->category[label].records++;
		}
	}
}

static void add_record(struct stats *s, const struct record_view *v, size_t bytes, int64_t *last)
{
	s->records++;
	s->objects += v->n;
	s->bytes += (int64_t)bytes;
	s->encoded += v->encoded;
	s->pixels += v->pixels;
	s->empty += v->n == 0;
	if (v->w > 0 && v->h > 0) {
		range_add(&s->w, v->w, s->sized == 0);
		range_add(&s->h, v->h, s->sized == 0);
		s->sized++;
	}
	add_labels(s, v, last);
}

static int read_records(struct stats *s, struct stream_reader *r, int64_t *last, struct arena *scratch)
{
	const struct record_kind *kind = record_kind_find(s->header.kind);
	struct stream_body body;
	struct record_view v;
	int got;
	while ((got = stream_reader_next(r, &body)) == 1) {
		arena_reset(scratch);
		if (record_view_decode(&v, kind, &body, &s->header, scratch) != 0)
			return err_context("record %" PRId64 " of '%s'", body.number, s->name);
		add_record(s, &v, body.size, last);
	}
	return got;
}

static int read_all(struct stats *s, struct stream_reader *r, struct arena *a)
{
	struct arena scratch;
	s->name = arena_strdup(a, stream_reader_name(r));
	if (s->name == NULL)
		return -1;
	TRY(header_copy(&s->header, stream_reader_header(r), a));
	s->category = arena_calloc(a, (size_t)s->header.n_categories, sizeof *s->category);
	int64_t *last = arena_calloc(a, (size_t)s->header.n_categories, sizeof *last);
	if (s->category == NULL || last == NULL)
		return -1;
	arena_init(&scratch, 1 << 16);
	int status = read_records(s, r, last, &scratch);
	arena_release(&scratch);
	TRY(status);
	return stream_trailer_add(&s->trailer, stream_reader_trailer(r), a);
}

int stats_read(struct stats *s, const char *path, const struct stream_limits *limits, struct arena *a)
{
	struct stream_reader r;
	*s = (struct stats){ 0 };
	TRY(stream_reader_open(&r, path, limits));
	int status = read_all(s, &r, a);
	stream_reader_close(&r);
	return status;
}

static void print_range(FILE *file, const char *name, const struct stats_range *r, int64_t n)
{
	fprintf(file, "  %-14s%" PRId32 " to %" PRId32 ", mean %.1f\n", name, r->min, r->max, (double)r->sum / (double)n);
}

static void print_count(FILE *file, const char *name, const struct stream_count *c)
{
	fprintf(file, "  %-14s%" PRId64 " records, %" PRId64 " objects\n", name, c->records, c->objects);
}

static void print_trailer(FILE *file, const struct stream_trailer *t)
{
	print_count(file, "in", &t->in);
	print_count(file, "out", &t->out);
	print_count(file, "deselected", &t->deselected);
	for (int i = 0; i < t->n_rejects; i++)
		fprintf(file, "  %-14s%" PRId64 " records, %" PRId64 " objects: %s\n", i == 0 ? "rejected" : "",
			t->rejects[i].count.records, t->rejects[i].count.objects, t->rejects[i].reason);
}

static void print_header(FILE *file, const struct stream_header *h)
{
	fprintf(file, "  %-14s%s\n", "kind", h->kind);
	if (h->planned >= 0)
		fprintf(file, "  %-14s%" PRId64 " records in the whole run\n", "planned", h->planned);
	if (h->start > 0)
		fprintf(file, "  %-14sat position %" PRId64 " of the run\n", "starts", h->start);
	for (int i = 0; i < h->n_provenance; i++) {
		const struct provenance *p = &h->provenance[i];
		fprintf(file, "  %-14s%s %s, seed %" PRIu64 "%s%s\n", i == 0 ? "made by" : "  then", p->tool, p->version,
			p->seed, p->options[0] != '\0' ? ": " : "", p->options);
	}
}

void stats_print(const struct stats *s, FILE *file)
{
	fprintf(file, "%s\n", s->name);
	print_header(file, &s->header);
	fprintf(file, "  %-14s%" PRId64 ", %" PRId64 " of them without objects, %.1f MB\n", "records", s->records,
		s->empty, (double)s->bytes / 1e6);
	fprintf(file, "  %-14s%" PRId64 "\n", "objects", s->objects);
	if (s->encoded + s->pixels > 0)
		fprintf(file, "  %-14s%" PRId64 " encoded, %" PRId64 " as pixels\n", "images", s->encoded, s->pixels);
	if (s->sized > 0) {
		print_range(file, "width", &s->w, s->sized);
		print_range(file, "height", &s->h, s->sized);
	}
	print_trailer(file, &s->trailer);
	if (s->header.n_categories > 0)
		fprintf(file, "  %-14s%10s %10s %10s\n", "category", "id", "records", "objects");
	for (int i = 0; i < s->header.n_categories; i++)
		fprintf(file, "    %-12s%10" PRId64 " %10" PRId64 " %10" PRId64 "\n", s->header.categories[i].name,
			s->header.categories[i].id, s->category[i].records, s->category[i].objects);
}
