/* Sizes and orientations from headers, honest and hostile. */
#include "base/rng.h"
#include "image/codec.h"
#include "tests/tap.h"

#include <string.h>

static struct arena arena;

static void put(uint8_t *p, int n, uint32_t value, bool big_endian)
{
	for (int i = 0; i < n; i++)
		p[big_endian ? n - 1 - i : i] = (uint8_t)(value >> 8 * i);
}

/* A TIFF block with two directory entries; the second is the orientation. Returns its size. */
static size_t make_tiff(uint8_t *p, bool big_endian, int type, uint32_t value)
{
	memset(p, 0, 64);
	memcpy(p, big_endian ? "MM" : "II", 2);
	put(p + 2, 2, 42, big_endian);
	put(p + 4, 4, 10, big_endian);
	put(p + 10, 2, 2, big_endian);
	put(p + 12, 2, 0x0100, big_endian);
	put(p + 14, 2, 4, big_endian);
	put(p + 24, 2, 0x0112, big_endian);
	put(p + 26, 2, (uint32_t)type, big_endian);
	put(p + 28, 4, 1, big_endian);
	put(p + 32, type == 4 ? 4 : 2, value, big_endian);
	return 40;
}

static void test_tiff(void)
{
	uint8_t tiff[64];
	int right = 0;
	for (int big = 0; big <= 1; big++)
		for (int type = 3; type <= 4; type++)
			for (int o = 1; o <= 8; o++)
				right += exif_orientation(tiff, make_tiff(tiff, big, type, (uint32_t)o)) == o;
	is_int(right, 32, "orientations 1..8 in both byte orders, short and long");
	is_int(exif_orientation(tiff, make_tiff(tiff, true, 3, 9)), 1, "orientation 9 is none");
	is_int(exif_orientation(tiff, make_tiff(tiff, true, 3, 0)), 1, "orientation 0 is none");
	is_int(exif_orientation(tiff, make_tiff(tiff, true, 2, 6)), 1, "an orientation that is text is none");
	is_int(exif_orientation(NULL, 0), 1, "an empty block is none");
}

/* Every cut and many random changes: any answer from 1 to 8, and no reading outside (the sanitizer tells). */
static void test_hostile_tiff(void)
{
	struct rng g = rng_make(1);
	uint8_t tiff[64], copy[64];
	size_t size = make_tiff(tiff, false, 3, 6);
	int wrong = 0;
	for (size_t cut = 0; cut < 34; cut++) {
		uint8_t exact[64];
		memcpy(exact + 64 - cut, tiff, cut);
		wrong += exif_orientation(exact + 64 - cut, cut) != 1;
	}
	is_int(wrong, 0, "a block cut short has no orientation");
	for (int i = 0; i < 20000; i++) {
		memcpy(copy, tiff, size);
		for (uint64_t k = 1 + rng_below(&g, 3); k > 0; k--)
			copy[rng_below(&g, size)] = (uint8_t)rng_u64(&g);
		int o = exif_orientation(copy + 0, size);
		wrong += o < 1 || o > 8;
	}
	put(tiff + 4, 4, 0xfffffff0u, false);
	wrong += exif_orientation(tiff, size) != 1;
	put(tiff + 4, 4, 10, false);
	put(tiff + 10, 2, 0xffff, false);
	put(tiff + 24, 2, 0x0113, false);
	wrong += exif_orientation(tiff, size) != 1;
	is_int(wrong, 0, "directories outside, too long or changed at random do no harm");
}

/* A JPEG of 24 x 16 with an EXIF segment of orientation o put behind its first marker. */
static size_t make_jpeg(uint8_t **bytes, int o)
{
	struct tensor image;
	uint8_t *plain, tiff[64];
	size_t size, tiff_size = make_tiff(tiff, true, 3, (uint32_t)o);
	if (tensor_new(&image, &arena, DTYPE_U8, 3, (int64_t[]){ 16, 24, 3 }) != 0)
		return 0;
	memset(image.data, 77, tensor_bytes(&image));
	if (jpeg_encode(&plain, &size, &image, 90, &arena) != 0 || (*bytes = arena_alloc(&arena, size + 100)) == NULL)
		return 0;
	uint8_t *p = *bytes;
	memcpy(p, plain, 2);
	memcpy(p + 2, "\xff\xff\xff\xe1", 4);	/* two fill bytes are legal */
	put(p + 6, 2, (uint32_t)(2 + 6 + tiff_size), true);
	memcpy(p + 8, "Exif\0", 6);
	memcpy(p + 14, tiff, tiff_size);
	memcpy(p + 14 + tiff_size, plain + 2, size - 2);
	return size + 12 + tiff_size;
}

static void test_jpeg(void)
{
	struct image_info info;
	uint8_t *bytes = NULL, original[2048];
	size_t size = make_jpeg(&bytes, 6);
	ok(image_probe(&info, bytes, size) == 0, "a JPEG with EXIF: %s", err_get());
	is_int(info.format, IMAGE_JPEG, "its format");
	is_int(info.w * 1000 + info.h, 24016, "its size, as stored");
	is_int(info.exif, 6, "its orientation");
	is_int(info.components * 100 + info.bits, 308, "its components");
	int failed = 0, decoded = 0;
	for (size_t cut = 0; cut < info.scan; cut++) {
		struct image_info other;
		failed += image_probe(&other, bytes, cut) != 0;
	}
	is_int(failed, (long long)info.scan, "a header cut at any byte is an error");
	struct rng g = rng_make(2);
	struct image_tile tile;
	memcpy(original, bytes, size);
	for (int i = 0; i < 3000; i++) {
		struct image_info other;
		uint8_t copy[2048];
		memcpy(copy, original, size);
		for (uint64_t k = 1 + rng_below(&g, 4); k > 0; k--)
			copy[rng_below(&g, size)] = (uint8_t)rng_u64(&g);
		/* Damage can ask for any size; what is tested here is the structure. */
		if (image_probe(&other, copy, size) == 0 && other.w * other.h < 1 << 20 &&
		    image_decode(&tile, &other, copy, size, NULL, 1, &arena) == 0)
			decoded++;
		arena_reset(&arena);
	}
	ok(decoded < 3000, "files changed at random do no harm; %d of 3000 were still images", decoded);
}

static void test_limits(void)
{
	struct image_info info;
	struct image_tile tile;
	uint8_t *bytes = NULL;
	size_t size = make_jpeg(&bytes, 1), frame = 0;
	while (memcmp(bytes + frame, "\xff\xc0", 2) != 0)
		frame++;
	bytes[frame + 4] = 12;
	ok(image_probe(&info, bytes, size) == 0 && image_decode(&tile, &info, bytes, size, NULL, 1, &arena) != 0 &&
	   strstr(err_get(), "12") != NULL, "12-bit JPEG is an error that says so: %s", err_get());
	bytes[frame + 4] = 8;
	put(bytes + frame + 5, 2, 0, true);
	ok(image_probe(&info, bytes, size) != 0, "no height: %s", err_get());
	put(bytes + frame + 5, 4, 0xffffffff, true);
	ok(image_probe(&info, bytes, size) != 0, "too many pixels: %s", err_get());
	ok(image_probe(&info, "GIF89a............", 18) != 0, "a GIF: %s", err_get());
	ok(image_probe(&info, "", 0) != 0, "nothing: %s", err_get());
	uint8_t png[33] = "\x89PNG\r\n\x1a\n\0\0\0\rIHDR";
	put(png + 16, 4, 300, true);
	put(png + 20, 4, 200, true);
	png[24] = 8;
	png[25] = 6;
	ok(image_probe(&info, png, 33) == 0 && info.format == IMAGE_PNG && info.w == 300 && info.h == 200 &&
	   info.exif == 1 && info.components == 4, "a PNG header");
	ok(image_probe(&info, png, 32) != 0, "a PNG header cut short: %s", err_get());
	put(png + 16, 4, 0x80000000, true);
	ok(image_probe(&info, png, 33) != 0, "a PNG of 2^31 columns: %s", err_get());
}

int main(void)
{
	arena_init(&arena, 1 << 16);
	test_tiff();
	test_hostile_tiff();
	test_jpeg();
	test_limits();
	arena_release(&arena);
	return tap_done();
}
