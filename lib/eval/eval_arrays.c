#include "eval/eval_arrays.h"

#include "base/zip.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { MAX_MEMBERS = 3 };

struct member {
	char name[32];	/* "precision.npy" */
	char head[256];	/* what stands before an array in a .npy file */
	size_t head_size;
};

/* The .npy header: magic, version 1.0, and a Python dictionary padded so that the data lies 64-byte aligned in the .npy. */
static struct zip_member member_make(struct member *m, const char *name, const double *data, const int64_t *shape, int rank)
{
	char dictionary[160];
	int n = snprintf(dictionary, sizeof dictionary, "{'descr': '<f8', 'fortran_order': False, 'shape': (");
	size_t count = 1;
	for (int i = 0; i < rank; i++) {
		n += snprintf(dictionary + n, sizeof dictionary - (size_t)n, "%s%lld", i == 0 ? "" : ", ", (long long)shape[i]);
		count *= (size_t)shape[i];
	}
	n += snprintf(dictionary + n, sizeof dictionary - (size_t)n, "), }");
	*m = (struct member){ .head_size = (10 + (size_t)n + 1 + 63) / 64 * 64 };
	snprintf(m->name, sizeof m->name, "%s.npy", name);
	memset(m->head, ' ', m->head_size);
	memcpy(m->head, "\x93NUMPY\x01\x00", 8);
	m->head[8] = (char)(m->head_size - 10);
	m->head[9] = (char)((m->head_size - 10) >> 8);
	memcpy(m->head + 10, dictionary, (size_t)n);
	m->head[m->head_size - 1] = '\n';
	return (struct zip_member){
		.name = m->name, .head = m->head, .head_size = m->head_size, .data = data, .size = count * sizeof *data,
	};
}

int eval_arrays_write(const char *path, const struct eval_result *result)
{
	struct member names[MAX_MEMBERS];
	struct zip_member members[MAX_MEMBERS];
	struct atomic_file f;
	const int64_t shape[] = { EVAL_THRESHOLDS, EVAL_RECALLS, result->n_categories, result->n_ranges, result->n_limits };
	const int64_t flat[] = { EVAL_THRESHOLDS, result->n_categories, result->n_ranges, result->n_limits };
	members[0] = member_make(&names[0], "precision", result->precision, shape, 5);
	members[1] = member_make(&names[1], "scores", result->scores, shape, 5);
	members[2] = member_make(&names[2], "recall", result->recall, flat, 4);
	TRY(atomic_open(&f, path));
	if (zip_write(&f, members, MAX_MEMBERS) != 0) {
		atomic_abandon(&f);
		return -1;
	}
	return atomic_commit(&f);
}
