/*
 * The convolution backend on our own Winograd F(4x4,3x3): 3x3 kernels of stride 1.
 *
 * The transformed weights, four times the masters, are kept for each direction only where they are used
 * again: in inference. Arithmetic is f32 also for bf16 maps, so weights are not rounded to bf16. Results do not depend on the number of threads.
 */
#include "op/conv_backend.h"
#include "op/winograd.h"

#include <stdlib.h>
#include <string.h>

struct winograd_state {
	struct arena arena;
	struct conv_prepared forward, backward;
};

static struct winograd_param param_of(const struct conv_geometry *g)
{
	return (struct winograd_param){ .ci = g->ci, .co = g->co, .pad = g->pad, .x_dtype = (enum dtype)g->dtype,
		.y_dtype = (enum dtype)g->dtype, .relu = g->relu };
}

static struct winograd_map map_of(const struct op_call *c, int i, const struct conv_geometry *g, const struct tensor *dz)
{
	return (struct winograd_map){ .n = g->n, .h = g->h, .w = g->w, .x = c->in[2 + i].data, .y = c->out[i].data,
		.dy = dz == NULL ? NULL : dz->data, .dx = c->din[2 + i].data };
}

static const float *transformed(struct winograd_state *s, struct conv_prepared *p, const struct op_call *c,
	const struct conv_geometry *g, void (*transform)(float *u, const float *w, int64_t ci, int64_t co))
{
	bool fill;
	float *u = conv_prepared_room(p, c, winograd_weights_bytes(g->ci, g->co), &s->arena, &fill);
	if (u != NULL && fill)
		transform(u, c->in[0].data, g->ci, g->co);
	return u;
}

static int winograd_forward_pass(void *state, struct op_call *c, const struct conv_geometry *g)
{
	struct winograd_state *s = state;
	struct winograd_param p = param_of(g);
	struct winograd_map maps[CONV2D_MAX_MAPS];
	int n = conv_param(c)->n_maps;
	for (int i = 0; i < n; i++)
		maps[i] = map_of(c, i, &g[i], NULL);
	const float *u = transformed(s, &s->forward, c, g, winograd_transform_weights);
	if (u == NULL)
		return -1;
	return winograd_forward(maps, n, u, g->has_bias ? c->in[1].data : NULL, &p, c->scratch);
}

/* The maps whose gradient is wanted, and that are added to (or not). */
static int data_maps(struct winograd_map *maps, const struct op_call *c, const struct conv_geometry *g,
	const struct tensor *dz, bool add)
{
	int n = 0;
	for (int i = 0; i < conv_param(c)->n_maps; i++)
		if (c->din[2 + i].data != NULL && dz[i].data != NULL && conv_adds(c, 2 + i) == add)
			maps[n++] = map_of(c, i, &g[i], &dz[i]);
	return n;
}

static int winograd_data_pass(void *state, struct op_call *c, const struct conv_geometry *g, const struct tensor *dz)
{
	struct winograd_state *s = state;
	struct winograd_param p = param_of(g);
	struct winograd_map maps[CONV2D_MAX_MAPS];
	const float *u = transformed(s, &s->backward, c, g, winograd_transform_weights_backward);
	if (u == NULL)
		return -1;
	for (int add = 0; add < 2; add++) {
		int n = data_maps(maps, c, g, dz, add);
		p.add = add;
		if (n > 0)
			TRY(winograd_backward_data(maps, n, u, &p, c->scratch));
	}
	return 0;
}

static int winograd_weights_pass(void *state, struct op_call *c, const struct conv_geometry *g, const struct tensor *dz)
{
	(void)state;
	struct winograd_param p = param_of(g);
	struct winograd_map maps[CONV2D_MAX_MAPS];
	int n = 0;
	for (int i = 0; i < conv_param(c)->n_maps; i++)
		if (dz[i].data != NULL)
			maps[n++] = map_of(c, i, &g[i], &dz[i]);
	if (!conv_adds(c, 0))
		memset(c->din[0].data, 0, tensor_bytes(&c->din[0]));
	return winograd_backward_weights(c->din[0].data, NULL, maps, n, &p, c->scratch);
}

static bool winograd_can(const struct conv_geometry *g)
{
	return g->kh == 3 && g->kw == 3 && g->stride == 1 && g->dilation == 1 && g->groups == 1 && g->pad <= 2;
}

bool conv_winograd_pays(const struct conv_geometry *g, int n_maps)
{
	struct winograd_map maps[CONV2D_MAX_MAPS];
	struct winograd_param p = param_of(g);
	for (int i = 0; i < n_maps; i++)
		maps[i] = (struct winograd_map){ .n = g[i].n, .h = g[i].h, .w = g[i].w };
	return winograd_can(g) && winograd_pays(maps, n_maps, &p);
}

static void *winograd_open(void)
{
	struct winograd_state *s = calloc(1, sizeof *s);
	if (s == NULL)
		return err_null("conv2d: no memory for a layer's state");
	arena_init(&s->arena, 1 << 12);
	return s;
}

static void winograd_close(void *state)
{
	struct winograd_state *s = state;
	arena_release(&s->arena);
	free(s);
}

const struct conv_ops conv_winograd = {
	.name = "winograd",
	.open = winograd_open,
	.close = winograd_close,
	.can = winograd_can,
	.forward = winograd_forward_pass,
	.backward_data = winograd_data_pass,
	.backward_weights = winograd_weights_pass,
};
