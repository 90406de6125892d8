#include "eval/eval_label_maps.h"

#include "base/io.h"
#include "base/threads.h"
#include "coco/image_names.h"
#include "image/codec.h"
#include "record/detection.h"
#include "stream/header.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

static int count_pixels(int64_t (*count)[EVAL_LABELS], const struct tensor *truth, const struct tensor *found)
{
	int64_t h = truth->dim[0], w = truth->dim[1];
	if (found->dim[0] != h || found->dim[1] != w)
		return err_set("the result has %lld x %lld pixels (width x height), the ground truth %lld x %lld",
			       (long long)found->dim[1], (long long)found->dim[0], (long long)w, (long long)h);
	const uint8_t *t = truth->data, *f = found->data;
	for (int64_t i = 0; i < h * w; i++)
		count[t[i]][f[i]]++;
	return 0;
}

/* One pair of files; each item counts for itself. */
struct pair {
	const char *name;
	struct arena arena;
	int64_t (*count)[EVAL_LABELS];
};

struct walk {
	const char *truth, *results;	/* directories */
	struct image_names names;	/* of the ground truth */
	int64_t next;
	int64_t n_done;
};

static bool is_png(const char *name)
{
	const char *suffix = strrchr(name, '.');
	return suffix != NULL && strcasecmp(suffix, ".png") == 0;
}

static int next_pair(void *context, void *item)
{
	struct walk *walk = context;
	while (walk->next < walk->names.n && !is_png(walk->names.name[walk->next]))
		walk->next++;
	if (walk->next == walk->names.n)
		return 0;
	((struct pair *)item)->name = walk->names.name[walk->next++];
	return 1;
}

static int read_map(struct tensor *map, const char *directory, const char *name, struct arena *a)
{
	struct image_info info;
	uint8_t *bytes;
	size_t size, room = strlen(directory) + strlen(name) + 2;
	char *path = arena_alloc(a, room);
	if (path == NULL)
		return -1;
	snprintf(path, room, "%s/%s", directory, name);
	TRY(io_read_file(path, &bytes, &size, a));
	if (image_probe(&info, bytes, size) != 0)
		return err_context("'%s'", path);
	if (info.format != IMAGE_PNG)
		return err_set("'%s' is not a PNG file", path);
	return png_decode_labels(map, &info, bytes, size, a) == 0 ? 0 : err_context("'%s'", path);
}

static int count_pair(void *context, void *item)
{
	const struct walk *walk = context;
	struct pair *pair = item;
	struct tensor truth, found;
	arena_reset(&pair->arena);
	TRY(read_map(&truth, walk->truth, pair->name, &pair->arena));
	TRY(read_map(&found, walk->results, pair->name, &pair->arena));
	return count_pixels(pair->count, &truth, &found) == 0 ? 0 : err_context("'%s'", pair->name);
}

static int pair_done(void *context, void *item)
{
	(void)item;
	((struct walk *)context)->n_done++;
	return 0;
}

static int run_walk(struct eval_label_maps *maps, struct walk *walk, int threads, struct arena *a)
{
	int n_items = 2 * threads;
	struct pair *pairs = arena_calloc(a, (size_t)n_items, sizeof *pairs);
	if (pairs == NULL)
		return -1;
	for (int i = 0; i < n_items; i++) {
		arena_init(&pairs[i].arena, 1 << 20);
		pairs[i].count = arena_calloc(a, EVAL_LABELS, sizeof *pairs[i].count);
		if (pairs[i].count == NULL)
			return -1;
	}
	int status = ordered_run(&(struct ordered_work){ .next = next_pair, .work = count_pair, .done = pair_done,
		.context = walk, .items = pairs, .n_items = n_items, .item_size = sizeof *pairs }, threads);
	for (int i = 0; i < n_items; i++) {
		arena_release(&pairs[i].arena);
		for (int t = 0; t < EVAL_LABELS; t++)
			for (int f = 0; f < EVAL_LABELS; f++)
				maps->count[t][f] += pairs[i].count[t][f];
	}
	maps->n_images = walk->n_done;
	return status;
}

static int64_t count_png(const struct image_names *names)
{
	int64_t n = 0;
	for (int64_t i = 0; i < names->n; i++)
		n += is_png(names->name[i]);
	return n;
}

static int read_directories(struct eval_label_maps *maps, const char *truth, const char *results, int threads, struct arena *a)
{
	struct walk walk = { .truth = truth, .results = results };
	struct image_names found;
	TRY(image_names_list(&walk.names, truth, a));
	TRY(image_names_list(&found, results, a));
	if (count_png(&walk.names) == 0)
		return err_set("there are no PNG files in '%s'", truth);
	TRY(run_walk(maps, &walk, threads, a));
	maps->n_left_out = count_png(&found) - maps->n_images;
	return 0;
}

/* One side of two streams. */
struct side {
	struct stream_reader reader;
	struct arena record;
	bool is_sample;
	struct sample_id id;
	struct tensor map;
};

static int side_open(struct side *s, const char *path)
{
	*s = (struct side){ 0 };
	arena_init(&s->record, 1 << 20);
	TRY(stream_reader_open(&s->reader, path, NULL));
	const char *kind = stream_reader_header(&s->reader)->kind;
	s->is_sample = strcmp(kind, "sample") == 0;
	if (!s->is_sample && strcmp(kind, "detection") != 0)
		return err_set("'%s' is a stream of kind '%s'; label maps come in samples or detections",
			       stream_reader_name(&s->reader), kind);
	return 0;
}

static void side_close(struct side *s)
{
	if (s->reader.state != NULL)
		stream_reader_close(&s->reader);
	arena_release(&s->record);
}

/* 1: a label map; 0: the end; -1: error. */
static int side_next(struct side *s)
{
	struct sample sample;
	struct detection detection;
	char text[128];
	arena_reset(&s->record);
	int got = s->is_sample ? sample_read(&sample, &s->reader, &s->record) : detection_read(&detection, &s->reader, &s->record);
	if (got != 1)
		return got;
	s->id = s->is_sample ? sample.id : detection.id;
	s->map = s->is_sample ? sample.semantic : detection.semantic;
	if (s->map.data == NULL)
		return err_set("image %s of '%s' has no label map ('semantic')", sample_id_text(&s->id, text),
			       stream_reader_name(&s->reader));
	return 1;
}

static bool same_id(const struct sample_id *a, const struct sample_id *b)
{
	if (a->text != NULL && b->text != NULL)
		return strcmp(a->text, b->text) == 0;
	return a->text == NULL && b->text == NULL && a->number == b->number;
}

static int count_streams(struct eval_label_maps *maps, struct side *truth, struct side *found)
{
	char want[128], got[128];
	int more_truth, more_found;
	while ((more_truth = side_next(truth)) == 1 && (more_found = side_next(found)) == 1) {
		sample_id_text(&truth->id, want);
		if (!same_id(&truth->id, &found->id))
			return err_set("the ground truth has image %s where the results have image %s; both must come in one order",
				       want, sample_id_text(&found->id, got));
		if (count_pixels(maps->count, &truth->map, &found->map) != 0)
			return err_context("image %s", want);
		maps->n_images++;
	}
	if (more_truth < 0 || (more_truth == 1 && more_found < 0))
		return -1;
	if (more_truth == 1)
		return err_set("the results end before image %s", sample_id_text(&truth->id, want));
	more_found = side_next(found);
	return more_found <= 0 ? more_found : err_set("the results go on with image %s, which the ground truth does not have",
						      sample_id_text(&found->id, got));
}

static int read_streams(struct eval_label_maps *maps, const char *truth, const char *results, struct arena *a)
{
	struct side t, f;
	struct stream_header header;
	int status = side_open(&t, truth);
	if (status == 0) {
		status = side_open(&f, results);
		if (status == 0)
			status = count_streams(maps, &t, &f);
		if (status == 0)
			status = header_copy(&header, stream_reader_header(&t.reader), a);
		side_close(&f);
	}
	side_close(&t);
	if (status == 0) {
		maps->n_categories = header.n_categories;
		maps->categories = header.categories;
	}
	return status;
}

static bool is_directory(const char *path)
{
	struct stat st;
	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

int eval_label_maps_read(struct eval_label_maps *maps, const char *truth, const char *results, int threads, struct arena *a)
{
	*maps = (struct eval_label_maps){ .count = arena_calloc(a, EVAL_LABELS, sizeof *maps->count) };
	if (maps->count == NULL)
		return -1;
	if (is_directory(truth) != is_directory(results))
		return err_set("'%s' is a directory and '%s' is not: both must be directories of PNG files, or both streams",
			       is_directory(truth) ? truth : results, is_directory(truth) ? results : truth);
	return is_directory(truth) ? read_directories(maps, truth, results, threads, a) : read_streams(maps, truth, results, a);
}
