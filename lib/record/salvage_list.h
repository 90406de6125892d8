/*
 * salvage_list: the records that a damaged pack has lost, as text and as lines of JSON.
 */
#ifndef RECORD_SALVAGE_LIST_H
#define RECORD_SALVAGE_LIST_H

#include "record/salvage.h"

/* "record 17, id 42, seq 17, 3 objects: the hash does not match the body", in text. */
const char *salvage_lost_text(const struct salvage_lost *lost, char text[1024]);

/*
 * Write all of them to a file, an object a line: record, id, id_hash (16 hexadecimal digits), seq and objects where they are
 * known, offset, reason. Error: cannot write.
 */
int salvage_list_write(const char *path, const struct salvage_result *r) MUST_CHECK;

#endif
