#include "weights/pickle_machine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { VALUE_BLOCK = 256 };

int pickle_fail(const struct pickle_machine *m, const char *format, ...)
{
	char text[400];
	va_list args;
	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	return err_set("'%s': %s (at byte %zu)", m->name, text, m->base + m->op);
}

struct pickle_value *pickle_new(struct pickle_machine *m, enum pickle_kind kind)
{
	if (m->n_values == 0) {
		m->values = arena_calloc(m->arena, VALUE_BLOCK, sizeof *m->values);
		if (m->values == NULL)
			return NULL;
		m->n_values = VALUE_BLOCK;
	}
	struct pickle_value *v = &m->values[--m->n_values];
	v->kind = kind;
	return v;
}

int pickle_push(struct pickle_machine *m, struct pickle_value *v)
{
	TRY(arena_grow(&m->stack, m->n, &m->room, sizeof *m->stack, m->arena));
	m->stack[m->n++] = v;
	return 0;
}

int pickle_append(struct pickle_machine *m, struct pickle_value *container, struct pickle_value *item)
{
	if (container->depth <= item->depth)
		container->depth = item->depth + 1;
	if (container->depth > PICKLE_MAX_DEPTH)
		return pickle_fail(m, "values are nested deeper than %d", PICKLE_MAX_DEPTH);
	TRY(arena_grow(&container->items, container->n, &container->room, sizeof *container->items, m->arena));
	container->items[container->n++] = item;
	return 0;
}

bool pickle_is(const struct pickle_value *v, const char *text)
{
	return v->kind == PICKLE_TEXT && v->size == strlen(text) && memcmp(v->text, text, v->size) == 0;
}

const struct pickle_value *pickle_find(const struct pickle_value *v, const char *key)
{
	for (int i = 0; v->kind == PICKLE_DICT && i + 1 < v->n; i += 2)
		if (pickle_is(v->items[i], key))
			return v->items[i + 1];
	return NULL;
}

static int run(struct pickle_machine *m)
{
	while (!m->stopped) {
		m->op = m->next;
		const uint8_t *code = pickle_take(m, 1);
		if (code == NULL)
			return -1;
		const struct pickle_opcode *op = &pickle_opcodes[*code];
		if (op->name == NULL)
			return pickle_fail(m, "0x%02x is no opcode of a pickle", *code);
		if (op->run == NULL)
			return pickle_fail(m, "the pickle opcode %s is none that weights need, so nothing is read", op->name);
		TRY(op->run(m));
	}
	return 0;
}

int pickle_read(struct pickle *p, const uint8_t *bytes, size_t size, size_t at, const char *name, struct arena *a)
{
	struct pickle_machine m = { .bytes = bytes, .base = at, .name = name, .arena = a };
	m.size = size < PICKLE_MAX_BYTES ? size : PICKLE_MAX_BYTES;
	*p = (struct pickle){ 0 };
	TRY(run(&m));
	p->value = m.stack[0];
	p->size = m.next;
	p->storages = m.storages;
	p->n_storages = m.n_storages;
	return 0;
}
