#include "coco/voc_xml.h"

#include "base/io.h"

#include <expat.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_ROOM = 1024, PATH_ROOM = 256, MAX_DEPTH = 16 };

struct voc_parse {
	XML_Parser parser;
	const char *path;
	struct arena *arena;
	struct voc_annotation *v;
	struct voc_object object;	/* the one that is being read */
	unsigned seen;	/* bits of the numbers of its box */
	char element[PATH_ROOM];	/* "annotation/object/name": where we are */
	size_t parent[MAX_DEPTH];	/* length of element without its last part */
	int depth;
	char text[TEXT_ROOM];	/* character data of the innermost element */
	size_t text_size;
	bool failed;	/* the message is set */
};

PRINTF_LIKE(2, 3) static void fail(struct voc_parse *p, const char *format, ...)
{
	char reason[512];
	va_list args;
	if (p->failed)
		return;
	va_start(args, format);
	vsnprintf(reason, sizeof reason, format, args);
	va_end(args);
	err_set("%s:%lu:%lu: %s", p->path, XML_GetCurrentLineNumber(p->parser),
		XML_GetCurrentColumnNumber(p->parser) + 1, reason);
	p->failed = true;
	XML_StopParser(p->parser, XML_FALSE);
}

static void XMLCALL on_start(void *context, const XML_Char *name, const XML_Char **attributes)
{
	struct voc_parse *p = context;
	size_t used = strlen(p->element), size = strlen(name);
	(void)attributes;
	if (p->failed)
		return;
	if (p->depth == MAX_DEPTH || used + size + 2 > sizeof p->element) {
		fail(p, "nested too deeply");
		return;
	}
	if (p->depth == 0 && strcmp(name, "annotation") != 0)
		fail(p, "the root must be <annotation>, not <%.64s>", name);
	p->parent[p->depth++] = used;
	if (used > 0)
		p->element[used++] = '/';
	memcpy(p->element + used, name, size + 1);
	p->text_size = 0;
	if (strcmp(p->element, "annotation/object") == 0) {
		p->object = (struct voc_object){ 0 };
		p->seen = 0;
	}
}

static void XMLCALL on_text(void *context, const XML_Char *text, int size)
{
	struct voc_parse *p = context;
	/* What does not fit is longer than any name or number that is looked at. */
	size_t room = sizeof p->text - 1 - p->text_size;
	size_t n = (size_t)size < room ? (size_t)size : room;
	memcpy(p->text + p->text_size, text, n);
	p->text_size += n;
}

/* The text without the space around it. */
static char *trimmed(struct voc_parse *p)
{
	static const char space[] = " \t\r\n";
	p->text[p->text_size] = '\0';
	char *start = p->text + strspn(p->text, space);
	size_t size = strlen(start);
	while (size > 0 && strchr(space, start[size - 1]) != NULL)
		size--;
	start[size] = '\0';
	return start;
}

static double number(struct voc_parse *p, const char *name)
{
	char *text = trimmed(p), *end;
	double value = strtod(text, &end);
	if (end == text || *end != '\0' || !isfinite(value))
		fail(p, "<%s> must be a number, not '%.64s'", name, text);
	return value;
}

static int32_t side(struct voc_parse *p, const char *name)
{
	double value = number(p, name);
	if (!p->failed && !(value >= 0 && value <= INT32_MAX && value == floor(value)))
		fail(p, "<%s> must be a number of pixels, not %g", name, value);
	return p->failed ? 0 : (int32_t)value;
}

static void add_object(struct voc_parse *p)
{
	struct voc_annotation *v = p->v;
	if (p->object.name == NULL || p->seen != 15) {
		fail(p, "this object has no %s", p->object.name == NULL ? "<name>" : "complete <bndbox>");
		return;
	}
	if ((v->n & (v->n - 1)) == 0) {
		struct voc_object *larger = arena_calloc(p->arena, v->n > 0 ? 2 * (size_t)v->n : 1, sizeof *larger);
		if (larger == NULL) {
			fail(p, "out of memory");
			return;
		}
		if (v->n > 0)
			memcpy(larger, v->objects, (size_t)v->n * sizeof *larger);
		v->objects = larger;
	}
	v->objects[v->n++] = p->object;
}

static void end_of_object_field(struct voc_parse *p, const char *field)
{
	static const char *const corner[] = { "bndbox/xmin", "bndbox/ymin", "bndbox/xmax", "bndbox/ymax" };
	if (strcmp(field, "name") == 0) {
		p->object.name = arena_strdup(p->arena, trimmed(p));
		if (p->object.name == NULL)
			fail(p, "out of memory");
	} else if (strcmp(field, "truncated") == 0) {
		p->object.truncated = number(p, "truncated") != 0;
	} else if (strcmp(field, "difficult") == 0) {
		p->object.difficult = number(p, "difficult") != 0;
	}
	for (int i = 0; i < 4; i++)
		if (strcmp(field, corner[i]) == 0) {
			p->object.box[i] = number(p, corner[i] + strlen("bndbox/"));
			p->seen |= 1u << i;
		}
}

static void XMLCALL on_end(void *context, const XML_Char *name)
{
	static const char in_object[] = "annotation/object/";
	struct voc_parse *p = context;
	(void)name;
	if (p->failed)
		return;
	if (strcmp(p->element, "annotation/size/width") == 0)
		p->v->w = side(p, "width");
	else if (strcmp(p->element, "annotation/size/height") == 0)
		p->v->h = side(p, "height");
	else if (strcmp(p->element, "annotation/object") == 0)
		add_object(p);
	else if (strncmp(p->element, in_object, sizeof in_object - 1) == 0)
		end_of_object_field(p, p->element + sizeof in_object - 1);
	p->element[p->parent[--p->depth]] = '\0';
	p->text_size = 0;
}

int voc_xml_read(struct voc_annotation *v, const char *path, struct arena *a)
{
	uint8_t *data;
	size_t size;
	*v = (struct voc_annotation){ 0 };
	TRY(io_read_file(path, &data, &size, a));
	if (size > INT32_MAX)
		return err_set("'%s' is too large for an annotation", path);
	struct voc_parse p = { .path = path, .arena = a, .v = v, .parser = XML_ParserCreate(NULL) };
	if (p.parser == NULL)
		return err_set("out of memory");
	XML_SetUserData(p.parser, &p);
	XML_SetElementHandler(p.parser, on_start, on_end);
	XML_SetCharacterDataHandler(p.parser, on_text);
	if (XML_Parse(p.parser, (const char *)data, (int)size, 1) != XML_STATUS_OK)
		fail(&p, "%s", XML_ErrorString(XML_GetErrorCode(p.parser)));
	XML_ParserFree(p.parser);
	return p.failed ? -1 : 0;
}
