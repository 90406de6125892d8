/*
 * Results in parts: however the text is cut, in one thread or several, what is read and what is said about errors is the same; and
 * images that come back, from files, pipes and streams, give the figures of matching everything at the end.
 */
#include "eval/eval_flow.h"
#include "eval/eval_set.h"
#include "eval/eval_type.h"
#include "record/detection.h"
#include "tests/tap.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

static struct arena arena;
static char scratch[] = "/tmp/eval_intake.XXXXXX";

static char truth_path[256], found_path[256];

/* A new file: some file systems wait for the disk when an old one is emptied. */
static FILE *create(const char *path)
{
	unlink(path);
	FILE *file = fopen(path, "w");
	if (file == NULL)
		abort();
	return file;
}

static void write_text(const char *path, const char *text, size_t size)
{
	FILE *file = create(path);
	if ( fwrite(text, 1, size, file) != size || fclose(file) != 0)
		abort();
}

static const char truth_text[] =
	"{\"images\": [{\"id\": 1, \"width\": 64, \"height\": 48}, {\"id\": 2, \"width\": 64, \"height\": 48}, {\"id\": \"c\", \"width\": 64, \"height\": 48}],"
	"\"categories\": [{\"id\": 1, \"name\": \"a\"}, {\"id\": 2, \"name\": \"b\"}], \"annotations\": ["
	"{\"id\": 1, \"image_id\": 1, \"category_id\": 1, \"bbox\": [2, 2, 20, 20], \"area\": 400, \"iscrowd\": 0, \"segmentation\": [[2,2,22,2,22,22,2,22]]},"
	"{\"id\": 2, \"image_id\": 1, \"category_id\": 1, \"bbox\": [3, 3, 20, 20], \"area\": 400, \"iscrowd\": 0, \"segmentation\": [[3,3,23,3,23,23,3,23]]},"
	"{\"id\": 3, \"image_id\": 2, \"category_id\": 2, \"bbox\": [5, 5, 30, 40], \"area\": 1200, \"iscrowd\": 0, \"segmentation\": [[5,5,35,5,35,45,5,45]]},"
	"{\"id\": 4, \"image_id\": \"c\", \"category_id\": 2, \"bbox\": [5, 5, 30, 30], \"area\": 900, \"iscrowd\": 1, \"segmentation\": [[5,5,35,5,35,35,5,35]]}]}";

/* Strings and arrays that hold what looks like the end of a result; line ends, characters of several bytes. */
static const char nested_text[] =
	"[ {\"image_id\": 1, \"category_id\": 1, \"bbox\": [2, 2, 20, 20], \"score\": 0.5, \"text\": \"}, {\\\"image_id\\\": 7\"},\n"
	" {\"image_id\": 1, \"parts\": [{\"image_id\": 3}, {\"image_id\": [{}, {\"image_id\": 0}]}, {\"x\": 1}], \"category_id\": 2,\n"
	"\"bbox\": [2, 2, 20, 21], \"score\": 0.25}  ,  { \"image_id\" : 2, \"category_id\": 2, \"bbox\": [5, 5.5, 30, 39], \"score\": 1},\n"
	"{\"image_id\": 2, \"category_id\": 9, \"bbox\": [5, 5.5, 30, 39], \"score\": 1, \"text\": \"\u00e4\u20ac}, {\"},{\"category_id\": 2,"
	"\"image_id\": 1, \"bbox\": [1, 2, 3, 4], \"score\": 1e-3}, {\"image_id\": \"c\", \"category_id\": 1, \"bbox\": [1, 2, 3, 4.125], \"score\": 7}"
	", {\"image_id\": \"c\", \"category_id\": 2, \"bbox\": [5, 5, 30, 30], \"score\": 0.75}\n ] \n";

static void init_set(struct eval_set *set, const struct eval_type *type, size_t part_size, int threads)
{
	eval_set_init(set, &arena);
	set->shape = type->shape;
	set->outlines = type->outlines;
	set->threads = threads;
	set->part_size = part_size;
	if (eval_read_truth(set, truth_path) != 0)
		abort();
}

/* What reading gives: a message, or the detections. */
struct reading {
	bool failed;
	char message[512];
	int64_t n, left_out;
	struct eval_object dt[32];
};

static void read_file(struct reading *out, const char *path, size_t part_size, int threads)
{
	struct eval_set set;
	arena_reset(&arena);
	memset(out, 0, sizeof *out);
	init_set(&set, eval_type_find("bbox"), part_size, threads);
	out->failed = eval_read_results(&set, path) != 0;
	if (out->failed) {
		snprintf(out->message, sizeof out->message, "%s", err_get());
		return;
	}
	out->n = set.n_dt;
	out->left_out = set.dt_category.n;
	for (int64_t i = 0; i < set.n_dt && i < 32; i++)
		out->dt[i] = set.dt[i];
}

static bool reads_alike(const char *path)
{
	struct reading whole, parts;
	bool same = true;
	read_file(&whole, path, 0, 1);
	static const struct { size_t part_size; int threads; } cases[] = { { 1, 1 }, { 40, 1 }, { 40, 2 }, { 90, 3 }, { 300, 2 } };
	for (size_t i = 0; i < sizeof cases / sizeof cases[0] && same; i++) {
		read_file(&parts, path, cases[i].part_size, cases[i].threads);
		same = memcmp(&whole, &parts, sizeof whole) == 0;
		if (!same)
			printf("# parts of %zu: '%s', %lld; whole: '%s', %lld\n", cases[i].part_size, parts.message,
			       (long long)parts.n, whole.message, (long long)whole.n);
	}
	return same;
}

static void test_cuts(void)
{
	const char *path = found_path;
	struct reading whole;
	write_text(path, nested_text, sizeof nested_text - 1);
	read_file(&whole, path, 0, 1);
	ok(!whole.failed && whole.n == 6 && whole.left_out == 1, "a document with strings and arrays that look like ends");
	ok(reads_alike(path), "it reads the same in parts");
	size_t bad = 0;
	for (size_t size = 1; size < sizeof nested_text - 1 && bad == 0; size++) {
		write_text(path, nested_text, size);
		bad = reads_alike(path) ? 0 : size;
	}
	ok(bad == 0, "cut off at any byte it says the same (%zu)", bad);
	char text[sizeof nested_text];
	for (size_t i = 0; i < sizeof nested_text - 1 && bad == 0; i++) {
		memcpy(text, nested_text, sizeof text);
		text[i] = '}';
		write_text(path, text, sizeof nested_text - 1);
		bad = reads_alike(path) ? 0 : i + 1;
	}
	ok(bad == 0, "with a bracket at any byte it says the same (%zu)", bad);
}

/* The detections of an order, and how images follow each other in it. */
enum order { GROUPED, SORTED_BY_CLASS, INTERLEAVED, ONE_LATE, N_ORDERS };
static const char *const order_names[] = { "grouped", "by class", "interleaved", "one late" };

enum { PER_IMAGE = 40, N_DETECTIONS = 3 * PER_IMAGE };

/* The i-th detection of an image: equal scores and boxes are frequent. */
static void drawn(struct detection *d, float box[4], float *score, int32_t *label, int image, int i)
{
	static const struct sample_id ids[] = { { .number = 1 }, { .number = 2 }, { .text = "c" } };
	box[0] = (float)(2 + i * 7 % 5);
	box[1] = (float)(2 + i * 5 % 3);
	box[2] = box[0] + (float)(20 + i * 3 % 13);
	box[3] = box[1] + (float)(20 + i * 11 % 17);
	*score = (float)(1 + i % 4) / 4;
	*label = (i / 2 + image) % 2;
	*d = (struct detection){ .id = ids[image], .source = "", .file_name = "", .n = 1, .boxes = box, .labels = label, .scores = score };
}

/* The image and number of the k-th detection. Within an image the order is always the same. */
static int place(enum order order, int k, int *image)
{
	if (order == INTERLEAVED) {
		*image = k % 3;
		return k / 3;
	}
	if (order == SORTED_BY_CLASS) {	/* halves of images */
		*image = k % (N_DETECTIONS / 2) / (PER_IMAGE / 2);
		return k / (N_DETECTIONS / 2) * (PER_IMAGE / 2) + k % (PER_IMAGE / 2);
	}
	if (order == ONE_LATE && k == N_DETECTIONS - 1) {
		*image = 0;
		return PER_IMAGE - 1;
	}
	int late = order == ONE_LATE && k >= PER_IMAGE - 1;
	*image = (k + late) / PER_IMAGE;
	return (k + late) % PER_IMAGE;
}

static void write_json(const char *path, enum order order, bool masks)
{
	FILE *file = create(path);
	for (int k = 0; k < N_DETECTIONS; k++) {
		struct detection d;
		float b[4], score;
		int32_t label;
		int image, i = place(order, k, &image);
		drawn(&d, b, &score, &label, image, i);
		fprintf(file, "%s{\"image_id\": %s, \"category_id\": %d, \"score\": %g, ", k == 0 ? "[" : ", ",
			image == 0 ? "1" : image == 1 ? "2" : "\"c\"", label + 1, (double)score);
		if (masks)
			fprintf(file, "\"segmentation\": [[%g, %g, %g, %g, %g, %g, %g, %g]]}", (double)b[0], (double)b[1], (double)b[2],
				(double)b[1], (double)b[2], (double)b[3], (double)b[0], (double)b[3]);
		else
			fprintf(file, "\"bbox\": [%g, %g, %g, %g]}", (double)b[0], (double)b[1], (double)(b[2] - b[0]), (double)(b[3] - b[1]));
	}
	if (fputs("]\n", file) < 0 || fclose(file) != 0)
		abort();
}

static void write_stream(const char *path, enum order order)
{
	static struct category categories[] = { { .id = 1, .name = "a" }, { .id = 2, .name = "b" } };
	const struct stream_header header = { .kind = "detection", .n_categories = 2, .categories = categories, .planned = -1 };
	struct stream_writer w;
	bool failed = stream_writer_open(&w, path, &header) != 0;
	for (int k = 0; k < N_DETECTIONS && !failed; k++) {
		struct detection d;
		float box[4], score;
		int32_t label;
		int image, i = place(order, k, &image);
		drawn(&d, box, &score, &label, image, i);
		failed = detection_write(&w, &d, &arena) != 0;
	}
	if (failed || stream_writer_close(&w, NULL) != 0)
		abort();
}

/* A pipe that has all of a small file in it; the end to read from. */
static int pipe_of(const char *path)
{
	char block[1 << 16];
	int ends[2], from = open(path, O_RDONLY);
	if (from < 0 || pipe(ends) != 0)
		abort();
	ssize_t n = read(from, block, sizeof block);
	if (n <= 0 || n == sizeof block || write(ends[1], block, (size_t)n) != n)
		abort();
	close(from);
	close(ends[1]);
	return ends[0];
}

/* Matched as they come, from a file or a pipe. */
static int match(struct eval_result *result, const struct eval_type *type, const char *path, bool from_pipe, size_t part_size,
		 int threads, bool canonical)
{
	struct eval_set set;
	struct eval_flow flow;
	char name[300];
	init_set(&set, type, part_size, threads);
	TRY(eval_flow_init(&flow, type, set.n_images, set.n_categories, set.gt, set.n_gt, &arena));
	int end = from_pipe ? pipe_of(path) : -1;
	snprintf(name, sizeof name, "/proc/self/fd/%d", end);
	int status = eval_match_results(&flow, &set, from_pipe ? name : path);
	if (from_pipe)
		close(end);
	if (status == 0)
		status = eval_flow_finish(result, &flow, canonical, threads, &arena);
	eval_flow_release(&flow);
	return status == 0 && set.n_dt == N_DETECTIONS && set.seen.n == N_DETECTIONS ? 0 : -1;
}

static bool same_result(const struct eval_result *a, const struct eval_result *b)
{
	size_t cells = (size_t)EVAL_THRESHOLDS * (size_t)(a->n_categories * a->n_ranges * a->n_limits);
	return memcmp(a->precision, b->precision, cells * EVAL_RECALLS * sizeof(double)) == 0 &&
		memcmp(a->scores, b->scores, cells * EVAL_RECALLS * sizeof(double)) == 0 &&
		memcmp(a->recall, b->recall, cells * sizeof(double)) == 0 && a->tie_effect == b->tie_effect && a->tie_row == b->tie_row;
}

/* All detections first, in the order in which nothing comes back. */
static void evaluate(struct eval_result *result, const struct eval_type *type, const char *path, bool canonical)
{
	struct eval_set set;
	init_set(&set, type, 0, 1);
	if (eval_read_results(&set, path) != 0 || eval_run(result, &(struct eval_input){ .type = type, .n_images = set.n_images,
		.n_categories = set.n_categories, .gt = set.gt, .n_gt = set.n_gt, .dt = set.dt, .n_dt = set.n_dt, .canonical = canonical }, &arena) != 0)
		abort();
}

static void test_orders(const char *name, const struct eval_type *type, bool stream)
{
	const char *path = found_path;
	for (int canonical = 0; canonical <= 1; canonical++) {
		struct eval_result want, got;
		bool same = true;
		arena_reset(&arena);
		write_json(path, GROUPED, type->shape == EVAL_SHAPE_MASK);
		evaluate(&want, type, path, canonical);
		ok(want.stats[8] > 0 && want.stats[0] < 0.99 && (type->outlines || want.tie_effect > 0),
		   "%s: something is found, and ties matter", name);
		for (int order = 0; order < N_ORDERS; order++) {
			if (stream)
				write_stream(path, order);
			else
				write_json(path, order, type->shape == EVAL_SHAPE_MASK);
			static const size_t sizes[] = { 0, 100, 1000 };
			for (int i = 0; i < 12 && same; i++) {
				same = match(&got, type, path, i / 3 % 2, sizes[i % 3], 1 + i / 6, canonical) == 0 && same_result(&want, &got);
				if (!same)
					printf("# %s, %s, parts of %zu, %d threads: %s\n", order_names[order], i / 3 % 2 ? "pipe" : "file",
					       sizes[i % 3], 1 + i / 6, err_get());
			}
		}
		ok(same, "%s: the same figures in every order, from files and pipes%s", name, canonical ? ", canonical" : "");
	}
}

int main(void)
{
	arena_init(&arena, 1 << 16);
	if (mkdtemp(scratch) == NULL)
		return 1;
	snprintf(truth_path, sizeof truth_path, "%s/truth.json", scratch);
	snprintf(found_path, sizeof found_path, "%s/found", scratch);
	write_text(truth_path, truth_text, sizeof truth_text - 1);
	test_cuts();
	test_orders("boxes", eval_type_find("bbox"), false);
	test_orders("masks", eval_type_find("segm"), false);
	test_orders("boundaries", eval_type_find("boundary"), false);
	test_orders("a stream", eval_type_find("bbox"), true);
	setenv("TMPDIR", "/nonexistent", 1);
	test_orders("boxes, without a log", eval_type_find("bbox"), false);
	test_orders("masks, without a log", eval_type_find("segm"), false);
	arena_release(&arena);
	char command[300];
	snprintf(command, sizeof command, "rm -r %s", scratch);
	return system(command) == 0 ? tap_done() : 1;
}
