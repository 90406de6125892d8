/*
 * pack_account: what becomes of every image and every object of a run; see pack_run.h.
 */
#ifndef COCO_PACK_ACCOUNT_H
#define COCO_PACK_ACCOUNT_H

#include "coco/sampler.h"

#include <stdio.h>

struct pack_account {
	struct dataset *d;
	struct sampler *sampler;	/* not used of streams */
	int64_t start;	/* first position of the run that is written */
	bool strict;	/* the first reject is an error */
	FILE *rejects;	/* a JSON line for each reject; NULL: none */
	struct stream_trailer trailer;	/* its rejects live in the data set's arena */
};

void count_add(struct stream_count *sum, int64_t records, int64_t objects);

/* Everything that goes in, and what is deselected without being looked at. */
void account_index(struct pack_account *account);

/*
 * Count a reject and list it: object, a single one, or the whole record r (NULL), for r's reason. Error: with strict always.
 */
int account_reject(struct pack_account *account, const struct dataset_record *r, int64_t seq,
		   const struct dataset_reject *object) MUST_CHECK;

/* Objects of no image, once an epoch. */
int account_orphans(struct pack_account *account) MUST_CHECK;

/* Error: the sums do not agree; every record of a whole run was rejected. */
int account_check(const struct pack_account *account) MUST_CHECK;

#endif
