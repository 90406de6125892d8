#include "stream/unpack.h"

#include <string.h>

struct unpack {
	int fd;
};

bool unpack_is(const uint8_t *head, size_t size)
{
	static const uint8_t magic[4] = { 0x28, 0xb5, 0x2f, 0xfd };
	return size == sizeof magic && memcmp(head, magic, sizeof magic) == 0;
}

struct unpack *unpack_new(int fd, const char *name, const uint8_t *head, size_t size)
{
	(void)fd, (void)head, (void)size;
	return err_null("'%s' is a pack; this build reads plain streams", name);
}

ssize_t unpack_read(struct unpack *u, uint8_t *data, size_t least, size_t most)
{
	(void)u, (void)data, (void)least, (void)most;
	return -1;
}

void unpack_free(struct unpack *u)
{
	(void)u;
}
