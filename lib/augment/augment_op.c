#include "augment/augment_op.h"

#include <string.h>

const struct augment_op *augment_op_find(const char *name, size_t length)
{
	for (int i = 0; augment_ops[i] != NULL; i++)
		if (strlen(augment_ops[i]->name) == length && memcmp(augment_ops[i]->name, name, length) == 0)
			return augment_ops[i];
	return NULL;
}

void augment_op_change(struct image_change *change, const struct augment_step *step, enum augment_quirks quirks,
		       const struct image_region *image, const struct image_change *pending)
{
	struct image_stats stats = { .pixels = (int64_t)image->w * image->h };
	if (step->op->needs == AUGMENT_NEEDS_COUNTS)
		image_histogram(stats.count, image, pending != NULL ? pending->table : NULL);
	if (step->op->needs == AUGMENT_NEEDS_LUMA)
		stats.luma = image_mean_luma(image, pending != NULL ? pending->table : NULL);
	*change = (struct image_change){ .kind = IMAGE_TABLE };
	step->op->change(change, step->value, quirks, &stats);
}
