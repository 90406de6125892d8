/*
 * eval_csv: text in comma-separated values (RFC 4180).
 */
#ifndef EVAL_EVAL_CSV_H
#define EVAL_EVAL_CSV_H

#include <stdio.h>

/* One value: quoted when it has to be. */
void eval_put_csv(FILE *file, const char *text);

#endif
