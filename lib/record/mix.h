/*
 * mix: several streams of samples as one, in fixed proportions.
 *
 * Position p of the mixture belongs to an input by a pattern of the ratios alone (mix_pattern.h), and to the turn of that
 * input that it has come to (mix_input.h). So the mixture can be taken up at any position, and each input's place follows from it. A
 * record gets its position as seq and the number of its input; a hole of an input is a hole of the mixture.
 * The mixture ends at the first position that belongs to an input that has ended.
 */
#ifndef RECORD_MIX_H
#define RECORD_MIX_H

#include "record/mix_pattern.h"
#include "stream/stream.h"

struct mix_param {
	int n;	/* inputs */
	const char *const *paths;	/* [n] packs or streams; "-" is stdin */
	const char *const *names;	/* [n] for messages and the provenance */
	const int *ratio;	/* [n] */
	int until;	/* the mixture ends with this input, and it is an error that another ends before; -1: with the first */
	bool loop;	/* packs begin again; not that of `until` */
	bool shuffle;	/* packs, each pass in its own order */
	int64_t epochs;	/* passes over packs that do not loop */
	int64_t count;	/* positions at most; -1: until the end */
	int64_t start;	/* first position */
	uint64_t seed;
	const char *output;
	const char *tool, *version, *options;	/* for the provenance; the inputs' names and links are added to options */
	void (*progress)(void *context, int64_t position, int64_t planned);	/* or NULL */
	void *progress_context;
};

struct mix_result {
	struct stream_trailer trailer;
	int64_t input_records[MIX_MAX_INPUTS];	/* written, of each input */
	int ended;	/* the input that ended it; -1: count did */
};

/*
 * Error: an input cannot be read; lists of categories that differ (both are shown); an input that ends before that of `until`;
 * nothing that ever ends.
 */
int mix_run(struct mix_result *result, const struct mix_param *p) MUST_CHECK;

#endif
