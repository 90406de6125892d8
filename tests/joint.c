/*
 * Joint training: the loss of a mixed batch is the weighted sum of its sources' losses, each as if alone; soft labels; the
 * averages, worked out by hand.
 */
#include "model/model.h"
#include "tests/tap.h"
#include "train/joint.h"

#include <omp.h>
#include <stdlib.h>

enum { SIDE = 64, CLASSES = 3 };

/* An image: noise of its own, a box of its own, the source it comes from. */
static void add(struct batch *b, int image, int source, const float *scores)
{
	static uint8_t pixels[SIDE * SIDE * 3];
	float box[8] = { 4, 6, 30 + (float)image * 4, 34, 30, 30, 62, 60 };
	int32_t label[2] = { image % CLASSES, 1 };
	uint8_t ignore[2] = { 0, image == 2 };
	float weight[2] = { 1, 0.5f };
	struct sample s;
	unsigned random = (unsigned)image + 1;
	for (int i = 0; i < SIDE * SIDE * 3; i++) {
		random = random * 1664525u + 1013904223u;
		pixels[i] = (uint8_t)(random >> 25);
	}
	sample_init(&s);
	s.pixels = tensor_view(DTYPE_U8, 3, (int64_t[]){ SIDE, SIDE, 3 }, pixels);
	s.n = image == 1 ? 1 : 2;
	s.boxes = box;
	s.labels = label;
	s.ignore = ignore;
	s.weight = weight;
	s.class_label = image % CLASSES;
	s.input = source;
	if (scores != NULL)
		s.class_scores = tensor_view(DTYPE_F32, 1, (int64_t[]){ CLASSES }, (void *)(uintptr_t)scores);
	if (batch_add(b, &s) != 0)
		abort();
}

struct setting {
	struct model m;
	struct tape t;
	struct batch b;
};

static void begin(struct setting *s, const char *name, const char *preset)
{
	struct model_spec spec = { .name = name, .n_classes = CLASSES, .dtype = DTYPE_F32, .preset = preset, .anchor_size = 16, .label_smoothing =
		strncmp(name, "classify", 8) == 0 ? 0.1 : 0 };
	tape_init(&s->t);
	batch_init(&s->b);
	if (model_create(&s->m, &spec) != 0 || param_set_randomise(&s->m.params, 3) != 0 || param_set_prepare_training(&s->m.params, false) != 0)
		abort();
}

static void finish(struct setting *s)
{
	model_release(&s->m);
	tape_release(&s->t);
	batch_release(&s->b);
}

static void open_batch(struct setting *s)
{
	if (batch_begin(&s->b, DTYPE_F32, s->m.head->stride, 8) != 0)
		abort();
}

/* Loss and gradients of the batch, in `parts` parts. */
static struct model_loss run(struct setting *s, const struct batch_sources *sources, int parts)
{
	struct model_loss sum = { 0 }, loss;
	if (batch_finish(&s->b) != 0)
		abort();
	s->b.sources = sources;
	param_set_begin_step(&s->m.params);
	for (int i = 0; i < parts; i++) {
		struct batch part = batch_part(&s->b, i * s->b.n / parts, s->b.n / parts);
		tape_begin(&s->t, true, 0);
		if (s->m.head->loss(&s->m, &s->t, parts == 1 ? &s->b : &part, &loss) != 0 || tape_backward(&s->t) != 0) {
			printf("# %s\n", err_get());
			abort();
		}
		sum.total += loss.total;
		for (int k = 0; k < BATCH_MAX_SOURCES; k++)
			sum.source[k] += loss.source[k];
	}
	param_set_finish_gradients(&s->m.params);
	return sum;
}

/* sum += weight times the gradients, over all parameters one after the other. */
static double *add_gradients(double *sum, const struct setting *s, double weight)
{
	int64_t n = 0;
	if (sum == NULL)
		sum = calloc((size_t)param_set_count(&s->m.params), sizeof *sum);
	for (const struct param *p = s->m.params.first; p != NULL; p = p->next)
		for (int64_t i = 0; p->trainable && i < tensor_count(&p->value); i++)
			sum[n++] += weight * (double)p->grad[i];
	return sum;
}

static double distance(const double *a, const double *b, int64_t n)
{
	double off = 0, size = 0;
	for (int64_t i = 0; i < n; i++) {
		off += (a[i] - b[i]) * (a[i] - b[i]);
		size += b[i] * b[i];
	}
	return sqrt(off / size);
}

static const float scores[] = { 0.2f, 0.7f, 0.1f };

/* Images 0 and 1 of source 0 and image 2 of source 1, together and alone. */
static void test_sum(const char *name, const char *preset)
{
	struct batch_sources sources = { 2, { 0.75, 0.4 } };
	struct setting s;
	struct model_loss alone[2], joint;
	double *want = NULL, *got = NULL;
	begin(&s, name, preset);
	for (int k = 0; k < 2; k++) {
		open_batch(&s);
		for (int i = 2 * k; i < (k == 0 ? 2 : 3); i++)
			add(&s.b, i, k, i == 2 ? scores : NULL);
		alone[k] = run(&s, NULL, 1);
		want = add_gradients(want, &s, sources.weight[k]);
	}
	for (int parts = 1; parts <= 3; parts += 2) {
		open_batch(&s);
		add(&s.b, 0, 0, NULL);
		add(&s.b, 2, 1, scores);
		add(&s.b, 1, 0, NULL);
		joint = run(&s, &sources, parts);
		got = add_gradients(NULL, &s, 1);
		ok(fabs(joint.source[0] / alone[0].total - 1) < 1e-5 && fabs(joint.source[1] / alone[1].total - 1) < 1e-5,
		   "%s %s in %d: each source's loss is that of its images alone (%.5f, %.5f)", name, preset, parts, joint.source[0], joint.source[1]);
		double total = sources.weight[0] * alone[0].total + sources.weight[1] * alone[1].total;
		ok(fabs(joint.total / total - 1) < 1e-5, "the total is their weighted sum");
		double off = distance(got, want, param_set_count(&s.m.params));
		ok(off < 1e-4, "and so are the gradients, off by %.1e", off);
		free(got);
	}
	free(want);
	finish(&s);
}

/* A soft label's loss is -sum q log p, with the p that the model finds. */
static void test_soft(void)
{
	struct setting s;
	struct detection found[2];
	struct detect_limits limits = { 0, 0.5f, 0, 10 };
	struct arena a;
	double want = 0;
	begin(&s, "classify-resnet18-gn", "torchvision");
	arena_init(&a, 1 << 16);
	open_batch(&s);
	add(&s.b, 0, -1, scores);
	add(&s.b, 1, -1, NULL);
	if (batch_finish(&s.b) != 0)
		abort();
	tape_begin(&s.t, false, s.m.params.version);
	if (s.m.head->detect(&s.m, &s.t, &s.b, &limits, found, &a) != 0)
		abort();
	for (int k = 0; k < CLASSES; k++) {
		double hard = (k == 1 ? 0.9 : 0) + 0.1 / 3;
		want -= 0.5 * (double)scores[k] * log((double)((const float *)found[0].class_scores.data)[k]);
		want -= 0.5 * hard * log((double)((const float *)found[1].class_scores.data)[k]);
	}
	open_batch(&s);
	add(&s.b, 0, -1, scores);
	add(&s.b, 1, -1, NULL);
	is_near(run(&s, NULL, 1).total, want, 1e-5, "probabilities are learned as they are, classes with smoothing");
	static const float bad[][CLASSES] = { { 0.5f, 0.2f, 0.1f }, { 1.5f, -0.5f, 0 }, { NAN, 1, 0 } };
	for (int i = 0; i < 3; i++) {
		struct model_loss loss;
		open_batch(&s);
		add(&s.b, 0, -1, bad[i]);
		if (batch_finish(&s.b) != 0)
			abort();
		tape_begin(&s.t, true, 0);
		ok(s.m.head->loss(&s.m, &s.t, &s.b, &loss) == -1 && strstr(err_get(), "class_scores are no probabilities") != NULL,
		   "numbers that are no probabilities");
	}
	arena_release(&a);
	finish(&s);
}

static struct stream_header mixture(const char *options)
{
	static struct provenance link;
	link = (struct provenance){ .tool = "tmix", .version = "0", .options = options };
	return (struct stream_header){ .kind = "sample", .n_provenance = 1, .provenance = &link };
}

/* A step with both sources present. */
static int take(struct joint *j, double human, double pseudo)
{
	struct sample samples[2] = { { .input = 0 }, { .input = 1 } };
	struct batch b = { .n = 2, .samples = samples };
	struct model_loss loss = { .source = { human, pseudo } };
	return joint_take(j, &b, &loss);
}

static void test_averages(void)
{
	struct joint_options o = { .alpha = 0.5, .decay = 0.75 };
	struct stream_header header = mixture("ratio=1:1 inputs=human,pseudo links=1,1");
	struct joint j, again;
	struct arena a;
	arena_init(&a, 1 << 12);
	ok(joint_init(&j, &o, &header, &a) == 0 && j.on, "two sources %s", err_get());
	is_text(j.name[0], "human", "the first one's name");
	is_text(j.name[1], "pseudo", "the second one's");
	is_near(joint_weights(&j)->weight[0], 1 / 1.5, 1e-15, "the first counts 1 of 1 + alpha");
	is_near(joint_weights(&j)->weight[1], 0.5 / 1.5, 1e-15, "the second alpha, with no averages yet");
	take(&j, 4, 1);
	is_near(joint_weights(&j)->weight[1], 0.5 / 1.5 * 4, 1e-15, "then times the ratio of the averages");
	take(&j, 2, 3);
	/* .75 * 4 + .25 * 2 = 3.5 and .75 * 1 + .25 * 3 = 1.5 */
	is_near(joint_weights(&j)->weight[1], 0.5 / 1.5 * 3.5 / 1.5, 1e-15, "which move");
	struct sample alone = { .input = 0 };
	struct batch b = { .n = 1, .samples = &alone };
	joint_take(&j, &b, &(struct model_loss){ .source = { 3.5, 0 } });
	is_near(j.mean[1], 1.5, 1e-15, "a source without images in a batch keeps its average");
	const char *text = joint_text(&j, &a);
	ok(joint_init(&again, &o, &header, &a) == 0 && joint_read(&again, text) == 0 && again.mean[0] == j.mean[0] && again.mean[1] == j.mean[1] &&
	   again.seen[0] == 3 && again.seen[1] == 2, "'%s' comes back to the bit", text);
	static const char *const bad[] = { "", "1,2;3", "1,2;3,4;", "1,2;3,4;5;", "1,2;x,4;5", "nan,2;3,4;5", "1,2;3,4;5,6;7" };
	for (int i = 0; i < (int)(sizeof bad / sizeof *bad); i++)
		ok(joint_read(&again, bad[i]) == -1 && strstr(err_get(), "damaged") != NULL, "'%s' is damaged", bad[i]);
	arena_release(&a);
}

static void test_stuck(void)
{
	struct joint_options o = { .weights = "1:1", .decay = 0.5 };
	struct stream_header header = mixture("ratio= inputs=human,pseudo");
	struct joint j;
	struct arena a;
	int said = 0, when = 0;
	arena_init(&a, 1 << 12);
	ok(joint_init(&j, &o, &header, &a) == 0, "weights %s", err_get());
	for (int i = 0; i < 99; i++)
		said += take(&j, 1, 0.0005);
	said += take(&j, 1, 0.5);
	is_int(said, 0, "99 steps with nothing, then something: not stuck");
	for (int i = 1; i <= 300; i++)
		if (take(&j, 1, i % 2 ? 0 : 0.0009) == 1) {
			said++;
			when = i;
		}
	is_int(said, 1, "300 steps with next to nothing are said once");
	is_int(when, JOINT_STUCK_STEPS, "after a hundred");
	o = (struct joint_options){ .alpha = 1, .decay = 0.5 };
	ok(joint_init(&j, &o, &header, &a) == 0, "alpha %s", err_get());
	take(&j, 2, 0);
	is_near(joint_weights(&j)->weight[1], 0.5 * 1000, 1e-12, "the ratio ends at 1000");
	arena_release(&a);
}

static void refused(const char *message, struct joint_options o, const char *inputs)
{
	struct stream_header header = mixture(inputs);
	struct joint j;
	struct arena a;
	arena_init(&a, 1 << 12);
	ok((joint_check_options(&o, 4) != 0 || joint_init(&j, &o, &header, &a) != 0) && strstr(err_get(), message) != NULL, "refused: %s", message);
	arena_release(&a);
}

int main(void)
{
	omp_set_num_threads(1);
	test_sum("retinanet-resnet18-fpn-gn", "torchvision");
	test_sum("retinanet-resnet18-fpn-gn", "tpu");
	test_sum("classify-resnet18-gn", "torchvision");
	test_soft();
	test_averages();
	test_stuck();
	refused("--quota '2:1' is 3 images, but a batch has 4", (struct joint_options){ .quota = "2:1" }, "");
	refused("whole numbers of images", (struct joint_options){ .quota = "2.5:1.5" }, "");
	refused("must be numbers from 0 on", (struct joint_options){ .weights = "1:" }, "");
	refused("must be numbers from 0 on", (struct joint_options){ .weights = "1:-1" }, "");
	refused("all are 0", (struct joint_options){ .weights = "0:0" }, "");
	refused("more than 8 sources", (struct joint_options){ .weights = "1:1:1:1:1:1:1:1:1" }, "");
	refused("leave out --source-weights", (struct joint_options){ .weights = "1:1", .alpha = 1 }, "");
	refused("mix them with tmix", (struct joint_options){ .alpha = 1 }, "ratio=1:1");
	refused("--joint-alpha is for 2 sources, but the input is a mixture of 3", (struct joint_options){ .alpha = 1 }, " inputs=a,b,c");
	refused("--quota is for 2 sources, but the input is a mixture of 1", (struct joint_options){ .quota = "2:2" }, " inputs=a");
	return tap_done();
}
