#include "stream/source.h"

#include "base/io.h"
#include "base/text_input.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum { PIPE_SIZE = 1 << 20 };

static int look_at_head(struct source *s)
{
	ssize_t n = io_read(s->fd, s->name, s->head, sizeof s->head);
	if (n < 0)
		return -1;
	if (n == 0)
		return err_set("'%s' is empty, without even a header: the program before it failed or wrote nothing",
			       s->name);
	s->head_size = (size_t)n;
	if (unpack_is(s->head, s->head_size)) {
		s->unpack = unpack_new(s->fd, s->name, s->head, s->head_size);
		if (s->unpack == NULL)
			return -1;
		s->head_size = 0;
	}
	return 0;
}

int source_open(struct source *s, const char *path, const char *name)
{
	*s = (struct source){ .fd = STDIN_FILENO, .name = name };
	if (strcmp(path, "-") != 0) {
		s->fd = text_input_descriptor(path);
		if (s->fd < 0)
			return -1;
		s->owned = true;
	} else if (isatty(s->fd)) {
		return err_set("standard input is a terminal; pipe a stream into it or name a file");
	}
	/* Larger pipes mean fewer switches between the programs; where that is not allowed it stays as it is. */
	fcntl(s->fd, F_SETPIPE_SZ, PIPE_SIZE);
	if (look_at_head(s) == 0)
		return 0;
	source_close(s);
	return -1;
}

ssize_t source_read(struct source *s, void *data, size_t least, size_t most)
{
	uint8_t *to = data;
	size_t from_head = s->head_size < most ? s->head_size : most;
	if (s->unpack != NULL)
		return unpack_read(s->unpack, to, least, most);
	if (from_head > 0) {
		memcpy(to, s->head, from_head);
		memmove(s->head, s->head + from_head, s->head_size - from_head);
		s->head_size -= from_head;
	}
	if (from_head >= least)
		return (ssize_t)from_head;
	ssize_t n = io_read_some(s->fd, s->name, to + from_head, least - from_head, most - from_head);
	return n < 0 ? -1 : n + (ssize_t)from_head;
}

void source_close(struct source *s)
{
	unpack_free(s->unpack);
	s->unpack = NULL;
	if (s->owned)
		close(s->fd);
	s->owned = false;
}
