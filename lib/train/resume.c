#include "train/resume.h"

#include "base/isa.h"

#include <cblas.h>
#include <dnnl.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *resume_libraries(void)
{
	static _Thread_local char text[128];
	const dnnl_version_t *v = dnnl_version();
	snprintf(text, sizeof text, "cocopipe %s, oneDNN %d.%d.%d, %s", COCOPIPE_VERSION, v->major, v->minor, v->patch,
		 OPENBLAS_VERSION);
	return text;
}

const char *resume_provenance_text(const struct stream_header *header, struct arena *a)
{
	char *text = NULL;
	size_t size;
	FILE *file = open_memstream(&text, &size);
	if (file == NULL)
		return err_null("out of memory");
	for (int i = 0; i < header->n_provenance; i++) {
		const struct provenance *p = &header->provenance[i];
		fprintf(file, "%s %s seed=%llu %s\n", p->tool, p->version, (unsigned long long)p->seed, p->options);
	}
	bool failed = ferror(file);
	if (fclose(file) != 0 || failed) {
		free(text);
		return err_null("out of memory");
	}
	const char *copy = arena_strdup(a, text);
	free(text);
	return copy;
}

const char *resume_options_text(int64_t seed, const char *options, struct arena *a)
{
	if (options == NULL)
		return NULL;
	size_t room = strlen(options) + 32;
	char *text = arena_alloc(a, room);
	if (text != NULL)
		snprintf(text, room, "seed=%lld %s", (long long)seed, options);
	return text;
}

/* Error: the first word (or line) in which the two texts differ. */
static int compare(const char *what, const char *state, const char *now)
{
	if (strcmp(state, now) == 0)
		return 0;
	size_t same = 0;
	while (state[same] != '\0' && state[same] == now[same])
		same++;
	while (same > 0 && state[same - 1] != ' ' && state[same - 1] != '\n')
		same--;
	int in_state = (int)strcspn(state + same, " \n"), in_now = (int)strcspn(now + same, " \n");
	return err_set("cannot resume with the same bits: %s was '%.*s' and is '%.*s' now "
		       "(--allow-different-bits goes on all the same)", what, in_state, state + same, in_now, now + same);
}

static int check_same_bits(const struct trainer *t, const struct checkpoint_state *state)
{
	TRY(compare("the option of trainstep", state->options, t->options.record_text));
	TRY(compare("the input's provenance", state->provenance, t->provenance));
	TRY(compare("the instruction level", state->isa, isa_name(isa_bits_level())));
	return compare("a library", state->libraries, resume_libraries());
}

/* The state's plan of convolutions, whatever the options say: a run is timed once. */
static int load_plan(struct trainer *t, const struct checkpoint_state *state)
{
	bool lenient = t->options.allow_different_bits;
	if (state->plan == NULL)
		return !t->options.tune || lenient ? 0 : err_set("cannot resume with the same bits: the state's run was not timed, and "
			"--tune would do it now (--allow-different-bits goes on all the same)");
	t->planned = true;
	return conv_plan_read(&t->plan, state->plan, lenient);
}

static int load(struct trainer *t, const struct checkpoint *c)
{
	struct checkpoint_state state;
	TRY(checkpoint_read_state(&state, c));
	if (!t->options.allow_different_bits)
		TRY(check_same_bits(t, &state));
	/* Sums are split by threads, so their number decides the bits. */
	if (!t->options.allow_different_bits)
		omp_set_num_threads(state.threads);
	TRY(load_plan(t, &state));
	if (t->joint.on && state.joint != NULL)
		TRY(joint_read(&t->joint, state.joint));
	TRY(checkpoint_restore(&t->model, c));
	t->step = state.step;
	t->position = state.position;
	return 0;
}

/* A source that starts elsewhere would repeat or leave out samples without a trace. */
static int check_start(const struct trainer *t, int64_t start)
{
	if (start == t->position)
		return 0;
	return err_set("the stream starts at sample %lld, but the run goes on at %lld; start its source with "
		       "'coco-pack --start %lld' (what trainstep --position prints)", (long long)start,
		       (long long)t->position, (long long)t->position);
}

int resume_from(struct trainer *t, const struct stream_header *header)
{
	struct checkpoint c;
	TRY(checkpoint_open(&c, t->options.resume));
	int status = load(t, &c);
	if (status == 0)
		status = check_start(t, header->start);
	checkpoint_close(&c);
	return status == 0 ? 0 : err_context("resuming from '%s'", t->options.resume);
}

int resume_plan(struct trainer *t, const char *path)
{
	struct checkpoint c;
	struct checkpoint_state state;
	TRY(checkpoint_open(&c, path));
	int status = checkpoint_read_state(&state, &c);
	if (status == 0 && state.plan == NULL)
		status = err_set("the state has no plan of convolutions; its run was one without --tune");
	if (status == 0)
		status = conv_plan_read(&t->plan, state.plan, false);
	t->planned = true;
	checkpoint_close(&c);
	return status == 0 ? 0 : err_context("the plan of '%s'", path);
}

int resume_position(int64_t *position, const char *path)
{
	struct checkpoint c;
	struct checkpoint_state state;
	TRY(checkpoint_open(&c, path));
	int status = checkpoint_read_state(&state, &c);
	if (status == 0)
		*position = state.position;
	checkpoint_close(&c);
	return status;
}
