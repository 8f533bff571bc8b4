# AI Monitor. `make run` shows it working; `make test` proves it. Everything is set up as needed, in .venv and web/node_modules.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STATIC := src/aimonitor/hub/static/index.html
WEB_SOURCES := $(shell find web -path web/node_modules -prune -o -type f -print 2>/dev/null)
PIP := $(BIN)/python -m pip --disable-pip-version-check install --progress-bar on
compile = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
  --no-emit-index-url $(1) pyproject.toml --output-file $(2)
NATIVE := native/build.py native/modules.txt $(shell grep '^src/' native/modules.txt)
export PIP_NO_WARN_SCRIPT_LOCATION := 1

help:  ## list the commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | sort | expand -t 14

run: $(VENV)/run.stamp $(STATIC) $(VENV)/native.stamp  ## hub and edge on real footage, dashboard on http://127.0.0.1:8000
	@exec $(BIN)/aimonitor demo

# Two at a time, because most tests wait. Browsers, processes and clocks are real and share the cores: what fails is tried
# again, and said ("rerun").
test: $(VENV)/dev.stamp $(STATIC) system $(VENV)/native.stamp  ## everything that is proven in minutes
	$(BIN)/python -m pytest --numprocesses=2 --dist=loadfile --reruns=2 --reruns-delay=2
	cd web && npm test

test-slow: $(VENV)/dev.stamp $(STATIC) $(VENV)/native.stamp  ## the slower proofs: faults, soaks, third-party servers, containers
	@bash .ci/system slow
	RELIABILITY_REPORT=1 $(BIN)/python -m pytest -m slow --timeout=900

soak: $(VENV)/dev.stamp $(VENV)/native.stamp  ## two hours of ordinary life, watched: docs/ref/soak.md
	$(BIN)/python tests/faults/soak.py

check: $(VENV)/dev.stamp web/node_modules/.stamp  ## format, lint, types, import contracts
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	@$(MAKE) --no-print-directory docs
	cd web && npm run check

bench: $(VENV)/dev.stamp $(VENV)/native.stamp  ## ratios against named peers, printed; takes a quiet machine
	@for each in benchmarks/*.py; do echo "== $$each"; $(BIN)/python $$each || exit 1; done

docs: $(VENV)/dev.stamp  ## build the documentation into build/site; a broken link is an error
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

reference: $(VENV)/dev.stamp  ## renew what docs/ref has from the code: settings, messages, REST
	$(BIN)/aimonitor config schema > docs/ref/aimonitor.schema.json
	$(BIN)/python -m aimonitor.contract.schema > docs/ref/contract.schema.json
	$(BIN)/python -m aimonitor.hub.reference > docs/ref/openapi.json

web: $(STATIC)  ## build the dashboard into the package

wheel: $(VENV)/dev.stamp $(STATIC)  ## build the wheel, the sdist and the bills of materials into dist/
	$(BIN)/python -m build --no-isolation
	$(BIN)/python deploy/release/sbom.py dist

lock: $(VENV)/dev.stamp  ## renew the locked requirements from pyproject.toml
	$(call compile,--extra run,requirements/run.txt)
	$(call compile,--extra dev,requirements/dev.txt)
	$(call compile,--extra hub --extra bot,requirements_cloud.txt)
	$(call compile,--extra hub,requirements/hub.txt)
	$(call compile,--extra edge,requirements/edge.txt)
	$(call compile,--extra bot,requirements/bot.txt)
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	  --no-emit-index-url --output-file requirements/build.txt - <<<"hatchling>=1.27"

system:  ## what the tests use of the system: Chromium (installed where that is possible)
	@bash .ci/system

interpreted: $(VENV)/run.stamp  ## without what is compiled, until the next `make native` or change of its sources
	$(BIN)/python native/build.py --remove
	@touch $(VENV)/native.stamp

native: $(VENV)/run.stamp  ## compile what runs for every picture, or say why not
	@$(BIN)/python native/build.py
	@touch $(VENV)/native.stamp

clean:  ## remove what the other commands made
	find src -name '*.so' -delete
	rm -rf $(VENV) web/node_modules src/aimonitor/hub/static dist build var .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(BIN)/python:
	@echo "Setting up Python in $(VENV)"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; this is %d.%d. Try: make PYTHON=python3.12 run" % sys.version_info[:2])'
	$(PYTHON) -m venv $(VENV)

$(VENV)/run.stamp: requirements/run.txt | $(BIN)/python
	$(PIP) --require-hashes -r requirements/run.txt
	$(PIP) --quiet --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/dev.stamp: requirements/dev.txt | $(BIN)/python
	$(PIP) --quiet --require-hashes -r requirements/dev.txt
	$(PIP) --quiet --no-deps --no-build-isolation -e .
	@touch $@ $(VENV)/run.stamp

$(VENV)/native.stamp: $(NATIVE) | $(VENV)/run.stamp
	@$(BIN)/python native/build.py
	@touch $@

web/node_modules/.stamp: web/package-lock.json
	@command -v npm >/dev/null || { echo "Node.js with npm is needed to build the dashboard; install it and run this again"; exit 1; }
	cd web && npm ci --no-audit --no-fund
	@touch $@

$(STATIC): web/node_modules/.stamp $(WEB_SOURCES)
	cd web && npm run build

.PHONY: help run native interpreted test test-slow soak check bench docs reference web wheel lock system clean
