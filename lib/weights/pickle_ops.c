/* What each opcode does. */
#include "weights/pickle_machine.h"

#include <string.h>

const uint8_t *pickle_take(struct pickle_machine *m, uint64_t n)
{
	if (n > m->size - m->next) {
		pickle_fail(m, "the pickle ends early");
		return NULL;
	}
	const uint8_t *p = m->bytes + m->next;
	m->next += n;
	return p;
}

/* A little-endian number of n bytes. */
static int take_number(uint64_t *x, struct pickle_machine *m, int n)
{
	const uint8_t *p = pickle_take(m, (uint64_t)n);
	if (p == NULL)
		return -1;
	*x = 0;
	for (int i = 0; i < n; i++)
		*x |= (uint64_t)p[i] << (8 * i);
	return 0;
}

/* Bottom of what the program may take from the stack now: behind the last mark. */
static int floor_of(const struct pickle_machine *m)
{
	return m->n_marks == 0 ? 0 : m->marks[m->n_marks - 1];
}

static struct pickle_value *pop(struct pickle_machine *m)
{
	if (m->n <= floor_of(m)) {
		pickle_fail(m, "an opcode takes from an empty stack");
		return NULL;
	}
	return m->stack[--m->n];
}

/* The value on top, which must be of that kind. */
static struct pickle_value *top(struct pickle_machine *m, enum pickle_kind kind)
{
	if (m->n <= floor_of(m) || m->stack[m->n - 1]->kind != kind) {
		pickle_fail(m, "an opcode finds something on the stack that it is not for");
		return NULL;
	}
	return m->stack[m->n - 1];
}

static int push_integer(struct pickle_machine *m, enum pickle_kind kind, int64_t x)
{
	struct pickle_value *v = pickle_new(m, kind);
	if (v == NULL)
		return -1;
	v->integer = x;
	return pickle_push(m, v);
}

static int push_new(struct pickle_machine *m, enum pickle_kind kind)
{
	struct pickle_value *v = pickle_new(m, kind);
	return v == NULL ? -1 : pickle_push(m, v);
}

static int op_proto(struct pickle_machine *m)
{
	uint64_t version;
	TRY(take_number(&version, m, 1));
	return version >= 2 && version <= 5 ? 0 : pickle_fail(m, "pickle protocol %d is not read", (int)version);
}

static int op_frame(struct pickle_machine *m)
{
	uint64_t size;
	TRY(take_number(&size, m, 8));
	return size <= m->size - m->next ? 0 : pickle_fail(m, "a frame is longer than the pickle");
}

static int op_stop(struct pickle_machine *m)
{
	if (m->n != 1 || m->n_marks != 0)
		return pickle_fail(m, "the pickle stops with %d values instead of one", m->n);
	m->stopped = true;
	return 0;
}

static int op_mark(struct pickle_machine *m)
{
	if (m->n_marks == PICKLE_MAX_DEPTH)
		return pickle_fail(m, "values are nested deeper than %d", PICKLE_MAX_DEPTH);
	m->marks[m->n_marks++] = m->n;
	return 0;
}

static int op_none(struct pickle_machine *m) { return push_integer(m, PICKLE_NONE, 0); }
static int op_true(struct pickle_machine *m) { return push_integer(m, PICKLE_BOOL, 1); }
static int op_false(struct pickle_machine *m) { return push_integer(m, PICKLE_BOOL, 0); }
static int op_empty_tuple(struct pickle_machine *m) { return push_new(m, PICKLE_TUPLE); }
static int op_empty_list(struct pickle_machine *m) { return push_new(m, PICKLE_LIST); }
static int op_empty_dict(struct pickle_machine *m) { return push_new(m, PICKLE_DICT); }

static int op_int(struct pickle_machine *m)
{
	uint64_t x;
	TRY(take_number(&x, m, 4));
	return push_integer(m, PICKLE_INTEGER, (int32_t)x);
}

static int op_int1(struct pickle_machine *m)
{
	uint64_t x;
	TRY(take_number(&x, m, 1));
	return push_integer(m, PICKLE_INTEGER, (int64_t)x);
}

static int op_int2(struct pickle_machine *m)
{
	uint64_t x;
	TRY(take_number(&x, m, 2));
	return push_integer(m, PICKLE_INTEGER, (int64_t)x);
}

static int op_long1(struct pickle_machine *m)
{
	uint64_t n, x = 0;
	TRY(take_number(&n, m, 1));
	if (n > 8)
		return pickle_fail(m, "a whole number of %d bytes; 8 are the most", (int)n);
	TRY(take_number(&x, m, (int)n));
	if (n > 0 && n < 8 && x >> (8 * n - 1) != 0)
		x |= ~(uint64_t)0 << (8 * n);	/* negative */
	return push_integer(m, PICKLE_INTEGER, (int64_t)x);
}

static int op_float(struct pickle_machine *m)
{
	const uint8_t *p = pickle_take(m, 8);
	struct pickle_value *v = p == NULL ? NULL : pickle_new(m, PICKLE_FLOAT);
	union { uint64_t u; double d; } x = { 0 };
	if (v == NULL)
		return -1;
	for (int i = 0; i < 8; i++)
		x.u = x.u << 8 | p[i];
	v->number = x.d;
	return pickle_push(m, v);
}

/* Text whose length has width bytes. */
static int push_text(struct pickle_machine *m, int width)
{
	uint64_t size;
	TRY(take_number(&size, m, width));
	const uint8_t *p = pickle_take(m, size);
	struct pickle_value *v = p == NULL ? NULL : pickle_new(m, PICKLE_TEXT);
	if (v == NULL)
		return -1;
	v->text = (const char *)p;
	v->size = size;
	return pickle_push(m, v);
}

static int op_text1(struct pickle_machine *m) { return push_text(m, 1); }
static int op_text4(struct pickle_machine *m) { return push_text(m, 4); }
static int op_text8(struct pickle_machine *m) { return push_text(m, 8); }

/* Take n values off the stack into a tuple. */
static int tuple_of(struct pickle_machine *m, int n)
{
	struct pickle_value *tuple = pickle_new(m, PICKLE_TUPLE);
	if (tuple == NULL)
		return -1;
	if (m->n - n < floor_of(m))
		return pickle_fail(m, "an opcode takes from an empty stack");
	m->n -= n;
	for (int i = 0; i < n; i++)
		TRY(pickle_append(m, tuple, m->stack[m->n + i]));
	return pickle_push(m, tuple);
}

static int op_tuple1(struct pickle_machine *m) { return tuple_of(m, 1); }
static int op_tuple2(struct pickle_machine *m) { return tuple_of(m, 2); }
static int op_tuple3(struct pickle_machine *m) { return tuple_of(m, 3); }

/* How many values the last mark has above it; the mark is gone. */
static int pop_mark(struct pickle_machine *m)
{
	return m->n_marks == 0 ? pickle_fail(m, "an opcode wants a mark, and there is none") : m->n - m->marks[--m->n_marks];
}

static int op_tuple(struct pickle_machine *m)
{
	int n = pop_mark(m);
	return n < 0 ? -1 : tuple_of(m, n);
}

/* Move the n values on top into the container below them. */
static int fill(struct pickle_machine *m, enum pickle_kind kind, int n)
{
	if (n < 0)
		return -1;
	if (m->n - n < floor_of(m))
		return pickle_fail(m, "an opcode takes from an empty stack");
	if (kind == PICKLE_DICT && n % 2 != 0)
		return pickle_fail(m, "a key without a value");
	m->n -= n;
	struct pickle_value *container = top(m, kind);
	if (container == NULL)
		return -1;
	for (int i = 0; i < n; i++)
		TRY(pickle_append(m, container, m->stack[m->n + i]));
	return 0;
}

static int op_append(struct pickle_machine *m) { return fill(m, PICKLE_LIST, 1); }
static int op_appends(struct pickle_machine *m) { return fill(m, PICKLE_LIST, pop_mark(m)); }
static int op_setitem(struct pickle_machine *m) { return fill(m, PICKLE_DICT, 2); }
static int op_setitems(struct pickle_machine *m) { return fill(m, PICKLE_DICT, pop_mark(m)); }

/* The text up to the next line feed. */
static const char *take_line(size_t *size, struct pickle_machine *m)
{
	const uint8_t *from = m->bytes + m->next, *end = memchr(from, '\n', m->size - m->next);
	if (end == NULL) {
		pickle_fail(m, "the pickle ends early");
		return NULL;
	}
	*size = (size_t)(end - from);
	m->next += *size + 1;
	return (const char *)from;
}

static int op_global(struct pickle_machine *m)
{
	size_t module_size, name_size;
	const char *module = take_line(&module_size, m);
	const char *name = module == NULL ? NULL : take_line(&name_size, m);
	return name == NULL ? -1 : pickle_name_global(m, module, module_size, name, name_size);
}

static int op_stack_global(struct pickle_machine *m)
{
	const struct pickle_value *name = pop(m), *module = name == NULL ? NULL : pop(m);
	if (module == NULL)
		return -1;
	if (name->kind != PICKLE_TEXT || module->kind != PICKLE_TEXT)
		return pickle_fail(m, "the name of a global is no text");
	return pickle_name_global(m, module->text, module->size, name->text, name->size);
}

static int op_persistent(struct pickle_machine *m)
{
	const struct pickle_value *id = pop(m);
	struct pickle_value *v = id == NULL ? NULL : pickle_persistent(m, id);
	return v == NULL ? -1 : pickle_push(m, v);
}

static int op_reduce(struct pickle_machine *m)
{
	const struct pickle_value *args = pop(m), *global = args == NULL ? NULL : pop(m);
	struct pickle_value *v = global == NULL ? NULL : pickle_reduce(m, global, args);
	return v == NULL ? -1 : pickle_push(m, v);
}

/* Attributes of a dictionary (the _metadata of a state_dict()) are not weights. */
static int op_build(struct pickle_machine *m)
{
	const struct pickle_value *state = pop(m);
	if (state == NULL || top(m, PICKLE_DICT) == NULL)
		return -1;
	return state->kind == PICKLE_DICT ? 0 : pickle_fail(m, "the attributes of a dictionary are no dictionary");
}

static int put(struct pickle_machine *m, uint64_t index)
{
	/* Python numbers them one by one, and each takes a byte at least. */
	if (index > m->op)
		return pickle_fail(m, "memo index %llu is more than a pickle can need up to here", (unsigned long long)index);
	if (m->n <= floor_of(m))
		return pickle_fail(m, "an opcode takes from an empty stack");
	while (m->memo_room <= (int64_t)index)
		TRY(arena_grow(&m->memo, m->memo_room, &m->memo_room, sizeof *m->memo, m->arena));
	m->memo[index] = m->stack[m->n - 1];
	return 0;
}

static int op_put1(struct pickle_machine *m)
{
	uint64_t index;
	TRY(take_number(&index, m, 1));
	return put(m, index);
}

static int op_put4(struct pickle_machine *m)
{
	uint64_t index;
	TRY(take_number(&index, m, 4));
	return put(m, index);
}

static int op_memoize(struct pickle_machine *m)
{
	return put(m, (uint64_t)m->memo_n++);
}

static int get(struct pickle_machine *m, uint64_t index)
{
	if (index >= (uint64_t)m->memo_room || m->memo[index] == NULL)
		return pickle_fail(m, "memo index %llu was not set", (unsigned long long)index);
	return pickle_push(m, m->memo[index]);
}

static int op_get1(struct pickle_machine *m)
{
	uint64_t index;
	TRY(take_number(&index, m, 1));
	return get(m, index);
}

static int op_get4(struct pickle_machine *m)
{
	uint64_t index;
	TRY(take_number(&index, m, 4));
	return get(m, index);
}

const struct pickle_opcode pickle_opcodes[256] = {
	['('] = { "MARK", op_mark }, ['.'] = { "STOP", op_stop }, ['0'] = { "POP", NULL }, ['1'] = { "POP_MARK", NULL },
	['2'] = { "DUP", NULL }, ['F'] = { "FLOAT", NULL }, ['I'] = { "INT", NULL }, ['J'] = { "BININT", op_int },
	['K'] = { "BININT1", op_int1 }, ['L'] = { "LONG", NULL }, ['M'] = { "BININT2", op_int2 }, ['N'] = { "NONE", op_none },
	['P'] = { "PERSID", NULL }, ['Q'] = { "BINPERSID", op_persistent }, ['R'] = { "REDUCE", op_reduce },
	['S'] = { "STRING", NULL }, ['T'] = { "BINSTRING", op_text4 }, ['U'] = { "SHORT_BINSTRING", op_text1 },
	['V'] = { "UNICODE", NULL }, ['X'] = { "BINUNICODE", op_text4 }, ['a'] = { "APPEND", op_append },
	['b'] = { "BUILD", op_build }, ['c'] = { "GLOBAL", op_global }, ['d'] = { "DICT", NULL }, ['}'] = { "EMPTY_DICT", op_empty_dict },
	['e'] = { "APPENDS", op_appends }, ['g'] = { "GET", NULL }, ['h'] = { "BINGET", op_get1 }, ['i'] = { "INST", NULL },
	['j'] = { "LONG_BINGET", op_get4 }, ['l'] = { "LIST", NULL }, [']'] = { "EMPTY_LIST", op_empty_list }, ['o'] = { "OBJ", NULL },
	['p'] = { "PUT", NULL }, ['q'] = { "BINPUT", op_put1 }, ['r'] = { "LONG_BINPUT", op_put4 }, ['s'] = { "SETITEM", op_setitem },
	['t'] = { "TUPLE", op_tuple }, [')'] = { "EMPTY_TUPLE", op_empty_tuple }, ['u'] = { "SETITEMS", op_setitems },
	['G'] = { "BINFLOAT", op_float }, ['B'] = { "BINBYTES", NULL }, ['C'] = { "SHORT_BINBYTES", NULL },
	[0x80] = { "PROTO", op_proto }, [0x81] = { "NEWOBJ", NULL }, [0x82] = { "EXT1", NULL }, [0x83] = { "EXT2", NULL },
	[0x84] = { "EXT4", NULL }, [0x85] = { "TUPLE1", op_tuple1 }, [0x86] = { "TUPLE2", op_tuple2 }, [0x87] = { "TUPLE3", op_tuple3 },
	[0x88] = { "NEWTRUE", op_true }, [0x89] = { "NEWFALSE", op_false }, [0x8a] = { "LONG1", op_long1 }, [0x8b] = { "LONG4", NULL },
	[0x8c] = { "SHORT_BINUNICODE", op_text1 }, [0x8d] = { "BINUNICODE8", op_text8 }, [0x8e] = { "BINBYTES8", NULL },
	[0x8f] = { "EMPTY_SET", NULL }, [0x90] = { "ADDITEMS", NULL }, [0x91] = { "FROZENSET", NULL }, [0x92] = { "NEWOBJ_EX", NULL },
	[0x93] = { "STACK_GLOBAL", op_stack_global }, [0x94] = { "MEMOIZE", op_memoize }, [0x95] = { "FRAME", op_frame },
	[0x96] = { "BYTEARRAY8", NULL }, [0x97] = { "NEXT_BUFFER", NULL }, [0x98] = { "READONLY_BUFFER", NULL },
};
