#include "stream/header.h"

#include <string.h>

#define FORMAT_NAME "cocopipe"

static void emit_category(struct emitter *e, const struct category *c)
{
	emit_map(e, 2u + (c->supercategory != NULL) + (c->n_keypoints > 0) + (c->n_skeleton > 0) + (c->members != NULL));
	emit_text(e, "id");
	emit_int(e, c->id);
	emit_text(e, "name");
	emit_text(e, c->name);
	if (c->supercategory != NULL) {
		emit_text(e, "supercategory");
		emit_text(e, c->supercategory);
	}
	if (c->n_keypoints > 0) {
		emit_text(e, "keypoints");
		emit_array(e, (uint32_t)c->n_keypoints);
		for (int i = 0; i < c->n_keypoints; i++)
			emit_text(e, c->keypoints[i]);
	}
	if (c->n_skeleton > 0) {
		emit_text(e, "skeleton");
		emit_array(e, 2 * (uint32_t)c->n_skeleton);
		for (int i = 0; i < 2 * c->n_skeleton; i++)
			emit_int(e, c->skeleton[i / 2][i % 2]);
	}
	if (c->members != NULL) {
		emit_text(e, "members");
		emit_text(e, c->members);
	}
}

static void emit_about(struct emitter *e, const struct stream_header *h)
{
	if (h->n_about == 0)
		return;
	emit_text(e, "about");
	emit_array(e, (uint32_t)h->n_about);
	for (int i = 0; i < h->n_about; i++) {
		emit_map(e, 2);
		emit_text(e, "source");
		emit_text(e, h->about[i].source);
		emit_text(e, "members");
		emit_text(e, h->about[i].members);
	}
}

static void emit_provenance(struct emitter *e, const struct provenance *p)
{
	emit_map(e, 4);
	emit_text(e, "tool");
	emit_text(e, p->tool);
	emit_text(e, "version");
	emit_text(e, p->version);
	emit_text(e, "options");
	emit_text(e, p->options);
	emit_text(e, "seed");
	emit_unsigned(e, p->seed);
}

int header_encode(struct emitter *e, const struct stream_header *h, struct arena *a)
{
	emit_begin(e, a, 4096);
	emit_map(e, 6 + (h->start > 0) + (h->n_about > 0) + h->n_extra);
	emit_text(e, "format");
	emit_text(e, FORMAT_NAME);
	emit_text(e, "version");
	emit_int(e, STREAM_VERSION);
	emit_text(e, "kind");
	emit_text(e, h->kind);
	emit_text(e, "categories");
	emit_array(e, (uint32_t)h->n_categories);
	for (int i = 0; i < h->n_categories; i++)
		emit_category(e, &h->categories[i]);
	emit_text(e, "planned");
	if (h->planned >= 0)
		emit_int(e, h->planned);
	else
		emit_nil(e);
	/* As every stream that is a run from its beginning, one that says nothing starts at 0. */
	if (h->start > 0) {
		emit_text(e, "start");
		emit_int(e, h->start);
	}
	emit_text(e, "provenance");
	emit_array(e, (uint32_t)h->n_provenance);
	for (int i = 0; i < h->n_provenance; i++)
		emit_provenance(e, &h->provenance[i]);
	emit_about(e, h);
	struct wire_cursor extra = wire_cursor(h->extra, h->extra_size);
	for (uint32_t i = 0; i < 2 * h->n_extra; i++)
		emit_copy(e, &extra);
	return emit_end(e);
}

static int get_keypoints(struct wire_cursor *c, struct category *value, struct arena *a)
{
	uint32_t n;
	TRY(wire_get_array(c, "keypoints", &n));
	value->keypoints = arena_calloc(a, n, sizeof *value->keypoints);
	if (value->keypoints == NULL)
		return -1;
	value->n_keypoints = (int)n;
	for (uint32_t i = 0; i < n; i++)
		TRY(wire_get_text(c, "keypoints", &value->keypoints[i], a));
	return 0;
}

static int get_skeleton(struct wire_cursor *c, struct category *value, struct arena *a)
{
	uint32_t n;
	TRY(wire_get_array(c, "skeleton", &n));
	if (n % 2 != 0)
		return err_set("key 'skeleton': %u numbers are no pairs", n);
	value->skeleton = arena_calloc(a, n / 2, sizeof *value->skeleton);
	if (value->skeleton == NULL)
		return -1;
	value->n_skeleton = (int)(n / 2);
	for (uint32_t i = 0; i < n; i++) {
		int64_t point;
		TRY(wire_get_int(c, "skeleton", 1, INT32_MAX, &point));
		value->skeleton[i / 2][i % 2] = (int32_t)point;
	}
	return 0;
}

static int get_category(struct wire_cursor *c, struct category *value, struct arena *a)
{
	struct wire_item key;
	uint32_t pairs;
	bool has_id = false;
	TRY(wire_get_map(c, "categories", &pairs));
	for (; pairs > 0; pairs--) {
		TRY(wire_next(c, &key));
		if (wire_is(&key, "id")) {
			has_id = true;
			TRY(wire_get_int(c, "id", INT64_MIN, INT64_MAX, &value->id));
		} else if (wire_is(&key, "name")) {
			TRY(wire_get_text(c, "name", &value->name, a));
		} else if (wire_is(&key, "supercategory")) {
			TRY(wire_get_text(c, "supercategory", &value->supercategory, a));
		} else if (wire_is(&key, "keypoints")) {
			TRY(get_keypoints(c, value, a));
		} else if (wire_is(&key, "skeleton")) {
			TRY(get_skeleton(c, value, a));
		} else if (wire_is(&key, "members")) {
			TRY(wire_get_text(c, "members", &value->members, a));
		} else {
			TRY(wire_skip(c));
		}
	}
	return has_id && value->name != NULL ? 0 : err_set("a category without id or name");
}

static int get_unsigned(struct wire_cursor *c, const char *key, uint64_t *value)
{
	struct wire_item item;
	TRY(wire_next(c, &item));
	if (item.type != WIRE_INT || (item.integer < 0 && !item.above))
		return err_set("key '%s': wanted an integer that is not negative", key);
	*value = (uint64_t)item.integer;
	return 0;
}

static int get_provenance(struct wire_cursor *c, struct provenance *value, struct arena *a)
{
	struct wire_item key;
	uint32_t pairs;
	TRY(wire_get_map(c, "provenance", &pairs));
	for (; pairs > 0; pairs--) {
		TRY(wire_next(c, &key));
		if (wire_is(&key, "tool"))
			TRY(wire_get_text(c, "tool", &value->tool, a));
		else if (wire_is(&key, "version"))
			TRY(wire_get_text(c, "version", &value->version, a));
		else if (wire_is(&key, "options"))
			TRY(wire_get_text(c, "options", &value->options, a));
		else if (wire_is(&key, "seed"))
			TRY(get_unsigned(c, "seed", &value->seed));
		else
			TRY(wire_skip(c));
	}
	if (value->tool == NULL || value->version == NULL || value->options == NULL)
		return err_set("a link of the provenance without tool, version or options");
	return 0;
}

static int get_categories(struct wire_cursor *c, struct stream_header *h, struct arena *a)
{
	uint32_t n;
	TRY(wire_get_array(c, "categories", &n));
	h->categories = arena_calloc(a, n, sizeof *h->categories);
	if (h->categories == NULL)
		return -1;
	h->n_categories = (int)n;
	for (uint32_t i = 0; i < n; i++)
		TRY(get_category(c, &h->categories[i], a));
	return 0;
}

static int get_chain(struct wire_cursor *c, struct stream_header *h, struct arena *a)
{
	uint32_t n;
	TRY(wire_get_array(c, "provenance", &n));
	h->provenance = arena_calloc(a, n, sizeof *h->provenance);
	if (h->provenance == NULL)
		return -1;
	h->n_provenance = (int)n;
	for (uint32_t i = 0; i < n; i++)
		TRY(get_provenance(c, &h->provenance[i], a));
	return 0;
}

static int get_about_one(struct wire_cursor *c, struct about *value, struct arena *a)
{
	struct wire_item key;
	uint32_t pairs;
	TRY(wire_get_map(c, "about", &pairs));
	for (; pairs > 0; pairs--) {
		TRY(wire_next(c, &key));
		if (wire_is(&key, "source"))
			TRY(wire_get_text(c, "source", &value->source, a));
		else if (wire_is(&key, "members"))
			TRY(wire_get_text(c, "members", &value->members, a));
		else
			TRY(wire_skip(c));
	}
	return value->source != NULL && value->members != NULL ? 0 : err_set("key 'about': no source or no members");
}

static int get_about(struct wire_cursor *c, struct stream_header *h, struct arena *a)
{
	uint32_t n;
	TRY(wire_get_array(c, "about", &n));
	h->about = arena_calloc(a, n, sizeof *h->about);
	if (h->about == NULL)
		return -1;
	h->n_about = (int)n;
	for (uint32_t i = 0; i < n; i++)
		TRY(get_about_one(c, &h->about[i], a));
	return 0;
}

static int get_planned(struct wire_cursor *c, struct stream_header *h)
{
	struct wire_cursor peek = *c;
	struct wire_item item;
	TRY(wire_next(&peek, &item));
	if (item.type != WIRE_NIL)
		return wire_get_int(c, "planned", 0, INT64_MAX, &h->planned);
	*c = peek;
	h->planned = -1;
	return 0;
}

static int get_version(struct wire_cursor *c, bool *seen)
{
	int64_t version;
	TRY(wire_get_int(c, "version", 0, INT64_MAX, &version));
	if (version != STREAM_VERSION)
		return err_set("the stream has version %lld, this program reads version %d; use programs of one release",
			       (long long)version, STREAM_VERSION);
	*seen = true;
	return 0;
}

/* What header_decode() notes on its way. */
struct found {
	const char *format;
	bool version;
	struct emitter extra;
};

static int get_pair(struct wire_cursor *c, struct stream_header *h, struct found *found, struct arena *a)
{
	struct wire_cursor pair = *c;
	struct wire_item key;
	TRY(wire_next(c, &key));
	if (wire_is(&key, "format"))
		return wire_get_text(c, "format", &found->format, a);
	if (wire_is(&key, "version"))
		return get_version(c, &found->version);
	if (wire_is(&key, "kind"))
		return wire_get_text(c, "kind", &h->kind, a);
	if (wire_is(&key, "categories"))
		return get_categories(c, h, a);
	if (wire_is(&key, "planned"))
		return get_planned(c, h);
	if (wire_is(&key, "start"))
		return wire_get_int(c, "start", 0, INT64_MAX, &h->start);
	if (wire_is(&key, "provenance"))
		return get_chain(c, h, a);
	if (wire_is(&key, "about"))
		return get_about(c, h, a);
	if (h->n_extra++ == 0)
		emit_begin(&found->extra, a, 0);
	emit_copy(&found->extra, &pair);
	emit_copy(&found->extra, &pair);
	*c = pair;
	return emit_end(&found->extra);
}

int header_decode(struct stream_header *h, const void *body, size_t size, struct arena *a)
{
	struct wire_cursor c = wire_cursor(body, size);
	struct found found = { .format = NULL };
	uint32_t pairs;
	*h = (struct stream_header){ .planned = -1 };
	TRY(wire_get_map(&c, "header", &pairs));
	for (; pairs > 0; pairs--)
		TRY(get_pair(&c, h, &found, a));
	h->extra = found.extra.data;
	h->extra_size = found.extra.size;
	if (found.format == NULL || strcmp(found.format, FORMAT_NAME) != 0 || !found.version || h->kind == NULL)
		return err_set("not a cocopipe stream: format, version or kind is missing");
	return 0;
}

static bool same_text(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

bool stream_same_keypoints(const struct category *a, const struct category *b)
{
	if (a->n_keypoints != b->n_keypoints)
		return false;
	for (int i = 0; i < a->n_keypoints; i++)
		if (strcmp(a->keypoints[i], b->keypoints[i]) != 0)
			return false;
	return true;
}

int stream_header_agree(const struct stream_header *first, const struct stream_header *next)
{
	if (strcmp(first->kind, next->kind) != 0)
		return err_set("a stream of kind '%s' follows one of kind '%s'", next->kind, first->kind);
	if (first->n_categories != next->n_categories)
		return err_set("a stream of %d categories follows one of %d", next->n_categories, first->n_categories);
	for (int i = 0; i < first->n_categories; i++) {
		const struct category *a = &first->categories[i], *b = &next->categories[i];
		if (a->id != b->id || strcmp(a->name, b->name) != 0 || !same_text(a->supercategory, b->supercategory))
			return err_set("category %d is '%s' (id %lld) in one stream and '%s' (id %lld) in the next", i,
				       a->name, (long long)a->id, b->name, (long long)b->id);
		if (!stream_same_keypoints(a, b))
			return err_set("category '%s' has other keypoints in one stream than in the next", a->name);
	}
	return 0;
}

int header_copy(struct stream_header *to, const struct stream_header *from, struct arena *a)
{
	struct emitter e;
	TRY(header_encode(&e, from, a));
	return header_decode(to, e.data, e.size, a);
}

static bool has_about(const struct stream_header *h, const char *source)
{
	for (int i = 0; i < h->n_about; i++)
		if (strcmp(h->about[i].source, source) == 0)
			return true;
	return false;
}

int stream_header_add_about(struct stream_header *h, const struct about *about, int n, struct arena *a)
{
	struct about *all = arena_calloc(a, (size_t)h->n_about + (size_t)n + 1, sizeof *all);
	if (all == NULL)
		return -1;
	if (h->n_about > 0)
		memcpy(all, h->about, (size_t)h->n_about * sizeof *all);
	h->about = all;
	for (int i = 0; i < n; i++)
		if (!has_about(h, about[i].source))
			all[h->n_about++] = about[i];
	return 0;
}

int stream_header_extend(struct stream_header *header, const struct stream_header *from,
			 const struct provenance *link, struct arena *a)
{
	static const struct stream_header none = { .kind = "sample", .planned = -1 };
	struct stream_header longer = from != NULL ? *from : none;
	struct provenance *chain = arena_calloc(a, (size_t)longer.n_provenance + 1, sizeof *chain);
	if (chain == NULL)
		return -1;
	for (int i = 0; i < longer.n_provenance; i++)
		chain[i] = longer.provenance[i];
	chain[longer.n_provenance++] = *link;
	longer.provenance = chain;
	return header_copy(header, &longer, a);
}
