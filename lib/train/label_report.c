#include "train/label_report.h"

#include "base/io.h"
#include "base/json.h"
#include "image/plot.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

int label_stats_init(struct label_stats *s, const struct category *classes, int n_classes, struct arena *a)
{
	*s = (struct label_stats){ .n_classes = n_classes, .classes = classes };
	s->per_class = arena_calloc(a, (size_t)n_classes + 1, sizeof *s->per_class);
	return s->per_class == NULL ? -1 : 0;
}

static void add_label(struct label_stats *s, int64_t label, float score)
{
	int bin = (int)(score * LABEL_REPORT_SCORES);
	s->labels++;
	s->per_class[label]++;
	s->score[bin < 0 ? 0 : bin >= LABEL_REPORT_SCORES ? LABEL_REPORT_SCORES - 1 : bin]++;
}

void label_stats_add(struct label_stats *s, const struct sample *sample)
{
	int64_t before = s->labels;
	const float *p = sample->class_scores.data;
	for (int64_t i = 0; i < sample->n; i++) {
		if (sample->ignore != NULL && sample->ignore[i])
			s->ignored++;
		else if (sample->iscrowd == NULL || !sample->iscrowd[i])
			add_label(s, sample->labels[i], sample->score != NULL ? sample->score[i] : 1);
	}
	if (sample->class_label >= 0)
		add_label(s, sample->class_label, p != NULL ? p[sample->class_label] : 1);
	int64_t n = s->labels - before;
	s->per_image[n < LABEL_REPORT_OBJECTS ? n : LABEL_REPORT_OBJECTS - 1]++;
	s->images++;
}

static void list_classes(FILE *file, const struct category *c, int n)
{
	for (int i = 0; i < n; i++)
		fprintf(file, "%s%s", i > 0 ? ", " : "", c[i].name);
}

int label_classes_agree(const char *a_name, const struct category *a, int n_a, const char *b_name, const struct category *b, int n_b)
{
	bool same = n_a == n_b;
	for (int i = 0; same && i < n_a; i++)
		same = strcmp(a[i].name, b[i].name) == 0;
	if (same)
		return 0;
	char text[1500] = "";
	FILE *file = fmemopen(text, sizeof text - 1, "w");
	if (file == NULL)
		return err_set("out of memory");
	fprintf(file, "%s has %d (", a_name, n_a);
	list_classes(file, a, n_a);
	fprintf(file, "), %s has %d (", b_name, n_b);
	list_classes(file, b, n_b);
	fputs(")", file);
	fclose(file);
	return err_set("the classes differ: %s", text);
}

int label_stats_read(struct label_stats *s, const char *path)
{
	struct stream_reader r;
	struct sample sample;
	struct arena a;
	int got = 0;
	TRY(stream_reader_open(&r, path, NULL));
	const struct stream_header *h = stream_reader_header(&r);
	arena_init(&a, 1 << 20);
	int status = strcmp(h->kind, "sample") == 0 ? 0 : err_set("'%s' holds %ss; the labelled set is samples", path, h->kind);
	if (status == 0)
		status = label_classes_agree("the teacher", s->classes, s->n_classes, path, h->categories, h->n_categories);
	while (status == 0 && (got = sample_read(&sample, &r, &a)) == 1) {
		label_stats_add(s, &sample);
		arena_reset(&a);
	}
	stream_reader_close(&r);
	arena_release(&a);
	return status == 0 && got == 0 ? 0 : -1;
}

static double share(const struct label_stats *s, int k)
{
	return s->labels > 0 ? (double)s->per_class[k] / (double)s->labels : 0;
}

double label_drift(const struct label_stats *a, const struct label_stats *b)
{
	double sum = 0;
	if (a->labels == 0 || b->labels == 0)
		return -1;
	for (int k = 0; k < a->n_classes; k++)
		sum += fabs(share(a, k) - share(b, k));
	return sum / 2;
}

static double labels_of_image(const struct label_stats *s)
{
	return s->images > 0 ? (double)s->labels / (double)s->images : 0;
}

void label_report_text(FILE *file, const struct label_report *r)
{
	const struct label_stats *f = &r->found, *known = &r->reference;
	const struct pseudo_counts *c = &r->counts;
	fprintf(file, "%lld images labelled, %lld rejected; %lld labels (%.2f an image), %lld images without; %lld to ignore\n",
		(long long)f->images, (long long)r->rejected, (long long)f->labels, labels_of_image(f), (long long)f->per_image[0],
		(long long)f->ignored);
	fprintf(file, "left out: %lld below the thresholds, %lld too small, %lld beyond the most of an image\n", (long long)c->below,
		(long long)c->small, (long long)c->surplus);
	if (known->images > 0)
		fprintf(file, "labelled set: %lld images, %.2f labels an image; drift of the classes %.3f\n", (long long)known->images,
			labels_of_image(known), label_drift(f, known));
	fprintf(file, "%-28s %10s %8s%s\n", "class", "labels", "share", known->images > 0 ? "    labelled" : "");
	for (int k = 0; k < f->n_classes; k++) {
		fprintf(file, "%-28s %10lld %7.1f%%", f->classes[k].name, (long long)f->per_class[k], 100 * share(f, k));
		if (known->images > 0)
			fprintf(file, "  %9.1f%%", 100 * share(known, k));
		fputc('\n', file);
	}
}

static void put_stats(struct json_writer *w, const struct label_stats *s)
{
	json_put_integer_of(w, "images", s->images);
	json_put_integer_of(w, "labels", s->labels);
	json_put_integer_of(w, "ignored", s->ignored);
	json_put_key(w, "images_by_labels");
	json_put_array(w);
	for (int i = 0; i < LABEL_REPORT_OBJECTS; i++)
		json_put_integer(w, s->per_image[i]);
	json_put_end(w, ']');
	json_put_key(w, "classes");
	json_put_object(w);
	for (int k = 0; k < s->n_classes; k++)
		json_put_integer_of(w, s->classes[k].name, s->per_class[k]);
	json_put_end(w, '}');
	json_put_key(w, "labels_by_score");
	json_put_array(w);
	for (int i = 0; i < LABEL_REPORT_SCORES; i++)
		json_put_integer(w, s->score[i]);
	json_put_end(w, ']');
}

int label_report_json(const char *path, const struct label_report *r)
{
	struct atomic_file f;
	struct json_writer w;
	TRY(atomic_fopen(&f, path));
	json_writer_init(&w, f.file);
	json_put_object(&w);
	put_stats(&w, &r->found);
	json_put_integer_of(&w, "rejected", r->rejected);
	json_put_integer_of(&w, "below", r->counts.below);
	json_put_integer_of(&w, "small", r->counts.small);
	json_put_integer_of(&w, "surplus", r->counts.surplus);
	if (r->reference.images > 0) {
		double drift = label_drift(&r->found, &r->reference);
		if (drift >= 0)
			json_put_double_of(&w, "drift", drift);
		json_put_key(&w, "reference");
		json_put_object(&w);
		put_stats(&w, &r->reference);
		json_put_end(&w, '}');
	}
	json_put_end(&w, '}');
	fputc('\n', f.file);
	return atomic_commit(&f);
}

/* Bars of the images with 0, 1, 2, ... labels; both sets as shares, so that they can be compared. */
static struct plot_series image_bars(double *x, double *y, const struct label_stats *s, const char *name, double at)
{
	for (int i = 0; i < LABEL_REPORT_OBJECTS; i++) {
		x[i] = i + at;
		y[i] = s->images > 0 ? (double)s->per_image[i] / (double)s->images : 0;
	}
	return (struct plot_series){ .name = name, .n = LABEL_REPORT_OBJECTS, .x = x, .y = y, .mark = PLOT_BARS, .width = 0.4 };
}

/* Everything but the classes. */
static int write_page(const char *path, const struct label_report *r, const struct plot_bar *bars, const char *const *texts)
{
	const struct label_stats *f = &r->found, *known = &r->reference;
	double image_x[2][LABEL_REPORT_OBJECTS], image_y[2][LABEL_REPORT_OBJECTS], score_x[LABEL_REPORT_SCORES], score_y[LABEL_REPORT_SCORES];
	struct plot_series images[2] = { image_bars(image_x[0], image_y[0], f, "pseudo labels", 0),
					 image_bars(image_x[1], image_y[1], known, "labelled set", 0.4) };
	char subtitle[200];
	for (int i = 0; i < LABEL_REPORT_SCORES; i++) {
		score_x[i] = (double)i / LABEL_REPORT_SCORES;
		score_y[i] = (double)f->score[i];
	}
	struct plot_series scores = { .n = LABEL_REPORT_SCORES, .x = score_x, .y = score_y, .mark = PLOT_BARS, .width = 1.0 / LABEL_REPORT_SCORES };
	struct plot plots[2] = {
		{ .title = "labels of an image", .x_label = "labels (the last: or more)", .y_label = "share of the images", .zero_y = true,
		  .legend = PLOT_BELOW, .n_series = known->images > 0 ? 2 : 1, .series = images },
		{ .title = "scores", .x_label = "score", .y_label = "labels", .zero_y = true, .x_high = 1, .n_series = 1, .series = &scores },
	};
	snprintf(subtitle, sizeof subtitle, "%lld images, %lld labels; no labelled set to compare with", (long long)f->images, (long long)f->labels);
	if (known->images > 0)
		snprintf(subtitle, sizeof subtitle, "%lld images, %lld labels; the labelled set: %lld images, %lld labels, drift %.3f",
			 (long long)f->images, (long long)f->labels, (long long)known->images, (long long)known->labels, label_drift(f, known));
	struct plot_page page = {
		.title = "pseudo labels", .subtitle = subtitle, .n_plots = 2, .plots = plots, .n_bars = f->n_classes, .bars = bars, .bar_texts = texts,
		.bars_title = known->images > 0 ? "classes, share of the labels (of the labelled set)" : "classes, share of the labels",
	};
	return plot_page_write(path, &page);
}

int label_report_svg(const char *path, const struct label_report *r)
{
	const struct label_stats *f = &r->found;
	struct plot_bar *bars = calloc((size_t)f->n_classes + 1, sizeof *bars);
	const char **texts = calloc((size_t)f->n_classes + 1, sizeof *texts);
	char (*text)[40] = calloc((size_t)f->n_classes + 1, sizeof *text);
	int status = -1;
	for (int k = 0; bars != NULL && texts != NULL && text != NULL && k < f->n_classes; k++) {
		bars[k] = (struct plot_bar){ f->classes[k].name, share(f, k), -1 };
		texts[k] = text[k];
		if (r->reference.images > 0)
			snprintf(text[k], sizeof text[k], "%.3f (%.3f)", share(f, k), share(&r->reference, k));
		else
			snprintf(text[k], sizeof text[k], "%.3f", share(f, k));
	}
	if (bars == NULL || texts == NULL || text == NULL)
		err_set("out of memory");
	else
		status = write_page(path, r, bars, texts);
	free(bars);
	free(texts);
	free(text);
	return status;
}

static int write_text(const char *path, const struct label_report *r)
{
	struct atomic_file f;
	TRY(atomic_fopen(&f, path));
	label_report_text(f.file, r);
	return atomic_commit(&f);
}

int label_report_write(const struct label_report_paths *paths, const struct label_report *r)
{
	if (paths->text != NULL)
		TRY(write_text(paths->text, r));
	if (paths->json != NULL)
		TRY(label_report_json(paths->json, r));
	return paths->svg != NULL ? label_report_svg(paths->svg, r) : 0;
}
