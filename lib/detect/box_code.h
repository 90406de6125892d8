/*
 * box_code: a box as four numbers relative to an anchor, which is what the
 * regression head predicts, and back.
 *
 *     dx = (cx - cx_anchor) / w_anchor     dw = log(w / w_anchor)     the same for y and h
 *
 * Boxes are x0 y0 x1 y1 in f32, as are all steps of the arithmetic.
 * Source: Girshick et al., Rich Feature Hierarchies, appendix C.
 */
#ifndef DETECT_BOX_CODE_H
#define DETECT_BOX_CODE_H

#include <math.h>

/* Growth of a side beyond this factor is cut off, so that exp() cannot overflow. */
#define BOX_CODE_MAX_GROWTH (1000.0 / 16.0)

/* eps is added to all four sides: 0, or 1e-8 as the TPU detection code has it (matters for empty boxes only). */
static inline void box_encode(float code[4], const float box[4], const float anchor[4], float eps)
{
	for (int i = 0; i < 2; i++) {
		float side_anchor = anchor[i + 2] - anchor[i], side = box[i + 2] - box[i];
		float centre_anchor = anchor[i] + 0.5f * side_anchor, centre = box[i] + 0.5f * side;
		code[i] = (centre - centre_anchor) / (side_anchor + eps);
		code[i + 2] = logf((side + eps) / (side_anchor + eps));
	}
}

static inline void box_decode(float box[4], const float code[4], const float anchor[4])
{
	const float most = (float)log(BOX_CODE_MAX_GROWTH);
	for (int i = 0; i < 2; i++) {
		float side_anchor = anchor[i + 2] - anchor[i];
		float centre = code[i] * side_anchor + (anchor[i] + 0.5f * side_anchor);
		float half = 0.5f * (expf(code[i + 2] > most ? most : code[i + 2]) * side_anchor);
		box[i] = centre - half;
		box[i + 2] = centre + half;
	}
}

#endif
