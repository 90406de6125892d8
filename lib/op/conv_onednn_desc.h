/*
 * conv_onednn_desc: the library oneDNN as the convolution backend uses it, errors as ours.
 */
#ifndef OP_CONV_ONEDNN_DESC_H
#define OP_CONV_ONEDNN_DESC_H

#include "op/conv_backend.h"

#include <dnnl.h>

/* Open the library's handle of this CPU, the same for the whole process; before everything below. */
int onednn_start(void) MUST_CHECK;

/* 0, or -1 with a message that names what failed. */
int onednn_check(dnnl_status_t status, const char *what) MUST_CHECK;

/* A memory object over data, which may be DNNL_MEMORY_NONE until it is used. */
int onednn_memory(dnnl_memory_t *memory, const dnnl_memory_desc_t *md, void *data) MUST_CHECK;

/* Run a primitive and wait for its end. */
int onednn_execute(dnnl_primitive_t primitive, int n_args, const dnnl_exec_arg_t *args) MUST_CHECK;

/* [N H W C] as the library names it: dims N C H W in format nhwc. */
dnnl_memory_desc_t onednn_map_desc(int64_t n, int64_t c, int64_t h, int64_t w, int dtype);

/* The weights' dims; with groups they have one more. `plain` is the masters' layout, otherwise the library chooses. */
dnnl_memory_desc_t onednn_weights_desc(const struct conv_geometry *g, dnnl_data_type_t type, bool plain);

/* A primitive that copies weights between layouts, or adds them to what is there. */
int onednn_reorder(dnnl_primitive_t *reorder, const dnnl_memory_desc_t *from, const dnnl_memory_desc_t *to,
	bool add) MUST_CHECK;

/*
 * The library's description of a pass; its scratch is the caller's to give. by_gemm: of those the library has, the one
 * that calls its matrix product, instead of the one it likes best. dnnl_unimplemented: there is none.
 */
dnnl_status_t onednn_convolution(dnnl_primitive_desc_t *pd, enum conv_pass pass, const struct conv_geometry *g, bool by_gemm);

/* The library's description of a product of square matrices in layouts of its choice. */
dnnl_status_t onednn_product(dnnl_primitive_desc_t *pd, dnnl_data_type_t type, int64_t side);

#endif
