/*
 * winograd_points: the one-dimensional transforms for the points 0, +-P, +-Q, infinity.
 *
 * With m(x) = x (x^2 - P^2) (x^2 - Q^2): row j of B' holds the coefficients of m(x) / (x - p_j)
 * (of m(x) itself for infinity), column j of A' the powers of p_j, and row j of G the powers of
 * p_j over the product of its distances to the other points. P and Q are such that all
 * coefficients of B and A are exact. Each pair of points shares its even and its odd part.
 */
#ifndef OP_WINOGRAD_POINTS_H
#define OP_WINOGRAD_POINTS_H

#include "op/lanes.h"

#define P 0.625f
#define Q 1.5f
#define P2 (P * P)
#define Q2 (Q * Q)
#define NORM_0 (1.0f / (P2 * Q2))
#define NORM_P (1.0f / (2.0f * P2 * (P2 - Q2)))
#define NORM_Q (1.0f / (2.0f * Q2 * (Q2 - P2)))

/* out = B' d: 6 from 6. */
ALWAYS_INLINE void points_input(vec out[6], const vec d[6])
{
	vec even_p = d[4] - Q2 * d[2], odd_p = d[3] - Q2 * d[1];
	vec even_q = d[4] - P2 * d[2], odd_q = d[3] - P2 * d[1];
	out[0] = P2 * Q2 * d[0] + (d[4] - (P2 + Q2) * d[2]);
	out[1] = even_p + P * odd_p;
	out[2] = even_p - P * odd_p;
	out[3] = even_q + Q * odd_q;
	out[4] = even_q - Q * odd_q;
	out[5] = P2 * Q2 * d[1] + (d[5] - (P2 + Q2) * d[3]);
}

/* out = A' m: 4 from 6. */
ALWAYS_INLINE void points_output(vec out[4], const vec m[6])
{
	vec even_p = m[1] + m[2], odd_p = m[1] - m[2];
	vec even_q = m[3] + m[4], odd_q = m[3] - m[4];
	out[0] = m[0] + even_p + even_q;
	out[1] = P * odd_p + Q * odd_q;
	out[2] = P2 * even_p + Q2 * even_q;
	out[3] = m[5] + P2 * P * odd_p + Q2 * Q * odd_q;
}

/* out = A y: 6 from 4. */
ALWAYS_INLINE void points_gradient(vec out[6], const vec y[4])
{
	vec even_p = y[0] + P2 * y[2], odd_p = y[1] + P2 * y[3];
	vec even_q = y[0] + Q2 * y[2], odd_q = y[1] + Q2 * y[3];
	out[0] = y[0];
	out[1] = even_p + P * odd_p;
	out[2] = even_p - P * odd_p;
	out[3] = even_q + Q * odd_q;
	out[4] = even_q - Q * odd_q;
	out[5] = y[3];
}

/* out = G g: 6 from 3. */
ALWAYS_INLINE void points_filter(vec out[6], const vec g[3])
{
	vec even_p = NORM_P * g[0] + NORM_P * P2 * g[2], odd_p = NORM_P * P * g[1];
	vec even_q = NORM_Q * g[0] + NORM_Q * Q2 * g[2], odd_q = NORM_Q * Q * g[1];
	out[0] = NORM_0 * g[0];
	out[1] = even_p + odd_p;
	out[2] = even_p - odd_p;
	out[3] = even_q + odd_q;
	out[4] = even_q - odd_q;
	out[5] = g[2];
}

/* out = G' u: 3 from 6. */
ALWAYS_INLINE void points_filter_gradient(vec out[3], const vec u[6])
{
	vec even_p = NORM_P * (u[1] + u[2]), odd_p = NORM_P * (u[1] - u[2]);
	vec even_q = NORM_Q * (u[3] + u[4]), odd_q = NORM_Q * (u[3] - u[4]);
	out[0] = NORM_0 * u[0] + even_p + even_q;
	out[1] = P * odd_p + Q * odd_q;
	out[2] = P2 * even_p + Q2 * even_q + u[5];
}

#endif
