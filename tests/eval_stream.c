/* Ground truth and results from streams: the same figures as from arrays, ids, categories, ignored objects, bad records. */
#include "eval/eval_set.h"
#include "record/detection.h"
#include "tests/tap.h"

#include <stdlib.h>
#include <unistd.h>

static struct arena arena;
static char scratch[] = "/tmp/eval_stream.XXXXXX";

static char *path_of(const char *name)
{
	static char paths[8][256];
	static int next;
	char *path = paths[next++ % 8];
	snprintf(path, sizeof paths[0], "%s/%s", scratch, name);
	return path;
}

static struct category animals[] = { { .id = 5, .name = "dog" }, { .id = 3, .name = "cat" } };
static struct category renumbered[] = { { .id = 1, .name = "cat" }, { .id = 3, .name = "dog" },
	{ .id = 9, .name = "gnu" } };

/* Image 20 holds a dog and an ignored dog; image "a" a cat. */
static int write_samples(const char *path, bool twice, double scale)
{
	struct stream_writer w;
	const struct stream_header header = { .kind = "sample", .n_categories = 2, .categories = animals, .planned = -1 };
	const float dogs[] = { 10, 10, 50, 50, 100, 100, 160, 160 }, cat[] = { 0, 0, 30, 20 };
	const uint8_t ignore[] = { 0, 1 };
	const int32_t dog_labels[] = { 0, 0 }, cat_labels[] = { 1 };
	float scaled[8];
	struct sample s;
	TRY(stream_writer_open(&w, path, &header));
	for (int i = 0; i < 8; i++)
		scaled[i] = (float)(dogs[i] * scale);
	sample_init(&s);
	s.id = (struct sample_id){ .number = 20 };
	s.n = 2;
	s.boxes = scaled;
	s.labels = dog_labels;
	s.ignore = ignore;
	s.transform[0] = s.transform[4] = scale;
	TRY(sample_write(&w, &s, &arena));
	sample_init(&s);
	s.id = (struct sample_id){ .text = "a" };
	s.n = 1;
	s.boxes = cat;
	s.labels = cat_labels;
	TRY(sample_write(&w, &s, &arena));
	if (twice)
		TRY(sample_write(&w, &s, &arena));
	return stream_writer_close(&w, NULL);
}

static int write_detections(const char *path, const char *image, float score)
{
	struct stream_writer w;
	const struct stream_header header = { .kind = "detection", .n_categories = 3, .categories = renumbered, .planned = -1 };
	const float dogs[] = { 100, 100, 160, 160, 10, 10, 50, 50 }, cats[] = { 0, 0, 30, 20, 5, 5, 9, 9 };
	const float scores[] = { score, 0.5F };
	const int32_t dog_labels[] = { 1, 1 }, cat_labels[] = { 0, 2 };
	struct detection d = { .id = { .number = 20 }, .source = "", .file_name = "", .n = 2, .boxes = dogs,
		.labels = dog_labels, .scores = scores };
	TRY(stream_writer_open(&w, path, &header));
	TRY(detection_write(&w, &d, &arena));
	d = (struct detection){ .id = { .text = image }, .source = "", .file_name = "", .n = 2, .boxes = cats,
		.labels = cat_labels, .scores = scores };
	TRY(detection_write(&w, &d, &arena));
	return stream_writer_close(&w, NULL);
}

/* Keypoints of `rows` objects for the one detection there is. */
static int write_pose(const char *path, int64_t rows)
{
	struct stream_writer w;
	const struct stream_header header = { .kind = "detection", .n_categories = 3, .categories = renumbered, .planned = -1 };
	static float box[] = { 0, 0, 30, 20 }, xyv[] = { 1, 2, 2, 3, 4, 2 };
	const float score = 0.5F;
	const int32_t label = 0;
	struct detection d = { .id = { .number = 20 }, .source = "", .file_name = "", .n = 1, .boxes = box, .labels = &label,
		.scores = &score, .keypoints = { .dtype = DTYPE_F32, .rank = 3, .dim = { rows, 2 / rows, 3 }, .data = xyv } };
	TRY(stream_writer_open(&w, path, &header));
	TRY(detection_write(&w, &d, &arena));
	return stream_writer_close(&w, NULL);
}

static int evaluate(struct eval_set *set, struct eval_result *result, const char *truth, const char *results)
{
	eval_set_init(set, &arena);
	TRY(eval_read_truth(set, truth));
	TRY(eval_read_results(set, results));
	return eval_run(result, &(struct eval_input){ .type = &eval_type_bbox, .n_images = set->n_images,
		.n_categories = set->n_categories, .gt = set->gt, .n_gt = set->n_gt, .dt = set->dt, .n_dt = set->n_dt }, &arena);
}

static void fails(const char *truth, const char *results, const char *message)
{
	struct eval_set set;
	struct eval_result result;
	bool failed = evaluate(&set, &result, truth, results) != 0;
	if (!ok(failed && strstr(err_get(), message) != NULL, "fails: %s", message))
		printf("# %s\n", failed ? err_get() : "no error");
}

int main(void)
{
	struct eval_set set;
	struct eval_result result;
	arena_init(&arena, 1 << 16);
	if (mkdtemp(scratch) == NULL)
		return 1;
	char *truth = path_of("truth.pack"), *found = path_of("found.stream");
	if (!ok(write_samples(truth, false, 1) == 0 && write_detections(found, "a", 0.9F) == 0, "write") ||
	    !ok(evaluate(&set, &result, truth, found) == 0, "read and evaluate")) {
		printf("# %s\n", err_get());
		return tap_done();
	}
	is_int(set.n_images, 2, "images");
	ok(set.images[0].text == NULL && set.images[0].number == 20 && set.images[1].text != NULL, "integers come before texts");
	is_text(set.categories[0].name, "cat", "categories ascend by id");
	is_int(set.n_dt, 3, "detections");
	is_int(set.dt_category.n, 1, "a detection of an unknown category is left out");
	is_text(set.dt_category.first, "gnu", "and named");
	is_int(result.class_objects[1], 1, "an ignored object need not be found");
	ok(result.stats[0] > 1 - 1e-12, "AP 1: the dog on the ignored one does not count, categories match by name");
	ok(set.gt[0].area == 1600, "an area that is not annotated is width times height");

	char *halved = path_of("halved.stream");
	ok(write_samples(halved, false, 0.5) == 0 && evaluate(&set, &result, halved, found) == 0 && result.stats[0] > 1 - 1e-12,
	   "boxes of a resized sample go back to original pixels");

	char *twice = path_of("twice.stream"), *other = path_of("other.stream"), *nan = path_of("nan.stream");
	ok(write_samples(twice, true, 1) == 0 && write_detections(other, "b", 0.9F) == 0, "write bad ones");
	fails(twice, found, "image 'a' comes twice");
	fails(truth, other, "not in the ground truth");
	fails(found, found, "kind 'detection'");
	fails(truth, truth, "kind 'sample'");
	if (write_detections(nan, "a", NAN) == 0)
		fails(truth, nan, "not finite");
	ok(truncate(found, 300) == 0, "cut the detections");
	fails(truth, found, "found.stream");

	char *pose = path_of("pose.stream");
	if (ok(write_pose(pose, 2) == 0, "write keypoints of too many objects"))
		fails(truth, pose, "'keypoints': 2 objects, but key 'boxes' has 1");
	unlink(pose);

	const char *names[] = { "truth.pack", "found.stream", "halved.stream", "twice.stream", "other.stream", "nan.stream" };
	for (int i = 0; i < 6; i++)
		unlink(path_of(names[i]));
	rmdir(scratch);
	arena_release(&arena);
	return tap_done();
}
