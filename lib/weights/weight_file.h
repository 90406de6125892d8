/*
 * weight_file: files of named tensors of any kind, as one.
 *
 *     struct safetensors s;
 *     TRY(weight_file_open(&s, "resnet50.pth"));      // or .safetensors, .pt, .th: the content decides
 *     safetensors_close(&s);
 */
#ifndef WEIGHTS_WEIGHT_FILE_H
#define WEIGHTS_WEIGHT_FILE_H

#include "stream/safetensors.h"

/* Error: cannot read; of neither format; what safetensors_open() and torch_file_read() refuse. */
int weight_file_open(struct safetensors *s, const char *path) MUST_CHECK;

#endif
