/*
 * json_members: members of JSON objects that are carried as they were written.
 *
 * Text of values is kept to the letter, but for the space between them; what it means nobody asks.
 *
 *     struct json_members m = { 0 };
 *     while ((more = json_next_key(j)) == 1)
 *             TRY(json_members_take(&m, j));          // or read the value oneself
 *     TRY(json_members_text(&text, &m, arena));       // {"license":3,"url":"..."}
 *     json_members_release(&m);
 *     ...
 *     TRY(json_members_put(w, text, (const char *const[]){ "id", NULL }, "key 'members'"));
 */
#ifndef BASE_JSON_MEMBERS_H
#define BASE_JSON_MEMBERS_H

#include "base/arena.h"
#include "base/json.h"

struct json_members {
	char *text;	/* "key":value,"key":value */
	size_t size, room;
	size_t limit;	/* bytes of text; a member that would be beyond is left out, and counted in n_over. 0: none */
	int n_over;
};

/* Behind a key: this key and its value, which is read. Error: as json_next(); memory. */
int json_members_take(struct json_members *m, struct json_reader *j) MUST_CHECK;

/* A member whose value is written like this. Error: memory. */
int json_members_add(struct json_members *m, const char *key, const char *value, size_t size) MUST_CHECK;

/* Take back what was added since m->size was `size`. */
void json_members_cut(struct json_members *m, size_t size);

/* All of them as an object, in the arena; NULL when there are none. Then m is empty again, and keeps its memory. */
int json_members_text(const char **text, struct json_members *m, struct arena *a) MUST_CHECK;

void json_members_release(struct json_members *m);

/*
 * Into the object that is being written: the members in text, NULL for none, but those whose names are in `except`, which ends
 * with NULL. Error: text is no JSON object; the message begins with `what`.
 */
int json_members_put(struct json_writer *w, const char *text, const char *const *except, const char *what) MUST_CHECK;

#endif
