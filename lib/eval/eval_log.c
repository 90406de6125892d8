#include "eval/eval_log.h"

#include "base/io.h"
#include "eval/eval_outline.h"
#include "eval/eval_shape.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BLOCK = 1 << 18 };

int eval_log_open(struct eval_log *log)
{
	*log = (struct eval_log){ .fd = io_open_unnamed() };
	if (log->fd < 0)
		return -1;
	log->buffer = malloc(BLOCK);
	if (log->buffer != NULL)
		return 0;
	eval_log_close(log);
	return err_set("out of memory");
}

void eval_log_close(struct eval_log *log)
{
	if (log->fd >= 0)
		close(log->fd);
	free(log->buffer);
	*log = (struct eval_log){ .fd = -1 };
}

/* A block that cannot be written whole stays in memory. */
static int flush(struct eval_log *log)
{
	if (lseek(log->fd, log->written, SEEK_SET) < 0)
		return err_errno("cannot write a temporary file");
	TRY(io_write(log->fd, "a temporary file", log->buffer, log->used));
	log->written += (off_t)log->used;
	log->used = 0;
	return 0;
}

static int put(struct eval_log *log, const void *data, size_t size)
{
	for (const uint8_t *from = data; size > 0;) {
		if (log->used == BLOCK)
			TRY(flush(log));
		size_t piece = size < BLOCK - log->used ? size : BLOCK - log->used;
		memcpy(log->buffer + log->used, from, piece);
		log->used += piece;
		from += piece;
		size -= piece;
	}
	return 0;
}

static int put_edges(struct eval_log *log, const struct rle_edges *edges)
{
	TRY(put(log, edges, sizeof *edges));
	return put(log, edges->end, (size_t)edges->n * sizeof *edges->end);
}

static size_t pose_size(const struct eval_pose *pose)
{
	return sizeof *pose + 3 * (size_t)pose->sigmas->n * sizeof pose->xyv[0];
}

int eval_log_write(struct eval_log *log, const struct eval_object *x, int64_t n, struct eval_kind kind)
{
	for (int64_t i = 0; i < n; i++) {
		TRY(put(log, &x[i], sizeof x[i]));
		if (kind.shape == EVAL_SHAPE_MASK)
			TRY(put_edges(log, x[i].mask));
		if (kind.shape == EVAL_SHAPE_MASK && kind.outlines)
			TRY(put_edges(log, &((const struct eval_outline *)(const void *)x[i].mask)->boundary));
		if (kind.shape == EVAL_SHAPE_POSE)
			TRY(put(log, x[i].pose, pose_size(x[i].pose)));
	}
	log->n += n;
	return 0;
}

/* Reading: from the file, then from what did not get there. */
struct cursor {
	const struct eval_log *log;
	off_t at;	/* in the file, behind the block */
	const uint8_t *next;
	size_t left;
	uint8_t block[BLOCK];
};

static int fill(struct cursor *c)
{
	off_t rest = c->log->written - c->at;
	c->next = c->block;
	c->left = rest < BLOCK ? (size_t)rest : BLOCK;
	if (rest == 0) {
		c->next = c->log->buffer;
		c->left = c->log->used;
		return 0;
	}
	if (lseek(c->log->fd, c->at, SEEK_SET) < 0)
		return err_errno("cannot read a temporary file");
	ssize_t got = io_read(c->log->fd, "a temporary file", c->block, c->left);
	if (got != (ssize_t)c->left)
		return got < 0 ? -1 : err_set("a temporary file has become shorter");
	c->at += got;
	return 0;
}

static int get(struct cursor *c, void *data, size_t size)
{
	for (uint8_t *to = data; size > 0;) {
		if (c->left == 0)
			TRY(fill(c));
		size_t piece = size < c->left ? size : c->left;
		memcpy(to, c->next, piece);
		c->next += piece;
		c->left -= piece;
		to += piece;
		size -= piece;
	}
	return 0;
}

static int get_edges(struct cursor *c, struct rle_edges *edges, struct arena *a)
{
	TRY(get(c, edges, sizeof *edges));
	uint32_t *end = arena_alloc(a, (size_t)edges->n * sizeof *end);
	if (end == NULL)
		return -1;
	edges->end = end;
	return get(c, end, (size_t)edges->n * sizeof *end);
}

static int get_shape(struct cursor *c, struct eval_object *x, struct eval_kind kind, struct arena *a)
{
	if (kind.shape == EVAL_SHAPE_MASK) {
		struct eval_outline *o = arena_alloc(a, kind.outlines ? sizeof *o : sizeof o->mask);
		if (o == NULL || get_edges(c, &o->mask, a) != 0 || (kind.outlines && get_edges(c, &o->boundary, a) != 0))
			return -1;
		x->mask = &o->mask;
	} else if (kind.shape == EVAL_SHAPE_POSE) {
		struct eval_pose head;
		TRY(get(c, &head, sizeof head));
		struct eval_pose *pose = arena_alloc(a, pose_size(&head));
		if (pose == NULL || get(c, pose->xyv, pose_size(&head) - sizeof head) != 0)
			return -1;
		pose->sigmas = head.sigmas;
		pose->n_labelled = head.n_labelled;
		x->pose = pose;
	}
	return 0;
}

int eval_log_read(const struct eval_log *log, struct eval_objects *objects, struct eval_kind kind, struct arena *a)
{
	struct cursor *c = malloc(sizeof *c);
	int status = 0;
	if (c == NULL)
		return err_set("out of memory");
	c->log = log;
	c->at = 0;
	c->left = 0;
	for (int64_t i = 0; i < log->n && status == 0; i++) {
		struct eval_object x;
		status = get(c, &x, sizeof x);
		if (status == 0)
			status = get_shape(c, &x, kind, a);
		if (status == 0)
			status = eval_objects_add(objects, &x, 1);
	}
	free(c);
	return status;
}
