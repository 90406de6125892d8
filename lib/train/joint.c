#include "train/joint.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_RATIO 1000.0

/* "1:0.5" into numbers; how many, or -1. */
static int parse_list(const char *option, const char *text, double value[BATCH_MAX_SOURCES])
{
	int n = 0;
	for (const char *at = text;; at++) {
		char *end;
		bool digit = (*at >= '0' && *at <= '9') || *at == '.';
		double x = digit ? strtod(at, &end) : -1;
		if (n == BATCH_MAX_SOURCES)
			return err_set("--%s '%s': more than %d sources", option, text, (int)BATCH_MAX_SOURCES);
		if (!digit || (*end != ':' && *end != '\0') || !(x >= 0 && x <= 1e6))
			return err_set("--%s '%s': must be numbers from 0 on, one for each source, like 1:0.5", option, text);
		value[n++] = x;
		if (*end == '\0')
			return n;
		at = end;
	}
}

static int check_quota(const char *text, int64_t batch)
{
	double value[BATCH_MAX_SOURCES], sum = 0;
	int n = parse_list("quota", text, value);
	if (n < 0)
		return -1;
	for (int i = 0; i < n; i++) {
		if (value[i] != floor(value[i]))
			return err_set("--quota '%s': must be whole numbers of images", text);
		sum += value[i];
	}
	return sum == (double)batch ? 0 : err_set("--quota '%s' is %g images, but a batch has %" PRId64, text, sum, batch);
}

int joint_check_options(const struct joint_options *o, int64_t batch)
{
	double value[BATCH_MAX_SOURCES], sum = 0;
	if (o->quota != NULL)
		TRY(check_quota(o->quota, batch));
	if (o->weights == NULL)
		return 0;
	if (o->alpha > 0)
		return err_set("--joint-alpha weighs the sources itself; leave out --source-weights");
	int n = parse_list("source-weights", o->weights, value);
	for (int i = 0; i < n; i++)
		sum += value[i];
	return n < 0 ? -1 : sum > 0 ? 0 : err_set("--source-weights '%s': all are 0", o->weights);
}

/* The names of tmix's inputs: "inputs=human,pseudo" among the words of its link, the last in the chain. */
static int find_names(struct joint *j, const struct stream_header *header, struct arena *a)
{
	const char *at = NULL;
	for (int i = header->n_provenance - 1; i >= 0 && at == NULL; i--)
		if (strcmp(header->provenance[i].tool, "tmix") == 0)
			at = strstr(header->provenance[i].options, " inputs=");
	if (at == NULL)
		return err_set("the input has no sources to train on jointly; mix them with tmix");
	for (at += strlen(" inputs="); *at != '\0' && *at != ' '; at += *at == ',') {
		size_t size = strcspn(at, ", ");
		if (j->sources.n == BATCH_MAX_SOURCES)
			return err_set("the input is a mixture of more than %d sources", (int)BATCH_MAX_SOURCES);
		if ((j->name[j->sources.n++] = arena_strndup(a, at, size)) == NULL)
			return -1;
		at += size;
	}
	return 0;
}

static int check_count(const struct joint *j, const char *option, int n)
{
	return n == j->sources.n ? 0 : err_set("--%s is for %d sources, but the input is a mixture of %d", option, n, j->sources.n);
}

int joint_init(struct joint *j, const struct joint_options *o, const struct stream_header *header, struct arena *a)
{
	double value[BATCH_MAX_SOURCES];
	*j = (struct joint){ .on = o->weights != NULL || o->alpha > 0, .alpha = o->alpha, .decay = o->decay };
	if (!j->on && o->quota == NULL)
		return 0;
	TRY(find_names(j, header, a));
	if (o->quota != NULL)
		TRY(check_count(j, "quota", parse_list("quota", o->quota, value)));
	for (int i = 0; o->quota != NULL && i < j->sources.n; i++)
		j->quota[i] = (int)value[i];
	if (o->weights != NULL)
		TRY(check_count(j, "source-weights", parse_list("source-weights", o->weights, j->sources.weight)));
	return o->alpha > 0 ? check_count(j, "joint-alpha", 2) : 0;
}

const struct batch_sources *joint_weights(struct joint *j)
{
	if (!j->on)
		return NULL;
	if (j->alpha > 0) {
		bool known = j->seen[0] > 0 && j->seen[1] > 0;
		double ratio = !known ? 1 : j->mean[0] < MAX_RATIO * j->mean[1] ? j->mean[0] / j->mean[1] : MAX_RATIO;
		j->sources.weight[0] = 1 / (1 + j->alpha);
		j->sources.weight[1] = j->alpha / (1 + j->alpha) * ratio;
	}
	return &j->sources;
}

int joint_take(struct joint *j, const struct batch *b, const struct model_loss *loss)
{
	int64_t images[BATCH_MAX_SOURCES];
	int last = j->sources.n - 1;
	if (!j->on)
		return 0;
	batch_count_sources(b, images);
	for (int i = 0; i < j->sources.n; i++)
		if (images[i] > 0) {
			j->mean[i] = j->seen[i] == 0 ? loss->source[i] : j->decay * j->mean[i] + (1 - j->decay) * loss->source[i];
			j->seen[i]++;
		}
	if (last < 1 || images[0] == 0 || images[last] == 0)
		return 0;
	j->stuck = loss->source[last] <= JOINT_NOTHING * loss->source[0] ? j->stuck + 1 : 0;
	return j->stuck == JOINT_STUCK_STEPS;
}

const char *joint_text(const struct joint *j, struct arena *a)
{
	char text[BATCH_MAX_SOURCES * 48 + 32];
	size_t used = 0;
	for (int i = 0; i < j->sources.n; i++)
		used += (size_t)snprintf(text + used, sizeof text - used, "%.17g,%" PRId64 ";", j->mean[i], j->seen[i]);
	snprintf(text + used, sizeof text - used, "%" PRId64, j->stuck);
	return arena_strdup(a, text);
}

int joint_read(struct joint *j, const char *text)
{
	const char *at = text;
	int used;
	for (int i = 0; i < j->sources.n; i++, at += used) {
		used = 0;
		if (sscanf(at, "%lf,%" SCNd64 ";%n", &j->mean[i], &j->seen[i], &used) != 2 || used == 0 || !isfinite(j->mean[i]))
			return err_set("the averages of joint training '%.60s' are damaged or of other sources", text);
	}
	if (sscanf(at, "%" SCNd64 "%n", &j->stuck, &used) != 1 || at[used] != '\0')
		return err_set("the averages of joint training '%.60s' are damaged or of other sources", text);
	return 0;
}
