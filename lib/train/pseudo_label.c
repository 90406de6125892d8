#include "train/pseudo_label.h"

#include "base/json_value.h"

#include <math.h>
#include <string.h>

double pseudo_rules_lowest(const struct pseudo_rules *r)
{
	double lowest = 1;
	for (int k = 0; k < r->n_classes; k++)
		lowest = fmin(lowest, r->threshold[k]);
	return r->ignore_from > 0 ? fmin(lowest, r->ignore_from) : lowest;
}

static int read_thresholds(double *threshold, struct json_reader *j, const struct category *classes, int n)
{
	int more;
	TRY(json_enter_object(j, "thresholds"));
	while ((more = json_next_key(j)) == 1) {
		double value;
		int k = 0;
		while (k < n && !json_is(j, classes[k].name))
			k++;
		if (k == n)
			return json_fail(j, "the teacher has no class '%.60s'", j->text);
		TRY(json_take_number(j, classes[k].name, &value));
		if (!(value >= 0 && value <= 1))
			return json_fail(j, "the threshold of '%s' is %g, not in 0 to 1", classes[k].name, value);
		threshold[k] = value;
	}
	return more;
}

int pseudo_thresholds_read(double *threshold, const char *path, const struct category *classes, int n)
{
	struct json_reader j;
	TRY(json_open(&j, path));
	int status = read_thresholds(threshold, &j, classes, n);
	json_close(&j);
	return status;
}

/* From original pixels to those that s carries. */
static void to_carried(float box[4], const struct sample *s)
{
	const double *m = s->transform;
	double low[2] = { INFINITY, INFINITY }, high[2] = { -INFINITY, -INFINITY };
	double size[2] = { s->valid_w > 0 ? s->valid_w : s->pixels.dim[1], s->valid_h > 0 ? s->valid_h : s->pixels.dim[0] };
	for (int corner = 0; corner < 4; corner++) {
		double x = (double)box[corner & 1 ? 2 : 0], y = (double)box[corner & 2 ? 3 : 1];
		double to[2] = { m[0] * x + m[1] * y + m[2], m[3] * x + m[4] * y + m[5] };
		for (int i = 0; i < 2; i++) {
			low[i] = fmin(low[i], to[i]);
			high[i] = fmax(high[i], to[i]);
		}
	}
	for (int i = 0; i < 2; i++) {
		box[i] = (float)fmin(fmax(low[i], 0), size[i]);
		box[i + 2] = (float)fmin(fmax(high[i], 0), size[i]);
	}
}

struct arrays {
	float *boxes, *score, *weight;
	int32_t *labels;
	uint8_t *ignore;
	double *area;
};

static int allocate(struct arrays *x, int64_t n, struct arena *a)
{
	size_t count = (size_t)n + 1;
	*x = (struct arrays){
		arena_alloc(a, 4 * count * sizeof(float)), arena_alloc(a, count * sizeof(float)), arena_alloc(a, count * sizeof(float)),
		arena_alloc(a, count * sizeof(int32_t)), arena_alloc(a, count), arena_alloc(a, count * sizeof(double)),
	};
	return x->boxes == NULL || x->score == NULL || x->weight == NULL || x->labels == NULL || x->ignore == NULL || x->area == NULL ? -1 : 0;
}

enum verdict { VERDICT_LABEL, VERDICT_IGNORE, VERDICT_NOTHING };

static enum verdict judge(const struct detection *d, int64_t i, const struct pseudo_rules *r, int64_t labels, struct pseudo_counts *counts)
{
	const float *box = d->boxes + 4 * i;
	double score = (double)d->scores[i];
	bool sure = score >= r->threshold[d->labels[i]];
	if (!sure && (r->ignore_from == 0 || score < r->ignore_from)) {
		counts->below++;
	} else if (fmin((double)box[2] - (double)box[0], (double)box[3] - (double)box[1]) < r->min_size) {
		counts->small++;
	} else if (!sure) {
		counts->ignored++;
		return VERDICT_IGNORE;
	} else if (labels == r->max_per_image) {
		counts->surplus++;
	} else {
		counts->labels++;
		return VERDICT_LABEL;
	}
	return VERDICT_NOTHING;
}

static int label_objects(struct sample *s, const struct detection *d, const struct pseudo_rules *r, struct pseudo_counts *counts,
			 struct arena *a)
{
	struct arrays x;
	int64_t n = 0, labels = 0, ignored = 0;
	TRY(allocate(&x, d->n, a));
	for (int64_t i = 0; i < d->n; i++) {
		const float *box = d->boxes + 4 * i;
		enum verdict verdict = judge(d, i, r, labels, counts);
		if (verdict == VERDICT_NOTHING)
			continue;
		labels += verdict == VERDICT_LABEL;
		ignored += verdict == VERDICT_IGNORE;
		memcpy(x.boxes + 4 * n, box, 4 * sizeof *box);
		x.area[n] = ((double)box[2] - (double)box[0]) * ((double)box[3] - (double)box[1]);
		if (s->pixels.data != NULL)
			to_carried(x.boxes + 4 * n, s);
		x.score[n] = x.weight[n] = d->scores[i];
		x.labels[n] = d->labels[i];
		x.ignore[n++] = verdict == VERDICT_IGNORE;
	}
	s->n = n;
	s->boxes = x.boxes;
	s->labels = x.labels;
	if (n == 0)
		return 1;
	s->area = x.area;
	s->score = x.score;
	s->weight = r->weigh ? x.weight : NULL;
	s->ignore = ignored > 0 ? x.ignore : NULL;
	return 1;
}

static int label_image(struct sample *s, const struct detection *d, const struct pseudo_rules *r, struct pseudo_counts *counts)
{
	const float *p = d->class_scores.data;
	int64_t best = 0;
	for (int64_t k = 1; k < d->class_scores.dim[0]; k++)
		if (p[k] > p[best])
			best = k;
	if ((double)p[best] < r->threshold[best]) {
		counts->below++;
		return 0;
	}
	counts->labels++;
	s->class_label = best;
	if (!r->hard)
		s->class_scores = d->class_scores;
	return 1;
}

int pseudo_label(struct sample *s, const struct detection *d, const struct pseudo_rules *r, struct pseudo_counts *counts,
		 struct arena *a)
{
	sample_strip_labels(s);
	return d->class_scores.data != NULL ? label_image(s, d, r, counts) : label_objects(s, d, r, counts, a);
}
