#include "train/picture.h"

#include "base/io.h"
#include "image/codec.h"
#include "image/draw.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const float shown_score = 0.3f;

/* A box of original pixels as it lies in the sample's image. */
static void to_image(float box[4], const struct sample *s)
{
	const double *m = s->transform;
	double x0 = m[0] * box[0] + m[1] * box[1] + m[2], y0 = m[3] * box[0] + m[4] * box[1] + m[5];
	double x1 = m[0] * box[2] + m[1] * box[3] + m[2], y1 = m[3] * box[2] + m[4] * box[3] + m[5];
	box[0] = (float)fmin(x0, x1);
	box[1] = (float)fmin(y0, y1);
	box[2] = (float)fmax(x0, x1);
	box[3] = (float)fmax(y0, y1);
}

static int picture_path(char path[4096], const char *dir, const struct sample *s)
{
	char id[128];
	const char *name = s->file_name;
	if (name == NULL || name[0] == '\0')
		name = sample_id_text(&s->id, id);
	const char *slash = strrchr(name, '/'), *base = slash != NULL ? slash + 1 : name;
	const char *dot = strrchr(base, '.');
	int stem = dot != NULL && dot > base ? (int)(dot - base) : (int)strlen(base);
	int n = snprintf(path, 4096, "%s/%.*s.found.jpg", dir, stem, base);
	return n < 4096 ? 0 : err_set("the name of the picture of '%s' is too long", name);
}

/* The valid part of the pixels, so that padding is not in the picture. */
static int copy_valid(struct tensor *image, const struct sample *s, struct arena *a)
{
	TRY(tensor_new(image, a, DTYPE_U8, 3, (int64_t[]){ s->valid_h, s->valid_w, 3 }));
	size_t from = (size_t)s->pixels.dim[1] * 3, to = (size_t)s->valid_w * 3;
	for (size_t y = 0; y < (size_t)s->valid_h; y++)
		memcpy((uint8_t *)image->data + y * to, (const uint8_t *)s->pixels.data + y * from, to);
	return 0;
}

int picture_write(const char *dir, const struct sample *s, const struct detection *d,
		  const struct category *categories, struct arena *a)
{
	char path[4096];
	struct tensor image;
	TRY(picture_path(path, dir, s));
	TRY(copy_valid(&image, s, a));
	/* The best score is drawn last, on top. */
	for (int64_t i = d->n - 1; i >= 0; i--) {
		if (d->scores[i] < shown_score)
			continue;
		float box[4];
		char tag[96];
		memcpy(box, d->boxes + 4 * i, sizeof box);
		to_image(box, s);
		draw_box(&image, box, 2, draw_color(d->labels[i]));
		snprintf(tag, sizeof tag, "%s %.2f", categories[d->labels[i]].name, (double)d->scores[i]);
		draw_label(&image, (int)box[0], (int)box[1], tag, 1, draw_color(d->labels[i]));
	}
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
