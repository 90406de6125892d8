#include "image/image_size.h"

#include <stdlib.h>

int image_size_parse(const char *text, int *w, int *h, bool *square)
{
	char *end;
	long first = strtol(text, &end, 10), second = first;
	bool one = *end == '\0' && end != text;
	if (!one) {
		if (end == text || *end != 'x')
			return err_set("a size is N or WxH in pixels, not '%s'", text);
		const char *rest = end + 1;
		second = strtol(rest, &end, 10);
		if (end == rest || *end != '\0')
			return err_set("a size is N or WxH in pixels, not '%s'", text);
	}
	if (first < 1 || second < 1 || first > 65535 || second > 65535)
		return err_set("a size must be between 1 and 65535 pixels, not '%s'", text);
	*w = (int)first;
	*h = (int)second;
	*square = one;
	return 0;
}
