#include "train/picture.h"

#include "base/io.h"
#include "base/rng.h"
#include "image/codec.h"
#include "image/draw.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const float shown_score = 0.3f;

/* Pixels on the longer side of a picture that lines and texts can be told apart on. */
enum { READABLE = 400 };

/* A box of original pixels as it lies in the sample's image, enlarged. */
static void to_image(float box[4], const struct sample *s, int enlarged)
{
	const double *m = s->transform;
	double x0 = m[0] * box[0] + m[1] * box[1] + m[2], y0 = m[3] * box[0] + m[4] * box[1] + m[5];
	double x1 = m[0] * box[2] + m[1] * box[3] + m[2], y1 = m[3] * box[2] + m[4] * box[3] + m[5];
	box[0] = (float)fmin(x0, x1);
	box[1] = (float)fmin(y0, y1);
	box[2] = (float)fmax(x0, x1);
	box[3] = (float)fmax(y0, y1);
	for (int i = 0; i < 4; i++)
		box[i] *= (float)enlarged;
}

void pictures_init(struct pictures *p, const char *dir)
{
	*p = (struct pictures){ .dir = dir };
	id_map_init(&p->used);
	arena_init(&p->names, 1 << 16);
}

void pictures_release(struct pictures *p)
{
	id_map_release(&p->used);
	arena_release(&p->names);
}

/* The id as a part of a file name. */
static void id_name(char name[128], const struct sample_id *id)
{
	if (id->text == NULL) {
		snprintf(name, 128, "%lld", (long long)id->number);
		return;
	}
	snprintf(name, 128, "%s", id->text);
	for (char *slash = name; (slash = strchr(slash, '/')) != NULL; slash++)
		*slash = '_';
}

/* What tells one image from another; not negative. */
static int64_t identity(const struct sample *s)
{
	uint64_t key = s->id.text != NULL ? rng_mix_text(1, s->id.text) : rng_mix(0, (uint64_t)s->id.number);
	key = rng_mix_text(key, s->source);
	return (int64_t)(rng_mix_text(key, s->file_name != NULL ? s->file_name : "") >> 1);
}

/* 1: the name is this image's now or was before; 0: it is another one's; -1. */
static int take_name(struct pictures *p, const char *name, int64_t image)
{
	struct sample_id key = { .text = name };
	int64_t owner = id_map_find(&p->used, key);
	if (owner >= 0)
		return owner == image;
	key.text = arena_strdup(&p->names, name);
	return key.text == NULL ? -1 : id_map_add(&p->used, key, image);
}

static int picture_path(struct pictures *p, char path[4096], const struct sample *s)
{
	char id[128], name[3000];
	const char *file_name = s->file_name;
	id_name(id, &s->id);
	if (file_name == NULL || file_name[0] == '\0')
		file_name = id;
	const char *slash = strrchr(file_name, '/'), *base = slash != NULL ? slash + 1 : file_name;
	const char *dot = file_name != id ? strrchr(base, '.') : NULL;
	int stem = dot != NULL && dot > base ? (int)(dot - base) : (int)strlen(base), taken = 0;
	int used = snprintf(name, sizeof name, "%.*s", stem, base);
	while (used < (int)sizeof name && (taken = take_name(p, name, identity(s))) == 0)
		used += snprintf(name + used, sizeof name - (size_t)used, "-%s", id);
	if (taken < 0)
		return -1;
	if (used >= (int)sizeof name || snprintf(path, 4096, "%s/%s.found.jpg", p->dir, name) >= 4096)
		return err_set("the name of the picture of '%s' is too long", file_name);
	return 0;
}

/* How many pixels of the picture a pixel becomes. */
static int enlargement(const struct sample *s)
{
	int longer = s->valid_w > s->valid_h ? s->valid_w : s->valid_h;
	return longer >= READABLE ? 1 : (READABLE + longer - 1) / longer;
}

/* The valid part of the pixels, so that padding is not in the picture. */
static int copy_valid(struct tensor *image, const struct sample *s, int enlarged, struct arena *a)
{
	int64_t h = (int64_t)s->valid_h * enlarged, w = (int64_t)s->valid_w * enlarged;
	TRY(tensor_new(image, a, DTYPE_U8, 3, (int64_t[]){ h, w, 3 }));
	for (int64_t y = 0; y < h; y++) {
		const uint8_t *from = (const uint8_t *)s->pixels.data + y / enlarged * s->pixels.dim[1] * 3;
		uint8_t *to = (uint8_t *)image->data + y * w * 3;
		for (int64_t x = 0; x < w; x++)
			memcpy(to + 3 * x, from + x / enlarged * 3, 3);
	}
	return 0;
}

/* The likeliest class of the whole image, in its corner. */
static void draw_class(struct tensor *image, const struct tensor *class_scores, const struct category *categories)
{
	const float *score = class_scores->data;
	int64_t best = 0;
	char tag[96];
	for (int64_t i = 1; i < class_scores->dim[0]; i++)
		best = score[i] > score[best] ? i : best;
	snprintf(tag, sizeof tag, "%s %.2f", categories[best].name, (double)score[best]);
	draw_label(image, 0, 0, tag, 1, draw_color((int)best));
}

int pictures_write(struct pictures *p, const struct sample *s, const struct detection *d,
		   const struct category *categories, struct arena *a)
{
	char path[4096];
	struct tensor image;
	TRY(picture_path(p, path, s));
	int enlarged = enlargement(s);
	TRY(copy_valid(&image, s, enlarged, a));
	/* The best score is drawn last, on top. */
	for (int64_t i = d->n - 1; i >= 0; i--) {
		if (d->scores[i] < shown_score)
			continue;
		float box[4];
		char tag[96];
		memcpy(box, d->boxes + 4 * i, sizeof box);
		to_image(box, s, enlarged);
		draw_box(&image, box, 2, draw_color(d->labels[i]));
		snprintf(tag, sizeof tag, "%s %.2f", categories[d->labels[i]].name, (double)d->scores[i]);
		draw_label(&image, (int)box[0], (int)box[1], tag, 1, draw_color(d->labels[i]));
	}
	if (d->class_scores.data != NULL)
		draw_class(&image, &d->class_scores, categories);
	uint8_t *bytes;
	size_t size;
	struct atomic_file f;
	TRY(jpeg_encode(&bytes, &size, &image, 90, a));
	TRY(atomic_open(&f, path));
	if (io_write(f.fd, f.path, bytes, size) == 0)
		return atomic_commit(&f);
	atomic_abandon(&f);
	return -1;
}
