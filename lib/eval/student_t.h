/*
 * student_t: how far the mean of a few values may be off.
 */
#ifndef EVAL_STUDENT_T_H
#define EVAL_STUDENT_T_H

/*
 * The t that a Student-distributed number of n degrees of freedom stays within with probability level, on both sides of 0;
 * n >= 1, 0 < level < 1. Source: the finite sums of Abramowitz and Stegun, 26.7.3 and 26.7.4.
 */
double student_t(double level, int n);

/* Mean of n values, and in *half half of its interval at that level; 0 values: both NAN, 1 value: *half is NAN. */
double student_mean(double *half, const double *value, int n, double level);

#endif
