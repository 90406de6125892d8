/*
 * pickle: the part of Python's pickle format that weights need, and nothing else.
 *
 * A pickle is a program for a machine with a stack. This machine builds numbers, text, tuples, lists, dictionaries
 * and descriptions of tensors; it never looks up or calls anything. The only globals it knows are OrderedDict,
 * torch._utils._rebuild_tensor, _rebuild_tensor_v2 and _rebuild_parameter, and the storage types of torch; the only
 * persistent ids are storages. Every other opcode and global is an error that names it and its byte offset.
 *
 *     struct pickle p;
 *     TRY(pickle_read(&p, bytes, size, 0, "m.pth", &arena));
 *     const struct pickle_value *weight = pickle_find(p.value, "conv1.weight");
 *
 * Text points into the bytes, everything else is the arena's. A value may be reached on several ways, and a list or
 * a dictionary may hold itself: who walks through counts the steps.
 * Source: https://peps.python.org/pep-0307, -3154; the pickletools module documents each opcode.
 */
#ifndef WEIGHTS_PICKLE_H
#define WEIGHTS_PICKLE_H

#include "base/arena.h"
#include "base/error.h"
#include "tensor/stored.h"
#include "tensor/tensor.h"

enum {
	PICKLE_MAX_BYTES = 64 << 20,	/* of one pickle; the weights are outside */
	PICKLE_MAX_DEPTH = 64,	/* containers in containers, and open marks */
};

enum pickle_kind {
	PICKLE_NONE, PICKLE_BOOL, PICKLE_INTEGER, PICKLE_FLOAT, PICKLE_TEXT, PICKLE_TUPLE, PICKLE_LIST, PICKLE_DICT,
	PICKLE_GLOBAL, PICKLE_STORAGE, PICKLE_TENSOR,
};

/* Elements that several tensors may share; where they are is the container's business. */
struct pickle_storage {
	const struct stored_dtype *dtype;
	const char *key;
	size_t key_size;
	int64_t root_count;	/* elements of all that has the key */
	int64_t offset, count;	/* what of it is this storage */
	struct pickle_storage *next;
};

struct pickle_tensor {
	const struct pickle_storage *storage;
	int64_t offset;	/* elements from the storage's begin */
	int rank;
	int64_t dim[TENSOR_MAX_RANK], stride[TENSOR_MAX_RANK];
};

struct pickle_value {
	enum pickle_kind kind;
	int depth;	/* of containers in it: 0 for one that is none */
	union {
		int64_t integer;	/* BOOL and INTEGER; GLOBAL: which one */
		double number;
		struct {
			const char *text;	/* not NUL-terminated */
			size_t size;
		};
		struct {
			int n;
			int64_t room;
			struct pickle_value **items;	/* of a dictionary: key, value, key, value */
		};
		const struct pickle_storage *storage;
		const struct pickle_tensor *tensor;
	};
};

struct pickle {
	struct pickle_value *value;
	size_t size;	/* bytes up to and with STOP */
	int n_storages;
	const struct pickle_storage *storages;	/* all that are named, linked */
};

/*
 * Run the pickle that begins at `bytes`; what follows it is left alone. at and name are for messages: the offset of the
 * bytes in the file of that name.
 * Error: another opcode or global; cut off; too deep, too long; a memo index beyond what a pickle of this size can
 * use; tensors whose shape or strides do not fit their storage.
 */
int pickle_read(struct pickle *p, const uint8_t *bytes, size_t size, size_t at, const char *name, struct arena *a) MUST_CHECK;

/* True when the value is exactly this text. */
bool pickle_is(const struct pickle_value *v, const char *text);

/* The value of a key of a dictionary; NULL when there is none, or v is no dictionary. */
const struct pickle_value *pickle_find(const struct pickle_value *v, const char *key);

#endif
