/* COCO's results as the objects of a data set. */
#include "coco/coco_reader.h"
#include "coco/rle.h"

#include <string.h>

/* The box of what is inside a run-length mask, as pycocotools takes it for results without a box. */
static int box_of_mask(double box[4], const struct table_mask *m)
{
	struct arena scratch;
	double xywh[4];
	arena_init(&scratch, 1 << 14);
	struct rle rle = { .h = m->rle_h, .w = m->rle_w, .runs = arena_calloc(&scratch, strlen(m->rle) + 1, sizeof *rle.runs) };
	int status = rle.runs != NULL ? rle_expand(&rle, m->rle) : -1;
	if (status == 0) {
		rle_box(xywh, &rle);
		memcpy(box, (const double[4]){ xywh[0], xywh[1], xywh[0] + xywh[2], xywh[1] + xywh[3] }, 4 * sizeof *box);
	}
	arena_release(&scratch);
	return status;
}

static int read_result(struct coco_reader *c)
{
	struct json_reader *j = &c->json;
	struct table_object o;
	unsigned seen;
	TRY(coco_read_fields(c, &o, &seen));
	if (!(seen & COCO_HAS_BOX) && o.mask != NULL && o.mask->rle != NULL && !o.mask->broken) {
		TRY(box_of_mask(o.box, o.mask));
		seen |= COCO_HAS_BOX;
	}
	if (!(seen & COCO_HAS_BOX) && o.mask != NULL && o.mask->broken)
		seen |= COCO_HAS_BOX;	/* the box has no area; the object is rejected */
	static const char *const name[] = { "image_id", "category_id", "bbox", "score" };
	for (int i = 0; i < 4; i++)
		if (!(seen & (unsigned)COCO_HAS_IMAGE << i))
			return json_fail(j, "this result has no '%s'", name[i]);
	/* Results have no ids of their own, and as a data set they have what data sets have. */
	o.form &= (uint8_t)~(SAMPLE_NO_AREA | SAMPLE_NO_ISCROWD | (c->count.size == 0 ? SAMPLE_NO_NUM_KEYPOINTS : 0));
	o.id = c->table->n_objects + 1;
	return object_table_add(c->table, &o);
}

static int read_document(struct coco_reader *c)
{
	TRY(coco_read_list(c, "COCO results", read_result));
	return json_next(&c->json) == JSON_END ? 0 : -1;
}

int coco_results_read(struct dataset *d, struct image_table *table, const char *path)
{
	struct coco_reader c = { .d = d, .table = table, .arena = &d->arena };
	id_set_init(&c.object_ids);
	TRY(json_open(&c.json, path));
	c.masks = (struct coco_masks){ .json = &c.json, .arena = &d->arena };
	int status = read_document(&c);
	json_close(&c.json);
	coco_reader_release(&c);
	return status;
}
