#include "train/checkpoint.h"

#include "base/json.h"
#include "train/class_list.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_META = 16 };

const char *checkpoint_sibling(const char *model_path, const char *suffix, struct arena *a)
{
	const char *dot = strrchr(model_path, '.');
	bool named = dot != NULL && strcmp(dot, ".safetensors") == 0;
	size_t stem = named ? (size_t)(dot - model_path) : strlen(model_path);
	char *path = arena_alloc(a, stem + strlen(suffix) + 1);
	if (path == NULL)
		return NULL;
	memcpy(path, model_path, stem);
	strcpy(path + stem, suffix);
	return path;
}

static const char *need(const struct checkpoint *c, const char *key)
{
	const char *value = safetensors_find_meta(&c->file, key);
	return value != NULL ? value : err_null("'%s' is no model of cocopipe: its metadata lacks '%s'", c->file.path, key);
}

int checkpoint_parse_number(int64_t *number, const struct checkpoint *c, const char *key, const char *text, int64_t min,
			    int64_t max)
{
	char *end;
	errno = 0;
	long long value = strtoll(text, &end, 10);
	bool digits = text[0] == '-' || (text[0] >= '0' && text[0] <= '9');
	if (!digits || *end != '\0' || errno != 0 || value < min || value > max)
		return err_set("'%s' is damaged: %s is '%.40s', not a number from %" PRId64 " to %" PRId64, c->file.path, key,
			       text, min, max);
	*number = value;
	return 0;
}

static int need_number(int64_t *number, const struct checkpoint *c, const char *key, int64_t min, int64_t max)
{
	const char *text = need(c, key);
	return text == NULL ? -1 : checkpoint_parse_number(number, c, key, text, min, max);
}

static int read_categories(struct checkpoint *c)
{
	const char *text = need(c, "classes");
	if (text == NULL)
		return -1;
	struct json_reader j;
	TRY(json_open_memory(&j, text, strlen(text), c->file.path));
	struct class_list list;
	int status = class_list_json(&list, &j, &c->file.arena);
	json_close(&j);
	c->categories = list.categories;
	c->n_categories = list.n;
	return status;
}

static int read_meta(struct checkpoint *c)
{
	int64_t anchor_size = 0;
	c->model = need(c, "model");
	c->preset = need(c, "preset");
	if (c->model == NULL || c->preset == NULL)
		return -1;
	TRY(need_number(&anchor_size, c, "anchor-size", 1, CHECKPOINT_MAX_ANCHOR));
	c->anchor_size = (int)anchor_size;
	c->preprocess = safetensors_find_meta(&c->file, "preprocess");
	if (c->preprocess == NULL)
		c->preprocess = "";
	c->is_state = safetensors_find_meta(&c->file, "step") != NULL;
	return read_categories(c);
}

int checkpoint_open(struct checkpoint *c, const char *path)
{
	*c = (struct checkpoint){ 0 };
	TRY(safetensors_open(&c->file, path));
	if (read_meta(c) == 0)
		return 0;
	checkpoint_close(c);
	return -1;
}

void checkpoint_close(struct checkpoint *c)
{
	safetensors_close(&c->file);
}

int checkpoint_create_model(struct model *m, const struct checkpoint *c, enum dtype dtype, enum conv_backend backend)
{
	struct model_spec spec = {
		.name = c->model, .n_classes = c->n_categories, .dtype = dtype, .backend = backend,
		.preset = c->preset, .anchor_size = c->anchor_size,
	};
	TRY(model_create(m, &spec));
	if (checkpoint_load_weights(m, &c->file, c->is_state ? "value." : "") == 0)
		return 0;
	model_release(m);
	return -1;
}

/* Copy tensor "<prefix><name>" of the file to `to`. */
static int copy_tensor(void *to, const struct tensor *shape, const struct safetensors *file, const char *prefix,
		       const char *name)
{
	char key[288], have[96], want[96];
	snprintf(key, sizeof key, "%s%s", prefix, name);
	const struct tensor *t = safetensors_find(file, key);
	if (t == NULL)
		return err_set("'%s' has no tensor '%s'", file->path, key);
	if (!tensor_same_shape(t, shape))
		return err_set("'%s': '%s' is %s %s, but the model has %s %s", file->path, key, dtype_name((int)t->dtype),
			       tensor_shape_text(t, have), dtype_name((int)shape->dtype), tensor_shape_text(shape, want));
	memcpy(to, t->data, tensor_bytes(shape));
	return 0;
}

int checkpoint_load_weights(struct model *m, const struct safetensors *file, const char *prefix)
{
	for (struct param *p = m->params.first; p != NULL; p = p->next)
		TRY(copy_tensor(p->value.data, &p->value, file, prefix, p->name));
	m->params.version++;
	return 0;
}

static char *categories_text(const struct checkpoint_about *about)
{
	char *text = NULL;
	size_t size;
	FILE *file = open_memstream(&text, &size);
	if (file == NULL)
		return err_null("out of memory");
	struct json_writer w;
	json_writer_init(&w, file);
	json_put_array(&w);
	for (int i = 0; i < about->n_categories; i++) {
		json_put_object(&w);
		json_put_key(&w, "id");
		json_put_integer(&w, about->categories[i].id);
		json_put_key(&w, "name");
		json_put_string(&w, about->categories[i].name);
		json_put_end(&w, '}');
	}
	json_put_end(&w, ']');
	bool failed = ferror(file);
	if (fclose(file) == 0 && !failed)
		return text;
	free(text);
	return err_null("out of memory");
}

/* The metadata that model file and state share; classes is to be freed by the caller. */
static int common_meta(struct safetensors_meta *meta, char **classes, char anchor[16], const struct model *m,
		       const struct checkpoint_about *about)
{
	*classes = categories_text(about);
	if (*classes == NULL)
		return -1;
	snprintf(anchor, 16, "%d", m->spec.anchor_size);
	meta[0] = (struct safetensors_meta){ "model", m->spec.name };
	meta[1] = (struct safetensors_meta){ "classes", *classes };
	meta[2] = (struct safetensors_meta){ "preset", m->spec.preset };
	meta[3] = (struct safetensors_meta){ "anchor-size", anchor };
	meta[4] = (struct safetensors_meta){ "preprocess", about->preprocess };
	return 5;
}

int checkpoint_write_model(const char *path, const struct model *m, const struct checkpoint_about *about)
{
	struct safetensors_item *items = calloc((size_t)m->params.n, sizeof *items);
	struct safetensors_meta meta[MAX_META];
	char anchor[16], *classes = NULL;
	int n = 0, n_meta = common_meta(meta, &classes, anchor, m, about), status = -1;
	for (const struct param *p = m->params.first; p != NULL && items != NULL; p = p->next) {
		items[n] = (struct safetensors_item){ .name = p->name, .tensor = p->value };
		if (p->ema != NULL)
			items[n].tensor.data = p->ema;
		n++;
	}
	if (items == NULL)
		err_set("out of memory");
	else if (n_meta > 0)
		status = safetensors_write(path, items, n, meta, n_meta);
	free(items);
	free(classes);
	return status;
}

static int add_state_item(struct safetensors_item *item, struct arena *a, const char *prefix, const struct param *p,
			  void *data)
{
	char name[288];
	snprintf(name, sizeof name, "%s%s", prefix, p->name);
	*item = (struct safetensors_item){ .name = arena_strdup(a, name), .tensor = p->value };
	item->tensor.data = data;
	return item->name == NULL ? -1 : 0;
}

/* How many, or -1. */
static int state_items(struct safetensors_item *items, struct arena *a, const struct model *m)
{
	int n = 0;
	for (const struct param *p = m->params.first; p != NULL; p = p->next) {
		TRY(add_state_item(&items[n++], a, "value.", p, p->value.data));
		if (p->momentum != NULL)
			TRY(add_state_item(&items[n++], a, "momentum.", p, p->momentum));
		if (p->ema != NULL)
			TRY(add_state_item(&items[n++], a, "ema.", p, p->ema));
	}
	return n;
}

int checkpoint_write_state(const char *path, const struct model *m, const struct checkpoint_about *about,
			   const struct checkpoint_state *state)
{
	struct arena a;
	arena_init(&a, 1 << 16);
	struct safetensors_item *items = arena_alloc(&a, 3 * (size_t)m->params.n * sizeof *items);
	struct safetensors_meta meta[MAX_META];
	char anchor[16], step[24], position[24], threads[16], *classes = NULL;
	int n = items == NULL ? -1 : state_items(items, &a, m);
	int n_meta = n < 0 ? -1 : common_meta(meta, &classes, anchor, m, about), status = -1;
	if (n_meta > 0) {
		snprintf(step, sizeof step, "%" PRId64, state->step);
		snprintf(position, sizeof position, "%" PRId64, state->position);
		snprintf(threads, sizeof threads, "%d", state->threads);
		const struct safetensors_meta own[] = {
			{ "step", step }, { "position", position }, { "options", state->options },
			{ "provenance", state->provenance }, { "threads", threads }, { "isa", state->isa },
			{ "libraries", state->libraries },
		};
		memcpy(meta + n_meta, own, sizeof own);
		n_meta += (int)(sizeof own / sizeof own[0]);
		if (state->plan != NULL)
			meta[n_meta++] = (struct safetensors_meta){ "plan", state->plan };
		if (state->joint != NULL)
			meta[n_meta++] = (struct safetensors_meta){ "joint", state->joint };
		status = safetensors_write(path, items, n, meta, n_meta);
	}
	free(classes);
	arena_release(&a);
	return status;
}

int checkpoint_read_state(struct checkpoint_state *state, const struct checkpoint *c)
{
	if (!c->is_state)
		return err_set("'%s' is a model, not a training state (MODEL.state)", c->file.path);
	int64_t threads = 0;
	TRY(need_number(&state->step, c, "step", 0, INT64_MAX));
	TRY(need_number(&state->position, c, "position", 0, INT64_MAX));
	TRY(need_number(&threads, c, "threads", 1, CHECKPOINT_MAX_THREADS));
	state->threads = (int)threads;
	state->options = need(c, "options");
	state->provenance = need(c, "provenance");
	state->isa = need(c, "isa");
	state->libraries = need(c, "libraries");
	state->plan = safetensors_find_meta(&c->file, "plan");
	state->joint = safetensors_find_meta(&c->file, "joint");
	return state->options == NULL || state->provenance == NULL || state->isa == NULL || state->libraries == NULL ? -1 : 0;
}

int checkpoint_restore(struct model *m, const struct checkpoint *c)
{
	TRY(checkpoint_load_weights(m, &c->file, "value."));
	for (struct param *p = m->params.first; p != NULL; p = p->next) {
		if (p->momentum != NULL)
			TRY(copy_tensor(p->momentum, &p->value, &c->file, "momentum.", p->name));
		if (p->ema != NULL)
			TRY(copy_tensor(p->ema, &p->value, &c->file, "ema.", p->name));
	}
	return 0;
}
