#include "base/io.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

int io_write(int fd, const char *name, const void *data, size_t size)
{
	const char *rest = data;
	while (size > 0) {
		ssize_t n = write(fd, rest, size);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_errno("cannot write '%s'", name);
		rest += n;
		size -= (size_t)n;
	}
	return 0;
}

ssize_t io_read_some(int fd, const char *name, void *data, size_t least, size_t most)
{
	char *to = data;
	size_t got = 0;
	while (got < least) {
		ssize_t n = read(fd, to + got, most - got);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_errno("cannot read '%s'", name);
		if (n == 0)
			break;
		got += (size_t)n;
	}
	return (ssize_t)got;
}

ssize_t io_read(int fd, const char *name, void *data, size_t size)
{
	return io_read_some(fd, name, data, size, size);
}

int io_open_unnamed(void)
{
	const char *wish = getenv("TMPDIR"), *const directories[] = { "/var/tmp", "/tmp" };
	bool chosen = wish != NULL && wish[0] != '\0';
	int fd = -1;
	for (int i = 0; i < (chosen ? 1 : 2) && fd < 0; i++) {
		char path[4096];
		int size = snprintf(path, sizeof path, "%s/cocopipe.XXXXXX", chosen ? wish : directories[i]);
		fd = size < (int)sizeof path ? mkostemp(path, O_CLOEXEC) : -1;
		if (fd >= 0)
			unlink(path);
	}
	return fd >= 0 ? fd : err_errno("cannot make a temporary file%s%s", chosen ? " in " : "", chosen ? wish : "");
}

static int read_growing(int fd, const char *path, uint8_t **data, size_t *size, struct arena *a)
{
	struct stat st;
	if (fstat(fd, &st) != 0)
		return err_errno("cannot read '%s'", path);
	if (S_ISDIR(st.st_mode))
		return err_set("cannot read '%s': it is a directory", path);
	size_t room = st.st_size > 0 ? (size_t)st.st_size : 4096;
	uint8_t *bytes = arena_alloc(a, room + 1);
	*size = 0;
	while (bytes != NULL) {
		ssize_t n = io_read(fd, path, bytes + *size, room + 1 - *size);
		if (n < 0)
			return -1;
		*size += (size_t)n;
		if (*size <= room)
			break;
		/* A pipe, or a file that grew: go on in a larger piece. */
		uint8_t *larger = arena_alloc(a, 4 * room + 1);
		if (larger != NULL)
			memcpy(larger, bytes, *size);
		bytes = larger;
		room *= 4;
	}
	if (bytes == NULL)
		return err_context("reading '%s'", path);
	bytes[*size] = 0;
	*data = bytes;
	return 0;
}

int io_read_file(const char *path, uint8_t **data, size_t *size, struct arena *a)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return err_errno("cannot open '%s'", path);
	int status = read_growing(fd, path, data, size, a);
	close(fd);
	return status;
}

static bool is_device(const char *path)
{
	struct stat st;
	return stat(path, &st) == 0 && !S_ISREG(st.st_mode);
}

static bool is_named(int fd, const char *path)
{
	struct stat open_file, named;
	return fstat(fd, &open_file) == 0 && stat(path, &named) == 0 && open_file.st_dev == named.st_dev &&
		open_file.st_ino == named.st_ino;
}

static int close_temporary(struct atomic_file *f)
{
	close(f->fd);
	f->fd = -1;
	return -1;
}

/*
 * The temporary has one name per path, so that what a kill left behind is taken over by the next run
 * instead of piling up. The lock tells such a leftover from a file that somebody is writing. Its holder renames
 * or removes the file before unlocking it, so whoever gets the lock late looks whether the name is still its file's.
 */
static int open_temporary(struct atomic_file *f)
{
	for (;;) {
		f->fd = open(f->temporary, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
		if (f->fd < 0)
			return err_errno("cannot write '%s'", f->path);
		if (flock(f->fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
			err_set("cannot write '%s': another program is writing it", f->path);
			return close_temporary(f);
		}
		if (is_named(f->fd, f->temporary))
			break;
		close_temporary(f);
	}
	return ftruncate(f->fd, 0) == 0 ? 0 : err_errno("cannot write '%s'", f->path);
}

static int open_path(struct atomic_file *f)
{
	if (is_device(f->path)) {
		f->fd = open(f->path, O_WRONLY | O_CLOEXEC);
		return f->fd >= 0 ? 0 : err_errno("cannot write '%s'", f->path);
	}
	if (asprintf(&f->temporary, "%s.tmp", f->path) < 0) {
		f->temporary = NULL;
		return err_set("out of memory");
	}
	return open_temporary(f);
}

int atomic_open(struct atomic_file *f, const char *path)
{
	*f = (struct atomic_file){ .fd = -1, .path = strdup(path) };
	if (f->path == NULL)
		return err_set("out of memory");
	if (open_path(f) == 0)
		return 0;
	atomic_abandon(f);
	return -1;
}

int atomic_fopen(struct atomic_file *f, const char *path)
{
	TRY(atomic_open(f, path));
	f->file = fdopen(f->fd, "w");
	if (f->file != NULL)
		return 0;
	err_errno("cannot write '%s'", path);
	atomic_abandon(f);
	return -1;
}

static int sync_directory_of(const char *path)
{
	char *copy = strdup(path);
	if (copy == NULL)
		return err_set("out of memory");
	int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	free(copy);
	if (fd < 0)
		return err_errno("cannot open the directory of '%s'", path);
	/* Some file systems cannot sync a directory; the rename itself has been made. */
	if (fsync(fd) != 0 && errno != EINVAL && errno != EROFS) {
		err_errno("cannot sync the directory of '%s'", path);
		close(fd);
		return -1;
	}
	close(fd);
	return 0;
}

static int flush_all(struct atomic_file *f)
{
	if (f->file != NULL && (ferror(f->file) || fflush(f->file) != 0))
		return err_errno("cannot write '%s'", f->path);
	if (f->temporary != NULL && fsync(f->fd) != 0)
		return err_errno("cannot write '%s'", f->path);
	return 0;
}

static int close_file(struct atomic_file *f)
{
	int status = f->file != NULL ? fclose(f->file) : close(f->fd);
	f->file = NULL;
	f->fd = -1;
	return status == 0 ? 0 : err_errno("cannot write '%s'", f->path);
}

static int rename_temporary(struct atomic_file *f)
{
	if (f->temporary == NULL)
		return 0;
	if (rename(f->temporary, f->path) != 0)
		return err_errno("cannot rename '%s' to '%s'", f->temporary, f->path);
	free(f->temporary);
	f->temporary = NULL;
	return sync_directory_of(f->path);
}

int atomic_commit(struct atomic_file *f)
{
	int status = flush_all(f);
	if (status == 0)
		status = rename_temporary(f);
	if (status == 0)
		status = close_file(f);
	atomic_abandon(f);
	return status;
}

void atomic_abandon(struct atomic_file *f)
{
	/* Without an open file the temporary, if there is one, is somebody else's. */
	if (f->temporary != NULL && f->fd >= 0)
		unlink(f->temporary);
	if (f->file != NULL)
		fclose(f->file);
	else if (f->fd >= 0)
		close(f->fd);
	free(f->temporary);
	free(f->path);
	*f = (struct atomic_file){ .fd = -1 };
}

int io_check_writable(const char *path)
{
	struct atomic_file f;
	/* Who reads a pipe would take opening and closing it for the end. */
	if (is_device(path))
		return access(path, W_OK) == 0 ? 0 : err_errno("cannot write '%s'", path);
	TRY(atomic_open(&f, path));
	atomic_abandon(&f);
	return 0;
}
