/*
 * coco_points: what a category of COCO JSON says of its keypoints.
 */
#ifndef COCO_COCO_POINTS_H
#define COCO_COCO_POINTS_H

#include "base/json_value.h"
#include "stream/stream.h"

/* The value of "keypoints": ["nose", "left_eye", ...]. Error: anything else in it. */
int coco_take_keypoint_names(struct json_reader *j, struct category *k, struct arena *a) MUST_CHECK;

/* The value of "skeleton": [[16, 14], [14, 12], ...], numbers of keypoints from 1. Error: anything else in it. */
int coco_take_skeleton(struct json_reader *j, struct category *k, struct arena *a) MUST_CHECK;

#endif
