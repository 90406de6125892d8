#include "coco/pack_account.h"

#include "base/json.h"

void count_add(struct stream_count *sum, int64_t records, int64_t objects)
{
	sum->records += records;
	sum->objects += objects;
}

static void put_id(struct json_writer *j, const char *key, const struct sample_id *id)
{
	json_put_key(j, key);
	if (id->text != NULL)
		json_put_string(j, id->text);
	else
		json_put_integer(j, id->number);
}

int account_reject(struct pack_account *account, const struct dataset_record *r, int64_t seq, const struct dataset_reject *object)
{
	const char *reason = object != NULL ? object->reason : r->reject;
	const char *detail = object == NULL && r->detail != NULL ? r->detail : "";
	char text[128];
	TRY(stream_trailer_reject(&account->trailer, reason, object == NULL, object != NULL ? 1 : r->n_objects,
				  &account->d->arena));
	if (account->strict && object != NULL)
		return err_set("record %lld ('%s'): object %lld: %s", (long long)seq, r->sample.file_name,
			       (long long)object->object_id, reason);
	if (account->strict)
		return err_set("record %lld (image %s, '%s'): %s%s%s", (long long)seq,
			       sample_id_text(&r->sample.id, text), r->sample.file_name, reason,
			       detail[0] != '\0' ? ": " : "", detail);
	if (account->rejects == NULL)
		return 0;
	struct json_writer j;
	json_writer_init(&j, account->rejects);
	json_put_object(&j);
	json_put_integer_of(&j, "seq", seq);
	put_id(&j, "image", &r->sample.id);
	json_put_string_of(&j, "file_name", r->sample.file_name);
	if (object != NULL)
		json_put_integer_of(&j, "object", object->object_id);
	else
		json_put_integer_of(&j, "objects", r->n_objects);
	json_put_string_of(&j, "reason", reason);
	if (detail[0] != '\0')
		json_put_string_of(&j, "detail", detail);
	json_put_end(&j, '}');
	fputc('\n', account->rejects);
	return 0;
}

int account_orphans(struct pack_account *account)
{
	struct dataset *d = account->d;
	if (d->options.unlabelled) {
		count_add(&account->trailer.deselected, 0, d->n_orphans * account->sampler->epochs);
		return 0;
	}
	for (int64_t i = 0; i < d->n_orphans * account->sampler->epochs; i++) {
		const struct dataset_orphan *o = &d->orphans[i % d->n_orphans];
		char text[128];
		TRY(stream_trailer_reject(&account->trailer, REJECT_ORPHAN, 0, 1, &d->arena));
		if (account->strict)
			return err_set("object %lld of image %s: %s", (long long)o->object_id,
				       sample_id_text(&o->image_id, text), REJECT_ORPHAN);
		if (account->rejects == NULL)
			continue;
		struct json_writer j;
		json_writer_init(&j, account->rejects);
		json_put_object(&j);
		put_id(&j, "image", &o->image_id);
		json_put_integer_of(&j, "object", o->object_id);
		json_put_string_of(&j, "reason", REJECT_ORPHAN);
		json_put_end(&j, '}');
		fputc('\n', account->rejects);
	}
	return 0;
}

void account_index(struct pack_account *account)
{
	struct sampler *s = account->sampler;
	const struct dataset *d = account->d;
	struct stream_count all = { d->n, d->n_orphans }, selected = { s->n, 0 };
	for (int64_t i = 0; i < d->n; i++)
		all.objects += d->n_objects[i];
	for (int64_t i = 0; i < s->n; i++)
		selected.objects += d->n_objects[s->selected[i]];
	struct stream_trailer *t = &account->trailer;
	t->in = (struct stream_count){ all.records * s->epochs, all.objects * s->epochs };
	count_add(&t->deselected, (all.records - selected.records) * s->epochs,
	    (all.objects - d->n_orphans - selected.objects) * s->epochs);

	int64_t start = account->start, whole = start / s->n;
	count_add(&t->deselected, selected.records * whole, selected.objects * whole);
	for (int64_t seq = whole * s->n; seq < start; seq++)
		count_add(&t->deselected, 1, d->n_objects[sampler_image(s, seq)]);
	for (int64_t seq = s->length; seq < s->epochs * s->n; seq++)
		count_add(&t->deselected, 1, d->n_objects[sampler_image(s, seq)]);
}

int account_check(const struct pack_account *account)
{
	const struct stream_trailer *t = &account->trailer;
	struct stream_count sum = t->out;
	const struct stream_reject *most = NULL;
	int64_t rejected = 0;
	count_add(&sum, t->deselected.records, t->deselected.objects);
	for (int i = 0; i < t->n_rejects; i++) {
		const struct stream_reject *r = &t->rejects[i];
		count_add(&sum, r->count.records, r->count.objects);
		rejected += r->count.records;
		if (most == NULL || r->count.records > most->count.records)
			most = r;
	}
	if (sum.records != t->in.records || sum.objects != t->in.objects)
		return err_set("'%s': the index counts %lld objects in %lld records, but %lld in %lld came", account->d->path,
			       (long long)t->in.objects, (long long)t->in.records, (long long)sum.objects,
			       (long long)sum.records);
	/* A part or the tail of a run may be unlucky; a whole run of nothing but rejects is a mistake. */
	if (rejected > 0 && t->out.records == 0 && account->start == 0 && account->sampler->options.parts == 1)
		return err_set("all %lld records were rejected, %lld of them: %s", (long long)rejected,
			       (long long)most->count.records, most->reason);
	return 0;
}
