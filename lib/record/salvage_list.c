#include "record/salvage_list.h"

#include "base/io.h"
#include "base/json.h"

#include <inttypes.h>

const char *salvage_lost_text(const struct salvage_lost *lost, char text[1024])
{
	char id[128], which[256] = "", seq[40] = "", objects[48] = "";
	if (lost->has_id)
		snprintf(which, sizeof which, ", id %s", sample_id_text(&lost->id, id));
	else if (lost->id_hash != 0)
		snprintf(which, sizeof which, ", an id of hash %016" PRIx64, lost->id_hash);
	if (lost->has_seq)
		snprintf(seq, sizeof seq, ", seq %" PRId64, lost->seq);
	if (lost->objects >= 0)
		snprintf(objects, sizeof objects, ", %" PRId64 " object%s", lost->objects, lost->objects == 1 ? "" : "s");
	if (lost->number >= 0)
		snprintf(text, 1024, "record %" PRId64 "%s%s%s: %s", lost->number, which, seq, objects, lost->reason);
	else
		snprintf(text, 1024, "a gap at byte %" PRIu64 "%s%s: %s", lost->place, which, seq, lost->reason);
	return text;
}

static void put_lost(FILE *file, const struct salvage_lost *lost)
{
	struct json_writer j;
	char hash[17];
	json_writer_init(&j, file);
	json_put_object(&j);
	if (lost->number >= 0)
		json_put_integer_of(&j, "record", lost->number);
	if (lost->has_id && lost->id.text != NULL)
		json_put_string_of(&j, "id", lost->id.text);
	else if (lost->has_id)
		json_put_integer_of(&j, "id", lost->id.number);
	if (lost->id_hash != 0) {
		snprintf(hash, sizeof hash, "%016" PRIx64, lost->id_hash);
		json_put_string_of(&j, "id_hash", hash);
	}
	if (lost->has_seq)
		json_put_integer_of(&j, "seq", lost->seq);
	if (lost->objects >= 0)
		json_put_integer_of(&j, "objects", lost->objects);
	json_put_integer_of(&j, "offset", (int64_t)lost->place);
	json_put_string_of(&j, "reason", lost->reason);
	json_put_end(&j, '}');
	fputc('\n', file);
}

int salvage_list_write(const char *path, const struct salvage_result *r)
{
	struct atomic_file f;
	TRY(atomic_fopen(&f, path));
	for (int64_t i = 0; i < r->n_lost; i++)
		put_lost(f.file, &r->lost[i]);
	return atomic_commit(&f);
}
