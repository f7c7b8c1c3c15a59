# make check: what every commit must pass.
.PHONY: lint check

lint:
	swift format lint --strict --recursive Sources Tests Package.swift

check: lint
	swift test
