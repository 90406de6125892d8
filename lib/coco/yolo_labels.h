/*
 * yolo_labels: the labels of one image as the YOLO family of detectors writes them.
 *
 * A line is one object, its numbers parts of the image's width and height:
 *
 *     class cx cy w h               the box's centre and size
 *     class cx cy w h score         what a detector found
 *     class x1 y1 x2 y2 x3 y3 ...   a polygon of three points or more
 *
 * Source: the behaviour of darknet's and Ultralytics' readers.
 */
#ifndef COCO_YOLO_LABELS_H
#define COCO_YOLO_LABELS_H

#include "base/arena.h"
#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

struct yolo_label {
	int64_t class_number;	/* from 0 */
	double box[4];	/* x0 y0 x1 y1, parts of the sides; of a polygon the smallest one around it */
	int32_t n_points;	/* 0: no polygon */
	const double *xy;	/* [n_points 2] */
	bool scored;
	float score;
};

struct yolo_labels {
	int64_t n;
	struct yolo_label *label;
};

/*
 * Labels of a text, which is written to; path is for messages. Blank lines are passed over.
 * Error: what is no number; a class that is not whole or negative; another count of numbers. Names file and line.
 */
int yolo_labels_parse(struct yolo_labels *out, const char *path, char *text, struct arena *a) MUST_CHECK;

#endif
