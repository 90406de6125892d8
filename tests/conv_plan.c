/*
 * conv_plan: what is timed gets the results of the backend that is noted, adds to gradients once, and asks nobody twice;
 * a plan reads back what it writes and nothing else.
 */
#include "base/rng.h"
#include "op/conv_plan.h"
#include "tests/tap.h"

#include <stdlib.h>

enum { MAPS = 2 };

/* A 3x3 convolution of two maps, gradients of everything. */
struct layer {
	struct arena memory, scratch;
	struct conv2d_param param;
	struct op_call c;
};

static void must(int status)
{
	if (status != 0) {
		printf("Bail out! %s\n", err_get());
		exit(1);
	}
}

static void give(struct layer *l, struct tensor *t, uint64_t key)
{
	struct rng g = rng_make(key);
	must(tensor_new(t, &l->memory, t->dtype, t->rank, t->dim));
	for (int64_t i = 0; i < tensor_count(t); i++)
		((float *)t->data)[i] = (float)rng_normal(&g);
}

static void layer_open(struct layer *l, enum conv_backend backend, struct conv_plan *plan)
{
	*l = (struct layer){ .param = { .stride = 1, .pad = 1, .dilation = 1, .groups = 1, .n_maps = MAPS, .has_bias = true,
		.relu = true, .backend = backend } };
	arena_init(&l->memory, 1 << 20);
	arena_init(&l->scratch, 1 << 20);
	struct op_call *c = &l->c;
	c->param = &l->param;
	c->n_in = 2 + MAPS;
	c->scratch = &l->scratch;
	c->conv_plan = plan;
	c->in[0] = tensor_shape(DTYPE_F32, 4, (int64_t[]){ 24, 16, 3, 3 });
	c->in[1] = tensor_shape(DTYPE_F32, 1, (int64_t[]){ 24 });
	for (int i = 0; i < MAPS; i++)
		c->in[2 + i] = tensor_shape(DTYPE_F32, 4, (int64_t[]){ 2, 12 + i, 9, 16 });
	for (int i = 0; i < c->n_in; i++) {
		c->din[i] = c->in[i];
		give(l, &c->in[i], (uint64_t)i);
		give(l, &c->din[i], 7);
	}
	c->add_mask = 1u | 1u << 3;	/* the weights' gradient and the second map's are added */
	must(op_conv2d.shape(c));
	for (int i = 0; i < MAPS; i++) {
		c->dout[i] = c->out[i];
		give(l, &c->out[i], 7);
		give(l, &c->dout[i], 11);
	}
}

static void layer_close(struct layer *l)
{
	arena_release(&l->memory);
	arena_release(&l->scratch);
}

static bool same(const struct tensor *a, const struct tensor *b)
{
	return memcmp(a->data, b->data, tensor_bytes(a)) == 0;
}

static const struct conv_plan_entry *entry(const struct conv_plan *plan, enum conv_pass pass)
{
	for (const struct conv_plan_entry *e = plan->first; e != NULL; e = e->next)
		if (e->pass == pass)
			return e;
	return NULL;
}

/* The pass of a tuned layer has the bits of the backend that the plan names. */
static void check_pass(struct layer *tuned, const struct conv_plan *plan, enum conv_pass pass)
{
	static const char *const names[] = { "forward", "backward data", "backward weights" };
	const struct conv_plan_entry *e = entry(plan, pass);
	struct layer plain;
	if (!ok(e != NULL && e->backend != CONV_AUTO && e->sec > 0, "%s has a backend and its time", names[pass]))
		return;
	layer_open(&plain, e->backend, NULL);
	must(op_conv2d.forward(&plain.c));
	if (pass == CONV_FORWARD) {
		ok(same(&plain.c.out[0], &tuned->c.out[0]) && same(&plain.c.out[1], &tuned->c.out[1]), "%s: the bits of %s", names[pass],
			conv_backend_ops(e->backend)->name);
	} else {
		for (int i = 0; i < MAPS; i++)	/* under the same ReLU */
			memcpy(plain.c.out[i].data, tuned->c.out[i].data, tensor_bytes(&plain.c.out[i]));
		must(op_conv2d.backward(&plain.c));
		bool equal = pass == CONV_BACKWARD_WEIGHTS ? same(&plain.c.din[0], &tuned->c.din[0]) :
			same(&plain.c.din[2], &tuned->c.din[2]) && same(&plain.c.din[3], &tuned->c.din[3]);
		ok(equal, "%s: the bits of %s, added once", names[pass], conv_backend_ops(e->backend)->name);
	}
	layer_close(&plain);
}

static void test_tune(struct conv_plan *plan)
{
	struct layer l, again;
	plan->tuning = true;
	layer_open(&l, CONV_AUTO, plan);
	must(op_conv2d.forward(&l.c));
	must(op_conv2d.backward(&l.c));
	is_int(plan->n, CONV_PASSES, "each pass is timed");
	for (int pass = 0; pass < CONV_PASSES; pass++)
		check_pass(&l, plan, (enum conv_pass)pass);
	/* What is in a plan is followed, whether or not it tunes. */
	struct conv_plan_entry *e = plan->first;
	e->backend = e->backend == CONV_OPENBLAS ? CONV_ONEDNN : CONV_OPENBLAS;
	layer_open(&again, CONV_AUTO, plan);
	must(op_conv2d.forward(&again.c));
	is_int(plan->n, CONV_PASSES, "nothing is timed twice");
	is_int(e->uses, 2, "uses are counted");
	plan->tuning = false;
	check_pass(&again, plan, CONV_FORWARD);
	is_int(e->uses, 2, "while it tunes");
	layer_close(&l);
	layer_close(&again);
}

/* A shape that a finished plan does not have. */
static void test_unknown_shape(void)
{
	struct conv_plan empty;
	struct layer l, plain;
	conv_plan_init(&empty);
	layer_open(&l, CONV_AUTO, &empty);
	layer_open(&plain, CONV_AUTO, NULL);
	must(op_conv2d.forward(&l.c));
	must(op_conv2d.forward(&plain.c));
	ok(empty.n == 0 && same(&l.c.out[0], &plain.c.out[0]), "a shape that the plan does not have goes by rule");
	layer_close(&l);
	layer_close(&plain);
	conv_plan_release(&empty);
}

static void refused(const char *text, const char *part, const char *name)
{
	struct conv_plan plan;
	conv_plan_init(&plan);
	bool failed = conv_plan_read(&plan, text, false) != 0;
	if (!ok(failed && strstr(err_get(), part) != NULL, "refused: %s", name))
		printf("# message: %s\n", failed ? err_get() : "none");
	conv_plan_release(&plan);
}

#define HEAD "forward f32 3x3 stride 1 pad 1 dilation 1 groups 1 bias+relu 16>24 "

static void test_text(const struct conv_plan *plan)
{
	struct conv_plan copy;
	struct arena a;
	arena_init(&a, 1 << 12);
	conv_plan_init(&copy);
	const char *text = conv_plan_text(plan, &a);
	must(conv_plan_read(&copy, text, false));
	ok(strcmp(conv_plan_text(&copy, &a), text) == 0, "a plan reads back what it wrote");
	const char *line = strchr(text, '\n') + 1;
	ok(strncmp(text, HEAD "2x12x9,2x13x9 ", strlen(HEAD) + 14) == 0 &&
		strncmp(line, "backward-weights f32 3x3 ", 25) == 0, "a line says pass, shape and maps");
	refused(HEAD "2x12x9 mkl\n", "line 1 of the plan of convolutions: there is no backend 'mkl'", "an unknown backend");
	refused(HEAD "2x12x9 auto\n", "no backend 'auto'", "a backend that is none");
	refused(HEAD "2x12x9 gemm\n" HEAD "2x12x9 onednn\n", "line 2 of the plan of convolutions is damaged: that shape", "a shape that comes twice");
	refused(HEAD "2x12x9 gemm", "no end", "a last line that is cut");
	refused(HEAD "2x0x9 gemm\n", "line 1 of the plan of convolutions is damaged", "a map without pixels");
	refused(HEAD "2x12 gemm\n", "damaged", "a map without a side");
	refused(HEAD "2x12x9, gemm\n", "damaged", "a map that is missing");
	refused(HEAD "2x012x9 gemm\n", "damaged", "a number that is written otherwise");
	refused(HEAD "2x99999999999x9 gemm\n", "damaged", "a number without bounds");
	refused(HEAD "2x12x9 gemm \n", "damaged", "more at the end of a line");
	refused("sideways f32 3x3 stride 1 pad 1 dilation 1 groups 1 plain 16>24 2x12x9 gemm\n", "damaged", "an unknown pass");
	refused("forward f64 3x3 stride 1 pad 1 dilation 1 groups 1 plain 16>24 2x12x9 gemm\n", "damaged", "an unknown dtype");
	refused("forward f32 3x3 stride 0 pad 1 dilation 1 groups 1 plain 16>24 2x12x9 gemm\n", "damaged", "a stride of 0");
	refused("forward f32 3x3 stride 1 pad 1 dilation 1 groups 3 plain 16>24 2x12x9 gemm\n", "damaged", "groups that do not divide");
	refused("forward f32 3x3 stride 2 pad 1 dilation 1 groups 1 plain 16>24 2x12x9 winograd\n", "winograd cannot do this on this CPU",
		"a backend that cannot");
	is_int(conv_plan_read(&copy, "forward f32 3x3 stride 2 pad 1 dilation 1 groups 1 plain 16>24 2x12x9 winograd\n", true), 0,
		"which may be left out");
	is_int(copy.n, plan->n, "and then is");
	conv_plan_release(&copy);
	arena_release(&a);
}

int main(void)
{
	struct conv_plan plan;
	conv_plan_init(&plan);
	test_tune(&plan);
	test_unknown_shape();
	test_text(&plan);
	conv_plan_release(&plan);
	return tap_done();
}
