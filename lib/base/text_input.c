#include "base/text_input.h"

#include "base/io.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

const char *text_input_name(const char *path)
{
	return strcmp(path, "-") == 0 ? "standard input" : path;
}

int text_input_descriptor(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct pollfd p = { .fd = fd, .events = POLLIN };
	if (fd < 0)
		return err_errno("cannot open '%s'", path);
	while (poll(&p, 1, -1) < 0 && errno == EINTR)
		;
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK);
	return fd;
}

int text_input_open(struct text_input *in, const char *path)
{
	*in = (struct text_input){ .fd = strcmp(path, "-") == 0 ? STDIN_FILENO : text_input_descriptor(path) };
	return in->fd >= 0 ? 0 : -1;
}

/* The beginning tells whether the rest is compressed. */
static ssize_t read_first(struct text_input *in, const char *name, void *data, size_t size)
{
	ssize_t got = io_read(in->fd, name, data, size);
	in->started = true;
	if (got < 0 || !unzip_is(data, (size_t)got))
		return got;
	in->unzip = unzip_new(in->fd, name, data, (size_t)got);
	return in->unzip == NULL ? -1 : unzip_read(in->unzip, data, size);
}

ssize_t text_input_read(struct text_input *in, const char *name, void *data, size_t size)
{
	if (!in->started)
		return read_first(in, name, data, size);
	return in->unzip != NULL ? unzip_read(in->unzip, data, size) : io_read(in->fd, name, data, size);
}

void text_input_close(struct text_input *in)
{
	unzip_free(in->unzip);
	in->unzip = NULL;
	if (in->fd > STDIN_FILENO)
		close(in->fd);
	in->fd = -1;
}
