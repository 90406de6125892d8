/*
 * Rules of operations as text: what is accepted has probabilities and magnitudes in range, and its usual form gives
 * the same rules again.
 */
#include "fuzz.h"

#include "augment/rules.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool same_choice(const struct augment_choice *a, const struct augment_choice *b)
{
	return a->op == b->op && fabs(a->probability - b->probability) < 1e-8 && fabs(a->level - b->level) < 1e-7;
}

static void check(const struct augment_rules *rules, const struct augment_rules *again)
{
	if (rules->n < 1 || again->n != rules->n || again->max_steps != rules->max_steps)
		abort();
	for (int i = 0; i < rules->n; i++) {
		const struct augment_rule *a = &rules->rule[i], *b = &again->rule[i];
		if (a->n < 1 || a->n != b->n || a->n > rules->max_steps)
			abort();
		for (int k = 0; k < a->n; k++) {
			struct augment_choice one = a->choice[k];
			if (one.op->plain)
				one.level = 0;	/* said or not, it means nothing */
			if (!same_choice(&one, &b->choice[k]) || !(one.probability >= 0 && one.probability <= 1) ||
			    !(one.level >= 0 && one.level <= AUGMENT_HIGHEST_LEVEL))
				abort();
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena;
	struct augment_rules rules, again;
	arena_init(&arena, 1 << 16);
	char *text = arena_strndup(&arena, (const char *)data, size);
	if (text == NULL)
		abort();
	if (augment_rules_parse(&rules, text, &augment_scale_detection, &arena) == 0) {
		const char *usual = augment_rules_text(&rules, &arena);
		if (usual == NULL || augment_rules_parse(&again, usual, &augment_scale_detection, &arena) != 0)
			abort();
		check(&rules, &again);
		if (strcmp(augment_rules_text(&again, &arena), usual) != 0)
			abort();
	} else if (strstr(err_get(), "column") == NULL) {
		abort();
	}
	arena_release(&arena);
	return 0;
}
