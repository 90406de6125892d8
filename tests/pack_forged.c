/*
 * An index whose own hash is right and that says what is not so: opening or checking the pack tells, and nothing that
 * reads by it leaves its memory.
 */
#include "base/io.h"
#include "record/sample.h"
#include "record/stats.h"
#include "stream/frame.h"
#include "stream/pack_index.h"
#include "tests/tap.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

enum { RECORDS = 8, MOST_FRAMES = 16 };

static char directory[] = "/tmp/pack-forged-XXXXXX";
static char path[64];

/* The good pack: its zstd frames, and its index in lists that can be changed. */
struct parts {
	uint8_t *data;
	size_t frames_size;	/* bytes of all zstd frames */
	struct pack_index index;
	uint64_t hashes[MOST_FRAMES];
	struct pack_frame frames[MOST_FRAMES];
	struct pack_entry entries[RECORDS];
};

static int write_good(struct arena *a)
{
	static struct category category = { .id = 1, .name = "cat" };
	static const float boxes[] = { 1, 2, 3, 4 };
	static const int32_t labels[] = { 0 };
	static uint8_t image[6000];
	struct stream_header h = { .kind = "sample", .n_categories = 1, .categories = &category, .planned = -1 };
	struct stream_writer w;
	struct sample s;
	for (size_t i = 0; i < sizeof image; i++)
		image[i] = (uint8_t)(i * i >> 3);
	TRY(stream_writer_open(&w, path, &h));
	for (int i = 0; i < RECORDS; i++) {
		sample_init(&s);
		s.id.number = i;
		s.seq = i;
		s.encoded = image + i;
		s.encoded_size = i % 4 < 2 ? 200 : 5000;
		s.n = i % 2, s.boxes = boxes, s.labels = labels;
		TRY(sample_write(&w, &s, a));
	}
	return stream_writer_close(&w, NULL);
}

static int take_apart(struct parts *p, struct arena *a)
{
	size_t size;
	uint32_t entries, index_size;
	TRY(io_read_file(path, &p->data, &size, a));
	memcpy(&entries, p->data + size - PACK_FOOTER, 4);
	memcpy(&index_size, p->data + size - PACK_FOOTER - 8, 4);
	size_t table_size = (size_t)pack_table_size(entries - UINT64_C(1));
	p->frames_size = size - table_size - index_size;
	uint8_t *index = arena_alloc(a, index_size), *table = arena_alloc(a, table_size);
	memcpy(index, p->data + p->frames_size, index_size);
	memcpy(table, p->data + size - table_size, table_size);
	TRY(pack_index_decode(&p->index, index, index_size, table, table_size, a));
	if (p->index.n_frames > MOST_FRAMES || p->index.n_records != RECORDS)
		return err_set("another pack than expected");
	memcpy(p->hashes, p->index.hashes, p->index.n_frames * sizeof *p->hashes);
	memcpy(p->frames, p->index.frames, p->index.n_frames * sizeof *p->frames);
	memcpy(p->entries, p->index.entries, sizeof p->entries);
	return 0;
}

static int put_together(const struct parts *p, struct arena *a)
{
	struct pack_index x = p->index;
	uint8_t *tail;
	size_t size;
	x.hashes = p->hashes;
	x.frames = p->frames;
	x.entries = p->entries;
	arena_reset(a);
	TRY(pack_index_encode(&tail, &size, &x, a));
	int fd = open(path, O_WRONLY | O_TRUNC);
	int status = io_write(fd, path, p->data, p->frames_size);
	if (status == 0)
		status = io_write(fd, path, tail, size);
	close(fd);
	return status;
}

/* Every record by the index, in both directions; what it gives does not matter here. */
static void read_all(void)
{
	struct stream_limits limits = { .cap = 1 << 20 };
	struct stream_body body;
	struct pack p;
	if (pack_open(&p, path, &limits) != 0)
		return;
	for (int64_t i = 0; i < pack_count(&p); i++)
		(void)!pack_read(&p, i, &body);
	for (int64_t i = pack_count(&p); i-- > 0;)
		(void)!pack_read(&p, i, &body);
	(void)!pack_trailer(&p);
	pack_close(&p);
}

static void try(const struct parts *p, struct arena *a, const char *what)
{
	struct stream_count count;
	if (!ok(put_together(p, a) == 0, "%s: written", what))
		return;
	read_all();
	int status = stats_check(&count, path, NULL);
	ok(status == -1 && strstr(err_get(), path) != NULL, "%s: %s", what, status == 0 ? "not seen" : err_get());
}

static void forge_entries(const struct parts *good, struct arena *a)
{
	static const int64_t shifts[] = { 1, -1, 18, 200 };
	struct parts p;
	char what[64];
	for (int i = 0; i < RECORDS; i += 3)
		for (size_t k = 0; k < sizeof shifts / sizeof *shifts; k++) {
			p = *good;
			p.entries[i].offset += (uint64_t)shifts[k];
			snprintf(what, sizeof what, "offset of record %d by %lld", i, (long long)shifts[k]);
			try(&p, a, what);
			p = *good;
			p.entries[i].size += (uint64_t)shifts[k];
			snprintf(what, sizeof what, "size of record %d by %lld", i, (long long)shifts[k]);
			try(&p, a, what);
		}
	p = *good;
	p.entries[3].offset = UINT64_MAX - 10;
	try(&p, a, "an offset near 2^64");
	p = *good;
	p.entries[3].size = UINT64_MAX - 10;
	try(&p, a, "a size near 2^64");
	p = *good;
	p.entries[1] = p.entries[0];
	try(&p, a, "a record twice");
	p = *good;
	p.entries[2].zstd_frame++;
	try(&p, a, "another zstd frame");
	p = *good;
	p.entries[RECORDS - 1].zstd_frame = UINT32_MAX;
	try(&p, a, "a zstd frame that is not there");
	p = *good;
	p.entries[5].objects++;
	try(&p, a, "another number of objects");
	p = *good;
	p.entries[5].id_hash ^= 1;
	try(&p, a, "another id");
	p = *good;
	struct pack_entry first = p.entries[2];
	p.entries[2] = p.entries[3];
	p.entries[3] = first;
	try(&p, a, "two records in the other order");
	p = *good;
	p.index.n_records--;
	try(&p, a, "a record is left out");
}

static void forge_frames(const struct parts *good, struct arena *a)
{
	struct parts p = *good;
	p.hashes[2] ^= 1;
	try(&p, a, "hash of a zstd frame");
	p = *good;
	p.frames[2].packed++;
	try(&p, a, "a longer zstd frame");
	p.frames[3].packed--;
	try(&p, a, "the next one as much shorter");
	p = *good;
	p.frames[2].size++;
	try(&p, a, "a zstd frame of more bytes");
	p.frames[3].size--;
	try(&p, a, "the next one of as many less");
	p = *good;
	p.frames[2].size = UINT32_MAX;
	p.index.stream_size += UINT32_MAX - good->frames[2].size;
	try(&p, a, "a zstd frame of 4 GiB");
	p = *good;
	p.index.stream_size++;
	try(&p, a, "a longer stream");
	p = *good;
	p.index.n_frames--;
	try(&p, a, "a zstd frame is left out");
}

/* The checksum of a zstd frame is its last 4 bytes; the index has the hash of what is there now. */
static void forge_checksum(const struct parts *good, struct arena *a)
{
	struct parts p = *good;
	size_t at = 0;
	for (int f = 0; f < 4; f++)
		at += p.frames[f].packed;
	p.data[at - 1] ^= 1;
	p.hashes[3] = frame_hash(p.data + at - p.frames[3].packed, p.frames[3].packed);
	try(&p, a, "checksum of a zstd frame");
	p.data[at - 1] ^= 1;
}

int main(void)
{
	static struct parts good;
	struct stream_count count;
	struct arena kept, a;
	arena_init(&kept, 1 << 16);
	arena_init(&a, 1 << 16);
	if (mkdtemp(directory) == NULL)
		return tap_skip_all("no temporary directory");
	snprintf(path, sizeof path, "%s/x.pack", directory);
	if (ok(write_good(&kept) == 0 && take_apart(&good, &kept) == 0, "a pack is taken apart")) {
		ok(put_together(&good, &a) == 0 && stats_check(&count, path, NULL) == 0 && count.records == RECORDS,
		   "put together again it is right");
		forge_entries(&good, &a);
		forge_frames(&good, &a);
		forge_checksum(&good, &a);
	}
	unlink(path);
	rmdir(directory);
	arena_release(&kept);
	arena_release(&a);
	return tap_done();
}
