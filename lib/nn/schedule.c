#include "nn/schedule.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* One number of the list at *text, as a step; *text moves behind it. */
static int parse_drop(int64_t *drop, bool *fraction, const char **text, int64_t total)
{
	const char *begin = *text;
	size_t length = strcspn(begin, ",");
	*fraction = memchr(begin, '.', length) != NULL;
	*text = begin + length + (begin[length] == ',' && begin[length + 1] != '\0');
	char *end;
	errno = 0;
	double value = *fraction ? strtod(begin, &end) : (double)strtoll(begin, &end, 10);
	if (length == 0 || strspn(begin, "0123456789.") != length || end != begin + length || errno != 0)
		return err_set("'%.*s' is neither a step nor a fraction", (int)length, begin);
	if (*fraction && !(value > 0 && value < 1))
		return err_set("the fraction %.*s is not between 0 and 1", (int)length, begin);
	if (!*fraction && value < 1)
		return err_set("the first step that can drop is 1");
	*drop = *fraction ? llround(value * (double)total) : (int64_t)value;
	return 0;
}

static int parse_drops(struct schedule *s, const char *text)
{
	bool first_fraction = false;
	while (*text != '\0') {
		bool fraction;
		if (s->n_drops == SCHEDULE_MAX_STEPS)
			return err_set("more than %d drops", SCHEDULE_MAX_STEPS);
		int64_t *drop = &s->drop[s->n_drops];
		TRY(parse_drop(drop, &fraction, &text, s->total));
		if (s->n_drops == 0)
			first_fraction = fraction;
		else if (fraction != first_fraction)
			return err_set("steps and fractions cannot be mixed");
		else if (drop[0] < drop[-1])
			return err_set("drops must rise");
		s->n_drops++;
		if (*text == ',')
			return err_set("nothing after the last comma");
	}
	return 0;
}

int schedule_make(struct schedule *s, const struct schedule_spec *spec, int64_t total)
{
	*s = (struct schedule){
		.lr = spec->lr, .total = total, .warmup = spec->warmup, .warmup_factor = spec->warmup_factor,
		.gamma = spec->gamma,
	};
	if (total < 1)
		return err_set("schedule: a run of %lld steps", (long long)total);
	if (!(spec->lr > 0) || !isfinite(spec->lr))
		return err_set("schedule: learning rate %g, must be above 0", spec->lr);
	if (spec->warmup < 0 || spec->warmup > total)
		return err_set("schedule: warm-up of %lld steps in a run of %lld; give a shorter one",
			       (long long)spec->warmup, (long long)total);
	if (!(spec->warmup_factor >= 0 && spec->warmup_factor <= 1))
		return err_set("schedule: warm-up factor %g, must be 0 to 1", spec->warmup_factor);
	if (!(spec->gamma > 0 && spec->gamma <= 1))
		return err_set("schedule: gamma %g, must be above 0 and at most 1", spec->gamma);
	if (strcmp(spec->decay, "constant") == 0)
		return 0;
	s->cosine = strcmp(spec->decay, "cosine") == 0;
	if (s->cosine)
		return 0;
	if (spec->decay[0] == '\0' || parse_drops(s, spec->decay) != 0)
		return err_set("schedule: decay '%s': %s; give constant, cosine, or a list like 0.8,0.95 or 60000,80000",
			       spec->decay, spec->decay[0] == '\0' ? "empty" : err_get());
	return 0;
}

double schedule_lr(const struct schedule *s, int64_t step)
{
	const double pi = 3.14159265358979323846;
	double lr = s->lr;
	if (step < s->warmup)
		lr *= s->warmup_factor + (1 - s->warmup_factor) * (double)step / (double)s->warmup;
	else if (s->cosine)
		lr *= step >= s->total ? 0 : 0.5 * (1 + cos(pi * (double)(step - s->warmup) / (double)(s->total - s->warmup)));
	for (int i = 0; i < s->n_drops && step >= s->drop[i]; i++)
		lr *= s->gamma;
	return lr;
}
