#include "augment/explain.h"

#include "base/json.h"

const char *augment_quirks_name(enum augment_quirks quirks)
{
	return quirks == AUGMENT_TPU ? "tpu" : "sane";
}

static void put_integers(struct json_writer *j, const char *key, const int *value, int n)
{
	json_put_key(j, key);
	json_put_array(j);
	for (int i = 0; i < n; i++)
		json_put_integer(j, value[i]);
	json_put_end(j, ']');
}

static void put_step(struct json_writer *j, const struct augment_step *step)
{
	json_put_object(j);
	json_put_string_of(j, "op", step->op->name);
	json_put_double_of(j, "value", step->value);
	if (step->n_spots > 0) {
		json_put_key(j, "spots");
		json_put_array(j);
		for (int i = 0; i < step->n_spots; i++) {
			json_put_array(j);
			json_put_integer(j, step->spot[i].object);
			json_put_double(j, step->spot[i].at[0]);
			json_put_double(j, step->spot[i].at[1]);
			json_put_end(j, ']');
		}
		json_put_end(j, ']');
	}
	json_put_end(j, '}');
}

static void put_sample(struct json_writer *j, const struct sample *s)
{
	if (s->id.text != NULL)
		json_put_string_of(j, "id", s->id.text);
	else
		json_put_integer_of(j, "id", s->id.number);
	json_put_integer_of(j, "seq", s->seq);
	if (s->view > 0)
		json_put_integer_of(j, "view", s->view);
	json_put_integer_of(j, "epoch", s->epoch);
	json_put_string_of(j, "source", s->source);
	json_put_string_of(j, "file_name", s->file_name);
}

static void put_corruptions(struct json_writer *j, const struct corruptions *c)
{
	if (c->n == 0)
		return;
	json_put_key(j, "corruptions");
	json_put_array(j);
	for (int i = 0; i < c->n; i++) {
		json_put_object(j);
		json_put_string_of(j, "kind", c->one[i].kind->name);
		json_put_integer_of(j, "level", c->one[i].level);
		json_put_integer_of(j, "seed", c->one[i].seed);
		json_put_end(j, '}');
	}
	json_put_end(j, ']');
}

static void put_plan(struct json_writer *j, const struct augment_plan *p)
{
	double m[6];
	put_integers(j, "image", (const int[]){ p->source_w, p->source_h }, 2);
	json_put_key(j, "steps");
	json_put_array(j);
	for (int i = 0; i < p->n_steps; i++)
		put_step(j, &p->steps[i]);
	json_put_end(j, ']');
	json_put_key(j, "late");
	json_put_bool(j, p->late);
	json_put_key(j, "mirror");
	json_put_bool(j, p->mirror);
	put_integers(j, "scaled", (const int[]){ p->scaled_w, p->scaled_h }, 2);
	put_integers(j, "window", (const int[]){ p->x, p->y, p->valid_w, p->valid_h }, 4);
	put_integers(j, "canvas", (const int[]){ p->out_w, p->out_h }, 2);
	put_corruptions(j, &p->corruptions);
	augment_plan_affine(m, p);
	json_put_key(j, "transform");
	json_put_array(j);
	for (int i = 0; i < 6; i++)
		json_put_double(j, m[i]);
	json_put_end(j, ']');
}

void augment_explain(FILE *file, const struct sample *sample, const struct augment_plan *plan,
		     enum augment_quirks quirks)
{
	struct json_writer j;
	json_writer_init(&j, file);
	json_put_object(&j);
	put_sample(&j, sample);
	json_put_string_of(&j, "quirks", augment_quirks_name(quirks));
	put_plan(&j, plan);
	json_put_end(&j, '}');
	putc('\n', file);
}
