/*
 * json_part: the text of a long array in parts that can be read at the same time.
 *
 * A part ends behind an object of the array as far as that shows without reading: at "}, {", where the first object's
 * first key comes again if the first object begins with one. The comma begins the next part. That such a place is an end may be
 * wrong, inside a string or an array of objects; then the part, read by itself, is cut short. So parts are to be looked at
 * in their order: one that was cut short is joined with the next and read again, until what has been read is whole.
 *
 *     TRY(json_parts_open(&parts, path));
 *     while ((got = json_parts_next(&parts, &part)) == 1) {
 *             TRY(json_open_part(&j, &part, text_input_name(path), &place));
 *             ... as always; a part that is not the last ends with JSON_END after an element
 *             place = json_here(&j);
 *     }
 *     json_part_release(&part);
 *     json_parts_close(&parts);
 *
 * A document that is no array of objects is one part.
 */
#ifndef BASE_JSON_PART_H
#define BASE_JSON_PART_H

#include "base/json.h"
#include "base/text_input.h"

/* A part; all zeros is ready. */
struct json_part {
	char *data;
	size_t size, room;
	bool first, last;	/* with the document's beginning; with its end */
};

struct json_parts {
	const char *name;	/* for messages; the caller's path */
	struct text_input input;
	size_t wanted;	/* bytes of a part */
	struct json_part rest;	/* what has been read behind the last part */
	char key[64];	/* the first object's first key, with quotes */
	size_t key_size;
	bool begun, ended;
};

/* path "-" is stdin; a part has about so many bytes, more where its end does not show. Error: cannot open. */
int json_parts_open(struct json_parts *parts, const char *path, size_t wanted) MUST_CHECK;

/* The next part, in memory that is used again: 1, 0 behind the last, -1: cannot read; memory. */
int json_parts_next(struct json_parts *parts, struct json_part *part) MUST_CHECK;

void json_parts_close(struct json_parts *parts);

/* Put `next`, which came behind it, at the end of a part. Error: memory. */
int json_part_join(struct json_part *part, const struct json_part *next) MUST_CHECK;

void json_part_release(struct json_part *part);

/* Line ends before a place, and characters since the last of them. */
struct json_place {
	int64_t lines, columns;
};

/*
 * Read a part, which must live until json_close(). `at`, where it begins, is for messages. One that is not the first begins behind
 * an element of the array; one that is not the last may end behind one.
 */
int json_open_part(struct json_reader *j, const struct json_part *part, const char *name, const struct json_place *at) MUST_CHECK;

/* Where the reader is. */
struct json_place json_here(const struct json_reader *j);

/* Whether reading failed because the input ended inside a string, an object or an array. */
bool json_cut_short(const struct json_reader *j);

#endif
