/*
 * utf8: the one check of UTF-8 (RFC 3629): no overlong forms, no surrogates, nothing above U+10FFFF.
 */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stdint.h>

/* Bytes of the character at p, 1 to 4; 0 when it is malformed. Reads no further than the first wrong byte. */
int utf8_length(const char *p);

/* Columns that well-formed text takes in a terminal: none for marks that combine, two for East Asia's wide characters (UAX #11). */
int utf8_columns(const char *text);

/* Write a code point that is no surrogate; the number of bytes. */
int utf8_put(char *out, uint32_t code);

#endif
