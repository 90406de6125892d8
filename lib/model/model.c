#include "model/model.h"

#include "base/isa.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_PARTS = 4, PART_SIZE = 32 };

/* "a-b-c" into parts; their number, or -1 when there are too many or one is too long. */
static int split_name(const char *name, char part[MAX_PARTS][PART_SIZE])
{
	int n = 0;
	for (const char *at = name;; at++) {
		size_t size = strcspn(at, "-");
		if (n == MAX_PARTS || size == 0 || size >= PART_SIZE)
			return -1;
		memcpy(part[n], at, size);
		part[n++][size] = '\0';
		at += size;
		if (*at == '\0')
			return n;
	}
}

static int unknown(const char *name)
{
	char heads[256] = "";
	for (int i = 0; model_registry[i] != NULL; i++) {
		size_t used = strlen(heads);
		snprintf(heads + used, sizeof heads - used, "%s%s", i > 0 ? ", " : "", model_registry[i]->name);
	}
	return err_set("'%s' is no model; a name is HEAD-BACKBONE[-NECK]-NORM, like retinanet-resnet18-fpn-gn "
		       "(heads: %s; backbones: resnet18, 34, 50, 101, for small images resnet20-cifar, 32, 44, 56, 110; necks: fpn; norms: gn, bn, frozenbn)", name, heads);
}

static const struct model_head *find_head(const char *name)
{
	for (int i = 0; model_registry[i] != NULL; i++)
		if (strcmp(model_registry[i]->name, name) == 0)
			return model_registry[i];
	return NULL;
}

static int build(struct model *m)
{
	char part[MAX_PARTS][PART_SIZE];
	int n = split_name(m->spec.name, part);
	if (n < 3)
		return unknown(m->spec.name);
	m->head = find_head(part[0]);
	struct model_parts parts = { .fpn = n == 4 && strcmp(part[2], "fpn") == 0, .cifar = n == 4 && strcmp(part[2], "cifar") == 0 };
	char *end = part[1];
	long depth = strncmp(part[1], "resnet", 6) == 0 ? strtol(part[1] + 6, &end, 10) : 0;
	int norm = norm_kind_find(part[n - 1]);
	if (m->head == NULL || (n == 4 && !parts.fpn && !parts.cifar) || *end != '\0' || depth <= 0 || norm < 0)
		return unknown(m->spec.name);
	if (m->spec.label_smoothing > 0 && !m->head->classifies)
		return err_set("'%s': label smoothing is for classifiers", m->spec.name);
	parts.depth = depth < INT32_MAX ? (int)depth : INT32_MAX;
	parts.norm = (enum norm_kind)norm;
	return m->head->build(m, &parts);
}

int model_create(struct model *m, const struct model_spec *spec)
{
	*m = (struct model){ .spec = *spec };
	if (spec->dtype == DTYPE_BF16 && !isa_has_bf16())
		return err_set("this processor has no bf16 instructions (AVX-512 BF16) in use; take f32");
	param_set_init(&m->params);
	m->spec.name = arena_strdup(&m->params.arena, spec->name);
	m->spec.preset = arena_strdup(&m->params.arena, spec->preset);
	if (m->spec.name == NULL || m->spec.preset == NULL || build(m) != 0) {
		model_release(m);
		return -1;
	}
	return 0;
}

int model_check_name(const char *name)
{
	struct model m;
	/* Only building one tells whether head, backbone, neck and norm go together. */
	struct model_spec spec = { .name = name, .n_classes = 1, .dtype = DTYPE_F32, .preset = "torchvision", .anchor_size = 32 };
	TRY(model_create(&m, &spec));
	model_release(&m);
	return 0;
}

void model_release(struct model *m)
{
	param_set_release(&m->params);
}
