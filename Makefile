# make run    installs what is missing, trains on the demo's images (or IMAGES) and probes the result
# make test   installs what is missing and runs all tests
# make check  what every commit must pass
# make bench  views a second beside other libraries: make bench PHOTOGRAPHS=imagenet/ SMALL=cifar10/train
# make bench-losses  losses with their gradients beside other libraries
# make bundle LIBTORCH=/path/to/torch  the programs for machines without Swift, as a folder and a tar.xz in .build-bundle
# make wheel LIBTORCH=/path/to/torch   the Python package with the programs, in .build-wheel/dist
# make docs   builds the documentation of Views, Torch and Contrast
# make fuzz, make sanitize, make soak  what finds bugs that tests do not; see Fuzzing/README.md, Benchmarks/soak/README.md

IMAGES ?= /usr/share/openclipart/png
ifeq ($(IMAGES),/usr/share/openclipart/png)
PIPELINE ?= pipelines/openclipart.yaml
DEMO := demo
else
PIPELINE ?= pipelines/simclr.yaml
endif
OUTPUT ?= runs/$(basename $(notdir $(PIPELINE)))-$(shell date +%Y%m%d-%H%M%S)

DIPTYCH := .build/release/diptych
# Not every shell expands the tilde in IMAGES=~/photos.
home = $(patsubst ~/%,$(HOME)/%,$(1))
run_images := $(call home,$(IMAGES))
run_output := $(call home,$(OUTPUT))

# Seconds that each of `make fuzz`'s targets gets.
SECONDS_EACH ?= 30
# What each target starts from; 0 is another start each time.
SEED ?= 0
# Seconds of `make soak` under each sanitizer.
SOAK_SECONDS ?= 300
RESOURCES = $(shell clang -print-resource-dir)
COVERAGE := edge,inline-8bit-counters,pc-table
FUZZ := .build-fuzz/release/Fuzz
FORMATS := Tests/ViewsTests/Fixtures/formats

.PHONY: run build test lint check bench bench-losses bundle wheel fuzz sanitize soak docs clean

run: build
	@.ci/packages $(DEMO)
	$(DIPTYCH) train "$(run_images)" --pipeline "$(call home,$(PIPELINE))" --output "$(run_output)"
	@# An unlabelled folder has nothing to probe: that is said, and is no failure of the run.
	$(DIPTYCH) probe "$(run_output)" "$(run_images)" --control || test $$? -eq 3

build:
	@.ci/packages views torch
	swift build --configuration release

# Runs wherever glibc is as new as here, against any folder of the same libtorch (LD_LIBRARY_PATH=/path/to/torch/lib).
bundle:
	@.ci/packages views torch
	swift build --configuration release --static-swift-stdlib --scratch-path .build-bundle -Xlinker -rpath -Xlinker '$$ORIGIN/lib'
	.ci/bundle .build-bundle/release .build-bundle/diptych

# One wheel for every CPython. LIBTORCH is the torch folder of a pip environment, of the version that Python/pyproject.toml names.
wheel:
	@.ci/packages views torch wheel
	swift build --configuration release --scratch-path .build-wheel
	.ci/wheel .build-wheel/release .build-wheel/dist

test:
	@.ci/packages views torch
	swift test

lint:
	swift format lint --strict --recursive Sources Tests Examples Fuzzing Package.swift

# New inputs are kept in .build-fuzz/corpus, so that the next time goes on from there; a bug's input is named on the last lines.
fuzz:
	@.ci/packages views
	swift build --configuration release --package-path Fuzzing --scratch-path .build-fuzz \
	  -Xswiftc -sanitize=address -Xswiftc -sanitize-coverage=$(COVERAGE) \
	  -Xcc -fsanitize=address -Xcc -fsanitize-coverage=$(COVERAGE),trace-cmp \
	  -Xlinker $(RESOURCES)/lib/linux/libclang_rt.fuzzer_no_main-$(shell uname -m).a -Xlinker -lstdc++
	@for target in decode:Tests/ViewsTests/Fixtures/good,Tests/ViewsTests/Fixtures/webp yaml:pipelines tar:Tests/ViewsTests/Fixtures/tar \
	  bmp:$(FORMATS) gif:$(FORMATS) pnm:$(FORMATS) tiff:$(FORMATS) webp:$(FORMATS),Tests/ViewsTests/Fixtures/webp \
	  npy:Tests/FilesTests/Fixtures/npy tables:Tests/ViewsTests/Fixtures/tables vocabulary:Tests/TextTests/Fixtures border:; do \
	  name=$${target%%:*}; corpus=.build-fuzz/corpus/$$name; mkdir -p $$corpus; \
	  $(FUZZ) $$name $$corpus $$(echo $${target#*:} | tr , ' ') -max_total_time=$(SECONDS_EACH) -seed=$(SEED) -max_len=65536 -timeout=10 \
	    -rss_limit_mb=2048 -artifact_prefix=.build-fuzz/$$name- </dev/null >.build-fuzz/$$name.log 2>&1 \
	    || { tail -n 40 .build-fuzz/$$name.log; exit 1; }; \
	  echo "fuzz $$name: $$(tail -n 1 .build-fuzz/$$name.log)"; \
	done

# Swift traps where C is undefined, so only the C and C++ parts are built with that sanitizer, and its runtime is linked by hand.
UNDEFINED = -Xcc -fsanitize=undefined -Xcc -fno-sanitize=vptr,function -Xcc -fno-sanitize-recover=undefined -Xlinker --whole-archive \
  -Xlinker $(RESOURCES)/lib/linux/libclang_rt.ubsan_standalone-$(shell uname -m).a \
  -Xlinker $(RESOURCES)/lib/linux/libclang_rt.ubsan_standalone_cxx-$(shell uname -m).a -Xlinker --no-whole-archive -Xlinker -lstdc++

# The tests of Views under the address sanitizer and under the thread sanitizer, and those with C and C++ in them under the
# undefined-behaviour sanitizer. One test asks for more memory than there is. XCTest, which has nothing to run, leaks 144 bytes.
sanitize: export ASAN_OPTIONS = allocator_may_return_null=1
sanitize: export TSAN_OPTIONS = allocator_may_return_null=1
sanitize:
	@.ci/packages views torch
	swift test --disable-xctest --sanitize=address --scratch-path .build-asan --filter ViewsTests
	swift test --disable-xctest --sanitize=thread --scratch-path .build-tsan --filter ViewsTests
	swift test $(UNDEFINED) --scratch-path .build-ubsan --filter 'ViewsTests|FilesTests|TorchTests'

# Training while files go bad, under the thread and then the address sanitizer. A program that one of these has reported on ends with
# another status than the soak expects; so does one that leaks. Freed memory is kept back to find late uses; more than 16 MiB of it would hide growth.
soak: export ASAN_OPTIONS = allocator_may_return_null=1:quarantine_size_mb=16
soak: export TSAN_OPTIONS = allocator_may_return_null=1
soak:
	@.ci/packages views torch
	swift build --sanitize=thread --scratch-path .build-tsan --product diptych-torch
	python3 Benchmarks/soak/soak.py --seconds $(SOAK_SECONDS) --images 300 --diptych .build-tsan/debug/diptych-torch
	swift build --sanitize=address --scratch-path .build-asan --product diptych-torch
	python3 Benchmarks/soak/soak.py --seconds $(SOAK_SECONDS) --images 300 --diptych .build-asan/debug/diptych-torch

check: lint test

# Peers that pip cannot install are named and left out.
bench: build
	@test -n "$(PHOTOGRAPHS)$(SMALL)" || { echo "make bench: give PHOTOGRAPHS=folder, SMALL=folder or both" >&2; exit 2; }
	test -d .build-peers || python3 -m venv .build-peers
	for peer in $$(grep -v '^#' Benchmarks/views/requirements.txt); do \
	  .build-peers/bin/pip install --quiet --extra-index-url https://download.pytorch.org/whl/cpu $$peer || echo "make bench: $$peer cannot be installed" >&2; done
	.build-peers/bin/python Benchmarks/views/compare.py $(if $(PHOTOGRAPHS),--photographs $(PHOTOGRAPHS)) $(if $(SMALL),--small $(SMALL))

# Losses beside PyTorch's formula and lightly's; 18 GiB for the largest matrix, see the script.
bench-losses:
	@.ci/packages torch
	swift build -c release --package-path Benchmarks/losses
	test -d .build-peers || python3 -m venv .build-peers
	for peer in $$(grep -v '^#' Benchmarks/losses/requirements.txt); do \
	  .build-peers/bin/pip install --quiet $$(case $$peer in lightly*) echo --no-deps;; esac) \
	    --extra-index-url https://download.pytorch.org/whl/cpu $$peer || echo "make bench-losses: $$peer cannot be installed" >&2; done
	.build-peers/bin/python Benchmarks/losses/bench.py

# The documentation of Views, Torch and Contrast as sites in .build-docs; warnings are errors.
docs:
	@.ci/packages views torch
	rm -rf .build-docs/symbols && mkdir -p .build-docs/symbols
	swift build --target Contrast --scratch-path .build-docs/build \
	  -Xswiftc -emit-symbol-graph -Xswiftc -emit-symbol-graph-dir -Xswiftc $(CURDIR)/.build-docs/symbols
	@for library in Views Torch Contrast; do \
	  only=.build-docs/symbols/$$library-only; mkdir -p $$only && cp .build-docs/symbols/$$library*.symbols.json $$only/ && \
	  docc convert Sources/$$library/$$library.docc --additional-symbol-graph-dir $$only \
	    --fallback-display-name $$library --fallback-bundle-identifier diptych.$$library --warnings-as-errors \
	    --output-path .build-docs/$$library || exit 1; \
	done

clean:
	swift package clean
