/* probe: how well simple classifiers tell classes apart by a network's features. */
#include "base/json.h"
#include "base/options.h"
#include "eval/eval_ranking.h"
#include "probe/classifiers.h"
#include "probe/feature_set.h"
#include "probe/normalise.h"

#include <cblas.h>
#include <omp.h>
#include <stdio.h>
#include <string.h>

static struct config {
	const char *classifier, *normalise, *align, *distance;
	double l2, tolerance;
	int64_t iterations;
	bool json;
} config = { .classifier = "linear", .normalise = "auto", .align = "auto", .distance = "euclidean", .l2 = 0.001, .tolerance = 1e-6, .iterations = 1000 };

static const struct option_spec options[] = {
	OPTION_CHOICE('c', "classifier", "linear|mean|easytl", &config.classifier, 0, "what is fitted (linear)"),
	OPTION_CHOICE(0, "normalise", "auto|none|joint|apart", &config.normalise, 0,
		      "z-scores by TRAIN (joint), rows and z-scores of each stream by itself (apart); auto: apart for easytl, else joint"),
	OPTION_CHOICE(0, "align", "auto|none|coral", &config.align, 0, "TRAIN's second moments to TEST's (auto: coral for easytl, else none)"),
	OPTION_CHOICE(0, "distance", "euclidean|sqeuclidean|cosine", &config.distance, 0, "mean, easytl: to the classes' means (euclidean)"),
	OPTION_NUMBER(0, "l2", "X", &config.l2, 0, 1e6, 0, "linear: weight of half the squared norm beside the mean loss (0.001)"),
	OPTION_INT(0, "iterations", "N", &config.iterations, 1, 1e6, 0, "linear: at most (1000)"),
	OPTION_NUMBER(0, "tolerance", "X", &config.tolerance, 0, 1, 0, "linear: largest magnitude of the gradient at the end (1e-06)"),
	OPTION_FLAG(0, "json", &config.json, 0, "JSON instead of a table"),
	OPTION_END
};

static const struct tool_spec tool = {
	.name = "probe",
	.summary = "fit classifiers to features of a network and count what they get right",
	.synopsis = "[options] TRAIN TEST",
	.options = options,
	.examples = "predict -m r18.safetensors --size 64 --features layer4 classes.pack -o train.features\n"
		    "predict -m r18.safetensors --size 64 --features layer4 classes-val.pack -o val.features\n"
		    "probe train.features val.features\n"
		    "probe -c easytl train.features val.features\n",
};

struct outcome {
	int64_t n, n_right;
	int64_t *images, *right;	/* [k] */
	struct eval_calibration calibration;
};

static int count(struct outcome *o, const struct feature_set *test, const double *p, const int32_t *answer, struct arena *a)
{
	int k = test->n_categories;
	*o = (struct outcome){ .n = test->n };
	o->images = arena_calloc(a, (size_t)k, sizeof *o->images);
	o->right = arena_calloc(a, (size_t)k, sizeof *o->right);
	if (o->images == NULL || o->right == NULL)
		return -1;
	for (int64_t i = 0; i < test->n; i++) {
		bool right = answer[i] == test->labels[i];
		o->images[test->labels[i]]++;
		o->right[test->labels[i]] += right;
		o->n_right += right;
		eval_calibration_add(&o->calibration, p[i * k + answer[i]], right);
	}
	return 0;
}

static void print_json(const struct outcome *o, const struct feature_set *test)
{
	struct json_writer w;
	json_writer_init(&w, stdout);
	json_put_object(&w);
	json_put_string_of(&w, "classifier", config.classifier);
	json_put_integer_of(&w, "images", o->n);
	json_put_double_of(&w, "accuracy", (double)o->n_right / (double)o->n);
	json_put_double_of(&w, "ECE", eval_calibration_error(&o->calibration));
	json_put_key(&w, "per_class");
	json_put_array(&w);
	for (int j = 0; j < test->n_categories; j++) {
		json_put_object(&w);
		json_put_string_of(&w, "name", test->categories[j].name);
		json_put_integer_of(&w, "images", o->images[j]);
		json_put_integer_of(&w, "right", o->right[j]);
		json_put_end(&w, '}');
	}
	json_put_end(&w, ']');
	json_put_end(&w, '}');
	putchar('\n');
}

static void print_table(const struct outcome *o, const struct feature_set *test)
{
	printf("accuracy  %.4f  (%lld of %lld images)\nECE       %.4f\n\n", (double)o->n_right / (double)o->n, (long long)o->n_right,
	       (long long)o->n, eval_calibration_error(&o->calibration));
	for (int j = 0; j < test->n_categories; j++)
		if (o->images[j] > 0)
			printf("%.4f  %5lld of %-5lld  %s\n", (double)o->right[j] / (double)o->images[j], (long long)o->right[j],
			       (long long)o->images[j], test->categories[j].name);
}

static int normalise(struct feature_set *train, struct feature_set *test, const char *how, const char *align, struct arena *a)
{
	int64_t d = train->d;
	double *mean = arena_alloc(a, (size_t)d * sizeof *mean), *deviation = arena_alloc(a, (size_t)d * sizeof *deviation);
	bool apart = strcmp(how, "apart") == 0;
	if (mean == NULL || deviation == NULL)
		return -1;
	if (apart) {
		normalise_rows(train->x, train->n, d);
		normalise_rows(test->x, test->n, d);
	}
	if (strcmp(how, "none") != 0) {
		normalise_measure(mean, deviation, train->x, train->n, d);
		normalise_apply(train->x, train->n, d, mean, deviation);
		if (apart)
			normalise_measure(mean, deviation, test->x, test->n, d);
		normalise_apply(test->x, test->n, d, mean, deviation);
	}
	return strcmp(align, "coral") == 0 ? normalise_coral(train->x, train->n, test->x, test->n, d, a) : 0;
}

static enum probe_distance distance(void)
{
	return strcmp(config.distance, "cosine") == 0 ? DISTANCE_COSINE :
	       strcmp(config.distance, "sqeuclidean") == 0 ? DISTANCE_SQEUCLIDEAN : DISTANCE_EUCLIDEAN;
}

static int classify(double *p, int32_t *answer, const struct probe_data *train, const struct probe_data *test, struct arena *a)
{
	struct lbfgs_param search = { .max_iterations = (int)config.iterations, .tolerance = config.tolerance };
	struct lbfgs_result result;
	if (strcmp(config.classifier, "mean") == 0)
		return probe_means(p, answer, NULL, train, test, distance(), a);
	if (strcmp(config.classifier, "easytl") == 0)
		return probe_easytl(p, answer, train, test, distance(), a);
	TRY(probe_linear(p, answer, train, test, config.l2, &search, &result, a));
	tool_say("%d iterations, loss %.6f, largest gradient %.1e", result.iterations, result.value, result.largest);
	return 0;
}

static int run_sets(struct feature_set *train, struct feature_set *test, struct arena *a)
{
	bool easytl = strcmp(config.classifier, "easytl") == 0;
	const char *how = strcmp(config.normalise, "auto") != 0 ? config.normalise : easytl ? "apart" : "joint";
	const char *align = strcmp(config.align, "auto") != 0 ? config.align : easytl ? "coral" : "none";
	TRY(feature_set_match(test, train));
	TRY(normalise(train, test, how, align, a));
	int k = train->n_categories;
	const struct probe_data of_train = { train->x, train->labels, train->n, train->d, k };
	const struct probe_data of_test = { test->x, test->labels, test->n, test->d, k };
	double *p = arena_alloc(a, (size_t)(test->n * k) * sizeof *p);
	int32_t *answer = arena_alloc(a, (size_t)test->n * sizeof *answer);
	struct outcome o;
	if (p == NULL || answer == NULL)
		return -1;
	TRY(classify(p, answer, &of_train, &of_test, a));
	TRY(count(&o, test, p, answer, a));
	(config.json ? print_json : print_table)(&o, test);
	return 0;
}

static int run(const struct arguments *args)
{
	struct feature_set train, test;
	struct arena a;
	omp_set_num_threads(args->threads);
	openblas_set_num_threads(args->threads);
	TRY(feature_set_read(&train, args->operand[0]));
	int status = feature_set_read(&test, args->operand[1]);
	if (status == 0) {
		arena_init(&a, 1 << 20);
		status = run_sets(&train, &test, &a);
		arena_release(&a);
		feature_set_release(&test);
	}
	feature_set_release(&train);
	return status;
}

int main(int argc, char **argv)
{
	struct arguments args;
	tool_start(&tool, argc, argv, &args);
	if (args.n != 2)
		tool_usage("two streams are wanted: TRAIN and TEST");
	if (strcmp(config.classifier, "linear") == 0 ? option_given("distance") : option_given("l2") || option_given("iterations") || option_given("tolerance"))
		tool_usage("--l2, --iterations and --tolerance are for linear, --distance for the others");
	return tool_end(run(&args));
}
