/* safetensors: what is written is read, by hand-made bytes too; damaged and hostile files are errors. */
#include "base/io.h"
#include "stream/safetensors.h"
#include "tests/tap.h"

#include <stdlib.h>
#include <unistd.h>

static char path[64];

static int put_file(const void *bytes, size_t size)
{
	FILE *f = fopen(path, "wb");
	if (f == NULL)
		return err_errno("cannot open '%s'", path);
	bool whole = fwrite(bytes, 1, size, f) == size;
	return fclose(f) == 0 && whole ? 0 : -1;
}

/* Open a file of this header and n_data bytes 0, 1, 2, ...; what open says. */
static int open_made(struct safetensors *s, const char *header, size_t n_data)
{
	uint8_t bytes[4096] = { 0 };
	size_t size = strlen(header);
	for (int i = 0; i < 8; i++)
		bytes[i] = (uint8_t)((uint64_t)size >> (8 * i));
	memcpy(bytes + 8, header, size);
	for (size_t i = 0; i < n_data; i++)
		bytes[8 + size + i] = (uint8_t)i;
	TRY(put_file(bytes, 8 + size + n_data));
	return safetensors_open(s, path);
}

static float weights[6] = { 1, -2, 3.5f, 0, 1e-30f, 7 };
static int64_t counter = 123456789012345;
static uint8_t label[3] = { 7, 8, 9 };

static int write_small(void)
{
	struct safetensors_item items[] = {
		{ "w", tensor_view(DTYPE_F32, 2, (int64_t[]){ 2, 3 }, weights), NULL },
		{ "a.counter", tensor_view(DTYPE_I64, 0, NULL, &counter), NULL },
		{ "label", tensor_view(DTYPE_U8, 1, (int64_t[]){ 3 }, label), NULL },
		{ "none", tensor_view(DTYPE_F32, 2, (int64_t[]){ 0, 4 }, weights), NULL },
	};
	struct safetensors_meta meta[] = { { "model", "x\"y\\z\n" }, { "step", "3" } };
	return safetensors_write(path, items, 4, meta, 2);
}

/* All tensors are there with their values. */
static bool is_small(const struct safetensors *s)
{
	const struct tensor *w = safetensors_find(s, "w"), *c = safetensors_find(s, "a.counter"), *l = safetensors_find(s, "label");
	const struct tensor *none = safetensors_find(s, "none");
	return s->n_items == 4 && w != NULL && c != NULL && l != NULL && none != NULL && w->dtype == DTYPE_F32 && w->rank == 2 &&
	       w->dim[0] == 2 && w->dim[1] == 3 && memcmp(w->data, weights, sizeof weights) == 0 && c->dtype == DTYPE_I64 &&
	       c->rank == 0 && *(const int64_t *)c->data == counter && l->dtype == DTYPE_U8 && l->dim[0] == 3 &&
	       memcmp(l->data, label, 3) == 0 && none->dim[0] == 0;
}

static void test_round_trip(void)
{
	struct safetensors s;
	if (!ok(write_small() == 0 && safetensors_open(&s, path) == 0, "written and opened %s", err_get()))
		return;
	ok(is_small(&s), "tensors come back with shape and values");
	is_text(safetensors_find_meta(&s, "model"), "x\"y\\z\n", "metadata too, with quotes and line ends");
	ok(safetensors_find(&s, "v") == NULL && safetensors_find_meta(&s, "v") == NULL, "what is not there is NULL");
	ok(safetensors_find_meta(&s, "xxh3") != NULL, "a hash was added");
	safetensors_close(&s);
}

/* A header as another program would write it: no metadata, order of its own, spaces at the end. */
static void test_foreign(void)
{
	struct safetensors s;
	static const char header[] = "{\"b\":{\"dtype\":\"I32\",\"shape\":[1],\"data_offsets\":[5,9]},"
				     "\"a\":{\"shape\":[5],\"data_offsets\":[0,5],\"dtype\":\"U8\"}}   ";
	if (!ok(open_made(&s, header, 9) == 0, "a file of another program %s", err_get()))
		return;
	const struct tensor *a = safetensors_find(&s, "a"), *b = safetensors_find(&s, "b");
	ok(a != NULL && b != NULL && ((const uint8_t *)a->data)[4] == 4, "has its tensors");
	ok(b != NULL && (uintptr_t)b->data % 4 == 0 && *(const int32_t *)b->data == 0x08070605,
	   "and one that lay at an odd place is aligned");
	safetensors_close(&s);
}

static void refused(const char *name, const char *header, size_t n_data, const char *message)
{
	struct safetensors s;
	int status = open_made(&s, header, n_data);
	if (!ok(status == -1 && strstr(err_get(), message) != NULL, "%s: '%s'", name, message))
		printf("# %s\n", status == 0 ? "it was opened" : err_get());
	if (status == 0)
		safetensors_close(&s);
}

#define TENSOR(name, dtype, shape, offsets) \
	"\"" name "\":{\"dtype\":\"" dtype "\",\"shape\":" shape ",\"data_offsets\":" offsets "}"

static void test_hostile(void)
{
	refused("a list", "[]", 0, "must be an object");
	refused("cut JSON", "{\"a\":", 0, path);
	refused("text behind the header", "{} {}", 0, path);
	refused("unknown dtype", "{" TENSOR("a", "F8", "[1]", "[0,1]") "}", 1, "dtype F8 is not supported");
	refused("no shape", "{\"a\":{\"dtype\":\"U8\",\"data_offsets\":[0,1]}}", 1, "needs dtype, shape and data_offsets");
	refused("offsets behind the end", "{" TENSOR("a", "U8", "[4]", "[0,4]") "}", 3, "do not fit shape and file");
	refused("offsets that go backwards", "{" TENSOR("a", "U8", "[1]", "[2,1]") "}", 3, "do not fit");
	refused("a shape smaller than the data", "{" TENSOR("a", "F32", "[1]", "[0,8]") "}", 8, "do not fit");
	refused("a negative size", "{" TENSOR("a", "U8", "[-1]", "[0,1]") "}", 1, "whole numbers");
	refused("a size with a fraction", "{" TENSOR("a", "U8", "[1.5]", "[0,1]") "}", 1, "whole numbers");
	refused("a product that wraps around", "{" TENSOR("a", "F32", "[4294967296,4294967296,4]", "[0,0]") "}", 0,
		"too large");
	refused("too many dimensions", "{" TENSOR("a", "U8", "[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]", "[0,1]") "}", 1,
		"whole numbers");
	refused("three offsets", "{" TENSOR("a", "U8", "[1]", "[0,1,2]") "}", 3, path);
	refused("one offset", "{" TENSOR("a", "U8", "[1]", "[0]") "}", 3, "two numbers");
	refused("two of a name", "{" TENSOR("a", "U8", "[1]", "[0,1]") "," TENSOR("a", "U8", "[1]", "[1,2]") "}", 2,
		"two tensors named 'a'");
	refused("metadata of numbers", "{\"__metadata__\":{\"a\":1}}", 0, "metadata must be text");
	refused("metadata as a list", "{\"__metadata__\":[]}", 0, "must be an object");
	refused("a wrong hash", "{\"__metadata__\":{\"xxh3\":\"0\"}," TENSOR("a", "U8", "[1]", "[0,1]") "}", 1,
		"hash of its data does not match");
	struct safetensors s;
	static const uint8_t huge[] = { 255, 255, 255, 255, 255, 255, 255, 255, '{', '}' };
	ok(put_file(huge, sizeof huge) == 0 && safetensors_open(&s, path) == -1, "a header longer than the file");
	ok(put_file("", 0) == 0 && safetensors_open(&s, path) == -1, "an empty file");
}

/* Cut at every byte: an error. Every bit of every byte flipped: an error, or what was written. */
static void test_damage(void)
{
	struct arena a;
	struct safetensors s;
	uint8_t *bytes;
	size_t size;
	arena_init(&a, 1 << 16);
	if (!ok(write_small() == 0 && io_read_file(path, &bytes, &size, &a) == 0, "a file to damage"))
		return;
	int opened = 0, wrong = 0, data_flips = 0;
	uint64_t header = bytes[0] + 256u * bytes[1];
	for (size_t cut = 0; cut < size; cut++)
		if (put_file(bytes, cut) == 0 && safetensors_open(&s, path) == 0) {
			opened++;
			safetensors_close(&s);
		}
	is_int(opened, 0, "a file cut at any byte is an error");
	for (size_t bit = 0; bit < 8 * size; bit++) {
		bytes[bit / 8] ^= (uint8_t)(1u << (bit % 8));
		if (put_file(bytes, size) == 0 && safetensors_open(&s, path) == 0) {
			/* Names and metadata are not hashed; a renamed tensor is missed by whoever looks for it. */
			for (int i = 0; i < s.n_items; i++) {
				const struct tensor *t = &s.items[i].tensor;
				wrong += tensor_bytes(t) > size;
			}
			data_flips += bit / 8 >= 8 + header;
			safetensors_close(&s);
		}
		bytes[bit / 8] ^= (uint8_t)(1u << (bit % 8));
	}
	is_int(data_flips, 0, "every flipped bit of the data is an error");
	is_int(wrong, 0, "no flipped bit makes a tensor larger than the file");
	arena_release(&a);
}

int main(void)
{
	snprintf(path, sizeof path, "%s/safetensors-test-%ld", access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp", (long)getpid());
	test_round_trip();
	test_foreign();
	test_hostile();
	test_damage();
	struct safetensors_item item = { "w", tensor_view(DTYPE_F32, 1, (int64_t[]){ 6 }, weights), NULL };
	ok(safetensors_write("/dev/full", &item, 1, NULL, 0) == -1 && strstr(err_get(), "No space left") != NULL, "a full disk");
	ok(safetensors_open(&(struct safetensors){ 0 }, "/nonexistent/x") == -1, "no file");
	unlink(path);
	return tap_done();
}
