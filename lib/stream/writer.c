#include "base/io.h"
#include "stream/frame.h"
#include "stream/header.h"
#include "stream/packer.h"
#include "stream/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>
#include <xxhash.h>

_Static_assert(sizeof(((struct stream_part *)NULL)->frame) == FRAME_SIZE, "a frame fits");

enum { BUFFER_SIZE = 64 << 10, PIPE_SIZE = 1 << 20 };

struct stream_writer_state {
	char *name;
	struct atomic_file file;	/* not open when writing to stdout */
	int fd;
	bool prompt;	/* somebody may be waiting for each record: a pipe, not a file */
	struct packer *packer;	/* NULL: a plain stream */
	uint8_t buffer[BUFFER_SIZE];
	size_t used;
	XXH3_state_t *frames;
	struct stream_count out;
	char *error;	/* the message, once failed */
	bool failed;
};

static int fail(struct stream_writer_state *s)
{
	s->failed = true;
	s->error = strdup(err_get());
	return -1;
}

static int flush(struct stream_writer_state *s)
{
	size_t used = s->used;
	s->used = 0;
	return io_write(s->fd, s->name, s->buffer, used);
}

/* The buffer and a body that is too long for it, in one call as a rule. */
static int flush_with(struct stream_writer_state *s, const void *body, size_t size)
{
	struct iovec piece[2] = { { s->buffer, s->used }, { (void *)body, size } };
	ssize_t n = writev(s->fd, piece, 2);
	if (n < 0 && errno != EINTR)
		return err_errno("cannot write '%s'", s->name);
	size_t done = n < 0 ? 0 : (size_t)n, from_buffer = done < s->used ? done : s->used;
	TRY(io_write(s->fd, s->name, s->buffer + from_buffer, s->used - from_buffer));
	done -= from_buffer;
	s->used = 0;
	return io_write(s->fd, s->name, (const char *)body + done, size - done);
}

static int put_plain(struct stream_writer_state *s, const uint8_t frame[FRAME_SIZE], const void *body, size_t size)
{
	if (s->used + FRAME_SIZE > BUFFER_SIZE)
		TRY(flush(s));
	memcpy(s->buffer + s->used, frame, FRAME_SIZE);
	s->used += FRAME_SIZE;
	if (size > BUFFER_SIZE - s->used)
		return flush_with(s, body, size);
	if (size > 0)
		memcpy(s->buffer + s->used, body, size);
	s->used += size;
	return s->prompt ? flush(s) : 0;
}

static int write_part(struct stream_writer_state *s, int role, const struct stream_part *part, int64_t objects)
{
	if (role != WIRE_FRAME_TRAILER)
		XXH3_64bits_update(s->frames, part->frame, FRAME_SIZE);
	if (s->packer == NULL)
		return put_plain(s, part->frame, part->body, part->size);
	const struct packer_frame ready = { part->packed, part->packed_size, part->packed_hash };
	return packer_put(s->packer, role, part->frame, part->body, part->size, objects, &ready);
}

/* Header or trailer. */
static int put_part(struct stream_writer_state *s, int role, const void *body, size_t size)
{
	struct stream_part part = { .body = body, .size = size };
	frame_make(part.frame, role, body, size);
	return write_part(s, role, &part, 0);
}

static bool is_pack_name(const char *path)
{
	size_t length = strlen(path);
	return length >= 5 && strcmp(path + length - 5, ".pack") == 0;
}

static int open_output(struct stream_writer_state *s, const char *path)
{
	struct stat st;
	s->fd = STDOUT_FILENO;
	if (strcmp(path, "-") != 0) {
		TRY(atomic_open(&s->file, path));
		s->fd = s->file.fd;
	} else if (isatty(s->fd)) {
		return err_set("refusing to write a binary stream to a terminal; redirect it or pipe it into a program");
	}
	s->prompt = fstat(s->fd, &st) != 0 || !S_ISREG(st.st_mode);
	fcntl(s->fd, F_SETPIPE_SZ, PIPE_SIZE);
	if (is_pack_name(path)) {
		s->packer = packer_new(s->fd, s->name);
		return s->packer == NULL ? -1 : 0;
	}
	return 0;
}

static int put_header(struct stream_writer_state *s, const struct stream_header *header)
{
	struct arena a;
	struct emitter e;
	arena_init(&a, 1 << 14);
	XXH3_64bits_reset(s->frames);
	int status = header_encode(&e, header, &a);
	if (status == 0)
		status = put_part(s, WIRE_FRAME_HEADER, e.data, e.size);
	arena_release(&a);
	return status;
}

static void release(struct stream_writer *w)
{
	struct stream_writer_state *s = w->state;
	packer_free(s->packer);
	atomic_abandon(&s->file);
	XXH3_freeState(s->frames);
	free(s->name);
	free(s->error);
	free(s);
	w->state = NULL;
}

int stream_writer_open(struct stream_writer *w, const char *path, const struct stream_header *header)
{
	struct stream_writer_state *s = calloc(1, sizeof *s);
	w->state = s;
	if (s == NULL)
		return err_set("out of memory");
	s->file.fd = -1;
	s->frames = XXH3_createState();
	s->name = strdup(strcmp(path, "-") == 0 ? "standard output" : path);
	if (s->frames == NULL || s->name == NULL)
		err_set("out of memory");
	else if (open_output(s, path) == 0 && put_header(s, header) == 0)
		return 0;
	release(w);
	return -1;
}

int stream_writer_prepare(struct stream_part *part, const struct stream_writer *w, const void *body, size_t size,
			  struct arena *a)
{
	struct packer_frame ready = { NULL, 0, 0 };
	*part = (struct stream_part){ .body = body, .size = size };
	frame_make(part->frame, WIRE_FRAME_RECORD, body, size);
	if (w->state->packer != NULL)
		TRY(packer_prepare(w->state->packer, &ready, part->frame, body, size, a));
	part->packed = ready.bytes;
	part->packed_size = ready.size;
	part->packed_hash = ready.hash;
	return 0;
}

int stream_writer_put_part(struct stream_writer *w, const struct stream_part *part, int64_t objects)
{
	struct stream_writer_state *s = w->state;
	if (s->failed)
		return err_set("%s", s->error != NULL ? s->error : "an earlier write failed");
	if (part->size > STREAM_DEFAULT_CAP) {
		err_set("record %" PRId64 " of '%s' has %zu bytes, more than any reader accepts", s->out.records,
			s->name, part->size);
		return fail(s);
	}
	if (write_part(s, WIRE_FRAME_RECORD, part, objects) != 0) {
		err_context("record %" PRId64, s->out.records);
		return fail(s);
	}
	s->out.records++;
	s->out.objects += objects;
	return 0;
}

int stream_writer_put(struct stream_writer *w, const void *body, size_t size, int64_t objects)
{
	struct stream_part part = { .body = body, .size = size };
	frame_make(part.frame, WIRE_FRAME_RECORD, body, size);
	return stream_writer_put_part(w, &part, objects);
}

static int put_trailer(struct stream_writer_state *s, const struct stream_trailer *trailer)
{
	struct stream_trailer t = { .in = s->out };
	struct arena a;
	struct emitter e;
	if (trailer != NULL)
		t = *trailer;
	t.out = s->out;
	arena_init(&a, 1 << 14);
	int status = trailer_encode(&e, &t, XXH3_64bits_digest(s->frames), &a);
	if (status == 0)
		status = put_part(s, WIRE_FRAME_TRAILER, e.data, e.size);
	arena_release(&a);
	return status;
}

int stream_writer_close(struct stream_writer *w, const struct stream_trailer *trailer)
{
	struct stream_writer_state *s = w->state;
	int status = 0;
	if (s->failed)
		status = err_set("%s", s->error != NULL ? s->error : "an earlier write failed");
	if (status == 0)
		status = put_trailer(s, trailer);
	if (status == 0)
		status = s->packer != NULL ? packer_end(s->packer) : flush(s);
	if (status == 0 && s->file.fd >= 0)
		status = atomic_commit(&s->file);
	release(w);
	return status;
}

void stream_writer_abandon(struct stream_writer *w)
{
	if (w->state != NULL)
		release(w);
}
