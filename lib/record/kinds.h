/*
 * kinds: the kinds of records this version knows. A new one is a table in formats/, a file
 * that defines its struct record_kind, and its line here and in kinds.c.
 */
#ifndef RECORD_KINDS_H
#define RECORD_KINDS_H

#include "record/fields.h"

extern const struct record_kind sample_kind, detection_kind, feature_kind;

#endif
