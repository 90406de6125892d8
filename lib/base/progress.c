#include "base/progress.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

double clock_sec(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

void progress_start(struct progress *p, const char *unit, int64_t total, bool quiet)
{
	*p = (struct progress){
		.unit = unit, .total = total, .start_sec = clock_sec(),
		.shown = !quiet && isatty(STDERR_FILENO),
	};
}

static void duration_text(char text[32], double sec)
{
	long s = (long)(sec + 0.5);
	if (s >= 3600)
		snprintf(text, 32, "%ld:%02ld:%02ld", s / 3600, s / 60 % 60, s % 60);
	else
		snprintf(text, 32, "%ld:%02ld", s / 60, s % 60);
}

static void draw(struct progress *p, int64_t done, const char *note, double now)
{
	enum { BAR = 24 };
	double elapsed = now - p->start_sec;
	double rate = elapsed > 0 ? (double)done / elapsed : 0;
	char bar[BAR + 1] = "", left[32] = "";
	if (p->total > 0) {
		int filled = (int)((double)BAR * (double)done / (double)p->total);
		for (int i = 0; i < BAR; i++)
			bar[i] = i < filled ? '#' : '.';
		if (rate > 0)
			duration_text(left, (double)(p->total - done) / rate);
		fprintf(stderr, "\r\033[K[%s] %lld/%lld %s  %.1f/s  %s left  %s", bar, (long long)done,
			(long long)p->total, p->unit, rate, left, note);
	} else {
		fprintf(stderr, "\r\033[K%lld %s  %.1f/s  %s", (long long)done, p->unit, rate, note);
	}
}

void progress_update(struct progress *p, int64_t done, const char *note)
{
	if (!p->shown)
		return;
	double now = clock_sec();
	if (now - p->drawn_sec < 0.1 && done != p->total)
		return;
	p->drawn_sec = now;
	draw(p, done, note == NULL ? "" : note, now);
}

void progress_end(struct progress *p)
{
	if (p->shown && p->drawn_sec > 0)
		fputc('\n', stderr);
	p->shown = false;
}
