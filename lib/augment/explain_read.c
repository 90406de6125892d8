/* Reads back what explain.c writes. */
#include "augment/explain.h"

#include "base/io.h"
#include "base/json.h"
#include "image/probe.h"

#include <stdlib.h>
#include <string.h>

struct augment_replay_line {
	struct sample_id id;
	int64_t seq, view;
	const char *source;
	enum augment_quirks quirks;
	struct augment_plan plan;
	unsigned seen;	/* a bit for each member of MEMBERS */
};

/* Lists while they are read: grown by doubling, in the arena. */
struct list {
	void *data;
	int64_t n, room;
};

/* The next element of a list, not cleared; NULL: memory. */
static void *list_add(struct list *list, size_t size, struct arena *a)
{
	if (list->n == list->room) {
		int64_t room = list->room > 0 ? 2 * list->room : 16;
		void *data = arena_alloc(a, (size_t)room * size);
		if (data == NULL)
			return NULL;
		if (list->n > 0)
			memcpy(data, list->data, (size_t)list->n * size);
		list->data = data;
		list->room = room;
	}
	return (uint8_t *)list->data + (size_t)list->n++ * size;
}

static int wanted(struct json_reader *j, const char *what)
{
	return json_fail(j, "%s is wanted", what);
}

static int read_integer(struct json_reader *j, int64_t low, int64_t high, int64_t *value)
{
	if (json_next(j) != JSON_NUMBER || !j->is_integer || j->integer < low || j->integer > high)
		return json_fail(j, "a whole number of %lld to %lld is wanted", (long long)low, (long long)high);
	*value = j->integer;
	return 0;
}

static int read_integers(struct json_reader *j, int n, int low, int *const *value)
{
	if (json_next(j) != JSON_ARRAY_BEGIN)
		return wanted(j, "a list");
	for (int i = 0; i < n; i++) {
		int64_t number = 0;
		TRY(read_integer(j, low, IMAGE_MAX_SIDE * 128, &number));
		*value[i] = (int)number;
	}
	return json_next(j) == JSON_ARRAY_END ? 0 : json_fail(j, "%d numbers are wanted", n);
}

static int read_bool(struct json_reader *j, bool *value)
{
	enum json_event e = json_next(j);
	if (e != JSON_TRUE && e != JSON_FALSE)
		return wanted(j, "true or false");
	*value = e == JSON_TRUE;
	return 0;
}

static int read_number(struct json_reader *j, double low, double high, double *value)
{
	if (json_next(j) != JSON_NUMBER || !(j->number >= low && j->number <= high))
		return json_fail(j, "a number of %g to %g is wanted", low, high);
	*value = j->number;
	return 0;
}

/* [[object, x, y], ...] */
static int read_spots(struct json_reader *j, struct augment_step *step, struct arena *a)
{
	struct list list = { 0 };
	enum json_event e = json_next(j);
	if (e != JSON_ARRAY_BEGIN)
		return wanted(j, "a list of spots");
	while ((e = json_next(j)) == JSON_ARRAY_BEGIN) {
		struct augment_spot *spot = list_add(&list, sizeof *spot, a);
		if (spot == NULL)
			return -1;
		TRY(read_integer(j, -1, INT32_MAX, &spot->object));
		TRY(read_number(j, 0, 1, &spot->at[0]));
		TRY(read_number(j, 0, 1, &spot->at[1]));
		if (json_next(j) != JSON_ARRAY_END)
			return wanted(j, "[object, x, y]");
	}
	step->spot = list.data;
	step->n_spots = (int)list.n;
	return e == JSON_ARRAY_END ? 0 : wanted(j, "[object, x, y]");
}

static int check_step(struct json_reader *j, const struct augment_step *step)
{
	bool spots = step->op != NULL && (step->op->sort == AUGMENT_CUTOUT || step->op->where != AUGMENT_IMAGE);
	if (step->op == NULL || spots != (step->n_spots > 0))
		return json_fail(j, "a step has an op, a value, and spots where they belong to the op");
	for (int i = 0; i < step->n_spots; i++)
		if ((step->spot[i].object >= 0) != (step->op->where != AUGMENT_IMAGE))
			return json_fail(j, "step '%s' cannot be at object %lld", step->op->name,
					 (long long)step->spot[i].object);
	return 0;
}

static int read_step(struct json_reader *j, struct augment_step *step, struct arena *a)
{
	enum json_event e;
	*step = (struct augment_step){ 0 };
	while ((e = json_next(j)) == JSON_KEY) {
		if (json_is(j, "op")) {
			if (json_next(j) != JSON_STRING)
				return wanted(j, "the name of an operation");
			step->op = augment_op_find(j->text, j->text_size);
			if (step->op == NULL)
				return json_fail(j, "there is no operation '%.40s'", j->text);
		} else if (json_is(j, "value")) {
			TRY(read_number(j, -1e4, 1e4, &step->value));
		} else if (json_is(j, "spots")) {
			TRY(read_spots(j, step, a));
		} else {
			TRY(json_skip(j));
		}
	}
	return e == JSON_OBJECT_END ? check_step(j, step) : wanted(j, "the next member");
}

static int read_steps(struct json_reader *j, struct augment_plan *plan, struct arena *a)
{
	struct list list = { 0 };
	enum json_event e = json_next(j);
	if (e != JSON_ARRAY_BEGIN)
		return wanted(j, "a list of steps");
	while ((e = json_next(j)) == JSON_OBJECT_BEGIN) {
		struct augment_step *step = list_add(&list, sizeof *step, a);
		if (step == NULL || read_step(j, step, a) != 0)
			return -1;
	}
	plan->steps = list.data;
	plan->n_steps = (int)list.n;
	return e == JSON_ARRAY_END ? 0 : wanted(j, "a step");
}

static int read_corruption(struct json_reader *j, struct corruption *one)
{
	enum json_event e;
	int64_t level = 0;
	*one = (struct corruption){ .seed = -1 };
	while ((e = json_next(j)) == JSON_KEY) {
		if (json_is(j, "kind")) {
			if (json_next(j) != JSON_STRING)
				return wanted(j, "the name of a corruption");
			one->kind = corruption_kind_find(j->text, j->text_size);
			if (one->kind == NULL)
				return json_fail(j, "there is no corruption '%.40s'", j->text);
		} else if (json_is(j, "level")) {
			TRY(read_integer(j, 1, CORRUPT_LEVELS, &level));
		} else if (json_is(j, "seed")) {
			TRY(read_integer(j, 0, CORRUPT_SEEDS - 1, &one->seed));
		} else {
			TRY(json_skip(j));
		}
	}
	one->level = (int)level;
	if (e == JSON_OBJECT_END && (one->kind == NULL || level == 0 || one->seed < 0))
		return json_fail(j, "a corruption has a kind, a level and a seed");
	return e == JSON_OBJECT_END ? 0 : wanted(j, "the next member");
}

static int read_corruptions(struct json_reader *j, struct corruptions *c, struct arena *a)
{
	struct list list = { 0 };
	enum json_event e = json_next(j);
	if (e != JSON_ARRAY_BEGIN)
		return wanted(j, "a list of corruptions");
	while ((e = json_next(j)) == JSON_OBJECT_BEGIN) {
		struct corruption *one = list_add(&list, sizeof *one, a);
		if (one == NULL || read_corruption(j, one) != 0)
			return -1;
	}
	*c = (struct corruptions){ (int)list.n, list.data };
	return e == JSON_ARRAY_END ? 0 : wanted(j, "a corruption");
}

static int read_id(struct json_reader *j, struct sample_id *id, struct arena *a)
{
	enum json_event e = json_next(j);
	*id = (struct sample_id){ 0 };
	if (e == JSON_NUMBER && j->is_integer) {
		id->number = j->integer;
		return 0;
	}
	if (e != JSON_STRING)
		return wanted(j, "a number or a name");
	id->text = arena_strndup(a, j->text, j->text_size);
	return id->text == NULL ? -1 : 0;
}

static int read_source(struct json_reader *j, const char **source, struct arena *a)
{
	if (json_next(j) != JSON_STRING)
		return wanted(j, "a text");
	*source = arena_strndup(a, j->text, j->text_size);
	return *source == NULL ? -1 : 0;
}

static int read_quirks(struct json_reader *j, enum augment_quirks *quirks)
{
	if (json_next(j) != JSON_STRING || (!json_is(j, "sane") && !json_is(j, "tpu")))
		return wanted(j, "\"sane\" or \"tpu\"");
	*quirks = json_is(j, "tpu") ? AUGMENT_TPU : AUGMENT_SANE;
	return 0;
}

static const char *const MEMBERS[] = {
	"id", "seq", "source", "quirks", "image", "steps", "late", "mirror", "scaled", "window", "canvas"
};

enum { N_MEMBERS = sizeof MEMBERS / sizeof *MEMBERS };

/* The value of MEMBERS[member]. */
static int read_member(struct json_reader *j, struct augment_replay_line *line, int member, struct arena *a)
{
	struct augment_plan *p = &line->plan;
	switch (member) {
	case 0: return read_id(j, &line->id, a);
	case 1: return read_integer(j, 0, INT64_MAX, &line->seq);
	case 2: return read_source(j, &line->source, a);
	case 3: return read_quirks(j, &line->quirks);
	case 4: return read_integers(j, 2, 1, (int *const[]){ &p->source_w, &p->source_h });
	case 5: return read_steps(j, p, a);
	case 6: return read_bool(j, &p->late);
	case 7: return read_bool(j, &p->mirror);
	case 8: return read_integers(j, 2, 1, (int *const[]){ &p->scaled_w, &p->scaled_h });
	case 9: return read_integers(j, 4, 0, (int *const[]){ &p->x, &p->y, &p->valid_w, &p->valid_h });
	default: return read_integers(j, 2, 1, (int *const[]){ &p->out_w, &p->out_h });
	}
}

static int check_plan(struct json_reader *j, const struct augment_replay_line *line)
{
	const struct augment_plan *p = &line->plan;
	for (int i = 0; i < N_MEMBERS; i++)
		if (!(line->seen >> i & 1))
			return json_fail(j, "\"%s\" is missing", MEMBERS[i]);
	if (p->valid_w < 1 || p->valid_h < 1 || p->valid_w > p->scaled_w - p->x || p->valid_h > p->scaled_h - p->y ||
	    p->valid_w > p->out_w || p->valid_h > p->out_h || p->out_w > AUGMENT_MAX_SIDE || p->out_h > AUGMENT_MAX_SIDE)
		return json_fail(j, "the window does not lie inside of the scaled image and the canvas");
	return 0;
}

static int read_line(struct json_reader *j, struct augment_replay_line *line, struct arena *a)
{
	enum json_event e = json_next(j);
	*line = (struct augment_replay_line){ 0 };
	if (e != JSON_OBJECT_BEGIN)
		return wanted(j, "an object");
	while ((e = json_next(j)) == JSON_KEY) {
		if (json_is(j, "view")) {
			TRY(read_integer(j, 0, INT32_MAX, &line->view));
			continue;
		}
		if (json_is(j, "corruptions")) {
			TRY(read_corruptions(j, &line->plan.corruptions, a));
			continue;
		}
		int member = 0;
		while (member < N_MEMBERS && !json_is(j, MEMBERS[member]))
			member++;
		if (member == N_MEMBERS) {
			TRY(json_skip(j));
			continue;
		}
		TRY(read_member(j, line, member, a));
		line->seen |= 1u << member;
	}
	if (e != JSON_OBJECT_END)
		return wanted(j, "the next member");
	TRY(check_plan(j, line));
	return json_next(j) == JSON_END ? 0 : json_fail(j, "one object a line");
}

static int by_seq(const void *a, const void *b)
{
	const struct augment_replay_line *x = a, *y = b;
	return x->seq < y->seq ? -1 : x->seq > y->seq;
}

static int read_lines(struct list *lines, char *text, const char *path, struct arena *a)
{
	long long number = 0;
	for (char *at = text, *next; *at != '\0'; at = next) {
		struct json_reader j;
		size_t length = strcspn(at, "\n");
		next = at + length + (at[length] == '\n');
		number++;
		if (length == 0)
			continue;
		struct augment_replay_line *line = list_add(lines, sizeof *line, a);
		if (line == NULL)
			return -1;
		TRY(json_open_memory(&j, at, length, path));
		int status = read_line(&j, line, a);
		json_close(&j);
		if (status != 0)
			return err_context("line %lld", number);
	}
	return 0;
}

int augment_replay_open(struct augment_replay *replay, const char *path, struct arena *a)
{
	uint8_t *text;
	size_t size;
	struct list lines = { 0 };
	TRY(io_read_file(path, &text, &size, a));
	TRY(read_lines(&lines, (char *)text, path, a));
	*replay = (struct augment_replay){ .path = path, .n = lines.n, .line = lines.data };
	if (lines.n > 0)
		qsort(replay->line, (size_t)lines.n, sizeof *replay->line, by_seq);
	return 0;
}

static bool is_of(const struct augment_replay_line *line, const struct sample *s)
{
	if ((line->id.text != NULL) != (s->id.text != NULL) || strcmp(line->source, s->source) != 0 || line->view != s->view)
		return false;
	return s->id.text != NULL ? strcmp(line->id.text, s->id.text) == 0 : line->id.number == s->id.number;
}

/* The first line with that seq, or where it would be. */
static int64_t find_seq(const struct augment_replay *replay, int64_t seq)
{
	int64_t low = 0, high = replay->n;
	while (low < high) {
		int64_t middle = low + (high - low) / 2;
		if (replay->line[middle].seq < seq)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static int check_objects(const struct augment_replay_line *line, const struct sample *s, const char *path)
{
	for (int i = 0; i < line->plan.n_steps; i++)
		for (int k = 0; k < line->plan.steps[i].n_spots; k++)
			if (line->plan.steps[i].spot[k].object >= s->n)
				return err_set("'%s' has a step at object %lld of seq %lld, which has %lld objects", path,
					       (long long)line->plan.steps[i].spot[k].object, (long long)s->seq,
					       (long long)s->n);
	return 0;
}

int augment_replay_find(struct augment_plan *plan, const struct augment_replay *replay, const struct sample *sample,
			enum augment_quirks quirks, int w, int h)
{
	int64_t i = find_seq(replay, sample->seq);
	while (i < replay->n && replay->line[i].seq == sample->seq && !is_of(&replay->line[i], sample))
		i++;
	if (i == replay->n || replay->line[i].seq != sample->seq)
		return err_set("'%s' does not say what was done to this image at seq %lld", replay->path,
			       (long long)sample->seq);
	const struct augment_replay_line *line = &replay->line[i];
	if (line->plan.source_w != w || line->plan.source_h != h)
		return err_set("'%s' is about an image of %dx%d pixels at seq %lld, not %dx%d", replay->path,
			       line->plan.source_w, line->plan.source_h, (long long)sample->seq, w, h);
	if (line->quirks != quirks)
		return err_set("'%s' was written with --quirks %s", replay->path, augment_quirks_name(line->quirks));
	TRY(check_objects(line, sample, replay->path));
	*plan = line->plan;
	return 0;
}
