#include "eval/eval_coco.h"

#include "eval/eval_arrays.h"
#include "eval/eval_custom.h"
#include "eval/eval_part.h"
#include "eval/eval_report.h"
#include "eval/eval_type.h"

/* What the order of additions can do to a figure. */
static const double ROUNDING = 1e-12;

int eval_coco_check(const struct eval_coco_options *o)
{
	struct eval_sigmas sigmas;
	TRY(eval_custom_check(o->limits, o->ranges));
	return eval_sigmas_parse(&sigmas, o->sigmas);
}

static int make_type(struct eval_coco *c, const struct eval_coco_options *o, struct arena *a)
{
	*c = (struct eval_coco){ .type = *eval_type_find(o->type) };
	TRY(eval_sigmas_parse(&c->sigmas, o->sigmas));
	if (o->limits != NULL)
		TRY(eval_custom_limits(&c->type, &c->type, o->limits, a));
	return o->ranges == NULL ? 0 : eval_custom_ranges(&c->type, &c->type, o->ranges, a);
}

static int read_ground_truth(struct eval_coco *c, const struct eval_coco_options *o, const char *truth, struct arena *a)
{
	struct eval_set *set = &c->set;
	eval_set_init(set, a);
	set->shape = c->type.shape;
	set->outlines = c->type.outlines;
	set->sigmas = &c->sigmas;
	set->threads = o->threads;
	TRY(eval_read_truth(set, truth));
	TRY(eval_select(set, &o->selection));
	c->input = (struct eval_input){ .type = &c->type, .n_images = set->n_images, .n_categories = set->n_categories,
		.gt = set->gt, .n_gt = set->n_gt, .threads = o->threads, .canonical = o->canonical };
	return 0;
}

/* Detections stay in the set only where the analysis looks at them once more. */
static int match_results(struct eval_coco *c, struct eval_flow *flow, const struct eval_coco_options *o, const char *results,
			 struct arena *a)
{
	struct eval_set *set = &c->set;
	if (!eval_analysis_wanted(&o->analysis)) {
		TRY(eval_match_results(flow, set, results));
		return eval_warn(set, o->warn);
	}
	TRY(eval_read_results(set, results));
	TRY(eval_warn(set, o->warn));
	c->input.dt = set->dt;
	c->input.n_dt = set->n_dt;
	return eval_flow_fill(flow, &c->input, a);
}

static int evaluate(struct eval_coco *c, const struct eval_coco_options *o, const char *results, struct arena *a)
{
	struct eval_flow flow;
	const struct eval_input *in = &c->input;
	TRY(eval_flow_init(&flow, in->type, in->n_images, in->n_categories, in->gt, in->n_gt, a));
	int status = match_results(c, &flow, o, results, a);
	if (status == 0 && o->partial != NULL)
		status = eval_part_write(o->partial, &flow, &c->set);
	if (status == 0)
		status = eval_flow_finish(&c->result, &flow, o->canonical, o->threads, a);
	eval_flow_release(&flow);
	return status;
}

/* What a run and a merger do with a result. */
static int report(struct eval_coco *c, const struct eval_coco_options *o, struct arena *a)
{
	if (c->result.tie_effect > ROUNDING)
		o->warn("the order of equal scores matters: in %s order %s would differ by %.3g, and no figure by more",
			o->canonical ? "the results'" : "canonical", c->type.rows[c->result.tie_row].name, c->result.tie_effect);
	if (o->arrays != NULL)
		TRY(eval_arrays_write(o->arrays, &c->result));
	return eval_report_figures(&c->figures, &c->type, &c->set, &c->result, a);
}

int eval_coco_run(struct eval_coco *c, const struct eval_coco_options *o, const char *truth, const char *results,
		  struct arena *a)
{
	TRY(make_type(c, o, a));
	TRY(read_ground_truth(c, o, truth, a));
	TRY(evaluate(c, o, results, a));
	TRY(report(c, o, a));
	TRY(eval_analysis_run(&c->analysis, &o->analysis, &c->set, &c->input, &c->result, a));
	return eval_analysis_columns(&c->figures, &c->analysis, a);
}

static int finish_merge(struct eval_coco *c, const struct eval_coco_options *o, struct eval_flow *flow, struct arena *a)
{
	c->type = flow->type;
	TRY(eval_flow_finish(&c->result, flow, o->canonical, o->threads, a));
	return report(c, o, a);
}

int eval_coco_merge(struct eval_coco *c, const struct eval_coco_options *o, char *const *parts, int n, struct arena *a)
{
	struct eval_flow flow;
	*c = (struct eval_coco){ 0 };
	int status = eval_part_merge(&flow, &c->set, parts, n, a);
	if (status == 0)
		status = finish_merge(c, o, &flow, a);
	eval_flow_release(&flow);
	return status;
}

void eval_coco_print(FILE *file, const struct eval_coco *c, bool per_class)
{
	eval_report_summary(file, &c->type, &c->result);
	if (per_class)
		eval_report_classes(file, &c->set, &c->result);
	eval_analysis_print(file, &c->analysis);
}
