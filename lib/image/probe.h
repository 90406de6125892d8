/*
 * probe: what the header of an encoded image says, without decoding it.
 *
 * Only bytes inside the given size are looked at, so any input is safe: a file that was
 * cut, a length that lies, an EXIF directory that points outside.
 *
 *     struct image_info info;
 *     if (image_probe(&info, bytes, size) != 0)
 *             return err_context("'%s'", path);
 *     int upright_w = info.exif > 4 ? info.h : info.w;
 */
#ifndef IMAGE_PROBE_H
#define IMAGE_PROBE_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

enum image_format { IMAGE_JPEG = 1, IMAGE_PNG = 2 };

enum {
	IMAGE_MAX_SIDE = 65535,	/* pixels; what JPEG can say */
	IMAGE_MAX_PIXELS = 1 << 27,	/* a header that asks for more is refused before anything is allocated */
};

struct image_info {
	enum image_format format;
	int w, h;	/* pixels as stored, before any EXIF turn */
	int exif;	/* EXIF orientation 1..8; 1: none, or not readable */
	int components;	/* JPEG: 1 grey, 3 colour, 4 CMYK; PNG: samples of a pixel as stored (palette: 1) */
	int bits;	/* of one sample */
	size_t scan;	/* JPEG: where the compressed data begin (the first SOS marker), bytes from the start */
};

/*
 * Read the header of a JPEG or PNG file. For JPEG the EXIF orientation (tag 0x0112 of IFD0)
 * is taken from the first APP1 segment that holds EXIF; a damaged EXIF segment counts as none,
 * as viewers do. PNG files have orientation 1.
 * Error: neither JPEG nor PNG; header cut short; no size in it; larger than the limits.
 * Source: ITU-T T.81 annex B; EXIF 2.3 section 4.5; PNG (ISO 15948) section 11.2.2.
 */
int image_probe(struct image_info *info, const void *bytes, size_t size) MUST_CHECK;

/* The orientation in the TIFF block of an EXIF segment (behind "Exif\0\0"); 1 when there is none. */
int exif_orientation(const uint8_t *tiff, size_t size);

#endif
