#include "train/trainer.h"

#include "base/io.h"
#include "base/isa.h"
#include "nn/schedule_detectron.h"
#include "train/resume.h"
#include "train/start_weights.h"

#include <math.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Images of the data set, as the last tool that went through it in epochs has it; -1 when that is not known. */
static int64_t dataset_size(const struct stream_header *header)
{
	for (int i = header->n_provenance - 1; i >= 0; i--) {
		if (strcmp(header->provenance[i].tool, "tmix") == 0)
			return -1;
		const char *epochs = strstr(header->provenance[i].options, "epochs=");
		long long n = epochs == NULL ? 0 : atoll(epochs + strlen("epochs="));
		if (n > 0)
			return header->planned >= n ? header->planned / n : -1;
	}
	return -1;
}

/* A schedule that counts the epochs of the data set: its steps, and what it changes of the others' options. */
static int plan_detectron(struct trainer *t, const struct stream_header *header, struct schedule_spec *spec)
{
	const struct trainer_options *o = &t->options;
	struct schedule_detectron d;
	int64_t images = o->dataset_size > 0 ? o->dataset_size : dataset_size(header);
	char drops[64], text[512];
	if (images < 1)
		return err_set("the stream does not say how many images the data set has; give --dataset-size for --schedule");
	TRY(schedule_detectron_make(&d, o->times, images, o->batch, spec->lr));
	snprintf(drops, sizeof drops, "%lld,%lld", (long long)d.drop[0], (long long)d.drop[1]);
	spec->lr = d.lr;
	spec->decay = drops;
	spec->warmup = spec->warmup >= 0 ? spec->warmup : d.warmup;
	spec->warmup_factor = spec->warmup_factor >= 0 ? spec->warmup_factor : d.warmup_factor;
	if (header->planned >= 0 && header->planned / o->batch < d.steps)
		return err_set("schedule %dx is %lld steps of %lld images, %.2f epochs of %lld images, but the input has %lld samples; "
			       "give coco-pack --epochs %.0f", o->times, (long long)d.steps, (long long)o->batch, d.epochs,
			       (long long)images, (long long)header->planned, ceil(d.epochs));
	snprintf(text, sizeof text, "schedule %dx: %.2f epochs of %lld images are %lld steps of %lld; rate %g (%g * %lld/%d), warm-up over %lld "
		 "steps from %.3g of it, times %g from steps %lld and %lld on\n", o->times, d.epochs, (long long)images, (long long)d.steps,
		 (long long)o->batch, d.lr, o->schedule.lr, (long long)o->batch, SCHEDULE_DETECTRON_BATCH, (long long)spec->warmup,
		 spec->warmup_factor, spec->gamma, (long long)d.drop[0], (long long)d.drop[1]);
	t->steps = d.steps;
	t->schedule_report = arena_strdup(&t->arena, text);
	return t->schedule_report == NULL ? -1 : schedule_make(&t->schedule, spec, t->steps);
}

static int plan_steps(struct trainer *t, const struct stream_header *header)
{
	const struct trainer_options *o = &t->options;
	struct schedule_spec spec = o->schedule;
	if (o->times > 0)
		return plan_detectron(t, header, &spec);
	t->steps = o->steps > 0 ? o->steps : header->planned / o->batch;
	if (o->steps == 0 && header->planned < 0)
		return err_set("the stream does not say how many samples will come, so the schedule has no end; give --steps");
	if (t->steps < 1)
		return err_set("the data has fewer samples (%lld) than one batch (%lld)", (long long)header->planned,
			       (long long)o->batch);
	return schedule_make(&t->schedule, &spec, t->steps);
}

/* What augment did to the images, for those who use the model later. */
static const char *preprocess_text(const struct stream_header *header)
{
	for (int i = header->n_provenance - 1; i >= 0; i--)
		if (strcmp(header->provenance[i].tool, "augment") == 0)
			return header->provenance[i].options;
	return "";
}

static int create_model(struct trainer *t)
{
	const struct trainer_options *o = &t->options;
	struct model_spec spec = {
		.name = o->model, .n_classes = t->about.n_categories, .dtype = o->dtype, .backend = o->backend,
		.preset = o->preset, .anchor_size = o->anchor_size, .label_smoothing = o->label_smoothing,
	};
	TRY(model_create(&t->model, &spec));
	TRY(param_rules_apply(&o->rules, &t->model.params));
	if (o->resume != NULL)
		return 0;
	TRY(param_set_randomise(&t->model.params, (uint64_t)o->seed));
	if (o->init == NULL || strcmp(o->init, "random") == 0)
		return 0;
	struct start_weights start;
	TRY(start_weights_take(&start, &t->model, o->init, t->about.categories, t->about.n_categories, &t->arena));
	t->start_report = start.report;
	return 0;
}

static int check_regular(const char *path)
{
	struct stat st;
	if (path == NULL)
		return -1;
	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode))
		return err_set("cannot write '%s': a model and its state are regular files, side by side", path);
	return io_check_writable(path);
}

/* Said before the hours of training, not after them. */
static int check_output(struct trainer *t)
{
	TRY(check_regular(checkpoint_sibling(t->options.output, ".state", &t->arena)));
	return check_regular(t->options.output);
}

static int start(struct trainer *t, const struct stream_header *header)
{
	const struct trainer_options *o = &t->options;
	t->about = (struct checkpoint_about){
		.categories = header->categories, .n_categories = header->n_categories,
		.preprocess = preprocess_text(header),
	};
	t->provenance = resume_provenance_text(header, &t->arena);
	if (t->provenance == NULL)
		return -1;
	if (strcmp(header->kind, "sample") != 0)
		return err_set("the input is a stream of %ss; trainstep wants samples", header->kind);
	if (header->n_categories < 1)
		return err_set("the input has no classes to train on");
	TRY(plan_steps(t, header));
	TRY(joint_init(&t->joint, &o->joint, header, &t->arena));
	TRY(check_output(t));
	TRY(create_model(t));
	TRY(param_set_prepare_training(&t->model.params, o->ema_decay > 0));
	struct optimizer_param p = {
		.momentum = o->momentum, .weight_decay = o->weight_decay, .clip_norm = o->clip_norm,
		.ema_decay = o->ema_decay, .rule = o->solver,
	};
	TRY(optimizer_init(&t->optimizer, &p, &t->model.params));
	if (o->per_image_grad)
		TRY(gradient_sum_init(&t->sum, &t->model.params, o->batch));
	TRY(o->resume == NULL ? 0 : resume_from(t, header));
	TRY(o->plan == NULL ? 0 : resume_plan(t, o->plan));
	t->planned |= o->tune;
	t->tape.conv_plan = t->planned ? &t->plan : NULL;
	return 0;
}

/* Only the model tells whether the patterns of the rules match. */
static int check_rules(const struct trainer_options *o)
{
	struct model m;
	struct model_spec spec = {
		.name = o->model, .n_classes = 1, .dtype = DTYPE_F32, .preset = o->preset, .anchor_size = o->anchor_size,
	};
	if (!param_rules_any(&o->rules))
		return 0;
	TRY(model_create(&m, &spec));
	int status = param_rules_apply(&o->rules, &m.params);
	model_release(&m);
	return status;
}

int trainer_check_options(const struct trainer_options *o)
{
	struct schedule s;
	TRY(model_check_name(o->model));
	TRY(check_rules(o));
	TRY(joint_check_options(&o->joint, o->batch));
	if (o->resume != NULL && o->init != NULL)
		return err_set("--resume takes the weights of the state; leave out --init");
	if (o->plan != NULL && (o->resume != NULL || o->tune))
		return err_set("--plan takes another run's plan; leave out %s", o->tune ? "--tune" : "--resume, which has its state's");
	if ((o->plan != NULL || o->tune) && o->backend != CONV_AUTO)
		return err_set("--tune and --plan choose who computes convolutions; leave out --conv");
	if (o->batch % o->accumulate != 0)
		return err_set("--accumulate %lld does not divide a batch of %lld images into equal parts",
			       (long long)o->accumulate, (long long)o->batch);
	if (o->per_image_grad && strcmp(strrchr(o->model, '-'), "-bn") == 0)
		return err_set("--per-image-grad wants a norm that looks at one image: gn or frozenbn, not bn");
	/* A run whose length only the data tell is taken for the longest there can be. */
	return o->times > 0 ? 0 : schedule_make(&s, &o->schedule, o->steps > 0 ? o->steps : INT64_MAX);
}

int trainer_init(struct trainer *t, const struct trainer_options *options, const struct stream_header *header)
{
	*t = (struct trainer){ .options = *options };
	arena_init(&t->arena, 1 << 16);
	tape_init(&t->tape);
	t->tape.recompute = options->recompute;
	profile_init(&t->profile);
	t->tape.profile = &t->profile;
	conv_plan_init(&t->plan);
	if (start(t, header) == 0) {
		t->first_step = t->step;
		return 0;
	}
	trainer_release(t);
	return -1;
}

/* A part's figures are its share of the step's. */
static void add_loss(struct model_loss *sum, const struct model_loss *loss)
{
	sum->total += loss->total;
	for (int i = 0; i < BATCH_MAX_SOURCES; i++)
		sum->source[i] += loss->source[i];
	sum->n = loss->n;
	for (int i = 0; i < loss->n; i++) {
		sum->part[i].name = loss->part[i].name;
		sum->part[i].value += loss->part[i].value;
	}
}

/* Forward and backward of a part of the step; its gradients are added. The loss may come out not finite. */
static int run_part(struct trainer *t, const struct batch *part, struct step_report *report)
{
	struct model_loss loss;
	double start_sec = profile_now(&t->profile);
	tape_begin(&t->tape, true, t->model.params.version);
	TRY(t->model.head->loss(&t->model, &t->tape, part, &loss));
	TRY(profile_span(&t->profile, start_sec, PROFILE_FORWARD));
	if (part->n == batch_step(part)->n)
		report->loss = loss;
	else
		add_loss(&report->loss, &loss);
	if (!isfinite(loss.total))
		return 0;
	start_sec = profile_now(&t->profile);
	TRY(tape_backward(&t->tape));
	report->flops += t->tape.cost.flops;
	return profile_span(&t->profile, start_sec, PROFILE_BACKWARD);
}

static int run_parts(struct trainer *t, const struct batch *b, struct step_report *report)
{
	struct param_set *params = &t->model.params;
	bool per_image = t->options.per_image_grad;
	int size = per_image ? 1 : (int)(t->options.batch / t->options.accumulate);
	param_set_begin_step(params);
	for (int first = 0; first < b->n && isfinite(report->loss.total); first += size) {
		struct batch part = batch_part(b, first, b->n - first < size ? b->n - first : size);
		TRY(run_part(t, size < b->n ? &part : b, report));
		if (!per_image || !isfinite(report->loss.total))
			continue;
		param_set_finish_gradients(params);
		gradient_sum_add(&t->sum);
		param_set_begin_step(params);
	}
	if (per_image && isfinite(report->loss.total))
		gradient_sum_take(&t->sum);
	else
		param_set_finish_gradients(params);
	return 0;
}

static int run_step(struct trainer *t, const struct batch *b, struct step_report *report)
{
	TRY(run_parts(t, b, report));
	if (!isfinite(report->loss.total))
		return 0;
	double start_sec = profile_now(&t->profile);
	report->finite = optimizer_step(&t->optimizer, report->lr, &report->grad_norm);
	return profile_span(&t->profile, start_sec, PROFILE_OPTIMIZER);
}

/* The first steps make plans and memory. */
static bool is_profiled(const struct trainer *t)
{
	enum { SKIPPED = 2, RECORDED = 5 };
	return t->options.profile && t->profile.steps < RECORDED && t->step >= t->first_step + SKIPPED;
}

int trainer_step(struct trainer *t, struct batch *b, struct step_report *report)
{
	bool profiled = is_profiled(t);
	b->sources = joint_weights(&t->joint);
	*report = (struct step_report){ .lr = schedule_lr(&t->schedule, t->step) };
	if (profiled)
		profile_start_step(&t->profile);
	t->plan.tuning = t->options.tune && t->step == t->first_step && t->plan.n == 0;
	TRY(run_step(t, b, report));
	t->plan.tuning = false;
	if (profiled)
		TRY(profile_end_step(&t->profile));
	if (!report->finite)
		return 0;
	report->stuck = joint_take(&t->joint, b, &report->loss) == 1;
	t->step++;
	return 0;
}

static int write_state(const struct trainer *t, const char *path, struct arena *a)
{
	struct checkpoint_state state = {
		.step = t->step, .position = t->position, .options = t->options.record_text,
		.provenance = t->provenance, .threads = omp_get_max_threads(), .isa = isa_name(isa_bits_level()),
		.libraries = resume_libraries(),
	};
	if (t->joint.on && (state.joint = joint_text(&t->joint, a)) == NULL)
		return -1;
	if (t->planned && (state.plan = conv_plan_text(&t->plan, a)) == NULL)
		return -1;
	return checkpoint_write_state(path, &t->model, &t->about, &state);
}

/* The state of this save under a name of its own; the one that is `keep` saves older goes. */
static int keep_state(const struct trainer *t, const char *state, struct arena *a)
{
	const struct trainer_options *o = &t->options;
	char name[4096];
	if (o->keep == 0 || o->save_every == 0 || t->step % o->save_every != 0)
		return 0;
	snprintf(name, sizeof name, "%s-%08lld", state, (long long)t->step);
	unlink(name);
	/* Not every file system has hard links; there the state is written once more. */
	if (link(state, name) != 0)
		TRY(write_state(t, name, a));
	int64_t old = t->step - o->keep * o->save_every;
	if (old > 0) {
		snprintf(name, sizeof name, "%s-%08lld", state, (long long)old);
		unlink(name);
	}
	return 0;
}

int trainer_save(const struct trainer *t)
{
	struct arena a;
	arena_init(&a, 1 << 12);
	const char *path = checkpoint_sibling(t->options.output, ".state", &a);
	int status = path == NULL ? -1 : write_state(t, path, &a);
	if (status == 0)
		status = keep_state(t, path, &a);
	if (status == 0)
		status = checkpoint_write_model(t->options.output, &t->model, &t->about);
	arena_release(&a);
	return status;
}

void trainer_release(struct trainer *t)
{
	optimizer_release(&t->optimizer);
	gradient_sum_release(&t->sum);
	model_release(&t->model);
	tape_release(&t->tape);
	profile_release(&t->profile);
	conv_plan_release(&t->plan);
	arena_release(&t->arena);
}
