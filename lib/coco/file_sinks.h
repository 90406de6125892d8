/*
 * file_sinks: samples as files that other programs read: COCO JSON with images, and WebDataset's tar.
 */
#ifndef COCO_FILE_SINKS_H
#define COCO_FILE_SINKS_H

#include "coco/pack_sink.h"

struct file_sink_param {
	const char *path;	/* directory, or tar file ("-": stdout) */
	int n_categories;
	const struct category *categories;
	int n_about;
	const struct about *about;	/* what the sources say of themselves */
	int jpeg_quality;	/* of pixels; 0: PNG */
	bool new_ids;	/* unpack: annotations are numbered 1, 2, ... whatever ids they have */
};

/*
 * A directory, new or empty: for each source its images in DIR/SOURCE/, under their names, its label maps in DIR/SOURCE-labels/ as
 * NAME.png, and DIR/SOURCE.json, which is written last and appears complete or not at all.
 *
 * Two images of one name share the file when their bytes are equal. An image or annotation id that is there twice is an error,
 * so it is one epoch that can be unpacked. Annotations without ids are numbered 1, 2, ...
 *
 * pack_run() closes or abandons the sink, and this frees it. Error: the directory is not empty; cannot write; memory.
 */
int unpack_sink_open(struct pack_sink *sink, const struct file_sink_param *param) MUST_CHECK;

/*
 * A tar file of WebDataset's form, the same bytes for the same samples: for each its seq, of nine digits or more, with .jpg or .png;
 * .json, an object with "source", "image" and "annotations", which are as in COCO JSON; .cls, the
 * number of the image's class, where it has one; .semantic.png, its label map. Before them __cocopipe__/categories.json, with
 * the categories and what the sources say of themselves, which readers of WebDataset pass over.
 *
 * pack_run() closes or abandons the sink. Error: cannot write; a terminal; memory.
 */
int tar_sink_open(struct pack_sink *sink, const struct file_sink_param *param) MUST_CHECK;

#endif
