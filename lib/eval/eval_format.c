#include "eval/eval_format.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Copies the first byte of a pipe; the pipe keeps it. 1, 0 at the end, -1 with errno. */
static ssize_t peek_pipe(int fd, unsigned char *byte)
{
	int copy[2];
	if (pipe(copy) != 0)
		return -1;
	ssize_t got;
	do {
		got = tee(fd, copy[1], 1, 0);
	} while (got < 0 && errno == EINTR);
	if (got > 0)
		got = read(copy[0], byte, 1);
	int saved = errno;
	close(copy[0]);
	close(copy[1]);
	errno = saved;
	return got;
}

static ssize_t peek(int fd, unsigned char *byte)
{
	struct stat st;
	if (fstat(fd, &st) != 0)
		return -1;
	if (S_ISFIFO(st.st_mode))
		return peek_pipe(fd, byte);
	off_t here = lseek(fd, 0, SEEK_CUR);
	if (here >= 0)
		return pread(fd, byte, 1, here);
	/* A terminal cannot be looked ahead in; what people type is JSON. */
	*byte = '[';
	return 1;
}

int eval_format_of(enum eval_format *format, int *hold, const char *path)
{
	bool from_stdin = strcmp(path, "-") == 0;
	unsigned char first;
	int fd = from_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	*hold = -1;
	if (fd < 0)
		return err_errno("cannot open '%s'", path);
	ssize_t got = peek(fd, &first);
	if (got <= 0) {
		if (got < 0)
			err_errno("cannot read '%s'", from_stdin ? "standard input" : path);
		else
			err_set("'%s' is empty", from_stdin ? "standard input" : path);
		if (!from_stdin)
			close(fd);
		return -1;
	}
	if (!from_stdin)
		*hold = fd;
	/* A stream begins with msgpack's fixext 16, a pack with a zstd frame; every other first byte is for the JSON reader. */
	*format = first == 0xd8 || first == 0x28 ? EVAL_FORMAT_STREAM : EVAL_FORMAT_JSON;
	return 0;
}
