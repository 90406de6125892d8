#include "record/stats.h"

#include "record/fields.h"
#include "stream/header.h"

#include <inttypes.h>
#include <math.h>

static int spread_init(struct stats_spread *s, struct arena *a)
{
	*s = (struct stats_spread){ .bins = arena_calloc(a, STATS_BINS, sizeof *s->bins) };
	return s->bins == NULL ? -1 : 0;
}

static void spread_add(struct stats_spread *s, int64_t value)
{
	if (s->n == 0 || value < s->min)
		s->min = value;
	if (s->n == 0 || value > s->max)
		s->max = value;
	s->n++;
	s->sum += (double)value;
	s->bins[value < STATS_BINS ? value : STATS_BINS - 1]++;
}

int64_t stats_quantile(const struct stats_spread *s, double p)
{
	int64_t below = 0;
	for (int64_t i = 0; i < STATS_BINS - 1; i++) {
		below += s->bins[i];
		if (below > 0 && (double)below >= p * (double)s->n)
			return i;
	}
	return s->max;
}

int64_t stats_between(const struct stats_spread *s, int64_t low, int64_t high)
{
	int64_t n = 0;
	for (int64_t i = low; i <= high && i < STATS_BINS; i++)
		n += s->bins[i];
	return n;
}

int64_t stats_range(int i, int64_t *low)
{
	*low = i < 2 ? i : (INT64_C(1) << (i - 2)) + 1;
	return i < 2 ? i : INT64_C(1) << (i - 1);
}

int64_t stats_bar(const struct stats *s, int category)
{
	return s->objects > 0 ? s->category[category].objects : s->category[category].records;
}

/* last[label]: 1 + the record that counted the category last, so that each record counts it once. */
static void count_once(struct stats *s, int64_t label, int64_t *last)
{
	if (last[label] != s->records) {
		last[label] = s->records;
		s->category[label].records++;
	}
}

static void add_objects(struct stats *s, const struct record_view *v, int64_t *last)
{
	for (int64_t i = 0; i < v->n; i++) {
		const float *b = v->boxes + 4 * i;
		double area = ((double)b[2] - b[0]) * ((double)b[3] - b[1]);
		s->category[v->labels[i]].objects++;
		count_once(s, v->labels[i], last);
		if (!(area >= 0 && area < 1e18))
			continue;
		s->small += area < 32 * 32;
		s->medium += area >= 32 * 32 && area < 96 * 96;
		spread_add(&s->side, llround(sqrt(area)));
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
	spread_add(&s->per_record, v->n);
	if (v->w > 0 && v->h > 0) {
		spread_add(&s->w, v->w);
		spread_add(&s->h, v->h);
	}
	if (v->class_label >= 0) {
		s->classified++;
		count_once(s, v->class_label, last);
	}
	add_objects(s, v, last);
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
	TRY(spread_init(&s->per_record, a));
	TRY(spread_init(&s->w, a));
	TRY(spread_init(&s->h, a));
	TRY(spread_init(&s->side, a));
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
