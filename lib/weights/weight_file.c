#include "weights/weight_file.h"

#include "base/io.h"
#include "weights/torch_file.h"

static int open_file(struct safetensors *s, const char *path)
{
	uint8_t *bytes;
	size_t size;
	s->path = arena_strdup(&s->arena, path);
	if (s->path == NULL)
		return -1;
	TRY(io_read_file(path, &bytes, &size, &s->arena));
	if (torch_file_is(bytes, size))
		return torch_file_read(s, bytes, size);
	if (safetensors_read(s, bytes, size) != 0)
		return err_context("nor is it one of torch.save()");
	return 0;
}

int weight_file_open(struct safetensors *s, const char *path)
{
	*s = (struct safetensors){ 0 };
	arena_init(&s->arena, 1 << 16);
	if (open_file(s, path) == 0)
		return 0;
	safetensors_close(s);
	return -1;
}
