#include "coco/pack_sink.h"

static int prepare(void *context, struct dataset_record *r, void **prepared)
{
	uint8_t *body;
	size_t size;
	struct stream_part *part = arena_alloc(&r->arena, sizeof *part);
	if (part == NULL)
		return -1;
	TRY(sample_encode(&body, &size, &r->sample, &r->arena));
	*prepared = part;
	return stream_writer_prepare(part, context, body, size, &r->arena);
}

static int put(void *context, struct dataset_record *r, void *prepared)
{
	return stream_writer_put_part(context, prepared, r->sample.n);
}

static int close_writer(void *context, const struct stream_trailer *trailer)
{
	return stream_writer_close(context, trailer);
}

static void abandon(void *context)
{
	stream_writer_abandon(context);
}

struct pack_sink stream_sink(struct stream_writer *w)
{
	return (struct pack_sink){ w, prepare, put, close_writer, abandon, false };
}
