/*
 * The golden vectors in formats/vectors: what this code writes is those bytes, and those bytes read as
 * what was written. `stream_vectors --write` makes the files anew, which only a new version of the format may ask for.
 */
#include "record/detection.h"
#include "stream/emit.h"
#include "stream/pack.h"
#include "tests/tap.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#define VECTORS "formats/vectors/"

static struct category categories[] = { { .id = 1, .name = "cat", .supercategory = "animal" },
	{ .id = 18, .name = "dög" } };
static struct provenance chain[] = { { "coco-pack", "0.1.0", "shuffle=true", 7 } };

/* The smallest stream with an object: the example of cocopipe-stream(5). */
static int write_tiny(const char *path, struct arena *a)
{
	static const float boxes[] = { 10, 20, 30.5f, 40 };
	static const int32_t labels[] = { 0 };
	struct stream_header h = { .kind = "sample", .n_categories = 1, .categories = &categories[1], .planned = 1 };
	struct stream_writer w;
	struct sample s;
	sample_init(&s);
	s.id.number = 7;
	s.n = 1, s.boxes = boxes, s.labels = labels;
	TRY(stream_writer_open(&w, path, &h));
	if (sample_write(&w, &s, a) != 0) {
		stream_writer_abandon(&w);
		return -1;
	}
	return stream_writer_close(&w, NULL);
}

static void fill_first(struct sample *s)
{
	static const uint8_t jpeg[] = { 0xff, 0xd8, 0xff, 0xd9 };
	static const float boxes[] = { 1, 2, 3.5f, 4, 10, 20, 30, 40 }, score[] = { 0.5f, 0.25f }, weight[] = { 1, 2 };
	static const int32_t labels[] = { 1, 0 };
	static const double area[] = { 5, 400.125 };
	static const uint8_t iscrowd[] = { 0, 1 }, ignore[] = { 1, 0 };
	static const int64_t object_id[] = { -1, 900100 };
	static double polygon[] = { 1, 2, 3.5, 2, 3.5, 4 };
	static float keypoints[12] = { 1, 2, 2, 3, 4, 1 };
	static struct tensor polygons[1];
	static struct sample_mask masks[2];
	sample_init(s);
	polygons[0] = tensor_view(DTYPE_F64, 2, (int64_t[]){ 3, 2 }, polygon);
	masks[0] = (struct sample_mask){ .n_polygons = 1, .polygons = polygons };
	masks[1] = (struct sample_mask){ .rle_h = 48, .rle_w = 64, .rle = "QRSo1" };
	s->id.text = "a/b";
	s->seq = 5, s->epoch = 2, s->source = "coco", s->file_name = "a/b.jpg";
	s->encoded = jpeg, s->encoded_size = sizeof jpeg;
	s->orig_w = 64, s->orig_h = 48, s->exif = 6, s->exif_boxes = 6;
	s->n = 2, s->boxes = boxes, s->labels = labels, s->area = area, s->iscrowd = iscrowd, s->ignore = ignore;
	s->score = score, s->weight = weight, s->object_id = object_id, s->masks = masks;
	s->keypoints = tensor_view(DTYPE_F32, 3, (int64_t[]){ 2, 2, 3 }, keypoints);
}

static void fill_second(struct sample *s)
{
	static uint8_t pixels[2 * 3 * 3] = { 255, 0, 1, 2, 3, 4 }, semantic[2 * 3] = { 1, 255 };
	sample_init(s);
	s->id.number = -9007199254740993;
	s->seq = 7;
	s->pixels = tensor_view(DTYPE_U8, 3, (int64_t[]){ 2, 3, 3 }, pixels);
	s->orig_w = 6, s->orig_h = 4, s->valid_w = 3, s->valid_h = 2;
	s->transform[0] = 0.5, s->transform[4] = 0.5, s->transform[2] = -0.25;
	s->class_label = 1;
	s->semantic = tensor_view(DTYPE_U8, 2, (int64_t[]){ 2, 3 }, semantic);
}

static int put_samples(struct stream_writer *w, struct arena *a)
{
	struct emitter e;
	struct sample s;
	struct stream_body body;
	float values[] = { 1, -0.0f };
	struct tensor t = tensor_view(DTYPE_F32, 1, (int64_t[]){ 2 }, values);
	fill_first(&s);
	TRY(sample_write(w, &s, a));
	fill_second(&s);
	TRY(sample_write(w, &s, a));
	/* A record with a key of some later version. */
	emit_begin(&e, a, 0);
	emit_map(&e, 3);
	emit_text(&e, "id");
	emit_int(&e, 3);
	emit_text(&e, "seq");
	emit_int(&e, 8);
	emit_text(&e, "future");
	emit_map(&e, 2);
	emit_text(&e, "list");
	emit_array(&e, 3);
	emit_nil(&e);
	emit_number(&e, 0.1);
	emit_unsigned(&e, UINT64_MAX);
	emit_text(&e, "tensor");
	emit_tensor(&e, &t);
	TRY(emit_end(&e));
	body = (struct stream_body){ .data = e.data, .size = e.size };
	TRY(sample_decode(&s, &body, a));
	return sample_write(w, &s, a);
}

static int write_samples(const char *path, struct arena *a)
{
	struct stream_header h = { .kind = "sample", .n_categories = 2, .categories = categories, .planned = 12,
				   .n_provenance = 1, .provenance = chain };
	struct stream_trailer t = { .in = { 6, 9 }, .deselected = { 2, 5 } };
	struct stream_writer w;
	TRY(stream_writer_open(&w, path, &h));
	if (put_samples(&w, a) != 0 || stream_trailer_reject(&t, "image missing", 1, 1, a) != 0 ||
	    stream_trailer_reject(&t, "box outside the image", 0, 1, a) != 0) {
		stream_writer_abandon(&w);
		return -1;
	}
	return stream_writer_close(&w, &t);
}

static int write_detections(const char *path, struct arena *a)
{
	static const float boxes[] = { 0, 0, 5, 5, 1, 1, 2, 2 }, scores[] = { 0.75f, 0.5f };
	static const int32_t labels[] = { 1, 0 };
	struct stream_header h = { .kind = "detection", .n_categories = 2, .categories = categories, .planned = -1 };
	struct detection d = { .id.number = 4, .seq = 1, .source = "", .file_name = "x.jpg", .orig_w = 64, .orig_h = 48,
			       .n = 2, .boxes = boxes, .labels = labels, .scores = scores };
	struct stream_writer w;
	TRY(stream_writer_open(&w, path, &h));
	if (detection_write(&w, &d, a) != 0) {
		stream_writer_abandon(&w);
		return -1;
	}
	return stream_writer_close(&w, NULL);
}

/* What COCO's files say that has no key of its own. */
static int write_members(const char *path, struct arena *a)
{
	static const float boxes[] = { 10, 20, 30.5f, 40, 1, 2, 3, 4 };
	static const int32_t labels[] = { 0, 0 }, original[] = { 0, -1 };
	static const uint8_t form[] = { SAMPLE_NO_ISCROWD, SAMPLE_NO_AREA | SAMPLE_NO_ISCROWD };
	static const double area[] = { 410, 4 };
	static const char *const members[] = { "{\"attributes\":{\"x\":[1.50]}}", NULL };
	static float keypoints[6] = { 0.333333f, 2, 2 };
	static double points[6] = { 0.3333333333333333, 2, 2 };
	static struct category class = { .id = 18, .name = "dög", .members = "{\"synonyms\":[\"hund\"]}" };
	static struct about about[] = { { "a", "{\"info\":{\"year\":2017},\"licenses\":[]}" }, { "b", "{\"info\":{}}" } };
	struct stream_header h = { .kind = "sample", .n_categories = 1, .categories = &class, .planned = 1, .n_about = 2, .about = about };
	struct stream_writer w;
	struct sample s;
	sample_init(&s);
	s.source = "a", s.members = "{\"license\":3}";
	s.n = 2, s.boxes = boxes, s.labels = labels, s.original_labels = original, s.area = area, s.form = form, s.object_members = members;
	s.keypoints = tensor_view(DTYPE_F32, 3, (int64_t[]){ 2, 1, 3 }, keypoints);
	s.points = tensor_view(DTYPE_F64, 3, (int64_t[]){ 2, 1, 3 }, points);
	TRY(stream_writer_open(&w, path, &h));
	if (sample_write(&w, &s, a) != 0) {
		stream_writer_abandon(&w);
		return -1;
	}
	return stream_writer_close(&w, NULL);
}

static const struct vector {
	const char *name;
	int (*write)(const char *path, struct arena *a);
} vectors[] = {
	{ "tiny.stream", write_tiny },
	{ "sample.stream", write_samples },
	{ "sample.pack", write_samples },
	{ "detection.stream", write_detections },
	{ "members.stream", write_members },
};

static size_t read_file(const char *path, uint8_t *bytes, size_t room)
{
	int fd = open(path, O_RDONLY);
	ssize_t n = fd < 0 ? 0 : read(fd, bytes, room);
	close(fd);
	return n < 0 ? 0 : (size_t)n;
}

static void test_written(const struct vector *v, const char *directory, struct arena *a)
{
	static uint8_t got[16384], want[16384];
	char path[256], golden[256];
	snprintf(path, sizeof path, "%s/%s", directory, v->name);
	snprintf(golden, sizeof golden, VECTORS "%s", v->name);
	ok(v->write(path, a) == 0, "%s is written", v->name);
	size_t n = read_file(path, got, sizeof got), m = read_file(golden, want, sizeof want);
	ok(n > 0 && n == m && memcmp(got, want, n) == 0, "with the bytes of the golden vector");
	unlink(path);
}

static void test_read(struct arena *a)
{
	struct stream_reader r;
	struct sample s, first, second;
	fill_first(&first);
	fill_second(&second);
	if (!ok(stream_reader_open(&r, VECTORS "sample.stream", NULL) == 0, "sample.stream opens"))
		return;
	ok(sample_read(&s, &r, a) == 1 && s.n == 2 && memcmp(s.boxes, first.boxes, 32) == 0 &&
	   memcmp(s.object_id, first.object_id, 16) == 0 && s.masks[0].n_polygons == 1 &&
	   strcmp(s.masks[1].rle, "QRSo1") == 0 && s.encoded_size == 4, "its first sample is the one written");
	ok(sample_read(&s, &r, a) == 1 && s.id.number == -9007199254740993 && s.valid_w == 3 && s.class_label == 1 &&
	   memcmp(s.transform, second.transform, sizeof s.transform) == 0 &&
	   memcmp(s.pixels.data, second.pixels.data, 18) == 0, "and the second");
	ok(sample_read(&s, &r, a) == 1 && s.extra != NULL, "the third has an unknown key");
	is_int(sample_read(&s, &r, a), 0, "then it ends");
	const struct stream_trailer *t = stream_reader_trailer(&r);
	ok(t->in.records == 6 && t->deselected.objects == 5 && t->n_rejects == 2 && t->out.records == 3 &&
	   t->out.objects == 2, "with the counts written");
	stream_reader_close(&r);
}

static void test_read_members(struct arena *a)
{
	struct stream_reader r;
	struct sample s;
	if (!ok(stream_reader_open(&r, VECTORS "members.stream", NULL) == 0, "members.stream opens"))
		return;
	const struct stream_header *h = stream_reader_header(&r);
	ok(h->n_about == 2 && strcmp(h->about[1].source, "b") == 0 && strcmp(h->about[1].members, "{\"info\":{}}") == 0 &&
	   strcmp(h->categories[0].members, "{\"synonyms\":[\"hund\"]}") == 0, "its header says what the data sets say");
	ok(sample_read(&s, &r, a) == 1 && strcmp(s.members, "{\"license\":3}") == 0 && s.form[1] == 3 && s.object_members[1] == NULL &&
	   strcmp(s.object_members[0], "{\"attributes\":{\"x\":[1.50]}}") == 0 && s.original_labels[1] == -1 &&
	   ((double *)s.points.data)[0] == 0.3333333333333333, "and its sample is the one written");
	stream_reader_close(&r);
}

int main(int argc, char **argv)
{
	char directory[] = "/tmp/stream-vectors-XXXXXX";
	bool write = argc > 1 && strcmp(argv[1], "--write") == 0;
	struct arena a;
	arena_init(&a, 1 << 16);
	if (!write && mkdtemp(directory) == NULL)
		return tap_skip_all("no temporary directory");
	for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
		char path[256];
		snprintf(path, sizeof path, VECTORS "%s", vectors[i].name);
		if (write)
			ok(vectors[i].write(path, &a) == 0, "%s: %s", path, err_get());
		else
			test_written(&vectors[i], directory, &a);
	}
	if (!write) {
		test_read(&a);
		test_read_members(&a);
		rmdir(directory);
	}
	arena_release(&a);
	return tap_done();
}
