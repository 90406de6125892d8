/*
 * results: detections as the JSON list that COCO's evaluation reads.
 *
 *     struct results r;
 *     TRY(results_open(&r, "found.json"));            // "-" is stdout
 *     TRY(results_put(&r, &detection, categories, n_categories));
 *     TRY(results_close(&r));
 */
#ifndef COCO_RESULTS_H
#define COCO_RESULTS_H

#include "base/io.h"
#include "base/json.h"
#include "record/detection.h"
#include "stream/stream.h"

enum { RESULTS_CLASSES = 5 };

struct results {
	struct atomic_file atomic;	/* fd -1 when writing to stdout */
	struct json_writer json;
	FILE *file;
};

/* The file appears at a successful close. */
int results_open(struct results *r, const char *path) MUST_CHECK;

/*
 * One object {"image_id", "category_id", "bbox": [x, y, w, h], "score"} per detection. Of class scores, which an
 * image has as a whole, the RESULTS_CLASSES highest, best first, without a box.
 */
int results_put(struct results *r, const struct detection *d, const struct category *categories, int n_categories) MUST_CHECK;

int results_close(struct results *r) MUST_CHECK;

/* Give up: no file. */
void results_abandon(struct results *r);

#endif
