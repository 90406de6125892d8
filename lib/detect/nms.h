/*
 * nms: greedy non-maximum suppression, class by class.
 */
#ifndef DETECT_NMS_H
#define DETECT_NMS_H

#include <stdint.h>

/*
 * Go through the boxes in order and keep each one whose IoU with every box kept before it, of the same label,
 * is not above max_iou; stop after max_keep. Boxes without area have no IoU with anything.
 *   keep   [max_keep] indices of what is kept, ascending
 *   boxes  [n 4] x0 y0 x1 y1, in descending order of score
 *   labels [n]
 * Returns how many were kept.
 */
int64_t nms(int64_t *keep, const float *boxes, const int32_t *labels, int64_t n, float max_iou, int64_t max_keep);

#endif
