/*
 * label_store: pseudo labels in a directory, for a job that comes again and again and labels only what is new.
 *
 *     STORE/.lock               held while a job runs
 *     STORE/KEY/000001.pack     labelled images; KEY tells teacher and options, so that labels of different ones never meet
 *     STORE/KEY/left-out.jsonl  images without labels: damaged ones, and those the teacher is not sure of
 *     STORE/KEY/report.txt, .json, .svg   of the last job that labelled anything
 *     STORE/latest              a link to the KEY of the last job that ended well
 *
 * An image is known by the hash of its bytes, which is its id. Packs and lists appear whole or not at all, and the lock dies with its
 * process, so a job can be killed at any moment: what it had not published is new to the next one.
 *
 *     struct label_store store;
 *     switch (label_store_lock(&store, "labels")) { case 0: somebody else runs; case 1: it is ours }
 *     TRY(label_store_open(&store, key));
 *     TRY(label_store_find(&store, "incoming"));      // store.n_new
 *     TRY(label_store_run(&store, &labeller, &header));
 *     label_store_close(&store);
 */
#ifndef TRAIN_LABEL_STORE_H
#define TRAIN_LABEL_STORE_H

#include "coco/image_names.h"
#include "train/labeller.h"

struct label_set;

struct label_store {
	const char *path, *watch;
	const char *directory;	/* STORE/KEY */
	int lock;	/* -1: not held */
	int64_t n_packs, n_labelled, n_objects, n_left_out;	/* before this job */
	struct label_set *known;	/* hashes of ids */
	/* New images: */
	int64_t n_files, n_new;
	int64_t n_vanished;	/* went or changed while they were looked at: next time */
	const char **new_name;	/* [n_new] below watch */
	const char **new_id;	/* [n_new] */
	int chunk;	/* images of a pack; set by the caller */
	int (*progress)(void *context, int64_t done, int64_t total);	/* or NULL; non-zero: stop, as after the last image */
	void *progress_context;
	/* Of the job under way: */
	const struct stream_header *header;
	struct stream_writer writer;
	int64_t in_pack;
	bool writing, dirty;
	char *left_out;	/* lines of the list */
	size_t left_out_size, left_out_room;
	struct arena arena;
};

/* The directory is made when it is not there. 1: locked; 0: another process holds it; -1. */
int label_store_lock(struct label_store *s, const char *path) MUST_CHECK;

/* Read what is there under this key. Error: a damaged pack, naming it. */
int label_store_open(struct label_store *s, const char *key) MUST_CHECK;

/* Look for images that are not there yet. Error: the directory cannot be read. */
int label_store_find(struct label_store *s, const char *watch) MUST_CHECK;

/* Label the new ones; each full pack is published at once. header is that of the packs. */
int label_store_run(struct label_store *s, struct labeller *l, const struct stream_header *header) MUST_CHECK;

/* Write the reports, and let STORE/latest point here. */
int label_store_finish(struct label_store *s, const struct label_report *r) MUST_CHECK;

/* Give up the lock; what was not published is gone. */
void label_store_close(struct label_store *s);

#endif
