#include "nn/tape.h"

#include "op/add.h"

#include <string.h>

struct tape_node {
	const struct op *op;	/* NULL: a segment that runs again on the way back; then call has only n_in and n_out */
	tape_segment *segment;
	void *context;
	struct op_call call;
	struct tape_in in[OP_MAX_IN];
	struct var *out[OP_MAX_OUT];
	struct tape_node *previous;
};

void tape_init(struct tape *t)
{
	*t = (struct tape){ 0 };
	arena_init(&t->nodes, 1 << 20);
	arena_init(&t->scratch, 16 << 20);
	pool_init(&t->pool, 64 << 20);
}

void tape_release(struct tape *t)
{
	arena_release(&t->nodes);
	arena_release(&t->scratch);
	pool_release(&t->pool);
}

void tape_begin(struct tape *t, bool recording, uint64_t weights_version)
{
	arena_reset(&t->nodes);
	arena_reset(&t->scratch);
	pool_reset(&t->pool);
	t->last = NULL;
	t->recording = recording;
	t->training = recording;
	t->replaying = false;
	t->weights_version = recording ? 0 : weights_version;
	t->cost = (struct tape_cost){ 0 };
}

struct var *tape_input(struct tape *t, const struct tensor *value)
{
	struct var *v = arena_calloc(&t->nodes, 1, sizeof *v);
	if (v != NULL)
		v->value = *value;
	return v;
}

static int get_data(struct tape *t, struct tensor *x)
{
	x->data = pool_get(&t->pool, tensor_bytes(x));
	return x->data == NULL ? -1 : 0;
}

static void put_data(struct tape *t, struct tensor *x)
{
	pool_put(&t->pool, x->data);
	x->data = NULL;
}

static bool any_input_wants_gradient(const struct tape_node *node)
{
	for (int i = 0; i < node->call.n_in; i++)
		if ((node->in[i].var != NULL && node->in[i].var->wants_grad) ||
		    (node->in[i].param != NULL && node->in[i].param->trainable))
			return true;
	return false;
}

/* Outputs and what is saved get their memory; outputs become vars. */
static int make_outputs(struct tape *t, struct tape_node *node, struct var **out)
{
	struct op_call *c = &node->call;
	bool learns = any_input_wants_gradient(node), wants_grad = t->recording && learns;
	t->learns |= learns;
	for (int i = 0; wants_grad && i < c->n_in; i++)
		if (node->in[i].var != NULL && (c->needs_in >> i & 1))
			node->in[i].var->is_read = true;
	for (int i = 0; i < c->n_out; i++) {
		struct var *v = arena_calloc(&t->nodes, 1, sizeof *v);
		if (v == NULL)
			return -1;
		TRY(get_data(t, &c->out[i]));
		*v = (struct var){
			.value = c->out[i], .wants_grad = wants_grad && !(c->no_gradient_out >> i & 1), .owned = true,
			.is_read = wants_grad && (c->needs_out >> i & 1),
		};
		node->out[i] = out[i] = v;
	}
	for (int i = 0; i < c->n_saved; i++)
		TRY(get_data(t, &c->saved[i]));
	return 0;
}

int tape_apply(struct tape *t, const struct op *op, const void *param, size_t param_size, void **cache,
	       int n_in, const struct tape_in *in, struct var **out)
{
	struct tape_node *node = arena_calloc(&t->nodes, 1, sizeof *node);
	void *own_param = arena_alloc(&t->nodes, param_size);
	if (node == NULL || own_param == NULL)
		return -1;
	if (param_size > 0)
		memcpy(own_param, param, param_size);
	node->op = op;
	struct op_call *c = &node->call;
	*c = (struct op_call){
		.param = own_param, .n_in = n_in, .cache = cache,
		.weights_version = t->weights_version, .scratch = &t->scratch, .training = t->training,
		.needs_in = op->needs_in, .needs_out = op->needs_out, .conv_plan = t->conv_plan,
	};
	for (int i = 0; i < n_in; i++) {
		node->in[i] = in[i];
		if (in[i].var != NULL)
			c->in[i] = in[i].var->value;
		else if (in[i].param != NULL)
			c->in[i] = in[i].param->value;
	}
	if (op->shape(c) != 0 || make_outputs(t, node, out) != 0)
		return err_context("in %s", op->name);
	double start = profile_now(t->profile), flops = op->flops != NULL ? op->flops(c) : 0;
	if (op->forward(c) != 0)
		return err_context("in %s", op->name);
	TRY(profile_op(t->profile, start, op, c, t->replaying ? PROFILE_AGAIN : PROFILE_FORWARD, flops));
	arena_reset(&t->scratch);
	if (!t->replaying)
		t->cost.flops += flops;
	if (t->recording) {
		node->previous = t->last;
		t->last = node;
	}
	/* Nobody will come back for what was saved. */
	if (!t->recording || !any_input_wants_gradient(node))
		for (int i = 0; i < c->n_saved; i++)
			put_data(t, &c->saved[i]);
	return 0;
}

int tape_apply_segment(struct tape *t, tape_segment *run, void *context, int n_x, struct var *const *x, int n_y,
		       struct var **y)
{
	if (!t->recording || !t->recompute)
		return run(context, t, x, y);
	struct tape_node *node = arena_calloc(&t->nodes, 1, sizeof *node);
	if (node == NULL)
		return -1;
	node->segment = run;
	node->context = context;
	node->call.n_in = n_x;
	node->call.n_out = n_y;
	t->recording = t->learns = false;
	int status = run(context, t, x, y);
	t->recording = true;
	/* All of it is frozen, and so is what comes before: there is no way back through it. */
	for (int i = 0; i < n_x; i++)
		t->learns |= x[i]->wants_grad;
	if (status != 0 || !t->learns)
		return status;
	for (int i = 0; i < n_x; i++) {
		node->in[i].var = x[i];
		x[i]->is_read = true;
		if (x[i]->wide != NULL)
			x[i]->wide->is_read = true;
	}
	for (int i = 0; i < n_y; i++) {
		y[i]->wants_grad = true;
		node->out[i] = y[i];
	}
	node->previous = t->last;
	t->last = node;
	return status;
}

struct tensor *tape_gradient(struct tape *t, struct var *v)
{
	if (v->grad.data == NULL) {
		v->grad = v->value;
		if (get_data(t, &v->grad) != 0)
			return NULL;
	}
	return &v->grad;
}

/* Where the gradient of input i goes. temporary is used when it must be added afterwards. */
static int place_gradient(struct tape *t, struct tape_node *node, int i, struct tensor *temporary)
{
	struct op_call *c = &node->call;
	struct param *p = node->in[i].param;
	struct var *v = node->in[i].var;
	temporary->data = NULL;
	if (p != NULL && p->trainable) {
		c->din[i] = p->value;
		c->din[i].data = p->grad;
		if (p->has_grad)
			c->add_mask |= 1u << i;
		p->has_grad = true;
	} else if (v != NULL && v->wants_grad && v->grad.data == NULL) {
		if (tape_gradient(t, v) == NULL)
			return -1;
		c->din[i] = v->grad;
	} else if (v != NULL && v->wants_grad && (node->op->can_add & (1u << i))) {
		c->din[i] = v->grad;
		c->add_mask |= 1u << i;
	} else if (v != NULL && v->wants_grad) {
		*temporary = v->value;
		TRY(get_data(t, temporary));
		c->din[i] = *temporary;
	}
	return 0;
}

/* Of the passes for parameters and for maps, where their gradients are wanted. */
static double backward_flops(const struct tape_node *node)
{
	if (node->op->flops == NULL)
		return 0;
	bool parameters = false, maps = false;
	for (int i = 0; i < node->call.n_in; i++) {
		parameters |= node->call.din[i].data != NULL && node->in[i].param != NULL;
		maps |= node->call.din[i].data != NULL && node->in[i].var != NULL;
	}
	return ((int)parameters + (int)maps) * node->op->flops(&node->call);
}

/* Nothing earlier on the tape reads the outputs of this node or what it saved. */
static void free_node(struct tape *t, struct tape_node *node)
{
	for (int i = 0; i < node->call.n_out; i++) {
		put_data(t, &node->out[i]->grad);
		if (node->out[i]->owned)
			put_data(t, &node->out[i]->value);
	}
	for (int i = 0; i < node->call.n_saved; i++)
		put_data(t, &node->call.saved[i]);
}

/* Play back what was recorded after `end`. */
static int play_back_to(struct tape *t, const struct tape_node *end);

/* Record the segment once more and play that back. */
static int play_back_segment(struct tape *t, struct tape_node *node)
{
	struct var *x[OP_MAX_IN], *y[OP_MAX_OUT];
	for (int i = 0; i < node->call.n_in; i++)
		x[i] = node->in[i].var;
	for (int i = 0; i < node->call.n_out; i++) {
		put_data(t, &node->out[i]->value);
		if (node->out[i]->wide != NULL)
			put_data(t, &node->out[i]->wide->value);
	}
	bool was_replaying = t->replaying;
	t->replaying = true;
	TRY(node->segment(node->context, t, x, y));
	t->replaying = was_replaying;
	for (int i = 0; i < node->call.n_out; i++)
		y[i]->grad = node->out[i]->grad;
	return play_back_to(t, node->previous);
}

static int play_back(struct tape *t, struct tape_node *node)
{
	if (node->op == NULL)
		return play_back_segment(t, node);
	struct op_call *c = &node->call;
	struct tensor temporary[OP_MAX_IN];
	bool reached = false;
	for (int i = 0; i < c->n_out; i++) {
		c->dout[i] = node->out[i]->grad;
		reached |= c->dout[i].data != NULL;
	}
	if (reached && any_input_wants_gradient(node)) {
		for (int i = 0; i < c->n_in; i++)
			TRY(place_gradient(t, node, i, &temporary[i]));
		double start = profile_now(t->profile), flops = backward_flops(node);
		if (node->op->backward(c) != 0)
			return err_context("in the gradient of %s", node->op->name);
		TRY(profile_op(t->profile, start, node->op, c, PROFILE_BACKWARD, flops));
		for (int i = 0; i < c->n_in; i++)
			if (temporary[i].data != NULL) {
				start = profile_now(t->profile);
				add_elements(node->in[i].var->grad.data, node->in[i].var->grad.data, temporary[i].data,
					     tensor_count(&temporary[i]), temporary[i].dtype == DTYPE_BF16);
				TRY(profile_sum(t->profile, start, &temporary[i]));
				put_data(t, &temporary[i]);
			}
		t->cost.flops += flops;
		arena_reset(&t->scratch);
	}
	free_node(t, node);
	return 0;
}

static int play_back_to(struct tape *t, const struct tape_node *end)
{
	while (t->last != end) {
		struct tape_node *node = t->last;
		t->last = node->previous;
		TRY(play_back(t, node));
	}
	return 0;
}

int tape_backward(struct tape *t)
{
	return play_back_to(t, NULL);
}

void tape_drop(struct tape *t, struct var *v)
{
	if (v == NULL)
		return;
	if (v->owned && !(t->recording && v->is_read))
		put_data(t, &v->value);
	tape_drop(t, v->wide);
}
