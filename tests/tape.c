/* tape: gradients of small graphs against finite differences, and the memory of maps that nobody reads any more. */
#include "nn/layers.h"
#include "op/add.h"
#include "op/relu.h"
#include "tests/tap.h"

#include <stdlib.h>

enum { SIDE = 5, C = 4, COUNT = SIDE * SIDE * C };

struct graph {
	struct param_set params;
	struct tape tape;
	struct conv_layer stem, shared;
	struct param *unused;
	struct var *x;	/* of run(): no op's backward reads its value */
	bool drops;	/* run() gives x back as soon as it may */
	float image[COUNT], weight_of_output[3 * COUNT];	/* the loss is the sum of outputs times these */
};

static float noise(unsigned *state)
{
	*state = *state * 1664525u + 1013904223u;
	return (float)(*state >> 8) / (1 << 23) - 1;
}

static int make_graph(struct graph *g)
{
	unsigned random = 99;
	struct conv_spec spec = {
		.ci = C, .co = C, .kernel = 3, .pad = -1, .bias = true, .init = { INIT_NORMAL, 0.3 }, .backend = CONV_OPENBLAS,
	};
	param_set_init(&g->params);
	tape_init(&g->tape);
	TRY(conv_layer_add(&g->stem, &g->params, "stem", &spec));
	TRY(conv_layer_add(&g->shared, &g->params, "shared", &spec));
	g->unused = param_add(&g->params, "unused", 1, (int64_t[]){ 2 }, PARAM_BIAS, (struct init_spec){ 0 });
	if (g->unused == NULL)
		return -1;
	TRY(param_set_randomise(&g->params, 5));
	TRY(param_set_prepare_training(&g->params, false));
	for (int i = 0; i < COUNT; i++)
		g->image[i] = noise(&random);
	for (int i = 0; i < 3 * COUNT; i++)
		g->weight_of_output[i] = noise(&random);
	return 0;
}

static int apply2(struct tape *t, const struct op *op, struct var *a, struct var *b, struct var **y)
{
	return tape_apply(t, op, NULL, 0, NULL, b == NULL ? 1 : 2, (struct tape_in[]){ { .var = a }, { .var = b } }, y);
}

/*
 * x = stem(image); a = relu(x); b = a + x; (c, d) = shared(b, a); e = shared(d). So x and a are read twice, b's gradient
 * reaches x by two ways, and the shared weights are used on three maps in two calls.
 */
static int run(struct graph *g, bool recording, struct var *out[3])
{
	struct tape *t = &g->tape;
	struct tensor image = tensor_view(DTYPE_F32, 4, (int64_t[]){ 1, SIDE, SIDE, C }, g->image);
	struct var *x, *a, *b, *maps[2];
	g->params.version++;
	param_set_begin_step(&g->params);
	tape_begin(t, recording, g->params.version);
	struct var *in = tape_input(t, &image);
	if (in == NULL)
		return -1;
	TRY(conv_layer_apply(&g->stem, t, in, &x));
	TRY(apply2(t, &op_relu, x, NULL, &a));
	TRY(apply2(t, &op_add, a, x, &b));
	g->x = x;
	if (g->drops)
		tape_drop(t, x);
	TRY(conv_layer_apply_maps(&g->shared, t, 2, (struct var *[]){ b, a }, maps));
	TRY(conv_layer_apply(&g->shared, t, maps[1], &out[2]));
	out[0] = maps[0];
	out[1] = b;
	return 0;
}

static double loss_of(const struct graph *g, struct var *const out[3])
{
	double sum = 0;
	for (int k = 0; k < 3; k++)
		for (int i = 0; i < COUNT; i++)
			sum += (double)((const float *)out[k]->value.data)[i] * (double)g->weight_of_output[k * COUNT + i];
	return sum;
}

static int backward(struct graph *g, struct var *const out[3])
{
	for (int k = 0; k < 3; k++) {
		struct tensor *dy = tape_gradient(&g->tape, out[k]);
		if (dy == NULL)
			return -1;
		memcpy(dy->data, g->weight_of_output + k * COUNT, COUNT * sizeof(float));
	}
	TRY(tape_backward(&g->tape));
	param_set_finish_gradients(&g->params);
	return 0;
}

/* Largest difference to the central difference, relative to the largest gradient. */
static double gradient_error(struct graph *g, struct param *p)
{
	const float h = 1.0f / 256;
	struct var *out[3];
	float *value = p->value.data;
	double worst = 0, largest = 0;
	for (int64_t i = 0; i < tensor_count(&p->value); i++) {
		float old = value[i];
		double loss[2];
		for (int k = 0; k < 2; k++) {
			value[i] = k == 0 ? old + h : old - h;
			if (run(g, false, out) != 0)
				return INFINITY;
			loss[k] = loss_of(g, out);
		}
		value[i] = old;
		double numeric = (loss[0] - loss[1]) / (2 * (double)h);
		largest = fmax(largest, fabs(numeric));
		worst = fmax(worst, fabs(numeric - (double)p->grad[i]));
	}
	return worst / largest;
}

static void test_gradients(struct graph *g)
{
	struct var *out[3];
	g->unused->grad[0] = 7;
	if (!ok(run(g, true, out) == 0 && backward(g, out) == 0, "forward and backward %s", err_get()))
		return;
	ok(g->tape.cost.flops > 0, "work is counted");
	is_int((long long)g->tape.pool.used, 0, "after backward every map's memory is free");
	ok(g->unused->grad[0] == 0 && g->unused->grad[1] == 0, "a parameter that nothing reached has a gradient of zero");
	/* relu has a kink: a step of h across it is what the tolerance allows. */
	is_near(gradient_error(g, g->shared.w), 0, 2e-3, "weights used on three maps, against finite differences");
	is_near(gradient_error(g, g->shared.b), 0, 2e-3, "their bias");
	is_near(gradient_error(g, g->stem.w), 0, 2e-2, "weights behind a map that is read twice");
	is_near(gradient_error(g, g->stem.b), 0, 2e-2, "their bias");
}

static void test_repetition(struct graph *g)
{
	struct var *out[3];
	static float first[9 * C * C];
	size_t bytes = tensor_bytes(&g->shared.w->value);
	memcpy(first, g->shared.w->grad, bytes);
	uint64_t mallocs = g->tape.pool.mallocs + g->tape.nodes.mallocs + g->tape.scratch.mallocs;
	bool same = true;
	for (int i = 0; i < 3; i++)
		same &= run(g, true, out) == 0 && backward(g, out) == 0 && memcmp(first, g->shared.w->grad, bytes) == 0;
	ok(same, "the next steps do not add to the gradients of the last");
	is_int((long long)(g->tape.pool.mallocs + g->tape.nodes.mallocs + g->tape.scratch.mallocs), (long long)mallocs,
	       "and ask the system for no memory");
}

static void test_drop(struct graph *g)
{
	struct var *out[3];
	double want = run(g, false, out) == 0 ? loss_of(g, out) : NAN;
	size_t used = g->tape.pool.used;
	tape_drop(&g->tape, out[1]);
	ok(out[1]->value.data == NULL && g->tape.pool.used + COUNT * sizeof(float) <= used, "a dropped map's memory is free");
	ok(run(g, true, out) == 0, "recording again");
	used = g->tape.pool.used;
	tape_drop(&g->tape, out[1]);
	ok(g->tape.pool.used == used && out[1]->value.data != NULL, "while recording, what backward reads stays");
	tape_drop(&g->tape, g->x);
	ok(g->tape.pool.used + COUNT * sizeof(float) <= used && g->x->value.data == NULL, "and what it does not read goes");
	is_near(loss_of(g, out), want, 1e-9, "inference computes what training does");
	static float kept[9 * C * C];
	bool good = run(g, true, out) == 0 && backward(g, out) == 0;
	memcpy(kept, g->stem.w->grad, sizeof kept);
	g->drops = true;
	good = good && run(g, true, out) == 0 && g->x->value.data == NULL && backward(g, out) == 0;
	ok(good && memcmp(kept, g->stem.w->grad, sizeof kept) == 0, "gradients pass through a dropped map");
	is_int((long long)g->tape.pool.used, 0, "and all memory is free");
	struct tensor odd = tensor_view(DTYPE_F32, 4, (int64_t[]){ 1, SIDE, SIDE, 3 }, g->image);
	struct var *in = tape_input(&g->tape, &odd), *y;
	ok(conv_layer_apply(&g->stem, &g->tape, in, &y) == -1 && strstr(err_get(), "in conv2d") != NULL,
	   "a map that does not fit is an error that names the op");
	ok(run(g, true, out) == 0, "and the tape can go on");
}

int main(void)
{
	static struct graph g;
	if (ok(make_graph(&g) == 0, "a graph")) {
		test_gradients(&g);
		test_repetition(&g);
		test_drop(&g);
	}
	tape_release(&g.tape);
	param_set_release(&g.params);
	return tap_done();
}
