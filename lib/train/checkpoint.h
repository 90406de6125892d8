/*
 * checkpoint: a model file, and the state beside it from which training goes on.
 *
 * The model file is a safetensors file of exactly the model's tensors, with what later tools need in its
 * metadata: "model" (name), "classes" (JSON list of {id, name}), "preset", "anchor-size", "preprocess" (the
 * options of augment that made its training images). The state is a safetensors file too: "value.X",
 * "momentum.X" and "ema.X" for every tensor X, and in its metadata also "step", "position", "options", "provenance",
 * "threads", "isa", "libraries" and, of a run whose convolutions were timed, "plan" (see op/conv_plan.h), and of joint training "joint". Neither holds a time or a path: the same run gives the same bytes.
 *
 *     struct checkpoint c;
 *     TRY(checkpoint_open(&c, "m.safetensors"));
 *     TRY(checkpoint_create_model(&m, &c, DTYPE_F32, CONV_AUTO));     // with its weights
 *     checkpoint_close(&c);
 */
#ifndef TRAIN_CHECKPOINT_H
#define TRAIN_CHECKPOINT_H

#include "model/model.h"
#include "stream/safetensors.h"
#include "stream/stream.h"

enum { CHECKPOINT_MAX_ANCHOR = 4096, CHECKPOINT_MAX_THREADS = 4096 };

struct checkpoint {
	struct safetensors file;
	bool is_state;
	const char *model;
	const char *preset;
	int anchor_size;
	const char *preprocess;	/* "size=320x240 ..."; "" when unknown */
	int n_categories;
	struct category *categories;
};

/* What goes into the metadata besides what the model itself knows. */
struct checkpoint_about {
	const struct category *categories;
	int n_categories;
	const char *preprocess;
};

/* What only the state has. */
struct checkpoint_state {
	int64_t step;	/* steps done */
	int64_t position;	/* seq at which the source must go on: the last consumed one plus 1 */
	const char *options;	/* of trainstep, as in a provenance */
	const char *provenance;	/* of the input: one line a tool */
	int threads;	/* of the computation */
	const char *isa;
	const char *libraries;	/* versions */
	const char *plan;	/* of convolutions; NULL: by rule */
	const char *joint;	/* averages of joint training, see train/joint.h; NULL: none */
};

/* The name of a file beside the model: "m.safetensors" and ".state" make "m.state". In arena memory. */
const char *checkpoint_sibling(const char *model_path, const char *suffix, struct arena *a) MUST_CHECK;

/* Open a model file or a state. Error: not one of ours, saying what is missing. */
int checkpoint_open(struct checkpoint *c, const char *path) MUST_CHECK;
void checkpoint_close(struct checkpoint *c);

/* A whole number of the metadata, within min..max. Error: another text; it names the file and the key. */
int checkpoint_parse_number(int64_t *number, const struct checkpoint *c, const char *key, const char *text, int64_t min,
			    int64_t max) MUST_CHECK;

/* The model it describes, with its weights (of a state: the current values). */
int checkpoint_create_model(struct model *m, const struct checkpoint *c, enum dtype dtype, enum conv_backend backend) MUST_CHECK;

/*
 * Copy the tensors of a file into the model. Any safetensors file with the model's names will do; tensors
 * beyond them are ignored. Error: one that is missing or has another shape.
 */
int checkpoint_load_weights(struct model *m, const struct safetensors *file, const char *prefix) MUST_CHECK;

/* Write the model file; with averages (EMA), those instead of the values. */
int checkpoint_write_model(const char *path, const struct model *m, const struct checkpoint_about *about) MUST_CHECK;

int checkpoint_write_state(const char *path, const struct model *m, const struct checkpoint_about *about,
			   const struct checkpoint_state *state) MUST_CHECK;

/* Read back what checkpoint_write_state() wrote; texts live until checkpoint_close(). */
int checkpoint_read_state(struct checkpoint_state *state, const struct checkpoint *c) MUST_CHECK;

/* Values, momentum and averages of a state into a model that is prepared for training. */
int checkpoint_restore(struct model *m, const struct checkpoint *c) MUST_CHECK;

#endif
