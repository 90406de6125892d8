/*
 * eval_curve: a precision-recall curve while its detections come in, best score first.
 *
 * Of the curve only what interpolation at the EVAL_RECALLS recalls can see is kept: the greatest precision at every step of
 * recall. Counts may be weighted: a detection that comes w times in a row leaves the same envelope as one step by w.
 *
 *     struct eval_curve_steps steps;
 *     struct eval_curve curve;
 *     eval_curve_steps_set(&steps, n_wanted);
 *     eval_curve_start(&curve);
 *     for (each detection)
 *             if (it is true)
 *                     eval_curve_add(&curve, &steps, ++n_true, n_false);
 *             else
 *                     n_false++;
 *     double ap = eval_curve_ap(&curve);
 */
#ifndef EVAL_EVAL_CURVE_H
#define EVAL_EVAL_CURVE_H

#include "eval/eval.h"

#include <float.h>
#include <stdint.h>

/* The least numbers of objects found with which each recall is reached. */
struct eval_curve_steps {
	int64_t found[EVAL_RECALLS];
};

struct eval_curve {
	int step;	/* the last recall reached */
	double best[EVAL_RECALLS];	/* greatest precision where this was the last recall reached; 0: none */
};

/* n_wanted > 0 objects have to be found. */
void eval_curve_steps_set(struct eval_curve_steps *steps, int64_t n_wanted);

void eval_curve_start(struct eval_curve *curve);

/* After a true detection: n_true of them so far, this one included, and n_false others. */
static inline void eval_curve_add(struct eval_curve *curve, const struct eval_curve_steps *steps, int64_t n_true,
				  int64_t n_false)
{
	while (curve->step + 1 < EVAL_RECALLS && steps->found[curve->step + 1] <= n_true)
		curve->step++;
	double precision = (double)n_true / ((double)n_false + (double)n_true + DBL_EPSILON);
	if (precision > curve->best[curve->step])
		curve->best[curve->step] = precision;
}

/* Mean of the interpolated precision at the recalls; the curve is made monotonic in place. */
double eval_curve_ap(struct eval_curve *curve);

#endif
