#include "eval/eval_arrays.h"

#include "base/io.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* A zip archive of stored members: for each a header and the data, then a directory of all. Numbers are little-endian. */
enum { LOCAL_SIZE = 30, CENTRAL_SIZE = 46, END_SIZE = 22, MAX_MEMBERS = 3 };

struct member {
	char name[32];	/* "precision.npy" */
	char head[256];	/* what stands before an array in a .npy file */
	size_t head_size;
	const double *data;
	size_t data_size;	/* bytes */
	uint32_t crc, offset;
};

static uint32_t crc32_of(uint32_t crc, const void *data, size_t size)
{
	/* Four bits at a time: the remainders of 0 .. 15 by the reversed polynomial 0xedb88320. */
	static const uint32_t remainder[16] = {
		0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4, 0x4db26158, 0x5005713c,
		0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c, 0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
	};
	const uint8_t *p = data;
	crc = ~crc;
	for (size_t i = 0; i < size; i++) {
		crc ^= p[i];
		crc = crc >> 4 ^ remainder[crc & 15];
		crc = crc >> 4 ^ remainder[crc & 15];
	}
	return ~crc;
}

static uint8_t *put16(uint8_t *p, uint32_t x)
{
	*p++ = (uint8_t)x;
	*p++ = (uint8_t)(x >> 8);
	return p;
}

static uint8_t *put32(uint8_t *p, uint32_t x)
{
	return put16(put16(p, x), x >> 16);
}

/* The .npy header: magic, version 1.0, and a Python dictionary padded so that the data lies 64-byte aligned in the .npy. */
static void member_make(struct member *m, const char *name, const double *data, const int64_t *shape, int rank)
{
	char dictionary[160];
	int n = snprintf(dictionary, sizeof dictionary, "{'descr': '<f8', 'fortran_order': False, 'shape': (");
	size_t count = 1;
	for (int i = 0; i < rank; i++) {
		n += snprintf(dictionary + n, sizeof dictionary - (size_t)n, "%s%lld", i == 0 ? "" : ", ", (long long)shape[i]);
		count *= (size_t)shape[i];
	}
	n += snprintf(dictionary + n, sizeof dictionary - (size_t)n, "), }");
	*m = (struct member){ .data = data, .data_size = count * sizeof *data, .head_size = (10 + (size_t)n + 1 + 63) / 64 * 64 };
	snprintf(m->name, sizeof m->name, "%s.npy", name);
	memset(m->head, ' ', m->head_size);
	memcpy(m->head, "\x93NUMPY\x01\x00", 8);
	put16((uint8_t *)m->head + 8, (uint32_t)m->head_size - 10);
	memcpy(m->head + 10, dictionary, (size_t)n);
	m->head[m->head_size - 1] = '\n';
	m->crc = crc32_of(crc32_of(0, m->head, m->head_size), data, m->data_size);
}

/* What the two headers of a member have in common, from "version needed" to the length of the extra field. */
static uint8_t *put_common(uint8_t *p, const struct member *m)
{
	uint32_t size = (uint32_t)(m->head_size + m->data_size);
	p = put16(p, 20);
	p = put16(p, 0);
	p = put16(p, 0);	/* stored */
	p = put16(p, 0);	/* midnight of */
	p = put16(p, 1 << 5 | 1);	/* 1 January 1980, so that equal results are equal bytes */
	p = put32(p, m->crc);
	p = put32(p, size);
	p = put32(p, size);
	p = put16(p, (uint32_t)strlen(m->name));
	return put16(p, 0);
}

static int write_member(const struct atomic_file *f, struct member *m, uint64_t *at)
{
	uint8_t head[LOCAL_SIZE];
	m->offset = (uint32_t)*at;
	put_common(put32(head, 0x04034b50), m);
	TRY(io_write(f->fd, f->path, head, sizeof head));
	TRY(io_write(f->fd, f->path, m->name, strlen(m->name)));
	TRY(io_write(f->fd, f->path, m->head, m->head_size));
	TRY(io_write(f->fd, f->path, m->data, m->data_size));
	*at += sizeof head + strlen(m->name) + m->head_size + m->data_size;
	return 0;
}

static int write_directory(const struct atomic_file *f, const struct member *members, int n, uint64_t at)
{
	uint32_t size = 0;
	for (int i = 0; i < n; i++) {
		uint8_t entry[CENTRAL_SIZE] = { 0 }, *p = put16(put32(entry, 0x02014b50), 20);
		p = put_common(p, &members[i]);
		put32(p + 10, members[i].offset);	/* behind comment, disk and attributes, all 0 */
		TRY(io_write(f->fd, f->path, entry, sizeof entry));
		TRY(io_write(f->fd, f->path, members[i].name, strlen(members[i].name)));
		size += (uint32_t)(sizeof entry + strlen(members[i].name));
	}
	uint8_t end[END_SIZE] = { 0 };
	uint8_t *p = put32(end, 0x06054b50) + 4;
	p = put16(put16(p, (uint32_t)n), (uint32_t)n);
	put32(put32(p, size), (uint32_t)at);
	return io_write(f->fd, f->path, end, sizeof end);
}

static int write_archive(const struct atomic_file *f, struct member *members, int n)
{
	uint64_t size = 0, at = 0;
	for (int i = 0; i < n; i++)
		size += members[i].head_size + members[i].data_size + LOCAL_SIZE + CENTRAL_SIZE + 2 * sizeof members[i].name;
	if (size + END_SIZE > UINT32_MAX)
		return err_set("cannot write '%s': the arrays have more than 4 GiB", f->path);
	for (int i = 0; i < n; i++)
		TRY(write_member(f, &members[i], &at));
	return write_directory(f, members, n, at);
}

int eval_arrays_write(const char *path, const struct eval_result *result)
{
	struct member members[MAX_MEMBERS];
	struct atomic_file f;
	const int64_t shape[] = { EVAL_THRESHOLDS, EVAL_RECALLS, result->n_categories, result->n_ranges, result->n_limits };
	const int64_t flat[] = { EVAL_THRESHOLDS, result->n_categories, result->n_ranges, result->n_limits };
	member_make(&members[0], "precision", result->precision, shape, 5);
	member_make(&members[1], "scores", result->scores, shape, 5);
	member_make(&members[2], "recall", result->recall, flat, 4);
	TRY(atomic_open(&f, path));
	if (write_archive(&f, members, MAX_MEMBERS) != 0) {
		atomic_abandon(&f);
		return -1;
	}
	return atomic_commit(&f);
}
