/* The lines of augment --replay: what is accepted are plans that stay inside of their images, found by the samples they are for. */
#include "fuzz.h"

#include "augment/explain.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void check(const struct augment_plan *p)
{
	if (p->valid_w < 1 || p->valid_h < 1 || p->x < 0 || p->y < 0 || p->x + (int64_t)p->valid_w > p->scaled_w ||
	    p->y + (int64_t)p->valid_h > p->scaled_h || p->valid_w > p->out_w || p->valid_h > p->out_h)
		abort();
	for (int i = 0; i < p->n_steps; i++)
		for (int k = 0; k < p->steps[i].n_spots; k++)
			if (p->steps[i].op == NULL || p->steps[i].spot[k].object >= 2)
				abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char path[32];
	struct arena arena;
	struct augment_replay replay;
	struct augment_plan plan;
	struct sample s;
	int file = fuzz_file(path, data, size);
	if (file < 0)
		abort();
	arena_init(&arena, 1 << 16);
	sample_init(&s);
	s.n = 2;
	s.source = "a";
	s.id.number = 1;
	if (augment_replay_open(&replay, path, &arena) == 0)
		for (s.seq = 0; s.seq < 3; s.seq++)
			if (augment_replay_find(&plan, &replay, &s, AUGMENT_SANE, 20, 10) == 0)
				check(&plan);
	arena_release(&arena);
	close(file);
	return 0;
}
