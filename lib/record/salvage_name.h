/*
 * salvage_name: which record was lost, as well as it can be told.
 *
 * A damaged record may still have its id and seq, which stand at its beginning. With an index the id is believed when
 * it has the hash that the index knows, and seq when it fits that of a neighbour; where the neighbours on both sides
 * agree they tell it alone. An integer id below SALVAGE_NUMBERS is found by its hash. Without an index a gap has the id
 * and seq that stand there.
 */
#ifndef RECORD_SALVAGE_NAME_H
#define RECORD_SALVAGE_NAME_H

#include "record/salvage.h"

enum { SALVAGE_NUMBERS = 1 << 22 };

/* What the last record that was kept tells of those after it. Zero it first: a pack begins at record 0, seq 0. */
struct salvage_names {
	bool no_shift;	/* it had no seq */
	int64_t shift;	/* seq less the record's number */
	int64_t first;	/* of the losses since then */
};

/* id and seq from the bytes of a body that are left. Error: memory. */
int salvage_name_read(struct salvage_lost *lost, const uint8_t *body, size_t size, struct arena *a) MUST_CHECK;

/*
 * Record `number` was kept: settle the seq of the losses before it, all of which are listed. body NULL: nothing was
 * kept any more.
 */
void salvage_names_kept(struct salvage_names *names, struct salvage_lost *lost, int64_t n_lost, int64_t number,
			const uint8_t *body, size_t size);

/* Find integer ids by their hashes. Error: memory. */
int salvage_names_find(struct salvage_lost *lost, int64_t n_lost) MUST_CHECK;

#endif
