/*
 * detection: what a detector found in one image; stream kind "detection".
 *
 * Boxes are in original pixels of the annotations' frame; labels index the header's
 * categories. Pointers live as those of a sample do.
 */
#ifndef RECORD_DETECTION_H
#define RECORD_DETECTION_H

#include "record/sample.h"

struct detection {
	struct sample_id id;	/* of the image */
	int64_t seq;
	const char *source;
	const char *file_name;
	int32_t orig_w, orig_h;
	int64_t n;
	const float *boxes;	/* [n 4] x0 y0 x1 y1 */
	const int32_t *labels;	/* [n] */
	const float *scores;	/* [n], descending */
	struct tensor class_scores;	/* f32 [n_categories], of the whole image, or data NULL */
	struct tensor semantic;	/* u8 [H W] the label found for each pixel, or data NULL */
	const struct sample_mask *masks;	/* [n] or NULL */
	struct tensor keypoints;	/* f32 [n K 3] x y v, or data NULL */
	const void *extra;	/* unknown keys, as in a sample */
};

int detection_decode(struct detection *d, const struct stream_body *body, struct arena *a) MUST_CHECK;
int detection_encode(uint8_t **body, size_t *size, const struct detection *d, struct arena *a) MUST_CHECK;
/* What the header must bear out: labels are categories, boxes and scores finite. detection_read() includes it. */
int detection_check(const struct detection *d, const struct stream_header *header) MUST_CHECK;

int detection_read(struct detection *d, struct stream_reader *r, struct arena *a) MUST_CHECK;
int detection_write(struct stream_writer *w, const struct detection *d, struct arena *a) MUST_CHECK;

#endif
