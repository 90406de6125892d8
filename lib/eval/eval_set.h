/*
 * eval_set: ground truth and results as eval_run() wants them, from COCO JSON or from streams.
 *
 * Reading the ground truth numbers its images and categories in ascending order of id; results are
 * looked up in it. All memory is the arena's; the set needs no release.
 *
 *     struct eval_set set;
 *     eval_set_init(&set, &arena);
 *     TRY(eval_read_truth(&set, "instances_val2017.json"));
 *     TRY(eval_read_results(&set, "results.json"));
 *     TRY(eval_run(&result, &(struct eval_input){ .type = &eval_type_bbox, .n_images = set.n_images,
 *             .n_categories = set.n_categories, .gt = set.gt, .n_gt = set.n_gt, .dt = set.dt, .n_dt = set.n_dt }, &arena));
 */
#ifndef EVAL_EVAL_SET_H
#define EVAL_EVAL_SET_H

#include "base/arena.h"
#include "base/error.h"
#include "eval/eval.h"
#include "eval/eval_federated.h"
#include "eval/eval_lookup.h"
#include "eval/eval_seen.h"
#include "eval/eval_shape.h"
#include "record/sample.h"
#include "stream/stream.h"

#include <stdbool.h>
#include <stdint.h>

/* Objects left out because the ground truth does not have what they name; `first` is the text of one such id. */
struct eval_left_out {
	int64_t n;
	char first[128];
};

struct eval_size {
	int32_t h, w;	/* pixels; 0: unknown */
};

struct eval_set {
	struct arena *arena;
	/* Set before reading: what is compared, how far keypoints may be off, threads that make masks. */
	enum eval_shape shape;
	bool outlines;
	const struct eval_sigmas *sigmas;
	int threads;
	size_t part_size;	/* bytes of JSON that one thread reads at a time; 0: some */
	struct eval_lookup lookup;	/* all ids; what follows are those that are evaluated */
	int32_t n_images;
	struct sample_id *images;	/* ascending: integers, then texts in byte order */
	int32_t n_categories;
	struct category *categories;	/* ascending by id */
	int32_t n_separate;	/* categories that have become one; 0: none have */
	int64_t n_gt, n_dt;
	struct eval_object *gt, *dt;
	struct eval_size *sizes;	/* [lookup.n_images]; only where masks are compared, else NULL */
	struct eval_seen seen;	/* of the results */
	bool results_are_json;
	enum eval_shape form;	/* of results in JSON: what the first has, boxes before masks before keypoints */
	int64_t n_boxes_as_masks;	/* detections without a mask whose box was taken for one */
	bool use_ignore;	/* set before reading: "ignore" and "difficult" of annotations in JSON count too */
	struct eval_federated *federated;	/* NULL, or set before reading: where the lists of LVIS go */
	bool has_id_zero;	/* an annotation has the id 0; see eval_run() */
	struct eval_left_out gt_image;	/* annotations of an image that is not listed */
	struct eval_left_out gt_category;	/* annotations of a category that is not listed */
	struct eval_left_out dt_category;	/* detections of such a category */
};

void eval_set_init(struct eval_set *set, struct arena *a);

/*
 * Read the ground truth: a COCO data set in JSON, or a stream or pack of samples; "-" is stdin.
 *
 * From JSON: `area` as annotated (w * h where it is missing), `iscrowd`; the key "ignore" has no effect, as in
 * pycocotools, unless set->use_ignore. From samples: boxes f32 in original pixels, so the last digits may differ from those of the JSON
 * they were packed from; `ignore` (VOC's "difficult") makes an object that neither has to be found nor counts against a
 * detection that finds it, once.
 * Error: what is not in that form; an image, category or annotation id that comes twice; no images.
 */
int eval_read_truth(struct eval_set *set, const char *path) MUST_CHECK;

/*
 * Read detections: COCO results in JSON ([{image_id, category_id, bbox, score}, ...]), or a stream or pack of
 * detections. Categories of a stream match by id and name, or else by name.
 * Error: what is not in that form; a score or coordinate that is not a number; an image the ground truth does not have.
 */
int eval_read_results(struct eval_set *set, const char *path) MUST_CHECK;

struct eval_flow;

/*
 * The same, matched image by image into a flow as they come, so that set->dt stays empty; set->n_dt counts them. Errors as for
 * both.
 */
int eval_match_results(struct eval_flow *flow, struct eval_set *set, const char *path) MUST_CHECK;

/* What the files below share. */

/* One object as read, before its image and category are looked up. */
struct eval_entry {
	struct eval_object object;
	struct sample_id image;
	int64_t category;
	int64_t id;	/* of an annotation in JSON, when has_id; ids in samples have no say */
	bool has_id;
	unsigned has;	/* keys it had in JSON, see eval_json.h */
	struct eval_mask *mask;	/* NULL: none */
	bool box_from_mask, area_from_mask;	/* for an annotation that does not say */
	int64_t n_keypoints;	/* labelled ones, as annotated */
	double extent[4];	/* of a result's keypoints */
};

/* Ground truth while it is read. */
struct eval_truth {
	struct arena scratch;	/* what nobody wants afterwards: entries */
	bool use_ignore;
	struct eval_federated *federated;
	enum eval_shape shape;
	const struct eval_sigmas *sigmas;
	struct eval_shapes shapes;
	int64_t room_sizes;
	struct eval_size *sizes;	/* [n_images] as read; NULL: not wanted */
	int64_t n_images, n_categories, n_entries;
	int64_t room_images, room_categories, room_entries;
	struct sample_id *images;
	struct category *categories;
	struct eval_entry *entries;
};

/* json may be NULL. */
void eval_truth_init(struct eval_truth *truth, const struct eval_set *set, struct json_reader *json);
void eval_truth_release(struct eval_truth *truth);

/* The size of the image that is number n_images. */
int eval_add_size(struct eval_truth *truth, struct eval_size size, struct arena *a) MUST_CHECK;

/* Sort, check and look up: fills images, categories and gt of the set. */
int eval_truth_finish(struct eval_set *set, struct eval_truth *truth) MUST_CHECK;

/* The number of an image or category, EVAL_UNKNOWN or EVAL_NOT_SELECTED. */
int32_t eval_find_image(const struct eval_set *set, const struct sample_id *id);
int32_t eval_find_category(const struct eval_set *set, int64_t id);

/* Sort objects [n] stably by their category in [0, n_categories), then give all of them category 0. Error: memory. */
int eval_unite_classes(struct eval_object *objects, int64_t n, int32_t n_categories, struct arena *a) MUST_CHECK;

/* Error: the stream is of another kind than what plays this role. */
int eval_check_kind(struct stream_reader *r, const char *kind, const char *role) MUST_CHECK;

/* Count one more object left out. */
void eval_leave_out(struct eval_left_out *left_out, const char *first);

int eval_truth_from_json(struct eval_set *set, const char *path) MUST_CHECK;
int eval_truth_from_samples(struct eval_set *set, const char *path) MUST_CHECK;
struct eval_intake;
int eval_results_from_json(struct eval_intake *intake, const char *path) MUST_CHECK;
int eval_results_from_detections(struct eval_intake *intake, const char *path) MUST_CHECK;

#endif
