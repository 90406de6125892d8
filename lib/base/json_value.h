/*
 * json_value: reading documents whose structure is known, on top of json.h.
 *
 * Every function takes the next value and fails at its place, naming it, when it is of another
 * type:  "ann.json:3:17: 'width' must be a number".
 *
 *     TRY(json_enter_object(j, "an image"));
 *     while ((more = json_next_key(j)) == 1) {
 *             if (json_is(j, "id"))
 *                     TRY(json_take_integer(j, "id", &id));
 *             else
 *                     TRY(json_skip(j));
 *     }
 *     if (more < 0)
 *             return -1;
 */
#ifndef BASE_JSON_VALUE_H
#define BASE_JSON_VALUE_H

#include "base/arena.h"
#include "base/json.h"

int json_enter_object(struct json_reader *j, const char *what) MUST_CHECK;
int json_enter_array(struct json_reader *j, const char *what) MUST_CHECK;

/* Inside an object: 1 = a key (see json_is()), 0 = the object's end, -1 = error. */
int json_next_key(struct json_reader *j) MUST_CHECK;

/*
 * Inside an array: the event of the next element, or JSON_ARRAY_END, or JSON_ERROR. The element is taken:
 * for objects and arrays their inside follows.
 */
enum json_event json_next_element(struct json_reader *j) MUST_CHECK;

int json_take_number(struct json_reader *j, const char *what, double *value) MUST_CHECK;

/* A number that is whole, written in any way (3, 3.0). */
int json_take_integer(struct json_reader *j, const char *what, int64_t *value) MUST_CHECK;

/* true or false, or a number: 0 is false. */
int json_take_bool(struct json_reader *j, const char *what, bool *value) MUST_CHECK;

/* A copy in the arena. A string with a NUL inside is refused. */
int json_take_text(struct json_reader *j, const char *what, const char **value, struct arena *a) MUST_CHECK;

#endif
