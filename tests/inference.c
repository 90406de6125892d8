/* inference: boxes of an image as it was run, back in original pixels. */
#include "train/inference.h"
#include "tests/tap.h"

static bool maps(const double transform[6], int w, int h, const float seen[4], const float want[4])
{
	struct sample s;
	float box[4];
	sample_init(&s);
	memcpy(s.transform, transform, sizeof s.transform);
	memcpy(box, seen, sizeof box);
	s.orig_w = w;
	s.orig_h = h;
	inference_box_to_original(box, &s);
	bool same = true;
	for (int i = 0; i < 4; i++)
		same &= fabsf(box[i] - want[i]) < 1e-3f;
	if (!same)
		printf("# got %g %g %g %g, want %g %g %g %g\n", (double)box[0], (double)box[1], (double)box[2], (double)box[3],
		       (double)want[0], (double)want[1], (double)want[2], (double)want[3]);
	return same;
}

int main(void)
{
	static const float box[4] = { 10, 20, 30, 60 };
	ok(maps((double[]){ 1, 0, 0, 0, 1, 0 }, 100, 80, box, box), "the identity changes nothing");
	ok(maps((double[]){ 2, 0, 0, 0, 4, 0 }, 100, 80, box, (float[]){ 5, 5, 15, 15 }), "an enlarged image");
	ok(maps((double[]){ 0.5, 0, -10, 0, 0.5, 4 }, 400, 400, box, (float[]){ 40, 32, 80, 112 }), "shrunk and moved");
	/* x' = 100 - x: left and right change places. */
	ok(maps((double[]){ -1, 0, 100, 0, 1, 0 }, 100, 80, box, (float[]){ 70, 20, 90, 60 }), "mirrored");
	ok(maps((double[]){ -0.5, 0, 50, 0, 0.5, 0 }, 100, 160, box, (float[]){ 40, 40, 80, 120 }), "mirrored and shrunk");
	/* A quarter turn clockwise of a picture 80 high: x' = 80 - y, y' = x. */
	ok(maps((double[]){ 0, -1, 80, 1, 0, 0 }, 100, 80, box, (float[]){ 20, 50, 60, 70 }), "turned");
	/* Transposed: x' = y, y' = x. */
	ok(maps((double[]){ 0, 1, 0, 1, 0, 0 }, 100, 80, box, (float[]){ 20, 10, 60, 30 }), "transposed");
	ok(maps((double[]){ 1, 0, 0, 0, 1, 0 }, 25, 50, box, (float[]){ 10, 20, 25, 50 }), "cut at the image's right and bottom");
	ok(maps((double[]){ 1, 0, 20, 0, 1, 30 }, 100, 80, box, (float[]){ 0, 0, 10, 30 }), "and at its left and top");
	ok(maps((double[]){ 1, 0, 0, 0, 1, 0 }, 0, 0, box, box), "an unknown size cuts nothing at the right");
	return tap_done();
}
