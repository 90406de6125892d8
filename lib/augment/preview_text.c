#include "augment/preview.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct text {
	char *at;
	size_t room;
};

/* The next item of a list; what does not fit is left out. */
__attribute__((format(printf, 2, 3))) static void add(struct text *t, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	int n = vsnprintf(t->at, t->room, format, args);
	va_end(args);
	size_t used = n < 0 ? 0 : (size_t)n < t->room ? (size_t)n : t->room - 1;
	t->at += used;
	t->room -= used;
}

static void add_steps(struct text *t, const struct augment_plan *plan)
{
	for (int i = 0; i < plan->n_steps; i++) {
		const struct augment_step *step = &plan->steps[i];
		add(t, "%s", step->op->name);
		if (!step->op->plain)
			add(t, " %.3g", step->value);
		add(t, "%s", i + 1 < plan->n_steps ? ", " : "");
	}
}

void preview_plan_text(char *text, size_t room, const struct augment_plan *plan)
{
	struct text t = { text, room };
	add(&t, "%s", "");
	if (!plan->late)
		add_steps(&t, plan);
	if (!plan->late && plan->n_steps > 0)
		add(&t, ", ");
	if (plan->mirror)
		add(&t, "mirrored, ");
	add(&t, "scaled to %dx%d (%.3g)", plan->scaled_w, plan->scaled_h,
	    (double)plan->scaled_h / plan->source_h);
	if (plan->valid_w != plan->scaled_w || plan->valid_h != plan->scaled_h)
		add(&t, ", cut to %dx%d at %d,%d", plan->valid_w, plan->valid_h, plan->x, plan->y);
	if (plan->late && plan->n_steps > 0)
		add(&t, ", ");
	if (plan->late)
		add_steps(&t, plan);
	for (int i = 0; i < plan->corruptions.n; i++)
		add(&t, ", %s %d", plan->corruptions.one[i].kind->name, plan->corruptions.one[i].level);
}
