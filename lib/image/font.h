/*
 * font: small letters for pictures. ASCII 32..126, five columns by nine rows; the last two rows
 * are below the base line.
 */
#ifndef IMAGE_FONT_H
#define IMAGE_FONT_H

#include <stdint.h>

enum { FONT_FIRST = 32, FONT_LAST = 126, FONT_COLUMNS = 5, FONT_ROWS = 9 };

/* One glyph: a byte a row from the top, bit 4 is the leftmost column. Other characters get a block. */
const uint8_t *font_glyph(unsigned char c);

#endif
