/*
 * rules_select: the rules that a scheme is used with: its own, or those that were asked for by name or as text.
 *
 *     struct augment_selection want = { .autoaugment = "v1" };
 *     TRY(augment_rules_select(&rules, policy, &want, &arena));
 *     // want.autoaugment, want.randaugment and want.policy now say what was taken
 */
#ifndef AUGMENT_RULES_SELECT_H
#define AUGMENT_RULES_SELECT_H

#include "augment/augment.h"

/* One at most; NULL where nothing was said. */
struct augment_selection {
	const char *autoaugment;	/* "v0" */
	const char *randaugment;	/* "N,M" */
	const char *policy;	/* rules as text, or "@FILE" */
};

/*
 * *rules is NULL where the scheme draws nothing. Texts are filled in or brought to their usual form, in arena memory, so
 * that they can be recorded.
 * Error: more than one; no such list; not what the text should be; a scheme without randomness; an operation in boxes in
 * a scheme for classifiers; a file that cannot be read.
 */
int augment_rules_select(const struct augment_rules **rules, const struct augment_scheme *scheme,
			 struct augment_selection *want, struct arena *a) MUST_CHECK;

#endif
