/*
 * A small pack with every byte damaged in turn, and cut at every byte: what is saved is what was put, what is lost is
 * what the damage touched, and all of it is listed.
 */
#include "base/io.h"
#include "record/salvage.h"
#include "stream/pack.h"
#include "tests/tap.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

enum { RECORDS = 9 };

static char directory[64];
static char good[96], bad[96], out[96];

struct whole {
	uint8_t *data;
	size_t size;
	uint64_t place[RECORDS + 3];	/* of each zstd frame, and of the index */
	int n_frames;
	uint32_t frame[RECORDS];	/* of each record */
	struct sample_id id[RECORDS];
	const uint8_t *body[RECORDS];
	size_t body_size[RECORDS];
};

/* Records 0-2 and 6-8 are small and share zstd frames; 3-5 have their own, of which that of 4 is compressed. */
static int write_good(struct arena *a)
{
	static struct category category = { .id = 1, .name = "cat" };
	static const float boxes[] = { 1, 2, 3, 4, 5, 6, 7, 8 };
	static const int32_t labels[] = { 0, 0 };
	static uint8_t image[5000];
	struct stream_header h = { .kind = "sample", .n_categories = 1, .categories = &category, .planned = -1 };
	struct stream_writer w;
	struct sample s;
	uint64_t x = 1;
	TRY(stream_writer_open(&w, good, &h));
	for (int i = 0; i < RECORDS; i++) {
		for (size_t k = 0; k < sizeof image; k++) {
			x = x * 6364136223846793005u + 1442695040888963407u;
			image[k] = i == 4 ? (uint8_t)(x >> 62) : (uint8_t)(x >> 56);
		}
		sample_init(&s);
		s.id.number = 1000 + i;
		s.id.text = i % 4 == 1 ? "a text" : NULL;
		s.seq = 20 + i;
		s.encoded = image;
		s.encoded_size = i >= 3 && i < 6 ? sizeof image : 300;
		s.n = i % 3, s.boxes = boxes, s.labels = labels;
		TRY(sample_write(&w, &s, a));
	}
	return stream_writer_close(&w, NULL);
}

/* What the pack is made of, by its index, and the bodies one after the other from the stream. */
static int look_at_good(struct whole *o, struct arena *a)
{
	struct stream_reader r;
	struct stream_body body;
	struct pack p;
	struct sample s;
	TRY(io_read_file(good, &o->data, &o->size, a));
	TRY(pack_open(&p, good, NULL));
	for (int i = 0; i < RECORDS; i++)
		o->frame[i] = pack_entry(&p, i)->zstd_frame;
	pack_close(&p);
	TRY(stream_reader_open(&r, good, NULL));
	for (int i = 0; i < RECORDS && stream_reader_next(&r, &body) == 1; i++) {
		uint8_t *copy = arena_alloc(a, body.size);
		memcpy(copy, body.data, body.size);
		o->body[i] = copy;
		o->body_size[i] = body.size;
		TRY(sample_decode(&s, &(struct stream_body){ .data = copy, .size = body.size }, a));
		o->id[i] = s.id;
	}
	stream_reader_close(&r);
	/* The seek table, from its description: pairs of sizes from byte 8 on; the last but the index's is the trailer. */
	uint32_t entries, packed;
	memcpy(&entries, o->data + o->size - 9, 4);
	const uint8_t *table = o->data + o->size - 9 - 8 * (size_t)entries;
	o->n_frames = (int)entries - 1;
	for (int f = 0; f < o->n_frames; f++) {
		memcpy(&packed, table + 8 * f, 4);
		o->place[f + 1] = o->place[f] + packed;
	}
	return 0;
}

static bool put_bad(const uint8_t *data, size_t size)
{
	int fd = open(bad, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	bool done = fd >= 0 && write(fd, data, size) == (ssize_t)size;
	close(fd);
	return done;
}

/* Which records are in the output, in order and as they were; -1 when there is anything else. */
static int read_saved(bool saved[RECORDS], const struct whole *o, struct stream_trailer *trailer)
{
	struct stream_reader r;
	struct stream_body body;
	int i = 0, got;
	memset(saved, 0, RECORDS * sizeof *saved);
	if (stream_reader_open(&r, out, NULL) != 0)
		return -1;
	while ((got = stream_reader_next(&r, &body)) == 1) {
		while (i < RECORDS && (o->body_size[i] != body.size || memcmp(o->body[i], body.data, body.size) != 0))
			i++;
		if (i == RECORDS)
			break;
		saved[i++] = true;
	}
	*trailer = *stream_reader_trailer(&r);
	stream_reader_close(&r);
	return got == 0 ? 0 : -1;
}

static int salvage(struct salvage_result *r, const char *like, struct arena *a)
{
	const struct provenance link = { .tool = "test", .version = "1", .options = "" };
	const struct salvage_param p = { .input = bad, .output = out, .like = like, .link = &link };
	arena_reset(a);
	return salvage_pack(r, &p, a);
}

static bool same_id(const struct sample_id *x, const struct sample_id *y)
{
	return x->text == NULL ? y->text == NULL && x->number == y->number : y->text != NULL && strcmp(x->text, y->text) == 0;
}

/* The list has exactly what is missing, by number, and ids and positions that are right where there are any. */
static const char *check_list(const struct salvage_result *r, const struct whole *o, const bool saved[RECORDS])
{
	int64_t k = 0;
	for (int i = 0; i < RECORDS; i++) {
		if (saved[i])
			continue;
		if (k == r->n_lost || r->lost[k].number != i || r->lost[k].objects != i % 3 || r->lost[k].reason[0] == '\0')
			return "a record is missing that is not listed";
		if (r->lost[k].has_id && !same_id(&r->lost[k].id, &o->id[i]))
			return "the list has another id";
		if (!r->lost[k].has_id && o->id[i].text == NULL)
			return "the list does not know a number";
		if (r->lost[k].has_seq && r->lost[k].seq != 20 + i)
			return "the list has another seq";
		/* Between neighbours that are left, seq is always known. */
		if (!r->lost[k].has_seq && i > 2 && i < 6)
			return "the list does not know a seq";
		k++;
	}
	return k == r->n_lost ? NULL : "a record is listed that is not missing";
}

/* The zstd frame of that byte; n_frames: the index or the seek table. */
static int frame_of(const struct whole *o, size_t at)
{
	int f = 0;
	while (f < o->n_frames && o->place[f + 1] <= at)
		f++;
	return f;
}

static const char *check_flip(const struct whole *o, size_t at, struct arena *a)
{
	struct salvage_result r;
	struct stream_trailer t;
	bool saved[RECORDS];
	int f = frame_of(o, at);
	if (salvage(&r, good, a) != 0)
		return "salvage failed";
	if (read_saved(saved, o, &t) != 0)
		return "the output has other records";
	for (int i = 0; i < RECORDS; i++)
		if (!saved[i] && o->frame[i] != (uint32_t)f)
			return "a record is lost whose frame is whole";
	if (t.in.records != RECORDS || t.in.objects != RECORDS || t.out.records + r.missing.records != RECORDS)
		return "the account is wrong";
	if (r.whole != (r.n_lost == 0 && !r.no_trailer) || (r.no_trailer && f != o->n_frames - 1))
		return "it does not say that all is whole";
	if (f == o->n_frames)
		return r.n_lost == 0 && r.whole && r.no_index != NULL ? NULL : "damage of the index loses something";
	return check_list(&r, o, saved);
}

/* Damage at every byte; how many flips lost anything is told. */
static void test_flips(const struct whole *o, struct arena *a)
{
	uint8_t *data = malloc(o->size);
	int wrong = 0, lost = 0;
	memcpy(data, o->data, o->size);
	for (size_t at = 0; at < o->size; at++) {
		/* Behind the beginning of a zstd frame, and of the first record in it, all bytes are alike. */
		int f = frame_of(o, at);
		if (at % 64 != 0 && f < o->n_frames && at > o->place[f] + 40 && at < o->place[f + 1] - 8)
			continue;
		data[at] ^= (uint8_t)(at % 3 == 0 ? 0xff : 1 << at % 8);
		const char *what = put_bad(data, o->size) ? check_flip(o, at, a) : "cannot write";
		data[at] = o->data[at];
		struct stream_trailer t;
		bool saved[RECORDS];
		lost += what == NULL && read_saved(saved, o, &t) == 0 && t.n_rejects > 0;
		if (what != NULL && wrong++ < 10)
			printf("# byte %zu: %s (%s)\n", at, what, err_get());
	}
	is_int(wrong, 0, "any byte damaged: the records of its zstd frame are lost at most, and listed");
	ok(lost > 200, "%d flips lost something", lost);
	free(data);
}

/* Cut at every byte: what lies in zstd frames before the cut is saved. */
static void test_cuts(const struct whole *o, struct arena *a)
{
	int wrong = 0;
	for (size_t size = 0; size < o->size; size += 1 + size % 16) {
		struct salvage_result r;
		struct stream_trailer t;
		bool saved[RECORDS], all = true, none = true;
		const char *what = NULL;
		int status = put_bad(o->data, size) ? salvage(&r, good, a) : -2;
		for (int i = 0; i < RECORDS; i++) {
			all &= size >= o->place[o->frame[i] + 1];
			none &= size <= o->place[o->frame[i]] + 8;
		}
		if (status == -2 || (status == -1 && !none && size > o->place[2]))
			what = "salvage failed";
		else if (status == 0 && read_saved(saved, o, &t) != 0)
			what = "the output has other records";
		for (int i = 0; what == NULL && status == 0 && i < RECORDS; i++)
			if (saved[i] != (size >= o->place[o->frame[i] + 1]) && size >= o->place[o->frame[i] + 1])
				what = "a record before the cut is lost";
		/* The last four bytes are the checksum of the trailer's zstd frame. */
		if (what == NULL && status == 0 && r.whole != (size >= o->place[o->n_frames] - 4))
			what = "it does not know whether all is whole";
		if (what != NULL && wrong++ < 10)
			printf("# cut at %zu: %s (%s)\n", size, what, err_get());
	}
	is_int(wrong, 0, "cut at any byte: what lies before the cut is saved");
}

/* A cut inside the last zstd frame of records: those before it are all there, and what is known is accounted for. */
static void test_partial(const struct whole *o, struct arena *a)
{
	struct salvage_result r;
	struct stream_trailer t;
	bool saved[RECORDS];
	uint32_t f = o->frame[RECORDS - 1];
	size_t cut = (size_t)(o->place[f] + o->place[f + 1]) / 2;
	ok(o->frame[RECORDS - 3] == f, "the last three records share a zstd frame");
	ok(put_bad(o->data, cut) && salvage(&r, NULL, a) == 0 && read_saved(saved, o, &t) == 0, "it is cut in the middle");
	ok(saved[0] && saved[5] && !saved[8] && r.kept.records == 6, "all before it are saved");
	ok(r.missing.records == -1 && r.no_trailer && !r.whole, "how much is lost is not known");
	ok(r.n_lost == 1 && r.lost[0].number == -1 && r.lost[0].place == o->place[f], "the gap is listed");
	ok(t.in.records == t.out.records + 1 && t.n_rejects == 1, "what is known to be lost is accounted for");
	/* Half of the last long record. */
	cut = (size_t)(o->place[o->frame[5]] + o->place[o->frame[5] + 1]) / 2;
	ok(put_bad(o->data, cut) && salvage(&r, NULL, a) == 0 && r.kept.records == 5, "cut in a record of its own");
	ok(r.n_lost == 1 && r.lost[0].has_id && same_id(&r.lost[0].id, &o->id[5]) && r.lost[0].has_seq && r.lost[0].seq == 25,
	   "the gap has its id and seq");
}

static void test_bad_inputs(const struct whole *o, struct arena *a)
{
	struct salvage_result r;
	uint8_t *data = malloc(o->size);
	memcpy(data, o->data, o->size);
	data[o->place[1] - 20] ^= 4;
	ok(put_bad(data, o->size) && salvage(&r, NULL, a) == -1 && strstr(err_get(), "--like") != NULL,
	   "a damaged header asks for another one: %s", err_get());
	ok(access(out, F_OK) != 0, "and there is no output");
	ok(put_bad((const uint8_t *)"\xd8\x01", 2) && salvage(&r, NULL, a) == -1 && strstr(err_get(), "plain stream") != NULL,
	   "a plain stream is no pack: %s", err_get());
	ok(put_bad((const uint8_t *)"hello", 5) && salvage(&r, NULL, a) == -1 && strstr(err_get(), "no record of") != NULL,
	   "nor is a text: %s", err_get());
	ok(put_bad(data, 0) && salvage(&r, NULL, a) == -1 && strstr(err_get(), "no record of") != NULL, "nor an empty file");
	unlink(bad);
	ok(salvage(&r, NULL, a) == -1 && strstr(err_get(), "cannot open") != NULL, "a file that is not there is an error");
	free(data);
}

int main(void)
{
	static struct whole o;
	struct arena a, kept;
	arena_init(&a, 1 << 16);
	arena_init(&kept, 1 << 16);
	/* Thousands of files are written and synced: in memory that is quick. */
	snprintf(directory, sizeof directory, "%s/salvage-XXXXXX", access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	if (mkdtemp(directory) == NULL)
		return tap_skip_all("no temporary directory");
	snprintf(good, sizeof good, "%s/good.pack", directory);
	snprintf(bad, sizeof bad, "%s/bad.pack", directory);
	snprintf(out, sizeof out, "%s/out.stream", directory);
	if (ok(write_good(&kept) == 0 && look_at_good(&o, &kept) == 0, "a pack: %s", err_get())) {
		test_flips(&o, &a);
		test_cuts(&o, &a);
		test_partial(&o, &a);
		unlink(out);
		test_bad_inputs(&o, &a);
	}
	unlink(good);
	unlink(bad);
	unlink(out);
	rmdir(directory);
	arena_release(&a);
	arena_release(&kept);
	return tap_done();
}
