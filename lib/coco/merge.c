#include "coco/merge.h"

#include "base/rng.h"

#include <stdlib.h>
#include <string.h>

struct merged {
	int n;
	struct dataset *source;
	struct class_source *classes;	/* [n] */
	bool *same;	/* [n] its labels are those of the common list */
	int64_t *first;	/* [n + 1] index of its first image */
	struct stream_header header;
};

static int fetch(struct dataset *d, struct dataset_record *r)
{
	struct merged *m = d->state;
	int s = 0;
	if (d->n >= 0)
		while (r->index >= m->first[s + 1])
			s++;
	struct dataset *from = &m->source[s];
	r->source = s;
	r->index -= m->first[s];
	return from->kind->fetch != NULL ? from->kind->fetch(from, r) : 1;
}

static int32_t map_label(const struct merged *m, int source, int64_t label)
{
	return label >= 0 && label < m->classes[source].n ? m->classes[source].labels[label] : -1;
}

static int map_labels(const int32_t **labels, int64_t n, const struct merged *m, int source, struct arena *a)
{
	if (*labels == NULL)
		return 0;
	int32_t *mapped = arena_alloc(a, (size_t)n * sizeof *mapped + 1);
	if (mapped == NULL)
		return -1;
	for (int64_t i = 0; i < n; i++)
		mapped[i] = map_label(m, source, (*labels)[i]);
	*labels = mapped;
	return 0;
}

static int map_semantic(struct tensor *t, const struct dataset *d, int source, struct arena *a)
{
	const struct merged *m = d->state;
	uint8_t table[256];
	if (t->data == NULL)
		return 0;
	for (int i = 0; i < 256; i++) {
		int32_t label = map_label(m, source, i);
		table[i] = i >= m->classes[source].n ? (uint8_t)i : label < 0 ? MERGE_IGNORED_LABEL : (uint8_t)label;
	}
	if (d->n_categories > MERGE_IGNORED_LABEL)
		return err_set("a label map cannot hold labels of %d classes", d->n_categories);
	struct tensor mapped;
	TRY(tensor_new(&mapped, a, DTYPE_U8, 2, t->dim));
	const uint8_t *from = t->data;
	uint8_t *to = mapped.data;
	for (int64_t i = 0; i < t->dim[0] * t->dim[1]; i++)
		to[i] = table[from[i]];
	*t = mapped;
	return 0;
}

/* The scores of classes that become one add up. */
static int map_scores(struct tensor *t, const struct dataset *d, int source, struct arena *a)
{
	struct tensor mapped;
	if (t->data == NULL)
		return 0;
	TRY(tensor_new(&mapped, a, DTYPE_F32, 1, (int64_t[]){ d->n_categories }));
	float *to = mapped.data;
	const float *from = t->data;
	memset(to, 0, tensor_bytes(&mapped));
	for (int64_t i = 0; i < t->dim[0]; i++) {
		int32_t label = map_label(d->state, source, i);
		if (label >= 0)
			to[label] += from[i];
	}
	*t = mapped;
	return 0;
}

/* Objects of classes that are left out go. */
static int drop_objects(struct dataset_record *r)
{
	struct sample *s = &r->sample;
	int64_t *kept = arena_alloc(&r->arena, (size_t)s->n * sizeof *kept + 1), n = 0;
	if (kept == NULL)
		return -1;
	for (int64_t i = 0; i < s->n; i++)
		if (s->labels[i] >= 0)
			kept[n++] = i;
	if (n == s->n)
		return 0;
	const struct sample all = *s;
	r->n_deselected = s->n - n;
	return sample_take(s, &all, kept, n, &r->arena);
}

static int map_record(const struct dataset *d, struct dataset_record *r)
{
	const struct merged *m = d->state;
	struct sample *s = &r->sample;
	TRY(map_labels(&s->labels, s->n, m, r->source, &r->arena));
	TRY(map_labels(&s->original_labels, s->n, m, r->source, &r->arena));
	TRY(map_semantic(&s->semantic, d, r->source, &r->arena));
	TRY(map_scores(&s->class_scores, d, r->source, &r->arena));
	s->original_class_label = map_label(m, r->source, s->original_class_label);
	if (s->class_label >= 0) {
		s->class_label = map_label(m, r->source, s->class_label);
		r->deselected = s->class_label < 0;
	}
	return drop_objects(r);
}

static int load(const struct dataset *d, struct dataset_record *r)
{
	const struct merged *m = d->state;
	const struct dataset *from = &m->source[r->source];
	TRY(from->kind->load(from, r));
	if (r->reject != NULL)
		return 0;
	if (from->header != NULL && sample_check(&r->sample, from->header) != 0)
		return err_context("record %lld of '%s'", (long long)r->fetched.number, from->path);
	return m->same[r->source] ? 0 : map_record(d, r);
}

static int classes(const struct dataset *d, struct dataset_record *r)
{
	const struct merged *m = d->state;
	const struct dataset *from = &m->source[r->source];
	TRY(dataset_classes(from, r));
	return r->reject != NULL || m->same[r->source] ? 0 : map_record(d, r);
}

static void close_sources(struct dataset *d)
{
	struct merged *m = d->state;
	for (int s = 0; m != NULL && s < m->n; s++)
		dataset_close(&m->source[s]);
	if (m != NULL)
		free(m->source);
}

static const struct dataset_kind merged_kind = { .name = "merged", .fetch = fetch, .load = load, .classes = classes, .close = close_sources };

/* "a + b". */
static const char *join_texts(struct dataset *d, const struct merged *m, const char *(*text)(const struct dataset *),
			      const char *between)
{
	size_t room = 1;
	for (int s = 0; s < m->n; s++)
		room += strlen(text(&m->source[s])) + strlen(between);
	char *joined = arena_alloc(&d->arena, room);
	if (joined == NULL)
		return NULL;
	joined[0] = '\0';
	for (int s = 0; s < m->n; s++) {
		strcat(joined, s > 0 ? between : "");
		strcat(joined, text(&m->source[s]));
	}
	return joined;
}

static const char *path_of(const struct dataset *d)
{
	return d->path;
}

static const char *name_of(const struct dataset *d)
{
	return d->name;
}

static int join_indexes(struct dataset *d, struct merged *m)
{
	int64_t n_orphans = 0, o = 0;
	d->n = 0;
	for (int s = 0; s < m->n; s++) {
		m->first[s] = d->n;
		d->n += m->source[s].n;
		n_orphans += m->source[s].n_orphans;
		d->n_passed_over += m->source[s].n_passed_over;
	}
	m->first[m->n] = d->n;
	d->n_orphans = n_orphans;
	d->id_hash = arena_calloc(&d->arena, (size_t)d->n + 1, sizeof *d->id_hash);
	d->n_objects = arena_calloc(&d->arena, (size_t)d->n + 1, sizeof *d->n_objects);
	d->orphans = arena_calloc(&d->arena, (size_t)n_orphans + 1, sizeof *d->orphans);
	if (d->id_hash == NULL || d->n_objects == NULL || d->orphans == NULL)
		return -1;
	for (int s = 0; s < m->n; s++) {
		const struct dataset *from = &m->source[s];
		for (int64_t i = 0; i < from->n; i++) {
			d->id_hash[m->first[s] + i] = from->id_hash[i];
			d->n_objects[m->first[s] + i] = from->n_objects[i];
		}
		for (int64_t i = 0; i < from->n_orphans; i++)
			d->orphans[o++] = from->orphans[i];
	}
	return 0;
}

/* The records came through all programs of all sources, one source after the other; other keys are those of the first. */
static int join_headers(struct dataset *d, struct merged *m)
{
	int links = 0;
	const struct stream_header *first = NULL;
	for (int s = 0; s < m->n; s++) {
		const struct stream_header *h = m->source[s].header;
		links += h != NULL ? h->n_provenance : 0;
		first = first == NULL ? h : first;
	}
	if (first == NULL)
		return 0;
	m->header = *first;
	m->header.provenance = arena_calloc(&d->arena, (size_t)links + 1, sizeof *m->header.provenance);
	if (m->header.provenance == NULL)
		return -1;
	links = 0;
	for (int s = 0; s < m->n; s++) {
		const struct stream_header *h = m->source[s].header;
		for (int i = 0; h != NULL && i < h->n_provenance; i++)
			m->header.provenance[links++] = h->provenance[i];
	}
	m->header.n_provenance = links;
	m->header.n_categories = d->n_categories;
	m->header.categories = d->categories;
	d->header = &m->header;
	return 0;
}

static int join_about(struct dataset *d, const struct merged *m)
{
	struct stream_header all = { .n_about = 0 };
	for (int s = 0; s < m->n; s++) {
		TRY(stream_header_add_about(&all, m->source[s].about, m->source[s].n_about, &d->arena));
		d->n_too_long += m->source[s].n_too_long;
	}
	d->about = all.about;
	d->n_about = all.n_about;
	return 0;
}

static int join_classes(struct dataset *d, struct merged *m, const struct class_rules *rules)
{
	for (int s = 0; s < m->n; s++)
		m->classes[s] = (struct class_source){ .path = m->source[s].path, .n = m->source[s].n_categories,
			.categories = m->source[s].categories };
	TRY(classes_reconcile(&d->categories, &d->n_categories, m->classes, m->n, rules, &d->arena));
	for (int s = 0; s < m->n; s++) {
		m->same[s] = true;
		for (int i = 0; i < m->classes[s].n; i++)
			m->same[s] &= m->classes[s].labels[i] == i;
	}
	return 0;
}

/* What the provenance tells of the sources beyond their images. */
static uint64_t make_key(const struct merged *m)
{
	uint64_t key = rng_mix_text(0, "merged");
	for (int s = 0; s < m->n; s++) {
		key = rng_mix(rng_mix_text(key, m->source[s].name), (uint64_t)m->source[s].n);
		if (!m->same[s])
			key = rng_mix_bytes(key, m->classes[s].labels, (size_t)m->classes[s].n * sizeof *m->classes[s].labels);
	}
	return key;
}

static int open_merged(struct dataset *d, struct merged *m, const struct class_rules *rules)
{
	m->classes = arena_calloc(&d->arena, (size_t)m->n, sizeof *m->classes);
	m->same = arena_calloc(&d->arena, (size_t)m->n, sizeof *m->same);
	m->first = arena_calloc(&d->arena, (size_t)m->n + 1, sizeof *m->first);
	if (m->classes == NULL || m->same == NULL || m->first == NULL)
		return -1;
	for (int s = 0; s < m->n && m->n > 1; s++)
		if (m->source[s].n < 0)
			return err_set("'%s' is a stream; of several sources each must be one that can be read in any order: write it "
				       "to a pack first (coco-pack -o x.pack)", m->source[s].path);
	d->path = join_texts(d, m, path_of, " + ");
	d->name = join_texts(d, m, name_of, "+");
	if (d->path == NULL || d->name == NULL)
		return -1;
	TRY(join_classes(d, m, rules));
	d->key = make_key(m);
	if (m->source[0].n >= 0)
		TRY(join_indexes(d, m));
	TRY(join_about(d, m));
	return join_headers(d, m);
}

int dataset_merge(struct dataset *d, struct dataset *sources, int n, const struct class_rules *rules)
{
	*d = (struct dataset){ .kind = &merged_kind, .options = sources[0].options, .n = -1, .n_sources = n };
	arena_init(&d->arena, 1 << 20);
	struct merged *m = arena_calloc(&d->arena, 1, sizeof *m);
	if (m != NULL)
		*m = (struct merged){ .n = n, .source = sources };
	d->state = m;
	if (m != NULL && open_merged(d, m, rules) == 0)
		return 0;
	if (m == NULL)
		free(sources);
	dataset_close(d);
	return -1;
}

static int open_sources(struct dataset *sources, const struct source_list *list)
{
	for (int i = 0; i < list->n; i++) {
		if (dataset_open(&sources[i], list->path[i], &list->options[i]) == 0)
			continue;
		while (i-- > 0)
			dataset_close(&sources[i]);
		return -1;
	}
	return 0;
}

static int open_and_merge(struct dataset *d, const struct source_list *list, const struct class_map *map)
{
	const struct class_rules rules = { .map = map, .exclude = list->exclude, .renumber = list->renumber,
		.unused = list->unused };
	struct dataset *sources = calloc((size_t)list->n, sizeof *sources);
	if (sources == NULL)
		return err_set("out of memory for %d sources", list->n);
	if (open_sources(sources, list) == 0)
		return dataset_merge(d, sources, list->n, &rules);
	free(sources);
	return -1;
}

int dataset_open_list(struct dataset *d, const struct source_list *list)
{
	struct class_map map;
	struct arena a;
	arena_init(&a, 1 << 16);
	bool mapped = list->class_map != NULL;
	int status = mapped ? class_map_read(&map, list->class_map, &a) : 0;
	if (status == 0)
		status = open_and_merge(d, list, mapped ? &map : NULL);
	if (mapped)
		class_map_release(&map);
	arena_release(&a);
	return status;
}
