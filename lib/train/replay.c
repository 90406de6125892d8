#include "train/replay.h"

#include <stdio.h>
#include <string.h>

static int write_batch(const char *path, const struct feeder_item *item, const struct stream_header *header)
{
	struct stream_writer w;
	TRY(stream_writer_open(&w, path, header));
	for (int i = 0; i < item->n_bodies; i++)
		if (stream_writer_put(&w, item->bodies[i].data, item->bodies[i].size, item->batch.samples[i].n) != 0) {
			stream_writer_abandon(&w);
			return -1;
		}
	return stream_writer_close(&w, NULL);
}

int replay_refuse(struct trainer *t, const struct feeder_item *item, const struct stream_header *header,
		  const struct step_report *r)
{
	const char *path = checkpoint_sibling(t->options.output, ".bad-batch.stream", &t->arena);
	if (path == NULL || write_batch(path, item, header) != 0)
		return -1;
	bool finite_loss = r->loss.total - r->loss.total == 0;
	char parts[256] = "";
	for (int i = 0; i < r->loss.n; i++)
		snprintf(parts + strlen(parts), sizeof parts - strlen(parts), ", %s %g", r->loss.part[i].name, r->loss.part[i].value);
	return err_set("step %lld: the %s is not finite (loss %g%s); its batch is in '%s', the last "
		       "good state is that of the last save; try a lower --lr or a longer --warmup",
		       (long long)t->step + 1, finite_loss ? "gradient" : "loss", r->loss.total, parts, path);
}
