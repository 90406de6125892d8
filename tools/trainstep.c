/* trainstep: train a model on a stream of samples. */
#include "base/io.h"
#include "base/options.h"
#include "base/progress.h"
#include "base/threads.h"
#include "nn/schedule_detectron.h"
#include "train/curve.h"
#include "train/feeder.h"
#include "train/log.h"
#include "train/replay.h"
#include "train/resume.h"
#include "train/trainer.h"

#include <omp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

static struct trainer_options config = {
	.preset = "torchvision", .batch = 8, .accumulate = 1, .momentum = 0.9, .weight_decay = 1e-4, .clip_norm = 10,
	.joint = { .decay = 0.9997 },
	.schedule = { .lr = 0.01, .warmup = 100, .warmup_factor = 0.001, .decay = "0.8,0.95", .gamma = 0.1 },
};
static const char *dtype = "f32", *conv = "auto", *solver = "torch", *log_path, *plot_path, *position_of, *profile_path, *peak_path, *times;
static int64_t anchor_size = 32, until;
static struct option_list freeze, train_only, lr_mult;

static const struct option_spec options[] = {
	OPTION_TEXT('m', "model", "NAME", &config.model, OPTION_RECORDS, "architecture, like retinanet-resnet18-fpn-gn"),
	OPTION_TEXT('o', "output", "FILE", &config.output, 0, "model to write, m.safetensors; its state m.state is beside it"),
	OPTION_TEXT(0, "init", "random|FILE", &config.init, 0, "start weights: random, or a safetensors file, of another model too (random)"),
	OPTION_LIST(0, "freeze", "PATTERN", &freeze, OPTION_RECORDS, "do not train these parameters, like backbone.body; repeatable"),
	OPTION_LIST(0, "train-only", "PATTERN", &train_only, OPTION_RECORDS, "freeze all others, like fc: linear probing; repeatable"),
	OPTION_FLAG(0, "freeze-bn", &config.rules.freeze_bn, OPTION_RECORDS, "batch norms keep scale, shift and statistics"),
	OPTION_LIST(0, "lr-mult", "PATTERN=X", &lr_mult, OPTION_RECORDS, "multiply the rate of these parameters, like fc=10; repeatable"),
	OPTION_NUMBER(0, "layer-decay", "X", &config.rules.layer_decay, 0, 1, OPTION_RECORDS,
		      "factor of the rate for each stage away from the head; 0: none (0)"),
	OPTION_INT('b', "batch", "N", &config.batch, 1, BATCH_MAX, OPTION_RECORDS, "images a step (8)"),
	OPTION_INT(0, "accumulate", "N", &config.accumulate, 1, BATCH_MAX, OPTION_RECORDS,
		   "parts of a batch, one after the other, to save memory (1)"),
	OPTION_FLAG(0, "per-image-grad", &config.per_image_grad, OPTION_RECORDS,
		    "one image after the other; gradients are added in a fixed order"),
	OPTION_FLAG(0, "recompute", &config.recompute, 0, "save memory: blocks run again on the way back; the same bits"),
	OPTION_INT(0, "steps", "N", &config.steps, 0, 1e12, OPTION_RECORDS, "steps of the run; 0: planned samples / batch (0)"),
	OPTION_INT(0, "until", "N", &until, 0, 1e12, 0, "end after step N of the run, as a signal would; 0: when it is done (0)"),
	OPTION_TEXT(0, "schedule", "1x..9x", &times, OPTION_RECORDS,
		    "Detectron's length, rate and drops, by epochs of the data set; --lr is then for a batch of 16 (none)"),
	OPTION_INT(0, "dataset-size", "N", &config.dataset_size, 0, 9e15, OPTION_RECORDS,
		   "images of the data set, for --schedule; 0: as the input says (0)"),
	OPTION_NUMBER(0, "lr", "X", &config.schedule.lr, 0, 1e6, OPTION_RECORDS | OPTION_ABOVE, "learning rate (0.01)"),
	OPTION_INT(0, "warmup", "N", &config.schedule.warmup, 0, 1e12, OPTION_RECORDS, "steps of linear warm-up (100)"),
	OPTION_NUMBER(0, "warmup-factor", "X", &config.schedule.warmup_factor, 0, 1, OPTION_RECORDS,
		      "fraction of the rate at the first step (0.001)"),
	OPTION_TEXT(0, "decay", "constant|cosine|LIST", &config.schedule.decay, OPTION_RECORDS,
		    "where the rate drops: fractions of the run or steps (0.8,0.95)"),
	OPTION_NUMBER(0, "gamma", "X", &config.schedule.gamma, 0, 1, OPTION_RECORDS | OPTION_ABOVE, "factor of each drop (0.1)"),
	OPTION_NUMBER(0, "momentum", "X", &config.momentum, 0, 1, OPTION_RECORDS | OPTION_BELOW, "of SGD (0.9)"),
	OPTION_NUMBER(0, "weight-decay", "X", &config.weight_decay, 0, 1, OPTION_RECORDS, "added to the gradient (0.0001)"),
	OPTION_NUMBER(0, "clip", "X", &config.clip_norm, 0, 1e12, OPTION_RECORDS, "largest norm of the gradient; 0: none (10)"),
	OPTION_NUMBER(0, "ema", "X", &config.ema_decay, 0, 1, OPTION_RECORDS | OPTION_BELOW, "decay of the averaged weights; 0: none (0)"),
	OPTION_CHOICE(0, "solver", "torch|detectron|tpu", &solver, OPTION_RECORDS,
		      "detectron, tpu: no decay of biases and norms; detectron: biases twice as fast (torch)"),
	OPTION_CHOICE(0, "dtype", "f32|bf16", &dtype, OPTION_RECORDS, "of activations (f32)"),
	OPTION_CHOICE(0, "conv", "auto|onednn|openblas", &conv, OPTION_RECORDS, "who computes convolutions (auto)"),
	OPTION_FLAG(0, "tune", &config.tune, 0, "time who computes the first step's convolutions; the plan is in the state"),
	OPTION_TEXT(0, "plan", "FILE", &config.plan, 0, "take the plan of the state of a run with --tune"),
	OPTION_CHOICE(0, "preset", "torchvision|tpu", &config.preset, OPTION_RECORDS, "conventions of network, loss and detections (torchvision)"),
	OPTION_INT(0, "anchor-size", "N", &anchor_size, 1, CHECKPOINT_MAX_ANCHOR, OPTION_RECORDS, "side of the smallest anchor at P3, pixels (32)"),
	OPTION_NUMBER(0, "label-smoothing", "X", &config.label_smoothing, 0, 1, OPTION_RECORDS | OPTION_BELOW,
		      "part of a classifier's targets that all classes share (0)"),
	OPTION_TEXT(0, "quota", "A:B", &config.joint.quota, OPTION_RECORDS, "images of each source of tmix in every batch (as they come)"),
	OPTION_TEXT(0, "source-weights", "A:B", &config.joint.weights, OPTION_RECORDS,
		    "weights of the sources' mean losses (none: all images count alike)"),
	OPTION_NUMBER(0, "joint-alpha", "X", &config.joint.alpha, 0, 1e6, OPTION_RECORDS,
		      "normalise the second of two sources' losses by the first's, and weigh it; 0: off (0)"),
	OPTION_NUMBER(0, "joint-decay", "X", &config.joint.decay, 0, 1, OPTION_RECORDS | OPTION_BELOW, "of the averages of --joint-alpha (0.9997)"),
	OPTION_TEXT(0, "log", "FILE", &log_path, 0, "metrics, a JSON line a step"),
	OPTION_TEXT(0, "plot", "FILE", &plot_path, 0, "draw the losses of --log as SVG at the end"),
	OPTION_INT(0, "save-every", "N", &config.save_every, 0, 1e12, 0, "save after every N steps; 0: at the end (0)"),
	OPTION_INT(0, "keep", "N", &config.keep, 0, 1000, 0, "keep the states of the last N saves as m.state-STEP (0)"),
	OPTION_TEXT(0, "resume", "FILE", &config.resume, 0, "go on from a state; all other options as before"),
	OPTION_FLAG(0, "allow-different-bits", &config.allow_different_bits, 0, "resume although options or data differ"),
	OPTION_TEXT(0, "profile", "FILE", &profile_path, 0, "time the ops of five steps: a table, and a trace in FILE (JSON)"),
	OPTION_TEXT(0, "peak", "FILE", &peak_path, 0, "without --profile: measure this machine's peaks, write FILE, exit; with it: read FILE"),
	OPTION_TEXT(0, "position", "FILE", &position_of, 0, "print the --start for coco-pack that a state needs, and exit"),
	OPTION_END
};

static const struct tool_spec tool = {
	.name = "trainstep",
	.summary = "train a model on a stream of samples",
	.synopsis = "-m MODEL -o FILE.safetensors [options] < SAMPLES",
	.options = options,
	.examples =
		"coco-pack train.json --images train --shuffle --epochs 30 | augment -s0 --size 320x240 |\n"
		"    trainstep -m retinanet-resnet18-fpn-gn -o m.safetensors --log log.jsonl --save-every 100\n"
		"coco-pack train.json --images train --shuffle --epochs 30 --start $(trainstep --position m.state) |\n"
		"    augment -s0 --size 320x240 | trainstep -m retinanet-resnet18-fpn-gn -o m.safetensors --resume m.state\n"
		"coco-pack imagenet/train --shuffle --epochs 90 | augment -scrop --size 224 |\n"
		"    trainstep -m classify-resnet50-bn -o c.safetensors\n",
};

static volatile sig_atomic_t stop_signal;

static void on_signal(int number)
{
	stop_signal = number;
}

/* What one run of the program works with. */
struct session {
	struct trainer *trainer;
	struct feeder *feeder;
	const struct stream_header *header;
	struct train_log log;
	struct progress progress;
	bool says_plan;	/* that was timed in the first step */
};

static int train_step(struct session *s, struct feeder_item *item, double *last_sec)
{
	struct trainer *t = s->trainer;
	struct step_report r;
	TRY(trainer_step(t, &item->batch, &r));
	if (!r.finite)
		return replay_refuse(t, item, s->header, &r);
	t->position = item->position;
	if (s->says_plan && t->step == t->first_step + 1 && t->plan.tuning_sec > 0)
		conv_plan_report(&t->plan, stderr);
	double sec = clock_sec() - *last_sec;
	*last_sec += sec;
	TRY(train_log_put(&s->log, t->step, item->first_seq, &r, &t->joint, item->batch.n / sec));
	if (r.stuck)
		tool_warn("the loss of source '%s' has been below a thousandth of that of '%s' for %d steps: it teaches nothing; are its "
			  "labels empty?", t->joint.name[t->joint.sources.n - 1], t->joint.name[0], (int)JOINT_STUCK_STEPS);
	char note[96];
	snprintf(note, sizeof note, "loss %.4f  lr %.2g  %.0f GFLOP/s", r.loss.total, r.lr, r.flops / sec / 1e9);
	progress_update(&s->progress, t->step, note);
	if (t->options.save_every > 0 && t->step % t->options.save_every == 0 && t->step < t->steps)
		return trainer_save(t);
	return 0;
}

/* A run over all of the data is only whole when the data's end is. */
static int check_end(struct session *s)
{
	struct feeder_item *item;
	int got = feeder_next(s->feeder, &item, &stop_signal);
	if (got == 1 && stop_signal == 0)
		tool_warn("the stream has more samples than its header announces; the rest was not used, see --steps");
	return got < 0 ? -1 : 0;
}

/* The step this program goes to; the run may be longer. */
static int64_t last_step(const struct trainer *t)
{
	return until > 0 && until < t->steps ? until : t->steps;
}

static int train(struct session *s, bool quiet)
{
	struct trainer *t = s->trainer;
	struct feeder_item *item;
	int got = 1, status = 0;
	progress_start(&s->progress, "steps", t->steps, quiet);
	double last_sec = clock_sec();
	while (status == 0 && t->step < last_step(t) && stop_signal == 0 && (got = feeder_next(s->feeder, &item, &stop_signal)) == 1)
		status = train_step(s, item, &last_sec);
	progress_end(&s->progress);
	if (status != 0 || got < 0)
		return -1;
	TRY(trainer_save(t));
	if (got == 1 && t->options.steps == 0 && t->step == t->steps && stop_signal == 0)
		TRY(check_end(s));
	if (t->step >= last_step(t))
		stop_signal = 0;	/* too late to matter */
	return 0;
}

static void say_result(const struct trainer *t, const struct feeder *f)
{
	int dropped = feeder_dropped(f);
	if (feeder_passed(f) > 0)
		tool_say("%lld sample%s passed over, whose source was complete in the batch (--quota)", (long long)feeder_passed(f),
			 tool_plural(feeder_passed(f)));
	if (t->step < last_step(t) && stop_signal == 0)
		tool_say("the data ended after %lld of %lld steps", (long long)t->step, (long long)t->steps);
	tool_say("%lld step%s of %lld image%s, model in '%s'%s", (long long)t->step, tool_plural(t->step),
		 (long long)config.batch, tool_plural(config.batch), config.output,
		 stop_signal != 0 ? "; stopped by a signal, go on with --resume" : t->step < t->steps ? "; go on with --resume" : "");
	if (dropped > 0)
		tool_say("%d image%s of the last, partial batch dropped", dropped, tool_plural(dropped));
}

static int run_trainer(struct trainer *t, struct stream_reader *reader, bool quiet)
{
	struct session s = { .trainer = t, .header = stream_reader_header(reader), .says_plan = !quiet };
	TRY(train_log_open(&s.log, log_path, t->step));
	struct feeder_param feed = {
		.dtype = config.dtype, .stride = t->model.head->stride, .batch_size = (int)config.batch, .n_sources = t->joint.sources.n,
	};
	memcpy(feed.quota, t->joint.quota, sizeof feed.quota);
	s.feeder = feeder_start(reader, &feed);
	int status = s.feeder == NULL ? -1 : train(&s, quiet);
	if (status == 0)
		say_result(t, s.feeder);
	if (s.feeder != NULL)
		feeder_stop(s.feeder);
	status |= train_log_close(&s.log);
	return status == 0 && plot_path != NULL ? curve_write(plot_path, log_path) : status;
}

/* Before the first step: where the weights come from, and what will be trained. */
static void say_plan(const struct trainer *t)
{
	if (t->start_report != NULL)
		fprintf(stderr, "start weights from '%s':\n%s", config.init, t->start_report);
	if (t->schedule_report != NULL)
		fputs(t->schedule_report, stderr);
	param_groups_write(stderr, &t->model.params, &t->optimizer, t->schedule.lr);
}

static int run(const struct arguments *args)
{
	struct stream_reader reader;
	struct trainer t;
	struct peak peak;
	omp_set_num_threads(args->threads);
	if (plot_path != NULL)
		TRY(io_check_writable(plot_path));
	TRY(stream_reader_open(&reader, args->n > 0 ? args->operand[0] : "-", NULL));
	int status = trainer_init(&t, &config, stream_reader_header(&reader));
	if (status == 0) {
		if (omp_get_max_threads() != args->threads)
			tool_say("computing as the state did, with -j %d", omp_get_max_threads());
		if (config.tune && t.plan.n > 0)
			tool_say("nothing is timed: the state's plan of %d passes of convolutions is used", t.plan.n);
		if (!args->quiet)
			say_plan(&t);
		if (peak_path != NULL)
			status = peak_read(&peak, peak_path, omp_get_max_threads());
		if (status == 0)
			status = run_trainer(&t, &reader, args->quiet);
		if (status == 0 && config.profile)
			status = profile_report(&t.profile, profile_path, peak_path != NULL ? &peak : NULL, stderr);
		trainer_release(&t);
	}
	stream_reader_close(&reader);
	return status;
}

/* What is not given is the schedule's. */
static void parse_schedule(void)
{
	if (schedule_detectron_parse(&config.times, times) != 0)
		tool_usage("--schedule: %s", err_get());
	if (option_given("steps") || option_given("decay"))
		tool_usage("--schedule says how long and where the rate drops; leave out --steps and --decay");
	if (!option_given("lr"))
		config.schedule.lr = SCHEDULE_DETECTRON_LR;
	if (!option_given("warmup"))
		config.schedule.warmup = -1;
	if (!option_given("warmup-factor"))
		config.schedule.warmup_factor = -1;
}

static void parse_options(const struct arguments *args, struct arena *a)
{
	config.backend = (enum conv_backend)conv_backend_find(conv);
	config.dtype = strcmp(dtype, "bf16") == 0 ? DTYPE_BF16 : DTYPE_F32;
	config.solver = (enum optimizer_rule)optimizer_rule_find(solver);
	config.anchor_size = (int)anchor_size;
	config.seed = args->seed;
	config.profile = profile_path != NULL;
	config.rules.freeze = &freeze;
	config.rules.train_only = &train_only;
	config.rules.lr_mult = &lr_mult;
	config.record_text = resume_options_text(args->seed, options_record_text(&tool, a), a);
	if (config.model == NULL || config.output == NULL)
		tool_usage("-m MODEL and -o FILE are needed");
	if (times != NULL)
		parse_schedule();
	else if (config.dataset_size > 0)
		tool_usage("--dataset-size is for --schedule; give both");
	if (plot_path != NULL && log_path == NULL)
		tool_usage("--plot draws the file of --log; give both");
	if (config.keep > 0 && config.save_every == 0)
		tool_usage("--keep counts the saves of --save-every; give both");
	if (args->n > 1)
		tool_usage("one stream at most; 'tstream cat' joins several");
	if (trainer_check_options(&config) != 0)
		tool_usage("%s", err_get());
}

int main(int argc, char **argv)
{
	struct sigaction action = { .sa_handler = on_signal };
	struct arguments args;
	struct arena a;
	threads_wait_politely(argv);
	tool_start(&tool, argc, argv, &args);
	if (position_of != NULL) {
		int64_t position = 0;
		return tool_end(resume_position(&position, position_of) != 0 || printf("%lld\n", (long long)position) < 0);
	}
	if (peak_path != NULL && profile_path == NULL)
		return tool_end(peak_report(peak_path, args.threads, stdout));
	arena_init(&a, 1 << 12);
	parse_options(&args, &a);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGUSR1, &action, NULL);
	int status = tool_end(config.record_text == NULL ? -1 : run(&args));
	arena_release(&a);
	return status == EXIT_OK && stop_signal != 0 ? EXIT_BUSY : status;
}
