/* The table of what is in a stream. */
#include "base/utf8.h"
#include "record/stats.h"

#include <inttypes.h>

enum { BAR = 40, LEAST_NAME = 12, MOST_NAME = 32 };

static void print_spread(FILE *file, const char *name, const struct stats_spread *s)
{
	fprintf(file, "  %-14s%" PRId64 " to %" PRId64 ", mean %.1f, median %" PRId64 "\n", name, s->min, s->max,
		s->sum / (double)s->n, stats_quantile(s, 0.5));
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

/* A space and a bar for n, where most has one of full length; what is there at all has one. */
static void print_bar(FILE *file, int64_t n, int64_t most)
{
	int length = most == 0 ? 0 : (int)((double)n / (double)most * BAR + 0.5);
	if (n > 0)
		fputc(' ', file);
	for (int i = 0; i < (n > 0 && length == 0 ? 1 : length); i++)
		fputc('#', file);
	fputc('\n', file);
}

static void print_per_record(FILE *file, const struct stats *s)
{
	int64_t low, high, most = 0, n[64] = { 0 };
	int ranges = 0;
	for (low = 0; low <= s->per_record.max; stats_range(++ranges, &low)) {
		high = stats_range(ranges, &low);
		n[ranges] = stats_between(&s->per_record, low, high);
		most = n[ranges] > most ? n[ranges] : most;
	}
	fprintf(file, "  %-14s%10s %10s\n", "objects", "", "records");
	for (int i = 0; i < ranges; i++) {
		char range[48];
		high = stats_range(i, &low);
		snprintf(range, sizeof range, low == high ? "%" PRId64 : "%" PRId64 "-%" PRId64, low, high);
		fprintf(file, "    %-12s%10s %10" PRId64, range, "", n[i]);
		print_bar(file, n[i], most);
	}
}

static void print_categories(FILE *file, const struct stats *s)
{
	int64_t most = 0;
	int width = LEAST_NAME;
	for (int i = 0; i < s->header.n_categories; i++) {
		int columns = utf8_columns(s->header.categories[i].name);
		most = stats_bar(s, i) > most ? stats_bar(s, i) : most;
		width = columns > width && columns <= MOST_NAME ? columns : width;
	}
	if (s->header.n_categories > 0)
		fprintf(file, "  %-*s%10s %10s %10s\n", width + 2, "category", "id", "records", "objects");
	for (int i = 0; i < s->header.n_categories; i++) {
		int columns = utf8_columns(s->header.categories[i].name);
		fprintf(file, "    %s%*s%10" PRId64 " %10" PRId64 " %10" PRId64, s->header.categories[i].name,
			columns < width ? width - columns : 0, "", s->header.categories[i].id, s->category[i].records,
			s->category[i].objects);
		print_bar(file, stats_bar(s, i), most);
	}
}

static void print_images(FILE *file, const struct stats *s)
{
	if (s->encoded + s->pixels > 0)
		fprintf(file, "  %-14s%" PRId64 " encoded, %" PRId64 " as pixels\n", "images", s->encoded, s->pixels);
	if (s->classified > 0)
		fprintf(file, "  %-14s%" PRId64 " images have a class as a whole\n", "", s->classified);
	if (s->w.n > 0) {
		print_spread(file, "width", &s->w);
		print_spread(file, "height", &s->h);
	}
}

static void print_objects(FILE *file, const struct stats *s)
{
	double all = (double)s->side.n / 100;
	if (s->objects > 0)
		print_spread(file, "in a record", &s->per_record);
	if (s->side.n == 0)
		return;
	print_spread(file, "side of a box", &s->side);
	fprintf(file, "  %-14s%.1f %% below 32x32 pixels, %.1f %% from there to 96x96, %.1f %% larger\n", "", (double)s->small / all,
		(double)s->medium / all, (double)(s->side.n - s->small - s->medium) / all);
}

void stats_print(const struct stats *s, FILE *file)
{
	fprintf(file, "%s\n", s->name);
	print_header(file, &s->header);
	fprintf(file, "  %-14s%" PRId64 ", %" PRId64 " of them without objects, %.1f MB\n", "records", s->records,
		s->empty, (double)s->bytes / 1e6);
	fprintf(file, "  %-14s%" PRId64 "\n", "objects", s->objects);
	print_objects(file, s);
	print_images(file, s);
	print_trailer(file, &s->trailer);
	if (s->objects > 0)
		print_per_record(file, s);
	print_categories(file, s);
}
