#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int fuzz_file(char path[32], const uint8_t *data, size_t size)
{
	int fd = memfd_create("fuzz", MFD_CLOEXEC);
	if (fd < 0 || write(fd, data, size) != (ssize_t)size || lseek(fd, 0, SEEK_SET) != 0) {
		perror("fuzz: a file in memory");
		abort();
	}
	snprintf(path, 32, "/proc/self/fd/%d", fd);
	return fd;
}

bool fuzz_pair_open(struct fuzz_pair *pair, const uint8_t *data, size_t size)
{
	const uint8_t *end = memchr(data, 0, size);
	if (end == NULL)
		return false;
	size_t first = (size_t)(end - data);
	pair->descriptor[0] = fuzz_file(pair->path[0], data, first);
	pair->descriptor[1] = fuzz_file(pair->path[1], end + 1, size - first - 1);
	return true;
}

void fuzz_pair_close(struct fuzz_pair *pair)
{
	close(pair->descriptor[0]);
	close(pair->descriptor[1]);
}
