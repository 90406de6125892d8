#include "record/kinds.h"

#include <string.h>

static const struct record_kind *const kinds[] = { &sample_kind, &detection_kind, &feature_kind, NULL };

const struct record_kind *record_kind_find(const char *name)
{
	for (int i = 0; kinds[i] != NULL; i++)
		if (strcmp(kinds[i]->name, name) == 0)
			return kinds[i];
	return NULL;
}

int record_view_decode(struct record_view *v, const struct record_kind *kind, const struct stream_body *body,
		       const struct stream_header *header, struct arena *a)
{
	*v = (struct record_view){ .class_label = -1 };
	if (kind == NULL)
		return 0;
	void *record = arena_alloc(a, kind->size);
	if (record == NULL)
		return -1;
	TRY(kind->decode(record, body, header, a));
	kind->view(v, record);
	return 0;
}
