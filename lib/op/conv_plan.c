#include "op/conv_plan.h"

#include <stdlib.h>
#include <string.h>

/* Far beyond any network, and small enough that products of two fit. */
enum { MAX_SIZE = 1 << 24, LINE_SIZE = 1024 };

static const char *const pass_names[CONV_PASSES] = {
	[CONV_FORWARD] = "forward", [CONV_BACKWARD_DATA] = "backward-data", [CONV_BACKWARD_WEIGHTS] = "backward-weights",
};
static const char *const fused_names[] = { "plain", "bias", "relu", "bias+relu" };

void conv_plan_init(struct conv_plan *plan)
{
	*plan = (struct conv_plan){ .n = 0 };
	arena_init(&plan->arena, 1 << 16);
}

void conv_plan_release(struct conv_plan *plan)
{
	arena_release(&plan->arena);
	plan->first = plan->last = NULL;
	plan->n = 0;
}

static bool same_maps(const struct conv_plan_entry *e, const struct conv_geometry *g)
{
	for (int i = 0; i < e->n_maps; i++) {
		struct conv_geometry map = g[i];
		map.threads = 0;
		if (memcmp(&e->g[i], &map, sizeof map) != 0)
			return false;
	}
	return true;
}

struct conv_plan_entry *conv_plan_find(const struct conv_plan *plan, enum conv_pass pass, const struct conv_geometry *g,
	int n_maps)
{
	for (struct conv_plan_entry *e = plan->first; e != NULL; e = e->next)
		if (e->pass == pass && e->n_maps == n_maps && same_maps(e, g))
			return e;
	return NULL;
}

struct conv_plan_entry *conv_plan_add(struct conv_plan *plan, enum conv_pass pass, const struct conv_geometry *g, int n_maps)
{
	struct conv_plan_entry *e = arena_calloc(&plan->arena, 1, sizeof *e);
	if (e == NULL)
		return NULL;
	e->pass = pass;
	e->n_maps = n_maps;
	for (int i = 0; i < n_maps; i++) {
		e->g[i] = g[i];
		e->g[i].threads = 0;
	}
	*(plan->last == NULL ? &plan->first : &plan->last->next) = e;
	plan->last = e;
	plan->n++;
	return e;
}

/* The line without its backend, and how long it is. */
static int entry_text(char *line, const struct conv_plan_entry *e)
{
	const struct conv_geometry *g = &e->g[0];
	int n = snprintf(line, LINE_SIZE, "%s %s %dx%d stride %d pad %d dilation %d groups %d %s %d>%d ", pass_names[e->pass],
		dtype_name(g->dtype), (int)g->kh, (int)g->kw, g->stride, g->pad, g->dilation, g->groups,
		fused_names[g->has_bias + 2 * g->relu], (int)g->ci, (int)g->co);
	for (int i = 0; i < e->n_maps; i++)
		n += snprintf(line + n, LINE_SIZE - (size_t)n, "%s%dx%dx%d", i > 0 ? "," : "", (int)e->g[i].n, (int)e->g[i].h,
			(int)e->g[i].w);
	return n;
}

const char *conv_plan_text(const struct conv_plan *plan, struct arena *a)
{
	char line[LINE_SIZE];
	size_t room = 1, used = 0;
	for (const struct conv_plan_entry *e = plan->first; e != NULL; e = e->next)
		room += (size_t)entry_text(line, e) + strlen(conv_backend_ops(e->backend)->name) + 2;
	char *text = arena_alloc(a, room);
	if (text == NULL)
		return NULL;
	text[0] = '\0';
	for (const struct conv_plan_entry *e = plan->first; e != NULL; e = e->next) {
		entry_text(line, e);
		used += (size_t)snprintf(text + used, room - used, "%s %s\n", line, conv_backend_ops(e->backend)->name);
	}
	return text;
}

static int find_name(const char *name, const char *const *names, int n)
{
	for (int i = 0; i < n; i++)
		if (strcmp(names[i], name) == 0)
			return i;
	return -1;
}

/* "2x64x64,2x32x32": the maps that share the geometry g. How many, or -1. */
static int parse_maps(struct conv_geometry *maps, const struct conv_geometry *g, const char *text)
{
	for (int i = 0, end; i < CONV2D_MAX_MAPS; i++, text += end + 1) {
		struct conv_geometry *m = &maps[i];
		*m = *g;
		int n, h, w;
		if (sscanf(text, "%8dx%8dx%8d%n", &n, &h, &w, &end) != 3 || n < 1 || h < 1 || w < 1 || n > MAX_SIZE ||
		    h > MAX_SIZE || w > MAX_SIZE)
			return -1;
		m->n = n;
		m->h = h;
		m->w = w;
		m->ho = conv_out_size(h, g->kh, g->stride, g->pad, g->dilation);
		m->wo = conv_out_size(w, g->kw, g->stride, g->pad, g->dilation);
		if (m->ho < 1 || m->wo < 1)
			return -1;
		if (text[end] != ',')
			return text[end] == '\0' ? i + 1 : -1;
	}
	return -1;
}

static bool is_sane(const struct conv_geometry *g, int kh, int kw, int ci, int co)
{
	const int sizes[] = { kh, kw, ci, co, g->stride, g->dilation, g->groups };
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
		if (sizes[i] < 1 || sizes[i] > MAX_SIZE)
			return false;
	return g->pad >= 0 && g->pad <= MAX_SIZE && ci % g->groups == 0 && co % g->groups == 0;
}

/* What a line says; written again it must be the same line. False: it is not of this kind. */
static bool parse_line(struct conv_plan_entry *e, char backend[32], const char *line)
{
	char pass[32], dtype[8], fused[16], maps[LINE_SIZE], again[LINE_SIZE];
	struct conv_geometry g;
	int kh, kw, ci, co;
	memset(&g, 0, sizeof g);
	*e = (struct conv_plan_entry){ .n_maps = 0 };
	if (strlen(line) >= LINE_SIZE || sscanf(line, "%31s %7s %8dx%8d stride %8d pad %8d dilation %8d groups %8d %15s %8d>%8d %1023s %31s",
		pass, dtype, &kh, &kw, &g.stride, &g.pad, &g.dilation, &g.groups, fused, &ci, &co, maps, backend) != 13)
		return false;
	int p = find_name(pass, pass_names, CONV_PASSES), f = find_name(fused, fused_names, 4);
	if (p < 0 || f < 0 || !is_sane(&g, kh, kw, ci, co))
		return false;
	g.kh = kh, g.kw = kw, g.ci = ci, g.co = co;
	g.has_bias = f & 1;
	g.relu = f >> 1;
	g.dtype = strcmp(dtype, "bf16") == 0 ? DTYPE_BF16 : DTYPE_F32;
	e->pass = (enum conv_pass)p;
	e->n_maps = parse_maps(e->g, &g, maps);
	if (e->n_maps < 1)
		return false;
	int n = entry_text(again, e);
	return strncmp(again, line, (size_t)n) == 0 && line[n] == ' ' && strcmp(line + n + 1, backend) == 0;
}

static bool can_all(const struct conv_ops *ops, const struct conv_plan_entry *e)
{
	for (int i = 0; i < e->n_maps; i++)
		if (!ops->can(&e->g[i]))
			return false;
	return true;
}

static int read_line(struct conv_plan *plan, const char *line, int number, bool leave_out)
{
	struct conv_plan_entry e;
	char backend[32];
	if (!parse_line(&e, backend, line))
		return err_set("line %d of the plan of convolutions is damaged: '%.200s'", number, line);
	int b = conv_backend_find(backend);
	if (b < 0 || b == CONV_AUTO)
		return err_set("line %d of the plan of convolutions: there is no backend '%s'", number, backend);
	if (conv_plan_find(plan, e.pass, e.g, e.n_maps) != NULL)
		return err_set("line %d of the plan of convolutions is damaged: that shape was there before", number);
	if (!can_all(conv_backend_ops((enum conv_backend)b), &e))
		return leave_out ? 0 : err_set("line %d of the plan of convolutions: %s cannot do this on this CPU: '%.200s'", number,
			backend, line);
	struct conv_plan_entry *added = conv_plan_add(plan, e.pass, e.g, e.n_maps);
	if (added == NULL)
		return -1;
	added->backend = (enum conv_backend)b;
	return 0;
}

int conv_plan_read(struct conv_plan *plan, const char *text, bool leave_out)
{
	char line[LINE_SIZE];
	for (int number = 1; *text != '\0'; number++) {
		size_t size = strcspn(text, "\n");
		if (size >= sizeof line || text[size] == '\0')
			return err_set("line %d of the plan of convolutions is damaged: it has no end", number);
		memcpy(line, text, size);
		line[size] = '\0';
		TRY(read_line(plan, line, number, leave_out));
		text += size + 1;
	}
	return 0;
}

void conv_plan_report(const struct conv_plan *plan, FILE *file)
{
	char line[LINE_SIZE];
	double sec = 0, rule_sec = 0;
	int others = 0;
	for (const struct conv_plan_entry *e = plan->first; e != NULL; e = e->next) {
		sec += e->sec * (double)e->uses;
		rule_sec += e->rule_sec * (double)e->uses;
		others += e->backend != e->rule;
	}
	fprintf(file, "timed %d passes of convolutions in %.1f s: %.1f ms a step, by rule %.1f ms; %d not as the rule has it\n", plan->n,
		plan->tuning_sec, sec * 1e3, rule_sec * 1e3, others);
	for (const struct conv_plan_entry *e = plan->first; e != NULL; e = e->next) {
		if (e->backend == e->rule)
			continue;
		entry_text(line, e);
		fprintf(file, "  %s: %s %.2f ms, %s %.2f ms, %d times\n", line, conv_backend_ops(e->backend)->name, e->sec * 1e3,
			conv_backend_ops(e->rule)->name, e->rule_sec * 1e3, (int)e->uses);
	}
}
