/*
 * eval_federated: what LVIS says about which categories of an image were looked at.
 *
 * A federated data set is not searched for every category in every image. Of an image it lists the categories that are
 * known not to be there (neg_category_ids) and those whose objects are not all annotated (not_exhaustive_category_ids);
 * about what is in neither list and not annotated nothing is known. Categories are rare, common or frequent.
 *
 * The reader of the ground truth calls the ..._key() functions for keys it does not know and the ..._end() functions
 * when the object is complete; eval_federated_finish() makes the lists ready for questions.
 *
 * Source: Gupta, Dollar, Girshick, "LVIS: A Dataset for Large Vocabulary Instance Segmentation", 2019, sections 2.2 and 3.
 */
#ifndef EVAL_EVAL_FEDERATED_H
#define EVAL_EVAL_FEDERATED_H

#include "base/arena.h"
#include "base/json.h"
#include "record/sample.h"

#include <stdbool.h>
#include <stdint.h>

struct eval_set;

enum { EVAL_NEGATIVE, EVAL_NOT_EXHAUSTIVE, EVAL_FEDERATED_LISTS };

struct eval_federated_entry {
	struct sample_id image;
	int64_t category;	/* id */
	uint64_t key;	/* after eval_federated_finish(): image and category by number */
};

struct eval_federated {
	struct arena *arena;
	struct eval_federated_list {
		int64_t n, room;
		int64_t n_complete;	/* entries whose image is known */
		bool seen;	/* in the image being read */
		struct eval_federated_entry *entry;	/* ascending by key after eval_federated_finish() */
	} list[EVAL_FEDERATED_LISTS];
	int64_t n_frequencies, room_frequencies;
	struct eval_frequency {
		int64_t category;	/* id */
		char group;	/* 'r', 'c' or 'f' */
	} *frequency;
	char pending;	/* of the category being read; 0: none yet */
	char *group;	/* [n_categories] after eval_federated_finish() */
};

void eval_federated_init(struct eval_federated *f, struct arena *a);

/* Take the value after a key of an image or a category. 1: taken; 0: not one of these keys; -1: error. */
int eval_federated_image_key(struct eval_federated *f, struct json_reader *j);
int eval_federated_category_key(struct eval_federated *f, struct json_reader *j);

/* The image or category is complete. Error: it lacked a list or its frequency. */
int eval_federated_image_end(struct eval_federated *f, struct json_reader *j, const struct sample_id *id) MUST_CHECK;
int eval_federated_category_end(struct eval_federated *f, struct json_reader *j, int64_t id) MUST_CHECK;

/* Look up all ids; the set's images and categories are complete. What they do not have is passed over. Error: memory. */
int eval_federated_finish(struct eval_federated *f, const struct eval_set *set) MUST_CHECK;

/* True when the list (EVAL_NEGATIVE, ...) of that image has that category; both by number. */
bool eval_federated_has(const struct eval_federated *f, int list, int32_t image, int32_t category);

#endif
