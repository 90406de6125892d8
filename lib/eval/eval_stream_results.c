#include "eval/eval_intake.h"

#include "base/threads.h"
#include "record/detection.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Detections of some images. */
struct item {
	struct eval_batch batch;
	struct eval_shapes shapes;
};

struct results {
	struct eval_intake *intake;
	const struct eval_set *set;
	struct stream_reader *reader;
	int32_t *category;	/* [categories of the stream] the number in the ground truth */
	struct arena record;
	int64_t number;	/* of the next detection */
};

enum { ENOUGH = 4096 };	/* detections in an item */

/* The category of the ground truth that a stream's category means: the same id and name, or else the same name. */
static int32_t same_category(const struct eval_lookup *truth, const struct category *c)
{
	int32_t k = eval_lookup_category(truth, c->id);
	bool named = c->name != NULL && c->name[0] != '\0';
	if (k >= 0 && (!named || truth->categories[k].name[0] == '\0' || strcmp(truth->categories[k].name, c->name) == 0))
		return truth->category_number[k];
	for (k = 0; named && k < truth->n_categories; k++)
		if (strcmp(truth->categories[k].name, c->name) == 0)
			return truth->category_number[k];
	return EVAL_UNKNOWN;
}

/* Detections are in original pixels. */
static const double untransformed[6] = { 1, 0, 0, 0, 1, 0 };

static int add_found_shape(struct results *r, struct item *item, struct eval_object *o, const struct detection *d, int64_t i)
{
	const struct eval_set *set = r->set;
	if (set->shape == EVAL_SHAPE_MASK) {
		struct eval_mask *mask = NULL;
		struct eval_size size = set->sizes[eval_lookup_image(&set->lookup, &d->id)];
		if (d->masks != NULL)
			TRY(eval_mask_from_record(&item->shapes, r->number, &d->masks[i], untransformed, &mask));
		if (mask == NULL)
			return err_set("detection %" PRId64 " has no mask", i);
		o->mask = mask->edges;
		mask->h = size.h;
		mask->w = size.w;
	} else if (set->shape == EVAL_SHAPE_POSE) {
		if (d->keypoints.data == NULL)
			return err_set("detection %" PRId64 " has no keypoints", i);
		int64_t k = d->keypoints.dim[1];
		const float *xyv = (const float *)d->keypoints.data + 3 * k * i;
		TRY(eval_pose_from_record(set->sigmas, xyv, k, untransformed, &item->batch.arena, &o->pose));
	}
	r->number++;
	return 0;
}

static int add_detections(struct results *r, struct item *item, const struct detection *d)
{
	const struct stream_header *header = stream_reader_header(r->reader);
	struct eval_object object = { .image = eval_find_image(r->set, &d->id) };
	if (object.image == EVAL_UNKNOWN)
		return err_set("the image is not in the ground truth; are these results of another set?");
	for (int64_t i = 0; i < d->n; i++) {
		const float *box = &d->boxes[4 * i];
		if (d->labels[i] < 0 || d->labels[i] >= header->n_categories)
			return err_set("detection %" PRId64 ": label %d is not one of the %d categories", i, d->labels[i],
				       header->n_categories);
		object.category = r->category[d->labels[i]];
		if (object.category == EVAL_UNKNOWN)
			eval_leave_out(&item->batch.dt_category, header->categories[d->labels[i]].name);
		if (object.image < 0 || object.category < 0)
			continue;
		object.box[0] = box[0];
		object.box[1] = box[1];
		object.box[2] = (double)box[2] - box[0];
		object.box[3] = (double)box[3] - box[1];
		object.area = object.box[2] * object.box[3];
		object.score = d->scores[i];
		TRY(add_found_shape(r, item, &object, d, i));
		TRY(eval_objects_add(&item->batch.dt, &object, 1));
	}
	return 0;
}

static int next_item(void *context, void *at)
{
	struct results *r = context;
	struct item *item = at;
	struct detection d;
	int got = 1, n = 0;
	eval_batch_reset(&item->batch);
	/* As many images as detections, too, so that empty ones come to an end. */
	while (item->batch.dt.n < ENOUGH && n < ENOUGH && (got = detection_read(&d, r->reader, &r->record)) == 1) {
		char text[128];
		if (add_detections(r, item, &d) != 0)
			return err_context("image %s of '%s'", sample_id_text(&d.id, text), stream_reader_name(r->reader));
		arena_reset(&r->record);
		n++;
	}
	return got < 0 ? -1 : n > 0;
}

static int work_item(void *context, void *at)
{
	const struct results *r = context;
	struct item *item = at;
	TRY(eval_shapes_flush(&item->shapes));
	for (int64_t i = 0; i < item->batch.dt.n && r->set->shape == EVAL_SHAPE_MASK; i++)
		item->batch.dt.at[i].area = item->batch.dt.at[i].mask->area;
	return eval_intake_prepare(r->intake, &item->batch);
}

static int done_item(void *context, void *item)
{
	return eval_intake_take(((struct results *)context)->intake, &((struct item *)item)->batch);
}

static int take_all(struct results *r, int threads)
{
	int n_items = threads == 1 ? 1 : threads + 2, n_ready = 0, status = 0;
	struct item *items = calloc((size_t)n_items, sizeof *items);
	if (items == NULL)
		return err_set("out of memory");
	while (n_ready < n_items && status == 0) {
		struct item *item = &items[n_ready++];
		status = eval_batch_init(&item->batch, r->intake);
		eval_shapes_init(&item->shapes, NULL, "detection", 1, &item->batch.arena);
	}
	if (status == 0)
		status = ordered_run(&(struct ordered_work){ .next = next_item, .work = work_item, .done = done_item,
			.context = r, .items = items, .n_items = n_items, .item_size = sizeof *items }, threads);
	for (int i = 0; i < n_ready; i++) {
		eval_shapes_release(&items[i].shapes);
		eval_batch_release(&items[i].batch);
	}
	free(items);
	return status;
}

static int read_detections(struct results *r)
{
	const struct eval_set *set = r->set;
	const struct stream_header *header = stream_reader_header(r->reader);
	TRY(eval_check_kind(r->reader, "detection", "the results file"));
	r->category = arena_calloc(set->arena, (size_t)header->n_categories, sizeof *r->category);
	if (r->category == NULL)
		return -1;
	for (int i = 0; i < header->n_categories; i++)
		r->category[i] = same_category(&set->lookup, &header->categories[i]);
	return take_all(r, set->threads < 1 ? 1 : set->threads);
}

int eval_results_from_detections(struct eval_intake *intake, const char *path)
{
	struct stream_reader reader;
	struct results r = { .intake = intake, .set = intake->set, .reader = &reader };
	TRY(stream_reader_open(&reader, path, NULL));
	arena_init(&r.record, 1 << 16);
	int status = read_detections(&r);
	arena_release(&r.record);
	stream_reader_close(&reader);
	return status;
}
