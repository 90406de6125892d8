#include "coco/duplicates.h"

#include "base/json.h"
#include "coco/coco_put.h"
#include "coco/id_map.h"
#include "image/dhash.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

struct seen {
	XXH128_hash_t bytes;
	struct dhash eye;
	int source;	/* which data set of several */
	const char *source_name, *file_name;
	struct sample_id id;
	int32_t other;	/* of the same bytes, the first of another source than the first of all; -1: none yet */
};

/*
 * Two hashes that differ in d bits are equal in one of d + 1 bands of bits, so who is near is found in the list of its band's value,
 * for one band at least.
 */
struct band {
	int shift, bits;
	int32_t *last;	/* [2^bits] the last image with that value; -1: none */
	int32_t *before;	/* [room] the one before it */
};

struct finder {
	struct duplicates_param param;
	struct duplicates_result *result;
	struct seen *seen;
	int32_t n, room;
	struct id_map by_bytes;	/* low half of the hash -> index of the first image */
	struct band band[DUPLICATES_MAX_DISTANCE + 1];
	struct arena arena;	/* names */
};

static int prepare(void *context, struct dataset_record *r, void **prepared)
{
	const struct sample *s = &r->sample;
	struct seen *seen = arena_calloc(&r->arena, 1, sizeof *seen);
	int w, h;
	(void)context;
	if (seen == NULL)
		return -1;
	*prepared = seen;
	if (s->encoded == NULL && (s->pixels.data == NULL || s->pixels.dim[0] == 0 || s->pixels.dim[1] == 0)) {
		r->reject = REJECT_DAMAGED;
		return 0;
	}
	if (s->encoded == NULL) {
		coco_size(&w, &h, s);
		seen->bytes = XXH3_128bits(s->pixels.data, tensor_bytes(&s->pixels));
		dhash_pixels(&seen->eye, &s->pixels, w, h);
		return 0;
	}
	seen->bytes = XXH3_128bits(s->encoded, s->encoded_size);
	if (dhash_file(&seen->eye, s->encoded, s->encoded_size, &r->arena) == 0)
		return 0;
	r->reject = REJECT_DAMAGED;
	r->detail = arena_strdup(&r->arena, err_get());
	return r->detail != NULL ? 0 : -1;
}

static int make_room(struct finder *f)
{
	if (f->n < f->room)
		return 0;
	if (f->room > INT32_MAX / 2)
		return err_set("too many images to compare");
	int32_t room = f->room > 0 ? 2 * f->room : 4096;
	struct seen *larger = realloc(f->seen, (size_t)room * sizeof *larger);
	if (larger == NULL)
		return err_set("out of memory for %d images", room);
	f->seen = larger;
	for (int b = 0; b <= f->param.distance; b++) {
		int32_t *before = realloc(f->band[b].before, (size_t)room * sizeof *before);
		if (before == NULL)
			return err_set("out of memory for %d images", room);
		f->band[b].before = before;
	}
	f->room = room;
	return 0;
}

/* All images come one after the other in the order of the run; the names must outlive their records. */
static int put(void *context, struct dataset_record *r, void *prepared)
{
	struct finder *f = context;
	const struct sample *s = &r->sample;
	TRY(make_room(f));
	struct seen *seen = &f->seen[f->n];
	*seen = *(const struct seen *)prepared;
	seen->source = r->source;
	seen->other = -1;
	seen->id = s->id;
	const char *last = f->n > 0 ? f->seen[f->n - 1].source_name : NULL;
	seen->source_name = last != NULL && strcmp(last, s->source) == 0 ? last : arena_strdup(&f->arena, s->source);
	seen->file_name = arena_strdup(&f->arena, s->file_name);
	if (seen->source_name == NULL || seen->file_name == NULL)
		return -1;
	if (s->id.text != NULL && (seen->id.text = arena_strdup(&f->arena, s->id.text)) == NULL)
		return -1;
	f->n++;
	return 0;
}

/* The first image with the same bytes, of another source where that matters; -1: none. Image i is noted. */
static int find_exact(int32_t *found, struct finder *f, int32_t i)
{
	struct seen *s = &f->seen[i];
	const struct sample_id key = { .number = (int64_t)s->bytes.low64 };
	*found = -1;
	int added = id_map_add(&f->by_bytes, key, i);
	if (added != 0)
		return added < 0 ? -1 : 0;
	int32_t first = (int32_t)id_map_find(&f->by_bytes, key);
	struct seen *one = &f->seen[first];
	if (one->bytes.high64 != s->bytes.high64)
		return 0;
	if (!f->param.across || one->source != s->source) {
		*found = first;
		if (one->source != s->source && one->other < 0)
			one->other = i;
	} else {
		*found = one->other;
	}
	return 0;
}

static int32_t band_value(const struct band *b, uint64_t bits)
{
	return (int32_t)(bits >> b->shift & (((uint64_t)1 << b->bits) - 1));
}

/* The nearest image before i, -1: none is near enough. */
static int32_t find_near(const struct finder *f, int32_t i, int *distance)
{
	const struct seen *s = &f->seen[i];
	int32_t best = -1;
	*distance = f->param.distance + 1;
	for (int b = 0; b <= f->param.distance && !s->eye.flat; b++) {
		const struct band *band = &f->band[b];
		for (int32_t k = band->last[band_value(band, s->eye.bits)]; k >= 0; k = band->before[k]) {
			int d = dhash_distance(f->seen[k].eye.bits, s->eye.bits);
			if ((f->param.across && f->seen[k].source == s->source) || d > *distance || (d == *distance && k >= best))
				continue;
			best = k;
			*distance = d;
		}
	}
	return best;
}

static void note_near(struct finder *f, int32_t i)
{
	for (int b = 0; b <= f->param.distance && !f->seen[i].eye.flat; b++) {
		struct band *band = &f->band[b];
		int32_t *last = &band->last[band_value(band, f->seen[i].eye.bits)];
		band->before[i] = *last;
		*last = i;
	}
}

static void put_image(struct json_writer *j, const struct seen *s)
{
	json_put_string_of(j, "source", s->source_name);
	json_put_key(j, "image");
	if (s->id.text != NULL)
		json_put_string(j, s->id.text);
	else
		json_put_integer(j, s->id.number);
	json_put_string_of(j, "file_name", s->file_name);
}

static void report(const struct finder *f, int32_t i, int32_t of, bool exact, int distance)
{
	struct json_writer j;
	json_writer_init(&j, f->param.output);
	json_put_object(&j);
	put_image(&j, &f->seen[i]);
	json_put_key(&j, "duplicate_of");
	json_put_object(&j);
	put_image(&j, &f->seen[of]);
	json_put_end(&j, '}');
	if (exact) {
		json_put_key(&j, "exact");
		json_put_bool(&j, true);
	} else {
		json_put_integer_of(&j, "distance", distance);
	}
	json_put_end(&j, '}');
	fputc('\n', f->param.output);
}

static int compare_all(struct finder *f)
{
	for (int32_t i = 0; i < f->n; i++) {
		int32_t of;
		int distance = 0;
		TRY(find_exact(&of, f, i));
		bool exact = of >= 0;
		if (!exact)
			of = find_near(f, i, &distance);
		note_near(f, i);
		if (of >= 0)
			report(f, i, of, exact, distance);
		f->result->exact += exact;
		f->result->near += !exact && of >= 0;
	}
	return fflush(f->param.output) == 0 && !ferror(f->param.output) ? 0 : err_errno("cannot write the list of duplicates");
}

static void release(void *context)
{
	struct finder *f = context;
	for (int b = 0; b <= DUPLICATES_MAX_DISTANCE; b++) {
		free(f->band[b].last);
		free(f->band[b].before);
	}
	free(f->seen);
	id_map_release(&f->by_bytes);
	arena_release(&f->arena);
	free(f);
}

static int close_finder(void *context, const struct stream_trailer *trailer)
{
	struct finder *f = context;
	(void)trailer;
	int status = compare_all(f);
	release(f);
	return status;
}

/* The 64 bits in distance + 1 bands of almost equal width. */
static int make_bands(struct finder *f)
{
	int n = f->param.distance + 1, shift = 0;
	for (int b = 0; b < n; b++) {
		/* One band of all bits would need a list of 2^64: 16 of them are enough to be quick. */
		int width = 64 * (b + 1) / n - 64 * b / n, bits = width > 16 ? 16 : width;
		f->band[b] = (struct band){ .shift = shift, .bits = bits, .last = malloc(((size_t)1 << bits) * sizeof(int32_t)) };
		if (f->band[b].last == NULL)
			return err_set("out of memory");
		memset(f->band[b].last, 0xff, ((size_t)1 << bits) * sizeof(int32_t));
		shift += width;
	}
	return 0;
}

int duplicates_sink_open(struct pack_sink *sink, struct duplicates_result *result, const struct duplicates_param *param)
{
	struct finder *f = calloc(1, sizeof *f);
	if (f == NULL)
		return err_set("out of memory");
	*result = (struct duplicates_result){ 0 };
	f->param = *param;
	f->result = result;
	id_map_init(&f->by_bytes);
	arena_init(&f->arena, 1 << 16);
	if (make_bands(f) != 0) {
		release(f);
		return -1;
	}
	*sink = (struct pack_sink){ .context = f, .prepare = prepare, .put = put, .close = close_finder, .abandon = release,
		.takes_same = true };
	return 0;
}
