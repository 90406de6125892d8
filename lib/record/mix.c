#include "record/mix.h"

#include "base/rng.h"
#include "record/mix_input.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct mix {
	const struct mix_param *param;
	struct mix_result *result;
	struct mix_pattern pattern;
	struct mix_input *inputs;	/* [n]; n_open of them are open */
	int n_open;
	int64_t planned;	/* positions; -1: not known */
	struct stream_writer writer;
	struct arena arena, scratch;
};

/* Whether a pack makes as many passes as are wanted. */
static bool loops(const struct mix_param *p, int k)
{
	return p->loop && k != p->until;
}

static int open_inputs(struct mix *m)
{
	const struct mix_param *p = m->param;
	m->inputs = arena_calloc(&m->arena, (size_t)p->n, sizeof *m->inputs);
	if (m->inputs == NULL)
		return -1;
	for (int k = 0; k < p->n; k++) {
		const struct mix_input_param in = {
			.path = p->paths[k], .name = p->names[k], .passes = loops(p, k) ? 0 : p->epochs, .shuffle = p->shuffle,
			.key = rng_mix(rng_mix_text(p->seed, "tmix"), (uint64_t)k),
			.first = mix_pattern_count(&m->pattern, p->start, k),
		};
		TRY(mix_input_open(&m->inputs[k], &in));
		m->n_open++;
	}
	return 0;
}

static void write_categories(FILE *file, const struct stream_header *h)
{
	for (int i = 0; i < h->n_categories; i++)
		fprintf(file, "%s%s", i > 0 ? ", " : "", h->categories[i].name);
	if (h->n_categories == 0)
		fputs("none", file);
}

static int categories_differ(const struct mix_input *a, const struct mix_input *b)
{
	char text[1500] = "";
	/* The last byte stays 0, however long the lists are. */
	FILE *file = fmemopen(text, sizeof text - 1, "w");
	if (file == NULL)
		return err_set("out of memory");
	fprintf(file, "'%s' has %d (", a->path, a->header->n_categories);
	write_categories(file, a->header);
	fprintf(file, "), '%s' has %d (", b->path, b->header->n_categories);
	write_categories(file, b->header);
	fputs(")", file);
	fclose(file);
	return err_set("the inputs have different categories: %s", text);
}

/* By name and order, for a label is the place in the list; ids may differ. */
static int check_categories(const struct mix *m)
{
	const struct stream_header *first = m->inputs[0].header;
	for (int k = 1; k < m->param->n; k++) {
		const struct stream_header *h = m->inputs[k].header;
		bool same = h->n_categories == first->n_categories;
		for (int i = 0; same && i < h->n_categories; i++)
			same = strcmp(h->categories[i].name, first->categories[i].name) == 0;
		if (!same)
			return categories_differ(&m->inputs[0], &m->inputs[k]);
	}
	return 0;
}

/* The first position that an input cannot fill ends the mixture. */
static int plan(struct mix *m)
{
	const struct mix_param *p = m->param;
	bool ends = p->count >= 0, known = true;
	int64_t planned = p->count >= 0 ? p->count : INT64_MAX;
	for (int k = 0; k < p->n; k++) {
		const struct mix_input *in = &m->inputs[k];
		if ((in->is_pack && in->limit < 0) || (p->until >= 0 && k != p->until))
			continue;
		ends = true;
		int64_t end = in->length < 0 ? -1 : mix_pattern_position(&m->pattern, k, in->length);
		known &= end >= 0;
		if (end >= 0 && end < planned)
			planned = end;
	}
	m->planned = known || p->count >= 0 ? planned : -1;
	return ends ? 0 : err_set("nothing ends: all inputs are packs that loop; give --count or --until");
}

/* What tells one mixture from another: names, how long each input's chain is, and what the packs hold. */
static void write_link(FILE *text, const struct mix *m)
{
	const struct mix_param *p = m->param;
	fprintf(text, "%s inputs=", p->options);
	for (int k = 0; k < p->n; k++)
		fprintf(text, "%s%s", k > 0 ? "," : "", m->inputs[k].name);
	fputs(" links=", text);
	for (int k = 0; k < p->n; k++)
		fprintf(text, "%s%d", k > 0 ? "," : "", m->inputs[k].header->n_provenance);
	fputs(" data=", text);
	for (int k = 0; k < p->n; k++)
		if (m->inputs[k].is_pack)
			fprintf(text, "%s%016llx", k > 0 ? "," : "", (unsigned long long)m->inputs[k].fingerprint);
		else
			fprintf(text, "%sstream", k > 0 ? "," : "");
}

static const char *link_options(const struct mix *m, struct arena *a)
{
	char *text = NULL;
	size_t size;
	FILE *file = open_memstream(&text, &size);
	if (file == NULL)
		return err_null("out of memory");
	write_link(file, m);
	const char *copy = fclose(file) == 0 ? arena_strdup(a, text) : err_null("out of memory");
	free(text);
	return copy;
}

/* The chains of all inputs one after the other, and a link that says how long each is. */
static int make_chain(struct mix *m, struct stream_header *header)
{
	const struct mix_param *p = m->param;
	int n = 0;
	for (int k = 0; k < p->n; k++)
		n += m->inputs[k].header->n_provenance;
	struct provenance *chain = arena_calloc(&m->arena, (size_t)n + 1, sizeof *chain);
	const char *options = link_options(m, &m->arena);
	if (chain == NULL || options == NULL)
		return -1;
	header->provenance = chain;
	header->n_provenance = n + 1;
	for (int k = 0; k < p->n; k++)
		for (int i = 0; i < m->inputs[k].header->n_provenance; i++)
			*chain++ = m->inputs[k].header->provenance[i];
	*chain = (struct provenance){ p->tool, p->version, options, p->seed };
	return 0;
}

static int open_writer(struct mix *m)
{
	struct stream_header header = *m->inputs[0].header;
	TRY(make_chain(m, &header));
	for (int k = 1; k < m->param->n; k++)
		TRY(stream_header_add_about(&header, m->inputs[k].header->about, m->inputs[k].header->n_about, &m->arena));
	header.planned = m->planned;
	header.start = m->param->start;
	return stream_writer_open(&m->writer, m->param->output, &header);
}

/* Position p is filled or a hole: 1. The end: 0. */
static int mix_one(struct mix *m, int64_t position)
{
	int k;
	int64_t q = mix_pattern_turn(&m->pattern, position, &k);
	struct mix_input *in = &m->inputs[k];
	int got = mix_input_next(in, q);
	if (got < 0 || got == MIX_HOLE)
		return got < 0 ? -1 : 1;
	int until = m->param->until;
	if (got == MIX_ENDED && until >= 0 && until != k)
		return err_set("'%s' ended after %lld samples, before '%s' did; a pack can --loop", in->path, (long long)q,
			       m->inputs[until].path);
	if (got == MIX_ENDED) {
		m->result->ended = k;
		return 0;
	}
	in->sample.seq = position;
	in->sample.input = k;
	arena_reset(&m->scratch);
	TRY(sample_write(&m->writer, &in->sample, &m->scratch));
	m->result->input_records[k]++;
	return 1;
}

static int mix_all(struct mix *m)
{
	const struct mix_param *p = m->param;
	int more = 1;
	m->result->ended = -1;
	for (int64_t position = p->start; more == 1 && (p->count < 0 || position < p->count); position++) {
		more = mix_one(m, position);
		if (p->progress != NULL && more == 1)
			p->progress(p->progress_context, position + 1, m->planned);
	}
	return more < 0 ? -1 : 0;
}

static void close_inputs(struct mix *m)
{
	struct stream_trailer *t = &m->result->trailer;
	for (int k = 0; k < m->n_open; k++) {
		struct mix_input *in = &m->inputs[k];
		mix_input_close(in);
		t->in.records += in->taken.records + in->passed.records;
		t->in.objects += in->taken.objects + in->passed.objects;
		t->deselected.records += in->passed.records;
		t->deselected.objects += in->passed.objects;
	}
}

static int run(struct mix *m)
{
	const struct mix_param *p = m->param;
	TRY(mix_pattern_make(&m->pattern, p->ratio, p->n, &m->arena));
	TRY(open_inputs(m));
	TRY(check_categories(m));
	TRY(plan(m));
	if (m->planned >= 0 && p->start > m->planned)
		return err_set("--start %lld is behind the end of the mixture of %lld positions", (long long)p->start, (long long)m->planned);
	TRY(open_writer(m));
	return mix_all(m);
}

int mix_run(struct mix_result *result, const struct mix_param *p)
{
	struct mix m = { .param = p, .result = result };
	*result = (struct mix_result){ .ended = -1 };
	arena_init(&m.arena, 1 << 16);
	arena_init(&m.scratch, 1 << 20);
	int status = run(&m);
	close_inputs(&m);
	if (status == 0)
		status = stream_writer_close(&m.writer, &result->trailer);
	else
		stream_writer_abandon(&m.writer);
	arena_release(&m.arena);
	arena_release(&m.scratch);
	return status;
}
