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

int image_file_sample(struct sample *s, const uint8_t *bytes, size_t size, const char *path)
{
	struct image_info info;
	sample_init(s);
	if (image_probe(&info, bytes, size) != 0)
		return err_context("'%s'", path);
	/* Boxes are given in the frame in which people see the image. */
	bool turned = info.exif >= 5;
	s->encoded = bytes;
	s->encoded_size = size;
	s->file_name = path;
	s->exif = info.exif;
	s->orig_w = turned ? info.h : info.w;
	s->orig_h = turned ? info.w : info.h;
	return 0;
}

int image_file_read(struct sample *s, const char *path, int64_t number, struct arena *a)
{
	uint8_t *bytes;
	size_t size;
	TRY(io_read_file(path, &bytes, &size, a));
	TRY(image_file_sample(s, bytes, size, path));
	s->id.number = number;
	s->seq = number - 1;
	return 0;
}
