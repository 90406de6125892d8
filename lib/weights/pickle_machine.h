/*
 * pickle_machine: the machine of pickle_read() while it runs; shared by the files pickle*.c alone.
 */
#ifndef WEIGHTS_PICKLE_MACHINE_H
#define WEIGHTS_PICKLE_MACHINE_H

#include "weights/pickle.h"

/* The functions that may be named. */
enum pickle_global {
	GLOBAL_ORDERED_DICT, GLOBAL_TENSOR, GLOBAL_TENSOR_V2, GLOBAL_PARAMETER,
};

struct pickle_machine {
	const uint8_t *bytes;
	size_t size;
	size_t next;	/* what is read next */
	size_t op;	/* the opcode that runs */
	size_t base;	/* of bytes in the file */
	const char *name;
	struct arena *arena;
	struct pickle_value **stack;
	int n;
	int64_t room;
	int marks[PICKLE_MAX_DEPTH];
	int n_marks;
	struct pickle_value **memo;
	int64_t memo_room;
	int memo_n;
	struct pickle_value *values;	/* the rest of a block of them */
	int n_values;
	bool stopped;
	struct pickle_storage *storages;	/* all that have a key, the last first */
	int n_storages;
};

/* "'m.pth': ... at byte 17". Returns -1. */
int pickle_fail(const struct pickle_machine *m, const char *format, ...) PRINTF_LIKE(2, 3);

/* Every opcode of the format by its byte; those without a function are refused, those without a name are none. */
struct pickle_opcode {
	const char *name;
	int (*run)(struct pickle_machine *m);
};

extern const struct pickle_opcode pickle_opcodes[256];

/* The next n bytes of the program; NULL where it has no more. */
const uint8_t *pickle_take(struct pickle_machine *m, uint64_t n) MUST_CHECK;

/* A value of that kind, otherwise cleared. */
struct pickle_value *pickle_new(struct pickle_machine *m, enum pickle_kind kind) MUST_CHECK;

int pickle_push(struct pickle_machine *m, struct pickle_value *v) MUST_CHECK;

/* Add a value to a list, or a key or a value to a dictionary. Error: nested too deep. */
int pickle_append(struct pickle_machine *m, struct pickle_value *container, struct pickle_value *item) MUST_CHECK;

/* Push what a global of this name is: a function, or a type of storage (a storage without a key). */
int pickle_name_global(struct pickle_machine *m, const char *module, size_t module_size, const char *name, size_t name_size) MUST_CHECK;

/* "Calls" a global: the result of what it would build. NULL on error. */
struct pickle_value *pickle_reduce(struct pickle_machine *m, const struct pickle_value *global, const struct pickle_value *args) MUST_CHECK;

/* The storage of a persistent id. NULL on error. */
struct pickle_value *pickle_persistent(struct pickle_machine *m, const struct pickle_value *id) MUST_CHECK;

#endif
