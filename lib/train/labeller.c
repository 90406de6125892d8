#include "train/labeller.h"

#include <math.h>
#include <stdlib.h>

/* Detections that an image may have besides its labels: those to ignore, and what is too small. */
enum { OTHER_DETECTIONS = 200 };

struct labeller_slot {
	struct arena arena;
	struct sample sample;
};

/* The teacher has found what it finds in the sample that has waited longest. */
static int on_found(void *context, const struct sample *seen, const struct detection *d)
{
	struct labeller *l = context;
	struct labeller_slot *slot = &l->slots[l->first];
	struct sample *s = &slot->sample;
	(void)seen;
	l->first = (l->first + 1) % l->n_slots;
	l->n--;
	arena_reset(&l->result);
	int labelled = pseudo_label(s, d, &l->rules, &l->report.counts, &l->result);
	if (labelled < 0)
		return -1;
	if (labelled == 0 || (l->options.drop_empty && s->class_label < 0 && s->n == 0))
		return l->leave_out(l->context, s);
	label_stats_add(&l->report.found, s);
	return l->put(l->context, s, &l->result);
}

static int make_rules(struct labeller *l)
{
	const struct checkpoint *c = &l->inf.checkpoint;
	double *threshold = arena_alloc(&l->arena, (size_t)c->n_categories * sizeof *threshold + 1);
	if (threshold == NULL)
		return -1;
	for (int k = 0; k < c->n_categories; k++)
		threshold[k] = l->options.threshold;
	if (l->options.thresholds != NULL)
		TRY(pseudo_thresholds_read(threshold, l->options.thresholds, c->categories, c->n_categories));
	l->rules = l->options.rules;
	l->rules.n_classes = c->n_categories;
	l->rules.threshold = threshold;
	struct detect_limits *limits = &l->inf.options.limits;
	/* Scores must be above the limit, but may be equal to the threshold. */
	limits->score_threshold = nextafterf((float)pseudo_rules_lowest(&l->rules), 0);
	limits->max_detections = (int)l->rules.max_per_image + OTHER_DETECTIONS;
	return 0;
}

static int make_slots(struct labeller *l)
{
	l->n_slots = l->options.inference.batch + 1;
	l->slots = calloc((size_t)l->n_slots, sizeof *l->slots);
	if (l->slots == NULL)
		return err_set("out of memory");
	for (int i = 0; i < l->n_slots; i++)
		arena_init(&l->slots[i].arena, 1 << 18);
	return 0;
}

int labeller_open(struct labeller *l, const char *teacher, const struct labeller_options *options)
{
	*l = (struct labeller){ .options = *options };
	arena_init(&l->arena, 1 << 14);
	arena_init(&l->result, 1 << 16);
	if (inference_open(&l->inf, teacher, &options->inference) != 0) {
		arena_release(&l->arena);
		arena_release(&l->result);
		return -1;
	}
	l->inf.found = on_found;
	l->inf.context = l;
	const struct checkpoint *c = &l->inf.checkpoint;
	if (make_rules(l) == 0 && make_slots(l) == 0 && label_stats_init(&l->report.found, c->categories, c->n_categories, &l->arena) == 0 &&
	    label_stats_init(&l->report.reference, c->categories, c->n_categories, &l->arena) == 0)
		return 0;
	labeller_close(l);
	return -1;
}

struct sample *labeller_slot(struct labeller *l, struct arena **a)
{
	struct labeller_slot *slot = &l->slots[(l->first + l->n) % l->n_slots];
	arena_reset(&slot->arena);
	sample_init(&slot->sample);
	*a = &slot->arena;
	return &slot->sample;
}

int labeller_push(struct labeller *l)
{
	const struct sample *s = &l->slots[(l->first + l->n) % l->n_slots].sample;
	struct sample seen;
	if (inference_see(&l->inf, &seen, s) != 0) {
		/* Without a size no image can be seen; that is not the image's fault. */
		if (s->encoded != NULL && !l->inf.can_preprocess)
			return -1;
		l->report.rejected++;
		return l->reject(l->context, s, err_get());
	}
	l->n++;
	return inference_put(&l->inf, &seen);
}

int labeller_flush(struct labeller *l)
{
	return inference_flush(&l->inf);
}

void labeller_close(struct labeller *l)
{
	for (int i = 0; l->slots != NULL && i < l->n_slots; i++)
		arena_release(&l->slots[i].arena);
	free(l->slots);
	inference_close(&l->inf);
	arena_release(&l->arena);
	arena_release(&l->result);
	l->slots = NULL;
}
