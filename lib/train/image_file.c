#include "train/image_file.h"

#include "base/io.h"
#include "image/probe.h"

#include <string.h>
#include <strings.h>

bool image_file_is_named(const char *name)
{
	const char *dot = strrchr(name, '.');
	return dot != NULL && (strcasecmp(dot, ".jpg") == 0 || strcasecmp(dot, ".jpeg") == 0 || strcasecmp(dot, ".png") == 0);
}

int image_file_read(struct sample *s, const char *path, int64_t number, struct arena *a)
{
	struct image_info info;
	uint8_t *bytes;
	sample_init(s);
	TRY(io_read_file(path, &bytes, &s->encoded_size, a));
	if (image_probe(&info, bytes, s->encoded_size) != 0)
		return err_context("'%s'", path);
	/* Boxes are given in the frame in which people see the image. */
	bool turned = info.exif >= 5;
	s->encoded = bytes;
	s->id.number = number;
	s->seq = number - 1;
	s->file_name = path;
	s->exif = info.exif;
	s->orig_w = turned ? info.h : info.w;
	s->orig_h = turned ? info.w : info.h;
	return 0;
}
