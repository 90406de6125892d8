#include "eval/eval_report.h"

#include "eval/eval_cell.h"

void eval_report_summary(FILE *file, const struct eval_type *type, const struct eval_result *result)
{
	for (int i = 0; i < type->n_rows; i++) {
		const struct eval_row *row = &type->rows[i];
		char iou[16];
		if (row->threshold < 0)
			snprintf(iou, sizeof iou, "%.2f:%.2f", eval_threshold(0), eval_threshold(EVAL_THRESHOLDS - 1));
		else
			snprintf(iou, sizeof iou, "%.2f", eval_threshold(row->threshold));
		fprintf(file, " %-18s (%s) @[ IoU=%-9s | area=%6s | maxDets=%3d ] = %.3f\n",
			row->recall ? "Average Recall" : "Average Precision", row->recall ? "AR" : "AP", iou,
			type->ranges[row->range].name, type->limits[row->limit], result->stats[i]);
	}
}

void eval_report_classes(FILE *file, const struct eval_set *set, const struct eval_result *result)
{
	int width = eval_class_width(set->categories, set->n_categories);
	fprintf(file, " %-*s %8s %7s %7s\n", width, "category", "objects", "AP", "AP50");
	for (int32_t k = 0; k < set->n_categories; k++) {
		eval_put_class(file, width, &set->categories[k]);
		fprintf(file, " %8lld", (long long)result->class_objects[k]);
		eval_put_percent(file, 7, result->class_ap[k]);
		eval_put_percent(file, 7, result->class_ap50[k]);
		fputc('\n', file);
	}
}

/* A row's figure for one class; scratch holds [EVAL_THRESHOLDS EVAL_RECALLS]. */
static double class_figure(double *scratch, const struct eval_row *row, const struct eval_result *result, int32_t k)
{
	int first = row->threshold < 0 ? 0 : row->threshold, end = row->threshold < 0 ? EVAL_THRESHOLDS : first + 1;
	int64_t n = 0;
	for (int t = first; t < end; t++) {
		if (row->recall)
			scratch[n++] = result->recall[eval_recall_at(result, t, k, row->range, row->limit)];
		for (int r = 0; r < EVAL_RECALLS && !row->recall; r++)
			scratch[n++] = result->precision[eval_precision_at(result, t, r, k, row->range, row->limit)];
	}
	return eval_mean(scratch, n);
}

int eval_report_figures(struct eval_figures *f, const struct eval_type *type, const struct eval_set *set,
			const struct eval_result *result, struct arena *a)
{
	double *scratch = arena_calloc(a, (size_t)EVAL_THRESHOLDS * EVAL_RECALLS, sizeof *scratch);
	if (scratch == NULL)
		return -1;
	*f = (struct eval_figures){ .type = type->name, .n_classes = set->n_categories, .classes = set->categories };
	for (int i = 0; i < type->n_rows; i++)
		eval_figures_add(f, type->rows[i].name, type->rows[i].recall ? "average recall" : "average precision",
				 result->stats[i]);
	eval_figures_count(f, "images", set->n_images);
	eval_figures_count(f, "annotations", set->n_gt);
	eval_figures_count(f, "detections", set->n_dt);
	eval_figures_numbers(f, "objects", result->class_objects);
	for (int i = 0; i < type->n_rows; i++) {
		double *share = arena_calloc(a, (size_t)set->n_categories, sizeof *share);
		if (share == NULL)
			return -1;
		for (int32_t k = 0; k < set->n_categories; k++)
			share[k] = class_figure(scratch, &type->rows[i], result, k);
		eval_figures_shares(f, type->rows[i].name, share);
	}
	return 0;
}
