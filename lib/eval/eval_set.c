#include "eval/eval_set.h"

#include "eval/eval_format.h"
#include "eval/eval_intake.h"
#include "eval/eval_outline.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void eval_set_init(struct eval_set *set, struct arena *a)
{
	*set = (struct eval_set){ .arena = a };
}

void eval_leave_out(struct eval_left_out *left_out, const char *first)
{
	if (left_out->n++ == 0)
		snprintf(left_out->first, sizeof left_out->first, "%s", first);
}

static int compare_categories(const void *a, const void *b)
{
	const struct category *x = a, *y = b;
	return (x->id > y->id) - (x->id < y->id);
}

static int compare_numbers(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return (x > y) - (x < y);
}

int32_t eval_find_image(const struct eval_set *set, const struct sample_id *id)
{
	int32_t i = eval_lookup_image(&set->lookup, id);
	return i < 0 ? EVAL_UNKNOWN : set->lookup.image_number[i];
}

int32_t eval_find_category(const struct eval_set *set, int64_t id)
{
	int32_t k = eval_lookup_category(&set->lookup, id);
	return k < 0 ? EVAL_UNKNOWN : set->lookup.category_number[k];
}

int eval_unite_classes(struct eval_object *objects, int64_t n, int32_t n_categories, struct arena *a)
{
	struct eval_object *sorted = arena_alloc(a, (size_t)n * sizeof *sorted);
	int64_t *start = arena_calloc(a, (size_t)n_categories + 1, sizeof *start);
	if (sorted == NULL || start == NULL)
		return -1;
	for (int64_t i = 0; i < n; i++)
		start[objects[i].category + 1]++;
	for (int32_t k = 0; k < n_categories; k++)
		start[k + 1] += start[k];
	for (int64_t i = 0; i < n; i++)
		sorted[start[objects[i].category]++] = objects[i];
	for (int64_t i = 0; i < n; i++) {
		objects[i] = sorted[i];
		objects[i].category = 0;
	}
	return 0;
}

/* Sort images and categories into the set; none may come twice. */
static int adopt_ids(struct eval_set *set, struct eval_truth *truth)
{
	char text[128];
	if (truth->n_images == 0)
		return err_set("no images in the ground truth: there is nothing to evaluate");
	if (truth->n_images > INT32_MAX || truth->n_categories > INT32_MAX)
		return err_set("more than %d images or categories", INT32_MAX);
	qsort(truth->images, (size_t)truth->n_images, sizeof *truth->images, eval_compare_ids);
	if (truth->n_categories > 0)
		qsort(truth->categories, (size_t)truth->n_categories, sizeof *truth->categories, compare_categories);
	for (int64_t i = 1; i < truth->n_images; i++)
		if (eval_compare_ids(&truth->images[i - 1], &truth->images[i]) == 0)
			return err_set("image %s comes twice (a stream of several epochs? give one)",
				       sample_id_text(&truth->images[i], text));
	for (int64_t i = 1; i < truth->n_categories; i++)
		if (truth->categories[i - 1].id == truth->categories[i].id)
			return err_set("category %" PRId64 " comes twice", truth->categories[i].id);
	set->images = truth->images;
	set->n_images = (int32_t)truth->n_images;
	set->categories = truth->categories;
	set->n_categories = (int32_t)truth->n_categories;
	return eval_lookup_make(&set->lookup, set->images, set->n_images, set->categories, set->n_categories, set->arena);
}

static int check_annotation_ids(struct eval_truth *truth)
{
	int64_t n = 0, *ids = arena_calloc(&truth->scratch, (size_t)truth->n_entries, sizeof *ids);
	if (ids == NULL)
		return -1;
	for (int64_t i = 0; i < truth->n_entries; i++)
		if (truth->entries[i].has_id)
			ids[n++] = truth->entries[i].id;
	qsort(ids, (size_t)n, sizeof *ids, compare_numbers);
	for (int64_t i = 1; i < n; i++)
		if (ids[i] == ids[i - 1])
			return err_set("annotation %" PRId64 " comes twice", ids[i]);
	return 0;
}

void eval_truth_init(struct eval_truth *truth, const struct eval_set *set, struct json_reader *json)
{
	*truth = (struct eval_truth){ .use_ignore = set->use_ignore, .federated = set->federated, .shape = set->shape, .sigmas = set->sigmas };
	eval_shapes_init(&truth->shapes, json, "annotation", set->threads, set->arena);
	arena_init(&truth->scratch, 1 << 16);
}

void eval_truth_release(struct eval_truth *truth)
{
	eval_shapes_release(&truth->shapes);
	arena_release(&truth->scratch);
}

int eval_add_size(struct eval_truth *truth, struct eval_size size, struct arena *a)
{
	TRY(arena_grow(&truth->sizes, truth->n_images, &truth->room_sizes, sizeof *truth->sizes, a));
	truth->sizes[truth->n_images] = size;
	return 0;
}

/* Sizes in the order that images have in the set; adopt_ids() sorts them there. */
static int adopt_images(struct eval_set *set, struct eval_truth *truth)
{
	size_t n = (size_t)truth->n_images;
	if (truth->sizes == NULL)
		return adopt_ids(set, truth);
	struct sample_id *unsorted = arena_calloc(set->arena, n, sizeof *unsorted);
	set->sizes = arena_calloc(set->arena, n, sizeof *set->sizes);
	if (unsorted == NULL || set->sizes == NULL)
		return -1;
	memcpy(unsorted, truth->images, n * sizeof *unsorted);
	TRY(adopt_ids(set, truth));
	for (size_t i = 0; i < n; i++)
		set->sizes[eval_lookup_image(&set->lookup, &unsorted[i])] = truth->sizes[i];
	return 0;
}

/* Draw the masks of images that are there. */
static int make_masks(struct eval_set *set, struct eval_truth *truth)
{
	for (int64_t i = 0; i < truth->n_entries; i++) {
		struct eval_entry *e = &truth->entries[i];
		int32_t at = e->mask == NULL ? -1 : eval_lookup_image(&set->lookup, &e->image);
		if (e->mask == NULL)
			continue;
		e->object.mask = e->mask->edges;
		if (at < 0) {
			e->mask->edges = NULL;
		} else if (set->sizes != NULL) {
			e->mask->h = set->sizes[at].h;
			e->mask->w = set->sizes[at].w;
		}
	}
	return eval_shapes_flush(&truth->shapes);
}

static void add_annotation(struct eval_set *set, struct eval_entry *e)
{
	char text[128];
	e->object.image = eval_find_image(set, &e->image);
	e->object.category = eval_find_category(set, e->category);
	e->object.id_is_zero = e->has_id && e->id == 0;
	set->has_id_zero |= e->object.id_is_zero;
	if (e->object.image < 0) {
		eval_leave_out(&set->gt_image, sample_id_text(&e->image, text));
	} else if (e->object.category < 0) {
		snprintf(text, sizeof text, "%" PRId64, e->category);
		eval_leave_out(&set->gt_category, text);
	} else {
		if (e->mask != NULL && e->box_from_mask)
			memcpy(e->object.box, e->object.mask->box, sizeof e->object.box);
		if (e->mask != NULL && e->area_from_mask)
			e->object.area = e->object.mask->area;
		set->gt[set->n_gt++] = e->object;
	}
}

int eval_truth_finish(struct eval_set *set, struct eval_truth *truth)
{
	TRY(adopt_images(set, truth));
	TRY(check_annotation_ids(truth));
	TRY(make_masks(set, truth));
	set->gt = arena_calloc(set->arena, (size_t)truth->n_entries, sizeof *set->gt);
	if (set->gt == NULL)
		return -1;
	for (int64_t i = 0; i < truth->n_entries; i++)
		add_annotation(set, &truth->entries[i]);
	return 0;
}

int eval_read_truth(struct eval_set *set, const char *path)
{
	enum eval_format format;
	int hold;
	TRY(eval_format_of(&format, &hold, path));
	int status;
	if (format == EVAL_FORMAT_JSON)
		status = eval_truth_from_json(set, path);
	else if (set->federated != NULL)
		status = err_set("'%s' is a stream; streams do not carry the lists of LVIS, its JSON does", path);
	else
		status = eval_truth_from_samples(set, path);
	if (hold >= 0)
		close(hold);
	TRY(status);
	return set->outlines ? eval_outlines_make(set->gt, set->n_gt, set->threads, set->arena) : 0;
}

/* Where reading may begin again: -1 in a pipe. For standard input it need not be the file's beginning. */
static off_t place_to_reread(const char *path)
{
	struct stat st;
	if (strcmp(path, "-") == 0)
		return lseek(STDIN_FILENO, 0, SEEK_CUR);
	return stat(path, &st) == 0 && S_ISREG(st.st_mode) ? 0 : -1;
}

static int take_results(struct eval_intake *intake, const char *path, enum eval_format format)
{
	return format == EVAL_FORMAT_JSON ? eval_results_from_json(intake, path) : eval_results_from_detections(intake, path);
}

static int read_results(struct eval_flow *flow, struct eval_set *set, const char *path)
{
	enum eval_format format;
	struct eval_intake intake;
	int hold;
	TRY(eval_format_of(&format, &hold, path));
	off_t start = place_to_reread(path);
	int status = eval_intake_init(&intake, set, flow, start >= 0);
	if (status == 0)
		status = take_results(&intake, path, format);
	if (status != 0 && intake.again) {
		eval_intake_restart(&intake);
		if (strcmp(path, "-") == 0 && lseek(STDIN_FILENO, start, SEEK_SET) < 0)
			status = err_errno("cannot read standard input again");
		else
			status = take_results(&intake, path, format);
	}
	if (hold >= 0)
		close(hold);
	if (status == 0)
		status = eval_intake_finish(&intake);
	eval_intake_release(&intake);
	return status;
}

int eval_read_results(struct eval_set *set, const char *path)
{
	return read_results(NULL, set, path);
}

int eval_match_results(struct eval_flow *flow, struct eval_set *set, const char *path)
{
	return read_results(flow, set, path);
}
