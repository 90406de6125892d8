/* Records through streams: every field comes back, unknown keys pass, concatenation adds up. */
#include "record/detection.h"
#include "record/sample.h"
#include "stream/emit.h"
#include "stream/header.h"
#include "tests/tap.h"

#include <fcntl.h>
#include <math.h>
#include <msgpack.h>
#include <stdlib.h>
#include <unistd.h>

static char directory[] = "/tmp/stream-record-XXXXXX";

static const char *path(const char *name)
{
	static char text[4][256];
	static int turn;
	turn = (turn + 1) % 4;
	snprintf(text[turn], sizeof text[turn], "%s/%s", directory, name);
	return text[turn];
}

static struct stream_header small_header(const char *kind)
{
	static const char *points[] = { "nose", "paw" };
	static int32_t lines[][2] = { { 1, 2 }, { 2, 2 } };
	static struct category categories[] = { { .id = 7, .name = "cat", .supercategory = "animal", .n_keypoints = 2,
		.keypoints = points, .n_skeleton = 2, .skeleton = lines }, { .id = 9, .name = "dög" } };
	static struct provenance chain[] = { { "coco-pack", "0.1.0", "shuffle=true", UINT64_MAX } };
	return (struct stream_header){ .kind = kind, .n_categories = 2, .categories = categories,
				       .planned = 12, .n_provenance = 1, .provenance = chain };
}

static struct sample full_sample(void)
{
	static const uint8_t jpeg[] = { 0xff, 0xd8, 0, 1, 2, 3 };
	static const float boxes[] = { 1, 2, 3.5f, 4, 10, 20, 30, 40 };
	static const int32_t labels[] = { 1, 0 };
	static const double area[] = { 5.25, 1e300 };
	static const uint8_t iscrowd[] = { 0, 1 }, ignore[] = { 1, 0 };
	static const float score[] = { 0.5f, 0.25f }, weight[] = { 1, 2 };
	static const int64_t object_id[] = { INT64_MIN, INT64_MAX };
	static const double bbox[] = { 1, 2, 2.5000000001, 2, -1, 20, 21, 20 };
	static const int32_t original_labels[] = { 0, 0 };
	static double polygon[] = { 1, 2, 3, 4, 5, 6.5 };
	static struct tensor polygons[1];
	static struct sample_mask masks[2];
	static float keypoints[2 * 3 * 3] = { 1, 2, 2 };
	static double exact[2 * 3 * 3] = { 1.0000000001, 2, 2, 0, 0, 0, 0, 0, 0, 7 };
	static const uint8_t form[] = { SAMPLE_NO_AREA | SAMPLE_OTHER_COUNTS, 0 };
	static const char *const members[] = { NULL, "{\"\":[\"\\u0000\",1.50]}" };
	static uint8_t semantic[6] = { 255, 1, 2, 3, 4, 5 };
	struct sample s;
	polygons[0] = tensor_view(DTYPE_F64, 2, (int64_t[]){ 3, 2 }, polygon);
	masks[0] = (struct sample_mask){ .n_polygons = 1, .polygons = polygons };
	masks[1] = (struct sample_mask){ .rle_h = 480, .rle_w = 640, .rle = "QRSo1" };
	sample_init(&s);
	s.id = (struct sample_id){ .text = "a/b" };
	s.seq = 5, s.epoch = 2, s.source = "coco", s.file_name = "b.jpg";
	s.encoded = jpeg, s.encoded_size = sizeof jpeg;
	s.orig_w = 640, s.orig_h = 480, s.exif = 6, s.exif_boxes = 3, s.valid_w = 64, s.valid_h = 48;
	s.transform[2] = 0.1;
	s.n = 2, s.boxes = boxes, s.labels = labels, s.area = area, s.iscrowd = iscrowd, s.ignore = ignore;
	s.score = score, s.weight = weight, s.object_id = object_id, s.masks = masks;
	s.bbox = bbox, s.original_labels = original_labels, s.original_class_label = 0;
	s.keypoints = tensor_view(DTYPE_F32, 3, (int64_t[]){ 2, 3, 3 }, keypoints);
	s.points = tensor_view(DTYPE_F64, 3, (int64_t[]){ 2, 3, 3 }, exact);
	s.form = form, s.object_members = members, s.members = "{\"license\":3}";
	s.class_label = 1;
	s.semantic = tensor_view(DTYPE_U8, 2, (int64_t[]){ 2, 3 }, semantic);
	return s;
}

static bool same_bytes(const void *a, const void *b, size_t size)
{
	return a != NULL && b != NULL && memcmp(a, b, size) == 0;
}

static void compare_full(const struct sample *got)
{
	struct sample want = full_sample();
	is_text(got->id.text, "a/b", "id");
	ok(got->seq == 5 && got->epoch == 2 && got->class_label == 1, "seq, epoch and class_label");
	ok(strcmp(got->source, "coco") == 0 && strcmp(got->file_name, "b.jpg") == 0, "source and file_name");
	ok(got->encoded_size == 6 && same_bytes(got->encoded, want.encoded, 6), "encoded");
	ok(got->orig_w == 640 && got->orig_h == 480 && got->valid_w == 64 && got->valid_h == 48, "sizes");
	ok(got->exif == 6 && got->exif_boxes == 3, "exif");
	ok(same_bytes(got->transform, want.transform, sizeof want.transform), "transform");
	is_int(got->n, 2, "objects");
	ok(same_bytes(got->boxes, want.boxes, 32) && (uintptr_t)got->boxes % 64 == 0, "boxes, aligned");
	ok(same_bytes(got->labels, want.labels, 8), "labels");
	ok(same_bytes(got->area, want.area, 16), "area");
	ok(same_bytes(got->iscrowd, want.iscrowd, 2) && same_bytes(got->ignore, want.ignore, 2), "iscrowd, ignore");
	ok(same_bytes(got->score, want.score, 8) && same_bytes(got->weight, want.weight, 8), "score, weight");
	ok(same_bytes(got->object_id, want.object_id, 16), "object_id");
	ok(same_bytes(got->bbox, want.bbox, 64), "bbox");
	ok(same_bytes(got->original_labels, want.original_labels, 8) && got->original_class_label == 0, "labels as they were");
	ok(same_bytes(got->form, want.form, 2) && got->object_members != NULL && got->object_members[0] == NULL &&
	   strcmp(got->object_members[1], want.object_members[1]) == 0 && strcmp(got->members, want.members) == 0, "form and members");
	ok(got->masks[0].n_polygons == 1 && got->masks[0].polygons[0].dim[0] == 3 &&
	   same_bytes(got->masks[0].polygons[0].data, want.masks[0].polygons[0].data, 48), "polygons");
	ok(got->masks[1].rle_h == 480 && got->masks[1].rle_w == 640 && got->masks[1].rle != NULL &&
	   strcmp(got->masks[1].rle, "QRSo1") == 0, "run lengths");
	ok(tensor_same_shape(&got->keypoints, &want.keypoints) &&
	   same_bytes(got->keypoints.data, want.keypoints.data, 72), "keypoints");
	ok(tensor_same_shape(&got->points, &want.points) && same_bytes(got->points.data, want.points.data, 144), "points");
	ok(tensor_same_shape(&got->semantic, &want.semantic) &&
	   same_bytes(got->semantic.data, want.semantic.data, 6), "semantic");
	ok(got->pixels.data == NULL && got->extra == NULL, "what was absent stays absent");
}

static void write_samples(const char *name, int n, struct arena *a)
{
	struct stream_header h = small_header("sample");
	struct stream_writer w;
	struct sample s = full_sample();
	bool good = stream_writer_open(&w, path(name), &h) == 0;
	for (int i = 0; good && i < n; i++)
		good = sample_write(&w, &s, a) == 0;
	struct stream_trailer t = { .in = { n + 1, 2 * n }, .deselected = { 0, 0 } };
	good = good && stream_trailer_reject(&t, "no image", 1, 0, a) == 0;
	ok(good && stream_writer_close(&w, &t) == 0, "%d samples are written", n);
	if (!good)
		printf("# %s\n", err_get());
}

static void test_round_trip(const char *name, struct arena *a)
{
	struct stream_reader r;
	struct sample s;
	write_samples(name, 3, a);
	if (!ok(stream_reader_open(&r, path(name), NULL) == 0, "%s opens", name)) {
		printf("# %s\n", err_get());
		return;
	}
	const struct stream_header *h = stream_reader_header(&r);
	ok(strcmp(h->kind, "sample") == 0 && h->n_categories == 2 && h->planned == 12, "header");
	ok(h->categories[0].id == 7 && strcmp(h->categories[0].supercategory, "animal") == 0 &&
	   strcmp(h->categories[1].name, "dög") == 0 && h->categories[1].supercategory == NULL, "categories");
	ok(h->categories[0].n_keypoints == 2 && strcmp(h->categories[0].keypoints[1], "paw") == 0 &&
	   h->categories[1].n_keypoints == 0, "names of keypoints");
	ok(h->categories[0].n_skeleton == 2 && h->categories[0].skeleton[0][1] == 2 && h->categories[1].n_skeleton == 0,
	   "and their lines");
	ok(h->n_provenance == 1 && h->provenance[0].seed == UINT64_MAX &&
	   strcmp(h->provenance[0].options, "shuffle=true") == 0, "provenance");
	is_int(sample_read(&s, &r, a), 1, "a record");
	compare_full(&s);
	is_int(sample_read(&s, &r, a), 1, "a second record");
	is_int(sample_read(&s, &r, a), 1, "a third record");
	is_int(sample_read(&s, &r, a), 0, "the clean end");
	is_int(sample_read(&s, &r, a), 0, "which stays");
	const struct stream_trailer *t = stream_reader_trailer(&r);
	ok(t->out.records == 3 && t->out.objects == 6 && t->in.records == 4 && t->n_rejects == 1 &&
	   strcmp(t->rejects[0].reason, "no image") == 0, "trailer");
	stream_reader_close(&r);
}

/* A decoded sample encodes to the same bytes; so does one with keys this version does not know. */
static void test_extra(struct arena *a)
{
	struct emitter e;
	struct sample s;
	float values[3] = { 1, 2, 3 };
	struct tensor t = tensor_view(DTYPE_F32, 1, (int64_t[]){ 3 }, values);
	emit_begin(&e, a, 0);
	emit_map(&e, 4);
	emit_text(&e, "future");
	emit_map(&e, 1);
	emit_text(&e, "tensors");
	emit_array(&e, 2);
	emit_tensor(&e, &t);
	emit_nil(&e);
	emit_text(&e, "id");
	emit_int(&e, -3);
	emit_text(&e, "zz");
	emit_number(&e, 0.1);
	emit_text(&e, "seq");
	emit_int(&e, 8);
	struct stream_body body = { .data = e.data, .size = e.size };
	ok(emit_end(&e) == 0 && wire_check(e.data, e.size) == 0, "a body with unknown keys");
	ok(sample_decode(&s, &body, a) == 0 && s.id.number == -3 && s.extra != NULL, "decodes");
	s.source = "longer than before, so that everything moves";
	uint8_t *bytes;
	size_t size;
	ok(sample_encode(&bytes, &size, &s, a) == 0 && wire_check(bytes, size) == 0, "encodes, tensors aligned anew");
	msgpack_unpacked unpacked;
	msgpack_unpacked_init(&unpacked);
	ok(msgpack_unpack_next(&unpacked, (const char *)bytes, size, NULL) == MSGPACK_UNPACK_SUCCESS, "msgpack-c reads it");
	const msgpack_object_map *map = &unpacked.data.via.map;
	is_int(map->size, 5, "five keys");
	ok(map->size == 5 && map->ptr[4].val.type == MSGPACK_OBJECT_FLOAT64 && map->ptr[4].val.via.f64 == 0.1,
	   "an unknown number keeps its value");
	const msgpack_object *tensors = &map->ptr[3].val.via.map.ptr[0].val;
	ok(tensors->via.array.size == 2 && tensors->via.array.ptr[0].via.ext.type == WIRE_TENSOR &&
	   same_bytes(tensors->via.array.ptr[0].via.ext.ptr + tensors->via.array.ptr[0].via.ext.size - 12, values, 12),
	   "an unknown tensor too");
	msgpack_unpacked_destroy(&unpacked);
}

/* Keys of a header that this version does not know go through a tool that adds itself to the chain. */
static void test_header_extra(struct arena *a)
{
	struct stream_header h = small_header("sample"), next;
	struct provenance link = { "augment", "0.1.0", "", 3 };
	struct emitter e, later;
	emit_begin(&e, a, 0);
	emit_text(&e, "future");
	emit_number(&e, 0.5);
	emit_text(&e, "later");
	emit_array(&e, 1);
	emit_int(&e, 9);
	h.n_extra = 2, h.extra = e.data, h.extra_size = e.size;
	ok(stream_header_extend(&next, &h, &link, a) == 0 && next.n_provenance == 2, "a chain grows");
	ok(next.n_extra == 2 && next.extra_size == e.size && same_bytes(next.extra, e.data, e.size),
	   "unknown keys of the header are kept");
	ok(header_encode(&later, &next, a) == 0 && wire_check(later.data, later.size) == 0, "and written");
	msgpack_unpacked unpacked;
	msgpack_unpacked_init(&unpacked);
	ok(msgpack_unpack_next(&unpacked, (const char *)later.data, later.size, NULL) == MSGPACK_UNPACK_SUCCESS &&
	   unpacked.data.via.map.size == 8 && unpacked.data.via.map.ptr[6].val.via.f64 == 0.5, "with equal values");
	msgpack_unpacked_destroy(&unpacked);
}

static void test_detection(struct arena *a)
{
	float boxes[] = { 0, 0, 5, 5 }, scores[] = { 0.75f };
	int32_t labels[] = { 1 };
	struct detection d = { .id = { .number = 4 }, .seq = 1, .source = "", .file_name = "x.jpg", .orig_w = 3,
			       .orig_h = 2, .n = 1, .boxes = boxes, .labels = labels, .scores = scores }, got;
	struct stream_header h = small_header("detection");
	struct stream_writer w;
	struct stream_reader r;
	ok(stream_writer_open(&w, path("d"), &h) == 0 && detection_write(&w, &d, a) == 0 &&
	   stream_writer_close(&w, NULL) == 0, "detections are written");
	ok(stream_reader_open(&r, path("d"), NULL) == 0 && detection_read(&got, &r, a) == 1, "and read");
	ok(got.id.number == 4 && got.n == 1 && got.boxes[3] == 5 && got.labels[0] == 1 && got.scores[0] == 0.75f &&
	   strcmp(got.file_name, "x.jpg") == 0 && got.orig_w == 3 && got.orig_h == 2, "with equal values");
	is_int(detection_read(&got, &r, a), 0, "to the end");
	stream_reader_close(&r);
}

/* All that is there for an object goes with it. */
static void test_take(struct arena *a)
{
	struct sample in = full_sample(), out;
	sample_init(&out);
	ok(sample_take(&out, &in, (int64_t[]){ 1 }, 1, a) == 0 && out.n == 1, "one object of two");
	ok(out.boxes[0] == 10 && out.labels[0] == 0 && out.area[0] == 1e300 && out.iscrowd[0] == 1 && out.ignore[0] == 0,
	   "has its own box, label, area, crowd and ignore");
	ok(out.score[0] == 0.25f && out.weight[0] == 2 && out.object_id[0] == INT64_MAX && out.bbox[0] == -1 &&
	   out.original_labels[0] == 0, "score, weight, id, bbox, label as it was");
	ok(out.masks[0].rle_h == 480 && out.keypoints.dim[0] == 1 && ((float *)out.keypoints.data)[0] == 0 &&
	   ((double *)out.points.data)[0] == 7, "mask and keypoints");
	ok(out.form[0] == 0 && out.object_members[0][0] == '{', "form and members");
	ok(sample_take(&out, &in, (int64_t[]){ 1, 0, 1 }, 3, a) == 0 && out.boxes[4] == 1 && out.boxes[8] == 10, "in any order");
	in.masks = NULL;
	ok(sample_take(&out, &in, NULL, 0, a) == 0 && out.n == 0 && out.masks == NULL, "none");
}

static bool box_tells(double x, double y, double w, double h)
{
	double got[4];
	sample_bbox(got, (float[]){ (float)x, (float)y, (float)(x + w), (float)(y + h) });
	return got[0] == x && got[1] == y && got[2] == w && got[3] == h;
}

static void test_bbox(void)
{
	int64_t wrong = 0;
	/* Boxes as people write them: two digits behind the point, images of some thousand pixels. */
	for (int i = 0; i < 20000; i++) {
		const double x = (i * 7919 % 400000) / 100.0, w = (i * 104729 % 200000 + 1) / 100.0;
		wrong += !box_tells(x, w, w, x + 0.01 > 4000 ? 1 : rint((x + 0.01) * 100) / 100);
	}
	is_int(wrong, 0, "boxes of two digits behind the point come back to the last bit");
	ok(box_tells(473.07, 395.93, 38.65, 28.67), "so does this one");
	ok(!box_tells(0, 0, 1 / 3.0, 1), "a third does not");
}

int main(void)
{
	struct arena a;
	arena_init(&a, 1 << 16);
	if (mkdtemp(directory) == NULL)
		return tap_skip_all("no temporary directory");
	test_round_trip("x.stream", &a);
	test_extra(&a);
	test_header_extra(&a);
	test_detection(&a);
	test_take(&a);
	test_bbox();
	unlink(path("x.stream"));
	unlink(path("d"));
	rmdir(directory);
	arena_release(&a);
	return tap_done();
}
