/*
 * RandAugment: the operations to draw from. Source: the code of EfficientDet for detection, of EfficientNet for
 * classification.
 */
#include "augment/rules.h"

extern const struct augment_op augment_op_autocontrast, augment_op_brightness, augment_op_color, augment_op_contrast,
	augment_op_cutout, augment_op_equalize, augment_op_invert, augment_op_posterize, augment_op_rotate,
	augment_op_sharpness, augment_op_shear_x, augment_op_shear_y, augment_op_solarize, augment_op_solarize_add,
	augment_op_translate_x, augment_op_translate_y;

const struct augment_scale augment_scale_detection = {
	.translate = 250, .translate_boxes = 120, .cutout = 100, .cutout_boxes = 50,
};
const struct augment_scale augment_scale_classification = { .translate = 250, .cutout = 100 };
const struct augment_scale augment_scale_random = { .translate = 100, .cutout = 40 };

const struct augment_op *const augment_random_detection[] = {
	&augment_op_equalize, &augment_op_solarize, &augment_op_color, &augment_op_cutout, &augment_op_solarize_add,
	&augment_op_translate_x, &augment_op_translate_y, &augment_op_shear_x, &augment_op_shear_y, &augment_op_rotate,
	NULL
};

const struct augment_op *const augment_random_classification[] = {
	&augment_op_autocontrast, &augment_op_equalize, &augment_op_invert, &augment_op_rotate, &augment_op_posterize,
	&augment_op_solarize, &augment_op_color, &augment_op_contrast, &augment_op_brightness, &augment_op_sharpness,
	&augment_op_shear_x, &augment_op_shear_y, &augment_op_translate_x, &augment_op_translate_y, &augment_op_cutout,
	&augment_op_solarize_add, NULL
};

int augment_rules_random(struct augment_rules *rules, const struct augment_op *const *ops, int n, double level,
			 const struct augment_scale *scale, struct arena *a)
{
	int count = 0;
	while (ops[count] != NULL)
		count++;
	struct augment_choice *choice = arena_calloc(a, (size_t)count, sizeof *choice);
	struct augment_rule *rule = arena_calloc(a, (size_t)count, sizeof *rule);
	if (choice == NULL || rule == NULL)
		return -1;
	for (int i = 0; i < count; i++) {
		choice[i] = (struct augment_choice){ .op = ops[i], .probability = 1, .level = level };
		rule[i] = (struct augment_rule){ .n = 1, .choice = &choice[i] };
	}
	*rules = (struct augment_rules){ .draws = n, .n = count, .rule = rule, .max_steps = n, .scale = *scale };
	return 0;
}
