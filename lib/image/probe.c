#include "image/probe.h"

#include <stdbool.h>
#include <string.h>

enum jpeg_marker {
	MARKER_TEM = 0x01,
	MARKER_SOF0 = 0xc0,
	MARKER_DHT = 0xc4,
	MARKER_JPG = 0xc8,
	MARKER_DAC = 0xcc,
	MARKER_SOF15 = 0xcf,
	MARKER_RST0 = 0xd0,
	MARKER_SOI = 0xd8,
	MARKER_EOI = 0xd9,
	MARKER_SOS = 0xda,
	MARKER_APP1 = 0xe1,
};

static uint32_t big16(const uint8_t *p)
{
	return (uint32_t)p[0] << 8 | p[1];
}

static uint32_t big32(const uint8_t *p)
{
	return big16(p) << 16 | big16(p + 2);
}

static bool is_frame_header(int marker)
{
	return marker >= MARKER_SOF0 && marker <= MARKER_SOF15 && marker != MARKER_DHT && marker != MARKER_JPG &&
	       marker != MARKER_DAC;
}

static int check_size(const struct image_info *info)
{
	if (info->w < 1 || info->h < 1)
		return err_set("image: the header gives no size");
	if (info->w > IMAGE_MAX_SIDE || info->h > IMAGE_MAX_SIDE || (int64_t)info->w * info->h > IMAGE_MAX_PIXELS)
		return err_set("image: too large: the limit is %d pixels a side and %d in all", (int)IMAGE_MAX_SIDE,
			       (int)IMAGE_MAX_PIXELS);
	return 0;
}

/* A segment's payload, behind its length. */
static void read_segment(struct image_info *info, bool *exif_seen, int marker, const uint8_t *p, size_t size)
{
	static const char exif_name[6] = "Exif\0";
	if (is_frame_header(marker) && size >= 6) {
		info->bits = p[0];
		info->h = (int)big16(p + 1);
		info->w = (int)big16(p + 3);
		info->components = p[5];
	} else if (marker == MARKER_APP1 && !*exif_seen && size >= sizeof exif_name &&
		   memcmp(p, exif_name, sizeof exif_name) == 0) {
		*exif_seen = true;
		info->exif = exif_orientation(p + sizeof exif_name, size - sizeof exif_name);
	}
}

static int probe_jpeg(struct image_info *info, const uint8_t *p, size_t size)
{
	bool exif_seen = false;
	size_t at = 2;
	info->format = IMAGE_JPEG;
	while (at + 4 <= size) {
		int marker = p[at + 1];
		if (p[at] != 0xff)
			return err_set("jpeg: no marker at byte %zu of the header", at);
		if (marker == 0xff) {	/* a fill byte */
			at++;
			continue;
		}
		if (marker == MARKER_TEM || (marker >= MARKER_RST0 && marker <= MARKER_SOI)) {
			at += 2;
			continue;
		}
		info->scan = at;
		if (marker == MARKER_SOS || marker == MARKER_EOI)
			return check_size(info);
		size_t length = big16(p + at + 2);
		if (length < 2 || length > size - at - 2)
			break;
		read_segment(info, &exif_seen, marker, p + at + 4, length - 2);
		at += 2 + length;
	}
	return err_set("jpeg: the header is cut short");
}

static int probe_png(struct image_info *info, const uint8_t *p, size_t size)
{
	static const uint8_t components[7] = { [0] = 1, [2] = 3, [3] = 1, [4] = 2, [6] = 4 };
	if (size < 33 || big32(p + 8) != 13 || memcmp(p + 12, "IHDR", 4) != 0)
		return err_set("png: the header is cut short");
	uint32_t w = big32(p + 16), h = big32(p + 20);
	info->format = IMAGE_PNG;
	info->w = w > IMAGE_MAX_SIDE ? IMAGE_MAX_SIDE + 1 : (int)w;
	info->h = h > IMAGE_MAX_SIDE ? IMAGE_MAX_SIDE + 1 : (int)h;
	info->bits = p[24];
	info->components = p[25] < 7 ? components[p[25]] : 0;
	return check_size(info);
}

int image_probe(struct image_info *info, const void *bytes, size_t size)
{
	static const uint8_t png_signature[8] = { 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n' };
	const uint8_t *p = bytes;
	*info = (struct image_info){ .exif = 1 };
	if (size >= 3 && p[0] == 0xff && p[1] == MARKER_SOI && p[2] == 0xff)
		return probe_jpeg(info, p, size);
	if (size >= sizeof png_signature && memcmp(p, png_signature, sizeof png_signature) == 0)
		return probe_png(info, p, size);
	return err_set("image: neither JPEG nor PNG");
}
