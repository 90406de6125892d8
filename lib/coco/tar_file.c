#include "coco/tar_file.h"

#include <stdint.h>
#include <string.h>

enum { BLOCK = 512, RECORD_SIZE = 20 * BLOCK };

struct tar_header {
	char name[100], mode[8], uid[8], gid[8], size[12], mtime[12], checksum[8], type, link[100];
	char magic[6], version[2], owner[32], group[32], major[8], minor[8], prefix[155], padding[12];
};

static void put_zeros(FILE *file, size_t n)
{
	static const char zeros[BLOCK];
	for (; n > 0; n -= n < BLOCK ? n : BLOCK)
		fwrite(zeros, 1, n < BLOCK ? n : BLOCK, file);
}

int tar_file_put(FILE *file, const char *name, const void *bytes, size_t size)
{
	struct tar_header h = { .type = '0', .mode = "0000644", .uid = "0000000", .gid = "0000000", .mtime = "00000000000",
		.magic = "ustar", .version = { '0', '0' }, .checksum = "       ", .major = "0000000", .minor = "0000000" };
	if (strlen(name) >= sizeof h.name)
		return err_set("'%s' is too long a name in a tar file", name);
	if ((uint64_t)size >> 33 != 0)
		return err_set("'%s' is too large for a tar file", name);
	strcpy(h.name, name);
	snprintf(h.size, sizeof h.size, "%011llo", (unsigned long long)size);
	h.checksum[7] = ' ';
	unsigned sum = 0;
	for (size_t i = 0; i < sizeof h; i++)
		sum += ((const unsigned char *)&h)[i];
	snprintf(h.checksum, sizeof h.checksum - 1, "%06o", sum);
	fwrite(&h, 1, sizeof h, file);
	fwrite(bytes, 1, size, file);
	put_zeros(file, (BLOCK - size % BLOCK) % BLOCK);
	return 0;
}

size_t tar_file_size(size_t size)
{
	return BLOCK + (size + BLOCK - 1) / BLOCK * BLOCK;
}

void tar_file_end(FILE *file, size_t written)
{
	written += 2 * BLOCK;
	put_zeros(file, 2 * BLOCK + (RECORD_SIZE - written % RECORD_SIZE) % RECORD_SIZE);
}
