/*
 * sample: one image with its labels, the record most tools read and write.
 *
 * The fields are those of formats/sample.def; keys that this version does not know
 * are carried along in `extra`. All pointers of a decoded sample point into the stream
 * body or the arena given to sample_decode(), and live as long as those.
 *
 * Boxes are f32 [n 4] x0 y0 x1 y1, continuous, in pixels of the image as it is carried
 * (of the encoded image before any transform, of the tensor after).
 */
#ifndef RECORD_SAMPLE_H
#define RECORD_SAMPLE_H

#include "base/arena.h"
#include "base/error.h"
#include "stream/stream.h"
#include "tensor/tensor.h"

struct sample_id {
	const char *text;	/* NULL: the id is the integer */
	int64_t number;
};

/* A mask of one object: polygons, or a run-length string. */
struct sample_mask {
	int n_polygons;	/* 0: rle */
	struct tensor *polygons;	/* f64 [points 2] each */
	int32_t rle_h, rle_w;
	const char *rle;	/* COCO's compressed string, NUL-terminated; NULL: none */
};

/*
 * What --unpack leaves out of an annotation, because it was not said, or because object_members have it in their own way; and
 * how a mask was written.
 */
enum {
	SAMPLE_NO_AREA = 1,	/* area is that of the box */
	SAMPLE_NO_ISCROWD = 2,
	SAMPLE_NO_KEYPOINTS = 4,	/* all 0, because other objects of the image have some */
	SAMPLE_NO_NUM_KEYPOINTS = 8,
	SAMPLE_NO_SCORE = 16,	/* 0, or rounded */
	SAMPLE_NO_WEIGHT = 32,	/* 1, or rounded */
	SAMPLE_OTHER_COUNTS = 64,	/* run lengths are numbers, of a crowd text: not what is usual */
};

struct sample {
	struct sample_id id;
	int64_t seq;	/* position in the run, over all epochs; holes are legal */
	int64_t epoch;
	const char *source;	/* name of the data set it came from; never NULL after decode ("") */
	int32_t view;	/* number of this view of the image, of several that follow each other with one seq */
	int32_t input;	/* number of tmix's input it came through; -1: none */
	const char *file_name;	/* as the annotations name it; "" when unknown */
	const char *caption;	/* a text that goes with the image; "": none */
	const char *members;	/* JSON object: what COCO's files say of the image that nothing here holds (licence, addresses); "": nothing */

	/* Either the encoded file or the pixels. */
	const uint8_t *encoded;	/* JPEG or PNG; NULL: pixels */
	size_t encoded_size;
	struct tensor pixels;	/* u8 [H W 3] */

	int32_t orig_w, orig_h;	/* pixels of the original image, in the annotations' frame */
	int32_t exif;	/* EXIF orientation to apply to the pixels of `encoded`: 1..8; 1 = none */
	int32_t exif_boxes;	/* EXIF orientation to apply to the boxes; 1 when they are in the turned frame already */
	int32_t valid_w, valid_h;	/* pixels: the part that is image, from the top left; the rest is padding */
	/*
	 * From original pixels (annotations' frame) to this image, row-major 2x3:
	 * x' = m[0]*x + m[1]*y + m[2], y' = m[3]*x + m[4]*y + m[5].
	 */
	double transform[6];

	int64_t n;	/* objects */
	const float *boxes;	/* [n 4] */
	const int32_t *labels;	/* [n] index into the header's categories */
	const double *area;	/* [n] in original pixels squared, as annotated; NULL: absent */
	const uint8_t *iscrowd;	/* [n] or NULL: all 0 */
	const uint8_t *ignore;	/* [n] or NULL: all 0 (VOC's "difficult") */
	const uint8_t *truncated;	/* [n] or NULL: all 0; the object goes on beyond the image (VOC) */
	const float *score;	/* [n] or NULL (pseudo labels) */
	const float *weight;	/* [n] or NULL: all 1 */
	const int64_t *object_id;	/* [n] annotation ids or NULL */
	/*
	 * x, y, width, height in original pixels as annotated, or NULL: boxes have them to the last digit (see sample_bbox()), or
	 * they are not known. Only boxes follow the image when it is transformed.
	 */
	const double *bbox;	/* [n 4] */
	const int32_t *original_labels;	/* [n] before labels were made wrong on purpose, -1: it was not; NULL: none was */
	const uint8_t *form;	/* [n] sums of SAMPLE_NO_... and SAMPLE_OTHER_COUNTS, or NULL: all 0 */
	const char *const *object_members;	/* [n] as members, of each object; each NULL, or a JSON object; NULL: no object has any */
	const struct sample_mask *masks;	/* [n] or NULL */
	struct tensor keypoints;	/* f32 [n K 3] x y v, or data NULL; x and y number a pixel: its centre is at x + 0.5 */
	struct tensor points;	/* f64 [n K 3]: keypoints as annotated, where f32 does not tell (see sample_decimal()); or data NULL */

	int64_t class_label;	/* of the whole image: index into the header's categories; -1: none */
	struct tensor class_scores;	/* f32 [categories]: probabilities in place of one class (pseudo labels), or data NULL */
	int64_t original_class_label;	/* before it was made wrong on purpose; -1: it was not */
	struct tensor semantic;	/* u8 [H W] label map, or data NULL */

	/* Unknown keys, kept as they came: n_extra msgpack key/value pairs. Opaque; copied by sample_encode(). */
	const void *extra;
};

/* A sample with nothing in it: source "", identity transform, class_label -1, exif 1. */
void sample_init(struct sample *s);

/*
 * The box x, y, width, height that box x0 y0 x1 y1 was made from, if all of it are decimals of at most 6 digits behind the point,
 * and as few as box allows.
 */
void sample_bbox(double bbox[4], const float box[4]);

/* The decimal of fewest digits behind the point, at most 6, that is value in f32; else value itself. */
double sample_decimal(float value);

/*
 * Into out all that `in` has of its objects kept[0..n-1], in that order, in arena memory; what out has of the image stays.
 * Masks share their coordinates with those of `in`. Error: memory.
 */
int sample_take(struct sample *out, const struct sample *in, const int64_t *kept, int64_t n, struct arena *a) MUST_CHECK;

/* Views into body where the alignment allows; the rest in the arena. Error: names the key and what is wrong. */
int sample_decode(struct sample *s, const struct stream_body *body, struct arena *a) MUST_CHECK;

/* The msgpack map of s in arena memory, tensors 64-byte aligned from its start. */
int sample_encode(uint8_t **body, size_t *size, const struct sample *s, struct arena *a) MUST_CHECK;

/* What the header must bear out: the class and labels are categories, and boxes are finite. */
int sample_check(const struct sample *s, const struct stream_header *header) MUST_CHECK;

/*
 * stream_reader_next(), sample_decode() and sample_check(); the context names the record. 1, 0 or -1.
 * Who decodes elsewhere (in a worker thread) calls the three himself.
 */
int sample_read(struct sample *s, struct stream_reader *r, struct arena *a) MUST_CHECK;

/* Take away all that somebody annotated. */
void sample_strip_labels(struct sample *s);

/* sample_encode() and stream_writer_put(). */
int sample_write(struct stream_writer *w, const struct sample *s, struct arena *a) MUST_CHECK;

/* "17" or "'name'" into text; for messages. */
const char *sample_id_text(const struct sample_id *id, char text[128]);

#endif
