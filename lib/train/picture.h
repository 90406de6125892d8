/*
 * picture: images with what was found in them, as JPEG files of one directory.
 *
 *     struct pictures p;
 *     pictures_init(&p, "found");
 *     TRY(pictures_write(&p, &sample, &detection, categories, &arena));
 *     pictures_release(&p);
 */
#ifndef TRAIN_PICTURE_H
#define TRAIN_PICTURE_H

#include "coco/id_map.h"
#include "record/detection.h"
#include "stream/stream.h"

struct pictures {
	const char *dir;	/* the caller's */
	struct id_map used;	/* names given, and to which image */
	struct arena names;
};

void pictures_init(struct pictures *p, const char *dir);

/*
 * Write DIR/NAME.found.jpg, which is never the image itself, whatever DIR is: the pixels the model saw, small images enlarged by a
 * whole number, with the boxes of d (original pixels) and "class score" tags. NAME is the last part of the file name without its ending, or
 * the id where there is no file name; when another image was given that name already, NAME-ID. An image that comes again
 * (same source, id and file name) takes its own picture's place. Scores below .3 are left out, as a
 * detector's long tail hides the picture. Of class scores the highest is written into the corner.
 */
int pictures_write(struct pictures *p, const struct sample *s, const struct detection *d,
		   const struct category *categories, struct arena *a) MUST_CHECK;

void pictures_release(struct pictures *p);

#endif
