#include "record/mix_pattern.h"

static int allocate(struct mix_pattern *p, struct arena *a)
{
	p->input = arena_calloc(a, (size_t)p->cycle, sizeof *p->input);
	p->before = arena_calloc(a, (size_t)p->cycle, sizeof *p->before);
	p->place = arena_calloc(a, (size_t)p->n, sizeof *p->place);
	if (p->input == NULL || p->before == NULL || p->place == NULL)
		return -1;
	for (int k = 0; k < p->n; k++)
		if ((p->place[k] = arena_calloc(a, (size_t)p->ratio[k], sizeof **p->place)) == NULL)
			return -1;
	return 0;
}

int mix_pattern_make(struct mix_pattern *p, const int *ratio, int n, struct arena *a)
{
	int64_t credit[MIX_MAX_INPUTS] = { 0 };
	int turns[MIX_MAX_INPUTS] = { 0 };
	*p = (struct mix_pattern){ .n = n, .ratio = ratio };
	for (int k = 0; k < n; k++)
		p->cycle += ratio[k];
	TRY(allocate(p, a));
	for (int64_t t = 0; t < p->cycle; t++) {
		int most = 0;
		for (int k = 0; k < n; k++) {
			credit[k] += ratio[k];
			if (credit[k] > credit[most])
				most = k;
		}
		credit[most] -= p->cycle;
		p->input[t] = most;
		p->before[t] = turns[most];
		p->place[most][turns[most]++] = (int)t;
	}
	return 0;
}

int64_t mix_pattern_turn(const struct mix_pattern *p, int64_t position, int *input)
{
	int64_t t = position % p->cycle;
	*input = p->input[t];
	return position / p->cycle * p->ratio[*input] + p->before[t];
}

int64_t mix_pattern_count(const struct mix_pattern *p, int64_t position, int input)
{
	int64_t within = position % p->cycle, whole = position / p->cycle * p->ratio[input];
	int k = 0;
	while (k < p->ratio[input] && p->place[input][k] < within)
		k++;
	return whole + k;
}

int64_t mix_pattern_position(const struct mix_pattern *p, int input, int64_t q)
{
	int64_t position;
	if (__builtin_mul_overflow(q / p->ratio[input], p->cycle, &position) ||
	    __builtin_add_overflow(position, p->place[input][q % p->ratio[input]], &position))
		return -1;
	return position;
}
