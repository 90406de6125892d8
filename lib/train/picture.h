/*
 * picture: an image with what was found in it, as a JPEG file.
 */
#ifndef TRAIN_PICTURE_H
#define TRAIN_PICTURE_H

#include "record/detection.h"
#include "stream/stream.h"

/*
 * Write DIR/NAME.found.jpg, which is never the image itself, whatever DIR is: the pixels the model saw, with the boxes of d (original pixels) and "class score" tags.
 * NAME is the last part of the file name without its ending, or the id. Scores below .3 are left out,
 * as a detector's long tail hides the picture.
 */
int picture_write(const char *dir, const struct sample *s, const struct detection *d,
		  const struct category *categories, struct arena *a) MUST_CHECK;

#endif
