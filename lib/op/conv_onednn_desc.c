#include "op/conv_onednn_desc.h"

#include <pthread.h>
#include <string.h>

/*
 * The library's handle of this CPU and its queue, shared by all layers: neither holds
 * anything that a call changes. Made once, by whoever comes first, and never freed.
 */
static struct {
	pthread_once_t once;
	dnnl_engine_t engine;
	dnnl_stream_t stream;
	dnnl_status_t status;
} cpu = { .once = PTHREAD_ONCE_INIT };

static void open_cpu(void)
{
	cpu.status = dnnl_engine_create(&cpu.engine, dnnl_cpu, 0);
	if (cpu.status == dnnl_success)
		cpu.status = dnnl_stream_create(&cpu.stream, cpu.engine, dnnl_stream_default_flags);
}

int onednn_check(dnnl_status_t status, const char *what)
{
	if (status == dnnl_success)
		return 0;
	if (status == dnnl_unimplemented)
		return err_set("conv2d: oneDNN cannot make a %s on this CPU; use the openblas backend", what);
	return err_set("conv2d: oneDNN: %s failed with status %d", what, (int)status);
}

int onednn_start(void)
{
	pthread_once(&cpu.once, open_cpu);
	return onednn_check(cpu.status, "start");
}

int onednn_memory(dnnl_memory_t *memory, const dnnl_memory_desc_t *md, void *data)
{
	return onednn_check(dnnl_memory_create(memory, md, cpu.engine, data), "memory object");
}

int onednn_execute(dnnl_primitive_t primitive, int n_args, const dnnl_exec_arg_t *args)
{
	TRY(onednn_check(dnnl_primitive_execute(primitive, cpu.stream, n_args, args), "execution"));
	return onednn_check(dnnl_stream_wait(cpu.stream), "wait");
}

static dnnl_data_type_t data_type(int dtype)
{
	return dtype == DTYPE_BF16 ? dnnl_bf16 : dnnl_f32;
}

dnnl_memory_desc_t onednn_map_desc(int64_t n, int64_t c, int64_t h, int64_t w, int dtype)
{
	dnnl_memory_desc_t md;
	dnnl_memory_desc_init_by_tag(&md, 4, (dnnl_dims_t){ n, c, h, w }, data_type(dtype), dnnl_nhwc);
	return md;
}

dnnl_memory_desc_t onednn_weights_desc(const struct conv_geometry *g, dnnl_data_type_t type, bool plain)
{
	dnnl_memory_desc_t md;
	if (g->groups == 1) {
		dnnl_memory_desc_init_by_tag(&md, 4, (dnnl_dims_t){ g->co, g->ci, g->kh, g->kw }, type,
			plain ? dnnl_oihw : dnnl_format_tag_any);
	} else {
		dnnl_dims_t dims = { g->groups, g->co / g->groups, g->ci / g->groups, g->kh, g->kw };
		dnnl_memory_desc_init_by_tag(&md, 5, dims, type, plain ? dnnl_goihw : dnnl_format_tag_any);
	}
	return md;
}

int onednn_reorder(dnnl_primitive_t *reorder, const dnnl_memory_desc_t *from, const dnnl_memory_desc_t *to, bool add)
{
	dnnl_primitive_attr_t attr = NULL;
	dnnl_post_ops_t post = NULL;
	dnnl_primitive_desc_t pd = NULL;
	dnnl_status_t s = dnnl_primitive_attr_create(&attr);
	if (s == dnnl_success)
		s = dnnl_post_ops_create(&post);
	if (s == dnnl_success && add)
		s = dnnl_post_ops_append_sum(post, 1.0f);
	if (s == dnnl_success)
		s = dnnl_primitive_attr_set_post_ops(attr, post);
	if (s == dnnl_success)
		s = dnnl_reorder_primitive_desc_create(&pd, from, cpu.engine, to, cpu.engine, attr);
	if (s == dnnl_success)
		s = dnnl_primitive_create(reorder, pd);
	dnnl_primitive_desc_destroy(pd);
	dnnl_post_ops_destroy(post);
	dnnl_primitive_attr_destroy(attr);
	return onednn_check(s, "reorder of weights");
}

/* Forward: ReLU after the sum. All: the scratch is ours to give. */
static dnnl_status_t make_attr(dnnl_primitive_attr_t *attr, bool relu)
{
	dnnl_post_ops_t post = NULL;
	dnnl_status_t s = dnnl_primitive_attr_create(attr);
	if (s == dnnl_success)
		s = dnnl_primitive_attr_set_scratchpad_mode(*attr, dnnl_scratchpad_mode_user);
	if (s == dnnl_success)
		s = dnnl_post_ops_create(&post);
	if (s == dnnl_success && relu)
		s = dnnl_post_ops_append_eltwise(post, 1.0f, dnnl_eltwise_relu, 0.0f, 0.0f);
	if (s == dnnl_success)
		s = dnnl_primitive_attr_set_post_ops(*attr, post);
	dnnl_post_ops_destroy(post);
	return s;
}

static dnnl_status_t init_desc(dnnl_convolution_desc_t *desc, enum conv_pass pass, const struct conv_geometry *g)
{
	dnnl_memory_desc_t x = onednn_map_desc(g->n, g->ci, g->h, g->w, g->dtype);
	dnnl_memory_desc_t y = onednn_map_desc(g->n, g->co, g->ho, g->wo, g->dtype);
	dnnl_memory_desc_t w = onednn_weights_desc(g, data_type(g->dtype), false), dw = onednn_weights_desc(g, dnnl_f32, false), b;
	dnnl_memory_desc_init_by_tag(&b, 1, (dnnl_dims_t){ g->co }, dnnl_f32, dnnl_a);
	dnnl_dims_t stride = { g->stride, g->stride }, dilation = { g->dilation - 1, g->dilation - 1 };
	dnnl_dims_t pad = { g->pad, g->pad };
	const dnnl_alg_kind_t direct = dnnl_convolution_direct;
	switch (pass) {
	case CONV_FORWARD:
		return dnnl_dilated_convolution_forward_desc_init(desc, dnnl_forward_training, direct, &x, &w,
			g->has_bias ? &b : NULL, &y, stride, dilation, pad, pad);
	case CONV_BACKWARD_DATA:
		return dnnl_dilated_convolution_backward_data_desc_init(desc, direct, &x, &w, &y, stride, dilation, pad, pad);
	default:
		return dnnl_dilated_convolution_backward_weights_desc_init(desc, direct, &x, &dw, NULL, &y, stride, dilation,
			pad, pad);
	}
}

static dnnl_status_t find_gemm(dnnl_primitive_desc_t *pd, const dnnl_convolution_desc_t *desc, const_dnnl_primitive_attr_t attr,
	const_dnnl_primitive_desc_t hint)
{
	dnnl_primitive_desc_iterator_t all;
	dnnl_status_t s = dnnl_primitive_desc_iterator_create(&all, desc, attr, cpu.engine, hint);
	*pd = NULL;
	for (dnnl_status_t more = s; more == dnnl_success && *pd == NULL; more = dnnl_primitive_desc_iterator_next(all)) {
		const char *name = "";
		dnnl_primitive_desc_t one = dnnl_primitive_desc_iterator_fetch(all);
		if (one != NULL && dnnl_primitive_desc_query(one, dnnl_query_impl_info_str, 0, &name) == dnnl_success &&
		    strstr(name, "gemm:") != NULL)
			*pd = one;
		else
			dnnl_primitive_desc_destroy(one);
	}
	dnnl_primitive_desc_iterator_destroy(all);
	return s != dnnl_success || *pd != NULL ? s : dnnl_unimplemented;
}

/* Backward passes need the forward's description as a hint. */
dnnl_status_t onednn_convolution(dnnl_primitive_desc_t *pd, enum conv_pass pass, const struct conv_geometry *g, bool by_gemm)
{
	dnnl_convolution_desc_t desc;
	dnnl_primitive_attr_t attr = NULL;
	dnnl_primitive_desc_t hint = NULL;
	dnnl_status_t s = dnnl_success;
	if (pass != CONV_FORWARD)
		s = onednn_convolution(&hint, CONV_FORWARD, g, false);
	if (s == dnnl_success)
		s = init_desc(&desc, pass, g);
	if (s == dnnl_success)
		s = make_attr(&attr, pass == CONV_FORWARD && g->relu);
	if (s == dnnl_success && by_gemm)
		s = find_gemm(pd, &desc, attr, hint);
	else if (s == dnnl_success)
		s = dnnl_primitive_desc_create(pd, &desc, attr, cpu.engine, hint);
	dnnl_primitive_attr_destroy(attr);
	dnnl_primitive_desc_destroy(hint);
	return s;
}

dnnl_status_t onednn_product(dnnl_primitive_desc_t *pd, dnnl_data_type_t type, int64_t side)
{
	dnnl_memory_desc_t any;
	dnnl_matmul_desc_t desc;
	dnnl_status_t s = dnnl_memory_desc_init_by_tag(&any, 2, (dnnl_dims_t){ side, side }, type, dnnl_format_tag_any);
	if (s == dnnl_success)
		s = dnnl_matmul_desc_init(&desc, &any, &any, NULL, &any);
	return s != dnnl_success ? s : dnnl_primitive_desc_create(pd, &desc, NULL, cpu.engine, NULL);
}
