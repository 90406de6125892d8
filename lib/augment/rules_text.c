/* Rules of operations as text. */
#include "augment/rules.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct text {
	const char *start, *at;
	struct arena *arena;
};

/* "line 2, column 5: ": where in the text `at` is; lines only when there are several. */
static int fail_at(const struct text *t, const char *at, const char *what)
{
	int line = 1, column = 1;
	for (const char *p = t->start; p < at; p++) {
		line += *p == '\n';
		column = *p == '\n' ? 1 : column + 1;
	}
	if (strchr(t->start, '\n') != NULL)
		return err_set("line %d, column %d: %s", line, column, what);
	return err_set("column %d: %s", column, what);
}

/* Blanks and remarks; not the ends of lines, which end rules. */
static void skip(struct text *t)
{
	t->at += strspn(t->at, " \t\r");
	if (*t->at == '#')
		t->at += strcspn(t->at, "\n");
}

static int unknown(const struct text *t, const char *name, size_t length)
{
	char names[1024] = "", what[1400];
	for (int i = 0; augment_ops[i] != NULL; i++) {
		size_t used = strlen(names);
		snprintf(names + used, sizeof names - used, "%s%s", i == 0 ? "" : ", ", augment_ops[i]->name);
	}
	if (length == 0)
		return fail_at(t, name, "an operation is wanted: NAME:PROBABILITY:MAGNITUDE");
	snprintf(what, sizeof what, "there is no operation '%.*s'; there are %s", (int)(length < 40 ? length : 40), name,
		 names);
	return fail_at(t, name, what);
}

/* A plain decimal number of 0..high. */
static int number(double *value, struct text *t, double high, const char *what)
{
	char digits[32], message[128];
	skip(t);
	size_t length = strspn(t->at, "0123456789.");
	snprintf(message, sizeof message, "%s is a number of 0 to %g", what, high);
	if (length == 0 || length >= sizeof digits)
		return fail_at(t, t->at, message);
	memcpy(digits, t->at, length);
	digits[length] = '\0';
	char *end;
	*value = strtod(digits, &end);
	if (*end != '\0' || !(*value >= 0 && *value <= high))
		return fail_at(t, t->at, message);
	t->at += length;
	skip(t);
	return 0;
}

static int parse_choice(struct augment_choice *choice, struct text *t)
{
	char what[128];
	skip(t);
	const char *name = t->at;
	size_t length = strcspn(name, " \t\r\n:,|#");
	*choice = (struct augment_choice){ .op = augment_op_find(name, length) };
	if (choice->op == NULL)
		return unknown(t, name, length);
	t->at += length;
	skip(t);
	snprintf(what, sizeof what, "%s:PROBABILITY%s is wanted", choice->op->name, choice->op->plain ? "" : ":MAGNITUDE");
	if (*t->at != ':')
		return fail_at(t, t->at, what);
	t->at++;
	TRY(number(&choice->probability, t, 1, "a probability"));
	if (*t->at != ':')
		return choice->op->plain ? 0 : fail_at(t, t->at, what);
	t->at++;
	return number(&choice->level, t, AUGMENT_HIGHEST_LEVEL, "a magnitude");
}

static int parse_rule(struct augment_rule *rule, struct text *t)
{
	struct augment_choice choice[AUGMENT_MAX_CHOICES];
	for (;;) {
		if (rule->n == AUGMENT_MAX_CHOICES)
			return fail_at(t, t->at, "too many operations in one rule");
		TRY(parse_choice(&choice[rule->n++], t));
		if (*t->at != ',')
			break;
		t->at++;
	}
	if (*t->at != '\0' && *t->at != '|' && *t->at != '\n')
		return fail_at(t, t->at, "after an operation comes ',', '|' or the end");
	struct augment_choice *copy = arena_alloc(t->arena, (size_t)rule->n * sizeof *copy);
	if (copy == NULL)
		return -1;
	memcpy(copy, choice, (size_t)rule->n * sizeof *copy);
	rule->choice = copy;
	return 0;
}

/* The end of a rule: '|' promises another one, the end of a line does not. */
static bool next_rule(struct text *t)
{
	if (*t->at == '|') {
		t->at++;
		skip(t);
		t->at += *t->at == '\n';
		return true;
	}
	while (*t->at == '\n') {
		t->at++;
		skip(t);
	}
	return *t->at != '\0';
}

int augment_rules_parse(struct augment_rules *rules, const char *text, const struct augment_scale *scale,
			struct arena *a)
{
	struct text t = { text, text, a };
	struct augment_rule *rule = arena_calloc(a, AUGMENT_MAX_RULES, sizeof *rule);
	*rules = (struct augment_rules){ .draws = 1, .rule = rule, .scale = *scale };
	if (rule == NULL)
		return -1;
	skip(&t);
	if (*t.at == '\n')
		next_rule(&t);
	do {
		if (rules->n == AUGMENT_MAX_RULES)
			return fail_at(&t, t.at, "too many rules");
		TRY(parse_rule(&rule[rules->n++], &t));
		if (rule[rules->n - 1].n > rules->max_steps)
			rules->max_steps = rule[rules->n - 1].n;
	} while (next_rule(&t));
	return 0;
}

/* A number as number() reads it: ":0.6", never with an exponent. */
static size_t put_number(char *text, size_t room, double value)
{
	char digits[40];
	size_t n = (size_t)snprintf(digits, sizeof digits, ":%.12f", value);
	while (digits[n - 1] == '0')
		n--;
	if (digits[n - 1] == '.')
		n--;
	return (size_t)snprintf(text, room, "%.*s", (int)n, digits);
}

const char *augment_rules_text(const struct augment_rules *rules, struct arena *a)
{
	enum { ONE = 64 };
	size_t room = 1, used = 0;
	for (int i = 0; i < rules->n; i++)
		room += (size_t)rules->rule[i].n * ONE;
	char *text = arena_alloc(a, room);
	if (text == NULL)
		return NULL;
	text[0] = '\0';
	for (int i = 0; i < rules->n; i++)
		for (int k = 0; k < rules->rule[i].n; k++) {
			const struct augment_choice *c = &rules->rule[i].choice[k];
			used += (size_t)snprintf(text + used, room - used, "%s%s", k > 0 ? "," : i > 0 ? "|" : "", c->op->name);
			used += put_number(text + used, room - used, c->probability);
			if (!c->op->plain)
				used += put_number(text + used, room - used, c->level);
		}
	return text;
}
