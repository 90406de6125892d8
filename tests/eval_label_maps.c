/* Label maps from streams: counts, names, and what does not fit. */
#include "eval/eval_label_maps.h"
#include "record/detection.h"
#include "tests/tap.h"

#include <stdlib.h>
#include <unistd.h>

static struct arena arena;
static char scratch[] = "/tmp/eval_label_maps.XXXXXX";
static char truth[64], found[64];

static struct category classes[] = { { .id = 0, .name = "background" }, { .id = 1, .name = "cell" } };

enum { H = 2, W = 3 };
static const uint8_t true_map[H * W] = { 0, 0, 1, 1, 255, 1 }, found_map[H * W] = { 0, 1, 1, 1, 0, 255 };

static struct tensor map_of(const uint8_t *data, int h, int w)
{
	struct tensor t;
	if (tensor_new(&t, &arena, DTYPE_U8, 2, (int64_t[]){ h, w }) != 0)
		return (struct tensor){ 0 };
	memcpy(t.data, data, (size_t)(h * w));
	return t;
}

/* Images from first to before last, all with the same map. */
static int write_truth(int64_t first, int64_t last)
{
	struct stream_writer w;
	const struct stream_header header = { .kind = "sample", .n_categories = 2, .categories = classes, .planned = -1 };
	struct sample s;
	TRY(stream_writer_open(&w, truth, &header));
	for (int64_t i = first; i < last; i++) {
		sample_init(&s);
		s.id.number = i;
		s.semantic = map_of(true_map, H, W);
		TRY(sample_write(&w, &s, &arena));
	}
	return stream_writer_close(&w, NULL);
}

/* The same of what was found, its pixels laid out as h x w; h = 0: without a map. */
static int write_found(const char *kind, int64_t first, int64_t last, int h, int w)
{
	struct stream_writer writer;
	const struct stream_header header = { .kind = kind, .n_categories = 2, .categories = classes, .planned = -1 };
	TRY(stream_writer_open(&writer, found, &header));
	for (int64_t i = first; i < last; i++) {
		struct detection d = { .id = { .number = i }, .source = "", .file_name = "" };
		if (h > 0)
			d.semantic = map_of(found_map, h, w);
		TRY(detection_write(&writer, &d, &arena));
	}
	return stream_writer_close(&writer, NULL);
}

static void fails(const char *reason)
{
	struct eval_label_maps maps;
	int status = eval_label_maps_read(&maps, truth, found, 1, &arena);
	ok(status != 0 && strstr(err_get(), reason) != NULL, "says '%s'", reason);
	if (status == 0 || strstr(err_get(), reason) == NULL)
		printf("# status %d, '%s'\n", status, err_get());
}

static void test_counts(void)
{
	struct eval_label_maps maps;
	ok(write_truth(4, 7) == 0 && write_found("detection", 4, 7, H, W) == 0, "streams are written");
	if (!ok(eval_label_maps_read(&maps, truth, found, 1, &arena) == 0, "and read")) {
		printf("# %s\n", err_get());
		return;
	}
	is_int(maps.n_images, 3, "images");
	is_int(maps.count[0][0], 3, "background found");
	is_int(maps.count[0][1], 3, "background taken for a cell");
	is_int(maps.count[1][1], 6, "cell found");
	is_int(maps.count[1][255], 3, "cell without an answer");
	is_int(maps.count[255][0], 3, "unlabelled pixels are counted apart");
	is_int(maps.n_categories, 2, "classes");
	is_text(maps.categories[1].name, "cell", "with their names");
	ok(eval_label_maps_read(&maps, truth, truth, 1, &arena) == 0 && maps.count[1][1] == 9, "samples are results too");
}

static void test_misfits(void)
{
	ok(write_found("detection", 5, 8, H, W) == 0, "other images are written");
	fails("has image 4 where the results have image 5");
	ok(write_found("detection", 4, 6, H, W) == 0, "too few are written");
	fails("the results end before image 6");
	ok(write_found("detection", 4, 8, H, W) == 0, "too many are written");
	fails("the results go on with image 7");
	ok(write_found("detection", 4, 7, W, H) == 0, "maps of another size are written");
	fails("the result has 2 x 3 pixels (width x height), the ground truth 3 x 2");
	ok(write_found("detection", 4, 7, 0, 0) == 0, "detections without maps are written");
	fails("has no label map ('semantic')");
	ok(write_found("metric", 4, 7, H, W) == 0, "a stream of another kind is written");
	fails("label maps come in samples or detections");
	ok(write_found("detection", 4, 7, H, W) == 0 && truncate(found, 400) == 0, "a stream is cut");
	fails("found");
}

int main(void)
{
	arena_init(&arena, 1 << 16);
	if (mkdtemp(scratch) == NULL)
		return 1;
	snprintf(truth, sizeof truth, "%s/truth", scratch);
	snprintf(found, sizeof found, "%s/found", scratch);
	test_counts();
	test_misfits();
	unlink(truth);
	unlink(found);
	rmdir(scratch);
	arena_release(&arena);
	return tap_done();
}
