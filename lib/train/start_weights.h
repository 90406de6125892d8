/*
 * start_weights: a model's first weights from a file that may be of another model.
 *
 * A parameter takes the file's tensor of its own name, or, where that is missing, of its name with "backbone.body." put before or
 * taken away: a bare backbone fits into a detector, and a detector's backbone into a classifier. What belongs to
 * classes goes by their names: the rows of classes that the file knows are kept, whatever their order, and those of others stay
 * new. A file that does not name its classes keeps all of them when there are as many, and none otherwise.
 * Norms of another kind than the file's stay new, too, when they have no statistics in common.
 *
 * The model must hold its random start already: that is what stays where nothing is taken.
 *
 *     struct start_weights start;
 *     TRY(start_weights_take(&start, &model, "r18.safetensors", categories, n_categories, &arena));
 *     fputs(start.report, stderr);
 */
#ifndef TRAIN_START_WEIGHTS_H
#define TRAIN_START_WEIGHTS_H

#include "model/model.h"
#include "stream/stream.h"

struct start_weights {
	const char *report;	/* a line for each part of the model, and what of the file was not used; in arena memory */
};

/*
 * path is a model, the state of a run (its values) or any safetensors file with such names. A part of the model (backbone,
 * pyramid, a head) is taken whole or not at all. Error: a tensor of another shape; a part of which only something is there;
 * nothing is there.
 */
int start_weights_take(struct start_weights *s, struct model *m, const char *path, const struct category *categories,
		       int n_categories, struct arena *a) MUST_CHECK;

#endif
