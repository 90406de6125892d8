#include "weights/weight_list.h"

#include "base/json.h"

#include <inttypes.h>
#include <string.h>

enum { MAX_META_TEXT = 100 };

static int64_t count_all(const struct safetensors *s)
{
	int64_t count = 0;
	for (int i = 0; i < s->n_items; i++)
		count += tensor_count(&s->items[i].tensor);
	return count;
}

void weight_list_print(const struct safetensors *s, FILE *file)
{
	char shape[96];
	int width = 4, wide = 5;
	for (int i = 0; i < s->n_items; i++) {
		int name = (int)strlen(s->items[i].name), dims = (int)strlen(tensor_shape_text(&s->items[i].tensor, shape));
		width = name > width ? name : width;
		wide = dims > wide ? dims : wide;
	}
	for (int i = 0; i < s->n_items; i++) {
		const struct safetensors_item *item = &s->items[i];
		fprintf(file, "%-*s  %-4s  %-*s  %10" PRId64 "\n", width, item->name, item->stored->name, wide,
			tensor_shape_text(&item->tensor, shape), tensor_count(&item->tensor));
	}
	fprintf(file, "%d tensors, %" PRId64 " elements\n", s->n_items, count_all(s));
	for (int i = 0; i < s->n_meta; i++) {
		bool cut = strlen(s->meta[i].value) > MAX_META_TEXT;
		fprintf(file, "%s: %.*s%s\n", s->meta[i].key, MAX_META_TEXT, s->meta[i].value, cut ? "..." : "");
	}
}

void weight_list_json(const struct safetensors *s, FILE *file)
{
	struct json_writer w;
	json_writer_init(&w, file);
	json_put_object(&w);
	json_put_key(&w, "tensors");
	json_put_object(&w);
	for (int i = 0; i < s->n_items; i++) {
		const struct safetensors_item *item = &s->items[i];
		json_put_key(&w, item->name);
		json_put_object(&w);
		json_put_string_of(&w, "dtype", item->stored->name);
		json_put_key(&w, "shape");
		json_put_array(&w);
		for (int d = 0; d < item->tensor.rank; d++)
			json_put_integer(&w, item->tensor.dim[d]);
		json_put_end(&w, ']');
		json_put_end(&w, '}');
	}
	json_put_end(&w, '}');
	json_put_integer_of(&w, "elements", count_all(s));
	json_put_key(&w, "metadata");
	json_put_object(&w);
	for (int i = 0; i < s->n_meta; i++)
		json_put_string_of(&w, s->meta[i].key, s->meta[i].value);
	json_put_end(&w, '}');
	json_put_end(&w, '}');
	fputc('\n', file);
}
