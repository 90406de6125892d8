/*
 * torch_file: the files of torch.save(), .pth, .pt and .th, in both forms.
 *
 * The zip form (PyTorch 1.6 and later) is an archive with the pickle ROOT/data.pkl and a member ROOT/data/KEY for each
 * storage. The legacy form is five pickles (a magic number, the protocol, the machine, the object, the keys of its storages)
 * and behind them for each key a count and the elements. Tensors, as deep as they lie in dictionaries and lists,
 * get their path as name, "state_dict.conv1.weight"; numbers and text among them become metadata.
 * Source: torch/serialization.py.
 */
#ifndef WEIGHTS_TORCH_FILE_H
#define WEIGHTS_TORCH_FILE_H

#include "stream/safetensors.h"

/* The first bytes are those of one of the forms. */
bool torch_file_is(const void *bytes, size_t size);

/*
 * Fill s from a file of size bytes in memory of s->arena, which s->path names in messages. On error the caller closes.
 * Error: what pickle_read() and zip_open() refuse; numbers in big-endian order; a storage that is missing or has another
 * size; values nested too deep or shared so often that the result would be out of proportion to the file.
 */
int torch_file_read(struct safetensors *s, uint8_t *bytes, size_t size) MUST_CHECK;

/*
 * Write an OrderedDict of the items in the zip form, atomically. The same items give the same bytes.
 * Error: cannot write; more than 4 GiB.
 */
int torch_file_write(const char *path, const struct safetensors_item *items, int n_items) MUST_CHECK;

#endif
