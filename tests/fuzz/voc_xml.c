/* VOC's annotations: any bytes give objects that are complete, or an error that names the file. */
#include "fuzz.h"

#include "coco/voc_xml.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena;
	struct voc_annotation v;
	char path[32];
	int fd = fuzz_file(path, data, size);
	arena_init(&arena, 1 << 12);
	if (voc_xml_read(&v, path, &arena) != 0) {
		if (strstr(err_get(), path) == NULL)
			abort();
	} else {
		if (v.w < 0 || v.h < 0)
			abort();
		for (int64_t i = 0; i < v.n; i++)
			for (int k = 0; k < 4; k++)
				if (v.objects[i].name == NULL || !isfinite(v.objects[i].box[k]))
					abort();
	}
	arena_release(&arena);
	close(fd);
	return 0;
}
