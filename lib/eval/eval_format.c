#include "eval/eval_format.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <zstd.h>

/*
 * A pack begins with a small compressed header: with so many bytes of a pipe at hand it is clear what zstd has compressed. A
 * pipe holds twice as much, so that waiting for them comes to an end.
 */
enum { ENOUGH = 1 << 15, BUFFER = 1 << 18 };

/* Copies the first bytes of a pipe; the pipe keeps them. 0 at the end, -1 with errno. */
static ssize_t peek_pipe(int fd, uint8_t *data, size_t size)
{
	int copy[2];
	if (pipe(copy) != 0)
		return -1;
	ssize_t got;
	do {
		got = tee(fd, copy[1], size, 0);
	} while (got < 0 && errno == EINTR);
	if (got > 0)
		got = read(copy[0], data, (size_t)got);
	int saved = errno;
	close(copy[0]);
	close(copy[1]);
	errno = saved;
	return got;
}

/* What stands at the beginning, up to size bytes; of a pipe as much as is there. */
static ssize_t peek(int fd, uint8_t *data, size_t size)
{
	struct stat st;
	if (fstat(fd, &st) != 0)
		return -1;
	if (S_ISFIFO(st.st_mode))
		return peek_pipe(fd, data, size);
	off_t here = lseek(fd, 0, SEEK_CUR);
	if (here >= 0)
		return pread(fd, data, size, here);
	/* A terminal cannot be looked ahead in; what people type is JSON. */
	*data = '[';
	return 1;
}

/* The first byte of what zstd has compressed; -1: more is needed to tell, -2: damaged. */
static int first_expanded(const uint8_t *data, size_t size)
{
	ZSTD_DStream *z = ZSTD_createDStream();
	uint8_t byte;
	ZSTD_inBuffer in = { data, size, 0 };
	ZSTD_outBuffer out = { &byte, 1, 0 };
	size_t status = 0;
	while (z != NULL && out.pos == 0 && in.pos < in.size && !ZSTD_isError(status))
		status = ZSTD_decompressStream(z, &out, &in);
	ZSTD_freeDStream(z);
	if (out.pos == 1)
		return byte;
	return ZSTD_isError(status) ? -2 : -1;
}

/* More can come of this pipe; a file is all there. */
static bool may_grow(int fd)
{
	struct stat st;
	struct pollfd p = { .fd = fd, .events = POLLIN };
	return fstat(fd, &st) == 0 && S_ISFIFO(st.st_mode) && poll(&p, 1, 0) >= 0 && (p.revents & POLLHUP) == 0;
}

/* A pack, or JSON that zstd has compressed. */
static ssize_t look_inside(int fd, uint8_t *data, bool *is_pack)
{
	const struct timespec pause = { .tv_nsec = 1000000 };
	for (;;) {
		bool growing = may_grow(fd);
		ssize_t got = peek(fd, data, BUFFER);
		if (got <= 0)
			return got;
		int byte = first_expanded(data, (size_t)got);
		/* A damaged one is left to the reader of packs, which says where. */
		*is_pack = byte == 0xd8 || byte == -2 || (byte == -1 && got < ENOUGH);
		if (byte != -1 || got >= ENOUGH || !growing)
			return got;
		nanosleep(&pause, NULL);
	}
}

static ssize_t look(int fd, bool *is_stream)
{
	uint8_t first;
	ssize_t got = peek(fd, &first, 1);
	/* A stream begins with msgpack's fixext 16, a pack with a zstd frame; every other first byte is for the JSON reader. */
	*is_stream = first == 0xd8;
	if (got <= 0 || first != 0x28)
		return got;
	uint8_t *data = malloc(BUFFER);
	if (data == NULL)
		return -1;
	got = look_inside(fd, data, is_stream);
	free(data);
	return got;
}

int eval_format_of(enum eval_format *format, int *hold, const char *path)
{
	bool from_stdin = strcmp(path, "-") == 0;
	bool is_stream;
	int fd = from_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	*hold = -1;
	if (fd < 0)
		return err_errno("cannot open '%s'", path);
	ssize_t got = look(fd, &is_stream);
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
	*format = is_stream ? EVAL_FORMAT_STREAM : EVAL_FORMAT_JSON;
	return 0;
}
