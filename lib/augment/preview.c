#include "augment/preview.h"

#include "base/io.h"
#include "image/codec.h"
#include "image/draw.h"

#include <stdio.h>
#include <string.h>

enum {
	PICTURE_W = 320, PICTURE_H = 240, BETWEEN = 2, CELL_W = 2 * PICTURE_W + BETWEEN,
	LINE_H = 12, LINES = 3, TITLE_H = LINES * LINE_H + 4, CELL_H = TITLE_H + PICTURE_H,
	MARGIN = 6, LINE_CHARACTERS = (CELL_W - 2 * MARGIN) / DRAW_FONT_W,
	GAP = 8,
	QUALITY = 80,
};

static const struct color GROUND = { 24, 26, 30 }, FRAME = { 44, 48, 55 }, TITLE = { 214, 218, 224 },
			  PALE = { 150, 157, 168 };

int preview_init(struct preview *p, int max, const struct stream_header *header, const struct keypoint_twins *twins)
{
	*p = (struct preview){ .header = header, .twins = twins, .max = max };
	arena_init(&p->arena, 1 << 20);
	arena_init(&p->scratch, 1 << 20);
	p->cell = arena_calloc(&p->arena, (size_t)max, sizeof *p->cell);
	return p->cell == NULL ? -1 : 0;
}

void preview_release(struct preview *p)
{
	arena_release(&p->arena);
	arena_release(&p->scratch);
}

static int cell_new(struct tensor *cell, struct arena *a)
{
	TRY(tensor_new(cell, a, DTYPE_U8, 3, (int64_t[]){ CELL_H, CELL_W, 3 }));
	draw_fill(cell, 0, 0, CELL_W, TITLE_H, FRAME);
	draw_fill(cell, 0, TITLE_H, CELL_W, PICTURE_H, GROUND);
	return 0;
}

/* Text in lines of whole words, as many as there are. */
static void draw_lines(struct tensor *cell, int y, const char *text, int lines)
{
	for (; lines > 0 && *text != '\0'; lines--, y += LINE_H) {
		char line[LINE_CHARACTERS + 1];
		size_t n = strlen(text);
		if (n > LINE_CHARACTERS)
			for (n = LINE_CHARACTERS; n > 1 && text[n] != ' ' && lines > 1; n--)
				;
		memcpy(line, text, n);
		line[n] = '\0';
		draw_text(cell, MARGIN, y, line, 1, PALE);
		text += n + (text[n] == ' ');
	}
}

static void draw_title(struct tensor *cell, const struct sample *before, const struct sample *after,
		       const struct augment_plan *plan)
{
	char id[128], name[200], facts[120], text[1000];
	snprintf(name, sizeof name, "%s", before->file_name[0] != '\0' ? before->file_name : sample_id_text(&before->id, id));
	snprintf(facts, sizeof facts, "%dx%d, %lld object%s -> %lldx%lld, %lld", plan->source_w, plan->source_h,
		 (long long)before->n, before->n == 1 ? "" : "s", (long long)after->pixels.dim[1],
		 (long long)after->pixels.dim[0], (long long)after->n);
	int x = CELL_W - MARGIN - draw_text_width(facts, 1);
	draw_text(cell, MARGIN, 4, name, 1, TITLE);
	draw_fill(cell, x - 8, 0, CELL_W, LINE_H + 3, FRAME);
	draw_text(cell, x, 4, facts, 1, TITLE);
	preview_plan_text(text, sizeof text, plan);
	draw_lines(cell, 4 + LINE_H, text, LINES - 1);
}

/* The sample, w x h pixels when upright, as large as fits and in the middle of the picture that begins at x. */
static int draw_picture(struct preview *p, struct tensor *cell, int x, const struct sample *s, int w, int h)
{
	double scale_x = PICTURE_W / (double)w, scale_y = PICTURE_H / (double)h, scale = scale_x < scale_y ? scale_x : scale_y;
	struct augment_param fit = {
		.scheme = augment_scheme_find("eval"), .w = augment_round(w * scale), .h = augment_round(h * scale),
		.objects = { .boxes = OBJECTS_CORNERS, .twins = p->twins },
	};
	struct augment_loss loss = { 0 };
	struct sample shown;
	TRY(augment_sample(&shown, s, &fit, &loss, &p->scratch));
	TRY(preview_draw_objects(&shown.pixels, &shown, p->header, p->twins, &p->scratch));
	draw_image(cell, x + (PICTURE_W - fit.w) / 2, TITLE_H + (PICTURE_H - fit.h) / 2, &shown.pixels);
	return 0;
}

int preview_add(struct preview *p, const struct sample *before, const struct sample *after,
		const struct augment_plan *plan)
{
	if (p->n >= p->max)
		return 0;
	struct tensor *cell = &p->cell[p->n];
	struct sample canvas = *after;
	canvas.valid_w = (int32_t)after->pixels.dim[1];
	canvas.valid_h = (int32_t)after->pixels.dim[0];
	arena_reset(&p->scratch);
	TRY(cell_new(cell, &p->arena));
	TRY(draw_picture(p, cell, 0, before, plan->source_w, plan->source_h));
	TRY(draw_picture(p, cell, PICTURE_W + BETWEEN, &canvas, canvas.valid_w, canvas.valid_h));
	draw_title(cell, before, after, plan);
	p->n++;
	return 0;
}

/* Columns for n cells, which are wide: what a screen holds. */
static int sheet_columns(int n)
{
	return n <= 3 ? 1 : n <= 12 ? 2 : 3;
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
