/*
 * Every op of the registry, over its case table, in f32 and bf16:
 *
 *   fast = reference, forward and backward, relative to the largest magnitude
 *   gradient = central difference of the reference, along a random direction, in f32
 *   each gradient alone = all gradients together; a missing dout counts as zero
 *   add_mask adds; backward leaves its arguments alone and reads only needs_in, needs_out
 *   cache or none, first or second call: the same bits; new weights are noticed
 *   a second call of the same shape asks for no memory
 *
 * reference() and reference_backward() run on copies; the latter sees the fast forward's out and saved.
 * Arguments choose ops by name (default: all).
 */
#include "base/rng.h"
#include "op/op.h"
#include "tests/tap.h"

#include <stdlib.h>

enum which { IN, OUT, SAVED, DOUT, DIN };

struct run {
	const struct op *op;
	const struct op_case *k;
	bool bf16;
	struct arena memory;	/* tensors of this run */
	struct arena scratch;
	struct op_call c;	/* the fast one */
	void *cache;
	char name[160];
};

static double get(const struct tensor *t, int64_t i)
{
	switch (t->dtype) {
	case DTYPE_BF16: return bf16_to_f32(((const uint16_t *)t->data)[i]);
	case DTYPE_I32: return ((const int32_t *)t->data)[i];
	case DTYPE_I64: return (double)((const int64_t *)t->data)[i];
	case DTYPE_U8: return ((const uint8_t *)t->data)[i];
	case DTYPE_F64: return ((const double *)t->data)[i];
	default: return ((const float *)t->data)[i];
	}
}

static void put(struct tensor *t, int64_t i, double v)
{
	if (t->dtype == DTYPE_BF16)
		((uint16_t *)t->data)[i] = f32_to_bf16((float)v);
	else if (t->dtype == DTYPE_F32)
		((float *)t->data)[i] = (float)v;
}

static void die(const struct run *r)
{
	printf("Bail out! %s: %s\n", r->name, err_get());
	exit(1);
}

static void give_data(struct run *r, struct tensor *t)
{
	t->data = arena_alloc(&r->memory, tensor_bytes(t) + 1);
	if (t->data == NULL)
		die(r);
	memset(t->data, 0xff, tensor_bytes(t));	/* NaN in every float type: what is not written is seen */
}

static void fill(struct tensor *t, uint64_t key)
{
	struct rng g = rng_make(key);
	memset(t->data, 0, tensor_bytes(t));
	for (int64_t i = 0; i < tensor_count(t); i++)
		put(t, i, rng_normal(&g));
}

/* A tensor of the same shape with the same data. */
static struct tensor copy_of(struct run *r, const struct tensor *t)
{
	struct tensor copy = *t;
	if (t->data != NULL) {
		give_data(r, &copy);
		memcpy(copy.data, t->data, tensor_bytes(t));
	}
	return copy;
}

static bool has_gradient(const struct run *r, int i)
{
	return r->c.in[i].data != NULL && !(r->k->no_gradient_mask >> i & 1) && !(r->k->i32_mask >> i & 1);
}

static uint64_t key_of(const struct run *r, const char *what, int i)
{
	return rng_mix(rng_mix_text(rng_mix_text(1, r->name), what), (uint64_t)i);
}

/* The inputs of the case, and data for everything else. False: this CPU cannot do it in bf16. */
static bool setup(struct run *r)
{
	const struct op_case *k = r->k;
	struct op_call *c = &r->c;
	*c = (struct op_call){
		.param = k->param, .n_in = k->n_in, .training = k->training, .scratch = &r->scratch,
		.needs_in = r->op->needs_in, .needs_out = r->op->needs_out,
	};
	for (int i = 0; i < k->n_in; i++) {
		if (k->rank[i] == 0)
			continue;
		bool f32 = !r->bf16 || k->f32_mask >> i & 1;
		enum dtype dtype = k->i32_mask >> i & 1 ? DTYPE_I32 : f32 ? DTYPE_F32 : DTYPE_BF16;
		c->in[i] = tensor_shape(dtype, k->rank[i], k->dim[i]);
		give_data(r, &c->in[i]);
		fill(&c->in[i], key_of(r, "in", i));
	}
	if (k->fill != NULL)
		k->fill(c);
	if (r->op->shape(c) != 0) {
		if (r->bf16 && strstr(err_get(), "on this CPU") != NULL)
			return false;
		die(r);
	}
	for (int i = 0; i < c->n_out; i++) {
		give_data(r, &c->out[i]);
		c->dout[i] = c->out[i];
		if (c->no_gradient_out >> i & 1) {
			c->dout[i].data = NULL;
			continue;
		}
		give_data(r, &c->dout[i]);
		fill(&c->dout[i], key_of(r, "dout", i));
	}
	for (int i = 0; i < c->n_saved; i++)
		give_data(r, &c->saved[i]);
	for (int i = 0; i < c->n_in; i++)
		if (has_gradient(r, i)) {
			c->din[i] = c->in[i];
			give_data(r, &c->din[i]);
		}
	c->cache = r->op->cache_free == NULL ? NULL : &r->cache;
	c->weights_version = 1;
	return true;
}

/* The call with copies of all its tensors and no cache. */
static struct op_call clone(struct run *r, const struct op_call *from)
{
	struct op_call c = *from;
	for (int i = 0; i < c.n_in; i++) {
		c.in[i] = copy_of(r, &from->in[i]);
		c.din[i] = copy_of(r, &from->din[i]);
	}
	for (int i = 0; i < c.n_out; i++) {
		c.out[i] = copy_of(r, &from->out[i]);
		c.dout[i] = copy_of(r, &from->dout[i]);
	}
	for (int i = 0; i < c.n_saved; i++)
		c.saved[i] = copy_of(r, &from->saved[i]);
	c.cache = NULL;
	return c;
}

/* Scratch holds what was there before: here nothing that is a number. */
static void call(struct run *r, int (*f)(struct op_call *), struct op_call *c)
{
	enum { DIRT = 1 << 19 };
	void *dirt = arena_alloc(&r->scratch, DIRT);
	if (dirt == NULL)
		die(r);
	memset(dirt, 0xff, DIRT);
	arena_reset(&r->scratch);
	if (f(c) != 0)
		die(r);
	arena_reset(&r->scratch);
}

static double largest(const struct tensor *t)
{
	double top = 0;
	for (int64_t i = 0; i < tensor_count(t); i++)
		top = fmax(top, fabs(get(t, i)));
	return top;
}

/*
 * The largest difference relative to the largest magnitude; infinite when one is NaN and the other is not. Gradients
 * that are sums of cancelling terms vanish by rounding only, hence the floor.
 */
static double difference(const struct tensor *a, const struct tensor *b)
{
	double top = 0, scale = fmax(largest(b), 1e-3);
	for (int64_t i = 0; i < tensor_count(a); i++) {
		double x = get(a, i), y = get(b, i);
		if (isnan(x) != isnan(y))
			return INFINITY;
		if (!isnan(x) && x != y)
			top = fmax(top, fabs(x - y));
	}
	return top / scale;
}

static bool same_bits(const struct tensor *a, const struct tensor *b)
{
	return (a->data == NULL) == (b->data == NULL) && (a->data == NULL || memcmp(a->data, b->data, tensor_bytes(a)) == 0);
}

/* bf16 has 8 bits; the fast path may round in between once more than the reference. */
static double tolerance(const struct run *r)
{
	double f32 = r->k->tolerance_f32 > 0 ? r->k->tolerance_f32 : 1e-5;
	return r->bf16 ? 1.0 / 64 + f32 : f32;
}

static void is_close(const struct run *r, const struct tensor *got, const struct tensor *want, const char *what, int i)
{
	double d = difference(got, want);
	if (!ok(d <= tolerance(r), "%s: %s %d equals the reference", r->name, what, i))
		printf("# relative difference %g, tolerance %g\n", d, tolerance(r));
}

/* Names the first tensor that differs; NULL when none does. */
static const char *first_change(const struct op_call *a, const struct op_call *b, unsigned groups)
{
	for (int i = 0; i < a->n_in; i++)
		if ((groups >> IN & 1 && !same_bits(&a->in[i], &b->in[i])) ||
			(groups >> DIN & 1 && !same_bits(&a->din[i], &b->din[i])))
			return "in or din";
	for (int i = 0; i < a->n_out; i++)
		if ((groups >> OUT & 1 && !same_bits(&a->out[i], &b->out[i])) ||
			(groups >> DOUT & 1 && !same_bits(&a->dout[i], &b->dout[i])))
			return "out or dout";
	for (int i = 0; i < a->n_saved; i++)
		if (groups >> SAVED & 1 && !same_bits(&a->saved[i], &b->saved[i]))
			return "saved";
	return NULL;
}

static void unchanged(const struct run *r, const struct op_call *a, const struct op_call *b, unsigned groups,
	const char *what)
{
	const char *change = first_change(a, b, groups);
	if (!ok(change == NULL, "%s: %s", r->name, what))
		printf("# differs in %s\n", change);
}

static void check_forward(struct run *r, const struct op_call *fresh)
{
	struct op_call reference = clone(r, fresh), again = clone(r, fresh);
	call(r, r->op->forward, &r->c);
	call(r, r->op->reference, &reference);
	for (int i = 0; i < r->c.n_out; i++)
		is_close(r, &r->c.out[i], &reference.out[i], "out", i);
	for (int i = 0; i < r->c.n_in; i++)
		if (r->c.in[i].data != NULL && !same_bits(&r->c.in[i], &fresh->in[i]))
			is_close(r, &r->c.in[i], &reference.in[i], "updated in", i);
	call(r, r->op->forward, &again);
	unchanged(r, &r->c, &again, 1u << IN | 1u << OUT | 1u << SAVED, "forward gives the same bits without a cache");
}

static void check_backward(struct run *r)
{
	struct op_call before = clone(r, &r->c), reference = clone(r, &r->c), again = clone(r, &r->c);
	call(r, r->op->backward, &r->c);
	unchanged(r, &r->c, &before, 1u << IN | 1u << OUT | 1u << DOUT | 1u << SAVED, "backward leaves its arguments alone");
	if (r->op->reference_backward != NULL) {
		call(r, r->op->reference_backward, &reference);
		for (int i = 0; i < r->c.n_in; i++)
			if (r->c.din[i].data != NULL)
				is_close(r, &r->c.din[i], &reference.din[i], "din", i);
	}
	call(r, r->op->backward, &again);
	unchanged(r, &r->c, &again, 1u << DIN, "backward gives the same bits without a cache");
}

/* What backward says it does not read may be gone. */
static void check_needs(struct run *r)
{
	struct op_call poor = clone(r, &r->c);
	for (int i = 0; i < poor.n_in; i++)
		if (!(r->c.needs_in >> i & 1) && poor.in[i].data != NULL)
			memset(poor.in[i].data, 0xff, tensor_bytes(&poor.in[i]));
	for (int i = 0; i < poor.n_out; i++)
		if (!(r->c.needs_out >> i & 1))
			memset(poor.out[i].data, 0xff, tensor_bytes(&poor.out[i]));
	call(r, r->op->backward, &poor);
	unchanged(r, &r->c, &poor, 1u << DIN, "backward reads only needs_in and needs_out");
}

static void check_add(struct run *r)
{
	struct op_call add = clone(r, &r->c);
	for (int i = 0; i < add.n_in; i++) {
		if (add.din[i].data == NULL || !(r->op->can_add >> i & 1))
			continue;
		add.add_mask |= 1u << i;
		fill(&add.din[i], key_of(r, "add", i));
	}
	if (add.add_mask == 0)
		return;
	struct op_call want = clone(r, &add);
	for (int i = 0; i < add.n_in; i++)
		for (int64_t j = 0; add.add_mask >> i & 1 && j < tensor_count(&add.din[i]); j++)
			put(&want.din[i], j, get(&want.din[i], j) + get(&r->c.din[i], j));
	call(r, r->op->backward, &add);
	for (int i = 0; i < add.n_in; i++)
		if (add.add_mask >> i & 1) {
			double d = difference(&add.din[i], &want.din[i]);
			if (!ok(d <= tolerance(r), "%s: din %d is added to", r->name, i))
				printf("# relative difference %g\n", d);
		}
}

/* Each gradient by itself is the one that comes with the others. */
static void check_alone(struct run *r)
{
	for (int i = 0; i < r->c.n_in; i++) {
		if (r->c.din[i].data == NULL)
			continue;
		struct op_call alone = clone(r, &r->c);
		for (int j = 0; j < alone.n_in; j++)
			if (j != i)
				alone.din[j].data = NULL;
		call(r, r->op->backward, &alone);
		ok(same_bits(&alone.din[i], &r->c.din[i]), "%s: din %d alone has the same bits", r->name, i);
	}
}

static void check_missing_dout(struct run *r)
{
	for (int i = 0; i < r->c.n_out; i++) {
		if (r->c.no_gradient_out >> i & 1)
			continue;
		struct op_call zero = clone(r, &r->c), missing = clone(r, &r->c);
		memset(zero.dout[i].data, 0, tensor_bytes(&zero.dout[i]));
		missing.dout[i].data = NULL;
		call(r, r->op->backward, &zero);
		call(r, r->op->backward, &missing);
		for (int j = 0; j < r->c.n_in; j++)
			if (missing.din[j].data != NULL)
				ok(difference(&missing.din[j], &zero.din[j]) <= tolerance(r), "%s: without dout %d, din %d", r->name, i, j);
	}
}

/* The slot must not keep what belongs to old values. */
static void check_cache(struct run *r, const struct op_call *fresh)
{
	if (r->c.cache == NULL)
		return;
	struct op_call cached = clone(r, fresh), want;
	for (int64_t j = 0; j < tensor_count(&cached.in[0]); j++)
		put(&cached.in[0], j, 2 * get(&cached.in[0], j) + 1);
	memcpy(r->c.in[0].data, cached.in[0].data, tensor_bytes(&cached.in[0]));
	cached.in[0].data = r->c.in[0].data;	/* the same address, so that only the version tells */
	want = clone(r, &cached);
	cached.cache = r->c.cache;
	cached.weights_version = 2;
	call(r, r->op->forward, &cached);
	call(r, r->op->forward, &want);
	unchanged(r, &cached, &want, 1u << OUT, "forward notices new weights");
	call(r, r->op->backward, &cached);
	call(r, r->op->backward, &want);
	unchanged(r, &cached, &want, 1u << DIN, "backward notices new weights");
	cached.weights_version = 0;
	call(r, r->op->forward, &cached);
	call(r, r->op->backward, &cached);
	unchanged(r, &cached, &want, 1u << OUT | 1u << DIN, "weights used once give the same bits");
	uint64_t mallocs = r->scratch.mallocs;
	call(r, r->op->forward, &cached);
	call(r, r->op->backward, &cached);
	is_int((long long)(r->scratch.mallocs - mallocs), 0, "a second call takes no memory");
}

/* sum dout * out of the reference, in double. */
static double loss(struct run *r, struct op_call *c)
{
	double sum = 0;
	call(r, r->op->reference, c);
	for (int i = 0; i < c->n_out; i++)
		for (int64_t j = 0; c->dout[i].data != NULL && j < tensor_count(&c->out[i]); j++)
			sum += get(&c->out[i], j) * get(&c->dout[i], j);
	return sum;
}

/*
 * (L(x + hv) - L(x - hv)) against the gradient times the step, v of random signs. The step is
 * small, so that few elements cross a kink; the errors of what is left are random, so the
 * scale is the gradient's norm.
 */
static void check_difference(struct run *r, const struct op_call *fresh, int input)
{
	const double h = 1.0 / 32768;
	struct op_call plus = clone(r, fresh), minus = clone(r, fresh);
	struct rng g = rng_make(key_of(r, "direction", input));
	double expected = 0, norm = 0;
	for (int64_t j = 0; j < tensor_count(&fresh->in[input]); j++) {
		double x = get(&fresh->in[input], j), step = rng_u64(&g) & 1 ? h : -h, d = get(&r->c.din[input], j);
		put(&plus.in[input], j, x + step);
		put(&minus.in[input], j, x - step);
		expected += d * (get(&plus.in[input], j) - get(&minus.in[input], j));
		norm += d * d * 4 * h * h;
	}
	double got = loss(r, &plus) - loss(r, &minus);
	double off = fabs(got - expected) / (sqrt(norm) + 1e-4 * h);
	if (!ok(off <= 0.03, "%s: gradient of in %d is the slope", r->name, input))
		printf("# slope %g, gradient %g, off by %g of its norm\n", got / (2 * h), expected / (2 * h), off);
}

static void check_case(struct run *r)
{
	struct op_call fresh = clone(r, &r->c);
	check_forward(r, &fresh);
	if (r->op->backward != NULL) {
		check_backward(r);
		check_needs(r);
		check_add(r);
		check_alone(r);
		check_missing_dout(r);
		for (int i = 0; i < r->c.n_in && !r->bf16; i++)
			if (r->c.din[i].data != NULL && !(r->k->no_slope_mask >> i & 1))
				check_difference(r, &fresh, i);
		check_cache(r, &fresh);
	}
	ok(r->op->flops == NULL || r->op->flops(&r->c) > 0, "%s: counts its operations", r->name);
}

static void run_case(const struct op *op, const struct op_case *k, bool bf16)
{
	struct run r = { .op = op, .k = k, .bf16 = bf16 };
	snprintf(r.name, sizeof r.name, "%s %s %s", op->name, k->name, bf16 ? "bf16" : "f32");
	arena_init(&r.memory, 1 << 20);
	arena_init(&r.scratch, 1 << 20);
	if (setup(&r))
		check_case(&r);
	else
		ok(true, "%s # SKIP %s", r.name, err_get());
	if (op->cache_free != NULL)
		op->cache_free(r.cache);
	arena_release(&r.memory);
	arena_release(&r.scratch);
}

int main(int argc, char **argv)
{
	for (int i = 0; op_registry[i] != NULL; i++) {
		const struct op *op = op_registry[i];
		bool wanted = argc == 1;
		for (int a = 1; a < argc; a++)
			wanted |= strcmp(argv[a], op->name) == 0;
		if (!wanted)
			continue;
		ok(op_find(op->name) == op, "%s is found by its name", op->name);
		for (const struct op_case *k = op->cases; k->name != NULL; k++) {
			run_case(op, k, false);
			run_case(op, k, true);
		}
	}
	ok(op_find("no such op") == NULL, "an unknown op is not found");
	return tap_done();
}
