/* gradient_sum: the same bits as a tree of halves, written down by recursion. */
#include "tests/tap.h"
#include "train/gradient_sum.h"

#include <stdlib.h>
#include <string.h>

enum { COUNT = 37, MOST = 13 };

/* Numbers of very different size, so that every order of addition rounds differently. */
static float gradient(int64_t image, int64_t i)
{
	double x = (double)((image * 7919 + i * 104729) % 1000003) / 1000003 - 0.5;
	return (float)(x * (double)(1 << (image * 5 + i) % 13));
}

/* Images [first, first + n): the largest power of two below n on the left. */
static float tree(int64_t first, int64_t n, int64_t i)
{
	int64_t left = 1;
	if (n == 1)
		return gradient(first, i);
	while (left * 2 < n)
		left *= 2;
	return tree(first, left, i) + tree(first + left, n - left, i);
}

static bool add_up(struct gradient_sum *s, struct param *a, struct param *b, int64_t n)
{
	bool same = true;
	for (int64_t image = 0; image < n; image++) {
		for (int64_t i = 0; i < COUNT; i++)
			(i < 5 ? a->grad : b->grad - 5)[i] = gradient(image, i);
		gradient_sum_add(s);
	}
	gradient_sum_take(s);
	for (int64_t i = 0; i < COUNT; i++)
		same &= (i < 5 ? a->grad : b->grad - 5)[i] == tree(0, n, i);
	return same;
}

int main(void)
{
	struct param_set set;
	struct gradient_sum sum;
	const struct init_spec zero = { INIT_CONSTANT, 0 };
	param_set_init(&set);
	struct param *a = param_add(&set, "a", 1, (int64_t[]){ 5 }, PARAM_WEIGHT, zero);
	struct param *frozen = param_add(&set, "frozen", 1, (int64_t[]){ 3 }, PARAM_BUFFER, zero);
	struct param *b = param_add(&set, "b", 2, (int64_t[]){ 4, 8 }, PARAM_WEIGHT, zero);
	if (a == NULL || frozen == NULL || b == NULL || param_set_prepare_training(&set, false) != 0 ||
	    gradient_sum_init(&sum, &set, MOST) != 0) {
		printf("Bail out! %s\n", err_get());
		return 1;
	}
	for (int64_t n = 1; n <= MOST; n++)
		ok(add_up(&sum, a, b, n), "%d images", (int)n);
	ok(add_up(&sum, a, b, 4), "again");
	is_int(sum.n_levels, 4, "a level for each bit of the most images");
	gradient_sum_release(&sum);
	param_set_release(&set);
	return tap_done();
}
