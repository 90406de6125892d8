#include "train/replay.h"

int replay_write(const char *path, const struct feeder_item *item, const struct stream_header *header)
{
	struct stream_writer w;
	TRY(stream_writer_open(&w, path, header));
	for (int i = 0; i < item->n_bodies; i++)
		TRY(stream_writer_put(&w, item->bodies[i].data, item->bodies[i].size, item->batch.samples[i].n));
	return stream_writer_close(&w, NULL);
}
