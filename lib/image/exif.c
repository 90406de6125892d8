/* EXIF: a TIFF file inside a JPEG segment, of which only one number matters here. */
#include "image/probe.h"

#include <stdbool.h>

struct tiff {
	const uint8_t *data;
	size_t size;
	bool big_endian;
};

/* Numbers outside the block read as 0, which no valid directory contains where it matters. */
static uint32_t tiff_number(const struct tiff *t, size_t at, int bytes)
{
	uint32_t value = 0;
	if (at > t->size || t->size - at < (size_t)bytes)
		return 0;
	for (int i = 0; i < bytes; i++)
		value = value << 8 | t->data[at + (size_t)(t->big_endian ? i : bytes - 1 - i)];
	return value;
}

int exif_orientation(const uint8_t *tiff, size_t size)
{
	enum { TAG_ORIENTATION = 0x0112, TYPE_SHORT = 3, TYPE_LONG = 4, ENTRY = 12 };
	struct tiff t = { .data = tiff, .size = size };
	if (size < 8 || tiff[0] != tiff[1] || (tiff[0] != 'I' && tiff[0] != 'M'))
		return 1;
	t.big_endian = tiff[0] == 'M';
	if (tiff_number(&t, 2, 2) != 42)
		return 1;
	size_t directory = tiff_number(&t, 4, 4);
	uint32_t entries = tiff_number(&t, directory, 2);
	for (uint32_t i = 0; i < entries; i++) {
		size_t entry = directory + 2 + (size_t)i * ENTRY;
		if (entry > size || size - entry < ENTRY)
			return 1;
		if (tiff_number(&t, entry, 2) != TAG_ORIENTATION)
			continue;
		uint32_t type = tiff_number(&t, entry + 2, 2);
		uint32_t value = type == TYPE_SHORT ? tiff_number(&t, entry + 8, 2) :
				 type == TYPE_LONG ? tiff_number(&t, entry + 8, 4) : 0;
		return value >= 1 && value <= 8 ? (int)value : 1;
	}
	return 1;
}
