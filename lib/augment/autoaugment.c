/*
 * AutoAugment's rules. Detection: Zoph et al., arXiv 1906.11172, v0 being the ones of the paper's results, v1 to v3
 * those of its code. Classification: Cubuk et al., arXiv 1805.09501, the rules for ImageNet as in EfficientNet's code.
 */
#include "augment/rules.h"

#define DETECTION_V0 \
	"translate-x:0.6:4, equalize:0.8\n" \
	"translate-y-boxes:0.2:2, cutout:0.8:8\n" \
	"sharpness:0:8, shear-x:0.4:0\n" \
	"shear-y:1:2, translate-y-boxes:0.6:6\n" \
	"rotate:0.6:10, color:1:6\n"

static const char detection_v1[] = DETECTION_V0
	"color:0:0, shear-x-boxes:0.8:4\n"
	"shear-y-boxes:0.8:2, flip-boxes:0\n"
	"equalize:0.6, translate-x:0.2:2\n"
	"color:1:10, translate-y-boxes:0.4:6\n"
	"rotate:0.8:10, contrast:0:10\n"
	"cutout:0.2:2, brightness:0.8:10\n"
	"color:1:6, equalize:1\n"
	"cutout-boxes:0.4:6, translate-y-boxes:0.8:2\n"
	"color:0.2:8, rotate:0.8:10\n"
	"sharpness:0.4:4, translate-y-boxes:0:4\n"
	"sharpness:1:4, solarize-add:0.4:4\n"
	"rotate:1:8, sharpness:0.2:8\n"
	"shear-y:0.6:10, equalize-boxes:0.6\n"
	"shear-x:0.2:6, translate-y-boxes:0.2:10\n"
	"solarize-add:0.6:8, brightness:0.8:10\n";

static const char detection_v2[] =
	"color:0:6, cutout:0.6:8, sharpness:0.4:8\n"
	"rotate:0.4:8, sharpness:0.4:2, rotate:0.8:10\n"
	"translate-y:1:8, autocontrast:0.8\n"
	"autocontrast:0.4, shear-x:0.8:8, brightness:0:10\n"
	"solarize-add:0.2:6, contrast:0:10, autocontrast:0.6\n"
	"cutout:0.2:0, solarize:0.8:8, color:1:4\n"
	"translate-y:0:4, equalize:0.6, solarize:0:10\n"
	"translate-y:0.2:2, shear-y:0.8:8, rotate:0.8:8\n"
	"cutout:0.8:8, brightness:0.8:8, cutout:0.2:2\n"
	"color:0.8:4, translate-y:1:6, rotate:0.6:6\n"
	"rotate:0.6:10, bbox-cutout:1:4, cutout:0.2:8\n"
	"rotate:0:0, equalize:0.6, shear-y:0.6:8\n"
	"brightness:0.8:8, autocontrast:0.4, brightness:0.2:2\n"
	"translate-y:0.4:8, solarize:0.4:6, solarize-add:0.2:10\n"
	"contrast:1:10, solarize-add:0.2:8, equalize:0.2\n";

static const char detection_v3[] =
	"posterize:0.8:2, translate-x:1:8\n"
	"bbox-cutout:0.2:10, sharpness:1:8\n"
	"rotate:0.6:8, rotate:0.8:10\n"
	"equalize:0.8, autocontrast:0.2\n"
	"solarize-add:0.2:2, translate-y:0.2:8\n"
	"sharpness:0:2, color:0.4:8\n"
	"equalize:1, translate-y:1:8\n"
	"posterize:0.6:2, rotate:0:10\n"
	"autocontrast:0.6, rotate:1:6\n"
	"equalize:0, cutout:0.8:10\n"
	"brightness:1:2, translate-y:1:6\n"
	"contrast:0:2, shear-y:0.8:0\n"
	"autocontrast:0.8, contrast:0.2:10\n"
	"rotate:1:10, cutout:1:10\n"
	"solarize-add:0.8:6, equalize:0.8\n";

const struct augment_published augment_auto_detection[] = {
	{ "v0", DETECTION_V0 }, { "v1", detection_v1 }, { "v2", detection_v2 }, { "v3", detection_v3 }, { 0 }
};

static const char classification_v0[] =
	"equalize:0.8, shear-y:0.8:4\n"
	"color:0.4:9, equalize:0.6\n"
	"color:0.4:1, rotate:0.6:8\n"
	"solarize:0.8:3, equalize:0.4\n"
	"solarize:0.4:2, solarize:0.6:2\n"
	"color:0.2:0, equalize:0.8\n"
	"equalize:0.4, solarize-add:0.8:3\n"
	"shear-x:0.2:9, rotate:0.6:8\n"
	"color:0.6:1, equalize:1\n"
	"invert:0.4, rotate:0.6:0\n"
	"equalize:1, shear-y:0.6:3\n"
	"color:0.4:7, equalize:0.6\n"
	"posterize:0.4:6, autocontrast:0.4\n"
	"solarize:0.6:8, color:0.6:9\n"
	"solarize:0.2:4, rotate:0.8:9\n"
	"rotate:1:7, translate-y:0.8:9\n"
	"shear-x:0:0, solarize:0.8:4\n"
	"shear-y:0.8:0, color:0.6:4\n"
	"color:1:0, rotate:0.6:2\n"
	"equalize:0.8, equalize:0\n"
	"equalize:1, autocontrast:0.6\n"
	"shear-y:0.4:7, solarize-add:0.6:7\n"
	"posterize:0.8:2, solarize:0.6:10\n"
	"solarize:0.6:8, equalize:0.6\n"
	"color:0.8:6, rotate:0.4:5\n";

const struct augment_published augment_auto_classification[] = { { "v0", classification_v0 }, { 0 } };
