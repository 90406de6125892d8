# cocopipe: build, check, measure, install. `make help` lists the targets.

CONF ?= release
PREFIX ?= /usr/local
DESTDIR ?=
CC ?= gcc
# A pipe fails when any of its commands does.
SHELL := /bin/bash
.SHELLFLAGS := -o pipefail -c
VERSION := 0.1.0

BUILD := build/$(CONF)
PACKAGES := gcc make libjpeg-dev libmsgpack-dev libopenblas-dev libzstd-dev libdnnl-dev libxxhash-dev \
	libpng-dev libexpat1-dev zlib1g-dev
CHECK_PACKAGES := perl mandoc shellcheck jq zstd gzip python3-msgpack python3-numpy python3-pil
FUZZ_PACKAGES := clang-14 libclang-rt-14-dev libomp-14-dev
PARITY_PACKAGES := python3-torch python3-torchvision

WARNINGS := -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wwrite-strings -Wvla
ifdef WERROR
WARNINGS += -Werror
endif
CFLAGS_release := -O3 -g
CFLAGS_debug := -O0 -g3
CFLAGS_asan := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
CFLAGS_tsan := -O1 -g -fsanitize=thread
CFLAGS_cov := -O0 -g --coverage
CFLAGS_fuzz := -O1 -g -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
ifeq ($(CFLAGS_$(CONF)),)
$(error CONF=$(CONF) is none of release debug asan tsan cov fuzz)
endif
BASE_CFLAGS := -std=gnu17 $(CFLAGS_$(CONF)) $(WARNINGS) -fopenmp -pthread -fno-math-errno -MMD -MP \
	-D_GNU_SOURCE -DCOCOPIPE_VERSION='"$(VERSION)"' -Ilib -I$(BUILD) -I.
LIBS := -Wl,--as-needed -ldnnl -lopenblas -ljpeg -lpng -lmsgpackc -lzstd -lz -lxxhash -lexpat -lm

# The data path and the evaluation give the same bytes on any machine: no fused multiply-add there.
EXACT_DIRS := base tensor stream weights record image coco eval augment detect
EXACT = $(if $(filter $(EXACT_DIRS),$(word 2,$(subst /, ,$<))),-ffp-contract=off)

# X.simd.c is compiled once per instruction level; see lib/base/isa.h.
ARCH := $(shell $(CC) -dumpmachine | cut -d- -f1)
ISA_LEVELS := base $(if $(filter x86_64,$(ARCH)),avx2 avx512 avx512_bf16)
ISA_CFLAGS_base :=
ISA_CFLAGS_avx2 := -mavx2 -mfma -mf16c
ISA_CFLAGS_avx512 := -mavx2 -mfma -mf16c -mavx512f -mavx512bw -mavx512vl -mavx512dq -mprefer-vector-width=512
ISA_CFLAGS_avx512_bf16 := $(ISA_CFLAGS_avx512) -mavx512bf16

# Fuzzing needs the layers that read data, and no others.
LIB_DIRS := $(if $(filter fuzz,$(CONF)),base tensor stream weights record image coco eval augment,*)
LIB_SRC := $(sort $(filter-out %.simd.c,$(wildcard $(LIB_DIRS:%=lib/%/*.c))))
SIMD_SRC := $(sort $(wildcard $(LIB_DIRS:%=lib/%/*.simd.c)))
TOOL_SRC := $(sort $(wildcard tools/*.c))
TEST_SRC := $(sort $(wildcard tests/*.c))
SYMBOLS = $(sort $(shell sed -nE 's/^const struct $(1) ($(1)_[a-z0-9_]+).*/\1/p' $(2) /dev/null))
OPS := $(call SYMBOLS,op,$(wildcard lib/op/*.c lib/detect/*.c))
HEADS := $(call SYMBOLS,model_head,$(wildcard lib/model/*.c))
DATASETS := $(call SYMBOLS,dataset_kind,$(wildcard lib/coco/dataset_*.c))
TYPES := $(call SYMBOLS,eval_type,$(wildcard lib/eval/*.c))
TASKS := $(call SYMBOLS,eval_task,$(wildcard lib/eval/*.c))
AUGMENTS := $(call SYMBOLS,augment_op,$(wildcard lib/augment/*.c))
SCHEMES := $(call SYMBOLS,augment_scheme,$(wildcard lib/augment/*.c))

LIB_OBJ := $(LIB_SRC:%.c=$(BUILD)/obj/%.o) \
	$(foreach level,$(ISA_LEVELS),$(SIMD_SRC:%.c=$(BUILD)/obj/%.$(level).o)) \
	$(BUILD)/obj/registry_augment.o \
	$(if $(filter fuzz,$(CONF)),,$(BUILD)/obj/registry.o $(BUILD)/obj/registry_data.o $(BUILD)/obj/registry_eval.o)
LIB := $(BUILD)/libcocopipe.a
TOOLS := $(TOOL_SRC:tools/%.c=$(BUILD)/bin/%)
TESTS := $(TEST_SRC:tests/%.c=$(BUILD)/tests/%)
FAULTY := $(BUILD)/faults/evalap
FUZZERS := $(patsubst tests/fuzz/%.c,$(BUILD)/fuzz/%,$(sort $(wildcard tests/fuzz/*.c)))
BENCHES := $(patsubst tests/bench/%.c,$(BUILD)/bench/%,$(sort $(wildcard tests/bench/*.c)))

# V=1 shows whole commands.
ifeq ($(V),)
Q := @
say = @echo '  $(1)'
endif

.PHONY: all deps check check-peers bench benches sheets demo fuzz fuzzers install help clean parity tests
.DEFAULT_GOAL := all
.SECONDARY:

all: $(TOOLS)	## build the programs into build/$(CONF)/bin (CONF=release|debug|asan|tsan|cov)

tests: $(TESTS) $(FUZZERS) $(FAULTY)

fuzzers: $(FUZZERS)

benches: $(BENCHES) $(BUILD)/tests/json

$(BUILD)/obj/lib/%.o: lib/%.c
	@mkdir -p $(@D)
	$(call say,CC $@)
	$(Q)$(CC) $(BASE_CFLAGS) $(EXACT) $(CFLAGS) -c -o $@ $<

define SIMD_RULE
$(BUILD)/obj/lib/%.simd.$(1).o: lib/%.simd.c
	@mkdir -p $$(@D)
	$$(call say,CC $$@)
	$$(Q)$$(CC) $$(BASE_CFLAGS) $$(EXACT) $$(ISA_CFLAGS_$(1)) -DISA_SUFFIX=_$(1) $$(CFLAGS) -c -o $$@ $$<
endef
$(foreach level,$(ISA_LEVELS),$(eval $(call SIMD_RULE,$(level))))

# The registries of data set kinds, evaluations, augmentations, ops and models, made from the files that define one.
$(BUILD)/registry.c: $(wildcard lib/coco/dataset_*.c lib/eval/*.c lib/augment/*.c lib/op/*.c lib/detect/*.c lib/model/*.c) Makefile
	@mkdir -p $(@D)
	@{ echo '#include "augment/augment.h"'; echo '#include "coco/dataset.h"'; echo '#include "eval/eval_task.h"'; \
	   echo '#include "eval/eval_type.h"'; echo '#include "model/model.h"'; \
	   echo '#ifdef REGISTRY_EVAL'; \
	   $(foreach type,$(TYPES),echo 'extern const struct eval_type $(type);';) \
	   echo 'const struct eval_type *const eval_types[] = {'; \
	   $(foreach type,$(TYPES),echo '	&$(type),';) echo '	0 };'; \
	   $(foreach task,$(TASKS),echo 'extern const struct eval_task $(task);';) \
	   echo 'const struct eval_task *const eval_tasks[] = {'; \
	   $(foreach task,$(TASKS),echo '	&$(task),';) echo '	0 };'; echo '#elif defined REGISTRY_AUGMENT'; \
	   $(foreach op,$(AUGMENTS),echo 'extern const struct augment_op $(op);';) \
	   echo 'const struct augment_op *const augment_ops[] = {'; \
	   $(foreach op,$(AUGMENTS),echo '	&$(op),';) echo '	0 };'; \
	   echo '#elif defined REGISTRY_DATA'; \
	   $(foreach kind,$(DATASETS),echo 'extern const struct dataset_kind $(kind);';) \
	   echo 'const struct dataset_kind *const dataset_kinds[] = {'; \
	   $(foreach kind,$(DATASETS),echo '	&$(kind),';) echo '	0 };'; \
	   $(foreach scheme,$(SCHEMES),echo 'extern const struct augment_scheme $(scheme);';) \
	   echo 'const struct augment_scheme *const augment_schemes[] = {'; \
	   $(foreach scheme,$(SCHEMES),echo '	&$(scheme),';) echo '	0 };'; \
	   echo '#else'; \
	   $(foreach op,$(OPS),echo 'extern const struct op $(op);';) \
	   echo 'const struct op *const op_registry[] = {'; \
	   $(foreach op,$(OPS),echo '	&$(op),';) echo '	0 };'; \
	   $(foreach head,$(HEADS),echo 'extern const struct model_head $(head);';) \
	   echo 'const struct model_head *const model_registry[] = {'; \
	   $(foreach head,$(HEADS),echo '	&$(head),';) echo '	0 };'; echo '#endif'; } > $@.tmp
	@cmp -s $@.tmp $@ && rm $@.tmp && touch $@ || mv $@.tmp $@

# In four objects, so that programs of the data path and of evaluation are not linked with ops, models, and the libraries
# these need.
$(BUILD)/obj/registry.o: $(BUILD)/registry.c
	@mkdir -p $(@D)
	$(call say,CC $@)
	$(Q)$(CC) $(BASE_CFLAGS) $(CFLAGS) -c -o $@ $<

$(BUILD)/obj/registry_data.o: $(BUILD)/registry.c
	@mkdir -p $(@D)
	$(call say,CC $@)
	$(Q)$(CC) $(BASE_CFLAGS) -DREGISTRY_DATA $(CFLAGS) -c -o $@ $<

$(BUILD)/obj/registry_eval.o: $(BUILD)/registry.c
	@mkdir -p $(@D)
	$(call say,CC $@)
	$(Q)$(CC) $(BASE_CFLAGS) -DREGISTRY_EVAL $(CFLAGS) -c -o $@ $<

$(BUILD)/obj/registry_augment.o: $(BUILD)/registry.c
	@mkdir -p $(@D)
	$(call say,CC $@)
	$(Q)$(CC) $(BASE_CFLAGS) -DREGISTRY_AUGMENT $(CFLAGS) -c -o $@ $<

$(LIB): $(LIB_OBJ)
	@rm -f $@
	$(Q)$(AR) rcs $@ $^

$(BUILD)/bin/%: tools/%.c $(LIB)
	@mkdir -p $(@D)
	$(call say,LD $@)
	$(Q)$(CC) $(BASE_CFLAGS) $(CFLAGS) -o $@ $< $(LIB) $(LDFLAGS) $(LIBS)

$(BUILD)/tests/%: tests/%.c $(LIB)
	@mkdir -p $(@D)
	$(call say,LD $@)
	$(Q)$(CC) $(BASE_CFLAGS) $(CFLAGS) -o $@ $< $(LIB) $(LDFLAGS) $(LIBS)

# A tool whose n-th allocation can be made to fail.
FAULTS := malloc calloc realloc aligned_alloc strdup strndup asprintf fopen fdopen open_memstream
$(BUILD)/faults/%: tools/%.c tests/faults/alloc.c $(LIB)
	@mkdir -p $(@D)
	$(call say,LD $@)
	$(Q)$(CC) $(BASE_CFLAGS) $(CFLAGS) $(FAULTS:%=-Wl,--wrap=%) -o $@ $< tests/faults/alloc.c $(LIB) $(LDFLAGS) $(LIBS)

# Fuzz targets: with libFuzzer in CONF=fuzz, elsewhere with a main() that runs them on files.
FUZZ_MAIN := $(if $(filter fuzz,$(CONF)),-fsanitize=fuzzer,tests/fuzz/main/replay.c) tests/fuzz/main/file.c
$(BUILD)/fuzz/%: tests/fuzz/%.c tests/fuzz/main/replay.c tests/fuzz/main/file.c $(LIB)
	@mkdir -p $(@D)
	$(call say,LD $@)
	$(Q)$(CC) $(BASE_CFLAGS) -Itests/fuzz $(CFLAGS) -o $@ $< $(FUZZ_MAIN) $(LIB) $(LDFLAGS) $(LIBS)

$(BUILD)/bench/%: tests/bench/%.c $(LIB)
	@mkdir -p $(@D)
	$(call say,LD $@)
	$(Q)$(CC) $(BASE_CFLAGS) $(CFLAGS) -o $@ $< $(LIB) $(LDFLAGS) $(LIBS)

deps:	## install what is missing (apt; sudo only when not root)
	@missing=$$(for p in $(PACKAGES) $(CHECK_PACKAGES) $(EXTRA_PACKAGES); do \
		dpkg-query -W -f='$${Status}' $$p 2>/dev/null | grep -q 'install ok installed' || echo $$p; done); \
	if [ -z "$$missing" ]; then echo "deps: everything is installed"; else \
		sudo=$$([ "$$(id -u)" = 0 ] || echo sudo); echo "deps: installing" $$missing; \
		$$sudo apt-get update -q && $$sudo env DEBIAN_FRONTEND=noninteractive \
			apt-get install -y -q --no-install-recommends $$missing; fi

# A cancelled thread's stack stays poisoned for asan, which would then trip over its own signal stack there.
check: export ASAN_OPTIONS = use_sigaltstack=0
check: deps	## build and run all tests (CONF=asan for the sanitizer build)
	@$(MAKE) --no-print-directory all tests
	@BIN=$(CURDIR)/$(BUILD)/bin CONF=$(CONF) OMP_WAIT_POLICY=passive prove --timer -j2 $(TESTS) $(sort $(wildcard tests/*.t))

parity: EXTRA_PACKAGES = $(PARITY_PACKAGES)
parity: deps	## compare with PyTorch and torchvision (installs Debian's)
	@$(MAKE) --no-print-directory all tests
	@BIN=$(CURDIR)/$(BUILD)/bin CONF=$(CONF) OMP_WAIT_POLICY=passive prove --timer --verbose $(sort $(wildcard tests/parity/*.t))

# numpy's exp() for AVX-512 differs from the C library's in last digits.
check-peers: export NPY_DISABLE_CPU_FEATURES = AVX512F AVX512CD AVX512_SKX AVX512_CLX AVX512_CNL AVX512_ICL
check-peers: DATA := $(or $(COCOPIPE_DATA),../shared/data)
check-peers: deps	## compare evalap and --unpack with the pycocotools in PYCOCOTOOLS=directory, evalap on PEER_SETS (2500) data sets
	@[ -d "$(PYCOCOTOOLS)/pycocotools" ] || { echo "check-peers: PYCOCOTOOLS=directory with pycocotools, built, is wanted"; exit 2; }
	@$(MAKE) --no-print-directory all
	@PYTHONDONTWRITEBYTECODE=1 PYTHONPATH="$(PYCOCOTOOLS)" /usr/bin/python3 tests/peers/peer_check.py $(BUILD)/bin/evalap \
		$(or $(PEER_SETS),2500) 1 bbox segm keypoints
	@if [ -d "$(DATA)/coco" ]; then \
		PYTHONDONTWRITEBYTECODE=1 PYTHONPATH="$(PYCOCOTOOLS)" /usr/bin/python3 tests/peers/unpack_check.py $(BUILD)/bin/coco-pack \
			$(foreach set,instances_train2017 instances_val2017 person_keypoints_train2017 person_keypoints_val2017, \
				$(DATA)/coco/annotations/$(set).json $(DATA)/coco/$(lastword $(subst _, ,$(set)))) \
			$(foreach set,train val,$(DATA)/nuclei/instances_$(set).json $(DATA)/nuclei/$(set)); \
	else echo "no $(DATA)/coco: --unpack is not compared"; fi

fuzz: EXTRA_PACKAGES = $(FUZZ_PACKAGES)
fuzz: deps	## run every fuzz target for FUZZ_SECONDS (60) under the sanitizers (installs clang)
	@$(MAKE) --no-print-directory CONF=fuzz CC=clang-14 fuzzers
	@tests/fuzz/run.sh build/fuzz/fuzz $(or $(FUZZ_SECONDS),60)

bench: EXTRA_PACKAGES = $(PARITY_PACKAGES)
bench: deps	## measure speed against peers; the table is build/bench.tsv too
	@$(MAKE) --no-print-directory all benches
	@env -u OPENBLAS_CORETYPE -u OPENBLAS_L2_SIZE BIN=$(CURDIR)/$(BUILD)/bin BENCH=$(CURDIR)/$(BUILD)/bench \
		tests/bench/run.sh | tee build/bench.tsv

demo: deps	## draw a data set, train on it for about two minutes, evaluate, leave pictures
	@$(MAKE) --no-print-directory all
	@BIN=$(CURDIR)/$(BUILD)/bin pipelines/demo.sh build/demo

sheets: deps	## draw the contact sheets of docs/augment.md anew
	@$(MAKE) --no-print-directory all
	@BIN=$(CURDIR)/$(BUILD)/bin docs/sheets.sh docs/sheets

install: all	## copy programs and man pages below $(DESTDIR)$(PREFIX)
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/share/man/man1 $(DESTDIR)$(PREFIX)/share/man/man5
	install -m 755 $(TOOLS) $(DESTDIR)$(PREFIX)/bin
	install -m 644 $(wildcard man/*.1) $(DESTDIR)$(PREFIX)/share/man/man1
	install -m 644 $(wildcard man/*.5) $(DESTDIR)$(PREFIX)/share/man/man5

clean:	## remove everything that was built
	rm -rf build

help:	## list the targets
	@grep -hE '^[a-z-]+:.*##' Makefile | sed -E 's/:.*##/:/' | awk -F: '{ printf "  make %-12s%s\n", $$1, $$2 }'

-include $(LIB_OBJ:.o=.d) $(TOOLS:%=%.d) $(TESTS:%=%.d) $(BENCHES:%=%.d) $(FUZZERS:%=%.d) $(FAULTY:%=%.d)
