# make run    installs what is missing, trains on the demo's images (or IMAGES) and probes the result
# make test   installs what is missing and runs all tests
# make check  what every commit must pass

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

.PHONY: run build test lint check clean

run: build
	@.ci/packages $(DEMO)
	$(DIPTYCH) train "$(run_images)" --pipeline "$(call home,$(PIPELINE))" --output "$(run_output)"
	@# An unlabelled folder has nothing to probe: that is said, and is no failure of the run.
	$(DIPTYCH) probe "$(run_output)" "$(run_images)" --control || test $$? -eq 3

build:
	@.ci/packages views torch
	swift build --configuration release

test:
	@.ci/packages views torch
	swift test

lint:
	swift format lint --strict --recursive Sources Tests Package.swift

check: lint test

clean:
	swift package clean
