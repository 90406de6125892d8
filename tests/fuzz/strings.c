/* What augment's options --swap, --short and --corrupt are given: refused with a reason, or within their ranges. */
#include "fuzz.h"

#include "augment/corruption.h"
#include "augment/keypoint_swap.h"
#include "augment/side_list.h"

#include <stdlib.h>

enum { MOST = 2000 };

static int check_swap(const char *text, struct arena *a)
{
	static const char *names[] = { "nose", "left_eye", "right_eye", "a" };
	static struct category categories[] = { { .id = 1, .name = "x", .n_keypoints = 4, .keypoints = names }, { .id = 2, .name = "y" } };
	const struct stream_header header = { .kind = "sample", .n_categories = 2, .categories = categories };
	const struct keypoint_twins *twins;
	struct keypoint_swap swap;
	TRY(keypoint_swap_parse(&swap, text, a));
	TRY(keypoint_twins_make(&twins, &header, &swap, a));
	for (int c = 0; c < 2; c++)
		for (int i = 0; i < twins[c].least && twins[c].most > 0; i++)
			if (twins[c].twin[i] < 0 || twins[c].twin[i] >= twins[c].least || twins[c].twin[twins[c].twin[i]] != i)
				abort();
	return 0;
}

static int check_sides(const char *text, struct arena *a)
{
	struct side_list sides;
	TRY(side_list_parse(&sides, text, MOST, a));
	if (sides.n < 1 || sides.n > SIDE_LIST_MAX)
		abort();
	for (int i = 0; i < sides.n; i++)
		if (sides.side[i] < 1 || sides.side[i] > side_list_largest(&sides) || side_list_largest(&sides) > MOST)
			abort();
	return 0;
}

static int check_corruptions(const char *text, struct arena *a)
{
	struct corruptions c;
	TRY(corruptions_parse(&c, text, a));
	TRY(corruptions_draw(&c, &c, 1, a));
	for (int i = 0; i < c.n; i++)
		if (c.one[i].level < 1 || c.one[i].level > CORRUPT_LEVELS || c.one[i].seed < 0 || c.one[i].seed >= CORRUPT_SEEDS)
			abort();
	return c.n > 0 ? 0 : -1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int (*const checks[])(const char *, struct arena *) = { check_swap, check_sides, check_corruptions };
	struct arena arena;
	if (size < 1)
		return 0;
	arena_init(&arena, 1 << 14);
	const char *text = arena_strndup(&arena, (const char *)data + 1, size - 1);
	if (text == NULL || (checks[data[0] % 3](text, &arena) != 0 && err_get()[0] == '\0'))
		abort();
	arena_release(&arena);
	return 0;
}
