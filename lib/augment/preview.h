/*
 * preview: a contact sheet of what a stream's samples look like, with boxes and labels drawn.
 *
 *     struct preview p;
 *     TRY(preview_init(&p, 12));
 *     TRY(preview_add(&p, &sample, header));      // more than 12 are ignored
 *     TRY(preview_write(&p, "sheet.jpg"));
 *     preview_release(&p);
 */
#ifndef AUGMENT_PREVIEW_H
#define AUGMENT_PREVIEW_H

#include "base/arena.h"
#include "base/error.h"
#include "record/sample.h"

struct preview {
	struct arena arena;
	int n, max;
	struct tensor *cell;	/* [max] u8 [H W 3]: a title strip and the picture */
};

/* Room for max pictures. */
int preview_init(struct preview *p, int max) MUST_CHECK;

/* Draw a sample with pixels into the next cell; header names the labels. Copies what it needs. */
int preview_add(struct preview *p, const struct sample *s, const struct stream_header *header) MUST_CHECK;

/* The sheet as a JPEG file, complete or not there at all. A sheet of no samples says so. */
int preview_write(const struct preview *p, const char *path) MUST_CHECK;

void preview_release(struct preview *p);

#endif
