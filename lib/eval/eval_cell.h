/*
 * eval_cell: what stands in the cells of tables: names of classes, shares, values between commas.
 */
#ifndef EVAL_EVAL_CELL_H
#define EVAL_EVAL_CELL_H

#include "stream/stream.h"

#include <stdint.h>
#include <stdio.h>

/* The name of a class, or in text its id where it has none. */
const char *eval_class_name(const struct category *c, char text[32]);

/* Columns of the longest name among classes [n] and "category". */
int eval_class_width(const struct category *classes, int32_t n);

/* A space and the name of a class, left-aligned in width columns. */
void eval_put_class(FILE *file, int width, const struct category *c);

/* A space and a share in percent, right-aligned; "-" for what is below 0. */
void eval_put_percent(FILE *file, int width, double share);

/* One of comma-separated values (RFC 4180): quoted when it has to be. */
void eval_put_csv(FILE *file, const char *text);

#endif
