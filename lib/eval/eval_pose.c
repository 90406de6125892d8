#include "eval/eval_shape.h"

#include <math.h>
#include <stdlib.h>

static void add_sigma(struct eval_sigmas *sigmas, double sigma)
{
	double doubled = sigma * 2;
	sigmas->variance[sigmas->n++] = doubled * doubled;
}

int eval_sigmas_parse(struct eval_sigmas *sigmas, const char *text)
{
	/* Nose, eyes, ears, shoulders, elbows, wrists, hips, knees, ankles; tenths, and divided as numpy does it. */
	static const double persons[] = { .26, .25, .25, .35, .35, .79, .79, .72, .72, .62, .62, 1.07, 1.07, .87, .87, .89, .89 };
	sigmas->n = 0;
	for (size_t i = 0; text == NULL && i < sizeof persons / sizeof persons[0]; i++)
		add_sigma(sigmas, persons[i] / 10.0);
	for (const char *p = text; p != NULL; ) {
		char *end;
		double sigma = strtod(p, &end);
		if (end == p || (*end != ',' && *end != '\0') || !(sigma > 0) || !isfinite(sigma))
			return err_set("sigmas are positive numbers with commas between them, not '%s'", text);
		if (sigmas->n == EVAL_MAX_KEYPOINTS)
			return err_set("more than %d sigmas", EVAL_MAX_KEYPOINTS);
		add_sigma(sigmas, sigma);
		p = *end == ',' ? end + 1 : NULL;
	}
	return 0;
}

static struct eval_pose *new_pose(const struct eval_sigmas *sigmas, struct arena *a)
{
	struct eval_pose *pose = arena_alloc(a, sizeof *pose + 3 * (size_t)sigmas->n * sizeof pose->xyv[0]);
	if (pose != NULL) {
		pose->sigmas = sigmas;
		pose->n_labelled = 0;
	}
	return pose;
}

int eval_read_pose(struct eval_shapes *s, const struct eval_sigmas *sigmas, const struct eval_pose **pose)
{
	struct coco_masks *r = &s->reader;
	TRY(json_enter_array(r->json, "\"keypoints\""));
	r->n_xy = 0;
	TRY(coco_read_numbers(r, "\"keypoints\""));
	if (r->n_xy != 3 * sigmas->n)
		return json_fail(r->json, "\"keypoints\" holds %lld numbers; %d are wanted, 3 for each of %d sigmas",
				 (long long)r->n_xy, 3 * sigmas->n, sigmas->n);
	struct eval_pose *made = new_pose(sigmas, s->arena);
	if (made == NULL)
		return -1;
	for (int i = 0; i < 3 * sigmas->n; i++) {
		made->xyv[i] = r->xy[i];
		made->n_labelled += i % 3 == 2 && r->xy[i] > 0;
	}
	*pose = made;
	return 0;
}

int eval_pose_from_record(const struct eval_sigmas *sigmas, const float *xyv, int64_t n, const double m[6], struct arena *a,
			  const struct eval_pose **pose)
{
	if (n != sigmas->n)
		return err_set("%lld keypoints an object, but %d sigmas", (long long)n, sigmas->n);
	struct eval_pose *made = new_pose(sigmas, a);
	if (made == NULL)
		return -1;
	for (int i = 0; i < sigmas->n; i++) {
		double *to = &made->xyv[3 * i];
		/* No rotation: original_box() has refused it. */
		to[0] = (xyv[3 * i] - m[2]) / m[0];
		to[1] = (xyv[3 * i + 1] - m[5]) / m[4];
		to[2] = xyv[3 * i + 2];
		made->n_labelled += to[2] > 0;
	}
	*pose = made;
	return 0;
}

static void extent(double box[4], const double *xyv, int64_t n)
{
	double low[2] = { xyv[0], xyv[1] }, high[2] = { xyv[0], xyv[1] };
	for (int64_t i = 1; i < n; i++)
		for (int k = 0; k < 2; k++) {
			double x = xyv[3 * i + k];
			low[k] = x < low[k] ? x : low[k];
			high[k] = x > high[k] ? x : high[k];
		}
	box[0] = low[0];
	box[1] = low[1];
	box[2] = high[0] - low[0];
	box[3] = high[1] - low[1];
}

void eval_pose_box(double box[4], const struct eval_pose *pose)
{
	extent(box, pose->xyv, pose->sigmas->n);
}

int eval_read_extent(struct eval_shapes *s, double box[4], bool *found)
{
	struct coco_masks *r = &s->reader;
	TRY(json_enter_array(r->json, "\"keypoints\""));
	r->n_xy = 0;
	TRY(coco_read_numbers(r, "\"keypoints\""));
	*found = r->n_xy > 0 && r->n_xy % 3 == 0;
	if (*found)
		extent(box, r->xy, r->n_xy / 3);
	return 0;
}
