/* The table of a profile: time by op and pass, and how far from the machine's peaks. */
#include "nn/profile.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_ROWS = 128 };

struct row {
	const char *name;
	enum profile_part part;
	bool is_op;
	int calls;
	double sec, flops, bytes;
	double least_sec;	/* that the machine's peaks allow */
};

static struct row *find_row(struct row *rows, int *n, const struct profile_event *e)
{
	for (int i = 0; i < *n; i++)
		if (rows[i].part == e->part && rows[i].is_op == e->is_op && strcmp(rows[i].name, e->name) == 0)
			return &rows[i];
	/* The registry is far from half of this; should it ever grow so far, the last row takes what is left. */
	if (*n == MAX_ROWS)
		return &rows[MAX_ROWS - 1];
	rows[*n] = (struct row){ .name = e->name, .part = e->part, .is_op = e->is_op };
	return &rows[(*n)++];
}

static double least_sec(const struct profile_event *e, const struct peak *peak)
{
	double gflops = e->bf16 ? peak->bf16_gflops : peak->f32_gflops;
	double compute = gflops > 0 ? e->flops / gflops / 1e9 : 0, memory = e->bytes / peak->gb_per_sec / 1e9;
	return compute > memory ? compute : memory;
}

static int by_time(const void *a, const void *b)
{
	const struct row *x = a, *y = b;
	return x->sec < y->sec ? 1 : x->sec > y->sec ? -1 : 0;
}

static void print_row(const struct row *r, const char *name, const char *pass, int steps, double step_sec, bool has_peak,
		      FILE *file)
{
	fprintf(file, "%-16s %-9s %6.0f %9.2f %5.1f", name, pass, r->calls / (double)steps, r->sec / steps * 1e3,
		100 * r->sec / step_sec);
	if (!r->is_op) {
		fprintf(file, "\n");
		return;
	}
	fprintf(file, " %8.0f %7.1f", r->flops / r->sec / 1e9, r->bytes / r->sec / 1e9);
	if (has_peak)
		fprintf(file, " %6.0f", 100 * r->least_sec / r->sec);
	fprintf(file, "\n");
}

void profile_write_table(const struct profile *p, const struct peak *peak, FILE *file)
{
	static const char *const rest[PROFILE_PARTS] = { "outside of ops", "outside of ops", "optimizer", "the rest", "" };
	static const char *const pass[PROFILE_PARTS] = { "forward", "backward", "", "", "again" };
	struct row rows[MAX_ROWS], part[PROFILE_PARTS] = { { .calls = 0 } };
	int n = 0;
	for (int i = 0; i < p->n; i++) {
		const struct profile_event *e = &p->events[i];
		struct row *r = e->is_op ? find_row(rows, &n, e) : &part[e->part];
		r->calls++;
		r->sec += e->sec;
		r->flops += e->flops;
		r->bytes += e->bytes;
		r->least_sec += e->is_op && peak != NULL ? least_sec(e, peak) : 0;
	}
	double step_sec = part[PROFILE_STEP].sec;
	for (int i = 0; i < PROFILE_STEP; i++)
		part[PROFILE_STEP].sec -= part[i].sec;
	for (int i = 0; i < n; i++)
		part[rows[i].part == PROFILE_AGAIN ? PROFILE_BACKWARD : rows[i].part].sec -= rows[i].sec;
	qsort(rows, (size_t)n, sizeof *rows, by_time);
	fprintf(file, "%-16s %-9s %6s %9s %5s %8s %7s%s\n", "op", "pass", "calls", "ms", "%", "GFLOP/s", "GB/s",
		peak != NULL ? " % peak" : "");
	for (int i = 0; i < n; i++)
		print_row(&rows[i], rows[i].name, pass[rows[i].part], p->steps, step_sec, peak != NULL, file);
	for (int i = 0; i <= PROFILE_STEP; i++)
		print_row(&part[i], rest[i], pass[i], p->steps, step_sec, false, file);
	fprintf(file, "%-16s %-9s %6s %9.2f %5.1f\n", "a step", "", "", step_sec / p->steps * 1e3, 100.0);
}

int profile_report(const struct profile *p, const char *path, const struct peak *peak, FILE *table)
{
	TRY(profile_write_trace(p, path));
	profile_write_table(p, peak, table);
	return 0;
}
