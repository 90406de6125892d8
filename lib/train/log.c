#include "train/log.h"

#include "base/io.h"
#include "base/json.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_regular(const char *path)
{
	struct stat st;
	return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

/* Bytes of the file's lines up to step `done`. */
static int keep_lines(const char *path, int64_t done, long *bytes)
{
	FILE *file = fopen(path, "r");
	*bytes = 0;
	if (file == NULL)
		return err_errno("cannot open '%s'", path);
	char *line = NULL;
	size_t room = 0;
	long long step;
	while (getline(&line, &room, file) > 0 && sscanf(line, "{\"step\":%lld", &step) == 1 && step <= done)
		*bytes = ftell(file);
	free(line);
	fclose(file);
	return 0;
}

int train_log_open(struct train_log *log, const char *path, int64_t done)
{
	*log = (struct train_log){ .path = path };
	if (path == NULL)
		return 0;
	long bytes = 0;
	/* A pipe or a device has no lines to look at, and cannot be cut. */
	const bool cut = done > 0 && is_regular(path);
	if (cut)
		TRY(keep_lines(path, done, &bytes));
	log->file = fopen(path, done > 0 ? "a" : "w");
	if (log->file == NULL)
		return err_errno("cannot write '%s'", path);
	if (!cut || ftruncate(fileno(log->file), bytes) == 0)
		return 0;
	err_errno("cannot cut '%s' after step %lld", path, (long long)done);
	fclose(log->file);
	log->file = NULL;
	return -1;
}

/* "loss_human" and "mean_human" for each source. */
static void put_sources(struct json_writer *w, const struct joint *j, const struct step_report *report)
{
	char key[128];
	for (int i = 0; j != NULL && j->on && i < j->sources.n; i++) {
		snprintf(key, sizeof key, "loss_%s", j->name[i]);
		json_put_double_of(w, key, report->loss.source[i]);
		snprintf(key, sizeof key, "mean_%s", j->name[i]);
		json_put_double_of(w, key, j->mean[i]);
	}
}

int train_log_put(struct train_log *log, int64_t step, int64_t first_seq, const struct step_report *report,
		  const struct joint *joint, double images_per_sec)
{
	if (log->file == NULL)
		return 0;
	struct json_writer w;
	json_writer_init(&w, log->file);
	json_put_object(&w);
	json_put_integer_of(&w, "step", step);
	json_put_integer_of(&w, "seq", first_seq);
	json_put_double_of(&w, "loss", report->loss.total);
	for (int i = 0; i < report->loss.n; i++)
		json_put_double_of(&w, report->loss.part[i].name, report->loss.part[i].value);
	put_sources(&w, joint, report);
	json_put_double_of(&w, "lr", report->lr);
	json_put_double_of(&w, "grad_norm", report->grad_norm);
	json_put_double_of(&w, "images_per_sec", images_per_sec);
	json_put_end(&w, '}');
	fputc('\n', log->file);
	/* Whole lines at once, so that a kill leaves no half of one. */
	return fflush(log->file) == 0 ? 0 : err_errno("cannot write '%s'", log->path);
}

int train_log_close(struct train_log *log)
{
	if (log->file == NULL)
		return 0;
	FILE *file = log->file;
	log->file = NULL;
	return fclose(file) == 0 ? 0 : err_errno("cannot write '%s'", log->path);
}
