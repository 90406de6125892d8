#include "base/io.h"
#include "eval/eval_part.h"
#include "eval/eval_part_format.h"

#include <stdio.h>
#include <xxhash.h>

/* Errors of the file are sticky and seen when it is committed. */
struct writer {
	FILE *file;
	XXH3_state_t *hash;
};

static void put(struct writer *w, const void *data, size_t size)
{
	XXH3_64bits_update(w->hash, data, size);
	fwrite(data, 1, size, w->file);
}

static void put_u32(struct writer *w, uint32_t x)
{
	x = htole32(x);
	put(w, &x, sizeof x);
}

static void put_u64(struct writer *w, uint64_t x)
{
	x = htole64(x);
	put(w, &x, sizeof x);
}

static void put_double(struct writer *w, double x)
{
	uint64_t bits;
	memcpy(&bits, &x, sizeof bits);
	put_u64(w, bits);
}

static void put_text(struct writer *w, const char *text)
{
	put_u32(w, (uint32_t)strlen(text));
	put(w, text, strlen(text));
}

static void put_type(struct writer *w, const struct eval_type *type)
{
	put_text(w, type->name);
	put_u32(w, (uint32_t)type->n_ranges);
	for (int r = 0; r < type->n_ranges; r++) {
		put_text(w, type->ranges[r].name);
		put_double(w, type->ranges[r].low);
		put_double(w, type->ranges[r].high);
	}
	put_u32(w, (uint32_t)type->n_limits);
	for (int l = 0; l < type->n_limits; l++)
		put_u32(w, (uint32_t)type->limits[l]);
	put_u32(w, (uint32_t)type->n_rows);
	for (int i = 0; i < type->n_rows; i++) {
		put_text(w, type->rows[i].name);
		put_u32(w, type->rows[i].recall);
		put_u32(w, (uint32_t)(type->rows[i].threshold + 1));
		put_u32(w, (uint32_t)type->rows[i].range);
		put_u32(w, (uint32_t)type->rows[i].limit);
	}
}

static void put_ids(struct writer *w, const struct eval_set *set)
{
	put_u32(w, (uint32_t)set->n_categories);
	for (int32_t k = 0; k < set->n_categories; k++) {
		put_u64(w, (uint64_t)set->categories[k].id);
		put_text(w, set->categories[k].name);
	}
	put_u32(w, (uint32_t)set->n_images);
	for (int32_t i = 0; i < set->n_images; i++) {
		put_u32(w, set->images[i].text != NULL);
		if (set->images[i].text != NULL)
			put_text(w, set->images[i].text);
		else
			put_u64(w, (uint64_t)set->images[i].number);
	}
}

/* For each image its number of groups, and for each: category, annotations, and those to find by size. */
static void put_wanted(struct writer *w, const struct eval_flow *flow)
{
	for (int32_t image = 0; image < flow->n_images; image++) {
		uint32_t groups = 0;
		for (int64_t i = flow->start[image]; i < flow->start[image + 1]; i++)
			groups += i == flow->start[image] || flow->gt[i].category != flow->gt[i - 1].category;
		put_u32(w, groups);
		for (int64_t i = flow->start[image], first = i; i < flow->start[image + 1]; first = i) {
			uint32_t wanted[EVAL_MAX_RANGES] = { 0 };
			for (; i < flow->start[image + 1] && flow->gt[i].category == flow->gt[first].category; i++)
				for (int r = 0; r < flow->type.n_ranges; r++)
					wanted[r] += eval_wanted(&flow->gt[i], &flow->type.ranges[r]);
			put_u32(w, (uint32_t)flow->gt[first].category);
			put_u32(w, (uint32_t)(i - first));
			for (int r = 0; r < flow->type.n_ranges; r++)
				put_u32(w, wanted[r]);
		}
	}
}

static void put_records(struct writer *w, const struct eval_records *records)
{
	put_u64(w, (uint64_t)records->n);
	for (int64_t i = 0; i < records->n; i++) {
		const struct eval_record *r = &records->at[i];
		put_double(w, r->score);
		put_u32(w, (uint32_t)r->image);
		put_u32(w, r->place);
		put(w, r->outcome, sizeof r->outcome);
	}
}

int eval_part_write(const char *path, const struct eval_flow *flow, const struct eval_set *set)
{
	struct atomic_file f;
	TRY(atomic_fopen(&f, path));
	struct writer w = { .file = f.file, .hash = XXH3_createState() };
	if (w.hash == NULL) {
		atomic_abandon(&f);
		return err_set("out of memory");
	}
	XXH3_64bits_reset(w.hash);
	put(&w, EVAL_PART_MAGIC, strlen(EVAL_PART_MAGIC));
	put_u32(&w, EVAL_PART_VERSION);
	put_type(&w, &flow->type);
	put_ids(&w, set);
	put_u64(&w, (uint64_t)set->n_dt);
	put_wanted(&w, flow);
	put_records(&w, &flow->kept);
	put_records(&w, &flow->changed);
	put_u64(&w, XXH3_64bits_digest(w.hash));
	XXH3_freeState(w.hash);
	return atomic_commit(&f);
}
