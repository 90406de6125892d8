/*
 * A small stream and a small pack, cut at every byte and with every bit flipped: always an error that
 * names the place, never a crash.
 */
#include "record/sample.h"
#include "stream/frame.h"
#include "stream/pack.h"
#include "tests/tap.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static char directory[] = "/tmp/stream-hostile-XXXXXX";

struct bytes {
	uint8_t data[8192];
	size_t size;
};

/* Where damaged copies are put, and a name to open them by. */
struct place {
	int fd;
	char path[64];
};

static bool place_put(const struct place *p, const uint8_t *data, size_t size)
{
	return ftruncate(p->fd, 0) == 0 && pwrite(p->fd, data, size, 0) == (ssize_t)size;
}

static bool write_small(const char *path, struct bytes *b, struct arena *a)
{
	static struct category category = { .id = 1, .name = "cat" };
	static const uint8_t jpeg[] = { 0xff, 0xd8, 9, 9, 9 };
	static const float boxes[] = { 1, 2, 3, 4 };
	static const int32_t labels[] = { 0 };
	struct stream_header h = { .kind = "sample", .n_categories = 1, .categories = &category, .planned = -1 };
	struct stream_writer w;
	struct sample s;
	if (stream_writer_open(&w, path, &h) != 0)
		return false;
	for (int i = 0; i < 3; i++) {
		sample_init(&s);
		s.id.number = i;
		s.encoded = jpeg, s.encoded_size = sizeof jpeg;
		s.n = i, s.boxes = boxes, s.labels = labels;
		if (i < 2 && sample_write(&w, &s, a) != 0)
			return false;
	}
	if (stream_writer_close(&w, NULL) != 0)
		return false;
	int fd = open(path, O_RDONLY);
	b->size = (size_t)read(fd, b->data, sizeof b->data);
	close(fd);
	unlink(path);
	return b->size > 100 && b->size < sizeof b->data;
}

/* The message must tell where. */
static bool names_place(const char *message, const char *path)
{
	return strstr(message, path) != NULL &&
	       (strstr(message, "record ") != NULL || strstr(message, "header") != NULL ||
		strstr(message, "trailer") != NULL || strstr(message, "index") != NULL);
}

/* Read all. 0: the clean end; -1: an error that says where; -2: one that does not. */
static int read_stream(const char *path)
{
	struct stream_limits limits = { .cap = 4096 };
	struct stream_reader r;
	struct sample s;
	struct arena a;
	int got = 1;
	if (stream_reader_open(&r, path, &limits) != 0)
		return names_place(err_get(), path) ? -1 : -2;
	arena_init(&a, 1 << 12);
	while (got == 1) {
		got = sample_read(&s, &r, &a);
		arena_reset(&a);
	}
	if (got == -1 && !names_place(err_get(), path))
		got = -2;
	stream_reader_close(&r);
	arena_release(&a);
	return got;
}

static int read_pack(const char *path)
{
	struct stream_limits limits = { .cap = 4096 };
	struct stream_body body;
	struct pack p;
	if (pack_open(&p, path, &limits) != 0)
		return names_place(err_get(), path) ? -1 : -2;
	int got = 0;
	for (int64_t i = 0; got == 0 && i < pack_count(&p); i++)
		got = pack_read(&p, i, &body);
	if (got == 0 && pack_trailer(&p) == NULL)
		got = -1;
	if (got == -1 && !names_place(err_get(), path))
		got = -2;
	pack_close(&p);
	return got;
}

static void test_cuts(const struct bytes *b, const struct place *p, int (*read_all)(const char *), const char *what)
{
	size_t bad = 0;
	for (size_t size = 0; size < b->size; size++) {
		if (!place_put(p, b->data, size) || read_all(p->path) != -1) {
			bad++;
			printf("# cut at %zu: %s\n", size, err_get());
		}
	}
	ok(bad == 0, "%s cut at each of %zu bytes is an error that says where", what, b->size);
}

static void test_flips(const struct bytes *b, const struct place *p, int (*read_all)(const char *), const char *what)
{
	struct bytes damaged = *b;
	size_t bad = 0;
	for (size_t i = 0; i < b->size; i++) {
		/* Each bit alone, then all of the byte. */
		for (int flip = 0; flip < 9; flip++) {
			damaged.data[i] = b->data[i] ^ (uint8_t)(flip < 8 ? 1 << flip : 0xff);
			if (!place_put(p, damaged.data, b->size) || read_all(p->path) != -1) {
				bad++;
				printf("# byte %zu flip %d: %s\n", i, flip, err_get());
			}
		}
		damaged.data[i] = b->data[i];
	}
	ok(bad == 0, "%s with any bit of %zu bytes flipped is an error that says where", what, b->size);
}

/* After an error every call fails with the same message. */
static void test_sticky(const struct bytes *b, const struct place *p)
{
	struct stream_reader r;
	struct stream_body body;
	char message[2048];
	place_put(p, b->data, b->size - 1);
	if (!ok(stream_reader_open(&r, p->path, NULL) == 0, "a stream that lacks a byte opens"))
		return;
	while (stream_reader_next(&r, &body) == 1)
		;
	snprintf(message, sizeof message, "%s", err_get());
	err_set("something else");
	is_int(stream_reader_next(&r, &body), -1, "it fails, and fails again");
	is_text(err_get(), message, "with the same message");
	stream_reader_close(&r);
}

static void test_appended(const struct bytes *b, const struct place *p, const char *what)
{
	struct bytes twice = *b;
	memcpy(twice.data + b->size, b->data, b->size);
	ok(place_put(p, twice.data, 2 * b->size) && read_stream(p->path) == 0, "%s appended to itself reads", what);
	ok(place_put(p, twice.data, 2 * b->size - 1) && read_stream(p->path) == -1, "%s appended and cut does not", what);
	memcpy(twice.data + b->size, "x", 1);
	ok(place_put(p, twice.data, b->size + 1) && read_stream(p->path) == -1, "%s with a byte after it does not", what);
}

/* Give every frame the hash of its body as it is now; false when the lengths do not lead to the end. */
static bool reseal(struct bytes *b)
{
	size_t at = 0;
	while (at + FRAME_SIZE <= b->size) {
		uint64_t size;
		memcpy(&size, b->data + at + 2, 8);
		if (size > b->size - at - FRAME_SIZE)
			return false;
		frame_make(b->data + at, b->data[at + 1], b->data + at + FRAME_SIZE, size);
		at += FRAME_SIZE + size;
	}
	return at == b->size;
}

/*
 * What the hash would have caught, given a right hash: now structure and types are all that protects.
 * Some of it is a stream still; the rest must be an error that says where, and nothing may crash.
 */
static void test_forged(const struct bytes *b, const struct place *p)
{
	size_t bad = 0, refused = 0, tried = 0;
	for (size_t i = 0; i < b->size; i++) {
		for (int flip = 0; flip < 9; flip++) {
			struct bytes forged = *b;
			forged.data[i] ^= (uint8_t)(flip < 8 ? 1 << flip : 0xff);
			if (!reseal(&forged) || !place_put(p, forged.data, forged.size))
				continue;
			int got = read_stream(p->path);
			tried++;
			refused += got == -1;
			bad += got == -2;
		}
	}
	ok(bad == 0, "%zu flips under a right hash: none crashes, each that fails says where", tried);
	ok(refused > tried / 2, "most of them fail");
}

static bool place_open(struct place *p)
{
	p->fd = memfd_create("damaged", MFD_CLOEXEC);
	snprintf(p->path, sizeof p->path, "/proc/self/fd/%d", p->fd);
	return p->fd >= 0;
}

int main(void)
{
	static struct bytes stream, pack;
	struct arena a;
	struct place p;
	char path[128];
	arena_init(&a, 1 << 14);
	if (mkdtemp(directory) == NULL || !place_open(&p))
		return tap_skip_all("no temporary files");
	snprintf(path, sizeof path, "%s/x.stream", directory);
	ok(write_small(path, &stream, &a), "a small stream");
	snprintf(path, sizeof path, "%s/x.pack", directory);
	ok(write_small(path, &pack, &a), "a small pack");
	ok(place_put(&p, stream.data, stream.size) && read_stream(p.path) == 0, "the whole stream reads");
	ok(place_put(&p, pack.data, pack.size) && read_stream(p.path) == 0, "the whole pack reads as a stream");
	ok(place_put(&p, pack.data, pack.size) && read_pack(p.path) == 0, "and by its index");
	test_cuts(&stream, &p, read_stream, "a stream");
	test_cuts(&pack, &p, read_stream, "a pack read as a stream");
	test_cuts(&pack, &p, read_pack, "a pack read by its index");
	test_flips(&stream, &p, read_stream, "a stream");
	test_flips(&pack, &p, read_stream, "a pack read as a stream");
	test_flips(&pack, &p, read_pack, "a pack read by its index");
	test_forged(&stream, &p);
	test_sticky(&stream, &p);
	test_appended(&stream, &p, "a stream");
	test_appended(&pack, &p, "a pack");
	rmdir(directory);
	arena_release(&a);
	close(p.fd);
	return tap_done();
}
