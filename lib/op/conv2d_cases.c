/* Shapes that drive the tests and the benchmark of conv2d: kinds of layers in detectors, odd sizes, every backend. */
#include "op/conv_backend.h"

#define CONV(stride_, pad_, dilation_, groups_, bias_, relu_, maps_, backend_) \
	&(const struct conv2d_param){ .stride = stride_, .pad = pad_, .dilation = dilation_, .groups = groups_, \
		.has_bias = bias_, .relu = relu_, .n_maps = maps_, .backend = backend_ }

/* w, bias, one map [n h w ci]. */
#define ONE(co, cig, k, n, h, w, ci) \
	.n_in = 3, .rank = { 4, 1, 4 }, .dim = { { co, cig, k, k }, { co }, { n, h, w, ci } }, .f32_mask = 3
#define ONE_NO_BIAS(co, cig, k, n, h, w, ci) \
	.n_in = 3, .rank = { 4, 0, 4 }, .dim = { { co, cig, k, k }, { 0 }, { n, h, w, ci } }, .f32_mask = 3
#define PYRAMID(co, k, n, ci) \
	.n_in = 5, .rank = { 4, 1, 4, 4, 4 }, \
	.dim = { { co, ci, k, k }, { co }, { n, 10, 7, ci }, { n, 5, 4, ci }, { n, 2, 1, ci } }, .f32_mask = 3

#define EACH(name_, backend_) \
	{ .name = "3x3 " name_, .param = CONV(1, 1, 1, 1, true, true, 1, backend_), ONE(19, 24, 3, 2, 9, 7, 24) }, \
	{ .name = "3x3 pyramid " name_, .param = CONV(1, 1, 1, 1, true, false, 3, backend_), PYRAMID(32, 3, 2, 16) }, \
	{ .name = "3x3 pyramid relu " name_, .param = CONV(1, 1, 1, 1, true, true, 3, backend_), PYRAMID(18, 3, 1, 32) }
#define GENERAL(name_, backend_) \
	ONE_GROUP(name_, backend_), \
	{ .name = "3x3 groups " name_, .param = CONV(1, 1, 1, 4, true, false, 1, backend_), ONE(16, 4, 3, 1, 6, 8, 16) }, \
	{ .name = "3x3 depthwise " name_, .param = CONV(1, 1, 1, 16, true, true, 1, backend_), ONE(16, 1, 3, 1, 6, 8, 16) }
#define ONE_GROUP(name_, backend_) \
	{ .name = "1x1 " name_, .param = CONV(1, 0, 1, 1, false, false, 1, backend_), ONE_NO_BIAS(48, 32, 1, 2, 5, 7, 32) }, \
	{ .name = "1x1 stride 2 " name_, .param = CONV(2, 0, 1, 1, false, false, 1, backend_), \
		ONE_NO_BIAS(32, 16, 1, 2, 7, 8, 16) }, \
	{ .name = "7x7 stem " name_, .param = CONV(2, 3, 1, 1, false, true, 1, backend_), ONE_NO_BIAS(16, 3, 7, 2, 17, 14, 3) }, \
	{ .name = "3x3 stride 2 " name_, .param = CONV(2, 1, 1, 1, true, false, 1, backend_), ONE(16, 16, 3, 1, 9, 8, 16) }, \
	{ .name = "3x3 stride 2 of a pixel " name_, .param = CONV(2, 1, 1, 1, true, false, 1, backend_), ONE(32, 32, 3, 2, 1, 1, 32) }, \
	{ .name = "3x3 dilation 2 " name_, .param = CONV(1, 2, 2, 1, true, true, 1, backend_), ONE(16, 8, 3, 1, 9, 8, 8) }, \
	{ .name = "odd channels " name_, .param = CONV(1, 1, 1, 1, true, true, 1, backend_), ONE(5, 7, 3, 1, 6, 5, 7) }

const struct op_case conv2d_cases[] = {
	EACH("auto", CONV_AUTO),
	GENERAL("auto", CONV_AUTO),
	EACH("onednn", CONV_ONEDNN),
	GENERAL("onednn", CONV_ONEDNN),
	EACH("winograd", CONV_WINOGRAD),
	EACH("gemm", CONV_GEMM),
	ONE_GROUP("gemm", CONV_GEMM),
	EACH("openblas", CONV_OPENBLAS),
	GENERAL("openblas", CONV_OPENBLAS),
	{ .name = "3x3 256 channels", .param = CONV(1, 1, 1, 1, false, false, 1, CONV_AUTO),
		ONE_NO_BIAS(256, 256, 3, 1, 14, 14, 256), .bench = true },
	{ .name = NULL },
};
