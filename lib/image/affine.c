#include "image/affine.h"

#include <math.h>
#include <string.h>

struct image_turn image_turn_of_exif(int orientation)
{
	struct image_turn turn = {
		.flip_x = orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8,
		.flip_y = orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7,
		.transpose = orientation >= 5 && orientation <= 8,
	};
	return turn;
}

struct image_turn image_turn_mirror(struct image_turn turn)
{
	if (turn.transpose)
		turn.flip_y = !turn.flip_y;
	else
		turn.flip_x = !turn.flip_x;
	return turn;
}

void image_turn_affine(double m[6], struct image_turn turn, double w, double h)
{
	double x[3] = { turn.flip_x ? -1 : 1, 0, turn.flip_x ? w : 0 };
	double y[3] = { 0, turn.flip_y ? -1 : 1, turn.flip_y ? h : 0 };
	memcpy(m, turn.transpose ? y : x, sizeof x);
	memcpy(m + 3, turn.transpose ? x : y, sizeof y);
}

void affine_identity(double m[6])
{
	memcpy(m, (const double[6]){ 1, 0, 0, 0, 1, 0 }, 6 * sizeof *m);
}

bool affine_is_identity(const double m[6])
{
	return m[0] == 1 && m[1] == 0 && m[2] == 0 && m[3] == 0 && m[4] == 1 && m[5] == 0;
}

void affine_compose(double m[6], const double outer[6], const double inner[6])
{
	double out[6];
	for (int row = 0; row < 2; row++) {
		const double *o = outer + 3 * row;
		for (int i = 0; i < 3; i++)
			out[3 * row + i] = o[0] * inner[i] + o[1] * inner[3 + i] + (i == 2 ? o[2] : 0);
	}
	memcpy(m, out, sizeof out);
}

bool affine_invert(double out[6], const double m[6])
{
	double determinant = m[0] * m[4] - m[1] * m[3];
	if (!isnormal(determinant) || !isfinite(m[2]) || !isfinite(m[5]))
		return false;
	double a = m[4] / determinant, b = -m[1] / determinant, c = -m[3] / determinant, d = m[0] / determinant;
	memcpy(out, (const double[6]){ a, b, -(a * m[2] + b * m[5]), c, d, -(c * m[2] + d * m[5]) }, 6 * sizeof *out);
	return true;
}

void affine_point(const double m[6], double *x, double *y)
{
	double u = m[0] * *x + m[1] * *y + m[2];
	double v = m[3] * *x + m[4] * *y + m[5];
	*x = u;
	*y = v;
}

void affine_box(double out[4], const double m[6], const double box[4])
{
	double x[4] = { box[0], box[2], box[0], box[2] };
	double y[4] = { box[1], box[1], box[3], box[3] };
	for (int i = 0; i < 4; i++)
		affine_point(m, &x[i], &y[i]);
	out[0] = fmin(fmin(x[0], x[1]), fmin(x[2], x[3]));
	out[1] = fmin(fmin(y[0], y[1]), fmin(y[2], y[3]));
	out[2] = fmax(fmax(x[0], x[1]), fmax(x[2], x[3]));
	out[3] = fmax(fmax(y[0], y[1]), fmax(y[2], y[3]));
}

static bool centre_inside(const double m[6], const double rect[4], int x, int y)
{
	double u = x + 0.5, v = y + 0.5;
	affine_point(m, &u, &v);
	return u >= rect[0] && u < rect[2] && v >= rect[1] && v < rect[3];
}

/* Cut low..high to the numbers t with from <= a*t + b <= to. */
static void cut_range(double *low, double *high, double a, double b, double from, double to)
{
	if (a == 0) {
		if (b < from || b > to)
			*high = *low - 1;
		return;
	}
	double t0 = (from - b) / a, t1 = (to - b) / a;
	*low = fmax(*low, fmin(t0, t1));
	*high = fmin(*high, fmax(t0, t1));
}

void affine_row_span(int *first, int *end, const double m[6], const double rect[4], int y, int w)
{
	double low = 0.5, high = w - 0.5;
	cut_range(&low, &high, m[0], m[1] * (y + 0.5) + m[2], rect[0], rect[2]);
	cut_range(&low, &high, m[3], m[4] * (y + 0.5) + m[5], rect[1], rect[3]);
	if (!(low <= high + 1)) {
		*first = *end = 0;
		return;
	}
	/* A pixel to each side, because of rounding; then each end decides for itself. */
	int a = (int)floor(low - 0.5) - 1, b = (int)ceil(high - 0.5) + 2;
	a = a < 0 ? 0 : a;
	b = b > w ? w : b;
	while (a < b && !centre_inside(m, rect, a, y))
		a++;
	while (a < b && !centre_inside(m, rect, b - 1, y))
		b--;
	*first = a < b ? a : 0;
	*end = a < b ? b : 0;
}
