#include "augment/keypoint_swap.h"

#include <stdlib.h>
#include <string.h>

static const int32_t person_twin[] = { 0, 2, 1, 4, 3, 6, 5, 8, 7, 10, 9, 12, 11, 14, 13, 16, 15 };

const struct keypoint_twins keypoint_person = { .least = 17, .most = 17, .twin = person_twin };

/* One of a pair, from *text up to `end`. */
static const char *take_name(const char **text, char end, struct arena *a)
{
	size_t length = strcspn(*text, "=,");
	if (length == 0 || (*text)[length] != end)
		return err_null("pairs are written as left_eye=right_eye,left_ear=right_ear");
	const char *name = arena_strndup(a, *text, length);
	*text += length + 1;
	return name;
}

static int check_twice(const struct keypoint_swap *swap, const char *name)
{
	for (int i = 0; i < 2 * swap->n; i++)
		if (strcmp(swap->pair[i / 2][i % 2], name) == 0)
			return err_set("'%s' is there twice", name);
	return 0;
}

int keypoint_swap_parse(struct keypoint_swap *swap, const char *text, struct arena *a)
{
	*swap = (struct keypoint_swap){ .n = 0 };
	if (strcmp(text, "none") == 0)
		return 0;
	size_t room = 1;
	for (const char *c = text; *c != '\0'; c++)
		room += *c == ',';
	swap->pair = arena_calloc(a, room, sizeof *swap->pair);
	if (swap->pair == NULL)
		return -1;
	for (size_t i = 0; i < room; i++)
		for (int side = 0; side < 2; side++) {
			const char *name = take_name(&text, side == 0 ? '=' : i + 1 < room ? ',' : '\0', a);
			if (name == NULL)
				return -1;
			if (side == 1 && strcmp(swap->pair[i][0], name) == 0)
				return err_set("'%s' is there twice", name);
			TRY(check_twice(swap, name));
			swap->pair[i][side] = name;
			swap->n += side;
		}
	return 0;
}

/* The keypoint of that name, from 0, or of that number from 1; -1: none. */
static int find_keypoint(const struct category *c, const char *name)
{
	char *end;
	for (int i = 0; i < c->n_keypoints; i++)
		if (strcmp(c->keypoints[i], name) == 0)
			return i;
	long number = strtol(name, &end, 10);
	int most = c->n_keypoints > 0 ? c->n_keypoints : INT16_MAX;
	return end != name && *end == '\0' && number >= 1 && number <= most ? (int)number - 1 : -1;
}

/* Nobody exchanges anything. */
static int32_t *same_names(int n, struct arena *a)
{
	int32_t *twin = arena_alloc(a, (size_t)n * sizeof *twin + 1);
	for (int i = 0; twin != NULL && i < n; i++)
		twin[i] = i;
	return twin;
}

/* The pairs both of whose names the category knows; used [swap->n] says which. With none of some the table stays unknown. */
static int make_by_user(struct keypoint_twins *t, bool *used, const struct category *c, const struct keypoint_swap *swap,
			struct arena *a)
{
	int n = c->n_keypoints;
	for (int i = 0; c->n_keypoints == 0 && i < 2 * swap->n; i++) {
		int k = find_keypoint(c, swap->pair[i / 2][i % 2]);
		n = k + 1 > n ? k + 1 : n;
	}
	int32_t *twin = same_names(n, a);
	if (twin == NULL)
		return -1;
	bool known = swap->n == 0;
	for (int i = 0; i < swap->n; i++) {
		int left = find_keypoint(c, swap->pair[i][0]), right = find_keypoint(c, swap->pair[i][1]);
		if (left < 0 || right < 0)
			continue;
		bool taken = twin[left] != left || twin[right] != right;
		if (left == right || (taken && twin[left] != right))
			return err_set("'%s=%s' has a keypoint of category '%s' that another name has in a pair already", swap->pair[i][0],
				       swap->pair[i][1], c->name);
		used[i] = known = true;
		twin[left] = right;
		twin[right] = left;
	}
	if (known)
		*t = (struct keypoint_twins){ .least = n, .most = c->n_keypoints > 0 ? n : INT32_MAX, .twin = twin };
	return 0;
}

/* The name with its first `from` made `to`, into text; false when it has none. */
static bool exchange(char *text, size_t room, const char *name, const char *from, const char *to)
{
	const char *at = strstr(name, from);
	if (at == NULL || strlen(name) + strlen(to) + 1 > room)
		return false;
	size_t before = (size_t)(at - name);
	memcpy(text, name, before);
	strcpy(stpcpy(text + before, to), at + strlen(from));
	return true;
}

/* The other one of a pair; i itself when its name has no side; -1: it has one, but there is no other. */
static int twin_by_name(const struct category *c, int i)
{
	static const char *const side[][2] = { { "left", "right" }, { "Left", "Right" }, { "LEFT", "RIGHT" } };
	char text[256];
	for (int k = 0; k < 6; k++)
		if (exchange(text, sizeof text, c->keypoints[i], side[k / 2][k % 2], side[k / 2][1 - k % 2])) {
			for (int j = 0; j < c->n_keypoints; j++)
				if (strcmp(c->keypoints[j], text) == 0)
					return j;
			return -1;
		}
	return i;
}

/* Names of which none says left or right may say it in other words: not known. Neither are pairs of a name that is there twice. */
static int make_by_name(struct keypoint_twins *t, const struct category *c, struct arena *a)
{
	int n = c->n_keypoints;
	int32_t *twin = same_names(n, a);
	if (twin == NULL)
		return -1;
	bool known = false;
	for (int i = 0; i < n; i++) {
		twin[i] = twin_by_name(c, i);
		if (twin[i] < 0)
			return 0;
		known |= twin[i] != i;
	}
	for (int i = 0; i < n; i++)
		known &= twin[twin[i]] == i;
	if (known)
		*t = (struct keypoint_twins){ .least = n, .most = n, .twin = twin };
	return 0;
}

int keypoint_twins_make(const struct keypoint_twins **twins, const struct stream_header *header,
			const struct keypoint_swap *swap, struct arena *a)
{
	struct keypoint_twins *t = arena_calloc(a, (size_t)header->n_categories, sizeof *t);
	bool *used = arena_calloc(a, swap != NULL ? (size_t)swap->n : 0, sizeof *used);
	if (t == NULL || used == NULL)
		return -1;
	for (int i = 0; i < header->n_categories; i++) {
		const struct category *c = &header->categories[i];
		if (swap != NULL)
			TRY(make_by_user(&t[i], used, c, swap, a));
		if (t[i].most == 0 && c->n_keypoints > 0)
			TRY(make_by_name(&t[i], c, a));
		else if (t[i].most == 0)
			t[i] = keypoint_person;
	}
	for (int i = 0; swap != NULL && i < swap->n; i++)
		if (!used[i])
			return err_set("no category has both keypoints '%s' and '%s'", swap->pair[i][0], swap->pair[i][1]);
	*twins = t;
	return 0;
}
