#include "base/json_plain.h"
#include "base/json_state.h"
#include "base/utf8.h"

#include <stdlib.h>
#include <string.h>

enum scan { SCAN_BAD = -1, SCAN_WHOLE, SCAN_MORE };

/*
 * Check the string whose first byte is at p. WHOLE: *stop is its closing quote. MORE: the
 * buffer ends inside. BAD: the message is set.
 */
static enum scan scan_string(struct json_reader_state *s, char *p, char **stop, bool *escaped)
{
	*escaped = false;
	for (;;) {
		p = json_skip_plain(p);
		unsigned char c = (unsigned char)*p;
		if (c == '"') {
			*stop = p;
			return SCAN_WHOLE;
		}
		if (p == s->end || (c == '\\' && p + 1 == s->end) || (c >= 0x80 && s->end - p < 4 && !s->at_eof))
			return SCAN_MORE;
		if (c < 0x20)
			return json_fail_at(s, p, "control character 0x%02x in a string", c);
		int n = c == '\\' ? 2 : utf8_length(p);
		if (n == 0)
			return json_fail_at(s, p, "malformed UTF-8 in a string");
		*escaped |= c == '\\';
		p += n;
	}
}

/* The four hexadecimal digits at p, or -1. */
static int32_t hex4(const char *p)
{
	int32_t code = 0;
	for (int i = 0; i < 4; i++) {
		char c = p[i];
		int digit = c >= '0' && c <= '9' ? c - '0' : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10 : -1;
		if (digit < 0)
			return -1;
		code = code * 16 + digit;
	}
	return code;
}

/* p is at "\uXXXX"; *out gets the character, p moves behind it (behind both halves of a surrogate pair). */
static int unescape_unicode(struct json_reader_state *s, char **p, char **out)
{
	int32_t code = hex4(*p + 2);
	if (code < 0)
		return json_fail_at(s, *p, "\\u wants four hexadecimal digits");
	if (code >= 0xdc00 && code <= 0xdfff)
		return json_fail_at(s, *p, "second half of a surrogate pair without the first");
	if (code >= 0xd800 && code <= 0xdbff) {
		int32_t low = (*p)[6] == '\\' && (*p)[7] == 'u' ? hex4(*p + 8) : -1;
		if (low < 0xdc00 || low > 0xdfff)
			return json_fail_at(s, *p, "first half of a surrogate pair without the second");
		code = 0x10000 + (code - 0xd800) * 0x400 + (low - 0xdc00);
		*p += 6;
	}
	*p += 6;
	*out += utf8_put(*out, (uint32_t)code);
	return 0;
}

/* Resolve the escapes of from..to (the closing quote) into scratch: aside, because lines are counted in the buffer. */
static int unescape(struct json_reader *j, char *from, const char *to)
{
	static const char letter[] = "\"\"\\\\//b\bf\fn\nr\rt\t";
	struct json_reader_state *s = j->state;
	size_t size = (size_t)(to - from) + 1;
	if (size > s->scratch_room) {
		free(s->scratch);
		s->scratch = malloc(2 * size);
		s->scratch_room = s->scratch != NULL ? 2 * size : 0;
		if (s->scratch == NULL)
			return json_fail_at(s, from, "out of memory for a string of %zu bytes", size);
	}
	char *out = s->scratch;
	for (char *p = from; p < to;) {
		if (*p != '\\') {
			*out++ = *p++;
			continue;
		}
		if (p[1] == 'u') {
			TRY(unescape_unicode(s, &p, &out));
			continue;
		}
		const char *l = letter;
		while (*l != '\0' && *l != p[1])
			l += 2;
		if (*l == '\0')
			return json_fail_at(s, p, "unknown escape in a string");
		*out++ = l[1];
		p += 2;
	}
	*out = '\0';
	j->text = s->scratch;
	j->text_size = (size_t)(out - s->scratch);
	return 0;
}

int json_read_string(struct json_reader *j)
{
	struct json_reader_state *s = j->state;
	char *stop = s->p;
	bool escaped;
	enum scan scan;
	s->token = s->p;
	while ((scan = scan_string(s, s->p + 1, &stop, &escaped)) == SCAN_MORE) {
		/* The end is known only after a read that gives nothing; then the string is looked at once more. */
		bool at_eof = s->at_eof;
		if (json_refill(s) < 0)
			return -1;
		s->cut_short = at_eof;
		if (at_eof)
			return json_fail_at(s, s->token, "this string is not closed");
	}
	if (scan == SCAN_BAD)
		return -1;
	if (escaped) {
		TRY(unescape(j, s->p + 1, stop));
	} else {
		j->text = s->p + 1;
		j->text_size = (size_t)(stop - j->text);
		*stop = '\0';
	}
	s->p = stop + 1;
	return 0;
}
