#include "coco/text_file.h"

#include "base/io.h"

#include <string.h>

int text_file_read(char **text, const char *path, struct arena *a)
{
	uint8_t *data;
	size_t size;
	TRY(io_read_file(path, &data, &size, a));
	*text = (char *)data;
	if (strlen(*text) != size)
		return err_set("'%s': byte %zu is 0; this is no text", path, strlen(*text));
	return 0;
}
