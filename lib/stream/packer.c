#include "stream/packer.h"

struct packer *packer_new(int fd, const char *name)
{
	(void)fd;
	return err_null("'%s': this build writes plain streams", name);
}

int packer_put(struct packer *p, int role, const uint8_t frame[FRAME_SIZE], const void *body, size_t size,
	       int64_t objects)
{
	(void)p, (void)role, (void)frame, (void)body, (void)size, (void)objects;
	return -1;
}

int packer_end(struct packer *p)
{
	(void)p;
	return -1;
}

void packer_free(struct packer *p)
{
	(void)p;
}
