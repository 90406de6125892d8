#include "base/error.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { MESSAGE_SIZE = 2048 };

static _Thread_local char message[MESSAGE_SIZE];

int err_set(const char *format, ...)
{
	/* The arguments may point into the old message, so it is built aside. */
	char text[MESSAGE_SIZE];
	va_list args;
	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	memcpy(message, text, sizeof message);
	return -1;
}

void *err_null(const char *format, ...)
{
	char text[MESSAGE_SIZE];
	va_list args;
	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	memcpy(message, text, sizeof message);
	return NULL;
}

int err_errno(const char *format, ...)
{
	int error = errno;
	char text[MESSAGE_SIZE];
	va_list args;
	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	snprintf(message, sizeof message, "%.1500s: %s", text, strerror(error));
	return -1;
}

int err_context(const char *format, ...)
{
	char text[MESSAGE_SIZE];
	va_list args;
	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	size_t used = strlen(message), room = sizeof message - used;
	int wanted = snprintf(message + used, room, " (%s)", text);
	/* What does not fit is cut, where a reader can see it. */
	if (wanted >= (int)room)
		memcpy(message + sizeof message - 4, "...", 4);
	return -1;
}

const char *err_get(void)
{
	return message;
}
