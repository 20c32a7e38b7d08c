# What contributors and CI call. Needs make, npm, git and any Node that npm runs on; everything else is installed or named.
SHELL := /bin/bash
.DEFAULT_GOAL := help
IMAGE ?= localhost/pillion:dev
# The Node that the image ships is a development dependency: all of this runs on it, whatever the machine has.
MACHINE_PATH := $(PATH)
export PATH := $(CURDIR)/node_modules/.bin:$(PATH)

.PHONY: help build demo demo-inject test check docs bench image test-cluster clean

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 16

node_modules/.package-lock.json: package.json package-lock.json
# Not `npm ci`: it refuses the lock file wherever a mirror lacks the packages of other platforms. Versions are the lock's.
	@echo "npm install"
	@PATH="$(MACHINE_PATH)" npm install --no-save --no-audit --no-fund --loglevel=error
	@touch $@

# Whoever has built waits for no second build. The time of the file is that at which the build began, and it is not there
# while bin/ or dist/ is not; a folder is newer when something was taken out of it.
BUILT := .cache/built
SOURCES := $(shell find src scripts/build.ts scripts/code-cache.ts scripts/rehearse-sync.ts scripts/manifest.ts package.json package-lock.json -not -name '*.test.ts')
$(if $(and $(wildcard bin/pillion),$(wildcard dist/injection.cjs)),,$(shell rm -f $(BUILT)))

# One at a time: two of these may run side by side, `make test` and `make test-cluster`.
$(BUILT): node_modules/.package-lock.json $(SOURCES)
	@mkdir -p $(@D); began=$$(mktemp $(BUILT).XXXXXX); \
	if flock Makefile npm run --silent build; then mv "$$began" $@; else rm -f "$$began"; exit 1; fi

build: $(BUILT) ## make bin/pillion

demo: build ## run the main job for real: a push arrives in a running web page
	@node scripts/demo.ts

demo-inject: build ## what one annotation puts into a Deployment, offline, with a diff
	@node scripts/demo-inject.ts

test: build ## unit and integration tests, and the demo
	@node scripts/test.ts

check: node_modules/.package-lock.json ## format, lint, types, unit tests, docs drift
	@npm run --silent check

docs: node_modules/.package-lock.json ## write the generated reference
	@npm run --silent docs

bench: build ## measure against the peers
	@npm run --silent bench

image: build ## make the container image: make image IMAGE=name
	@deploy/image/build "$(IMAGE)"

test-cluster: build ## a real one-node Kubernetes, and the tests that run in it (root)
	@test/cluster/run

clean: ## remove what was built
	rm -rf bin dist node_modules .cache/built
