#include "base/unzip.h"

#include "base/io.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

enum {
	INPUT = 1 << 18,
	GZIP_ONLY = 16 + 15,	/* zlib's way to ask for gzip's header and the largest window */
};

struct unzip {
	int fd;
	const char *name;
	uint8_t *input;
	size_t at, end, room;	/* of input */
	bool at_eof;
	bool between;	/* all that was begun is complete */
	bool is_gzip;
	z_stream gzip;
	ZSTD_DStream *zstd;
};

bool unzip_is(const void *head, size_t size)
{
	return (size >= 2 && memcmp(head, "\x1f\x8b", 2) == 0) || (size >= 4 && memcmp(head, "\x28\xb5\x2f\xfd", 4) == 0);
}

struct unzip *unzip_new(int fd, const char *name, const void *head, size_t size)
{
	struct unzip *u = calloc(1, sizeof *u);
	if (u == NULL)
		return err_null("out of memory");
	u->fd = fd;
	u->name = name;
	u->room = size > INPUT ? size : INPUT;
	u->end = size;
	u->between = true;
	u->input = malloc(u->room);
	bool is_gzip = *(const uint8_t *)head == 0x1f;
	if (is_gzip)
		u->is_gzip = inflateInit2(&u->gzip, GZIP_ONLY) == Z_OK;
	else
		u->zstd = ZSTD_createDStream();
	if (u->input == NULL || (is_gzip ? !u->is_gzip : u->zstd == NULL)) {
		unzip_free(u);
		return err_null("out of memory");
	}
	memcpy(u->input, head, size);
	return u;
}

void unzip_free(struct unzip *u)
{
	if (u == NULL)
		return;
	if (u->is_gzip)
		inflateEnd(&u->gzip);
	ZSTD_freeDStream(u->zstd);
	free(u->input);
	free(u);
}

/* One step; *made is what came out. */
static int step_gzip(struct unzip *u, uint8_t *data, size_t size, size_t *made)
{
	/* Another piece behind a complete one. */
	if (u->between && inflateReset(&u->gzip) != Z_OK)
		return err_set("%s: cannot start to expand", u->name);
	u->gzip.next_in = u->input + u->at;
	u->gzip.avail_in = (uInt)(u->end - u->at);
	u->gzip.next_out = data;
	u->gzip.avail_out = size > INT32_MAX ? INT32_MAX : (uInt)size;
	uInt before = u->gzip.avail_out;
	int status = inflate(&u->gzip, Z_NO_FLUSH);
	if (status != Z_OK && status != Z_STREAM_END && status != Z_BUF_ERROR)
		return err_set("%s: the gzip data are damaged%s%s", u->name, u->gzip.msg != NULL ? ": " : "",
			       u->gzip.msg != NULL ? u->gzip.msg : "");
	u->at = u->end - u->gzip.avail_in;
	u->between = status == Z_STREAM_END;
	*made = before - u->gzip.avail_out;
	return 0;
}

static int step_zstd(struct unzip *u, uint8_t *data, size_t size, size_t *made)
{
	ZSTD_inBuffer in = { u->input, u->end, u->at };
	ZSTD_outBuffer out = { data, size, 0 };
	size_t status = ZSTD_decompressStream(u->zstd, &out, &in);
	if (ZSTD_isError(status))
		return err_set("%s: the zstd data are damaged: %s", u->name, ZSTD_getErrorName(status));
	u->at = in.pos;
	u->between = status == 0;
	*made = out.pos;
	return 0;
}

static int refill(struct unzip *u)
{
	ssize_t got = io_read(u->fd, u->name, u->input, u->room);
	if (got < 0)
		return -1;
	u->at = 0;
	u->end = (size_t)got;
	u->at_eof = u->end < u->room;
	return 0;
}

ssize_t unzip_read(struct unzip *u, void *data, size_t size)
{
	uint8_t *to = data;
	size_t got = 0;
	while (got < size) {
		if (u->at == u->end && !u->at_eof)
			TRY(refill(u));
		if (u->at == u->end && u->between)
			break;
		size_t made = 0, before = u->at;
		TRY(u->is_gzip ? step_gzip(u, to + got, size - got, &made) : step_zstd(u, to + got, size - got, &made));
		got += made;
		if (made == 0 && u->at == before && u->at == u->end && u->at_eof && !u->between)
			return err_set("%s: the compressed data end early", u->name);
	}
	return (ssize_t)got;
}
