/*
 * The JSON reader and writer. With arguments it is a helper of json.t and of the benchmark:
 * "dump" prints the events of every line of stdin, "dump-runs" the same with numbers of arrays read several at a time, "count FILE"
 * reads the file and prints how many there were.
 */
#include "base/json.h"
#include "tests/tap.h"

#include <stdlib.h>
#include <unistd.h>

static void dump_text(char kind, const struct json_reader *j)
{
	putchar(kind);
	for (size_t i = 0; i < j->text_size; i++)
		printf("%02x", (unsigned char)j->text[i]);
	putchar('\n');
}

static void dump_bits(double number)
{
	union { double value; uint64_t bits; } u = { .value = number };
	printf("n%016llx", (unsigned long long)u.bits);
}

static void dump_number(const struct json_reader *j)
{
	dump_bits(j->number);
	if (j->is_integer)
		printf(" %lld", (long long)j->integer);
	putchar('\n');
}

static void dump_event(enum json_event e, const struct json_reader *j)
{
	static const char letter[] = "?{}[]ks?tf0";
	if (e == JSON_KEY || e == JSON_STRING)
		dump_text(letter[e], j);
	else if (e == JSON_NUMBER)
		dump_number(j);
	else
		printf("%c\n", letter[e]);
}

static void dump_run(struct json_reader *j)
{
	double value[3];
	size_t n = json_next_numbers(j, value, sizeof value / sizeof value[0]);
	for (size_t i = 0; i < n; i++) {
		dump_bits(value[i]);
		putchar('\n');
	}
}

/* Each line of the file is a document; its events, then "end" or the error. */
static int dump_lines(FILE *file, bool runs)
{
	char *line = NULL;
	size_t room = 0;
	ssize_t size;
	while ((size = getline(&line, &room, file)) > 0) {
		struct json_reader j;
		enum json_event e;
		if (json_open_memory(&j, line, (size_t)size, "line") != 0)
			return 1;
		while ((e = json_next(&j)) > 0) {
			dump_event(e, &j);
			if (runs)
				dump_run(&j);
		}
		puts(e == JSON_ERROR ? err_get() : "end");
		json_close(&j);
	}
	free(line);
	return 0;
}

static int count_file(const char *path)
{
	struct json_reader j;
	enum json_event e;
	long long count = 0;
	if (json_open(&j, path) != 0) {
		fprintf(stderr, "%s\n", err_get());
		return 1;
	}
	while ((e = json_next(&j)) > 0)
		count++;
	if (e == JSON_ERROR)
		fprintf(stderr, "%s\n", err_get());
	json_close(&j);
	printf("%lld\n", count);
	return e == JSON_ERROR;
}

/* The error of reading text, "" when there is none. */
static const char *error_of(const char *text, size_t size)
{
	struct json_reader j;
	enum json_event e;
	if (json_open_memory(&j, text, size, "t") != 0)
		return err_get();
	while ((e = json_next(&j)) > 0)
		;
	if (e == JSON_ERROR) {
		char *first = strdup(err_get());
		err_set("something else");
		ok(json_next(&j) == JSON_ERROR && strcmp(err_get(), first) == 0, "sticky: %s", first);
		free(first);
	}
	json_close(&j);
	return e == JSON_ERROR ? err_get() : "";
}

struct error_case {
	const char *text, *message;
};

/* What stands where it must not, and what is missing at the end. */
static const struct error_case structure_errors[] = {
	{ "", "t:1:1: the input holds no JSON value" },
	{ " \n ", "t:2:2: the input holds no JSON value" },
	{ "[1,\n 2,\n  x]", "t:3:3: a value was expected" },
	{ "[1,]", "t:1:4: a value was expected" },
	{ "[,1]", "t:1:2: a value was expected" },
	{ "[1 2]", "t:1:4: ',' or ']' was expected" },
	{ "[1}", "t:1:3: ',' or ']' was expected" },
	{ "{\"a\":1]", "t:1:7: ',' or '}' was expected" },
	{ "{\"a\" 1}", "t:1:6: ':' was expected behind a key" },
	{ "{\"a\":}", "t:1:6: a value was expected" },
	{ "{\"a\":1,}", "t:1:8: a key in double quotes was expected" },
	{ "{a:1}", "t:1:2: a key in double quotes was expected" },
	{ "{'a':1}", "t:1:2: a key in double quotes was expected" },
	{ "{1:1}", "t:1:2: a key in double quotes was expected" },
	{ "{\"a\"::1}", "t:1:6: a value was expected" },
	{ "{,}", "t:1:2: a key in double quotes was expected" },
	{ "]", "t:1:1: a value was expected" },
	{ "1 2", "t:1:3: there is more behind the end of the document" },
	{ "{}}", "t:1:3: there is more behind the end of the document" },
	{ "[] //", "t:1:4: there is more behind the end of the document" },
	{ "[", "t:1:2: the input ends inside an array" },
	{ "{\"a\":[1", "t:1:8: the input ends inside an array" },
	{ "{\"a\"", "t:1:5: the input ends inside an object" },
	{ "{", "t:1:2: the input ends inside an object" },
};

/* Quotes, escapes, surrogates and UTF-8. */
static const struct error_case string_errors[] = {
	{ "\"abc", "t:1:1: this string is not closed" },
	{ "\"abc\\", "t:1:1: this string is not closed" },
	{ "\"abc\\\"", "t:1:1: this string is not closed" },
	{ "\"a\nb\"", "t:1:3: control character 0x0a in a string" },
	{ "\"\x1f\"", "t:1:2: control character 0x1f in a string" },
	{ "\"\\x\"", "t:1:2: unknown escape in a string" },
	{ "\"\\\n\"", "t:1:2: unknown escape in a string" },
	{ "\"\\u12g4\"", "t:1:2: \\u wants four hexadecimal digits" },
	{ "\"\\u12\"", "t:1:2: \\u wants four hexadecimal digits" },
	{ "\"\\ud800\"", "t:1:2: first half of a surrogate pair without the second" },
	{ "\"\\ud800\\n\"", "t:1:2: first half of a surrogate pair without the second" },
	{ "\"\\ud800\\u0041\"", "t:1:2: first half of a surrogate pair without the second" },
	{ "\"\\udc00\"", "t:1:2: second half of a surrogate pair without the first" },
	{ "\"\xc3\xa9\x80\"", "t:1:3: malformed UTF-8 in a string" },
	{ "\"\xc0\xaf\"", "t:1:2: malformed UTF-8 in a string" },
	{ "\"\xe0\x80\xaf\"", "t:1:2: malformed UTF-8 in a string" },
	{ "\"\xed\xa0\x80\"", "t:1:2: malformed UTF-8 in a string" },
	{ "\"\xf4\x90\x80\x80\"", "t:1:2: malformed UTF-8 in a string" },
	{ "\"\xf0\x80\x80\x80\"", "t:1:2: malformed UTF-8 in a string" },
	{ "\"\xff\"", "t:1:2: malformed UTF-8 in a string" },
	{ "\"\xe2\x82\"", "t:1:2: malformed UTF-8 in a string" },
	{ "\xef\xbb\xbf{}", "t:1:1: the input starts with a byte order mark; save it as UTF-8 without one" },
	{ "\xff\xfe{", "t:1:1: a value was expected" },
};

/* Words and numbers. */
static const struct error_case word_errors[] = {
	{ "nul", "t:1:1: unknown word; true, false and null are all there are" },
	{ "True", "t:1:1: a value was expected" },
	{ "truex", "t:1:5: there is more behind the end of the document" },
	{ "NaN", "t:1:1: NaN and Infinity are not JSON" },
	{ "-Infinity", "t:1:2: malformed number" },
	{ "[-]", "t:1:3: malformed number" },
	{ "-", "t:1:2: the input ends inside a number" },
	{ "+1", "t:1:1: a value was expected" },
	{ "01", "t:1:2: there is more behind the end of the document" },
	{ "[-01]", "t:1:4: ',' or ']' was expected" },
	{ "[1.]", "t:1:4: malformed number" },
	{ ".5", "t:1:1: a value was expected" },
	{ "[1.e3]", "t:1:4: malformed number" },
	{ "[1e]", "t:1:4: malformed number" },
	{ "[1e+]", "t:1:5: malformed number" },
	{ "1e", "t:1:3: the input ends inside a number" },
	{ "0x10", "t:1:2: there is more behind the end of the document" },
	{ "1e400", "t:1:1: number too large" },
	{ "[-1e99999999999999999999]", "t:1:2: number too large" },
	{ "[\f1]", "t:1:2: a value was expected" },
	{ "{\"\xc3\xa9\":x}", "t:1:6: a value was expected" },
};

#define COUNT(table) (sizeof (table) / sizeof (table)[0])

static void test_error_cases(const struct error_case *cases, size_t n)
{
	for (size_t i = 0; i < n; i++)
		is_text(error_of(cases[i].text, strlen(cases[i].text)), cases[i].message, cases[i].message);
}

static void test_errors(void)
{
	test_error_cases(structure_errors, COUNT(structure_errors));
	test_error_cases(string_errors, COUNT(string_errors));
	test_error_cases(word_errors, COUNT(word_errors));
	is_text(error_of("[1,\0 2]", 7), "t:1:4: a NUL byte where JSON should be", "NUL between tokens");
	is_text(error_of("\"a\0b\"", 5), "t:1:3: control character 0x00 in a string", "NUL in a string");
	is_text(error_of("1\0", 2), "t:1:2: a NUL byte where JSON should be", "NUL behind the document");
}

static void test_depth(void)
{
	char text[2048];
	for (int depth = 511; depth <= 513; depth++) {
		memset(text, '[', (size_t)depth);
		memset(text + depth, ']', (size_t)depth);
		is_text(error_of(text, 2 * (size_t)depth), depth <= 512 ? "" : "t:1:513: nested deeper than 512 levels",
			"the depth is limited");
	}
}

static const char small[] = "{\"a\": [1, -2.5e1, \"x\\n\\u00e9\\ud83d\\ude00\", true, false, null, {}, []], "
	"\"\xc3\xa9\": {\"b\": \"\"}}";

/* Every cut is an error, the whole is none; so for a file and a pipe, whose ends are met elsewhere. */
static void test_cuts(void)
{
	int bad = 0;
	for (size_t size = 0; size < sizeof small - 1; size++)
		bad += error_of(small, size)[0] == '\0';
	is_int(bad, 0, "a document cut at any byte is an error");
	is_text(error_of(small, sizeof small - 1), "", "the whole is none");
}

static void test_values(void)
{
	struct json_reader j;
	ok(json_open_memory(&j, small, sizeof small - 1, "t") == 0, "open");
	ok(json_next(&j) == JSON_OBJECT_BEGIN && j.depth == 1, "object");
	ok(json_next(&j) == JSON_KEY && json_is(&j, "a") && !json_is(&j, "ab"), "key");
	ok(json_next(&j) == JSON_ARRAY_BEGIN && j.depth == 2, "array");
	ok(json_next(&j) == JSON_NUMBER && j.number == 1 && j.is_integer && j.integer == 1, "integer");
	ok(json_next(&j) == JSON_NUMBER && j.number == -25 && !j.is_integer, "number");
	ok(json_next(&j) == JSON_STRING && json_is(&j, "x\n\xc3\xa9\xf0\x9f\x98\x80"), "string with escapes");
	is_int((long long)strlen(j.text), (long long)j.text_size, "it is NUL-terminated");
	ok(json_fail(&j, "too %s", "odd") == -1, "an error of the caller");
	is_text(err_get(), "t:1:19: too odd", "names the last token's place");
	ok(json_next(&j) == JSON_ERROR, "and is sticky");
	json_close(&j);

	ok(json_open_memory(&j, small, sizeof small - 1, "t") == 0, "open");
	ok(json_next(&j) == JSON_OBJECT_BEGIN && json_next(&j) == JSON_KEY && json_skip(&j) == 0, "skip an array");
	ok(json_next(&j) == JSON_KEY && json_is(&j, "\xc3\xa9") && json_skip(&j) == 0, "skip an object");
	ok(json_next(&j) == JSON_OBJECT_END && j.depth == 0, "nothing else was skipped");
	ok(json_next(&j) == JSON_END && json_next(&j) == JSON_END, "the end stays the end");
	json_close(&j);
}

/* Tokens, escapes and characters that cross the reader's blocks, and strings longer than one. */
static void test_blocks(void)
{
	enum { SIZE = 1 << 20 };
	static const char piece[] = "\"\xf0\x9f\x98\x80\\u00e9-12\", -1234.5625, true,\n";
	char *text = malloc(SIZE + 64);
	int bad = 0;
	for (int shift = 0; shift < 32; shift++) {
		size_t size = 0, count = 0;
		text[size++] = '[';
		memset(text + size, ' ', (size_t)shift);
		size += (size_t)shift;
		while (size < SIZE - 2 * sizeof piece) {
			memcpy(text + size, piece, sizeof piece - 1);
			size += sizeof piece - 1;
			count++;
		}
		memcpy(text + size, "0]", 2);
		size += 2;
		struct json_reader j;
		bad += json_open_memory(&j, text, size, "t") != 0 || json_next(&j) != JSON_ARRAY_BEGIN;
		for (size_t i = 0; i < count; i++) {
			bad += json_next(&j) != JSON_STRING || !json_is(&j, "\xf0\x9f\x98\x80\xc3\xa9-12");
			bad += json_next(&j) != JSON_NUMBER || j.number != -1234.5625;
			bad += json_next(&j) != JSON_TRUE;
		}
		bad += json_next(&j) != JSON_NUMBER || json_next(&j) != JSON_ARRAY_END || json_next(&j) != JSON_END;
		json_close(&j);
		text[size - 1] = '}';
		char want[64];
		snprintf(want, sizeof want, "t:%zu:2: ',' or ']' was expected", count + 1);
		bad += strcmp(error_of(text, size), want) != 0;
	}
	is_int(bad, 0, "tokens across blocks, and lines counted over them");
	memset(text, 'a', SIZE);
	text[0] = text[SIZE - 1] = '"';
	struct json_reader j;
	ok(json_open_memory(&j, text, SIZE, "t") == 0 && json_next(&j) == JSON_STRING &&
	   j.text_size == SIZE - 2 && json_next(&j) == JSON_END, "a string longer than a block");
	json_close(&j);
	free(text);
}

static char *write_sample(size_t *size)
{
	char *text;
	FILE *file = open_memstream(&text, size);
	struct json_writer w;
	json_writer_init(&w, file);
	json_put_object(&w);
	json_put_key(&w, "a\"\\\n\x01\xc3\xa9\xff");
	json_put_array(&w);
	json_put_integer(&w, INT64_MIN);
	json_put_double(&w, 0.1);
	json_put_double(&w, NAN);
	json_put_double(&w, 3);
	json_put_array(&w);
	json_put_end(&w, ']');
	json_put_bool(&w, true);
	json_put_null(&w);
	json_put_end(&w, ']');
	json_put_key(&w, "b");
	json_put_object(&w);
	json_put_end(&w, '}');
	json_put_key(&w, "c");
	json_put_string(&w, "");
	json_put_end(&w, '}');
	fclose(file);
	return text;
}

static void test_writer(void)
{
	size_t size;
	char *text = write_sample(&size);
	is_text(text, "{\"a\\\"\\\\\\n\\u0001\xc3\xa9\\ufffd\":[-9223372036854775808,0.1,null,3,[],true,null],"
		"\"b\":{},\"c\":\"\"}", "the writer's text");
	is_text(error_of(text, size), "", "reads back");
	free(text);

	uint64_t state = 88172645463325252u;
	int bad = 0;
	for (int i = 0; i < 20000; i++) {
		state ^= state << 13, state ^= state >> 7, state ^= state << 17;
		union { uint64_t bits; double value; } u = { .bits = state };
		if (!isfinite(u.value))
			continue;
		FILE *file = open_memstream(&text, &size);
		struct json_writer w;
		json_writer_init(&w, file);
		json_put_double(&w, u.value);
		fclose(file);
		struct json_reader j;
		bad += json_open_memory(&j, text, size, "t") != 0 || json_next(&j) != JSON_NUMBER ||
			memcmp(&j.number, &u.value, 8) != 0;
		json_close(&j);
		free(text);
	}
	is_int(bad, 0, "doubles of random bits come back as they were");
}

static void test_open(void)
{
	struct json_reader j;
	ok(json_open(&j, "/nonexistent/x.json") == -1, "a missing file is an error");
	is_text(err_get(), "cannot open '/nonexistent/x.json': No such file or directory", "with its reason");
	ok(json_open(&j, "/") == 0 && json_next(&j) == JSON_ERROR, "a directory is an error");
	is_text(err_get(), "cannot read '/': Is a directory", "with its reason");
	json_close(&j);
}

int main(int argc, char **argv)
{
	if (argc == 2 && (strcmp(argv[1], "dump") == 0 || strcmp(argv[1], "dump-runs") == 0))
		return dump_lines(stdin, strcmp(argv[1], "dump-runs") == 0);
	if (argc == 3 && strcmp(argv[1], "count") == 0)
		return count_file(argv[2]);
	test_errors();
	test_depth();
	test_cuts();
	test_values();
	test_blocks();
	test_writer();
	test_open();
	return tap_done();
}
