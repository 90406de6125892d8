#include "base/text_input.h"

#include "base/io.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

const char *text_input_name(const char *path)
{
	return strcmp(path, "-") == 0 ? "standard input" : path;
}

int text_input_open(struct text_input *in, const char *path)
{
	*in = (struct text_input){ .fd = STDIN_FILENO };
	if (strcmp(path, "-") != 0)
		in->fd = open(path, O_RDONLY | O_CLOEXEC);
	return in->fd >= 0 ? 0 : err_errno("cannot open '%s'", path);
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
