#include "record/dump.h"

#include "base/json.h"
#include "stream/wire.h"

#include <string.h>

static double element(const struct tensor *t, int64_t i)
{
	const void *data = t->data;
	switch (t->dtype) {
	case DTYPE_U8:
		return ((const uint8_t *)data)[i];
	case DTYPE_I32:
		return ((const int32_t *)data)[i];
	case DTYPE_F32:
		return (double)((const float *)data)[i];
	case DTYPE_F64:
		return ((const double *)data)[i];
	case DTYPE_BF16:
		return (double)bf16_to_f32(((const uint16_t *)data)[i]);
	default:
		return 0;
	}
}

static void put_tensor(struct json_writer *w, const struct tensor *t, bool full)
{
	json_put_object(w);
	json_put_key(w, "dtype");
	json_put_string(w, dtype_name((int)t->dtype));
	json_put_key(w, "shape");
	json_put_array(w);
	for (int i = 0; i < t->rank; i++)
		json_put_integer(w, t->dim[i]);
	json_put_end(w, ']');
	if (full) {
		json_put_key(w, "values");
		json_put_array(w);
		for (int64_t i = 0; i < tensor_count(t); i++)
			if (t->dtype == DTYPE_I64)
				json_put_integer(w, ((const int64_t *)t->data)[i]);
			else
				json_put_double(w, element(t, i));
		json_put_end(w, ']');
	}
	json_put_end(w, '}');
}

static int put_text(struct json_writer *w, const struct wire_item *item, bool is_key, struct arena *a)
{
	const char *text = arena_strndup(a, (const char *)item->data, item->size);
	if (text == NULL)
		return -1;
	if (is_key)
		json_put_key(w, text);
	else
		json_put_string(w, text);
	return 0;
}

static int put_base64(struct json_writer *w, const struct wire_item *item, struct arena *a)
{
	static const char digit[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	char *text = arena_alloc(a, ((size_t)item->size + 2) / 3 * 4 + 1), *out = text;
	if (text == NULL)
		return -1;
	for (size_t i = 0; i < item->size; i += 3) {
		size_t n = item->size - i;
		uint32_t bits = (uint32_t)item->data[i] << 16;
		bits |= n > 1 ? (uint32_t)item->data[i + 1] << 8 : 0;
		bits |= n > 2 ? item->data[i + 2] : 0;
		*out++ = digit[bits >> 18];
		*out++ = digit[bits >> 12 & 63];
		*out++ = n > 1 ? digit[bits >> 6 & 63] : '=';
		*out++ = n > 2 ? digit[bits & 63] : '=';
	}
	*out = '\0';
	json_put_key(w, "base64");
	json_put_string(w, text);
	return 0;
}

static int put_bytes(struct json_writer *w, const struct wire_item *item, bool full, struct arena *a)
{
	json_put_object(w);
	if (item->type == WIRE_EXT) {
		json_put_key(w, "ext");
		json_put_integer(w, item->ext);
	}
	json_put_key(w, "bytes");
	json_put_integer(w, item->size);
	if (full)
		TRY(put_base64(w, item, a));
	json_put_end(w, '}');
	return 0;
}

/* JSON's readers take what does not fit an int64 as a double anyway. */
static void put_unsigned(struct json_writer *w, uint64_t value)
{
	if (value > INT64_MAX)
		json_put_double(w, (double)value);
	else
		json_put_integer(w, (int64_t)value);
}

static int put_scalar(struct json_writer *w, const struct wire_item *item, const uint8_t *start, bool full,
		      struct arena *a)
{
	struct tensor t;
	switch (item->type) {
	case WIRE_NIL:
		json_put_null(w);
		return 0;
	case WIRE_BOOL:
		json_put_bool(w, item->integer != 0);
		return 0;
	case WIRE_INT:
		if (item->above)
			put_unsigned(w, (uint64_t)item->integer);
		else
			json_put_integer(w, item->integer);
		return 0;
	case WIRE_FLOAT:
		json_put_double(w, item->number);
		return 0;
	case WIRE_TEXT:
		return put_text(w, item, false, a);
	default:
		if (item->type == WIRE_BYTES || item->ext != WIRE_TENSOR)
			return put_bytes(w, item, full, a);
		TRY(wire_tensor(item, start, &t));
		put_tensor(w, &t, full);
		return 0;
	}
}

/* The body was checked when it was read, so its depth is limited. */
static int put_value(struct json_writer *w, struct wire_cursor *c, bool full, struct arena *a)
{
	struct wire_item item, key;
	TRY(wire_next(c, &item));
	if (item.type != WIRE_ARRAY && item.type != WIRE_MAP)
		return put_scalar(w, &item, c->start, full, a);
	if (item.type == WIRE_MAP)
		json_put_object(w);
	else
		json_put_array(w);
	for (uint32_t i = 0; i < item.size; i++) {
		if (item.type == WIRE_MAP) {
			TRY(wire_next(c, &key));
			TRY(put_text(w, &key, true, a));
		}
		TRY(put_value(w, c, full, a));
	}
	json_put_end(w, item.type == WIRE_MAP ? '}' : ']');
	return 0;
}

static int put_body(FILE *file, const void *data, size_t size, bool full, struct arena *a)
{
	struct json_writer w;
	struct wire_cursor c = wire_cursor(data, size);
	json_writer_init(&w, file);
	arena_reset(a);
	TRY(put_value(&w, &c, full, a));
	fputc('\n', file);
	return ferror(file) ? err_set("cannot write the JSON lines") : 0;
}

static void put_named(struct json_writer *w, const char *key, const char *text)
{
	json_put_key(w, key);
	if (text != NULL)
		json_put_string(w, text);
	else
		json_put_null(w);
}

static void put_keypoint_names(struct json_writer *w, const struct category *c)
{
	if (c->n_keypoints == 0)
		return;
	json_put_key(w, "keypoints");
	json_put_array(w);
	for (int i = 0; i < c->n_keypoints; i++)
		json_put_string(w, c->keypoints[i]);
	json_put_end(w, ']');
}

static void put_about(struct json_writer *w, const struct stream_header *h)
{
	if (h->n_about == 0)
		return;
	json_put_key(w, "about");
	json_put_array(w);
	for (int i = 0; i < h->n_about; i++) {
		json_put_object(w);
		put_named(w, "source", h->about[i].source);
		put_named(w, "members", h->about[i].members);
		json_put_end(w, '}');
	}
	json_put_end(w, ']');
}

static void put_header(FILE *file, const struct stream_header *h)
{
	struct json_writer w;
	json_writer_init(&w, file);
	json_put_object(&w);
	put_named(&w, "kind", h->kind);
	json_put_key(&w, "categories");
	json_put_array(&w);
	for (int i = 0; i < h->n_categories; i++) {
		json_put_object(&w);
		json_put_key(&w, "id");
		json_put_integer(&w, h->categories[i].id);
		put_named(&w, "name", h->categories[i].name);
		put_named(&w, "supercategory", h->categories[i].supercategory);
		put_keypoint_names(&w, &h->categories[i]);
		if (h->categories[i].members != NULL)
			put_named(&w, "members", h->categories[i].members);
		json_put_end(&w, '}');
	}
	json_put_end(&w, ']');
	json_put_key(&w, "start");
	json_put_integer(&w, h->start);
	json_put_key(&w, "planned");
	if (h->planned >= 0)
		json_put_integer(&w, h->planned);
	else
		json_put_null(&w);
	json_put_key(&w, "provenance");
	json_put_array(&w);
	for (int i = 0; i < h->n_provenance; i++) {
		json_put_object(&w);
		put_named(&w, "tool", h->provenance[i].tool);
		put_named(&w, "version", h->provenance[i].version);
		put_named(&w, "options", h->provenance[i].options);
		json_put_key(&w, "seed");
		put_unsigned(&w, h->provenance[i].seed);
		json_put_end(&w, '}');
	}
	json_put_end(&w, ']');
	put_about(&w, h);
	json_put_end(&w, '}');
	fputc('\n', file);
}

static void put_count(struct json_writer *w, const char *key, const struct stream_count *c)
{
	json_put_key(w, key);
	json_put_array(w);
	json_put_integer(w, c->records);
	json_put_integer(w, c->objects);
	json_put_end(w, ']');
}

static void put_trailer(FILE *file, const struct stream_trailer *t)
{
	struct json_writer w;
	json_writer_init(&w, file);
	json_put_object(&w);
	put_count(&w, "in", &t->in);
	put_count(&w, "out", &t->out);
	put_count(&w, "deselected", &t->deselected);
	json_put_key(&w, "rejects");
	json_put_object(&w);
	for (int i = 0; i < t->n_rejects; i++)
		put_count(&w, t->rejects[i].reason, &t->rejects[i].count);
	json_put_end(&w, '}');
	json_put_end(&w, '}');
	fputc('\n', file);
}

static int dump_reader(FILE *file, struct stream_reader *r, const struct dump_param *param, struct arena *a)
{
	struct stream_body body;
	int got = 1;
	if (param->header)
		put_header(file, stream_reader_header(r));
	for (int64_t n = 0; param->records < 0 || n < param->records; n++) {
		got = stream_reader_next(r, &body);
		if (got != 1)
			break;
		TRY(put_body(file, body.data, body.size, param->full, a));
	}
	if (got == 0 && param->header)
		put_trailer(file, stream_reader_trailer(r));
	return got < 0 ? -1 : 0;
}

int dump_stream(FILE *file, const char *path, const struct stream_limits *limits, const struct dump_param *param)
{
	struct stream_reader r;
	struct arena a;
	TRY(stream_reader_open(&r, path, limits));
	arena_init(&a, 1 << 16);
	int status = dump_reader(file, &r, param, &a);
	arena_release(&a);
	stream_reader_close(&r);
	return status;
}
