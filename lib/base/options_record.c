#include "base/options.h"

#include <stdio.h>

static void option_value_text(const struct option_spec *o, char *text, size_t size)
{
	const char *word = NULL;
	switch (o->kind) {
	case OPTION_KIND_FLAG:
		snprintf(text, size, "%s", *(const bool *)o->value ? "true" : "false");
		break;
	case OPTION_KIND_INT:
		snprintf(text, size, "%lld", (long long)*(const int64_t *)o->value);
		break;
	case OPTION_KIND_NUMBER:
		snprintf(text, size, "%.17g", *(const double *)o->value);
		break;
	case OPTION_KIND_TEXT:
	case OPTION_KIND_CHOICE:
		word = *(const char *const *)o->value;
		snprintf(text, size, "%s", word == NULL ? "" : word);
		break;
	case OPTION_KIND_LIST: {
		const struct option_list *list = o->value;
		size_t used = 0;
		text[0] = '\0';
		for (int i = 0; i < list->n && used < size; i++)
			used += (size_t)snprintf(text + used, size - used, "%s%s", i > 0 ? "," : "", list->value[i]);
		break;
	}
	}
}

const char *options_record_text(const struct tool_spec *tool, struct arena *a)
{
	char text[4096] = "", value[1024];
	size_t used = 0;
	for (const struct option_spec *o = tool->options; o->name != NULL || o->letter != 0; o++) {
		if (!(o->flags & OPTION_RECORDS))
			continue;
		char letter[2] = { o->letter, 0 };
		option_value_text(o, value, sizeof value);
		int n = snprintf(text + used, sizeof text - used, "%s%s=%s", used > 0 ? " " : "",
				 o->name != NULL ? o->name : letter, value);
		if (n < 0 || (size_t)n >= sizeof text - used)
			return err_null("options: the text of all options is too long for the provenance");
		used += (size_t)n;
	}
	return arena_strdup(a, text);
}
