# `make demo` and `make test` set up everything they need, on a bare Debian 12 with Swift.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := build
.PHONY: setup build demo test bench dist dist-test clean

# One BLAS thread a process: ranks are the parallelism, and results must not depend on the number of cores.
export OPENBLAS_NUM_THREADS = 1

# In containers one is root; mpirun wants that said twice.
ifeq ($(shell id -u),0)
export OMPI_ALLOW_RUN_AS_ROOT = 1
export OMPI_ALLOW_RUN_AS_ROOT_CONFIRM = 1
endif

PACKAGES := $(shell sed -e 's/\#.*//' packages.txt)
DEMO := runs/demo

setup: .setup/packages .setup/python

.setup/packages: packages.txt
	@mkdir -p .setup
	@missing=(); for p in $(PACKAGES); do \
	  [ "$$(dpkg-query -W -f='$${db:Status-Status}' $$p 2>/dev/null || true)" = installed ] || missing+=($$p); done; \
	if [ $${#missing[@]} -eq 0 ]; then echo "setup: all system packages of packages.txt are there"; else \
	  echo "setup: installing system packages: $${missing[*]}"; \
	  sudo=; [ "$$(id -u)" = 0 ] || sudo=sudo; \
	  $$sudo apt-get update -qq; \
	  $$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$${missing[@]}" > .setup/apt.log 2>&1 || { tail -20 .setup/apt.log; exit 1; }; fi
	@touch $@

.setup/python: requirements.txt analysis/pyproject.toml .setup/packages
	@echo "setup: Python packages of requirements.txt into .venv"
	@[ -x .venv/bin/python ] || /usr/bin/python3 -m venv .venv
	@.venv/bin/pip install -q -r requirements.txt
	@.venv/bin/pip install -q --no-deps -e analysis
	@touch $@

build: .setup/packages
	swift build -c release

demo: setup build
	.build/release/macrospin run jobs/bistable-transition.yaml --out $(DEMO) --ranks auto
	.venv/bin/macrospin-plot $(DEMO)/archive.h5 --out $(DEMO)/plots
	@echo; echo "The archive is $(DEMO)/archive.h5, the plots are in $(DEMO)/plots."

# Release code with testability: the numerics are too slow unoptimised.
test: setup
	swift build -c release --build-tests -Xswiftc -enable-testing
	swift test -c release -Xswiftc -enable-testing --skip-build
	.venv/bin/python -m pytest -q analysis/tests
	$(MAKE) --no-print-directory dist-test

# About half an hour; Benchmarks/run --quick takes three minutes.
bench: setup build
	Benchmarks/run
	Benchmarks/scaling

# A tarball that runs on other Linux systems without installing anything: docs/cluster.md. Built as the last time, with
# testability or without, so that after `make test` nothing is compiled again.
dist: setup
	swift build -c release $$(grep -qs enable-testing .build/release.yaml && echo --build-tests -Xswiftc -enable-testing)
	distribution/make-tarball dist

# One to two minutes, in a bare Debian 12; needs root or sudo.
dist-test: dist
	distribution/test-tarball

clean:
	rm -rf .build .setup .venv runs dist
