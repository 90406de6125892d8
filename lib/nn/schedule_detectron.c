#include "nn/schedule_detectron.h"

#include <math.h>

static const double unit_steps = 90000, coco_images = 118287;

int schedule_detectron_parse(int *times, const char *text)
{
	if (text[0] < '1' || text[0] > '9' || text[1] != 'x' || text[2] != '\0')
		return err_set("schedule '%s': must be 1x, 2x and so on up to 9x", text);
	*times = text[0] - '0';
	return 0;
}

int schedule_detectron_make(struct schedule_detectron *s, int times, int64_t images, int64_t batch, double lr)
{
	enum { WARMUP = 500 };
	double left[2] = { 60000, 20000 };
	if (times == 1) {
		left[0] = 30000;
		left[1] = 10000;
	}
	double all = times * unit_steps, seen = all * SCHEDULE_DETECTRON_BATCH / coco_images * (double)images;
	*s = (struct schedule_detectron){
		.steps = llround(seen / (double)batch), .epochs = seen / (double)images,
		.lr = lr * (double)batch / SCHEDULE_DETECTRON_BATCH, .warmup_factor = 1.0 / 3,
	};
	for (int i = 0; i < 2; i++)
		s->drop[i] = llround((double)s->steps * (all - left[i]) / all);
	s->warmup = s->steps / 10 < WARMUP ? s->steps / 10 : WARMUP;
	if (s->drop[0] < 1 || s->drop[1] == s->drop[0] || s->drop[1] >= s->steps)
		return err_set("schedule %dx of %lld images has %lld steps of %lld images, too few for its two drops; take a smaller batch",
			       times, (long long)images, (long long)s->steps, (long long)batch);
	return 0;
}
