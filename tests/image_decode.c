/* Decoding of every kind of image against Pillow; parts against the whole; files cut short. */
#include "base/io.h"
#include "base/rng.h"
#include "image/codec.h"
#include "image/resize.h"
#include "tests/tap.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct arena arena;

static int load(struct image_info *info, uint8_t **bytes, size_t *size, const char *dir, const char *name)
{
	char path[512];
	snprintf(path, sizeof path, "%s/%s", dir, name);
	TRY(io_read_file(path, bytes, size, &arena));
	return image_probe(info, *bytes, *size);
}

/* A binary PPM into u8 [H W 3]. */
static int load_ppm(struct tensor *out, const char *dir, const char *name)
{
	char path[512];
	uint8_t *bytes;
	size_t size;
	int w, h, at = 0;
	snprintf(path, sizeof path, "%s/%s", dir, name);
	TRY(io_read_file(path, &bytes, &size, &arena));
	if (sscanf((char *)bytes, "P6 %d %d 255%n", &w, &h, &at) != 2 || size != (size_t)at + 1 + (size_t)w * (size_t)h * 3)
		return err_set("not a PPM");
	*out = tensor_view(DTYPE_U8, 3, (int64_t[]){ h, w, 3 }, bytes + at + 1);
	return 0;
}

/* Largest difference of two images, 1000 when their shapes differ. */
static int difference(const struct tensor *a, const struct tensor *b)
{
	int worst = 0;
	const uint8_t *p = a->data, *q = b->data;
	if (!tensor_same_shape(a, b))
		return 1000;
	for (int64_t i = 0; i < tensor_count(a); i++)
		worst = abs(p[i] - q[i]) > worst ? abs(p[i] - q[i]) : worst;
	return worst;
}

/* A reduction that is asked for as "size -N". */
static int reduction_of(int w)
{
	return w < 0 ? -w : 1;
}

static void compare_with_peer(const char *dir, const char *name, const char *reference, int w, int h)
{
	struct image_info info;
	struct image_tile tile;
	struct tensor want, got;
	uint8_t *bytes;
	size_t size;
	arena_reset(&arena);
	if (load(&info, &bytes, &size, dir, name) != 0 || load_ppm(&want, dir, reference) != 0 ||
	    image_decode(&tile, &info, bytes, size, NULL, reduction_of(w), &arena) != 0 ||
	    (w > 0 && image_resize(&got, &tile.rgb, w, h, &arena) != 0)) {
		ok(false, "%s: %s", name, err_get());
		return;
	}
	int worst = difference(w > 0 ? &got : &tile.rgb, &want);
	ok(worst <= 1, "%s is what Pillow sees, %s: within %d", name, reference, worst);
}

/* The pixels of `want` in the tile and in the whole are the same. */
static bool same_part(const struct image_tile *tile, const struct image_tile *whole, const struct image_rect *want)
{
	for (int y = want->y; y < want->y + want->h; y++) {
		const uint8_t *p = (const uint8_t *)tile->rgb.data +
				   ((y - tile->y) * tile->rgb.dim[1] + want->x - tile->x) * 3;
		const uint8_t *q = (const uint8_t *)whole->rgb.data + (y * whole->rgb.dim[1] + want->x) * 3;
		if (memcmp(p, q, (size_t)want->w * 3) != 0)
			return false;
	}
	return true;
}

static void parts_equal_whole(const char *dir, const char *name)
{
	struct rng g = rng_make(rng_mix_text(1, name));
	int bad = 0, count = 0;
	for (int reduction = 1; reduction <= 8; reduction *= 2) {
		struct image_info info;
		struct image_tile whole, tile;
		uint8_t *bytes;
		size_t size;
		arena_reset(&arena);
		if (load(&info, &bytes, &size, dir, name) != 0 ||
		    image_decode(&whole, &info, bytes, size, NULL, reduction, &arena) != 0) {
			ok(false, "%s: %s", name, err_get());
			return;
		}
		int w = (int)whole.rgb.dim[1], h = (int)whole.rgb.dim[0];
		for (int i = 0; i < 120; i++, count++) {
			struct image_rect want = { .x = (int)rng_below(&g, (uint64_t)w), .y = (int)rng_below(&g, (uint64_t)h) };
			want.w = 1 + (int)rng_below(&g, (uint64_t)(w - want.x));
			want.h = 1 + (int)rng_below(&g, (uint64_t)(h - want.y));
			if (image_decode(&tile, &info, bytes, size, &want, reduction, &arena) != 0 ||
			    !same_part(&tile, &whole, &want))
				if (bad++ == 0)
					printf("# 1/%d of %dx%d: %d,%d %dx%d %s\n", reduction, w, h, want.x, want.y,
					       want.w, want.h, err_get());
		}
	}
	ok(bad == 0, "%s: %d of %d parts equal the whole", name, count - bad, count);
}

/* Also when only the first row is wanted, which is decoded long before the cut. */
static void cut_files_fail(const char *dir, const char *name)
{
	const struct image_rect corner = { 0, 0, 1, 1 };
	struct rng g = rng_make(rng_mix_text(2, name));
	struct image_info info;
	struct image_tile tile;
	uint8_t *bytes;
	size_t size;
	int accepted = 0;
	arena_reset(&arena);
	if (load(&info, &bytes, &size, dir, name) != 0) {
		ok(false, "%s: %s", name, err_get());
		return;
	}
	for (int i = 0; i < 60; i++) {
		size_t cut = i < 2 ? size - (size_t)i - 1 : (size_t)rng_below(&g, size);
		if (image_probe(&info, bytes, cut) == 0 &&
		    image_decode(&tile, &info, bytes, cut, i % 2 == 0 ? &corner : NULL, 1, &arena) == 0)
			accepted++;
	}
	ok(accepted == 0, "%s: cut short is an error", name);
}

/* Any answer will do; the sanitizer tells when memory was touched that should not have been. */
static void changed_files_do_no_harm(const char *dir, const char *name)
{
	struct rng g = rng_make(rng_mix_text(3, name));
	struct image_info info;
	struct image_tile tile;
	uint8_t *bytes, *copy;
	size_t size;
	int images = 0;
	arena_reset(&arena);
	if (load(&info, &bytes, &size, dir, name) != 0 || (copy = arena_alloc(&arena, size)) == NULL) {
		ok(false, "%s: %s", name, err_get());
		return;
	}
	for (int i = 0; i < 60; i++) {
		memcpy(copy, bytes, size);
		for (uint64_t k = 1 + rng_below(&g, 3); k > 0; k--)
			copy[rng_below(&g, size)] = (uint8_t)rng_u64(&g);
		if (image_probe(&info, copy, size) == 0 && (int64_t)info.w * info.h < 1 << 18 &&
		    image_decode(&tile, &info, copy, size, NULL, 1, &arena) == 0)
			images++;
	}
	ok(images < 60, "%s: changed at random: still an image %d times of 60", name, images);
}

int main(void)
{
	char dir[] = "/tmp/image_decode.XXXXXX", command[600], line[512];
	arena_init(&arena, 1 << 20);
	if (mkdtemp(dir) == NULL)
		return 1;
	snprintf(command, sizeof command, "/usr/bin/python3 tests/image_peer.py %s", dir);
	FILE *peer = popen(command, "r");
	while (peer != NULL && fgets(line, sizeof line, peer) != NULL) {
		char name[128], reference[256];
		int w, h;
		if (sscanf(line, "%127s %255s %d %d", name, reference, &w, &h) != 4)
			continue;
		compare_with_peer(dir, name, reference, w, h);
		if (w == 0)
			cut_files_fail(dir, name);
		if (w == 0 && strstr(reference, "203x149") != NULL)
			changed_files_do_no_harm(dir, name);
		if (w == 0 && strstr(name, ".jpg") != NULL)
			parts_equal_whole(dir, name);
	}
	bool made = peer != NULL && pclose(peer) == 0;
	if (!made && tap_count == 0)
		return tap_skip_all("needs /usr/bin/python3 with Pillow and numpy");
	ok(made, "the peer made all images");
	snprintf(command, sizeof command, "rm -r %s", dir);
	if (system(command) != 0)
		return 1;
	arena_release(&arena);
	return tap_done();
}
