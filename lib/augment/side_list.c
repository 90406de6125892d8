#include "augment/side_list.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* A number of pixels or a step at *text, which is moved behind it; -1: none, or out of range. */
static int take_number(const char **text, int most)
{
	char *end;
	if (!isdigit((unsigned char)**text))
		return -1;
	long value = strtol(*text, &end, 10);
	*text = end;
	return value >= 1 && value <= most ? (int)value : -1;
}

/* N, LO..HI or LO..HI:STEP; false for anything else. */
static bool take_item(const char **text, int most, int *low, int *high, int *step)
{
	*step = 1;
	*low = *high = take_number(text, most);
	if (strncmp(*text, "..", 2) == 0) {
		*text += 2;
		*high = take_number(text, most);
		if (**text == ':') {
			++*text;
			*step = take_number(text, most);
		}
	}
	return *low > 0 && *high >= *low && *step > 0 && (**text == ',' || **text == '\0');
}

int side_list_parse(struct side_list *sides, const char *text, int most, struct arena *a)
{
	const char *at = text;
	int *side = arena_alloc(a, SIDE_LIST_MAX * sizeof *side), n = 0;
	if (side == NULL)
		return -1;
	for (;; at++) {
		int low, high, step;
		if (!take_item(&at, most, &low, &high, &step))
			return err_set("a list of sides is N, LO..HI or LO..HI:STEP with commas between, of 1 to %d pixels, not '%s'", most,
				       text);
		for (int value = low; value <= high; value += step) {
			if (n == SIDE_LIST_MAX)
				return err_set("more than %d sides in '%s'", (int)SIDE_LIST_MAX, text);
			side[n++] = value;
		}
		if (*at == '\0')
			break;
	}
	*sides = (struct side_list){ .n = n, .side = side };
	return 0;
}

int side_list_largest(const struct side_list *sides)
{
	int largest = 0;
	for (int i = 0; i < sides->n; i++)
		largest = sides->side[i] > largest ? sides->side[i] : largest;
	return largest;
}
