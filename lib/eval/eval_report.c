#include "eval/eval_report.h"

#include "base/json.h"

#include <string.h>

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

static void put_percent(FILE *file, double figure)
{
	if (figure < 0)
		fprintf(file, " %7s", "-");
	else
		fprintf(file, " %7.2f", 100 * figure);
}

void eval_report_classes(FILE *file, const struct eval_set *set, const struct eval_result *result)
{
	int width = (int)strlen("category");
	for (int32_t k = 0; k < set->n_categories; k++)
		if ((int)strlen(set->categories[k].name) > width)
			width = (int)strlen(set->categories[k].name);
	fprintf(file, " %-*s %8s %7s %7s\n", width, "category", "objects", "AP", "AP50");
	for (int32_t k = 0; k < set->n_categories; k++) {
		fprintf(file, " %-*s %8lld", width, set->categories[k].name, (long long)result->class_objects[k]);
		put_percent(file, result->class_ap[k]);
		put_percent(file, result->class_ap50[k]);
		fputc('\n', file);
	}
}

static void put_count(struct json_writer *w, const char *key, int64_t count)
{
	json_put_key(w, key);
	json_put_integer(w, count);
}

static void put_double(struct json_writer *w, const char *key, double x)
{
	json_put_key(w, key);
	json_put_double(w, x);
}

static void put_classes(struct json_writer *w, const struct eval_set *set, const struct eval_result *result)
{
	json_put_array(w);
	for (int32_t k = 0; k < set->n_categories; k++) {
		json_put_object(w);
		put_count(w, "id", set->categories[k].id);
		json_put_key(w, "name");
		json_put_string(w, set->categories[k].name);
		put_count(w, "objects", result->class_objects[k]);
		put_double(w, "AP", result->class_ap[k]);
		put_double(w, "AP50", result->class_ap50[k]);
		json_put_end(w, '}');
	}
	json_put_end(w, ']');
}

void eval_report_json(FILE *file, const struct eval_type *type, const struct eval_set *set,
		      const struct eval_result *result)
{
	struct json_writer w;
	json_writer_init(&w, file);
	json_put_object(&w);
	json_put_key(&w, "type");
	json_put_string(&w, type->name);
	json_put_key(&w, "names");
	json_put_array(&w);
	for (int i = 0; i < type->n_rows; i++)
		json_put_string(&w, type->rows[i].name);
	json_put_end(&w, ']');
	json_put_key(&w, "stats");
	json_put_array(&w);
	for (int i = 0; i < type->n_rows; i++)
		json_put_double(&w, result->stats[i]);
	json_put_end(&w, ']');
	put_count(&w, "images", set->n_images);
	put_count(&w, "annotations", set->n_gt);
	put_count(&w, "detections", set->n_dt);
	json_put_key(&w, "per_class");
	put_classes(&w, set, result);
	json_put_end(&w, '}');
	fputc('\n', file);
}
