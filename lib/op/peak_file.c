#include "base/io.h"
#include "base/json.h"
#include "op/peak.h"

#include <stddef.h>

static const struct { const char *key; size_t at; } columns[] = {
	{ "f32_gflops", offsetof(struct peak, f32_gflops) },
	{ "bf16_gflops", offsetof(struct peak, bf16_gflops) },
	{ "gb_per_sec", offsetof(struct peak, gb_per_sec) },
};

enum { COLUMNS = sizeof columns / sizeof columns[0] };

int peak_write(const char *path, const struct peak *peaks, int n)
{
	struct atomic_file f;
	struct json_writer w;
	TRY(atomic_fopen(&f, path));
	json_writer_init(&w, f.file);
	json_put_object(&w);
	json_put_key(&w, "peaks");
	json_put_array(&w);
	for (int i = 0; i < n; i++) {
		json_put_object(&w);
		json_put_key(&w, "threads");
		json_put_integer(&w, peaks[i].threads);
		for (int c = 0; c < COLUMNS; c++) {
			json_put_key(&w, columns[c].key);
			json_put_double(&w, *(const double *)((const char *)&peaks[i] + columns[c].at));
		}
		json_put_end(&w, '}');
	}
	json_put_end(&w, ']');
	json_put_end(&w, '}');
	fputc('\n', f.file);
	return atomic_commit(&f);
}

int peak_report(const char *path, int threads, FILE *to)
{
	struct peak p[2];
	int n = threads > 1 ? 2 : 1;
	for (int i = 0; i < n; i++) {
		TRY(peak_measure(&p[i], i == 0 ? 1 : threads));
		fprintf(to, "%d thread%s: f32 %.0f GFLOP/s, bf16 %.0f GFLOP/s, memory %.1f GB/s\n", p[i].threads, i == 0 ? "" : "s",
			p[i].f32_gflops, p[i].bf16_gflops, p[i].gb_per_sec);
	}
	return peak_write(path, p, n);
}

static int read_entry(struct peak *p, struct json_reader *j)
{
	enum json_event e;
	*p = (struct peak){ .threads = 0 };
	while ((e = json_next(j)) == JSON_KEY) {
		double *value = NULL;
		bool threads = json_is(j, "threads");
		for (int c = 0; c < COLUMNS; c++)
			if (json_is(j, columns[c].key))
				value = (double *)(void *)((char *)p + columns[c].at);
		if (json_next(j) != JSON_NUMBER || !(j->number >= 0))
			return json_fail(j, "a peak is a number, at least 0");
		if (threads && j->is_integer)
			p->threads = (int)j->integer;
		else if (value != NULL)
			*value = j->number;
	}
	if (e != JSON_OBJECT_END)
		return json_fail(j, "an entry of peaks is an object of numbers");
	return p->threads > 0 && p->f32_gflops > 0 && p->gb_per_sec > 0 ? 0 :
		json_fail(j, "an entry of peaks needs threads, f32_gflops and gb_per_sec");
}

/* 1: found, 0: there is no such entry, -1. */
static int find_entry(struct peak *p, struct json_reader *j, int threads)
{
	enum json_event e;
	bool found = false;
	if (json_next(j) != JSON_OBJECT_BEGIN || json_next(j) != JSON_KEY || !json_is(j, "peaks") || json_next(j) != JSON_ARRAY_BEGIN)
		return json_fail(j, "this is no file of trainstep --peak");
	while ((e = json_next(j)) == JSON_OBJECT_BEGIN) {
		struct peak entry;
		TRY(read_entry(&entry, j));
		if (entry.threads == threads) {
			*p = entry;
			found = true;
		}
	}
	return e == JSON_ARRAY_END ? found : json_fail(j, "peaks is a list of objects");
}

int peak_read(struct peak *p, const char *path, int threads)
{
	struct json_reader j;
	TRY(json_open(&j, path));
	int found = find_entry(p, &j, threads);
	json_close(&j);
	if (found == 0)
		return err_set("'%s' has no peaks of %d threads; measure them with trainstep --peak", path, threads);
	return found == 1 ? 0 : -1;
}
