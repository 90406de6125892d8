#include "augment/preview.h"

#include "base/io.h"
#include "image/codec.h"
#include "image/draw.h"
#include "image/resize.h"

#include <stdio.h>
#include <string.h>

enum {
	CELL_W = 400, PICTURE_H = 300, TITLE_H = 20, CELL_H = TITLE_H + PICTURE_H,
	GAP = 8,
	QUALITY = 90,
};

static const struct color GROUND = { 24, 26, 30 }, FRAME = { 44, 48, 55 }, TITLE = { 214, 218, 224 },
			  PALE = { 130, 137, 148 };

int preview_init(struct preview *p, int max)
{
	*p = (struct preview){ .max = max };
	arena_init(&p->arena, 1 << 20);
	p->cell = arena_calloc(&p->arena, (size_t)max, sizeof *p->cell);
	return p->cell == NULL ? -1 : 0;
}

void preview_release(struct preview *p)
{
	arena_release(&p->arena);
}

static int cell_new(struct tensor *cell, struct arena *a)
{
	TRY(tensor_new(cell, a, DTYPE_U8, 3, (int64_t[]){ CELL_H, CELL_W, 3 }));
	draw_fill(cell, 0, 0, CELL_W, TITLE_H, FRAME);
	draw_fill(cell, 0, TITLE_H, CELL_W, PICTURE_H, GROUND);
	return 0;
}

static void draw_title(struct tensor *cell, const struct sample *s)
{
	char id[128], title[200], facts[80];
	snprintf(title, sizeof title, "%s", s->file_name[0] != '\0' ? s->file_name : sample_id_text(&s->id, id));
	snprintf(facts, sizeof facts, "%lldx%lld  %lld object%s", (long long)s->pixels.dim[1],
		 (long long)s->pixels.dim[0], (long long)s->n, s->n == 1 ? "" : "s");
	int x = CELL_W - 6 - draw_text_width(facts, 1);
	draw_text(cell, 6, 5, title, 1, TITLE);
	draw_fill(cell, x - 8, 0, CELL_W, TITLE_H, FRAME);
	draw_text(cell, x, 5, facts, 1, PALE);
}

/* Boxes first, then all labels, so that no box crosses a label. */
static void draw_objects(struct tensor *picture, const struct sample *s, const struct stream_header *header,
			 double scale)
{
	for (int pass = 0; pass < 2; pass++)
		for (int64_t i = 0; i < s->n; i++) {
			float box[4];
			struct color c = draw_color(s->labels[i]);
			for (int k = 0; k < 4; k++)
				box[k] = (float)(s->boxes[4 * i + k] * scale);
			const char *name = s->labels[i] >= 0 && s->labels[i] < header->n_categories ?
					   header->categories[s->labels[i]].name : "?";
			if (pass == 0)
				draw_box(picture, box, 2, c);
			else
				draw_label(picture, (int)box[0], (int)box[1], name, 1, c);
		}
}

int preview_add(struct preview *p, const struct sample *s, const struct stream_header *header)
{
	struct tensor picture;
	struct arena *a = &p->arena;
	if (p->n >= p->max)
		return 0;
	struct tensor *cell = &p->cell[p->n];
	double w = (double)s->pixels.dim[1], h = (double)s->pixels.dim[0];
	double scale = CELL_W / w < PICTURE_H / h ? CELL_W / w : PICTURE_H / h;
	int picture_w = (int)(w * scale + 0.5), picture_h = (int)(h * scale + 0.5);
	TRY(cell_new(cell, a));
	TRY(image_resize(&picture, &s->pixels, picture_w < 1 ? 1 : picture_w, picture_h < 1 ? 1 : picture_h, a));
	draw_objects(&picture, s, header, scale);
	draw_title(cell, s);
	draw_image(cell, (CELL_W - picture_w) / 2, TITLE_H + (PICTURE_H - picture_h) / 2, &picture);
	p->n++;
	return 0;
}

/* Columns for n cells: about as wide as a screen is. */
static int sheet_columns(int n)
{
	int columns = 1;
	while (columns * columns < n && columns < 6)
		columns++;
	return columns;
}

static int sheet_draw(struct tensor *sheet, const struct preview *p, struct arena *a)
{
	int columns = sheet_columns(p->n), rows = p->n == 0 ? 1 : (p->n + columns - 1) / columns;
	int w = columns * (CELL_W + GAP) + GAP, h = rows * (CELL_H + GAP) + GAP;
	TRY(tensor_new(sheet, a, DTYPE_U8, 3, (int64_t[]){ h, w, 3 }));
	draw_fill(sheet, 0, 0, w, h, (struct color){ 8, 9, 11 });
	for (int i = 0; i < p->n; i++)
		draw_image(sheet, GAP + i % columns * (CELL_W + GAP), GAP + i / columns * (CELL_H + GAP), &p->cell[i]);
	if (p->n == 0)
		draw_text(sheet, 2 * GAP, 2 * GAP, "no samples", 2, TITLE);
	return 0;
}

static int write_file(const char *path, const uint8_t *bytes, size_t size)
{
	struct atomic_file file;
	TRY(atomic_open(&file, path));
	if (io_write(file.fd, path, bytes, size) == 0 && atomic_commit(&file) == 0)
		return 0;
	atomic_abandon(&file);
	return -1;
}

int preview_write(const struct preview *p, const char *path)
{
	struct arena a;
	struct tensor sheet;
	uint8_t *bytes;
	size_t size;
	arena_init(&a, 1 << 20);
	int status = sheet_draw(&sheet, p, &a);
	if (status == 0)
		status = jpeg_encode(&bytes, &size, &sheet, QUALITY, &a);
	if (status == 0)
		status = write_file(path, bytes, size);
	arena_release(&a);
	return status;
}
