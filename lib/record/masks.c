#include "record/masks.h"

#include "record/fields.h"

/* Bytes that a polygon (a tensor's head) takes at least; see FIELDS_SMALLEST_OBJECT. */
enum { SMALLEST_POLYGON = 6 + WIRE_TENSOR_HEAD + 2 * 4 };

static void emit_rle(struct emitter *e, const struct sample_mask *m)
{
	emit_map(e, 2);
	emit_text(e, "size");
	emit_array(e, 2);
	emit_int(e, m->rle_h);
	emit_int(e, m->rle_w);
	emit_text(e, "counts");
	emit_text(e, m->rle);
}

void masks_encode(struct emitter *e, const struct sample_mask *masks, int64_t n)
{
	emit_array(e, (uint32_t)n);
	for (int64_t i = 0; i < n; i++) {
		const struct sample_mask *m = &masks[i];
		if (m->n_polygons == 0 && m->rle == NULL) {
			emit_nil(e);
		} else if (m->n_polygons == 0) {
			emit_rle(e, m);
		} else {
			emit_array(e, (uint32_t)m->n_polygons);
			for (int k = 0; k < m->n_polygons; k++)
				emit_tensor(e, &m->polygons[k]);
		}
	}
}

static int get_size(struct wire_cursor *c, struct sample_mask *m)
{
	uint32_t n;
	int64_t h, w;
	TRY(wire_get_array(c, "masks", &n));
	if (n != 2)
		return err_set("key 'masks': wanted the size as [h, w], got %u values", n);
	TRY(wire_get_int(c, "masks", 0, INT32_MAX, &h));
	TRY(wire_get_int(c, "masks", 0, INT32_MAX, &w));
	m->rle_h = (int32_t)h;
	m->rle_w = (int32_t)w;
	return 0;
}

static int get_rle(struct wire_cursor *c, uint32_t pairs, struct sample_mask *m, struct arena *a)
{
	struct wire_item key;
	bool has_size = false;
	for (; pairs > 0; pairs--) {
		TRY(wire_next(c, &key));
		if (wire_is(&key, "size")) {
			has_size = true;
			TRY(get_size(c, m));
		} else if (wire_is(&key, "counts")) {
			TRY(wire_get_text(c, "masks", &m->rle, a));
		} else {
			TRY(wire_skip(c));
		}
	}
	return has_size && m->rle != NULL ? 0 : err_set("key 'masks': a run-length mask without size or counts");
}

static int get_polygons(struct wire_cursor *c, uint32_t n, struct sample_mask *m, struct arena *a)
{
	if (n == 0)
		return err_set("key 'masks': a mask of no polygons");
	if (n > (size_t)(c->end - c->at) / SMALLEST_POLYGON)
		return err_set("key 'masks': %u polygons cannot be in what is left of the record", n);
	m->polygons = arena_calloc(a, n, sizeof *m->polygons);
	if (m->polygons == NULL)
		return -1;
	m->n_polygons = (int)n;
	for (uint32_t k = 0; k < n; k++) {
		TRY(wire_get_tensor(c, "masks", DTYPE_F64, 2, &m->polygons[k], a));
		if (m->polygons[k].dim[1] != 2)
			return err_set("key 'masks': a polygon is not [points 2]");
	}
	return 0;
}

int masks_decode(struct sample_mask **masks, int64_t *n, struct wire_cursor *c, struct arena *a)
{
	uint32_t count;
	TRY(wire_get_array(c, "masks", &count));
	if (count > (size_t)(c->end - c->start) / FIELDS_SMALLEST_OBJECT)
		return err_set("key 'masks': %u masks, more than the record can have objects", count);
	struct sample_mask *m = arena_calloc(a, count, sizeof *m);
	if (m == NULL)
		return -1;
	for (uint32_t i = 0; i < count; i++) {
		struct wire_item item;
		TRY(wire_next(c, &item));
		if (item.type == WIRE_MAP)
			TRY(get_rle(c, item.size, &m[i], a));
		else if (item.type == WIRE_ARRAY)
			TRY(get_polygons(c, item.size, &m[i], a));
		else if (item.type != WIRE_NIL)
			return err_set("key 'masks': wanted a mask, got %s", wire_type_name(item.type));
	}
	*masks = m;
	*n = count;
	return 0;
}
