#include "eval/student_t.h"

#include <math.h>

/* Probability of -t..t. */
static double within(double t, int n)
{
	double angle = atan(t / sqrt(n)), c = cos(angle), term = n % 2 == 0 ? 1 : c, sum = 0;
	for (int k = n % 2 == 0 ? 2 : 3; k <= n; k += 2) {
		sum += term;
		term *= c * c * (k - 1) / k;
	}
	return n % 2 == 0 ? sin(angle) * sum : (angle + sin(angle) * sum) * 2 / M_PI;
}

double student_t(double level, int n)
{
	double low = 0, high = 1;
	while (within(high, n) < level)
		high *= 2;
	for (int i = 0; i < 200 && low < high; i++) {
		double middle = (low + high) / 2;
		if (middle == low || middle == high)
			break;
		if (within(middle, n) < level)
			low = middle;
		else
			high = middle;
	}
	return high;
}

double student_mean(double *half, const double *value, int n, double level)
{
	double sum = 0, squares = 0;
	*half = NAN;
	for (int i = 0; i < n; i++)
		sum += value[i];
	if (n == 0)
		return NAN;
	for (int i = 0; i < n; i++)
		squares += (value[i] - sum / n) * (value[i] - sum / n);
	if (n > 1)
		*half = student_t(level, n - 1) * sqrt(squares / (n - 1) / n);
	return sum / n;
}
