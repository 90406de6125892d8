/* Atomic files: whole or not at all, leftovers taken over, no two writers. */
#include "base/io.h"
#include "tests/tap.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char directory[] = "/tmp/io-XXXXXX", path[32], temporary[64];

static bool exists(const char *name)
{
	struct stat st;
	return stat(name, &st) == 0;
}

static bool holds(const char *name, const char *text)
{
	struct arena a;
	uint8_t *data;
	size_t size;
	arena_init(&a, 4096);
	bool same = io_read_file(name, &data, &size, &a) == 0 && size == strlen(text) && memcmp(data, text, size) == 0;
	arena_release(&a);
	return same;
}

static int write_text(const char *text, bool commit)
{
	struct atomic_file f;
	TRY(atomic_open(&f, path));
	TRY(io_write(f.fd, f.path, text, strlen(text)));
	if (commit)
		return atomic_commit(&f);
	atomic_abandon(&f);
	return 0;
}

static void test_leftover(void)
{
	FILE *file = fopen(temporary, "w");
	ok(file != NULL && fputs("what a killed program had written so far", file) >= 0 && fclose(file) == 0, "a leftover");
	ok(write_text("third", true) == 0 && holds(path, "third"), "a leftover is taken over");
	ok(!exists(temporary), "and gone");
}

static void test_two_writers(void)
{
	struct atomic_file first, second;
	ok(atomic_open(&first, path) == 0, "one writer");
	ok(atomic_open(&second, path) != 0 && strstr(err_get(), "another program is writing it") != NULL, "not a second one");
	ok(exists(temporary), "whose refusal leaves the first one's file");
	ok(io_write(first.fd, first.path, "fourth", 6) == 0 && atomic_commit(&first) == 0, "the first goes on");
	ok(holds(path, "fourth"), "and has its text");
	/* One that opened the temporary before it was renamed must not write into the finished file. */
	ok(atomic_open(&first, path) == 0 && rename(temporary, path) == 0, "a temporary that was renamed, still locked");
	ok(atomic_open(&second, path) == 0 && exists(temporary), "the next writer has a file of its own");
	atomic_abandon(&second);
	free(first.temporary);
	first.temporary = NULL;
	atomic_abandon(&first);
}

static void test_failures(void)
{
	struct atomic_file f;
	ok(atomic_open(&f, "/nonexistent/x") != 0 && strstr(err_get(), "/nonexistent/x") != NULL, "a directory that is not there");
	ok(atomic_open(&f, "/dev/full") == 0, "a device opens as it is");
	ok(io_write(f.fd, f.path, "x", 1) != 0 && strstr(err_get(), "No space left") != NULL, "a full disk is said");
	atomic_abandon(&f);
	ok(exists("/dev/full"), "and not removed");
}

int main(void)
{
	if (mkdtemp(directory) == NULL)
		return 1;
	snprintf(path, sizeof path, "%s/file", directory);
	snprintf(temporary, sizeof temporary, "%s.tmp", path);
	ok(write_text("first", true) == 0 && holds(path, "first"), "commit");
	ok(write_text("second", false) == 0 && holds(path, "first"), "abandon leaves what was there");
	ok(!exists(temporary), "no temporary stays");
	test_leftover();
	test_two_writers();
	test_failures();
	unlink(path);
	rmdir(directory);
	return tap_done();
}
