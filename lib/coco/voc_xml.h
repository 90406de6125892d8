/*
 * voc_xml: one annotation file of PASCAL VOC.
 */
#ifndef COCO_VOC_XML_H
#define COCO_VOC_XML_H

#include "base/arena.h"
#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

struct voc_object {
	const char *name;
	bool difficult, truncated;
	double box[4];	/* xmin ymin xmax ymax as written: pixels counted from 1, the last one inside */
};

struct voc_annotation {
	int32_t w, h;	/* 0: not written */
	int64_t n;
	struct voc_object *objects;	/* parts of objects (heads, hands) are not objects */
};

/* Error: cannot read; not XML; a number is none; an object lacks its name or box. Names file and line. */
int voc_xml_read(struct voc_annotation *v, const char *path, struct arena *a) MUST_CHECK;

#endif
