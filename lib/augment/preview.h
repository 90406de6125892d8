/*
 * preview: a contact sheet of what augmenting does: pairs of pictures, the sample before and after, with all that is known
 * about its objects drawn into both, and what was done to it above them.
 *
 *     struct preview p;
 *     TRY(preview_init(&p, 12, header, twins));
 *     TRY(preview_add(&p, &before, &after, &plan));      // more than 12 are ignored
 *     TRY(preview_write(&p, "sheet.jpg"));
 *     preview_release(&p);
 */
#ifndef AUGMENT_PREVIEW_H
#define AUGMENT_PREVIEW_H

#include "augment/augment.h"

struct preview {
	struct arena arena, scratch;
	const struct stream_header *header;
	const struct keypoint_twins *twins;
	int n, max;
	struct tensor *cell;	/* [max] u8 [H W 3]: a title strip and the two pictures */
};

/* Room for max pairs. header names the labels and twins the pairs of keypoints (NULL: a person's); both are borrowed. */
int preview_init(struct preview *p, int max, const struct stream_header *header, const struct keypoint_twins *twins)
	MUST_CHECK;

/*
 * Draw a sample into the next cell: `before` as it came, upright, whole; `after`, which has pixels, with its padding; plan is what was
 * done to it. Copies what it needs. Error: as augment_sample(), of either.
 */
int preview_add(struct preview *p, const struct sample *before, const struct sample *after,
		const struct augment_plan *plan) MUST_CHECK;

/* The sheet as a JPEG file, complete or not there at all. A sheet of no samples says so. */
int preview_write(const struct preview *p, const char *path) MUST_CHECK;

void preview_release(struct preview *p);

/*
 * Draw what s says about its image into it: label map, masks, boxes, keypoints, class. image u8 [H W 3] has the size of s's pixels.
 * Of a pair of keypoints one is green and the other orange. Error: a mask that is malformed; memory.
 */
int preview_draw_objects(struct tensor *image, const struct sample *s, const struct stream_header *header,
			 const struct keypoint_twins *twins, struct arena *a) MUST_CHECK;

/* What a plan does, in words: "rotate 30, color 1.2, mirrored, scaled to 700x466 (1.09), cut to 640x466 at 12,0". */
void preview_plan_text(char *text, size_t room, const struct augment_plan *plan);

#endif
