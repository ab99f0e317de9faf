# soundgate: everything a person or a machine runs. `make` alone lists it.

SHELL       := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.SUFFIXES:
MAKEFLAGS += --no-print-directory

# The same flags everywhere: SwiftPM rebuilds what was built with others. Colour is such a flag, and would differ
# between a terminal and a pipe.
SWIFT_FLAGS   := --explicit-target-dependency-import-check error --no-color-diagnostics
RELEASE_FLAGS := $(SWIFT_FLAGS) -c release --product soundgate --static-swift-stdlib
RELEASE       := .build/release/soundgate

# `make run ARGS='--config config/mine.yaml'`, `make test FILTER=RoutingTests`, `make fuzz SECONDS=60 TARGET=URL`,
# `make chaos KILLS=100 TASKS=10000 SEED=42`
ARGS    ?=
FILTER  ?=
SECONDS ?= 600
TARGET  ?=
KILLS   ?= 60
TASKS   ?= 6000
SEED    ?=

# Tests that wait on sockets and files overlap well; more than this many at once starves the timers they check.
export SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH ?= 8

SWIFT_SOURCES := $(wildcard Package.swift Sources Tests Benchmarks)
SCRIPTS       := $(wildcard .ci/run .ci/check-swift .ci/install-packages .ci/docs .ci/quote .ci/python-environment Benchmarks/run Benchmarks/cost Benchmarks/soak Benchmarks/*.sh Tests/Architecture/check-arrows Tests/Clients/run Tests/Container/run Tests/Contract/run Tests/Contract/house.sh Tests/Deployment/run Tests/Fuzz/run Tests/Metrics/run Tests/S3/run Tests/SDK/run Tests/TLS/run docker/cluster-secrets)

CONSOLE       := Sources/Gateway/API/Resources/Console

EXAMPLE := curl -s localhost:8080/v1/sounds -H 'Prefer: wait=30' --json '{"prompt":"soft rain with distant thunder","loop":true,"duration":12}'

.PHONY: help
help: ## list these targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' Makefile

.PHONY: prepare
prepare:
	@.ci/check-swift
	@.ci/install-packages toolchain build

.PHONY: build
build: prepare ## build the program and its tests (debug)
	swift build --build-tests $(SWIFT_FLAGS)

.PHONY: release
release: prepare ## build the optimised program, .build/release/soundgate
	swift build $(RELEASE_FLAGS)

.PHONY: run
run: release ## build and start the gateway on localhost:8080
	@echo
	@echo "When it is ready, open http://localhost:8080 and press \"Make the sound\", or in another shell:"
	@printf '  %s\n\n' "$$EXAMPLE"
	@exec $(RELEASE) serve $(ARGS)
run: export EXAMPLE := $(EXAMPLE)

.PHONY: test
test: build architecture ## build and run every test (FILTER=Name for some, without other people's programs)
	@.ci/install-packages console shells cluster
	@FILTER='$(FILTER)' .ci/run-tests $(CURDIR)/.build/debug/soundgate --skip-build $(SWIFT_FLAGS)
	@[ -n '$(FILTER)' ] || Tests/Metrics/run .build/debug/soundgate || { status=$$?; \
	  [ $$status -ne 69 ] || echo "make test: every test passed but those of promtool, which could not run" >&2; \
	  exit $$status; }
	@[ -n '$(FILTER)' ] || $(OTHERS) || { status=$$?; \
	  [ $$status -ne 69 ] || echo "make test: every test passed but those of other people's programs, which could not run" >&2; \
	  exit $$status; }

# Other people's programs against the built one: the vendors' clients, a generated client, an object store, a balancer and
# all that stands around several gateways, checkers of the contract.
CLIENTS := Tests/SDK/run .build/debug/soundgate && Tests/Clients/run .build/debug/soundgate
OTHERS   = { $(CLIENTS) && Tests/S3/run .build/debug/soundgate && Tests/Deployment/run .build/debug/soundgate && \
  Tests/Contract/run .build/debug/soundgate; }

.PHONY: test-cluster
test-cluster: ## three gateways over PostgreSQL, at length: 24 kills, restarts, pauses, clocks apart, shared limits
	@.ci/install-packages cluster
	@$(MAKE) build
	@SOUNDGATE_CLUSTER_LONG=1 FILTER='^EndToEndTests\.Cluster' .ci/run-tests $(CURDIR)/.build/debug/soundgate --skip-build $(SWIFT_FLAGS)

.PHONY: test-clients
test-clients: build ## only the vendors' own clients and one generated from the contract (network, once)
	@$(CLIENTS)

.PHONY: test-s3
test-s3: build ## only an object store that is not ours, moto's, with audio in it (network, once)
	@Tests/S3/run .build/debug/soundgate $(ARGS)

.PHONY: test-deployment
test-deployment: build ## only what docker/ deploys several gateways with, and that cluster at work (network, once)
	@Tests/Deployment/run .build/debug/soundgate $(ARGS)

.PHONY: test-contract
test-contract: build ## only openapi-spec-validator and schemathesis, with every check (network, once)
	@Tests/Contract/run .build/debug/soundgate $(ARGS)

.PHONY: test-metrics
test-metrics: build ## only let promtool look at metrics, alert rules and dashboard (network, once)
	Tests/Metrics/run .build/debug/soundgate

.PHONY: test-tls
test-tls: ## let testssl.sh look at the listener: nothing above LOW
	@.ci/install-packages tls
	@$(MAKE) build
	Tests/TLS/run .build/debug/soundgate

# What routing reads, as a table in docs/providers.md; a test fails when the two differ.
.PHONY: capabilities
capabilities: prepare ## write the table of capabilities in docs/providers.md anew
	swift build --product soundgate $(SWIFT_FLAGS)
	.build/debug/soundgate providers --markdown >.build/capabilities.md
	@awk 'FILENAME != "docs/providers.md" { table = table $$0 "\n"; next } \
	  /^<!-- capabilities:begin/ { print; printf "%s", table; skip = 1 } \
	  /^<!-- capabilities:end/ { skip = 0 } \
	  !skip' .build/capabilities.md docs/providers.md >.build/providers.md
	@cat .build/providers.md >docs/providers.md

.PHONY: man
man: prepare ## write docs/soundgate.1, the manual page, anew
	swift build --product soundgate $(SWIFT_FLAGS)
	.build/debug/soundgate man >docs/soundgate.1

.PHONY: quote
quote: ## write the files that docs/add-a-vendor.md quotes into it anew
	.ci/quote docs/add-a-vendor.md

# Also in make test, which installs the same.
.PHONY: test-shells
test-shells: ## install what the tests of completions, manual page and backup want, and run them
	@.ci/install-packages shells
	@$(MAKE) build
	@FILTER='^EndToEndTests\.(CompletionTests|ManualTests|BackupTests)' .ci/run-tests $(CURDIR)/.build/debug/soundgate --skip-build $(SWIFT_FLAGS)

.PHONY: architecture
architecture:
	Tests/Architecture/check-arrows --self-test
	Tests/Architecture/check-arrows

.PHONY: lint
lint: prepare architecture ## check format, scripts and the downward arrows
	swift format lint --strict --recursive --parallel $(SWIFT_SOURCES)
	@for script in $(SCRIPTS); do echo "bash -n $$script"; bash -n "$$script"; done
	@if command -v node >/dev/null; then \
	  for script in $(CONSOLE)/*.js; do echo "node --check $$script"; node --input-type=module --check <"$$script"; done; \
	else echo "lint: no node here, so that only the browser in make test reads the console's scripts"; fi

# One test at a time: a sanitized build is so slow that tests beside each other starve each other's time limits.
# A sanitizer's objects live apart, so that going back to plain builds costs nothing. The default linker warns of every
# symbol of the address sanitizer; lld does not.
.PHONY: sanitize
sanitize: export SOUNDGATE_RESTART_TASKS := 200
sanitize: export SOUNDGATE_CHAOS_TASKS := 80
sanitize: export LSAN_OPTIONS := suppressions=$(CURDIR)/Tests/lsan.suppressions:print_suppressions=0
sanitize: prepare ## run the tests under the address and the thread sanitizer
	@.ci/install-packages console shells cluster
	@FILTER='$(FILTER)' .ci/run-tests $(CURDIR)/.build/asan/debug/soundgate \
	  --no-parallel --sanitize address --scratch-path .build/asan -Xswiftc -use-ld=lld $(SWIFT_FLAGS)
	@FILTER='$(FILTER)' .ci/run-tests $(CURDIR)/.build/tsan/debug/soundgate \
	  --no-parallel --sanitize thread --scratch-path .build/tsan -Xswiftc -DTSAN $(SWIFT_FLAGS)

.PHONY: fuzz
fuzz: prepare ## fuzz what reads bytes from outside, each target in turn (SECONDS=600 TARGET=URL)
	@exec Tests/Fuzz/run $(SECONDS) $(TARGET)

# Kills hit other moments of the optimised program, and many more of them.
.PHONY: chaos
chaos: release ## kill the gateway at random under load, and look for what is lost (KILLS=60 TASKS=6000)
	swift build --build-tests $(SWIFT_FLAGS)
	@SOUNDGATE_CHAOS_KILLS=$(KILLS) SOUNDGATE_CHAOS_TASKS=$(TASKS) $(if $(SEED),SOUNDGATE_CHAOS_SEED=$(SEED)) \
	  FILTER='^EndToEndTests\.ChaosTests' .ci/run-tests $(CURDIR)/$(RELEASE) --skip-build $(SWIFT_FLAGS)

.PHONY: steps
steps: build ## fail, hang and kill the engine at every step of every life (also in make test)
	@FILTER='^FaultMatrixTests\.StepTests' .ci/run-tests $(CURDIR)/.build/debug/soundgate --skip-build $(SWIFT_FLAGS)

.PHONY: soak
soak: ## run at half of the load that it sustains, and look for what grows (SECONDS=600)
	@.ci/install-packages bench
	@$(MAKE) release
	@SOAK_SECONDS=$(SECONDS) exec Benchmarks/soak

.PHONY: attack
attack: ## let a thousand slow, deaf and hasty clients at the gateway, and print what others feel of it
	@.ci/install-packages attack
	@$(MAKE) release
	@exec Benchmarks/attack

SIMULATE_FLAGS := $(subst --product soundgate,--product soundgate-simulate,$(RELEASE_FLAGS))

.PHONY: simulate
simulate: prepare ## simulate ten million tasks over a hundred gateways (ARGS='--tasks 100000 --deaths 3 --help')
	swift build $(SIMULATE_FLAGS)
	@exec .build/release/soundgate-simulate $(ARGS)

.PHONY: bench
bench: ## measure against nginx and pgbench, side by side, and print the table
	@.ci/install-packages bench
	@$(MAKE) release
	@exec Benchmarks/run $(ARGS)

.PHONY: cost
cost: ## measure what a task costs on SQLite and on PostgreSQL: CPU, commits, rows, bytes, memory
	@.ci/install-packages bench
	@$(MAKE) release
	@exec Benchmarks/cost

# What the image says of itself. The source's address is for whoever publishes it: SOURCE=https://…
IMAGE    ?= soundgate
SOURCE   ?= unknown
VERSION   = $(shell sed -nE 's/^let version = "(.*)"/\1/p' Sources/soundgate/Version.swift)
REVISION  = $(shell git describe --always --dirty --abbrev=40 --exclude '*' 2>/dev/null || echo unknown)
CREATED   = $(shell git log -1 --format=%cI 2>/dev/null || echo unknown)

.PHONY: image
image: ## build the container image with docker, podman or buildah (IMAGE=soundgate SOURCE=URL)
	@if docker info >/dev/null 2>&1; then build='docker build'; \
	elif command -v podman >/dev/null; then build='podman build --format docker'; \
	elif command -v buildah >/dev/null; then build='buildah build --format docker'; \
	else echo "make image: no docker with a daemon that answers, no podman and no buildah here" >&2; exit 69; fi; \
	set -x; $$build --file docker/Dockerfile --tag '$(IMAGE)' --build-arg VERSION='$(VERSION)' \
	  --build-arg REVISION='$(REVISION)' --build-arg CREATED='$(CREATED)' --build-arg SOURCE='$(SOURCE)' .

.PHONY: image-check
image-check: ## look at the image, and run it and the compose files without an engine (root; IMAGE=soundgate)
	Tests/Container/run '$(IMAGE)'

.PHONY: docs
docs: prepare ## build the modules' documentation into .build/docs
	.ci/docs .build/docs

.PHONY: clean
clean: ## remove what was built (never ./data)
	rm -rf .build
