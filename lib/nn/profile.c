#include "nn/profile.h"

#include "base/io.h"
#include "base/json.h"
#include "base/progress.h"

#include <stdlib.h>
#include <string.h>

static const char *const part_names[PROFILE_PARTS] = { "forward", "backward", "optimizer", "step", "again" };

void profile_init(struct profile *p)
{
	*p = (struct profile){ .origin_sec = clock_sec() };
}

void profile_release(struct profile *p)
{
	free(p->events);
}

double profile_now(const struct profile *p)
{
	return p != NULL && p->on ? clock_sec() : 0;
}

static struct profile_event *add(struct profile *p, double start_sec)
{
	if (p->n == p->room) {
		int room = p->room == 0 ? 4096 : 2 * p->room;
		struct profile_event *larger = realloc(p->events, (size_t)room * sizeof *larger);
		if (larger == NULL)
			return err_null("out of memory for a profile of %d ops", room);
		p->events = larger;
		p->room = room;
	}
	struct profile_event *e = &p->events[p->n++];
	*e = (struct profile_event){ .start_sec = start_sec - p->origin_sec, .sec = clock_sec() - start_sec };
	return e;
}

void profile_start_step(struct profile *p)
{
	p->on = true;
	p->step_sec = clock_sec();
}

int profile_end_step(struct profile *p)
{
	TRY(profile_span(p, p->step_sec, PROFILE_STEP));
	p->steps++;
	p->on = false;
	return 0;
}

int profile_span(struct profile *p, double start_sec, enum profile_part part)
{
	if (p == NULL || !p->on)
		return 0;
	struct profile_event *e = add(p, start_sec);
	if (e == NULL)
		return -1;
	e->name = part_names[part];
	e->part = part;
	return 0;
}

static double bytes_of(const struct tensor *t)
{
	return t->data != NULL ? (double)tensor_bytes(t) : 0;
}

/* Forward reads inputs and writes outputs and what it saves. */
static double forward_bytes(const struct op_call *c)
{
	double sum = 0;
	for (int i = 0; i < c->n_in; i++)
		sum += bytes_of(&c->in[i]);
	for (int i = 0; i < c->n_out; i++)
		sum += bytes_of(&c->out[i]);
	for (int i = 0; i < c->n_saved; i++)
		sum += bytes_of(&c->saved[i]);
	return sum;
}

/* Backward reads what it says it needs, and writes gradients, of which it also reads those it adds to. */
static double backward_bytes(const struct op_call *c)
{
	double sum = 0;
	for (int i = 0; i < c->n_in; i++) {
		sum += (c->needs_in >> i & 1) ? bytes_of(&c->in[i]) : 0;
		sum += bytes_of(&c->din[i]) * ((c->add_mask >> i & 1) ? 2 : 1);
	}
	for (int i = 0; i < c->n_out; i++)
		sum += bytes_of(&c->dout[i]) + ((c->needs_out >> i & 1) ? bytes_of(&c->out[i]) : 0);
	for (int i = 0; i < c->n_saved; i++)
		sum += bytes_of(&c->saved[i]);
	return sum;
}

/* An op's event, NULL without memory; call only while p is on. */
static struct profile_event *add_op(struct profile *p, double start_sec, const char *name, enum profile_part part,
				    const struct tensor *map)
{
	char text[96];
	struct profile_event *e = add(p, start_sec);
	if (e == NULL)
		return NULL;
	e->name = name;
	e->part = part;
	e->is_op = true;
	snprintf(e->shape, sizeof e->shape, "%.60s", tensor_shape_text(map, text));
	return e;
}

int profile_op(struct profile *p, double start_sec, const struct op *op, const struct op_call *call,
	       enum profile_part part, double flops)
{
	if (p == NULL || !p->on)
		return 0;
	struct profile_event *e = add_op(p, start_sec, op->name, part, &call->out[0]);
	if (e == NULL)
		return -1;
	e->bf16 = call->out[0].dtype == DTYPE_BF16;
	e->flops = flops;
	e->bytes = part == PROFILE_BACKWARD ? backward_bytes(call) : forward_bytes(call);
	return 0;
}

int profile_sum(struct profile *p, double start_sec, const struct tensor *map)
{
	if (p == NULL || !p->on)
		return 0;
	struct profile_event *e = add_op(p, start_sec, "gradient sum", PROFILE_BACKWARD, map);
	if (e == NULL)
		return -1;
	e->flops = (double)tensor_count(map);
	e->bytes = 3 * (double)tensor_bytes(map);
	return 0;
}

/* A complete event: microseconds since the beginning. */
static void put_event(struct json_writer *w, const struct profile_event *e)
{
	json_put_object(w);
	json_put_string_of(w, "name", e->name);
	json_put_string_of(w, "cat", e->is_op ? part_names[e->part] : "part");
	json_put_string_of(w, "ph", "X");
	json_put_double_of(w, "ts", e->start_sec * 1e6);
	json_put_double_of(w, "dur", e->sec * 1e6);
	json_put_double_of(w, "pid", 1);
	json_put_double_of(w, "tid", 1);
	if (e->is_op) {
		json_put_key(w, "args");
		json_put_object(w);
		json_put_string_of(w, "out", e->shape);
		json_put_double_of(w, "gflop_per_sec", e->flops / e->sec / 1e9);
		json_put_double_of(w, "gb_per_sec", e->bytes / e->sec / 1e9);
		json_put_end(w, '}');
	}
	json_put_end(w, '}');
	fputc('\n', w->file);
}

int profile_write_trace(const struct profile *p, const char *path)
{
	struct atomic_file f;
	struct json_writer w;
	if (p->steps == 0)
		return err_set("there is nothing to write to '%s': a profile begins with the third step", path);
	TRY(atomic_fopen(&f, path));
	json_writer_init(&w, f.file);
	json_put_object(&w);
	json_put_string_of(&w, "displayTimeUnit", "ms");
	json_put_key(&w, "traceEvents");
	json_put_array(&w);
	for (int i = 0; i < p->n; i++)
		put_event(&w, &p->events[i]);
	json_put_end(&w, ']');
	json_put_end(&w, '}');
	return atomic_commit(&f);
}
