/* Classes of images from streams: samples as ground truth, detections as results, and rankings with ties. */
#include "eval/eval_labels.h"
#include "eval/eval_ranking.h"
#include "record/detection.h"
#include "tests/tap.h"

#include <stdlib.h>
#include <unistd.h>

static struct arena arena;
static char scratch[] = "/tmp/eval_labels.XXXXXX";
static char truth[64], found[64];

/* The results have the same classes in another order. */
static struct category true_classes[] = { { .id = 1, .name = "cat" }, { .id = 2, .name = "dog" } };
static struct category found_classes[] = { { .id = 7, .name = "dog" }, { .id = 9, .name = "cat" } };

/* Images 0, 1, 2 show a cat, a dog, neither. */
static int write_truth(void)
{
	struct stream_writer w;
	const struct stream_header header = { .kind = "sample", .n_categories = 2, .categories = true_classes, .planned = -1 };
	struct sample s;
	TRY(stream_writer_open(&w, truth, &header));
	for (int i = 0; i < 3; i++) {
		sample_init(&s);
		s.id.number = i;
		s.class_label = i < 2 ? i : -1;
		TRY(sample_write(&w, &s, &arena));
	}
	return stream_writer_close(&w, NULL);
}

static int write_found(bool with_scores)
{
	struct stream_writer w;
	const struct stream_header header = { .kind = "detection", .n_categories = 2, .categories = found_classes, .planned = -1 };
	static const float scores[3][2] = { { 0.25F, 0.75F }, { 0.5F, 0.5F }, { 0.625F, 0.375F } };
	TRY(stream_writer_open(&w, found, &header));
	for (int i = 2; i >= 0; i--) {
		struct detection d = { .id = { .number = i }, .source = "", .file_name = "" };
		if (with_scores) {
			TRY(tensor_new(&d.class_scores, &arena, DTYPE_F32, 1, (int64_t[]){ 2 }));
			memcpy(d.class_scores.data, scores[i], sizeof scores[i]);
		}
		TRY(detection_write(&w, &d, &arena));
	}
	return stream_writer_close(&w, NULL);
}

static void test_streams(void)
{
	struct eval_labels labels;
	ok(write_truth() == 0 && write_found(true) == 0, "streams are written");
	if (!ok(eval_labels_read(&labels, truth, &arena) == 0 && eval_labels_answer(&labels, found, true) == 0, "and read")) {
		printf("# %s\n", err_get());
		return;
	}
	is_int(labels.n, 3, "images");
	is_int(labels.image[0].rank, 0, "the cat is found by its name");
	is_int(labels.image[0].label, 1, "under the results' number");
	is_int(labels.image[1].rank, 0, "of equal scores the first class ranks first");
	ok(eval_label_none(&labels.image[2]), "one image is of no class");
	is_near(labels.image[2].ood_score, -0.625, 0, "and out of distribution by the confidence");
	ok(write_found(false) == 0, "detections without scores are written");
	ok(eval_labels_read(&labels, truth, &arena) == 0 && eval_labels_answer(&labels, found, true) != 0 &&
	   strstr(err_get(), "image 2 has no scores of classes ('class_scores')") != NULL, "and refused");
	ok(eval_labels_read(&labels, found, &arena) != 0, "detections are no ground truth");
}

static void test_ranking(void)
{
	struct eval_scored x[] = { { 2, true }, { 1, false }, { 1, true }, { 0, false }, { 3, true } };
	is_near(eval_auroc(x, 5), 5.5 / 6, 0, "area under the curve, a tie is half");
	is_near(eval_missed_at_95(x, 5), 1.0 / 3, 1e-16, "the tied positive is missed where all negatives are accepted");
	is_near(eval_auroc(x, 1), -1, 0, "nothing to compare");
	is_near(eval_missed_at_95(x, 1), -1, 0, "nothing to accept");
	struct eval_calibration c = { 0 };
	is_near(eval_calibration_error(&c), -1, 0, "no answers");
	eval_calibration_add(&c, 1, false);
	eval_calibration_add(&c, 0, false);
	is_int(c.n[0] + c.n[EVAL_CALIBRATION_BINS - 1], 2, "the ends are in the outer bins");
	is_near(eval_calibration_error(&c), 0.5, 0, "sure and wrong, unsure and wrong");
}

int main(void)
{
	arena_init(&arena, 1 << 16);
	if (mkdtemp(scratch) == NULL)
		return 1;
	snprintf(truth, sizeof truth, "%s/truth", scratch);
	snprintf(found, sizeof found, "%s/found", scratch);
	test_streams();
	test_ranking();
	unlink(truth);
	unlink(found);
	rmdir(scratch);
	arena_release(&arena);
	return tap_done();
}
