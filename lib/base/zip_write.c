#include "base/zip.h"

#include <string.h>
#include <zlib.h>

/* For each member a header and the data, then a directory of all. Numbers are little-endian. */
enum { LOCAL_SIZE = 30, CENTRAL_SIZE = 46, END_SIZE = 22, MAX_MEMBERS = 65535, MAX_ALIGN = 4096 };

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

static uint32_t crc_of(const struct zip_member *m)
{
	return (uint32_t)crc32_z(crc32_z(0, m->head, m->head == NULL ? 0 : m->head_size), m->data, m->size);
}

/* Bytes of an extra field that bring the data behind the headers of a member at `at` to where they should be. */
static uint32_t padding(const struct zip_member *m, uint64_t at)
{
	uint64_t data = at + LOCAL_SIZE + strlen(m->name) + m->head_size;
	if (m->align == 0 || data % m->align == 0)
		return 0;
	uint32_t n = (uint32_t)(m->align - data % m->align);
	return n < 4 ? n + m->align : n;	/* a field has a header of 4 bytes */
}

/* What the two headers of a member have in common, from "version needed" to the length of the extra field. */
static uint8_t *put_common(uint8_t *p, const struct zip_member *m, uint32_t crc, uint32_t extra)
{
	uint32_t size = (uint32_t)(m->head_size + m->size);
	p = put16(p, 20);
	p = put16(p, 0);
	p = put16(p, 0);	/* stored */
	p = put16(p, 0);	/* midnight of */
	p = put16(p, 1 << 5 | 1);	/* 1 January 1980, so that equal contents are equal bytes */
	p = put32(p, crc);
	p = put32(p, size);
	p = put32(p, size);
	p = put16(p, (uint32_t)strlen(m->name));
	return put16(p, extra);
}

static int write_member(const struct atomic_file *f, const struct zip_member *m, uint64_t *at)
{
	uint8_t head[LOCAL_SIZE], extra[2 * MAX_ALIGN] = { 0 };
	uint32_t pad = padding(m, *at);
	put_common(put32(head, 0x04034b50), m, crc_of(m), pad);
	if (pad > 0)
		put16(put16(extra, 0x4246), pad - 4);	/* "FB": filler, as PyTorch marks it */
	TRY(io_write(f->fd, f->path, head, sizeof head));
	TRY(io_write(f->fd, f->path, m->name, strlen(m->name)));
	TRY(io_write(f->fd, f->path, extra, pad));
	if (m->head_size > 0)
		TRY(io_write(f->fd, f->path, m->head, m->head_size));
	if (m->size > 0)
		TRY(io_write(f->fd, f->path, m->data, m->size));
	*at += sizeof head + strlen(m->name) + pad + m->head_size + m->size;
	return 0;
}

/* Of one member, which begins at `at`; *size grows by the entry. */
static int write_entry(const struct atomic_file *f, const struct zip_member *m, uint64_t at, uint32_t *size)
{
	uint8_t entry[CENTRAL_SIZE] = { 0 }, *p = put16(put32(entry, 0x02014b50), 20);
	p = put_common(p, m, crc_of(m), 0);
	put32(p + 10, (uint32_t)at);	/* behind comment, disk and attributes, all 0 */
	TRY(io_write(f->fd, f->path, entry, sizeof entry));
	*size += (uint32_t)(sizeof entry + strlen(m->name));
	return io_write(f->fd, f->path, m->name, strlen(m->name));
}

static int write_directory(const struct atomic_file *f, const struct zip_member *members, int n, uint64_t end_at)
{
	uint64_t at = 0;
	uint32_t size = 0;
	for (int i = 0; i < n; i++) {
		const struct zip_member *m = &members[i];
		uint64_t bytes = LOCAL_SIZE + strlen(m->name) + padding(m, at) + m->head_size + m->size;
		TRY(write_entry(f, m, at, &size));
		at += bytes;
	}
	uint8_t end[END_SIZE] = { 0 };
	uint8_t *p = put32(end, 0x06054b50) + 4;
	p = put16(put16(p, (uint32_t)n), (uint32_t)n);
	put32(put32(p, size), (uint32_t)end_at);
	return io_write(f->fd, f->path, end, sizeof end);
}

int zip_write(const struct atomic_file *f, const struct zip_member *members, int n)
{
	uint64_t size = END_SIZE, at = 0;
	for (int i = 0; i < n; i++)
		size += members[i].head_size + members[i].size + LOCAL_SIZE + CENTRAL_SIZE + 2 * strlen(members[i].name) +
			2 * members[i].align;
	if (size > UINT32_MAX || n > MAX_MEMBERS)
		return err_set("cannot write '%s': it would have more than 4 GiB or %d parts", f->path, MAX_MEMBERS);
	for (int i = 0; i < n; i++)
		TRY(write_member(f, &members[i], &at));
	return write_directory(f, members, n, at);
}
