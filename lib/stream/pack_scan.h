/*
 * pack_scan: what can still be unpacked of a damaged pack, one zstd frame after the other.
 *
 * With the index every zstd frame is where the index says. Without it (the file was cut, or the index is damaged itself)
 * frames are looked for by their magic number, from wherever the last one ended or failed.
 *
 *     struct pack_scan s;
 *     struct pack_piece piece;
 *     int got;
 *     TRY(pack_scan_open(&s, "x.pack", NULL));
 *     while ((got = pack_scan_next(&s, &piece)) == 1)
 *             ...                     // piece.bytes live until the next call
 *     pack_scan_close(&s);
 */
#ifndef STREAM_PACK_SCAN_H
#define STREAM_PACK_SCAN_H

#include "stream/pack.h"
#include "stream/pack_index.h"

/* One zstd frame, or a place where one should be. */
struct pack_piece {
	int64_t frame;	/* its number; -1 without an index */
	uint64_t place;	/* in the file, bytes */
	const uint8_t *bytes;	/* of the stream, as far as they could be unpacked; not checked */
	size_t size;
	char damage[160];	/* what is wrong with the frame; "": nothing */
};

struct pack_scan {
	struct pack pack;	/* open when there is an index */
	const struct pack_index *index;	/* of it, or NULL */
	char why[256];	/* there is no index */
	int fd;
	char *name;
	uint64_t cap, file_size;
	uint64_t at;	/* in the file; with an index the number of the next frame */
	struct ZSTD_DCtx_s *zstd;
	uint8_t *window;	/* bytes of the file from window_at on */
	uint64_t window_at;
	size_t window_size;
	uint8_t *bytes;	/* unpacked */
	size_t room;
};

/* Error: cannot open; neither a regular file nor a pack; memory. */
int pack_scan_open(struct pack_scan *s, const char *path, const struct stream_limits *limits) MUST_CHECK;

/* 1: a piece, in the order of the file; 0: no more; -1: memory, or the file cannot be read. */
int pack_scan_next(struct pack_scan *s, struct pack_piece *piece) MUST_CHECK;

void pack_scan_close(struct pack_scan *s);

#endif
