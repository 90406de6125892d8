/*
 * curve: a picture of a run's log.
 */
#ifndef TRAIN_CURVE_H
#define TRAIN_CURVE_H

#include "base/error.h"

/*
 * Draw the losses (of a classifier its hits, too) in the JSON lines of log_path into an SVG: each step pale, and the average over the last fiftieth of
 * the run. Error: the log cannot be read or a line is not of trainstep; nothing to draw.
 */
int curve_write(const char *svg_path, const char *log_path) MUST_CHECK;

#endif
