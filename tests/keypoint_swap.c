/* Which keypoints exchange their names in a mirror image. */
#include "augment/objects.h"
#include "tests/tap.h"

#include <stdlib.h>

static struct arena arena;

static const char *dog[] = { "left_ear", "nose", "right_ear", "Paw Right", "Paw Left" };
static const char *plain[] = { "l_ear", "nose", "r_ear" };
static const char *odd[] = { "left_ear", "right_ear", "left_paw" };
static const char *twice[] = { "left", "left", "right" };
static struct category categories[] = {
	{ .id = 1, .name = "dog", .n_keypoints = 5, .keypoints = dog },
	{ .id = 2, .name = "cat", .n_keypoints = 3, .keypoints = plain },
	{ .id = 3, .name = "cow", .n_keypoints = 3, .keypoints = odd },
	{ .id = 4, .name = "person" },
	{ .id = 5, .name = "twice", .n_keypoints = 3, .keypoints = twice },
};
static const struct stream_header header = { .kind = "sample", .n_categories = 5, .categories = categories };

/* "2 1 0" or "?"; NULL on an error. */
static const char *table(int category, const char *text)
{
	static char shown[100];
	struct keypoint_swap swap;
	const struct keypoint_twins *t;
	if (text != NULL && keypoint_swap_parse(&swap, text, &arena) != 0)
		return NULL;
	if (keypoint_twins_make(&t, &header, text != NULL ? &swap : NULL, &arena) != 0)
		return NULL;
	t += category;
	snprintf(shown, sizeof shown, "%s", t->most == 0 ? "?" : t->most > t->least ? "+" : "");
	for (int i = 0; i < t->least; i++)
		snprintf(shown + strlen(shown), sizeof shown - strlen(shown), " %d", t->twin[i]);
	return shown;
}

static void test_tables(void)
{
	is_text(table(0, NULL), " 2 1 0 4 3", "left and right in the names make pairs");
	is_text(table(1, NULL), "?", "other words do not");
	is_text(table(2, NULL), "?", "a left paw without a right one makes the table unknown");
	is_text(table(4, NULL), "?", "a name that is there twice does as well");
	is_text(table(3, NULL), " 0 2 1 4 3 6 5 8 7 10 9 12 11 14 13 16 15", "without names 17 are a person's");
	is_text(table(1, "l_ear=r_ear"), " 2 1 0", "the user's pair, by name");
	is_text(table(0, "l_ear=r_ear"), " 2 1 0 4 3", "which says nothing about a category with other names");
	is_text(table(1, "1=3"), " 2 1 0", "and by number");
	is_text(table(3, "1=3,2=4"), "+ 2 3 0 1", "numbers are for any number of keypoints without names");
	is_text(table(1, "l_ear=r_ear,3=1"), " 2 1 0", "a pair may be said twice, for other categories");
	is_text(table(1, "none"), " 0 1 2", "none: nobody exchanges anything");
	is_text(table(3, "none"), "+", "with any number of keypoints");
}

static void test_bad(void)
{
	static const char *const bad[] = { "", "a", "a=", "=b", "a=b,", "a=b=c", "a,b", "a=a", "a=b,c=a", ",", "a=b,,c=d" };
	int taken = 0;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct keypoint_swap swap;
		if (keypoint_swap_parse(&swap, bad[i], &arena) == 0 && printf("# '%s' is taken\n", bad[i]) > 0)
			taken++;
	}
	is_int(taken, 0, "what is no list of pairs is refused");
	ok(table(0, "l_ear=tail") == NULL, "a name that nobody has: %s", err_get());
	ok(table(1, "l_ear=r_ear,1=2") == NULL && table(1, "1=2,02=3") == NULL && table(1, "l_ear=1") == NULL,
	   "a keypoint in two pairs, by other names: %s", err_get());
	ok(table(0, "0=1") == NULL && table(0, "1=99999999999999999999") == NULL, "numbers that nobody has: %s", err_get());
}

/* A dog and a cat, mirrored: the dog's table is known, the cat's is not. */
static void test_objects(void)
{
	float points[2 * 5 * 3] = { 1, 2, 2, 3, 4, 1, 0, 0, 0, 7, 8, 2 };
	const float boxes[8] = { 0, 0, 10, 10, 0, 0, 10, 10 };
	const int32_t labels[2] = { 0, 1 };
	const double mirror[6] = { -1, 0, 10, 0, 1, 0 };
	struct objects_param how = { .boxes = OBJECTS_TIGHT };
	struct augment_loss loss = { 0 };
	struct sample in, out;
	memcpy(points + 15, points, 15 * sizeof *points);
	sample_init(&in);
	in.n = 2;
	in.boxes = boxes;
	in.labels = labels;
	in.keypoints = tensor_view(DTYPE_F32, 3, (int64_t[]){ 2, 5, 3 }, points);
	out = in;
	out.valid_w = out.valid_h = 10;
	if (keypoint_twins_make(&how.twins, &header, NULL, &arena) != 0 ||
	    augment_objects(&out, &in, mirror, &how, &loss, &arena) != 0)
		abort();
	const float want[30] = { 0, 0, 0, 6, 4, 1, 8, 2, 2, 0, 0, 0, 2, 8, 2 };
	ok(out.keypoints.data != NULL && memcmp(out.keypoints.data, want, sizeof want) == 0,
	   "the dog's exchange names, the cat's become unlabelled");
	is_int(loss.keypoints, 1, "which is counted");
}

int main(void)
{
	arena_init(&arena, 1 << 16);
	test_tables();
	test_bad();
	test_objects();
	arena_release(&arena);
	return tap_done();
}
